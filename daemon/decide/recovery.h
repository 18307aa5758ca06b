/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A session that was open when the station stopped: what is recorded of that at the next start, and what has
 * to be so before it goes on. Pure functions of what they are given.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "state/state.h"

enum { RECOVERY_TEXT_MAX = 320 };

/**
 * The body of session.recovered, for the state that the session's records gave. `newest_utc_us` is the time
 * of the last of them; strokes wait `bound_ms` at most for their record. What an earlier stop may have cost
 * is said again while nobody has gone on since. NULL when out of memory.
 */
json_t *recovery_body(const State *state, int64_t newest_utc_us, uint32_t bound_ms);

/**
 * Whether a session goes on under the rules that it was begun under: profile and protocol are the same files.
 * Both are the object `rules` of station.started; NULL: not on record, which is no.
 */
bool recovery_rules_same(const json_t *begun_under, const json_t *in_force, const char *protocol);

typedef enum RecoveryRefusal {
	RECOVERY_GOES_ON,
	RECOVERY_SELF_TEST, /* it has not passed */
	RECOVERY_CARTRIDGE, /* nothing says that it is the one that was claimed */
} RecoveryRefusal;

/** Whether a session that waits goes on; the sentence for a person is in `text`, "" when it does. */
RecoveryRefusal recovery_check(const State *state, char text[RECOVERY_TEXT_MAX]);
