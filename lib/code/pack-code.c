/* SPDX-License-Identifier: Apache-2.0 */

/** Writes and reads the code of a sterile pack. Whether the pack is sterile is for the ledger to say. */

#include "code/pack-code.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "util/digest.h"

#define PACK_PREFIX "stipple://pack/"

/** Appends `text` with what an address cannot hold as %XX. False when there is no room. */
static bool add_encoded(char code[NEEDLE_CODE_MAX + 1], const char *text)
{
	size_t used = strlen(code);

	for (; *text; text++) {
		bool plain = isascii((unsigned char)*text) &&
			     (isalnum((unsigned char)*text) || strchr("-_.", *text));

		if (used + 3 > NEEDLE_CODE_MAX)
			return false;
		used += (size_t)snprintf(code + used, NEEDLE_CODE_MAX + 1 - used, plain ? "%c" : "%%%02X",
			(unsigned)(unsigned char)*text);
	}
	return true;
}

int pack_code_write(const PackCode *pack, char ret[NEEDLE_CODE_MAX + 1], Error *error)
{
	char code[NEEDLE_CODE_MAX + 1] = PACK_PREFIX, numbers[64];
	bool fits;

	snprintf(numbers, sizeof numbers, "/%lld/%lld/", pack->series, pack->cycle);
	fits = add_encoded(code, pack->sterilizer) && strlen(code) + strlen(numbers) < NEEDLE_CODE_MAX;
	if (fits)
		memcpy(code + strlen(code), numbers, strlen(numbers) + 1);
	if (!fits || !add_encoded(code, pack->item))
		return error_set(error, -EINVAL,
			"the names \"%.40s\" and \"%.40s\" are too long for a code: give the pack a shorter name",
			pack->item, pack->sterilizer);
	memcpy(ret, code, sizeof code);
	return 0;
}

/** Skips what a scanner puts before a DataMatrix. */
static const char *skip_symbology(const char *code)
{
	return code[0] == ']' && strlen(code) > 3 ? code + 3 : code;
}

bool pack_code_is(const char *code)
{
	return strncmp(skip_symbology(code), PACK_PREFIX, strlen(PACK_PREFIX)) == 0;
}

/** Decodes up to the next '/' or the end, and moves past it. False when it is empty or no text. */
static bool take_encoded(const char **at, char ret[NEEDLE_CODE_MAX + 1])
{
	size_t used = 0;

	for (; **at && **at != '/'; (*at)++) {
		char digits[3] = "";
		uint8_t byte = (uint8_t)**at;

		if (byte == '%') {
			if (!(*at)[1] || !(*at)[2])
				return false;
			memcpy(digits, *at + 1, 2);
			if (hex_decode(digits, &byte, 1) < 0 || byte < 0x20)
				return false;
			*at += 2;
		}
		ret[used++] = (char)byte;
	}
	ret[used] = '\0';
	*at += **at == '/';
	return used > 0 && text_is_printable(ret, NEEDLE_CODE_MAX);
}

static bool take_figure(const char **at, long long *ret)
{
	char *end;

	if (**at < '1' || **at > '9' || strspn(*at, "0123456789") > 15)
		return false;
	*ret = strtoll(*at, &end, 10);
	if (*end != '/')
		return false;
	*at = end + 1;
	return true;
}

int pack_code_read(const char *code, PackRead *ret, Error *error)
{
	const char *at = skip_symbology(code);

	*ret = (PackRead){ 0 };
	if (strlen(code) > NEEDLE_CODE_MAX || !pack_code_is(code))
		return error_set(error, -EINVAL, "this is no code of a sterile pack: scan its label again");
	at += strlen(PACK_PREFIX);
	if (!take_encoded(&at, ret->sterilizer) || !take_figure(&at, &ret->pack.series) ||
		!take_figure(&at, &ret->pack.cycle) || !take_encoded(&at, ret->item) || *at)
		return error_set(
			error, -EINVAL, "the code of the sterile pack is not whole: scan its label again");
	ret->pack.item = ret->item;
	ret->pack.sterilizer = ret->sterilizer;
	return 0;
}
