/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What a command may do before it is judged, or when it is refused: it stops the needle where it asks for
 * that, and else nothing. Calls that come while another step is under way, too early, from others, or with
 * more than there may be.
 */

#include "station-fixture.h"

static const StationCaller stranger = { .name = ":1.99", .user = "eve", .uid = 1001, .is_known = true };

/** A step that is under way until its commit is handed over. */
static void begin_step(Chair *chair, Reply *step)
{
	hold_commits(chair);
	station_consent(chair->station, "photographs", "2026-1", true, keep_reply, step);
	assert_false(step->done);
}

static void test_a_withdrawal_stops_also_when_it_is_refused(void **state)
{
	Chair *chair = *state;
	Reply reply = { 0 }, step = { 0 };

	prepare(chair);
	arm(chair);
	work(chair);
	begin_step(chair, &step);
	station_consent(chair->station, "treatment", "2026-1", false, keep_reply, &reply);
	assert_string_equal(reply.error, STATION_ERROR_BUSY);
	assert_false(station_may_move(chair->station));
	settle(chair);
	play(chair, "pedal up\n");
	expect_agreement(chair);
}

static void test_a_pin_that_is_too_long_is_none(void **state)
{
	Chair *chair = *state;

	REFUSED(chair, STATION_ERROR_INVALID, sign_in, BADGE, "4711471147114711", HOLDER);
	sign_in(chair);
	REFUSED(chair, STATION_ERROR_INVALID, change_pin, "", PIN, "123456789012xyz");
	REFUSED(chair, STATION_ERROR_INVALID, change_pin, "", PIN, "1234567890123");
	DO(chair, change_pin, "", PIN, "123456789012");
	DO(chair, sign_out);
	REFUSED(chair, STATION_ERROR_INVALID, sign_in, BADGE, "1234567890129", HOLDER);
	DO(chair, sign_in, BADGE, "123456789012", HOLDER);
}

#define FIRST_HALF "]C101" GTIN
#define SECOND_HALF           \
	"]C11731123110L1\x1d" \
	"21B1"

static void take_first_half(Chair *chair)
{
	prepare(chair);
	DO(chair, remove_needle, "blunt");
	settle(chair);
	REFUSED(chair, STATION_ERROR_NEEDLE, mount_needle, FIRST_HALF, true);
}

static void test_nobody_else_changes_half_a_label(void **state)
{
	Chair *chair = *state;

	take_first_half(chair);
	station_set_caller(chair->station, &stranger);
	REFUSED(chair, STATION_ERROR_NOT_YOURS, mount_needle, "]C10104012345678918", true);
	station_set_caller(chair->station, NULL);
	DO(chair, mount_needle, SECOND_HALF, true);
}

static void test_a_busy_station_keeps_half_a_label(void **state)
{
	Chair *chair = *state;
	Reply step = { 0 };

	take_first_half(chair);
	begin_step(chair, &step);
	REFUSED(chair, STATION_ERROR_BUSY, mount_needle, SECOND_HALF, true);
	settle(chair);
	DO(chair, mount_needle, SECOND_HALF, true);
}

static void enrol_first(Chair *chair, const char *badge, Reply *reply)
{
	call_station(chair->station, &command_enrol_first,
		json_pack("{s:s, s:s}", "badge", badge, "name", "Bea Example"), "4711", "WRONG", keep_reply,
		reply);
}

static void test_a_code_is_compared_only_where_all_else_is_right(void **state)
{
	Chair *chair = *state;
	People *people = &chair->station->state.people;
	Reply step = { 0 }, replies[8] = { 0 };

	prepare(chair);
	snprintf(people->code, sizeof people->code, "ABCD-EFGH-JKLM");
	begin_step(chair, &step);
	enrol_first(chair, "b7", &replies[0]);
	assert_string_equal(replies[0].error, STATION_ERROR_BUSY);
	settle(chair);
	enrol_first(chair, "bad badge", &replies[1]);
	assert_string_equal(replies[1].error, STATION_ERROR_INVALID);
	assert_int_equal(people->wrong_codes, 0);
	for (int i = 2; i < 7; i++) {
		enrol_first(chair, "b7", &replies[i]);
		expect_error(chair, &replies[i], STATION_ERROR_SIGN_IN);
	}
	enrol_first(chair, "b7", &replies[7]);
	expect_error(chair, &replies[7], STATION_ERROR_STATE);
	assert_string_equal(people->code, "");
}

/** The program went away while its sign-in was being recorded, and then the disk filled. */
static void test_the_end_of_a_sign_in_is_kept_until_it_is_on_record(void **state)
{
	Chair *chair = *state;
	Reply reply = { 0 };

	hold_commits(chair);
	station_sign_in(chair->station, BADGE, PIN, HOLDER, keep_reply, &reply);
	UNTIL(chair, is_pending(chair, "operator.signed-in"));
	station_holder_vanished(chair->station, HOLDER);
	fill_disk(true);
	chair->hold_commits = false;
	give_answers(chair);
	expect_error(chair, &reply, STATION_ERROR_SIGN_IN);
	assert_string_equal(chair->station->state.people.signed_in.badge, "");
	bring_ledger_back(chair);
	settle(chair);
	assert_int_equal(count_records(chair, "operator.signed-in"), 1);
	assert_int_equal(count_records(chair, "operator.signed-out"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STATION_TEST(test_a_withdrawal_stops_also_when_it_is_refused),
		STATION_TEST(test_a_pin_that_is_too_long_is_none),
		STATION_TEST(test_nobody_else_changes_half_a_label),
		STATION_TEST(test_a_busy_station_keeps_half_a_label),
		STATION_TEST(test_a_code_is_compared_only_where_all_else_is_right),
		STATION_TEST(test_the_end_of_a_sign_in_is_kept_until_it_is_on_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
