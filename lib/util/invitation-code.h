/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The one-time code with which a station joins a clinic: 30 characters of 5 bits in groups of five, without
 * characters that people confuse (0 O, 1 I). It holds the invitation's number, a secret, the beginning of the
 * fingerprint of the clinic's authority, and two check characters, by which any two wrong characters, or two
 * that changed places, are noticed before anybody is asked.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/digest.h"

enum {
	INVITATION_NUMBER_SIGNS = 3,
	INVITATION_SECRET_SIGNS = 10,      /* 50 bits: guessed at most five times */
	INVITATION_FINGERPRINT_SIGNS = 15, /* 75 bits: nobody can make another authority with them */
	INVITATION_CHECK_SIGNS = 2,
	INVITATION_SIGNS = INVITATION_NUMBER_SIGNS + INVITATION_SECRET_SIGNS + INVITATION_FINGERPRINT_SIGNS +
			   INVITATION_CHECK_SIGNS,
	INVITATION_CODE_MAX = INVITATION_SIGNS + INVITATION_SIGNS / 5,
};

typedef struct Invitation {
	char number[INVITATION_NUMBER_SIGNS + 1];
	char secret[INVITATION_SECRET_SIGNS + 1];
	char fingerprint[INVITATION_FINGERPRINT_SIGNS + 1];
} Invitation;

/** Number and secret of unpredictable bits. `fingerprint`: SHA-256 of the authority's certificate. -EIO. */
int invitation_make(const uint8_t fingerprint[DIGEST_BYTES], Invitation *ret) _must_check_;
void invitation_write(const Invitation *invitation, char ret[INVITATION_CODE_MAX]);
/** Ignores case, blanks and dashes. -EINVAL: too long, too short, or mistyped. */
int invitation_read(const char *typed, Invitation *ret) _must_check_;
/** Whether the code was made for the authority with this fingerprint. */
bool invitation_is_for(const Invitation *invitation, const uint8_t fingerprint[DIGEST_BYTES]);
