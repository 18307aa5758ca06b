/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Steps of what is going on in the chair, which records and the board's facts share. */

#include "state/state.h"

/** The session is in `to` from now on: under a latched fault once that is acknowledged. */
void work_arrive(State *state, SessionState to);
/** No session is open, or a new one begins. */
void work_clear(State *state);
/** Work under way ends, and counts. */
void work_pause(State *state, int64_t now_us);
