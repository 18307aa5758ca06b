/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** By the protocol: how long the session has lasted, and when a break is due. All are 0 without a session. */

#include "state/state.h"

/**
 * Seconds until the next break is due; negative when overdue. It runs from the needle's first run since the
 * last break, that is since a rest of WORK_BREAK_S; before that run it is the protocol's whole time.
 */
int64_t break_in_s(const State *state);
/** Seconds since the session began. */
int64_t session_elapsed_s(const State *state);
/** Seconds for which the pedal was down. */
int64_t session_worked_s(const State *state);
enum { REMINDER_TEXT_MAX = 128 };

/** Whether the time to the break is over and none was taken yet. */
bool break_is_overdue(const State *state);
/** Whether a break is overdue and the needle runs; `text` gets the reminder. */
bool break_is_due(const State *state, char text[REMINDER_TEXT_MAX]);
/** Whether the session is longer than allowed and somebody has continued it; `text` gets the reminder. */
bool session_is_long(const State *state, char text[REMINDER_TEXT_MAX]);
