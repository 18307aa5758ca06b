/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What is going on in the chair now: whether the needle may move, and times by the machine's own clock. A
 * restart begins with an estimate of them.
 */

#include <stdbool.h>
#include <stdint.h>

#include "state/session-step.h"

typedef struct Work {
	SessionState phase;     /* the session's step, or working or fault, which are on no record of it */
	SessionState resume_to; /* where an acknowledged fault leads */
	uint64_t arming;        /* the command that arms, until its record is committed or the needle was
				   stopped; 0 none */
	uint64_t stopping;      /* the newest command by which the station stops the needle by itself, until
				   that is on record; 0 none */
	/* monotonic microseconds */
	int64_t begun_us, break_us; /* of the session; the last break's end */
	int64_t working_since_us;
	int64_t worked_us; /* in the session, without the work that has not ended yet */
	/* the mounted cartridge */
	int64_t needle_since_us; /* of worked_us, when its own work began */
	int64_t removed_us, removed_worked_us;
	unsigned depth_streak, force_streak; /* dots in a row outside the window of the zone */
} Work;

/** From the request to arm until the order to stop. */
static inline bool work_may_move(const Work *work)
{
	return work->arming || work->phase == SESSION_READY || work->phase == SESSION_WORKING;
}

/** How long the pedal was down in this session. Microseconds. */
static inline int64_t work_time_us(const Work *work, int64_t now_us)
{
	return work->worked_us + (work->phase == SESSION_WORKING ? now_us - work->working_since_us : 0);
}
