/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Every check of a PIN: on a thread of its own, one at a time, each wrong one counted on record before the
 * next. An answer must not tell an unknown badge from a wrong PIN.
 */

#include "decide/command.h"
#include "station/station.h"

typedef struct PinCheck PinCheck;

/** A check under way. Zeroed before its first use; wiped by its owner. */
struct PinCheck {
	Station *station;
	char pin[PIN_DIGITS_MAX + 2]; /* what is too long stays too long */
	char hash[PIN_HASH_MAX];
	bool given_up; /* its caller was told that the disk does not answer: nothing is compared any more */
	char user[SESSION_NAME_MAX]; /* the account that gave it; "" not known */
	bool urgent;                 /* what it signs for must not wait; it waits for its turn instead */
	uint32_t attempts;           /* wrong ones before */
	PinVerdict verdict;
	Operator who; /* badge: as asked for, then in the spelling on record */
	char revoked[COMMAND_REVOKED_MAX];
	bool at_ledger;
	/** The check is over: `error` NULL and the verdict, or why there is none. */
	void (*done)(PinCheck *check, const char *error, const char *text);
};

typedef struct Pins {
	PinCheck *current, *next; /* under way; whose turn is next. NULL none */
	json_t *refused_us; /* from each badge to the monotonic time of its last wrong PIN since the start */
	int64_t started_us; /* monotonic */
} Pins;

/** `check->done` is called exactly once, possibly before this returns. */
void pins_check(Station *station, PinCheck *check);
/** A check that will not be answered: its owner ends. */
void pins_forget(Station *station, const PinCheck *check);
/** Begins with the PIN that waits for its turn, if it can. */
void pins_next(Station *station);
