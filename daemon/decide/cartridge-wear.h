/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The wear of the mounted cartridge: strokes and minutes of work against its configured life. */

#include "decide/interlocks.h"
#include "state/state.h"

/** How long it has worked, in microseconds; 0 without a cartridge. */
int64_t needle_worked_us(const State *state);
void needle_wear_facts(const State *state, InterlockFacts *facts);
/** Whether it has reached `percent` of its life. False without a cartridge or a limit. */
bool needle_is_worn(const State *state, unsigned percent);
