/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** How far the mounted cartridge is used up: strokes and minutes of work against its configured life. */

#include "decide/interlocks.h"
#include "state/state.h"

/** How long it has worked, microseconds; 0 without one. */
int64_t needle_worked_us(const State *state);
void needle_wear_facts(const State *state, InterlockFacts *facts);
/** Whether `percent` of its life are over. False without a cartridge or a limit. */
bool needle_is_worn(const State *state, unsigned percent);
