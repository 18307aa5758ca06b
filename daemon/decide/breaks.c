/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Judges when a break is due and when a session is too long. The time to a break runs from the needle's first
 * run since the last one. A reminder never prevents arming.
 */

#include "decide/breaks.h"

#include <stdio.h>

static bool is_treated(const State *state)
{
	return state->session.protocol && state->work.phase != SESSION_CLOSING;
}

int64_t break_in_s(const State *state)
{
	if (!state->session.protocol)
		return 0;
	return (int64_t)state->session.protocol->break_reminder_min * 60 -
	       work_stretch_us(&state->work, state->host.now.monotonic_us) / USEC_PER_SEC;
}

int64_t session_elapsed_s(const State *state)
{
	if (!state->session.number)
		return 0;
	return (state->host.now.monotonic_us - state->work.begun_us) / USEC_PER_SEC;
}

int64_t session_worked_s(const State *state)
{
	if (!state->session.number)
		return 0;
	return work_time_us(&state->work, state->host.now.monotonic_us) / USEC_PER_SEC;
}

bool break_is_overdue(const State *state)
{
	return is_treated(state) && break_in_s(state) <= 0;
}

bool break_is_due(const State *state, char text[REMINDER_TEXT_MAX])
{
	if (!break_is_overdue(state) || state->work.phase != SESSION_WORKING)
		return false;
	snprintf(text, REMINDER_TEXT_MAX,
		"%lld minutes of work since the last break: rest for %d minutes, with the needle still",
		(long long)(state->session.protocol->break_reminder_min - break_in_s(state) / 60),
		WORK_BREAK_S / 60);
	return true;
}

bool session_is_long(const State *state, char text[REMINDER_TEXT_MAX])
{
	uint32_t longest_min = state->session.protocol ? state->session.protocol->session_max_min : 0;

	if (!is_treated(state) || state->session.recovery.waits ||
		session_elapsed_s(state) <= (int64_t)longest_min * 60)
		return false;
	snprintf(text, REMINDER_TEXT_MAX, "the session is longer than %u minutes: finish it", longest_min);
	return true;
}
