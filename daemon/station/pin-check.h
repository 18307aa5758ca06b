/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Checks all PINs, on a separate thread and one at a time. Each wrong PIN is counted on record before the
 * next check. An answer must not reveal whether the badge is unknown or the PIN is wrong.
 */

#include "decide/command.h"
#include "station/station.h"

typedef struct PinCheck PinCheck;

/** A pending check. Zero it before its first use; its owner wipes it. */
struct PinCheck {
	Station *station;
	char pin[PIN_DIGITS_MAX + 2]; /* one byte more, so that a PIN that is too long stays too long */
	char hash[PIN_HASH_MAX];
	bool given_up; /* its caller was told that the disk does not answer: the PIN is no longer compared */
	char user[SESSION_NAME_MAX]; /* the caller's account; "" not known */
	bool urgent;       /* what it signs for must not wait for a delay; it waits only for its turn */
	uint32_t attempts; /* wrong PINs before this one */
	PinVerdict verdict;
	Operator who; /* badge: as given, then in the spelling on record */
	char revoked[COMMAND_REVOKED_MAX];
	bool at_ledger;
	/** The check is over: the verdict, with `error` NULL, or why there is none. */
	void (*done)(PinCheck *check, const char *error, const char *text);
};

typedef struct Pins {
	PinCheck *current, *next; /* the running check; the one whose turn is next. NULL none */
	json_t *refused_us; /* from each badge to the monotonic time of its last wrong PIN since the start */
	int64_t started_us; /* monotonic */
} Pins;

/** Calls `check->done` exactly once, possibly before this returns. */
void pins_check(Station *station, PinCheck *check);
/** Drops a check without an answer, because its owner ends. */
void pins_forget(Station *station, const PinCheck *check);
/** Starts the next waiting check, if it can. */
void pins_next(Station *station);
