/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** How long the anaesthetic of the open session still needs. Pure. */

#include "decide/interlocks.h"
#include "state/state.h"

/** Fills in how long the anaesthetic of the chosen zone still needs. */
void anaesthetic_facts(const State *state, InterlockFacts *facts);
