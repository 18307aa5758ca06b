/* SPDX-License-Identifier: Apache-2.0 */

/** A ledger is closed in the midst of a verification, at each part of it: that ends at once. */

#include "ledger-fixture.h"

#include <time.h>

enum { BATCH = 900, BATCHES = 14, POINTS = 6 };

static void add_records(Ledger *ledger)
{
	static LedgerAnswer answers[BATCH];

	append(ledger, "lot.received", lot("L1", 100000, "2027-01-01"));
	for (int batch = 0; batch < BATCHES; batch++) {
		for (int i = 0; i < BATCH; i++) {
			char unit[64];
			json_auto_t *body = NULL;
			LedgerRecord record = { .kind = "needle.claimed", .actor = "b1" };

			snprintf(unit, sizeof unit, "(01)04012345678901(21)A%06d", batch * BATCH + i);
			body = claim(unit, "L1", 1);
			record.body = body;
			assert_int_equal(ledger_append(ledger, &record, keep_answer, &answers[i]), 0);
		}
		serve(ledger);
		for (int i = 0; i < BATCH; i++)
			assert_int_equal(answers[i].error, 0);
	}
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void wait_seconds(double s)
{
	(void)poll(NULL, 0, (int)(s * 1000));
}

/** How long a verification takes that nobody disturbs. */
static double verify_wholly(Ledger *ledger)
{
	LedgerAnswer answer = { .error = 1 };
	double begun = seconds();

	assert_int_equal(ledger_verify_start(ledger, keep_answer, &answer), 0);
	while (answer.error == 1) {
		struct pollfd ready = { .fd = ledger_fd(ledger), .events = POLLIN };

		(void)poll(&ready, 1, 1000);
		ledger_dispatch(ledger);
	}
	assert_int_equal(answer.error, 0);
	return seconds() - begun;
}

/** How long closing takes that long after a verification began; below 0: none runs. */
static double leave_after(Fixture *fixture, double s)
{
	LedgerAnswer answer = { .error = 1 };
	double begun;

	if (s >= 0) {
		assert_int_equal(ledger_verify_start(fixture->ledger, keep_answer, &answer), 0);
		wait_seconds(s);
	}
	begun = seconds();
	fixture->ledger = ledger_free(fixture->ledger);
	begun = seconds() - begun;
	assert_int_equal(open_fixture(fixture), 0);
	serve(fixture->ledger);
	return begun;
}

/** Against the whole of it in the same run, so that a slow machine is none to blame. */
static void test_leaving_waits_for_no_verification(void **state)
{
	Fixture *fixture = *state;
	double whole, alone, limit;

	add_records(fixture->ledger);
	whole = verify_wholly(fixture->ledger);
	alone = leave_after(fixture, -1);
	limit = alone + (whole < 4 ? 1 : whole / 4);
	for (int i = 0; i < POINTS; i++) {
		double took = leave_after(fixture, whole * i / POINTS);

		if (took > limit)
			fail_msg(
				"leaving at %d/%d of a verification that takes %.2f s took %.2f s, without one %.2f s",
				i, POINTS, whole, took, alone);
	}
	print_message("a verification takes %.2f s, leaving without one %.2f s\n", whole, alone);
	/* what was left behind is no finding */
	(void)verify_wholly(fixture->ledger);
}

int main(void)
{
	const struct CMUnitTest tests[] = { LEDGER_TEST(test_leaving_waits_for_no_verification) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
