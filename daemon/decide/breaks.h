/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** How long a session has lasted, and when a break is due, by the protocol. All 0 without a session. */

#include "state/state.h"

/** Seconds until the next break is due; negative when overdue. */
int64_t break_in_s(const State *state);
/** Seconds since the session began. */
int64_t session_elapsed_s(const State *state);
/** Seconds in which the pedal was down. */
int64_t session_worked_s(const State *state);
enum { REMINDER_TEXT_MAX = 96 };

/** Nobody rests although a break is overdue: then what to say of it. */
bool break_is_due(const State *state, char text[REMINDER_TEXT_MAX]);
/** The session has lasted longer than it may, and somebody has gone on with it: then what to say of it. */
bool session_is_long(const State *state, char text[REMINDER_TEXT_MAX]);
