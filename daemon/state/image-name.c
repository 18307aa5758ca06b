/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Makes and reads the names of photographs' files. It touches no file. It must not accept a name that it
 * would not have made itself.
 */

#include "state/image-name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/protocol.h"

#define PREFIX "session-"

void image_name_make(const ImageName *image, const char *zone, const char *phase, char ret[IMAGE_NAME_MAX])
{
	snprintf(ret, IMAGE_NAME_MAX, PREFIX "%llu-%s-%s-%lld", (unsigned long long)image->session, zone,
		phase, (long long)(image->utc_us / 1000));
}

/** Cuts `text` at its last '-' and returns the part after it; NULL when there is none. */
static char *cut_last(char *text)
{
	char *dash = strrchr(text, '-');

	if (!dash)
		return NULL;
	*dash = '\0';
	return dash + 1;
}

bool image_name_parse(const char *file, ImageName *ret)
{
	char text[IMAGE_NAME_MAX], made[IMAGE_NAME_MAX], *zone, *phase, *time;
	size_t length = strlen(file), suffix = strlen(IMAGE_SUFFIX);
	ImageName image;

	if (length <= suffix || length - suffix >= sizeof text ||
		strcmp(file + length - suffix, IMAGE_SUFFIX) != 0 ||
		strncmp(file, PREFIX, strlen(PREFIX)) != 0)
		return false;
	memcpy(text, file, length - suffix);
	text[length - suffix] = '\0';
	image.session = strtoull(text + strlen(PREFIX), &zone, 10);
	time = cut_last(text);
	phase = time ? cut_last(text) : NULL;
	if (!phase || *zone != '-')
		return false;
	zone++;
	if ((int)zone_from_string(zone) < 0 || (strcmp(phase, "before") != 0 && strcmp(phase, "after") != 0))
		return false;
	image.utc_us = strtoll(time, NULL, 10);
	if (image.session == 0 || image.utc_us <= 0 || image.utc_us > INT64_MAX / 1000)
		return false;
	image.utc_us *= 1000;
	/* this also rejects all other deviations: signs, blanks, leading zeros, numbers that are too large */
	image_name_make(&image, zone, phase, made);
	if (strncmp(made, file, length - suffix) != 0 || strlen(made) != length - suffix)
		return false;
	*ret = image;
	return true;
}
