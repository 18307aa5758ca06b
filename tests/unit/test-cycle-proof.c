/* SPDX-License-Identifier: Apache-2.0 */

/** What a cycle is measured against: its program, the tests of its steriliser, and the other cycles on
 * record. */

#include "sterilization-fixture.h"

#define RESULTS "{\"integrator\":\"pass\",\"chemical\":\"pass\"}"

/** The only gap of a rule: of this subject, and `missing` within what is missing; none when `subject` is
 * NULL. */
static void expect_gap(Ledger *ledger, const char *rule, const char *subject, const char *missing)
{
	json_auto_t *rows = look_up(ledger, "check", json_pack("{s:s}", "rule", rule));
	json_t *row = json_array_get(rows, 0);

	if (json_array_size(rows) != (subject != NULL))
		fail_msg("%s: %zu rows", rule, json_array_size(rows));
	if (!subject)
		return;
	assert_string_equal(json_string_value(json_object_get(row, "subject")), subject);
	if (!strstr(json_string_value(json_object_get(row, "missing")), missing))
		fail_msg("%s: %s", rule, json_string_value(json_object_get(row, "missing")));
}

static void add_program(Ledger *ledger, const char *figures)
{
	LedgerAnswer answer = append(ledger, "program.registered",
		with(json_pack("{s:s, s:s, s:i, s:i}", "sterilizer", "A", "program", "b 134", "temperature_c",
			     134, "exposure_s", 300),
			figures));

	if (answer.error < 0)
		fail_msg("program: %s", answer.text);
}

static void test_a_cycle_below_its_program_is_not_released(void **state)
{
	static const struct {
		const char *figures, *words; /* NULL: released */
	} rows[] = {
		{ "{\"temperature_c\": 134.2, \"exposure_s\": 299}", "held 134.2 C for 299 s at 313 kPa" },
		{ "{\"temperature_c\": 133.9, \"exposure_s\": 300, \"program\": \"B 134\"}", "takes 134" },
		{ "{\"temperature_c\": 134, \"exposure_s\": 300, \"pressure_kpa\": 303}",
			"takes 134 C for 300 s at 304 kPa" },
		{ "{\"temperature_c\": 134, \"exposure_s\": 300, \"pressure_kpa\": 304}", NULL },
		/* a typing error must not escape the figures */
		{ "{\"temperature_c\": 134, \"exposure_s\": 180, \"program\": \"B134\"}",
			"the program \"B134\" of cycle 104 of steriliser A is not on record, but these are: b 134, S; "
			"correct" },
		{ "{\"temperature_c\": 134, \"exposure_s\": 180, \"program\": \"s\"}", NULL },
	};
	Ledger *ledger = ((Fixture *)*state)->ledger;

	refuse(append(ledger, "program.registered",
		       json_pack("{s:s, s:s, s:i, s:i}", "sterilizer", "A", "program", "B 134",
			       "temperature_c", 134, "exposure_s", 300)),
		-ENOENT, "not on record");
	add_sterilizer(ledger);
	add_program(ledger, "{\"exposure_s\": 200}");
	add_program(ledger, "{\"pressure_kpa\": 304}");
	add_program(ledger, "{\"program\": \"S\", \"exposure_s\": 180}");
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		add_cycle(ledger, 100 + (int)i, "2026-03-01T06:00:00Z", rows[i].figures);
		if (rows[i].words)
			refuse(release(ledger, 100 + (int)i, RESULTS), -EINVAL, rows[i].words);
		else
			release_ok(ledger, 100 + (int)i);
	}
}

static void test_a_pressure_that_the_program_takes_is_needed(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	json_t *body = cycle(1, "2026-03-01T06:00:00Z", "{\"exposure_s\": 300}");

	add_sterilizer(ledger);
	add_program(ledger, "{\"pressure_kpa\": 304}");
	json_object_del(body, "pressure_kpa");
	assert_int_equal(append(ledger, "cycle.recorded", body).error, 0);
	refuse(release(ledger, 1, RESULTS), -EINVAL, "pressure of cycle 1 of steriliser A is not on record");
	expect_gap(ledger, "cycle-program", "A cycle 1", "at a pressure that is not on record");
}

/** Figures that are lowered later do not excuse an earlier release, and raised ones do not accuse it. */
static void test_a_cycle_shorter_than_its_program_is_found(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_sterilizer(ledger);
	add_cycle(ledger, 1, "2026-03-01T06:00:00Z", "{\"exposure_s\": 240}");
	release_ok(ledger, 1);
	expect_gap(ledger, "cycle-program", NULL, NULL);
	add_program(ledger, "{}");
	expect_gap(ledger, "cycle-program", "A cycle 1",
		"what its program takes, 134 C for 300 s: it held 134.5 C for 240 s");
	add_program(ledger, "{\"exposure_s\": 200}");
	expect_gap(ledger, "cycle-program", "A cycle 1", "300 s");
	enter_ok(ledger, "cycle.rejected", "{\"sterilizer\":\"A\",\"cycle\":1,\"reason\":\"short\"}");
	expect_gap(ledger, "cycle-program", NULL, NULL);
	add_cycle(ledger, 2, "2026-03-01T08:00:00Z", "{\"exposure_s\": 240}");
	release_ok(ledger, 2);
	add_program(ledger, "{\"exposure_s\": 400}");
	expect_gap(ledger, "cycle-program", NULL, NULL);
	add_cycle(ledger, 3, "2026-03-01T09:00:00Z", "{\"exposure_s\": 240}");
	expect_gap(ledger, "cycle-program", "A cycle 3", "400 s");
	enter_ok(ledger, "cycle.rejected", "{\"sterilizer\":\"A\",\"cycle\":3,\"reason\":\"short\"}");
	add_cycle(ledger, 4, "2026-03-01T10:00:00Z", "{\"program\": \"B134\"}");
	expect_gap(ledger, "cycle-program", "A cycle 4",
		"a program that is on record: \"B134\" is none of b 134");
}

/* ---- tests of the machine ---- */

#define ASKED                                                                       \
	"{\"integrator\":\"pass\",\"chemical\":\"pass\",\"penetration_test\":true," \
	"\"leak_test_days\":7}"

static void add_class_b(Ledger *ledger)
{
	(void)enter_ok(ledger, "sterilizer.registered",
		"{\"sterilizer\":\"A\",\"maker\":\"M\",\"model\":\"B18\",\"serial\":\"77\","
		"\"installed\":\"2026-01-01\",\"class\":\"B\"}");
}

static void penetration(Ledger *ledger, const char *tested, const char *result)
{
	LedgerAnswer answer = append(ledger, "penetration.tested",
		json_pack("{s:s, s:s, s:s, s:s}", "sterilizer", "A", "method", "helix", "tested", tested,
			"result", result));

	assert_int_equal(answer.error, 0);
}

/** Returns the result that the ledger found. */
static const char *leak(Ledger *ledger, const char *tested, double minutes, double rate)
{
	static char result[8];
	LedgerAnswer answer = append(ledger, "leak.tested",
		json_pack("{s:s, s:s, s:f, s:f}", "sterilizer", "A", "tested", tested, "minutes", minutes,
			"rate_kpa_min", rate));
	json_auto_t *rows = look_up(ledger, "equipment-tests", json_pack("{s:s}", "test", "leak"));
	json_t *row = json_array_get(rows, json_array_size(rows) - 1);

	assert_int_equal(answer.error, 0);
	assert_int_equal(json_integer_value(json_object_get(row, "seq")), answer.seq);
	snprintf(result, sizeof result, "%s", json_string_value(json_object_get(row, "result")));
	return result;
}

static void test_a_leak_test_is_judged_by_its_figures(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_class_b(ledger);
	assert_string_equal(leak(ledger, "2026-02-01T08:00:00Z", 10, 0.13), "pass");
	assert_string_equal(leak(ledger, "2026-02-01T08:20:00Z", 10, 0.131), "fail");
	assert_string_equal(leak(ledger, "2026-02-01T08:40:00Z", 9.5, 0.05), "fail");
	refuse(append(ledger, "leak.tested",
		       json_pack("{s:s, s:s, s:f, s:f}", "sterilizer", "A", "tested", "2026-02-01T08:00:00Z",
			       "minutes", 10.0, "rate_kpa_min", 101.0)),
		-EINVAL, "rate_kpa_min");
	refuse(enter(ledger, "penetration.tested",
		       "{\"sterilizer\":\"Z\",\"method\":\"helix\",\"tested\":\"2026-02-01T08:00:00Z\",\"result\":\"pass\"}"),
		-ENOENT, "register it first");
}

static void test_a_class_b_steriliser_is_tested(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_class_b(ledger);
	add_cycle(ledger, 1, "2026-02-10T09:00:00Z", "{}");
	refuse(release(ledger, 1, ASKED), -EINVAL, "no steam penetration test");
	penetration(ledger, "2026-02-09T16:59:00Z", "pass"); /* the day before */
	penetration(ledger, "2026-02-10T09:01:00Z", "pass"); /* after it began */
	refuse(release(ledger, 1, ASKED), -EINVAL, "no steam penetration test");
	penetration(ledger, "2026-02-10T07:00:00Z", "fail");
	refuse(release(ledger, 1, ASKED), -EINVAL, "the steam penetration test failed before cycle 1");
	penetration(ledger, "2026-02-10T07:30:00Z", "pass");
	refuse(release(ledger, 1, ASKED), -EINVAL, "no vacuum leak test of steriliser A is on record");
	(void)leak(ledger, "2026-02-02T08:00:00Z", 10, 0.1);
	refuse(release(ledger, 1, ASKED), -EINVAL, "of 2026-02-02, is too old");
	(void)leak(ledger, "2026-02-03T08:00:00Z", 10, 0.1);
	assert_int_equal(release(ledger, 1, ASKED).error, 0);
	(void)leak(ledger, "2026-02-10T12:00:00Z", 10, 0.5);
	add_cycle(ledger, 2, "2026-02-10T13:00:00Z", "{}");
	refuse(release(ledger, 2, ASKED), -EINVAL, "of 2026-02-10, failed");
	release_ok(ledger, 2); /* under rules that do not ask for it */
}

/** The gap of a rule under a profile that asks for both tests. */
static size_t count_gaps(Ledger *ledger, const char *rule, const char *today)
{
	return count(ledger, "check",
		json_pack("{s:s, s:i, s:i, s:s}", "rule", rule, "penetration_test", 1, "leak_test_days", 7,
			"today", today));
}

static size_t count_untested(Ledger *ledger, const char *test, const char *today)
{
	json_auto_t *rows = look_up(ledger, "untested",
		json_pack("{s:i, s:i, s:s}", "penetration_test", 1, "leak_test_days", 7, "today", today));
	size_t n = 0, i;
	json_t *row;

	json_array_foreach (rows, i, row)
		n += strcmp(json_string_value(json_object_get(row, "test")), test) == 0;
	return n;
}

static void test_what_lacks_a_test_of_the_machine(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_class_b(ledger);
	(void)enter_ok(ledger, "sterilizer.registered",
		"{\"sterilizer\":\"old\",\"maker\":\"M\",\"model\":\"x\",\"serial\":\"1\",\"installed\":\"2020-01-01\"}");
	assert_int_equal(count_gaps(ledger, "sterilizer-class", "2026-02-10"), 1);
	penetration(ledger, "2026-02-10T07:30:00Z", "pass");
	(void)leak(ledger, "2026-02-10T07:00:00Z", 10, 0.1);
	add_cycle(ledger, 1, "2026-02-10T09:00:00Z", "{\"contents\":[\"hp1\"]}");
	add_cycle(ledger, 2, "2026-02-11T09:00:00Z", "{\"contents\":[\"hp2\"]}");
	release_ok(ledger, 1);
	release_ok(ledger, 2);
	assert_int_equal(count_gaps(ledger, "cycle-penetration", "2026-02-11"), 1);
	assert_int_equal(count_gaps(ledger, "cycle-leak", "2026-02-11"), 0);
	assert_int_equal(count_gaps(ledger, "leak", "2026-02-17"), 0); /* the day on which it is due */
	assert_int_equal(count_gaps(ledger, "leak", "2026-02-18"), 1);
	assert_int_equal(count_untested(ledger, "penetration", "2026-02-11"), 1);
	assert_int_equal(count_untested(ledger, "leak", "2026-02-17"), 0);
	assert_int_equal(count_untested(ledger, "leak", "2026-02-18"), 2);
	(void)leak(ledger, "2026-02-18T07:00:00Z", 10, 0.1);
	assert_int_equal(count_untested(ledger, "leak", "2026-02-18"), 0);
	(void)leak(ledger, "2026-02-19T07:00:00Z", 10, 0.9);
	assert_int_equal(count_untested(ledger, "leak-failed", "2026-02-19"), 2);
	/* a profile that asks for neither lists nothing */
	assert_int_equal(count(ledger, "untested", json_object()), 0);
}

/* ---- forgery ---- */

#define CURVE "\"curve_sha256\":\"c0ffee\""

static void test_missing_numbers_are_found(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_class_b(ledger);
	add_cycle(ledger, 3, "2026-02-01T08:00:00Z", "{}");
	add_cycle(ledger, 4, "2026-02-01T09:00:00Z", "{}");
	expect_gap(ledger, "cycle-number", NULL, NULL);
	add_cycle(ledger, 6, "2026-02-01T11:00:00Z", "{}");
	expect_gap(ledger, "cycle-number", "steriliser A", "cycle 5");
	/* the number was that of a leak test */
	(void)enter_ok(ledger, "leak.tested",
		"{\"sterilizer\":\"A\",\"tested\":\"2026-02-01T10:00:00Z\",\"minutes\":10,\"rate_kpa_min\":0.1,\"cycle\":5}");
	expect_gap(ledger, "cycle-number", NULL, NULL);
	add_cycle(ledger, 10, "2026-02-02T11:00:00Z", "{}");
	expect_gap(ledger, "cycle-number", "steriliser A", "cycles 7 to 9");
	expect_gap(ledger, "cycle-order", NULL, NULL);
	add_cycle(ledger, 7, "2026-02-03T11:00:00Z", "{}");
	expect_gap(ledger, "cycle-order", "A cycle 10", "after that of the cycles with smaller numbers");
}

static void test_cloned_curves_are_found(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_class_b(ledger);
	add_cycle(ledger, 1, "2026-02-01T08:00:00Z", "{" CURVE "}");
	add_cycle(ledger, 2, "2026-02-02T08:00:00Z", "{\"curve_sha256\":\"another\"}");
	expect_gap(ledger, "cycle-clone", NULL, NULL);
	add_cycle(ledger, 3, "2026-02-03T08:00:00Z", "{" CURVE "}");
	expect_gap(ledger, "cycle-clone", "A cycle 3", "it repeats that of A cycle 1 of 2026-02-01");
}

static void test_overlapping_times_are_found(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_class_b(ledger);
	add_cycle(ledger, 1, "2026-02-01T08:00:00Z", "{\"exposure_s\":240,\"dry_s\":600}");
	add_cycle(ledger, 2, "2026-02-01T08:14:00Z", "{}");
	expect_gap(ledger, "cycle-overlap", NULL, NULL);
	add_cycle(ledger, 3, "2026-02-01T08:17:59Z", "{}");
	expect_gap(ledger, "cycle-overlap", "A cycle 3", "A cycle 2 ran until 2026-02-01T08:18:00Z");
}

static void test_a_report_is_of_its_steriliser(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_class_b(ledger);
	refuse(append(ledger, "cycle.recorded",
		       cycle(1, "2026-02-01T08:00:00Z", "{\"device_serial\":\"78\"}")),
		-EINVAL, "serial 78, which is not that of A");
	refuse(append(ledger, "cycle.recorded", cycle(1, "2026-02-01T08:00:00Z", "{\"raw_sha256\":\"f00\"}")),
		-ENOENT, "is not on record");
	(void)enter_ok(ledger, "sterilizer.file",
		"{\"file\":\"a.txt\",\"format\":\"lisa\",\"sha256\":\"f00\",\"bytes\":3}");
	refuse(enter(ledger, "sterilizer.file",
		       "{\"file\":\"b.txt\",\"format\":\"lisa\",\"sha256\":\"f00\",\"bytes\":3}"),
		-EEXIST, "on record already");
	add_cycle(ledger, 1, "2026-02-01T08:00:00Z", "{\"device_serial\":\"77\",\"raw_sha256\":\"f00\"}");
}

/* ---- what was left out ---- */

static LedgerAnswer add_left_out(Ledger *ledger, uint64_t seq, const char *field, const char *value)
{
	return append(ledger, "record.corrected",
		json_pack("{s:I, s:s, s:s, s:s, s:s}", "corrects", (json_int_t)seq, "field", field, "old",
			"none", "new", value, "why", "left out"));
}

static void test_what_was_left_out_is_added(void **state)
{
	static const char *const values[][2] = {
		{ "mechanical", "pass" },
		{ "integrator", "pass" },
		{ "chemical", "pass" },
		{ "pressure_kpa", "313.5" },
		{ "contents", "hp1, hp2" },
	};
	Ledger *ledger = ((Fixture *)*state)->ledger;
	json_auto_t *rows = NULL;
	uint64_t seq;

	seq = add_sterilizer(ledger);
	assert_int_equal(add_left_out(ledger, seq, "class", "B").error, 0);
	refuse(add_left_out(ledger, seq, "class", "N"), -EINVAL, "is \"B\", not \"none\"");
	refuse(add_left_out(ledger, seq, "model", "x"), -EINVAL, "is \"B18\"");
	refuse(add_left_out(ledger, seq, "colour", "x"), -ENOENT, "has no field colour");
	seq = enter_ok(ledger, "cycle.recorded",
		"{\"sterilizer\":\"A\",\"cycle\":1,\"program\":\"B 134\",\"started\":\"2026-02-01T08:00:00Z\","
		"\"temperature_c\":134.5,\"exposure_s\":240}");
	refuse(release(ledger, 1, "{}"), -EINVAL, "mechanical readings");
	refuse(add_left_out(ledger, seq, "mechanical", "perhaps"), -EINVAL, "mechanical");
	for (size_t i = 0; i < ELEMENTS(values); i++)
		assert_int_equal(add_left_out(ledger, seq, values[i][0], values[i][1]).error, 0);
	assert_int_equal(release(ledger, 1, "{}").error, 0);
	expect_item(ledger, "hp2", "sterilizer", "A");
	rows = look_up(ledger, "sterilization", json_object());
	assert_true(
		json_is_null(json_object_get(json_array_get(rows, 0), "pressure_kpa"))); /* first recorded */
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(json_array_get(rows, 0), "corrected"), "pressure_kpa")),
		"313.5");
	assert_int_equal(count_gaps(ledger, "sterilizer-class", "2026-02-10"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_a_cycle_below_its_program_is_not_released),
		LEDGER_TEST(test_a_pressure_that_the_program_takes_is_needed),
		LEDGER_TEST(test_a_cycle_shorter_than_its_program_is_found),
		LEDGER_TEST(test_a_leak_test_is_judged_by_its_figures),
		LEDGER_TEST(test_a_class_b_steriliser_is_tested),
		LEDGER_TEST(test_what_lacks_a_test_of_the_machine),
		LEDGER_TEST(test_missing_numbers_are_found),
		LEDGER_TEST(test_cloned_curves_are_found),
		LEDGER_TEST(test_overlapping_times_are_found),
		LEDGER_TEST(test_a_report_is_of_its_steriliser),
		LEDGER_TEST(test_what_was_left_out_is_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
