/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The certificates of the operator who is signed in. */

#include "decide/interlocks.h"
#include "state/state.h"

/** Whether the day YYYY-MM-DD is over, judged by a time that is never before the newest record. NULL: no. */
bool day_is_past(const Host *host, const char *last_day);
/** Fills in the certificates that prevent treatment. Borrowed from facts and profile. */
void certificate_facts(const State *state, InterlockFacts *facts);
