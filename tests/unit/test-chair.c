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

#define NOW_US (1772445600LL * USEC_PER_SEC) /* 2026-03-02T10:00:00Z */

static json_t *parse_quoted(const char *text)
{
	char json[512];
	json_t *value;

	snprintf(json, sizeof json, "%s", text);
	for (char *c = json; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	value = json_loads(json, 0, NULL);
	if (!value)
		fail_msg("no JSON: %s", text);
	return value;
}

static void put(State *state, const char *kind, const char *body)
{
	json_auto_t *parsed = parse_quoted(body);
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
		json_auto_t *body = parse_quoted(rows[i].body);
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

#define CHAIR_TEST(test) cmocka_unit_test_setup_teardown(test, open_session, close_session)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHAIR_TEST(test_what_an_anaesthetic_may_say),
		CHAIR_TEST(test_the_anaesthetic_has_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
