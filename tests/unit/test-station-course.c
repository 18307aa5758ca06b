/* SPDX-License-Identifier: Apache-2.0 */

/** Whole courses of a client, with the clock in the test's hand: what stands on the scalp after each session.
 */

#include "station-fixture.h"

#include "state/density.h"

enum { AREA_MM2 = 1000, DAY_S = 86400 };

/* ---- dots ---- */

/** One dot of two strokes, deep enough and well apart from the one before. */
static void make_dot(Chair *chair)
{
	static uint32_t board_us = 1000;
	StrokeSample samples[3];

	for (size_t i = 0; i < ELEMENTS(samples); i++) {
		samples[i] = (StrokeSample){ .time_us = board_us, .depth_um = 900, .resistance_mn = 300 };
		board_us += i == 1 ? 50000 : 8000;
	}
	/* the needle out of the skin */
	samples[2].depth_um = samples[2].resistance_mn = 0;
	station_take_strokes(chair->station, samples, ELEMENTS(samples));
}

/** Now and then what was made goes on record, so that the station does not stop for it. */
static void make_dots(Chair *chair, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		make_dot(chair);
		if (i % 64 == 63)
			settle(chair);
	}
}

/** Goes on until the station says that the zone has what it may have. Returns how many dots that took. */
static unsigned fill_zone(Chair *chair)
{
	size_t told = count_alerts(chair, "density-reached");
	unsigned n = 0;

	for (; count_alerts(chair, "density-reached") == told && n < 4 * AREA_MM2; n++) {
		make_dot(chair);
		if (n % 64 == 63)
			settle(chair);
	}
	return n;
}

/* ---- sessions ---- */

/** Of the client whom the fixture has registered. */
static void begin_session(Chair *chair, uint32_t number)
{
	DO(chair, begin, "P-0001", PROTOCOL, number, false);
}

static void end_session(Chair *chair)
{
	DO(chair, finish);
	DO(chair, sign, PIN, "done");
	settle(chair);
}

static const SessionZone *zone_now(Chair *chair)
{
	return session_zone(&station_state(chair->station)->session);
}

static json_t *first_row(Chair *chair, const char *question, json_t *arguments)
{
	json_t *rows = NULL, *row;

	assert_int_equal(ledger_lookup(chair->ledger->ledger, question, arguments, keep_rows, &rows), 0);
	json_decref(arguments);
	UNTIL(chair, rows);
	row = json_incref(json_array_get(rows, 0));
	json_decref(rows);
	return row;
}

/* ---- tests ---- */

/** Three sessions whose targets are 40, 80 and 100 leave 100 dots/cm2, and not the 220 of their sum. */
static void test_three_sessions_leave_the_last_target(void **state)
{
	static const struct {
		unsigned before, dots, after;
		int64_t rest_days;
	} sessions[] = { { 0, 400, 40, 7 }, { 40, 400, 80, 28 }, { 80, 200, 100, 1 } };
	Chair *chair = *state;
	json_auto_t *row = NULL;

	sign_in(chair);
	for (uint32_t i = 0; i < ELEMENTS(sessions); i++) {
		begin_session(chair, i + 1);
		/* the area is entered once; later it is the client's own */
		DO(chair, select_zone, "crown", "normal", i == 0 ? AREA_MM2 : 0);
		assert_int_equal(zone_now(chair)->area_mm2, AREA_MM2);
		assert_true(zone_density_before(zone_now(chair)) == sessions[i].before);
		assert_int_equal(fill_zone(chair), sessions[i].dots);
		assert_true(zone_density_total(zone_now(chair)) == sessions[i].after);
		assert_int_equal(count_alerts(chair, "density-near"), i + 1);
		assert_int_equal(zone_dots_over(zone_now(chair)), 0);
		end_session(chair);
		advance(chair, sessions[i].rest_days * DAY_S);
		settle(chair);
	}
	assert_int_equal(count_records(chair, "zone.area"), 1);
	row = first_row(chair, "density", json_pack("{s:s}", "subject", "P-0001"));
	assert_int_equal(json_integer_value(json_object_get(row, "dots")), 1000);
	assert_int_equal(json_integer_value(json_object_get(row, "sessions")), 3);
	assert_int_equal(json_integer_value(json_object_get(row, "course")), 1);
	assert_true(json_number_value(json_object_get(row, "density")) == 100);
	assert_string_equal(json_string_value(json_object_get(row, "area_of")), "measured");
}

/** The practitioner decides: past the target the needle goes on, and what is over is counted and recorded. */
static void test_what_is_over_is_counted(void **state)
{
	Chair *chair = *state;
	json_auto_t *rows = NULL;
	const json_t *newest;

	prepare(chair);
	arm(chair);
	DO(chair, select_zone, "crown", "normal", AREA_MM2);
	arm(chair);
	assert_int_equal(fill_zone(chair), 400);
	make_dots(chair, 25);
	assert_true(state_is(chair, SESSION_READY));
	assert_int_equal(zone_dots_over(zone_now(chair)), 25);
	assert_int_equal(count_alerts(chair, "density-near"), 1);
	assert_int_equal(count_alerts(chair, "density-reached"), 1);
	/* it is said once; and again when one comes back from another zone */
	DO(chair, select_zone, "crown", "normal", 0);
	assert_int_equal(count_alerts(chair, "density-reached"), 1);
	DO(chair, select_zone, "nape", "normal", AREA_MM2);
	DO(chair, select_zone, "crown", "normal", 0);
	assert_int_equal(count_alerts(chair, "density-reached"), 2);
	settle(chair);
	rows = records(chair, "zone.statistics");
	newest = json_object_get(json_array_get(rows, json_array_size(rows) - 1), "body");
	assert_int_equal(json_integer_value(json_object_get(newest, "dots_over")), 25);
	assert_true(json_number_value(json_object_get(newest, "density")) == 42.5);
	assert_true(json_number_value(json_object_get(newest, "density_before")) == 0);
}

/** A changed area is on record, and changes what the same dots are worth. No area comes from another client.
 */
static void test_an_area_is_its_clients(void **state)
{
	Chair *chair = *state;

	sign_in(chair);
	begin_session(chair, 1);
	DO(chair, select_zone, "crown", "normal", AREA_MM2);
	make_dots(chair, 380);
	assert_int_equal(count_alerts(chair, "density-reached"), 0);
	/* measured again: 380 dots on 8 cm2 are more than the 40 of the target */
	DO(chair, select_zone, "crown", "normal", 800);
	assert_int_equal(count_alerts(chair, "density-reached"), 1);
	assert_int_equal(count_records(chair, "zone.area"), 2);
	end_session(chair);
	DO(chair, begin, "P-0002", PROTOCOL, 1, true);
	REFUSED(chair, STATION_ERROR_INVALID, select_zone, "crown", "normal", 0);
	DO(chair, select_zone, "crown", "normal", AREA_MM2);
	assert_int_equal(zone_dots_total(zone_now(chair)), 0);
	DO(chair, abandon, "another day");
}

/** What the client's zones are, by name, as the station tells before the session begins. */
static json_t *told_zones;

static void keep_zones(void *userdata, const StationReply *reply)
{
	json_t *row;
	size_t i;

	keep_reply(userdata, reply);
	json_decref(told_zones);
	told_zones = json_object();
	json_array_foreach (json_object_get(reply->figures, "zones"), i, row)
		json_object_set(told_zones, row_text(row, "zone"), row);
}

static json_int_t told(
	Chair *chair, const char *subject, uint32_t session, const char *zone, const char *field)
{
	Reply reply = { 0 };

	station_client(chair->station, subject, PROTOCOL, session, keep_zones, &reply);
	expect_done(chair, &reply);
	return json_integer_value(json_object_get(json_object_get(told_zones, zone), field));
}

/** How many days after the zone's last dots this told day is. */
static long days_from_last(Chair *chair, const char *protocol, const char *zone, const char *field)
{
	Reply reply = { 0 };
	struct tm last = { 0 }, day = { 0 };
	const json_t *row;

	station_client(chair->station, "P-0001", protocol, 2, keep_zones, &reply);
	expect_done(chair, &reply);
	row = json_object_get(told_zones, zone);
	assert_non_null(strptime(row_text(row, "last"), "%Y-%m-%d", &last));
	assert_non_null(strptime(row_text(row, field), "%Y-%m-%d", &day));
	return (long)(timegm(&day) - timegm(&last)) / DAY_S;
}

static bool refuses_interval_of(Chair *chair, const char *zone)
{
	Refusal refusals[INTERLOCK_MAX];
	size_t n;

	DO(chair, select_zone, zone, "normal", AREA_MM2);
	n = station_refusals(chair->station, refusals);
	for (size_t i = 0; i < n; i++)
		if (refusals[i].interlock == INTERLOCK_INTERVAL)
			return true;
	return false;
}

/** A zone rests from its last dots on, whatever session they were of; another zone is free. */
static void test_each_zone_rests_from_its_last_dots(void **state)
{
	Chair *chair = *state;

	sign_in(chair);
	begin_session(chair, 1);
	DO(chair, select_zone, "crown", "normal", AREA_MM2);
	make_dots(chair, 10);
	end_session(chair);
	advance(chair, DAY_S);
	settle(chair);
	/* it is told when the client is chosen, before a session begins */
	assert_int_equal(told(chair, "p-0001", 1, "crown", "wait_days"), 6);
	assert_int_equal(told(chair, "P-0001", 1, "crown", "days_since"), 1);
	assert_int_equal(told(chair, "P-0001", 3, "crown", "wait_days"), 27);
	assert_int_equal(told(chair, "P-0001", 1, "crown", "dots"), 10);
	assert_int_equal(days_from_last(chair, PROTOCOL, "crown", "earliest"), 7);
	assert_null(json_object_get(json_object_get(told_zones, "crown"), "others_earliest"));
	assert_int_equal(days_from_last(chair, "sample-patch", "crown", "others_earliest"), 28);
	/* session 1 the next day is refused like any other, in this zone alone */
	begin_session(chair, 1);
	assert_true(refuses_interval_of(chair, "crown"));
	assert_false(refuses_interval_of(chair, "nape"));
	make_dots(chair, 10);
	end_session(chair);
	advance(chair, 6 * DAY_S);
	settle(chair);
	begin_session(chair, 2);
	assert_false(refuses_interval_of(chair, "crown"));
	assert_true(refuses_interval_of(chair, "nape"));
	end_session(chair);
	/* a session without dots is no reason to wait */
	assert_int_equal(told(chair, "P-0001", 2, "crown", "wait_days"), 0);
	assert_int_equal(told(chair, "P-0001", 2, "nape", "wait_days"), 1);
	json_decref(told_zones);
	told_zones = NULL;
}

static void begin_protocol(Chair *chair, const char *protocol)
{
	DO(chair, begin, "P-0001", protocol, 1, false);
}

static json_int_t sessions_done(Chair *chair, const char *protocol)
{
	json_auto_t *row = first_row(
		chair, "courses", json_pack("{s:s, s:s}", "subject", "P-0001", "protocol", protocol));

	return json_integer_value(json_object_get(row, "done"));
}

static void plan(Chair *chair, const char *protocol, int sessions, bool beside)
{
	record_as(chair, BADGE, "course.planned",
		json_pack("{s:s, s:s, s:i, s:i, s:b}", "subject", "P-0001", "protocol", protocol, "sessions",
			sessions, "interval_days", 0, "beside", beside),
		NULL);
}

/** What a sample patch shows late has time to show before any other protocol begins. */
static void test_a_sample_patch_is_waited_for(void **state)
{
	Chair *chair = *state;

	sign_in(chair);
	begin_protocol(chair, "sample-patch");
	DO(chair, select_zone, "crown", "normal", AREA_MM2);
	make_dots(chair, 20);
	end_session(chair);
	advance(chair, 27 * DAY_S);
	settle(chair);
	begin_session(chair, 1);
	assert_true(refuses_interval_of(chair, "nape"));
	end_session(chair);
	advance(chair, DAY_S);
	settle(chair);
	begin_session(chair, 1);
	assert_false(refuses_interval_of(chair, "nape"));
	assert_false(refuses_interval_of(chair, "crown"));
	end_session(chair);
}

/** A course may be planned after its session 1; a session without a dot is none; a second course goes beside
 * it. */
static void test_courses_count_what_left_dots(void **state)
{
	Chair *chair = *state;

	sign_in(chair);
	begin_session(chair, 1);
	DO(chair, select_zone, "crown", "normal", AREA_MM2);
	make_dots(chair, 10);
	end_session(chair);
	advance(chair, DAY_S);
	plan(chair, PROTOCOL, 3, false);
	assert_int_equal(sessions_done(chair, PROTOCOL), 1);
	begin_session(chair, 2);
	end_session(chair);
	assert_int_equal(sessions_done(chair, PROTOCOL), 1);
	REFUSED(chair, STATION_ERROR_INVALID, begin, "P-0001", PROTOCOL, 3, false);
	REFUSED(chair, STATION_ERROR_INVALID, begin, "P-0001", "scar-camouflage", 1, false);
	plan(chair, "scar-camouflage", 2, true);
	begin_protocol(chair, "scar-camouflage");
	DO(chair, select_zone, "scar-1", "scar", AREA_MM2);
	make_dots(chair, 10);
	end_session(chair);
	assert_int_equal(sessions_done(chair, "scar-camouflage"), 1);
	assert_int_equal(sessions_done(chair, PROTOCOL), 1);
	/* a plan that is not beside takes the place of all */
	plan(chair, "touch-up", 1, false);
	assert_int_equal(sessions_done(chair, "scar-camouflage"), 0);
	assert_int_equal(sessions_done(chair, "touch-up"), 0);
}

/** Two years on, a touch-up adds to what is there; its target counts all of it. */
static void test_a_touch_up_adds_to_the_course(void **state)
{
	Chair *chair = *state;

	sign_in(chair);
	begin_session(chair, 3);
	DO(chair, select_zone, "crown", "normal", AREA_MM2);
	assert_int_equal(fill_zone(chair), 1000);
	end_session(chair);
	advance(chair, 200 * DAY_S);
	settle(chair);
	begin_protocol(chair, "touch-up");
	assert_true(refuses_interval_of(chair, "crown"));
	end_session(chair);
	advance(chair, 530 * DAY_S);
	settle(chair);
	begin_protocol(chair, "touch-up");
	assert_false(refuses_interval_of(chair, "crown"));
	assert_true(zone_density_before(zone_now(chair)) == 100);
	assert_int_equal(fill_zone(chair), 200);
	assert_true(zone_density_total(zone_now(chair)) == 120);
	end_session(chair);
}

/** Sessions before areas were measured count, with the area that the newest of them had. */
static void test_earlier_sessions_are_counted_in(void **state)
{
	Chair *chair = *state;
	json_auto_t *row = NULL;

	record_as(chair, BADGE, "session.begun",
		json_pack("{s:i, s:s, s:s, s:i}", "session", 1, "subject", "P-0001", "protocol", PROTOCOL,
			"course_session", 1),
		NULL);
	record_as(chair, BADGE, "zone.statistics",
		json_pack("{s:i, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:[]}", "session", 1, "zone", "crown",
			"dots", 390, "strokes", 800, "area_mm2", AREA_MM2, "density", 39, "target", 40,
			"outside", 0, "histogram"),
		NULL);
	record_as(chair, BADGE, "session.signed", json_pack("{s:i, s:s}", "session", 1, "meaning", "done"),
		NULL);
	row = first_row(chair, "density", json_pack("{s:s}", "subject", "p-0001"));
	assert_string_equal(json_string_value(json_object_get(row, "area_of")), "session");
	assert_true(json_number_value(json_object_get(row, "density")) == 39);
	row = (json_decref(row), first_row(chair, "scalp", json_pack("{s:s}", "subject", "p-0001")));
	assert_int_equal(json_integer_value(json_object_get(row, "dots")), 390);
	assert_int_equal(json_integer_value(json_object_get(row, "measured")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STATION_TEST(test_three_sessions_leave_the_last_target),
		STATION_TEST(test_what_is_over_is_counted),
		STATION_TEST(test_an_area_is_its_clients),
		STATION_TEST(test_each_zone_rests_from_its_last_dots),
		STATION_TEST(test_a_sample_patch_is_waited_for),
		STATION_TEST(test_courses_count_what_left_dots),
		STATION_TEST(test_a_touch_up_adds_to_the_course),
		STATION_TEST(test_earlier_sessions_are_counted_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
