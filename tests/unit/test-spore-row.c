/* SPDX-License-Identifier: Apache-2.0 */

/** Biological tests in a row: after which events, what begins the row anew, and what waits for it. */

#include "sterilization-fixture.h"

#define ROW(events)                                                                                  \
	"{\"integrator\":\"pass\",\"chemical\":\"pass\",\"in_a_row\":3,\"in_a_row_after\":\"" events \
	"\",\"unused_days\":14}"

static json_t *rules(const char *events)
{
	return json_pack("{s:i, s:s, s:i}", "in_a_row", 3, "in_a_row_after", events, "unused_days", 14);
}

static void pass_at(Ledger *ledger, const char *time)
{
	char extra[80];

	snprintf(extra, sizeof extra, "{\"tested\":\"%s\"}", time);
	test_ok(ledger, "pass", extra);
}

static void fail_at(Ledger *ledger, const char *time)
{
	char extra[80];

	snprintf(extra, sizeof extra, "{\"tested\":\"%s\"}", time);
	test_ok(ledger, "fail", extra);
}

/** The only row of `due`, or none: its reason, and how many tests of the row passed. */
static void expect_row(Ledger *ledger, const char *events, const char *reason, int so_far)
{
	json_auto_t *rows = look_up(ledger, "due", rules(events));
	const json_t *row = json_array_get(rows, 0);

	assert_int_equal(json_array_size(rows), reason != NULL);
	if (!reason)
		return;
	assert_string_equal(json_string_value(json_object_get(row, "reason")), reason);
	assert_int_equal(json_integer_value(json_object_get(row, "needed")), 3);
	assert_int_equal(json_integer_value(json_object_get(row, "so_far")), so_far);
}

static void test_three_after_the_installation(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_sterilizer(ledger); /* on 2026-01-01 */
	expect_row(ledger, "repair", NULL, 0);
	expect_row(ledger, "repair installation", "installation", 0);
	add_cycle(ledger, 1, "2026-02-01T10:00:00Z", "{}");
	pass_at(ledger, "2026-02-01T10:00:00Z");
	pass_at(ledger, "2026-02-01T11:00:00Z");
	expect_row(ledger, "installation", "installation", 2);
	refuse(release(ledger, 1, ROW("installation")), -EINVAL,
		"needs 3 biological tests in a row that pass after its installation, and has 2: run the others");
	pass_at(ledger, "2026-02-01T12:00:00Z");
	expect_row(ledger, "installation", NULL, 0);
	assert_int_equal(release(ledger, 1, ROW("installation")).error, 0);
}

static void test_a_failure_begins_anew(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_sterilizer(ledger);
	pass_at(ledger, "2026-02-01T10:00:00Z");
	pass_at(ledger, "2026-02-01T11:00:00Z");
	fail_at(ledger, "2026-02-01T12:00:00Z");
	pass_at(ledger, "2026-02-01T13:00:00Z");
	expect_row(ledger, "installation", "installation", 1);
	expect_row(ledger, "installation failure", "failure", 1);
	pass_at(ledger, "2026-02-01T14:00:00Z");
	pass_at(ledger, "2026-02-01T15:00:00Z");
	expect_row(ledger, "installation failure", NULL, 0);
	/* later, a failure asks for a row of its own only where the profile says so */
	fail_at(ledger, "2026-02-10T10:00:00Z");
	pass_at(ledger, "2026-02-10T11:00:00Z");
	expect_row(ledger, "installation", NULL, 0);
	expect_row(ledger, "repeated-failure", NULL, 0);
	expect_row(ledger, "failure", "failure", 1);
	fail_at(ledger, "2026-02-11T10:00:00Z");
	fail_at(ledger, "2026-02-11T11:00:00Z");
	pass_at(ledger, "2026-02-11T12:00:00Z");
	expect_row(ledger, "repeated-failure", "failure", 1);
}

static void expect_gap(Ledger *ledger, const char *missing)
{
	json_t *arguments = rules("installation");
	json_auto_t *rows = NULL;

	json_object_set_new(arguments, "rule", json_string("biological-row"));
	rows = look_up(ledger, "check", arguments);
	assert_int_equal(json_array_size(rows), missing != NULL);
	if (missing)
		assert_string_equal(
			json_string_value(json_object_get(json_array_get(rows, 0), "missing")), missing);
}

/** Three indicators in one load show that one run sterilised. */
static void test_a_row_is_of_runs(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_sterilizer(ledger);
	add_cycle(ledger, 1, "2026-02-01T10:00:00Z", "{}");
	for (int i = 0; i < 3; i++)
		test_ok(ledger, "pass", "{\"cycle\":1}");
	pass_at(ledger, "2026-02-01T10:03:00Z"); /* while it ran */
	expect_row(ledger, "installation", "installation", 1);
	refuse(release(ledger, 1, ROW("installation")), -EINVAL, "and has 1: run the others");
	pass_at(ledger, "2026-02-01T11:00:00Z");
	expect_row(ledger, "installation", "installation", 2);
	/* one of the indicators of a run failed: so did the run, however many passed */
	fail_at(ledger, "2026-02-01T12:00:00Z");
	pass_at(ledger, "2026-02-01T12:00:00Z");
	fail_at(ledger, "2026-02-01T12:00:00Z");
	pass_at(ledger, "2026-02-01T12:30:00Z");
	expect_row(ledger, "installation", "installation", 1);
	expect_row(ledger, "repeated-failure", NULL, 0);
	expect_gap(ledger, "3 biological tests in a row that passed after the installation");
	pass_at(ledger, "2026-02-01T14:00:00Z");
	pass_at(ledger, "2026-02-01T15:00:00Z");
	expect_gap(ledger, NULL);
	/* a test between them that failed breaks the row, when it comes to light */
	fail_at(ledger, "2026-02-01T14:30:00Z");
	expect_gap(ledger, "3 biological tests in a row that passed after the installation");
}

static void test_each_event(void **state)
{
	static const struct {
		const char *work, *event;
	} events[] = {
		{ "major-repair", "repair" },
		{ "relocation", "relocation" },
		{ "returned", "returned" },
		{ "power-cut", "power-cut" },
	};
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_sterilizer(ledger);
	service(ledger, "repair", "2026-01-05T10:00:00Z"); /* a small one */
	for (size_t i = 0; i < ELEMENTS(events); i++) {
		char time[32];

		snprintf(time, sizeof time, "2026-01-1%zuT10:00:00Z", i);
		expect_row(ledger, events[i].event, NULL, 0);
		service(ledger, events[i].work, time);
		expect_row(ledger, events[i].event, events[i].event, 0);
		for (int hour = 11; hour < 14; hour++) {
			snprintf(time, sizeof time, "2026-01-1%zuT%d:00:00Z", i, hour);
			pass_at(ledger, time);
		}
		expect_row(ledger, events[i].event, NULL, 0);
	}
}

/** Exactly as long as the profile allows is no gap. */
static void test_unused(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_sterilizer(ledger);
	add_cycle(ledger, 1, "2026-01-02T10:00:00Z", "{}");
	add_cycle(ledger, 2, "2026-01-16T10:00:00Z", "{}");
	expect_row(ledger, "unused", NULL, 0);
	add_cycle(ledger, 3, "2026-01-30T10:00:01Z", "{}");
	expect_row(ledger, "unused", "unused", 0);
	refuse(release(ledger, 3, ROW("unused")), -EINVAL, "the time in which it did not run, and has 0");
	pass_at(ledger, "2026-01-30T10:00:01Z");
	pass_at(ledger, "2026-01-30T11:00:00Z");
	pass_at(ledger, "2026-01-30T12:00:00Z");
	expect_row(ledger, "unused", NULL, 0);
	assert_int_equal(release(ledger, 3, ROW("unused")).error, 0);
}

/** Tests that pass afterwards do not make good a load that was released before. */
static void test_what_the_check_says(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_sterilizer(ledger);
	expect_gap(ledger, "3 biological tests in a row that passed after the installation");
	pass_at(ledger, "2026-02-01T09:00:00Z");
	add_cycle(ledger, 1, "2026-02-01T10:00:00Z", "{}");
	release_ok(ledger, 1); /* by rules that did not ask for more */
	pass_at(ledger, "2026-02-01T11:00:00Z");
	pass_at(ledger, "2026-02-01T12:00:00Z");
	add_cycle(ledger, 2, "2026-02-02T10:00:00Z", "{}");
	release_ok(ledger, 2);
	expect_gap(ledger,
		"3 biological tests in a row that passed after the installation, before the release of cycle 1");
}

/** Without these figures, as in a release from before them, nothing in a row is asked for. */
static void test_no_rule(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_sterilizer(ledger);
	service(ledger, "power-cut", "2026-02-01T10:00:00Z");
	assert_int_equal(count(ledger, "due", json_object()), 0);
	assert_int_equal(count(ledger, "check", json_object()), 0);
	add_cycle(ledger, 1, "2026-02-02T10:00:00Z", "{}");
	release_ok(ledger, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_three_after_the_installation),
		LEDGER_TEST(test_a_failure_begins_anew),
		LEDGER_TEST(test_a_row_is_of_runs),
		LEDGER_TEST(test_each_event),
		LEDGER_TEST(test_unused),
		LEDGER_TEST(test_what_the_check_says),
		LEDGER_TEST(test_no_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
