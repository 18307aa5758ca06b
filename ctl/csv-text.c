/* SPDX-License-Identifier: Apache-2.0 */

/** Turns the bytes of a table into UTF-8 text, whatever their encoding. It must not look at the cells. */

#include "csv-text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/cleanup.h"

int csv_encoding_from_string(const char *name, CsvEncoding *ret)
{
	static const struct {
		const char *name;
		CsvEncoding encoding;
	} names[] = { { "utf-8", CSV_UTF_8 }, { "latin-1", CSV_LATIN_1 }, { "utf-16le", CSV_UTF_16_LE },
		{ "utf-16be", CSV_UTF_16_BE } };

	for (size_t i = 0; i < ELEMENTS(names); i++)
		if (strcasecmp(names[i].name, name) == 0) {
			*ret = names[i].encoding;
			return 0;
		}
	return -EINVAL;
}

static int refuse_text(int r, char error[CSV_TEXT_ERROR_MAX], const char *text)
{
	snprintf(error, CSV_TEXT_ERROR_MAX, "%s", text);
	return r;
}

static int read_all(FILE *file, char **ret, size_t *ret_size, char error[CSV_TEXT_ERROR_MAX])
{
	_cleanup_(freep) char *bytes = NULL;
	size_t size = 0, capacity = 0, n;

	do {
		if (size == capacity) {
			char *grown;

			if (capacity >= CSV_TEXT_MAX)
				return refuse_text(
					-EFBIG, error, "is larger than a table of cycles may be (64 MiB)");
			capacity = capacity ? 2 * capacity : 1 << 16;
			grown = realloc(bytes, capacity);
			if (!grown)
				return refuse_text(-ENOMEM, error, "out of memory");
			bytes = grown;
		}
		n = fread(bytes + size, 1, capacity - size, file);
		size += n;
	} while (n > 0);
	if (ferror(file))
		return refuse_text(-EIO, error, "cannot be read to its end: give a table as a file");
	*ret = TAKE_PTR(bytes);
	*ret_size = size;
	return 0;
}

static char *put_character(char *at, uint32_t c)
{
	if (c < 0x80) {
		*at++ = (char)c;
	} else if (c < 0x800) {
		*at++ = (char)(0xc0 | c >> 6);
		*at++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*at++ = (char)(0xe0 | c >> 12);
		*at++ = (char)(0x80 | (c >> 6 & 0x3f));
		*at++ = (char)(0x80 | (c & 0x3f));
	} else {
		*at++ = (char)(0xf0 | c >> 18);
		*at++ = (char)(0x80 | (c >> 12 & 0x3f));
		*at++ = (char)(0x80 | (c >> 6 & 0x3f));
		*at++ = (char)(0x80 | (c & 0x3f));
	}
	return at;
}

/** The 16-bit unit at a byte. */
static uint32_t unit_at(const uint8_t *bytes, size_t i, bool big_endian)
{
	return big_endian ? (uint32_t)bytes[i] << 8 | bytes[i + 1] : (uint32_t)bytes[i + 1] << 8 | bytes[i];
}

/** `ret` has room for three bytes for each of two. False for half a character. */
static bool from_utf_16(const uint8_t *bytes, size_t size, bool big_endian, char *ret, size_t *ret_size)
{
	char *end = ret;

	if (size % 2 != 0)
		return false;
	for (size_t i = 0; i < size; i += 2) {
		uint32_t unit = unit_at(bytes, i, big_endian), low;

		if (unit < 0xd800 || unit > 0xdfff) {
			end = put_character(end, unit);
			continue;
		}
		low = unit < 0xdc00 && i + 2 < size ? unit_at(bytes, i + 2, big_endian) : 0;
		if (low < 0xdc00 || low > 0xdfff)
			return false;
		end = put_character(end, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
		i += 2;
	}
	*ret_size = (size_t)(end - ret);
	return true;
}

static void from_latin_1(const uint8_t *bytes, size_t size, char *ret, size_t *ret_size)
{
	char *end = ret;

	for (size_t i = 0; i < size; i++)
		end = put_character(end, bytes[i]);
	*ret_size = (size_t)(end - ret);
}

int csv_text_read(
	FILE *file, CsvEncoding encoding, char **ret, size_t *ret_size, char error[CSV_TEXT_ERROR_MAX])
{
	_cleanup_(freep) char *bytes = NULL, *text = NULL;
	const uint8_t *begin;
	size_t size = 0, text_size = 0;
	int r = read_all(file, &bytes, &size, error);

	if (r < 0)
		return r;
	begin = (const uint8_t *)bytes;
	if (encoding == CSV_UTF_8 && size >= 2 && begin[0] == 0xff && begin[1] == 0xfe)
		encoding = CSV_UTF_16_LE;
	else if (encoding == CSV_UTF_8 && size >= 2 && begin[0] == 0xfe && begin[1] == 0xff)
		encoding = CSV_UTF_16_BE;
	text = malloc(2 * size + 1); /* a unit of two bytes takes three at the most, a byte of Latin-1 two */
	if (!text)
		return refuse_text(-ENOMEM, error, "out of memory");
	switch (encoding) {
	case CSV_UTF_8:
		memcpy(text, bytes, size);
		text_size = size;
		break;
	case CSV_LATIN_1:
		from_latin_1(begin, size, text, &text_size);
		break;
	case CSV_UTF_16_LE:
	case CSV_UTF_16_BE:
		if (!from_utf_16(begin, size, encoding == CSV_UTF_16_BE, text, &text_size))
			return refuse_text(
				-EINVAL, error, "is no whole text in UTF-16: write it again, as UTF-8");
		break;
	}
	if (memchr(text, '\0', text_size))
		return refuse_text(-EINVAL, error,
			"has NUL characters: write it again as UTF-8, or say encoding = utf-16le in [file] of a mapping");
	/* what spreadsheets put before a text */
	if (text_size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text_size -= 3;
		memmove(text, text + 3, text_size);
	}
	text[text_size] = '\0';
	*ret = TAKE_PTR(text);
	*ret_size = text_size;
	return 0;
}

char csv_text_separator(const char *text, size_t *ret_line)
{
	size_t line = strcspn(text, "\n");
	size_t size = line > 0 && text[line - 1] == '\r' ? line - 1 : line;

	/* some write it as a cell in quotes */
	if (size == 7 && text[0] == '"' && text[6] == '"' && strncasecmp(text + 1, "sep=", 4) == 0) {
		*ret_line = line + (text[line] == '\n');
		return text[5];
	}
	if (size != 5 || strncasecmp(text, "sep=", 4) != 0)
		return '\0';
	*ret_line = line + (text[line] == '\n');
	return text[4];
}
