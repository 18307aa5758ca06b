/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Two practitioners in one session, with strokes, ledger and clock in the test's hand: each dot and each
 * cartridge belongs to whoever did it.
 */

#include "station-fixture.h"

#define SECOND "b1002"
#define THIRD  "b1003"

/* ---- people ---- */

static void enrol(Chair *chair, const char *badge)
{
	char hash[PIN_HASH_MAX];

	assert_int_equal(pin_hash(PIN, hash), 0);
	record_as(chair, "root", "operator.enrolled",
		json_pack("{s:s, s:[s]}", "badge", badge, "roles", "technician"),
		json_pack("{s:s, s:s}", "name", badge, "pin", hash));
	record_as(chair, "root", "operator.certified",
		json_pack("{s:s, s:s, s:s, s:s}", "badge", badge, "certificate", "Bloodborne Pathogens",
			"issuer", "Institute", "expiry", "2031-05-31"),
		NULL);
}

static void change_to(Chair *chair, const char *badge)
{
	DO(chair, sign_out);
	DO(chair, sign_in, badge, PIN, HOLDER);
	settle(chair);
}

static void change_cartridge(Chair *chair, const char *serial)
{
	DO(chair, remove_needle, "dull");
	mount(chair, serial);
	settle(chair);
}

/* ---- dots ---- */

/** A dot of two strokes; `lifts`: then the needle is out of the skin, which ends the dot. */
static void make_dot(Chair *chair, bool lifts)
{
	static uint32_t board_us = 1000;
	StrokeSample samples[3];

	for (size_t i = 0; i < ELEMENTS(samples); i++) {
		samples[i] = (StrokeSample){ .time_us = board_us, .depth_um = 900, .resistance_mn = 300 };
		board_us += i == 1 ? 50000 : 8000;
	}
	samples[2].depth_um = samples[2].resistance_mn = 0;
	station_take_strokes(chair->station, samples, lifts ? 3 : 2);
}

static void make_dots(Chair *chair, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		make_dot(chair, true);
		if (i % 16 == 15)
			settle(chair);
	}
}

static json_t *stints(Chair *chair, json_t *arguments)
{
	json_t *rows = NULL;

	station_flush_strokes(chair->station);
	settle(chair);
	assert_int_equal(ledger_lookup(chair->ledger->ledger, "stints", arguments, keep_rows, &rows), 0);
	json_decref(arguments);
	UNTIL(chair, rows);
	return rows;
}

static const char *text_of(const json_t *row, const char *field)
{
	return json_string_value(json_object_get(row, field));
}

static json_int_t number_of(const json_t *row, const char *field)
{
	return json_integer_value(json_object_get(row, field));
}

typedef struct Stint {
	const char *operator, * serial;
	int dots;
	bool taken_over;
} Stint;

static void expect_stints(Chair *chair, json_t *arguments, const Stint *expected, size_t n)
{
	json_auto_t *rows = stints(chair, arguments);

	assert_int_equal(json_array_size(rows), n);
	for (size_t i = 0; i < n; i++) {
		const json_t *row = json_array_get(rows, i);
		char unit[96];

		snprintf(unit, sizeof unit, "(01)" GTIN "(21)%s", expected[i].serial);
		assert_string_equal(text_of(row, "operator"), expected[i].operator);
		assert_string_equal(text_of(row, "unit"), unit);
		assert_string_equal(text_of(row, "zone"), "crown");
		assert_int_equal(number_of(row, "dots"), expected[i].dots);
		assert_int_equal(json_is_integer(json_object_get(row, "handover")), expected[i].taken_over);
		assert_true(strcmp(text_of(row, "first"), text_of(row, "last")) <= 0);
	}
}

/* ---- tests ---- */

/** 100 dots of one and 50 of another in the same zone; each changes the cartridge once. */
static void test_each_dot_is_whose_it_is(void **state)
{
	static const Stint all[] = {
		{ BADGE, "A17", 60, false },
		{ BADGE, "A18", 40, false },
		{ SECOND, "A18", 30, true },
		{ SECOND, "A19", 20, true },
	};
	Chair *chair = *state;
	json_auto_t *rows = NULL;
	const json_t *body;

	enrol(chair, SECOND);
	prepare(chair);
	assert_string_equal(station_state(chair->station)->session.practitioner_name, "Ada Example");
	arm(chair);
	make_dots(chair, 60);
	change_cartridge(chair, "A18");
	arm(chair);
	make_dots(chair, 40);
	change_to(chair, SECOND);
	assert_string_equal(station_state(chair->station)->session.practitioner, BADGE);
	assert_int_equal(count_records(chair, "session.handed-over"), 0);
	arm(chair);
	assert_string_equal(station_state(chair->station)->session.practitioner, SECOND);
	make_dots(chair, 30);
	change_cartridge(chair, "A19");
	arm(chair);
	make_dots(chair, 20);
	expect_stints(chair, json_object(), all, 4);
	expect_stints(chair, json_pack("{s:s}", "unit", "(01)" GTIN "(21)A18"), all + 1, 2);
	expect_stints(chair, json_pack("{s:s}", "operator", "B1002"), all + 2, 2);
	expect_stints(chair, json_pack("{s:s}", "zone", "nape"), NULL, 0);
	rows = records(chair, "session.handed-over");
	assert_int_equal(json_array_size(rows), 1);
	body = json_object_get(json_array_get(rows, 0), "body");
	assert_string_equal(text_of(json_array_get(rows, 0), "actor"), SECOND);
	assert_string_equal(text_of(body, "from"), BADGE);
	assert_string_equal(text_of(body, "to"), SECOND);
	assert_string_equal(text_of(body, "zone"), "crown");
	assert_string_equal(text_of(body, "unit"), "(01)" GTIN "(21)A18");
	assert_int_equal(station_state(chair->station)->session.dots, 150);
}

/** The strokes of the last dot may be on record before the dot ends: it is still the first one's. */
static void test_the_last_dot_stays_with_its_strokes(void **state)
{
	static const Stint both[] = { { BADGE, "A17", 3, false }, { SECOND, "A17", 2, true } };
	Chair *chair = *state;

	enrol(chair, SECOND);
	prepare(chair);
	arm(chair);
	make_dots(chair, 2);
	make_dot(chair, false);
	station_flush_strokes(chair->station);
	settle(chair);
	change_to(chair, SECOND);
	arm(chair);
	make_dots(chair, 2);
	expect_stints(chair, json_object(), both, 2);
}

/** A fault stops the needle, and so nothing orders a stop when the first one leaves: arming ends the contact.
 */
static void test_the_last_dot_before_a_fault(void **state)
{
	static const Stint both[] = { { BADGE, "A17", 1, false }, { SECOND, "A17", 2, true } };
	Chair *chair = *state;

	enrol(chair, SECOND);
	prepare(chair);
	arm(chair);
	make_dot(chair, false);
	play(chair, "estop press\n");
	UNTIL(chair, state_is(chair, SESSION_FAULT));
	settle(chair);
	let_holder_vanish(chair);
	DO(chair, sign_in, SECOND, PIN, HOLDER);
	acknowledge(chair);
	settle(chair);
	arm(chair);
	make_dots(chair, 2);
	expect_stints(chair, json_object(), both, 2);
}

/** The program that held the sign-in goes while the needle works: the strokes that then arrive are no one
 * else's. */
static void test_strokes_that_arrive_after_the_sign_out(void **state)
{
	Chair *chair = *state;
	json_auto_t *rows = NULL;
	json_t *row;
	size_t i;

	prepare(chair);
	arm(chair);
	work(chair);
	chair->hold_facts = true;
	UNTIL(chair, (gather_facts(chair), chair->n_facts > 3));
	let_holder_vanish(chair);
	settle(chair);
	expect_still(chair);
	rows = records(chair, "strokes");
	assert_true(json_array_size(rows) > 0);
	json_array_foreach (rows, i, row)
		assert_string_equal(text_of(row, "actor"), BADGE);
}

/** Who only signs in takes nothing over, and who makes no dot has no stint. */
static void test_no_empty_stints(void **state)
{
	static const Stint all[] = {
		{ BADGE, "A17", 2, false },
		{ THIRD, "A17", 1, true },
		{ BADGE, "A17", 4, true },
	};
	Chair *chair = *state;

	enrol(chair, SECOND);
	enrol(chair, THIRD);
	prepare(chair);
	arm(chair);
	make_dots(chair, 2);
	change_to(chair, SECOND);
	change_to(chair, THIRD);
	change_to(chair, BADGE);
	arm(chair);
	assert_int_equal(count_records(chair, "session.handed-over"), 0);
	change_to(chair, THIRD);
	arm(chair);
	make_dots(chair, 1);
	change_to(chair, SECOND);
	arm(chair);
	change_to(chair, BADGE);
	arm(chair);
	make_dots(chair, 4);
	assert_int_equal(count_records(chair, "session.handed-over"), 3);
	expect_stints(chair, json_object(), all, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STATION_TEST(test_each_dot_is_whose_it_is),
		STATION_TEST(test_the_last_dot_stays_with_its_strokes),
		STATION_TEST(test_the_last_dot_before_a_fault),
		STATION_TEST(test_strokes_that_arrive_after_the_sign_out),
		STATION_TEST(test_no_empty_stints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
