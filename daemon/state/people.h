/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The people who work here: the operator who is signed in. Also the station's names. */

#include <stdbool.h>
#include <stdint.h>

#include "state/session.h"

enum { PEOPLE_CODE_MAX = 32 };

/** An operator, as on record. */
typedef struct Operator {
	char badge[SESSION_NAME_MAX], name[SESSION_NAME_MAX]; /* badge "": nobody */
	char roles[SESSION_NAME_MAX];                         /* comma-separated */
} Operator;

typedef struct People {
	Operator signed_in;            /* the current operator */
	char holder[SESSION_NAME_MAX]; /* the program on the bus that holds the sign-in */
	uint64_t sign_in;  /* number of the current sign-in since the start; 0: nobody is signed in */
	uint64_t sign_ins; /* number of sign-ins since the start */
	bool is_leaving;   /* the record of the operator's sign-out is on its way to the ledger */
	char code[PEOPLE_CODE_MAX]; /* enrols the first administrator; "": one is enrolled, or too many wrong
				       codes were given */
	unsigned wrong_codes;
	char names[2 * SESSION_NAME_MAX]; /* "<clinic>/<station>" for [station] at the next start */
} People;

/** Whether the signed-in operator has one of `roles`, separated by blanks. */
bool people_have_role(const People *people, const char *roles);
