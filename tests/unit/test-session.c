/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The life cycle of a session: every state answers every event as the table says, and acknowledging a fault
 * never arms the needle.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "state/session-step.h"

enum { I = SESSION_IDLE, P, R, W, Z, C, F, _ = SESSION_STATE_INVALID };

/* Written by hand from the description of the life cycle; columns in the order of the events. */
static const int expected[SESSION_STATE_MAX][SESSION_EVENT_MAX] = {
	/*                   begin arm disarm press release pause resume finish sign abandon fault ack */
	[SESSION_IDLE] = { P, _, _, _, _, _, _, _, _, _, F, _ },
	[SESSION_PREPARING] = { _, R, _, _, _, Z, _, C, _, I, F, _ },
	[SESSION_READY] = { _, _, P, W, _, Z, _, C, _, I, F, _ },
	[SESSION_WORKING] = { _, _, P, _, R, _, _, _, _, _, F, _ },
	[SESSION_PAUSED] = { _, _, _, _, _, _, P, C, _, I, F, _ },
	[SESSION_CLOSING] = { _, _, _, _, _, _, _, _, I, I, F, _ },
	[SESSION_FAULT] = { _, _, _, _, _, _, _, _, _, _, F, P },
};

static void test_every_cell(void **state)
{
	for (int s = 0; s < SESSION_STATE_MAX; s++) {
		for (int e = 0; e < SESSION_EVENT_MAX; e++) {
			int next = session_next((SessionState)s, (SessionEvent)e, SESSION_PREPARING);

			if (next != expected[s][e])
				fail_msg("%s on %s: %d, expected %d",
					session_state_to_string((SessionState)s),
					session_event_to_string((SessionEvent)e), next, expected[s][e]);
		}
	}
}

static void test_fault_returns_where_it_should(void **state)
{
	static const int goals[SESSION_STATE_MAX] = { I, P, P, P, P, C, _ };

	for (int s = 0; s < SESSION_STATE_MAX; s++) {
		SessionState goal = session_after_fault((SessionState)s);

		assert_int_equal(goal, goals[s]);
		assert_int_equal(session_next(SESSION_FAULT, SESSION_EVENT_ACKNOWLEDGE, goal), goal);
	}
	assert_int_equal(session_after_fault(SESSION_STATE_MAX), SESSION_STATE_INVALID);
	assert_int_equal(session_after_fault(SESSION_STATE_INVALID), SESSION_STATE_INVALID);
}

static void test_acknowledging_never_arms(void **state)
{
	static const SessionState never[] = { SESSION_READY, SESSION_WORKING, SESSION_PAUSED, SESSION_FAULT };

	for (size_t i = 0; i < ELEMENTS(never); i++)
		assert_int_equal(session_next(SESSION_FAULT, SESSION_EVENT_ACKNOWLEDGE, never[i]),
			SESSION_STATE_INVALID);
}

static void test_out_of_range(void **state)
{
	assert_int_equal(session_next(SESSION_STATE_MAX, SESSION_EVENT_FAULT, SESSION_IDLE), _);
	assert_int_equal(session_next(SESSION_STATE_INVALID, SESSION_EVENT_FAULT, SESSION_IDLE), _);
	assert_int_equal(session_next(SESSION_IDLE, SESSION_EVENT_MAX, SESSION_IDLE), _);
}

static void test_names_round_trip(void **state)
{
	for (int s = 0; s < SESSION_STATE_MAX; s++)
		assert_int_equal(session_state_from_string(session_state_to_string((SessionState)s)), s);
	for (int e = 0; e < SESSION_EVENT_MAX; e++)
		assert_int_equal(session_event_from_string(session_event_to_string((SessionEvent)e)), e);
	assert_null(session_state_to_string(SESSION_STATE_MAX));
	assert_null(session_event_to_string(SESSION_EVENT_INVALID));
	assert_int_equal(session_state_from_string("asleep"), SESSION_STATE_INVALID);
	assert_int_equal(session_event_from_string(NULL), SESSION_EVENT_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cell),
		cmocka_unit_test(test_fault_returns_where_it_should),
		cmocka_unit_test(test_acknowledging_never_arms),
		cmocka_unit_test(test_out_of_range),
		cmocka_unit_test(test_names_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
