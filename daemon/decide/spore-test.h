/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Biological indicator tests of sterilisers (spore tests): which is due, by the profile. */

#include "decide/check.h"
#include "decide/interlocks.h"
#include "state/state.h"

enum { SPORE_TEST_TEXT_MAX = 320 };

/** Texts are borrowed from the facts. */
typedef struct SporeTest {
	const char *sterilizer, *due, *reason;
	bool overdue, soon;
} SporeTest;

/** The most pressing one. False: none is known to become due. */
bool spore_test_next(const State *state, SporeTest *ret);
/** What to tell of it; "" while it is neither due soon nor overdue. */
void spore_test_reminder(const SporeTest *test, char ret[SPORE_TEST_TEXT_MAX]);
void spore_test_facts(const State *state, InterlockFacts *facts);
void spore_test_check(const State *state, StationCheck *check);
