/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Shared by the text formats of this folder: lines, numbers, names, base64. It touches no file. It must
 * accept only one spelling of a value: numbers have no leading zeros, and base64 is canonical.
 */

#include "tlog/tlog-text.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "util/text.h"

bool text_next_line(Slice *rest, Slice *ret, unsigned *line)
{
	const char *end = rest->size > 0 ? memchr(rest->text, '\n', rest->size) : NULL;

	(*line)++;
	if (!end)
		return false;
	*ret = (Slice){ rest->text, end - rest->text };
	*rest = (Slice){ end + 1, rest->size - ret->size - 1 };
	return true;
}

bool text_take_word(Slice *line, const char *word)
{
	size_t size = strlen(word);

	if (line->size < size || memcmp(line->text, word, size) != 0)
		return false;
	*line = (Slice){ line->text + size, line->size - size };
	return true;
}

bool text_parse_number(Slice text, uint64_t *ret)
{
	uint64_t number = 0;

	if (text.size == 0 || text.size > TEXT_NUMBER_CHARS || (text.text[0] == '0' && text.size > 1))
		return false;
	for (size_t i = 0; i < text.size; i++) {
		if (text.text[i] < '0' || text.text[i] > '9')
			return false;
		number = number * 10 + (text.text[i] - '0'); /* 19 digits fit */
	}
	if (number > MERKLE_SIZE_MAX)
		return false;
	*ret = number;
	return true;
}

bool text_is_note(Slice text)
{
	for (size_t at = 0; at < text.size;) {
		uint32_t point;
		size_t length = text_decode_utf8(text.text + at, text.size - at, &point);

		if (length == 0 || (point < 0x20 && point != '\n'))
			return false;
		at += length;
	}
	return true;
}

/** White_Space of the Unicode character database. */
static bool is_space(uint32_t point)
{
	static const uint32_t single[] = { ' ', 0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000 };

	for (size_t i = 0; i < ELEMENTS(single); i++)
		if (point == single[i])
			return true;
	return (point >= 0x09 && point <= 0x0d) || (point >= 0x2000 && point <= 0x200a);
}

bool text_is_key_name(Slice text)
{
	if (text.size == 0 || text.size >= NOTE_NAME_MAX)
		return false;
	for (size_t at = 0; at < text.size;) {
		uint32_t point;
		size_t length = text_decode_utf8(text.text + at, text.size - at, &point);

		if (length == 0 || point < 0x20 || point == '+' || is_space(point))
			return false;
		at += length;
	}
	return true;
}

/* ---- base64 ---- */

char *base64_encode(const void *data, size_t size)
{
	char *text = size <= NOTE_SIZE_MAX ? malloc((size + 2) / 3 * 4 + 1) : NULL;

	if (text)
		EVP_EncodeBlock((unsigned char *)text, data, (int)size);
	return text;
}

/** libcrypto accepts spaces around the text and set unused bits; the text that it writes has neither. */
static bool is_canonical(Slice text, const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *again = base64_encode(data, size);
	bool same = again && strlen(again) == text.size && memcmp(again, text.text, text.size) == 0;

	if (again)
		OPENSSL_cleanse(again, strlen(again)); /* it may be a private key's */
	return same;
}

int base64_decode(Slice text, uint8_t **ret, size_t *ret_size)
{
	_cleanup_(freep) uint8_t *data = NULL;
	int size;

	if (text.size == 0 || text.size % 4 != 0 || text.size > NOTE_SIZE_MAX)
		return -EINVAL;
	data = malloc(text.size / 4 * 3);
	if (!data)
		return -ENOMEM;
	size = EVP_DecodeBlock(data, (const unsigned char *)text.text, (int)text.size);
	if (size < 0)
		return -EINVAL;
	for (size_t i = 1; i <= 2 && size > 0 && text.text[text.size - i] == '='; i++)
		size--;
	if (!is_canonical(text, data, size))
		return -EINVAL;
	*ret = TAKE_PTR(data);
	*ret_size = size;
	return 0;
}

int base64_decode_exactly(Slice text, void *ret, size_t size)
{
	_cleanup_(freep) uint8_t *data = NULL;
	size_t found;
	int r;

	r = base64_decode(text, &data, &found);
	if (r < 0)
		return r;
	if (found == size)
		memcpy(ret, data, size);
	OPENSSL_cleanse(data, found);
	return found == size ? 0 : -EINVAL;
}
