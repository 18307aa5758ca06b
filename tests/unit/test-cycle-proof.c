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
		/* another program, of which no figures are on record */
		{ "{\"temperature_c\": 134, \"exposure_s\": 180, \"program\": \"S 134\"}", NULL },
	};
	Ledger *ledger = ((Fixture *)*state)->ledger;

	refuse(append(ledger, "program.registered",
		       json_pack("{s:s, s:s, s:i, s:i}", "sterilizer", "A", "program", "B 134",
			       "temperature_c", 134, "exposure_s", 300)),
		-ENOENT, "not on record");
	add_sterilizer(ledger);
	add_program(ledger, "{\"exposure_s\": 200}");
	add_program(ledger, "{\"pressure_kpa\": 304}");
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
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_a_cycle_below_its_program_is_not_released),
		LEDGER_TEST(test_a_pressure_that_the_program_takes_is_needed),
		LEDGER_TEST(test_a_cycle_shorter_than_its_program_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
