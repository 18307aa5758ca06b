/* SPDX-License-Identifier: Apache-2.0 */

/** Makes and reads the code with which a station joins a clinic. It keeps none. */

#include "util/invitation-code.h"

#include <ctype.h>
#include <string.h>

enum { GROUP = 5, DATA_SIGNS = INVITATION_SIGNS - INVITATION_CHECK_SIGNS };

static const char signs[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

static unsigned value_of(char sign)
{
	const char *at = memchr(signs, sign, sizeof signs - 1);

	return at ? (unsigned)(at - signs) : ELEMENTS(signs);
}

/* ---- check characters ---- */

/** Product in the field of 32 elements, modulo x^5 + x^2 + 1. */
static unsigned multiply(unsigned a, unsigned b)
{
	unsigned product = 0;

	for (; b; b >>= 1) {
		product ^= b & 1 ? a : 0;
		a = a << 1 ^ (a & 16 ? 0x25 : 0);
	}
	return product & 31;
}

/**
 * The check characters of a Reed-Solomon code of distance 3: the remainder of the data, as a polynomial, by
 * (x + 1)(x + 2) = x^2 + 3x + 2.
 */
static void compute_check(const char data[DATA_SIGNS], char ret[INVITATION_CHECK_SIGNS])
{
	unsigned high = 0, low = 0;

	for (size_t i = 0; i < DATA_SIGNS; i++) {
		unsigned feed = value_of(data[i]) ^ high;

		high = low ^ multiply(feed, 3);
		low = multiply(feed, 2);
	}
	ret[0] = signs[high];
	ret[1] = signs[low];
}

/* ---- making ---- */

static int draw_signs(char *ret, size_t n)
{
	uint8_t random[INVITATION_SIGNS];
	int r = random_bytes(random, n);

	/* there are 32 characters, so five bits select one, all with equal probability */
	for (size_t i = 0; r >= 0 && i < n; i++)
		ret[i] = signs[random[i] % 32];
	return r;
}

/** The first bits of a fingerprint, five for each character. */
static void write_fingerprint(
	const uint8_t fingerprint[DIGEST_BYTES], char ret[INVITATION_FINGERPRINT_SIGNS + 1])
{
	for (size_t i = 0; i < INVITATION_FINGERPRINT_SIGNS; i++) {
		size_t bit = 5 * i;
		unsigned pair = (unsigned)fingerprint[bit / 8] << 8 | fingerprint[bit / 8 + 1];

		ret[i] = signs[pair >> (11 - bit % 8) & 31];
	}
	ret[INVITATION_FINGERPRINT_SIGNS] = '\0';
}

int invitation_make(const uint8_t fingerprint[DIGEST_BYTES], Invitation *ret)
{
	Invitation made = { 0 };
	int r = draw_signs(made.number, INVITATION_NUMBER_SIGNS);

	r = r < 0 ? r : draw_signs(made.secret, INVITATION_SECRET_SIGNS);
	if (r < 0)
		return r;
	write_fingerprint(fingerprint, made.fingerprint);
	*ret = made;
	return 0;
}

void invitation_write(const Invitation *invitation, char ret[INVITATION_CODE_MAX])
{
	char all[INVITATION_SIGNS + 1];
	size_t used = 0;

	snprintf(all, sizeof all, "%s%s%s", invitation->number, invitation->secret, invitation->fingerprint);
	compute_check(all, all + DATA_SIGNS);
	for (size_t i = 0; i < INVITATION_SIGNS; i++) {
		if (i > 0 && i % GROUP == 0)
			ret[used++] = '-';
		ret[used++] = all[i];
	}
	ret[used] = '\0';
}

/* ---- reading ---- */

/** The characters in capitals. False when there are more or fewer than INVITATION_SIGNS, or another one. */
static bool take_invitation_signs(const char *typed, char ret[INVITATION_SIGNS])
{
	size_t n = 0;

	for (; *typed; typed++) {
		char sign = (char)toupper((unsigned char)*typed);

		if (sign == '-' || sign == ' ')
			continue;
		if (n == INVITATION_SIGNS || value_of(sign) >= 32)
			return false;
		ret[n++] = sign;
	}
	return n == INVITATION_SIGNS;
}

int invitation_read(const char *typed, Invitation *ret)
{
	char all[INVITATION_SIGNS], check[INVITATION_CHECK_SIGNS];
	Invitation read = { 0 };
	const char *at = all;

	if (!take_invitation_signs(typed, all))
		return -EINVAL;
	compute_check(all, check);
	if (memcmp(check, all + DATA_SIGNS, sizeof check) != 0)
		return -EINVAL;
	memcpy(read.number, at, INVITATION_NUMBER_SIGNS);
	memcpy(read.secret, at + INVITATION_NUMBER_SIGNS, INVITATION_SECRET_SIGNS);
	memcpy(read.fingerprint, at + INVITATION_NUMBER_SIGNS + INVITATION_SECRET_SIGNS,
		INVITATION_FINGERPRINT_SIGNS);
	*ret = read;
	return 0;
}

bool invitation_is_for(const Invitation *invitation, const uint8_t fingerprint[DIGEST_BYTES])
{
	char wanted[INVITATION_FINGERPRINT_SIGNS + 1];

	write_fingerprint(fingerprint, wanted);
	return strcmp(wanted, invitation->fingerprint) == 0;
}
