/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Who works here: the operator signed in, and how the station is called. */

#include <stdbool.h>
#include <stdint.h>

#include "state/session.h"

enum { PEOPLE_CODE_MAX = 32 };

/** An operator, as the record has one. */
typedef struct Operator {
	char badge[SESSION_NAME_MAX], name[SESSION_NAME_MAX]; /* badge "": nobody */
	char roles[SESSION_NAME_MAX];                         /* comma-separated */
} Operator;

typedef struct People {
	Operator signed_in;            /* signed in */
	char holder[SESSION_NAME_MAX]; /* the program on the bus that holds the sign-in */
	uint64_t sign_in;              /* its number since the start; 0: nobody is signed in */
	uint64_t sign_ins;             /* since the start */
	bool is_leaving;               /* that the operator signs out is with the ledger */
	char code[PEOPLE_CODE_MAX];    /* that enrols the first administrator; "": one is enrolled, or it was
					  given wrongly too often */
	unsigned wrong_codes;
	char names[2 * SESSION_NAME_MAX]; /* "<clinic>/<station>", as the next start has to find it in
					     [station] */
} People;

/** Whether the operator signed in has one of `roles`, which are separated by blanks. */
bool people_have_role(const People *people, const char *roles);
