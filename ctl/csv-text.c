/* SPDX-License-Identifier: Apache-2.0 */

/** Turns the bytes of a table into UTF-8 text, whatever their encoding. It must not look at the cells. */

#include "csv-text.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/cleanup.h"

static int read_all(FILE *file, char **ret, size_t *ret_size, Error *error)
{
	_cleanup_(freep) char *bytes = NULL;
	size_t size = 0, capacity = 1 << 15, n;

	do {
		char *grown = size + 1 < capacity && bytes ? bytes : realloc(bytes, capacity *= 2);

		if (!grown)
			return error_set(error, -ENOMEM, "out of memory");
		bytes = grown;
		n = fread(bytes + size, 1, capacity - 1 - size, file);
		size += n;
	} while (n > 0 && size <= CSV_TEXT_MAX);
	if (size > CSV_TEXT_MAX)
		return error_set(error, -EFBIG, "is larger than a table of cycles may be (64 MiB)");
	if (ferror(file))
		return error_set(error, -EIO, "cannot be read to its end: give a table as a file");
	bytes[size] = '\0';
	*ret = TAKE_PTR(bytes);
	*ret_size = size;
	return 0;
}

/** Converts *text to UTF-8 in place. */
static int convert_text(const char *charset, char **text, size_t *size, Error *error)
{
	/* two bytes of UTF-16 become three at most, one byte of Latin-1 two */
	size_t left = *size, room = 2 * *size;
	_cleanup_(freep) char *converted = malloc(room + 1);
	char *from = *text, *to = converted;
	iconv_t conversion = iconv_open("UTF-8", charset);
	size_t r;

	if (!converted || conversion == (iconv_t)-1)
		return error_set(error, -errno, "cannot be converted from %s: %s", charset, strerror(errno));
	r = iconv(conversion, &from, &left, &to, &room);
	(void)iconv_close(conversion);
	if (r == (size_t)-1)
		return error_set(
			error, -EINVAL, "is no whole text in %.6s: write it again, as UTF-8", charset);
	*to = '\0';
	*size = (size_t)(to - converted);
	free(*text);
	*text = TAKE_PTR(converted);
	return 0;
}

int csv_text_read(FILE *file, const char *charset, char **ret, size_t *ret_size, Error *error)
{
	_cleanup_(freep) char *text = NULL;
	size_t size = 0;
	int r = read_all(file, &text, &size, error);

	if (r < 0)
		return r;
	if (!charset && size >= 2 && memcmp(text, "\xff\xfe", 2) == 0)
		charset = "UTF-16LE";
	else if (!charset && size >= 2 && memcmp(text, "\xfe\xff", 2) == 0)
		charset = "UTF-16BE";
	r = charset ? convert_text(charset, &text, &size, error) : 0;
	if (r < 0)
		return r;
	if (memchr(text, '\0', size))
		return error_set(error, -EINVAL,
			"has NUL characters: write it again as UTF-8, or say encoding = utf-16le in [file] of a mapping");
	/* the byte order mark that spreadsheets write first */
	if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		size -= 3;
		memmove(text, text + 3, size + 1);
	}
	*ret = TAKE_PTR(text);
	*ret_size = size;
	return 0;
}

char csv_text_separator(const char *text, size_t *ret_line)
{
	size_t line = strcspn(text, "\n");
	size_t size = line > 0 && text[line - 1] == '\r' ? line - 1 : line;

	/* some write the line as a quoted cell */
	if (size == 7 && text[0] == '"' && text[6] == '"' && strncasecmp(text + 1, "sep=", 4) == 0) {
		*ret_line = line + (text[line] == '\n');
		return text[5];
	}
	if (size != 5 || strncasecmp(text, "sep=", 4) != 0)
		return '\0';
	*ret_line = line + (text[line] == '\n');
	return text[4];
}
