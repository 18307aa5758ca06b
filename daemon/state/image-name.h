/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** How the files of photographs are named: session-SESSION-ZONE-PHASE-MILLISECONDS.jpg */

#include <stdbool.h>
#include <stdint.h>

enum { IMAGE_NAME_MAX = 96 };

#define IMAGE_SUFFIX ".jpg"

typedef struct ImageName {
	uint64_t session;
	int64_t utc_us; /* when it was asked for, a whole number of milliseconds */
} ImageName;

/** Without the suffix. `zone` and `phase` are names of such. */
void image_name_make(const ImageName *image, const char *zone, const char *phase, char ret[IMAGE_NAME_MAX]);
/** False, and `ret` untouched, unless image_name_make() makes this `file`, which has the suffix. */
bool image_name_parse(const char *file, ImageName *ret);
