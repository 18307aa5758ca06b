/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What the practitioner writes down at the chair, as tables: what may be entered, and what then keeps the
 * needle from being armed. Without a station, a thread or a clock.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply/apply.h"
#include "config/protocol-file.h"
#include "decide/anaesthetic.h"
#include "decide/chair-entry.h"
#include "util/clock.h"

#include "quoted-json.h"

#define NOW_US (1772445600LL * USEC_PER_SEC) /* 2026-03-02T10:00:00Z */

static void put(State *state, const char *kind, const char *body)
{
	json_auto_t *parsed = read_json(body);
	const AppliedRecord record = {
		.seq = 1, .utc_us = state->host.now.utc_us, .kind = kind, .body = parsed
	};

	assert_true(record_apply(state, &record));
}

static void choose_zone(State *state, const char *zone, const char *skin)
{
	char body[128];

	snprintf(body, sizeof body, "{'session':7,'zone':'%s','skin_type':'%s','area_mm2':1500}", zone, skin);
	put(state, "session.zone", body);
}

/** A session is open, in the zone crown. */
static int open_session(void **state)
{
	State *fresh = calloc(1, sizeof *fresh);
	Error error = { 0 };

	assert_non_null(fresh);
	session_clear(&fresh->session);
	if (protocol_load(STIPPLE_SOURCE_FOLDER "/configs/protocols", "scalp-density",
		    &fresh->protocols.list[0], &error) < 0)
		fail_msg("%s", error.text);
	fresh->protocols.n = 1;
	fresh->host.now.utc_us = NOW_US;
	put(fresh, "session.begun",
		"{'session':7,'subject':'P-1','protocol':'scalp-density','course_session':1,'interval_days':0}");
	choose_zone(fresh, "crown", "normal");
	*state = fresh;
	return 0;
}

static int close_session(void **state)
{
	State *used = *state;

	protocols_clear(&used->protocols);
	free(used);
	return 0;
}

/* ---- the anaesthetic ---- */

static void test_what_an_anaesthetic_may_say(void **state)
{
	static const struct {
		const char *body;
		bool armed;
		const char *refused; /* NULL: it may be recorded */
	} rows[] = {
		{ "{}", false, NULL },
		{ "{'applied':'2026-03-02T10:00:02Z'}", false, NULL }, /* a clock's slack */
		{ "{'applied':'2026-03-02T10:00:03Z'}", false, "in the future" },
		{ "{'applied':'2026-03-02T06:00:00Z'}", false, NULL },
		{ "{'applied':'2026-03-02T05:59:59Z'}", false, "more than 4 hours ago" },
		{ "{'applied':'2026-03-01T10:00:00Z'}", false, "more than 4 hours ago" },
		{ "{'zones':['crown','nape']}", false, NULL },
		{ "{'zones':['crown','elbow']}", false, "no zone \"elbow\"" },
		{ "{'zones':['crown']}", true, "armed in this zone" },
		{ "{}", true, "armed in this zone" },
		{ "{'zones':['nape']}", true, NULL },
	};
	State *now = *state;

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		json_auto_t *body = read_json(rows[i].body);
		Decision decision = { 0 };

		now->work.phase = rows[i].armed ? SESSION_READY : SESSION_PREPARING;
		if (require_anaesthetic(now, body, &decision) != !rows[i].refused)
			fail_msg("%s: %s", rows[i].body, decision.text);
		if (rows[i].refused && !strstr(decision.text, rows[i].refused))
			fail_msg("%s: %s", rows[i].body, decision.text);
		if (!rows[i].refused)
			assert_non_null(json_object_get(body, "applied"));
	}
}

static int64_t left_s(State *now, const char *zone, int64_t after_s)
{
	InterlockFacts facts = { 0 };

	choose_zone(now, zone, "normal");
	now->host.now.utc_us = NOW_US + after_s * USEC_PER_SEC;
	anaesthetic_facts(now, &facts);
	return facts.anaesthetic_left_s;
}

static void test_the_anaesthetic_has_its_time(void **state)
{
	State *now = *state;

	assert_int_equal(left_s(now, "crown", 0), 0);
	put(now, "anaesthetic.applied",
		"{'session':7,'product':'Cream','percent':4,'wait_min':30,'applied':'2026-03-02T09:50:00Z'}");
	assert_int_equal(left_s(now, "crown", 0), 20 * 60);
	assert_int_equal(left_s(now, "nape", 20 * 60 - 1), 1);
	assert_int_equal(left_s(now, "nape", 20 * 60), 0);
	/* a newer one begins it anew, in its zones alone */
	put(now, "anaesthetic.applied",
		"{'session':7,'product':'Cream','percent':4,'wait_min':10,'applied':'2026-03-02T10:20:00Z','zones':['nape']}");
	assert_int_equal(left_s(now, "nape", 20 * 60), 10 * 60);
	assert_int_equal(left_s(now, "nape", 30 * 60), 0);
	assert_int_equal(left_s(now, "crown", 20 * 60), 0);
	/* a clock that is set back does not shorten it, and does not lengthen it beyond the newest record */
	now->host.newest_utc_us = NOW_US + 25 * 60 * USEC_PER_SEC;
	assert_int_equal(left_s(now, "nape", 0), 5 * 60);
	put(now, "session.abandoned", "{'session':7}");
	assert_int_equal(now->session.zones[ZONE_NAPE].anaesthetic_until_utc_us, 0);
}

/* ---- the needle's angle ---- */

/** One dot of three strokes, at this angle of the handpiece from the normal. */
static void make_dot(State *now, int16_t angle_cdeg)
{
	static uint32_t at_us;
	Dot dot;

	for (int i = 0; i < 3; i++, at_us += 8000)
		(void)stroke_apply(now,
			&(StrokeSample){ .time_us = at_us,
				.depth_um = 900,
				.resistance_mn = 300,
				.angle_cdeg = angle_cdeg },
			&dot);
	at_us += 200000;
	(void)contact_end_apply(now, &dot);
}

static void test_the_angle_is_that_to_the_skin(void **state)
{
	static const struct {
		int16_t from_normal_cdeg;
		unsigned to_skin_deg;
		bool outside; /* of 45 to 90 degrees, which no section of the protocol sets otherwise */
	} rows[] = {
		{ 0, 90, false },
		{ 1500, 75, false },
		{ -1500, 75, false },
		{ 4549, 45, false },
		{ 4551, 44, true },
		{ -6000, 30, true },
		{ 9500, 0, true },
	};
	State *now = *state;

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		now->board.identity.capabilities = BOARD_CAN_SENSE_ANGLE;
		choose_zone(now, "crown", "normal");
		make_dot(now, rows[i].from_normal_cdeg);
		make_dot(now, rows[i].from_normal_cdeg);
		assert_int_equal(dot_angle_deg(&now->session.last_dot), rows[i].to_skin_deg);
		assert_int_equal(now->work.angle_streak, rows[i].outside ? 2 : 0);
		/* a board that does not sense it says 0 from the normal: nothing is judged by that */
		now->board.identity.capabilities = 0;
		choose_zone(now, "crown", "normal");
		make_dot(now, rows[i].from_normal_cdeg);
		assert_int_equal(now->work.angle_streak, 0);
	}
}

#define CHAIR_TEST(test) cmocka_unit_test_setup_teardown(test, open_session, close_session)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHAIR_TEST(test_what_an_anaesthetic_may_say),
		CHAIR_TEST(test_the_anaesthetic_has_its_time),
		CHAIR_TEST(test_the_angle_is_that_to_the_skin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
