/* SPDX-License-Identifier: Apache-2.0 */

/** The station's own records when the ledger cannot take them: all come to be on record, once, in their
 * order. */

#include "lone-station.h"

static void raise_alert(Lone *lone, int number)
{
	char text[16];

	snprintf(text, sizeof text, "%d", number);
	station_record(lone->station, "alert.raised", json_pack("{s:s, s:s}", "alert", "test", "text", text));
}

/** Those of the test, between which the station may put its own. */
static void expect_alerts(Lone *lone, int n)
{
	json_auto_t *rows = records(lone, "alert.raised");
	const json_t *row;
	int number = 0;
	size_t i;

	json_array_foreach (rows, i, row) {
		const json_t *body = json_object_get(row, "body");
		char text[16];

		if (strcmp(json_string_value(json_object_get(body, "alert")), "test") != 0)
			continue;
		snprintf(text, sizeof text, "%d", number++);
		assert_string_equal(json_string_value(json_object_get(body, "text")), text);
	}
	assert_int_equal(number, n);
}

static void test_a_failure_that_is_over_before_it_is_seen(void **state)
{
	Lone *lone = *state;
	Ledger *ledger = lone->ledger->ledger;

	settle(lone);
	limit_files(1);
	raise_alert(lone, 0);
	wait_for_health(ledger, false);
	limit_files(0);
	wait_for_health(ledger, true);
	raise_alert(lone, 1);
	raise_alert(lone, 2);
	settle(lone);
	expect_alerts(lone, 3);
}

static void test_what_is_made_during_a_failure(void **state)
{
	Lone *lone = *state;

	settle(lone);
	limit_files(1);
	for (int number = 0; number < 20; number++) {
		raise_alert(lone, number);
		go_on(lone);
	}
	UNTIL(lone, !ledger_healthy(lone->ledger->ledger));
	assert_non_null(lone->station->journal.kept);
	limit_files(0);
	settle(lone);
	expect_alerts(lone, 20);
}

static void test_a_full_queue(void **state)
{
	Lone *lone = *state;
	json_auto_t *body = json_object();
	LedgerRecord other = { .kind = "station.stopped", .actor = "station", .body = body };
	int r = 0;

	settle(lone);
	while (r == 0)
		r = ledger_append(lone->ledger->ledger, &other, NULL, NULL);
	assert_int_equal(r, -EAGAIN);
	for (int number = 0; number < 10; number++)
		raise_alert(lone, number);
	settle(lone);
	expect_alerts(lone, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LONE_TEST(test_a_failure_that_is_over_before_it_is_seen),
		LONE_TEST(test_what_is_made_during_a_failure),
		LONE_TEST(test_a_full_queue),
	};

	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
