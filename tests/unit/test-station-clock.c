// SPDX-License-Identifier: Apache-2.0

/** The station when its clock is wrong: whoever has to act is told so, and nothing else is blamed. */

#include "station-fixture.h"

#define YEARS (3650 * USEC_PER_DAY)

static int64_t begun_us;

static int set_up_clock(void **state)
{
	fake_unsynchronized = false;
	fake_utc_us = begun_us;
	return set_up_chair(state);
}

/** Nobody has set it since the machine was switched on. */
static int set_up_unset(void **state)
{
	fake_unsynchronized = true;
	fake_utc_us = 100 * USEC_PER_SEC;
	return set_up_chair(state);
}

static bool was_alerted(const Chair *chair, const char *alert)
{
	for (size_t i = 0; i < chair->n_alerts; i++)
		if (strcmp(chair->alerts[i], alert) == 0)
			return true;
	return false;
}

static bool clock_refuses(Chair *chair)
{
	Refusal refusals[INTERLOCK_MAX];
	size_t n = station_refusals(chair->station, refusals);

	for (size_t i = 0; i < n; i++)
		if (refusals[i].interlock == INTERLOCK_CLOCK)
			return true;
	return false;
}

static void test_a_jump_ahead_is_noticed_and_bars_nothing(void **state)
{
	Chair *chair = *state;

	prepare(chair);
	fake_unsynchronized = true;
	advance(chair, 1);
	assert_false(was_alerted(chair, "clock-jumped"));
	fake_utc_us += YEARS;
	advance(chair, 1);
	assert_true(was_alerted(chair, "clock-jumped"));
	settle(chair);
	assert_true(count_records(chair, "alert.raised") > 0);
	fake_utc_us -= YEARS;
	advance(chair, 1);
	settle(chair);
	assert_false(clock_refuses(chair));
	arm(chair);
	DO(chair, disarm);
	settle(chair);
}

/** As the time service does it after a start without a battery. */
static void test_a_confirmed_jump_is_none(void **state)
{
	Chair *chair = *state;

	advance(chair, 1);
	fake_utc_us += 30 * USEC_PER_DAY;
	advance(chair, 1);
	assert_false(was_alerted(chair, "clock-jumped"));
}

static void test_an_administrator_puts_the_clock_right(void **state)
{
	Chair *chair = *state;
	json_auto_t *fields = json_pack("{s:s}", "reason", "the year was mistyped"), *rows = NULL;
	const json_t *body;

	sign_in(chair);
	REFUSED(chair, STATION_ERROR_STATE, enter, FORM_STATION, "clock.corrected", fields, PIN);
	fake_utc_us += YEARS;
	advance(chair, 1);
	DO(chair, sign_out);
	sign_in(chair);
	fake_utc_us -= YEARS;
	advance(chair, 1);
	assert_true(was_alerted(chair, "clock-behind"));
	assert_true(clock_refuses(chair));
	REFUSED(chair, STATION_ERROR_SIGN_IN, enter, FORM_STATION, "clock.corrected", fields, "0000");
	assert_true(clock_refuses(chair));
	DO(chair, enter, FORM_STATION, "clock.corrected", fields, PIN);
	assert_false(clock_refuses(chair));
	rows = records(chair, "clock.corrected");
	assert_int_equal(json_array_size(rows), 1);
	body = json_object_get(json_array_get(rows, 0), "body");
	assert_string_equal(json_string_value(json_object_get(body, "signed")), "the clock is right now");
	assert_true(strncmp(json_string_value(json_object_get(body, "newest")), "2036", 4) == 0);
	assert_true(strncmp(json_string_value(json_object_get(body, "now")), "2026", 4) == 0);
	settle(chair);
}

static void test_a_clock_that_was_never_set_is_named(void **state)
{
	Chair *chair = *state;
	Reply reply = { 0 };

	sign_in(chair);
	DO(chair, begin, "P-0001", PROTOCOL, 1, false);
	station_mount_needle(chair->station,
		"]d201" GTIN "1731123110L1\x1d"
		"21A17",
		true, keep_reply, &reply);
	expect_error(chair, &reply, interlock_error_name(INTERLOCK_CLOCK));
	assert_non_null(strstr(reply.text, "1970"));
	assert_null(strstr(reply.text, "expired"));
	reply = (Reply){ 0 };
	station_load_pigment(chair->station, "Brand", "black-3", "PG7", "2031-01-31", keep_reply, &reply);
	expect_error(chair, &reply, interlock_error_name(INTERLOCK_CLOCK));
	assert_true(clock_refuses(chair));
	settle(chair);
}

/** The record knows a later time: the code's year is read by that, and the clock is what refuses to arm. */
static void test_a_clock_that_was_lost_blames_no_cartridge(void **state)
{
	Chair *chair = *state;

	fake_unsynchronized = true;
	fake_utc_us = 100 * USEC_PER_SEC;
	prepare(chair);
	assert_true(clock_refuses(chair));
}

static void refuse_pin(Chair *chair)
{
	REFUSED(chair, STATION_ERROR_SIGN_IN, sign_in, BADGE, "0000", HOLDER);
	settle(chair);
}

static void test_setting_the_clock_undoes_no_delay(void **state)
{
	Chair *chair = *state;

	for (int i = 0; i < 3; i++)
		refuse_pin(chair);
	REFUSED(chair, STATION_ERROR_SIGN_IN, sign_in, BADGE, PIN, HOLDER);
	fake_utc_us += USEC_PER_DAY;
	REFUSED(chair, STATION_ERROR_SIGN_IN, sign_in, BADGE, PIN, HOLDER);
	fake_utc_us -= 2 * USEC_PER_DAY;
	REFUSED(chair, STATION_ERROR_SIGN_IN, sign_in, BADGE, PIN, HOLDER);
	fake_utc_us += USEC_PER_DAY;
	advance(chair, 6);
	sign_in(chair);
}

static void refuse_acknowledgement(Chair *chair)
{
	REFUSED(chair, STATION_ERROR_SIGN_IN, acknowledge, "seen", "0000");
	settle(chair);
}

static bool is_signed(Chair *chair)
{
	json_auto_t *rows = records(chair, "fault.acknowledged");
	const json_t *body = json_object_get(json_array_get(rows, json_array_size(rows) - 1), "body");

	assert_non_null(body);
	return json_object_get(body, "signed") != NULL;
}

/** However many there were, the right PIN is taken for an acknowledgement, at once; for nothing else. */
static void test_wrong_pins_keep_nobody_from_acknowledging(void **state)
{
	Chair *chair = *state;

	prepare(chair);
	control_stop(chair->control);
	UNTIL(chair, state_is(chair, SESSION_FAULT));
	for (int i = 0; i < 12; i++)
		refuse_acknowledgement(chair);
	REFUSED(chair, STATION_ERROR_SIGN_IN, change_pin, "", PIN, "1234");
	DO(chair, acknowledge, "seen", PIN);
	assert_false(state_is(chair, SESSION_FAULT));
	assert_true(is_signed(chair));
	/* the right PIN ends the delay, as everywhere */
	DO(chair, change_pin, "", PIN, "1234");
}

/** Beyond a bound the PIN is not looked at: nobody waits, nothing is learnt, and the record is not signed. */
static void test_an_acknowledgement_is_no_way_to_guess_a_pin(void **state)
{
	Chair *chair = *state;

	prepare(chair);
	control_stop(chair->control);
	UNTIL(chair, state_is(chair, SESSION_FAULT));
	for (int i = 0; i < 13; i++)
		refuse_acknowledgement(chair);
	DO(chair, acknowledge, "seen", "0000");
	assert_false(state_is(chair, SESSION_FAULT));
	assert_false(is_signed(chair));
	REFUSED(chair, STATION_ERROR_SIGN_IN, change_pin, "", PIN, "1234");
}

/** Wrong PINs at the sign-in, too: whoever has to sign in to acknowledge waits a minute at most. */
static void test_wrong_pins_keep_a_fault_for_a_minute_at_most(void **state)
{
	Chair *chair = *state;

	prepare(chair);
	control_stop(chair->control);
	UNTIL(chair, state_is(chair, SESSION_FAULT));
	DO(chair, sign_out);
	for (int i = 0; i < 10; i++) {
		refuse_pin(chair);
		advance(chair, 61);
	}
	sign_in(chair);
	DO(chair, acknowledge, "seen", PIN);
	assert_false(state_is(chair, SESSION_FAULT));
}

int main(void)
{
#define CLOCK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_clock, tear_down_chair)
	const struct CMUnitTest tests[] = {
		CLOCK_TEST(test_a_jump_ahead_is_noticed_and_bars_nothing),
		CLOCK_TEST(test_a_confirmed_jump_is_none),
		CLOCK_TEST(test_an_administrator_puts_the_clock_right),
		CLOCK_TEST(test_a_clock_that_was_lost_blames_no_cartridge),
		CLOCK_TEST(test_setting_the_clock_undoes_no_delay),
		CLOCK_TEST(test_wrong_pins_keep_nobody_from_acknowledging),
		CLOCK_TEST(test_an_acknowledgement_is_no_way_to_guess_a_pin),
		CLOCK_TEST(test_wrong_pins_keep_a_fault_for_a_minute_at_most),
		cmocka_unit_test_setup_teardown(
			test_a_clock_that_was_never_set_is_named, set_up_unset, tear_down_chair),
	};

	begun_us = fake_utc_us;
	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
