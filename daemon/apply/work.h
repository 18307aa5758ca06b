/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Changes to the work at the chair that records and the board's facts share. */

#include "state/state.h"

/** The session is in `to` from now on; while a fault is latched, once that fault is acknowledged. */
void work_arrive(State *state, SessionState to);
/** Clears everything: no session is open, or a new one begins. */
void work_clear(State *state);
/** The needle begins to run. */
void work_go(State *state, int64_t now_us);
/** Ends the current work and adds its time. */
void work_pause(State *state, int64_t now_us);
