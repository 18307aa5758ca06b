/* SPDX-License-Identifier: Apache-2.0 */

/** What a correction of sterilisation decides: from then on the right value counts, and the first one stays
 * on record. */

#include "sterilization-fixture.h"

#include "ledger/verify.h"

#define PASSED "\"integrator\":\"pass\",\"chemical\":\"pass\""
#define TESTED "{" PASSED ",\"penetration_test\":true,\"leak_test_days\":7}"

static LedgerAnswer correct(
	Ledger *ledger, uint64_t record, const char *field, const char *old, const char *new)
{
	return append(ledger, "record.corrected",
		json_pack("{s:I, s:s, s:s, s:s, s:s, s:s}", "corrects", (json_int_t)record, "field", field,
			"old", old, "new", new, "why", "mistyped", "signed", "corrected"));
}

static void correct_ok(Ledger *ledger, uint64_t record, const char *field, const char *old, const char *new)
{
	LedgerAnswer answer = correct(ledger, record, field, old, new);

	if (answer.error < 0)
		fail_msg("%s from %s to %s: %s", field, old, new, answer.text);
}

static void expect_rule(Ledger *ledger, const char *rule, size_t times)
{
	json_auto_t *rows = look_up(ledger, "check",
		json_pack("{s:s, s:s, s:i, s:i, s:i, s:s}", "rule", rule, "proofs", PROOFS " initials",
			"penetration_test", 1, "leak_test_days", 7, "biological_days", 30, "today",
			"2026-03-02"));

	if (json_array_size(rows) != times)
		fail_msg("%s: %zu times, not %zu", rule, json_array_size(rows), times);
}

/** A field of the only row of a question, and what it was corrected to; NULL: it was not. */
static void expect_said(
	Ledger *ledger, const char *query, const char *field, const char *first, const char *corrected)
{
	json_auto_t *rows = look_up(ledger, query, json_object());
	const json_t *row = json_array_get(rows, 0);
	const char *said = json_string_value(json_object_get(row, field));
	const char *now = json_string_value(json_object_get(json_object_get(row, "corrected"), field));

	assert_int_equal(json_array_size(rows), 1);
	if (!first)
		assert_null(said);
	else
		assert_string_equal(said, first);
	if (!corrected)
		assert_null(now);
	else
		assert_string_equal(now, corrected);
}

/** The records alone give the same tables. */
static void expect_rebuilt(Fixture *fixture)
{
	VerifyOptions options = { .path = fixture->path, .parts = VERIFY_ALL, .threads = 1 };
	Verification found;
	Error error;

	assert_int_equal(ledger_verify(&options, &found, &error), 0);
	assert_int_equal(found.findings, 0);
}

static void test_a_corrected_result_decides_the_release(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	uint64_t seq;

	add_sterilizer(ledger);
	seq = add_cycle(ledger, 1, "2026-02-01T10:00:00Z", "{\"integrator\":\"fail\"}");
	refuse(release(ledger, 1, "{" PASSED "}"), -EINVAL, "integrator of cycle 1 of steriliser A failed");
	expect_rule(ledger, "cycle-failed", 1);
	correct_ok(ledger, seq, "integrator", "fail", "pass");
	expect_rule(ledger, "cycle-failed", 0);
	correct_ok(ledger, seq, "mechanical", "pass", "fail");
	refuse(release(ledger, 1, "{" PASSED "}"), -EINVAL, "mechanical readings");
	correct_ok(ledger, seq, "mechanical", "fail", "pass");
	release_ok(ledger, 1);
	expect_said(ledger, "sterilization", "integrator", "fail", "pass");
	expect_said(ledger, "sterilization", "chemical", "pass", NULL);
}

/** The release stays on record; the load bars its items from then on. */
static void test_a_released_load_that_did_not_pass(void **state)
{
	static const struct {
		const char *field, *old, *new;
		bool of_release, barred;
	} rows[] = {
		{ "mechanical", "pass", "fail", false, true },
		{ "chemical", "pass", "fail", true, true },
		{ "temperature_c", "134.5", "121.5", false, true },
		{ "exposure_s", "240", "24", false, true },
		{ "program", "B 134", "B 121", false, true },
		{ "contents", "[\"hp1\"]", "hp2", false, true },
		{ "exposure_s", "240", "2400", false, false },
		{ "load", "none", "a tray", false, false },
	};
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	add_sterilizer(ledger);
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		char time[32];
		uint64_t seq;

		snprintf(time, sizeof time, "2026-02-0%zuT10:00:00Z", i + 1);
		seq = add_cycle(ledger, (int)i + 1, time, "{}");
		release_ok(ledger, (int)i + 1);
		expect_item(ledger, "hp1", "blocked", NULL);
		correct_ok(ledger, seq + rows[i].of_release, rows[i].field, rows[i].old, rows[i].new);
		expect_item(ledger, "hp1", "blocked", rows[i].barred ? "sterilise it again" : NULL);
	}
	expect_rule(ledger, "cycle-failed", 2);
	assert_int_equal(count(ledger, "sterilization", json_pack("{s:s}", "item", "hp2")), 1);
	assert_int_equal(
		count(ledger, "sterilization", json_pack("{s:s}", "item", "hp1")), ELEMENTS(rows) - 1);
	expect_rebuilt(fixture);
}

static void test_a_corrected_class_and_tests_of_the_machine(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	uint64_t unit = enter_ok(ledger, "sterilizer.registered",
		"{\"sterilizer\":\"A\",\"maker\":\"M\",\"model\":\"B18\",\"serial\":\"77\",\"installed\":\"2026-01-01\","
		"\"class\":\"N\"}");
	uint64_t helix, leak;

	helix = enter_ok(ledger, "penetration.tested",
		"{\"sterilizer\":\"A\",\"method\":\"helix\",\"tested\":\"2026-03-01T07:00:00Z\",\"result\":\"fail\"}");
	leak = enter_ok(ledger, "leak.tested",
		"{\"sterilizer\":\"A\",\"tested\":\"2026-03-01T06:00:00Z\",\"minutes\":10,\"rate_kpa_min\":1.3}");
	add_cycle(ledger, 1, "2026-03-01T08:00:00Z", "{}");
	release_ok(ledger, 1); /* class N needs neither */
	expect_rule(ledger, "cycle-penetration", 0);
	correct_ok(ledger, unit, "class", "N", "B");
	expect_rule(ledger, "cycle-penetration", 1);
	expect_rule(ledger, "cycle-leak", 1);
	assert_int_equal(count(ledger, "untested",
				 json_pack("{s:i, s:i, s:s}", "penetration_test", 1, "leak_test_days", 7,
					 "today", "2026-03-02")),
		2);
	add_cycle(ledger, 2, "2026-03-01T09:00:00Z", "{}");
	refuse(release(ledger, 2, TESTED), -EINVAL, "the steam penetration test failed");
	correct_ok(ledger, helix, "result", "fail", "pass");
	refuse(release(ledger, 2, TESTED), -EINVAL, "the last vacuum leak test");
	refuse(correct(ledger, leak, "result", "fail", "pass"), -EINVAL, "correct rate_kpa_min or minutes");
	correct_ok(ledger, leak, "rate_kpa_min", "1.3", "0.13");
	assert_int_equal(release(ledger, 2, TESTED).error, 0);
	expect_rule(ledger, "cycle-penetration", 0);
	expect_rule(ledger, "cycle-leak", 0);
	assert_int_equal(count(ledger, "untested",
				 json_pack("{s:i, s:i, s:s}", "penetration_test", 1, "leak_test_days", 7,
					 "today", "2026-03-02")),
		0);
	correct_ok(ledger, leak, "minutes", "10", "9");
	expect_rule(ledger, "leak", 1);
	correct_ok(ledger, leak, "minutes", "9", "10");
	/* a test on another day */
	correct_ok(ledger, helix, "tested", "2026-03-01T07:00:00Z", "2026-02-26T07:00:00Z");
	expect_rule(ledger, "cycle-penetration", 2);
	expect_rebuilt(fixture);
}

static void test_corrected_initials(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	uint64_t seq;

	add_sterilizer(ledger);
	seq = add_cycle(ledger, 1, "2026-02-01T10:00:00Z", "{}");
	expect_rule(ledger, "cycle-initials", 1);
	refuse(release(ledger, 1, "{" PASSED ",\"proofs\":\"initials\"}"), -EINVAL, "initials=XX");
	correct_ok(ledger, seq, "initials", "none", "AM");
	expect_rule(ledger, "cycle-initials", 0);
	assert_int_equal(release(ledger, 1, "{" PASSED ",\"proofs\":\"initials\"}").error, 0);
}

static void test_a_corrected_biological_test(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	uint64_t seq;

	add_sterilizer(ledger);
	add_cycle(ledger, 1, "2026-02-01T10:00:00Z", "{}");
	release_ok(ledger, 1);
	seq = test_ok(ledger, "pass", "{\"tested\":\"2026-02-01T11:00:00Z\"}");
	correct_ok(ledger, seq, "result", "pass", "fail");
	expect_item(ledger, "hp1", "blocked", "the biological test of steriliser A failed");
	expect_rule(ledger, "biological", 1);
	expect_rule(ledger, "follow-up", 1);
	assert_int_equal(count(ledger, "doubt", json_pack("{s:I}", "test", (json_int_t)seq)), 1);
	expect_said(ledger, "indicators", "result", "pass", "fail");
	correct_ok(ledger, seq, "result", "fail", "pass");
	expect_item(ledger, "hp1", "blocked", NULL);
	expect_rule(ledger, "biological", 0);
	/* what a new test could not say, a correction cannot either */
	refuse(correct(ledger, seq, "control", "growth", "no-growth"), -EINVAL, "the control did not grow");
	correct_ok(ledger, seq, "result", "pass", "invalid");
	correct_ok(ledger, seq, "control", "growth", "no-growth");
	refuse(correct(ledger, seq, "result", "invalid", "pass"), -EINVAL, "the control did not grow");
	correct_ok(ledger, seq, "control", "no-growth", "growth");
	correct_ok(ledger, seq, "result", "invalid", "pass");
	refuse(correct(ledger, seq, "expiry", "2027-01-31", "2026-01-31"), -EINVAL, "had expired");
	/* it moves with its cycle, and is due from its own day */
	correct_ok(ledger, seq, "tested", "2026-02-01T11:00:00Z", "2026-01-02T11:00:00Z");
	expect_rule(ledger, "biological", 1);
	expect_rebuilt(fixture);
}

/** What one failed test put in doubt, the correction of another does not release. */
static void test_a_correction_leaves_the_doubt_of_another_test(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	uint64_t second;

	add_loads(ledger);
	test_ok(ledger, "fail", "{\"cycle\":2}");
	second = test_ok(ledger, "fail", "{\"tested\":\"2026-02-04T10:00:00Z\", \"reprocess\":true}");
	expect_item(ledger, "hp1", "blocked", NULL);
	expect_item(ledger, "hp2", "blocked", "wait for one that passes");
	expect_item(ledger, "hp3", "blocked", "wait for one that passes");
	correct_ok(ledger, second, "result", "fail", "invalid");
	expect_item(ledger, "hp2", "blocked", "wait for one that passes");
	correct_ok(ledger, second, "result", "invalid", "pass");
	expect_item(ledger, "hp2", "blocked", "sterilise it again");
	expect_item(ledger, "hp3", "blocked", "sterilise it again");
	correct_ok(ledger, second, "result", "pass", "fail");
	expect_item(ledger, "hp3", "blocked", "wait for one that passes");
	expect_rebuilt(fixture);
}

/** A test that did not pass after all leaves the loads to the failed one before it. */
static void test_a_test_that_did_not_pass_puts_loads_back_in_doubt(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	uint64_t passed;

	add_loads(ledger);
	test_ok(ledger, "fail", "{\"cycle\":2}");
	passed = test_ok(ledger, "pass", "{\"tested\":\"2026-02-04T10:00:00Z\"}");
	expect_item(ledger, "hp3", "blocked", NULL);
	correct_ok(ledger, passed, "result", "pass", "invalid");
	expect_item(ledger, "hp1", "blocked", NULL);
	expect_item(ledger, "hp2", "blocked", "wait for one that passes");
	expect_item(ledger, "hp3", "blocked", "wait for one that passes");
	expect_rebuilt(fixture);
}

/** A test covers the loads by when it ran. */
static void test_a_corrected_time_of_a_test_moves_the_doubt(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	uint64_t passed, load;

	add_loads(ledger);
	passed = test_ok(ledger, "pass", "{\"tested\":\"2026-02-02T12:00:00Z\"}");
	test_ok(ledger, "fail", "{\"tested\":\"2026-02-04T10:00:00Z\"}");
	expect_item(ledger, "hp2", "blocked", NULL);
	expect_item(ledger, "hp3", "blocked", "wait for one that passes");
	correct_ok(ledger, passed, "tested", "2026-02-02T12:00:00Z", "2026-02-01T12:00:00Z");
	expect_item(ledger, "hp2", "blocked", "wait for one that passes");
	correct_ok(ledger, passed, "tested", "2026-02-01T12:00:00Z", "2026-02-03T12:00:00Z");
	expect_item(ledger, "hp2", "blocked", NULL);
	expect_item(ledger, "hp3", "blocked", NULL);
	correct_ok(ledger, passed, "tested", "2026-02-03T12:00:00Z", "2026-02-05T12:00:00Z");
	expect_item(ledger, "hp3", "blocked", NULL);
	expect_rebuilt(fixture);
	/* so does a load */
	load = add_cycle(ledger, 4, "2026-02-06T10:00:00Z", "{\"contents\":[\"hp4\"]}");
	release_ok(ledger, 4);
	test_ok(ledger, "fail", "{\"tested\":\"2026-02-07T10:00:00Z\"}");
	expect_item(ledger, "hp4", "blocked", "wait for one that passes");
	correct_ok(ledger, load, "started", "2026-02-06T10:00:00Z", "2026-02-05T10:00:00Z");
	expect_item(ledger, "hp4", "blocked", NULL);
	expect_rebuilt(fixture);
}

/** A load that was rejected stays so, whatever its steriliser's tests say later. */
static void test_a_test_that_passes_frees_no_rejected_load(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	add_loads(ledger);
	enter_ok(ledger, "cycle.rejected", "{\"sterilizer\":\"A\",\"cycle\":3,\"reason\":\"wet\"}");
	test_ok(ledger, "fail", "{\"tested\":\"2026-02-04T10:00:00Z\"}");
	test_ok(ledger, "pass", "{\"tested\":\"2026-02-05T10:00:00Z\"}");
	expect_item(ledger, "hp3", "blocked", "its load was rejected");
	expect_rebuilt(fixture);
}

static void test_a_corrected_time_of_a_cycle(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	uint64_t seq;

	add_sterilizer(ledger);
	seq = add_cycle(ledger, 1, "2026-01-02T10:00:00Z", "{}");
	test_ok(ledger, "pass", "{\"cycle\":1}");
	release_ok(ledger, 1);
	expect_item(ledger, "hp1", "sterile_until", "2026-02-01");
	expect_rule(ledger, "biological", 1);
	correct_ok(ledger, seq, "started", "2026-01-02T10:00:00Z", "2026-02-02T10:00:00Z");
	expect_item(ledger, "hp1", "sterile_until", "2026-03-04");
	expect_rule(ledger, "biological", 0);
	expect_said(
		ledger, "sterilization", "started", "2026-01-02T10:00:00.000000Z", "2026-02-02T10:00:00Z");
	refuse(correct(ledger, seq, "started", "2026-02-02T10:00:00Z", "2036-02-02T10:00:00Z"), -EINVAL,
		"in the future");
	expect_rebuilt(fixture);
}

static void test_corrected_work_and_programs(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	uint64_t unit = add_sterilizer(ledger), program, retired;

	program = enter_ok(ledger, "program.registered",
		"{\"sterilizer\":\"A\",\"program\":\"B 134\",\"temperature_c\":134,\"exposure_s\":1800}");
	add_cycle(ledger, 1, "2026-02-05T10:00:00Z", "{}");
	refuse(release(ledger, 1, "{" PASSED "}"), -EINVAL, "takes 134 C for 1800 s");
	correct_ok(ledger, program, "exposure_s", "1800", "180");
	retired = enter_ok(ledger, "sterilizer.serviced",
		"{\"sterilizer\":\"A\",\"work\":\"retired\",\"done\":\"2026-02-04T10:00:00Z\",\"by\":\"M\"}");
	refuse(release(ledger, 1, "{" PASSED "}"), -EINVAL, "was retired");
	expect_rule(ledger, "cycle-out-of-service", 1);
	correct_ok(ledger, retired, "done", "2026-02-04T10:00:00Z", "2026-02-14T10:00:00Z");
	expect_rule(ledger, "cycle-out-of-service", 0);
	release_ok(ledger, 1);
	/* installed after its first test: the test does not count */
	correct_ok(ledger, unit, "installed", "2026-01-01", "2026-02-01");
	test_ok(ledger, "pass", "{\"tested\":\"2026-01-20T10:00:00Z\"}");
	add_cycle(ledger, 2, "2026-02-06T10:00:00Z", "{}");
	service(ledger, "returned", "2026-01-10T10:00:00Z");
	refuse(release(ledger, 2, "{" PASSED ",\"after_installation\":true}"), -EINVAL,
		"since its installation");
	expect_rebuilt(fixture);
}

/** What people did not enter with a record, they did not leave out. */
static void test_the_station_left_nothing_out(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	uint64_t seq = enter_ok(ledger, "operator.signed-in", "{\"badge\":\"b1\"}");

	refuse(correct(ledger, seq, "reason", "none", "x"), -ENOENT, "has no field reason");
}

/** What the tables cannot follow is refused, with what to enter instead; nothing is ignored. */
static void test_what_cannot_be_corrected(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	uint64_t unit = add_sterilizer(ledger), loaded, released, tested, work, program, incident;

	loaded = add_cycle(ledger, 1, "2026-02-01T10:00:00Z", "{}");
	release_ok(ledger, 1);
	released = loaded + 1;
	tested = test_ok(ledger, "pass", "{\"cycle\":1}");
	work = enter_ok(ledger, "sterilizer.serviced",
		"{\"sterilizer\":\"A\",\"work\":\"retired\",\"done\":\"2026-02-14T10:00:00Z\",\"by\":\"M\"}");
	program = enter_ok(ledger, "program.registered",
		"{\"sterilizer\":\"A\",\"program\":\"B 134\",\"temperature_c\":134,\"exposure_s\":180}");
	incident = enter_ok(ledger, "incident.reported",
		"{\"subject\":\"P-1\",\"incident\":\"complication\",\"severity\":\"severe\",\"text\":\"pus\","
		"\"report_to\":\"B\",\"report_of\":\"complication\",\"report_from\":\"minor\",\"report_days\":5}");
	const struct {
		uint64_t record;
		const char *field, *old, *new, *instead;
	} rows[] = {
		{ unit, "sterilizer", "A", "B", "register the steriliser under the right name" },
		{ loaded, "sterilizer", "A", "B", "record the cycle under the right steriliser" },
		{ released, "cycle", "1", "2", "release the right one" },
		{ released, "series", "none", "2", "release the right one" },
		{ tested, "sterilizer", "A", "B", "to invalid, and enter it anew" },
		{ tested, "cycle", "1", "2", "to invalid, and enter it anew" },
		{ tested, "series", "none", "1", "to invalid, and enter it anew" },
		{ work, "work", "retired", "repair", "work=returned" },
		{ work, "counter_reset", "none", "true", "enter the right work as well" },
		{ program, "sterilizer", "A", "B", "for the right steriliser" },
		{ incident, "report_days", "5", "50", "from which its report follows" },
		{ incident, "report_to", "B", "C", "from which its report follows" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++)
		refuse(correct(ledger, rows[i].record, rows[i].field, rows[i].old, rows[i].new), -EINVAL,
			rows[i].instead);
	correct_ok(ledger, work, "note", "none", "by the maker");
	correct_ok(ledger, tested, "result", "pass", "invalid");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_a_corrected_result_decides_the_release),
		LEDGER_TEST(test_a_released_load_that_did_not_pass),
		LEDGER_TEST(test_a_corrected_class_and_tests_of_the_machine),
		LEDGER_TEST(test_corrected_initials),
		LEDGER_TEST(test_a_corrected_biological_test),
		LEDGER_TEST(test_a_correction_leaves_the_doubt_of_another_test),
		LEDGER_TEST(test_a_test_that_did_not_pass_puts_loads_back_in_doubt),
		LEDGER_TEST(test_a_corrected_time_of_a_test_moves_the_doubt),
		LEDGER_TEST(test_a_test_that_passes_frees_no_rejected_load),
		LEDGER_TEST(test_a_corrected_time_of_a_cycle),
		LEDGER_TEST(test_corrected_work_and_programs),
		LEDGER_TEST(test_what_cannot_be_corrected),
		LEDGER_TEST(test_the_station_left_nothing_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
