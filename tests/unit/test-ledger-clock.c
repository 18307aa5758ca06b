// SPDX-License-Identifier: Apache-2.0

/** The newest time that a ledger vouches for: what raises it, how far, and how a person puts it right. */

#include "ledger-fixture.h"

#define SECOND USEC_PER_SEC
#define YEARS  (3650 * USEC_PER_DAY)

static int64_t begun_us;

static int setup_clock(void **state)
{
	fake_unsynchronized = false;
	fake_utc_us = begun_us;
	fake_monotonic_us = 1;
	return setup(state);
}

static void write_something(Fixture *fixture)
{
	assert_int_equal(append(fixture->ledger, "station.stopped", json_object()).error, 0);
}

static void reopen(Fixture *fixture)
{
	fixture->ledger = ledger_free(fixture->ledger);
	assert_int_equal(open_fixture(fixture), 0);
	assert_int_equal(ledger_newest_utc(fixture->ledger), fixture->info.newest_utc_us);
}

static void pass(int64_t us)
{
	fake_utc_us += us;
	fake_monotonic_us += us;
}

static void test_a_confirmed_time_raises_it(void **state)
{
	Fixture *fixture = *state;

	write_something(fixture);
	fake_utc_us += YEARS;
	write_something(fixture);
	assert_int_equal(ledger_newest_utc(fixture->ledger), begun_us + YEARS);
}

/** What nobody confirms goes no further than time has gone by. */
static void test_a_jump_ahead_does_not_bar_the_future(void **state)
{
	Fixture *fixture = *state;

	write_something(fixture);
	fake_unsynchronized = true;
	pass(5 * SECOND);
	write_something(fixture);
	assert_int_equal(ledger_newest_utc(fixture->ledger), begun_us + 5 * SECOND);
	fake_utc_us += YEARS;
	for (int i = 0; i < 20; i++)
		write_something(fixture);
	assert_true(ledger_newest_utc(fixture->ledger) <= begun_us + 10 * SECOND);
	/* the record says what the clock said */
	pass(SECOND);
	write_something(fixture);
	reopen(fixture);
	assert_true(fixture->info.newest_utc_us <= begun_us + 10 * SECOND);
}

static void test_between_two_starts_it_goes_some_days(void **state)
{
	Fixture *fixture = *state;

	write_something(fixture);
	fake_unsynchronized = true;
	reopen(fixture);
	fake_utc_us += 2 * USEC_PER_DAY;
	write_something(fixture);
	assert_int_equal(ledger_newest_utc(fixture->ledger), begun_us + 2 * USEC_PER_DAY);
	fake_utc_us += YEARS;
	write_something(fixture);
	assert_true(ledger_newest_utc(fixture->ledger) > begun_us);
	assert_true(ledger_newest_utc(fixture->ledger) <= begun_us + 5 * USEC_PER_DAY);
}

static json_t *correction(void)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "reason", "the year was mistyped", "newest", "2036", "now",
		"2026", "signed", "the clock is right now");
}

static void test_a_person_puts_it_right(void **state)
{
	Fixture *fixture = *state;

	assert_int_equal(append(fixture->ledger, "lot.received", lot("L1", 20, "2031-12-31")).error, 0);
	fake_utc_us += YEARS;
	write_something(fixture);
	fake_utc_us = begun_us + 60 * SECOND;
	assert_int_equal(
		append(fixture->ledger, "needle.claimed", claim("(01)04012345678901(21)A", "L1", 1)).error,
		-ESTALE);
	assert_int_equal(append(fixture->ledger, "clock.corrected", correction()).error, 0);
	assert_int_equal(ledger_newest_utc(fixture->ledger), begun_us + 60 * SECOND);
	reopen(fixture);
	assert_int_equal(fixture->info.newest_utc_us, begun_us + 60 * SECOND);
	assert_int_equal(
		append(fixture->ledger, "needle.claimed", claim("(01)04012345678901(21)A", "L1", 1)).error,
		0);
	pass(SECOND);
	write_something(fixture);
	assert_int_equal(ledger_newest_utc(fixture->ledger), begun_us + 61 * SECOND);
}

int main(void)
{
#define CLOCK_TEST(name) cmocka_unit_test_setup_teardown(name, setup_clock, teardown)
	const struct CMUnitTest tests[] = {
		CLOCK_TEST(test_a_confirmed_time_raises_it),
		CLOCK_TEST(test_a_jump_ahead_does_not_bar_the_future),
		CLOCK_TEST(test_between_two_starts_it_goes_some_days),
		CLOCK_TEST(test_a_person_puts_it_right),
	};

	begun_us = fake_utc_us;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
