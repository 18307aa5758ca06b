/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What prevents arming now: the interlocks' facts, gathered from the state. */

#include "decide/interlocks.h"
#include "state/state.h"

/** Up to INTERLOCK_MAX refusals, in the order of the enum. Returns how many; 0 means: may arm. */
size_t refusals_of(const State *state, Refusal ret[INTERLOCK_MAX]);
