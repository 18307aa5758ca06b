/* SPDX-License-Identifier: Apache-2.0 */

/** Checks and repairs untrusted text, and reads lists of words. It must not depend on the locale. */

#include "util/text.h"

#include <ctype.h>
#include <stdint.h>

size_t text_decode_utf8(const char *text, size_t size, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)text;
	size_t length = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;
	uint32_t point;

	if (length > size)
		return 0;
	if (length <= 1) {
		*ret = s[0];
		return length;
	}
	point = s[0] & (0x7f >> length);
	for (size_t i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (s[i] & 0x3f);
	}
	if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*ret = point;
	return length;
}

bool text_is_printable(const char *text, size_t limit)
{
	size_t size = text ? strnlen(text, limit + 1) : 0;

	if (size == 0 || size > limit)
		return false;
	for (size_t at = 0; at < size;) {
		uint32_t point;
		size_t length = text_decode_utf8(text + at, size - at, &point);

		if (length == 0 || point < 0x20 || (point >= 0x7f && point < 0xa0))
			return false;
		at += length;
	}
	return true;
}

bool text_is_identifier(const char *text, size_t limit)
{
	if (!text || !*text || strnlen(text, limit + 1) > limit)
		return false;
	for (const char *s = text; *s; s++)
		if (!isascii(*s) || !(isalnum((unsigned char)*s) || strchr("-_.", *s)))
			return false;
	return text[0] != '.';
}

bool text_is_decimal(const char *text)
{
	const char *digits = text + (*text == '-' || *text == '+');
	size_t whole = strspn(digits, "0123456789");
	const char *point = digits + whole;
	size_t fraction = *point == '.' ? strspn(point + 1, "0123456789") : 0;

	if (*point == '.')
		return whole > 0 && fraction > 0 && !point[1 + fraction];
	return whole > 0 && !*point;
}

char *text_repair(char *text)
{
	for (char *s = text; *s;) {
		uint32_t point;
		size_t length = text_decode_utf8(s, strnlen(s, 4), &point);

		if (length == 0)
			*s = '?';
		s += length ? length : 1;
	}
	return text;
}

/** Length of the word at *list, which moves past it; 0 at the end. */
static size_t next_word(const char **list, const char **ret)
{
	size_t length;

	*list += strspn(*list, ", ");
	length = strcspn(*list, ", ");
	*ret = *list;
	*list += length;
	return length;
}

static bool list_has(const char *list, const char *word, size_t size)
{
	const char *at;
	size_t length;

	while ((length = next_word(&list, &at)) > 0)
		if (length == size && memcmp(at, word, size) == 0)
			return true;
	return false;
}

bool text_list_has(const char *list, const char *word)
{
	return list_has(list, word, strlen(word));
}

bool text_lists_meet(const char *a, const char *b)
{
	const char *at;
	size_t length;

	while ((length = next_word(&a, &at)) > 0)
		if (list_has(b, at, length))
			return true;
	return false;
}

/** Makes room for `size` bytes in *text. */
static int grow_text(char **text, size_t *capacity, size_t size)
{
	size_t grown = *capacity ? *capacity : 512;
	char *larger;

	if (size <= *capacity)
		return 0;
	while (grown < size)
		grown *= 2;
	larger = realloc(*text, grown);
	if (!larger)
		return -ENOMEM;
	*text = larger;
	*capacity = grown;
	return 0;
}

int text_join(const char *const *parts, size_t n, char **text, size_t *capacity, size_t *ret_size)
{
	size_t size = 0;
	int r = grow_text(text, capacity, 1);

	for (size_t i = 0; i < n && r == 0; i++) {
		size_t length = strlen(parts[i]);

		r = grow_text(text, capacity, size + length + 1);
		if (r < 0)
			break;
		memcpy(*text + size, parts[i], length);
		size += length;
	}
	if (r < 0)
		return r;
	(*text)[size] = '\0';
	*ret_size = size;
	return 0;
}

void text_write_digits(char *to, unsigned n, int64_t number)
{
	for (unsigned i = n; i-- > 0; number /= 10)
		to[i] = (char)('0' + number % 10);
}
