/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What happens at the chair now: whether the needle may move, and times by the machine's own clock. After a
 * restart the times start from an estimate.
 */

#include <stdbool.h>
#include <stdint.h>

#include "state/session-step.h"
#include "util/clock.h"

enum { WORK_BREAK_S = 300 }; /* a rest of the needle of this length is a break; a shorter one is none */

typedef struct Work {
	SessionState phase;     /* the session's step, or working or fault, which the session's records do not
				   contain */
	SessionState resume_to; /* where an acknowledged fault returns to */
	uint64_t arming;   /* the command that arms, until its record is committed or the needle is stopped; 0
			      none */
	uint64_t stopping; /* the newest command with which the station stops the needle by itself, until its
			      record is committed; 0 none */
	/* monotonic microseconds */
	int64_t begun_us;   /* start of the session */
	int64_t stretch_us; /* when the needle first ran since the last break; 0: it has not */
	int64_t rest_us;    /* when it last stopped */
	int64_t working_since_us;
	int64_t worked_us; /* in the session, without the work still going on */
	/* the mounted cartridge */
	int64_t needle_since_us; /* value of worked_us when this cartridge began to work */
	int64_t removed_us, removed_worked_us;
	unsigned depth_streak, force_streak, angle_streak; /* consecutive dots outside the zone's window */
} Work;

/** Whether the needle may move: from the request to arm until the order to stop. */
static inline bool work_may_move(const Work *work)
{
	return work->arming || work->phase == SESSION_READY || work->phase == SESSION_WORKING;
}

/** Since the needle first ran after the last break, in microseconds, with its shorter rests; 0: it has not.
 */
static inline int64_t work_stretch_us(const Work *work, int64_t now_us)
{
	bool rests = work->phase != SESSION_WORKING;

	if (!work->stretch_us || (rests && now_us - work->rest_us >= WORK_BREAK_S * USEC_PER_SEC))
		return 0;
	return now_us - work->stretch_us;
}

/** How long the pedal was down in this session, in microseconds. */
static inline int64_t work_time_us(const Work *work, int64_t now_us)
{
	return work->worked_us + (work->phase == SESSION_WORKING ? now_us - work->working_since_us : 0);
}
