/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** By the protocol: how long the session has lasted, and when a break is due. All are 0 without a session. */

#include "state/state.h"

/** Seconds until the next break is due; negative when overdue. */
int64_t break_in_s(const State *state);
/** Seconds since the session began. */
int64_t session_elapsed_s(const State *state);
/** Seconds for which the pedal was down. */
int64_t session_worked_s(const State *state);
enum { REMINDER_TEXT_MAX = 96 };

/** Whether a break is overdue and nobody is resting; `text` gets the reminder. */
bool break_is_due(const State *state, char text[REMINDER_TEXT_MAX]);
/** Whether the session is longer than allowed and somebody has continued it; `text` gets the reminder. */
bool session_is_long(const State *state, char text[REMINDER_TEXT_MAX]);
