/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Biological indicator tests of sterilisers (spore tests): which one the profile makes due. */

#include "decide/check.h"
#include "decide/interlocks.h"
#include "state/state.h"

enum { SPORE_TEST_TEXT_MAX = 320, SPORE_TEST_REASON_MAX = 80 };

/** Texts are borrowed from the facts. */
typedef struct SporeTest {
	const char *sterilizer, *due, *reason;
	long long needed, so_far; /* tests in a row; needed is 0 where one is due */
	bool overdue, soon;
} SporeTest;

/** Finds the most urgent test. False: none will become due, as far as is known. */
bool spore_test_next(const State *state, SporeTest *ret);
/** Writes the reminder; "" while the test is neither due soon nor overdue. */
void spore_test_reminder(const SporeTest *test, char ret[SPORE_TEST_TEXT_MAX]);
void spore_test_facts(const State *state, InterlockFacts *facts);
void spore_test_check(const State *state, StationCheck *check);
