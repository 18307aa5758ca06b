/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The certificates of the operator signed in. */

#include "decide/interlocks.h"
#include "state/state.h"

/** Whether a last day, YYYY-MM-DD, is over: never judged by a time before the newest record. NULL: no. */
bool day_is_past(const Host *host, const char *last_day);
/** Which of them stand against treating. Borrowed from facts and profile. */
void certificate_facts(const State *state, InterlockFacts *facts);
