/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Recognises a code that a scanner typed while Caps Lock was on, and turns its letters back. It allocates
 * nothing. code/needle-code.h interprets codes.
 */

#include "util/scan.h"

#include <ctype.h>
#include <string.h>

/**
 * Each symbology identifier in use has its letter in one case only, except E (EAN/UPC: digits alone) and e
 * (GS1 DataBar). True when `code` begins with one in the other case.
 */
static bool has_swapped_symbology(const char *code)
{
	static const char letters[] = "ACFGIJLOQUdehz";
	char swapped;

	if (code[0] != ']' || !isalpha((unsigned char)code[1]))
		return false;
	if (code[1] == 'E' && code[2])
		return code[3 + strspn(code + 3, "0123456789")] != '\0' || strlen(code + 3) > 13;
	swapped = (char)(code[1] ^ 0x20);
	return !strchr(letters, code[1]) && strchr(letters, swapped);
}

static bool is_small_hibc(const char *code)
{
	const char *hibc = code[0] == ']' && code[1] && code[2] ? code + 3 : code;
	bool small = false;

	if (hibc[0] != '+')
		return false;
	for (; *hibc; hibc++) {
		if (isupper((unsigned char)*hibc))
			return false;
		small = small || islower((unsigned char)*hibc);
	}
	return small;
}

bool code_undo_caps_lock(char *code, bool caps_lock)
{
	bool changed = false;

	if (!caps_lock && !has_swapped_symbology(code) && !is_small_hibc(code))
		return false;
	for (; *code; code++)
		if ((*code >= 'A' && *code <= 'Z') || (*code >= 'a' && *code <= 'z')) {
			*code ^= 0x20;
			changed = true;
		}
	return changed;
}
