/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Writes the clinic at the head of a report. It must not decode the logo: it only tells the two formats apart
 * that browsers and the printing program know.
 */

#include "report/letterhead.h"

#include <string.h>

#include "report/html.h"
#include "report/language.h"
#include "util/file.h"

void letterhead_clear(Letterhead *letterhead)
{
	free(letterhead->name);
	free(letterhead->address);
	free(letterhead->telephone);
	g_clear_pointer(&letterhead->logo, g_bytes_unref);
	*letterhead = (Letterhead){ 0 };
}

/** The type of an image by its first bytes; NULL: neither PNG nor JPEG. */
static const char *image_type(const void *data, size_t size)
{
	if (size > 8 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0)
		return "image/png";
	return size > 3 && memcmp(data, "\xff\xd8\xff", 3) == 0 ? "image/jpeg" : NULL;
}

int letterhead_read_logo(Letterhead *letterhead, const char *path, Error *error)
{
	_cleanup_(freep) char *data = NULL;
	size_t size;
	int r = file_read(path, LOGO_SIZE_MAX, &data, &size);

	if (r == -EFBIG)
		return error_set(error, r, "the clinic's logo %.200s has more than %d KiB: make it smaller",
			path, LOGO_SIZE_MAX / 1024);
	if (r < 0)
		return error_set(error, r, "the clinic's logo %.200s cannot be read: %s", path, strerror(-r));
	if (!image_type(data, size))
		return error_set(
			error, -EINVAL, "the clinic's logo %.200s is neither a PNG nor a JPEG", path);
	g_clear_pointer(&letterhead->logo, g_bytes_unref);
	letterhead->logo = g_bytes_new(data, size);
	return 0;
}

static void put_logo(FILE *stream, GBytes *logo, const char *name)
{
	gsize size;
	const void *data = g_bytes_get_data(logo, &size);
	_cleanup_(freep) char *text = g_base64_encode(data, size);

	fputs("<img alt=\"", stream);
	html_text(stream, name && name[0] ? name : _("The clinic's logo"));
	fprintf(stream, "\" src=\"data:%s;base64,%s\">\n", image_type(data, size), text);
}

static void put_line(FILE *stream, const char *style, const char *text)
{
	if (!text || !text[0])
		return;
	fprintf(stream, "<p%s>", style);
	html_text(stream, text);
	fputs("</p>\n", stream);
}

void letterhead_write(FILE *stream, const Letterhead *letterhead)
{
	if (!letterhead || (!letterhead->logo && (!letterhead->name || !letterhead->name[0])))
		return;
	fputs("<div class=\"letterhead\">\n", stream);
	if (letterhead->logo)
		put_logo(stream, letterhead->logo, letterhead->name);
	put_line(stream, " class=\"strong\"", letterhead->name);
	put_line(stream, "", letterhead->address);
	put_line(stream, "", letterhead->telephone);
	fputs("</div>\n", stream);
}
