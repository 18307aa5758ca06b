/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * From state and record to state: the only writers of daemon/state/. Pure: no clock, no thread, no file, no
 * refusal. The same functions take a record when it is committed and when it is read again after a restart.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "state/state.h"

/** A record as it was committed. Everything is borrowed. */
typedef struct AppliedRecord {
	uint64_t seq;
	int64_t utc_us;
	const char *kind;
	const json_t *body;
	const char *unit; /* of needle.claimed: with the number within its lot; NULL: as in the body */
	const uint8_t *attachment; /* of strokes: what state/stroke-chunk.h made; NULL: already applied */
	uint32_t attachment_size;
} AppliedRecord;

/** True when the state may be another one. A kind that says nothing of the treatment changes nothing. */
bool record_apply(State *state, const AppliedRecord *record);

/** A stroke of the open session. True when it ended a dot, which is then in `ret`. */
bool stroke_apply(State *state, const StrokeSample *sample, Dot *ret);
/** The needle has left the skin. True when that ended a dot, which is then in `ret`. */
bool contact_end_apply(State *state, Dot *ret);
