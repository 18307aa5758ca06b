/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A session that was open when the station stopped: what the next start records about it, and what must be
 * true before it goes on. Pure functions.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "state/state.h"

enum { RECOVERY_TEXT_MAX = 320 };

/**
 * The body of session.recovered, for the state rebuilt from the session's records. `newest_utc_us` is the
 * time of the last record; strokes wait at most `bound_ms` for theirs. Repeats what an earlier stop may have
 * lost, unless somebody has continued the session since. NULL when out of memory.
 */
json_t *recovery_body(const State *state, int64_t newest_utc_us, uint32_t bound_ms);

/**
 * Whether a session continues under the rules it began with: the profile and protocol files are the same.
 * Both arguments are the object `rules` of station.started; NULL (not on record) gives false.
 */
bool recovery_rules_same(const json_t *begun_under, const json_t *in_force, const char *protocol);

typedef enum RecoveryRefusal {
	RECOVERY_GOES_ON,
	RECOVERY_SELF_TEST, /* the self-test has not passed */
	RECOVERY_CARTRIDGE, /* nothing shows that the cartridge is the claimed one */
} RecoveryRefusal;

/** Whether a waiting session may go on; `text` gets the sentence for a person, "" when it may. */
RecoveryRefusal recovery_check(const State *state, char text[RECOVERY_TEXT_MAX]);
