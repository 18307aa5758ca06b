/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What the interlock needs of the answers before the treatment, and what forms need. */

#include "decide/interlocks.h"
#include "state/state.h"

/** Gathers what the interlock `screening` needs: what was not answered, and which answers stop the treatment.
 */
void screening_facts(const State *state, InterlockFacts *facts);
/** Whether every question of protocol and profile was answered in the open session. */
bool screening_is_complete(const State *state);
/** The answer that stops the open session's treatment now; NULL: none of this name. Borrowed. */
const ScreeningStop *screening_stop(const Screening *screening, const char *question);
