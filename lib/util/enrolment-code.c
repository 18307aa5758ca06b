/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Makes and compares the enrolment code. It keeps no code. The duration of the comparison must not reveal
 * which character is wrong.
 */

#include "util/enrolment-code.h"

#include <ctype.h>
#include <stdint.h>

#include <openssl/crypto.h>

#include "util/digest.h"

enum { SIGNS = 12, GROUP = 4 };

static const char alphabet[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

int enrolment_code_make(char ret[ENROLMENT_CODE_MAX])
{
	uint8_t random[SIGNS];
	size_t used = 0;
	int r = random_bytes(random, sizeof random);

	if (r < 0)
		return r;
	for (size_t i = 0; i < SIGNS; i++) {
		if (i > 0 && i % GROUP == 0)
			ret[used++] = '-';
		/*
		 * there are 32 characters, so the low five bits of a byte select one, all with equal
		 * probability
		 */
		ret[used++] = alphabet[random[i] % 32];
	}
	ret[used] = '\0';
	return 0;
}

/** Extracts the characters, in capitals. False when there are more or fewer than SIGNS. */
static bool take_signs(const char *text, char ret[SIGNS])
{
	size_t n = 0;

	for (; *text; text++) {
		if (*text == '-' || *text == ' ')
			continue;
		if (n == SIGNS)
			return false;
		ret[n++] = (char)toupper((unsigned char)*text);
	}
	return n == SIGNS;
}

bool enrolment_code_matches(const char *code, const char *typed)
{
	char wanted[SIGNS], given[SIGNS];

	return take_signs(code, wanted) && take_signs(typed, given) &&
	       CRYPTO_memcmp(wanted, given, SIGNS) == 0;
}
