/* SPDX-License-Identifier: Apache-2.0 */

/**
 * From records to the state of a session, as a table: each row is a record, and what it must leave. Without a
 * station, a thread or a clock.
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
#include "decide/breaks.h"
#include "decide/recovery.h"
#include "state/density.h"
#include "state/interlock-names.h"
#include "state/stroke-chunk.h"
#include "util/clock.h"

#define BEGUN                                                                                          \
	"session.begun", "{'session':7,'subject':'P-1','protocol':'scalp-density','course_session':2," \
			 "'interval_days':30,'last_session':'2026-01-05T10:00:00Z'}"
#define CLAIMED "needle.claimed", "{'session':7,'unit':'U1','lot':'L1','gtin':'0401','chip':'04a1b2'}"
#define ZONE    "session.zone", "{'session':7,'zone':'crown','skin_type':'normal','area_mm2':1500}"

typedef struct Row {
	const char *kind, *body; /* with ' for " */
} Row;

static json_t *parse(const char *text)
{
	char *copy = strdup(text);
	json_t *body;

	assert_non_null(copy);
	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	body = json_loads(copy, 0, NULL);
	free(copy);
	assert_non_null(body);
	return body;
}

static uint64_t seq;

static bool apply(State *state, const char *kind, const char *body)
{
	json_auto_t *parsed = parse(body);
	const AppliedRecord record = { .seq = ++seq, .utc_us = 1000, .kind = kind, .body = parsed };

	return record_apply(state, &record);
}

static int set_up(void **state)
{
	State *fresh = calloc(1, sizeof *fresh);
	Error error = { 0 };

	assert_non_null(fresh);
	seq = 0;
	session_clear(&fresh->session);
	if (protocol_load(STIPPLE_SOURCE_FOLDER "/configs/protocols", "scalp-density",
		    &fresh->protocols.list[0], &error) < 0)
		fail_msg("%s", error.text);
	fresh->protocols.n = 1;
	*state = fresh;
	return 0;
}

static int tear_down(void **state)
{
	State *used = *state;

	protocols_clear(&used->protocols);
	free(used);
	return 0;
}

static void test_a_session_begins(void **state)
{
	State *now = *state;
	int64_t last;

	assert_true(apply(now, BEGUN));
	assert_int_equal(now->session.number, 7);
	assert_string_equal(now->session.subject, "P-1");
	assert_ptr_equal(now->session.protocol, now->protocols.list[0]);
	assert_int_equal(now->session.course_session, 2);
	assert_int_equal(now->session.interval_days, 30);
	assert_int_equal(clock_parse_utc("2026-01-05T10:00:00Z", &last), 0);
	assert_int_equal(now->session.last_session_utc_us, last);
	assert_int_equal(now->session.step, SESSION_PREPARING);
	assert_int_equal(now->session.zone, ZONE_INVALID);
}

/** Whoever began is the practitioner, until somebody takes over; only who is signed in has a name. */
static void test_who_does_the_dots(void **state)
{
	json_auto_t *begun = parse("{'session':7,'subject':'P-1'}"), *in = parse("{'badge':'b2'}");
	State *now = *state;
	const Session *session = &now->session;
	const AppliedRecord begin = { .kind = "session.begun", .actor = "b1", .body = begun };
	const Operator who = { .badge = "B2", .name = "Bea" };
	const AppliedRecord sign_in = {
		.kind = "operator.signed-in", .body = in, .who = &who, .holder = ":1.1"
	};

	record_apply(now, &begin);
	assert_string_equal(session->practitioner, "b1");
	assert_string_equal(session->practitioner_name, "");
	apply(now, "session.handed-over", "{'session':6,'from':'b1','to':'b9'}");
	assert_string_equal(session->practitioner, "b1");
	apply(now, "session.handed-over", "{'session':7,'from':'b1','to':'b2'}");
	assert_string_equal(session->practitioner, "b2");
	assert_string_equal(session->practitioner_name, "");
	record_apply(now, &sign_in);
	assert_string_equal(session->practitioner_name, "Bea");
	apply(now, "session.signed", "{'session':7}");
	assert_string_equal(session->practitioner, "");
}

/** What the client's zones had before comes from the first record, and their areas from a record of their
 * own. */
static void test_density_adds_up(void **state)
{
	State *now = *state;
	SessionZone *crown = &now->session.zones[ZONE_CROWN], *nape = &now->session.zones[ZONE_NAPE];
	int64_t last;

	apply(now, "session.begun",
		"{'session':7,'subject':'P-1','protocol':'scalp-density','course_session':2,"
		"'scalp_zones':['crown','nape','chin'],'scalp_dots':[480,30,9],'scalp_area_mm2':[1200,600,100],"
		"'scalp_last':['2026-01-05T10:00:00Z','',''],'scalp_measured':['crown','chin']}");
	assert_int_equal(clock_parse_utc("2026-01-05T10:00:00Z", &last), 0);
	assert_int_equal(crown->last_dots_utc_us, last);
	assert_int_equal(nape->last_dots_utc_us, 0);
	assert_true(crown->area_was_measured && !nape->area_was_measured);
	assert_true(zone_density_before(crown) == 40 && zone_density_before(nape) == 5);
	assert_int_equal(zone_density_level(crown, 480), DENSITY_BELOW); /* no target yet */
	apply(now, "session.zone",
		"{'session':7,'zone':'crown','skin_type':'normal','area_mm2':1200,'target':80}");
	crown->statistics.dots = 390;
	assert_true(zone_density_total(crown) == 72.5 && zone_dots_total(crown) == 870);
	/* 80 dots/cm2 on 12 cm2 are 960, of which 864 are 90 % */
	assert_int_equal(zone_density_level(crown, 863), DENSITY_BELOW);
	assert_int_equal(zone_density_level(crown, 864), DENSITY_NEAR);
	assert_int_equal(zone_density_level(crown, 959), DENSITY_NEAR);
	assert_int_equal(zone_density_level(crown, 960), DENSITY_REACHED);
	assert_int_equal(zone_dots_over(crown), 0);
	crown->statistics.dots = 487;
	assert_int_equal(zone_dots_over(crown), 7);
	/* the same dots on a smaller area are too many */
	apply(now, "zone.area", "{'session':7,'subject':'p-1','zone':'crown','area_mm2':600}");
	assert_int_equal(crown->area_mm2, 600);
	assert_int_equal(zone_dots_over(crown), 487);
	/* somebody else's area, or one of another session, is none of this client's */
	apply(now, "zone.area", "{'session':7,'subject':'P-2','zone':'crown','area_mm2':900}");
	apply(now, "zone.area", "{'session':8,'subject':'P-1','zone':'crown','area_mm2':900}");
	apply(now, "zone.area", "{'session':7,'subject':'P-1','zone':'chin','area_mm2':900}");
	assert_int_equal(crown->area_mm2, 600);
	/* an area does not choose its zone */
	apply(now, "zone.area", "{'session':7,'subject':'P-1','zone':'frontal','area_mm2':3000}");
	assert_int_equal(now->session.zones[ZONE_FRONTAL].area_mm2, 0);
	assert_int_equal(zone_area_mm2(&now->session.zones[ZONE_FRONTAL]), 3000);
	/* the next session knows nothing of it */
	apply(now, BEGUN);
	assert_int_equal(zone_area_mm2(crown), 0);
	assert_int_equal(zone_dots_total(crown), 0);
}

/** What a row of the table must change is said by a function, so that a failure names its line. */
static void test_the_steps_of_a_session(void **state)
{
	State *now = *state;
	Session *session = &now->session;

	apply(now, BEGUN);
	apply(now, "session.screening", "{'session':7,'answers':{},'refused':['pregnancy','keloids']}");
	assert_true(session->screening.done);
	assert_int_equal(session->screening.n_stops, 2);
	apply(now, "session.screening", "{'session':7,'answers':{},'refused':[]}");
	assert_int_equal(session->screening.n_stops, 0);
	apply(now, "session.consent", "{'session':7,'consent':'treatment','given':true}");
	assert_true(session->consent_treatment && !session->consent_photographs);
	apply(now, "session.consent", "{'session':7,'consent':'photographs','given':true}");
	apply(now, "session.consent", "{'session':7,'consent':'treatment','given':false}");
	assert_true(!session->consent_treatment && session->consent_photographs);
	apply(now, ZONE);
	assert_int_equal(session->zone, ZONE_CROWN);
	assert_int_equal(session_zone(session)->area_mm2, 1500);
	assert_int_equal(session_zone(session)->target, session->plan->density);
	apply(now, "image.captured", "{'session':7,'zone':'crown','phase':'before','file':'a.jpg'}");
	apply(now, "image.captured", "{'session':7,'zone':'nape','phase':'after','file':'b.jpg'}");
	assert_string_equal(session->zones[ZONE_CROWN].before_photo, "a.jpg");
	assert_string_equal(session->zones[ZONE_NAPE].after_photo, "b.jpg");
	apply(now, "pigment.loaded",
		"{'session':7,'brand':'B','colour':'C','lot':'L9','expiry':'2031-01-31'}");
	assert_string_equal(session->pigment, "B C, lot L9");
	assert_true(session->pigment_expiry_utc_us > 0);
	apply(now, "interlock.overridden", "{'session':7,'interlock':'interval'}");
	assert_int_equal(session->overridden, INTERLOCK_BIT(INTERLOCK_INTERVAL));
	apply(now, "session.state", "{'session':7,'from':'preparing','to':'ready','event':'arm'}");
	assert_int_equal(session->step, SESSION_READY);
	apply(now, "fault.acknowledged", "{'session':7}");
	assert_int_equal(session->step, SESSION_PREPARING);
	apply(now, "session.finished", "{'session':7}");
	assert_int_equal(session->step, SESSION_CLOSING);
}

/** Only a supervisor's record lifts what rules out, and a physician's note what needs one. */
static void test_answers_that_stop(void **state)
{
	State *now = *state;
	const Screening *screening = &now->session.screening;

	apply(now, BEGUN);
	apply(now, "session.screening",
		"{'session':7,'answers':{'keloids':true},'asked':['keloids','diabetes','eczema'],'refused':['keloids'],"
		"'physician':['diabetes'],'rules_out':true,'needs_note':true}");
	assert_int_equal(screening->n_asked, 3);
	assert_string_equal(screening->asked[2], "eczema");
	assert_int_equal(screening->n_stops, 2);
	apply(now, "physician.cleared", "{'session':7,'question':'keloids','physician':'Dr'}");
	apply(now, "physician.cleared", "{'session':6,'question':'diabetes','physician':'Dr'}");
	apply(now, "screening.changed", "{'session':7,'question':'eczema','reason':'r'}");
	assert_int_equal(screening->n_stops, 2);
	apply(now, "physician.cleared", "{'session':7,'question':'diabetes','physician':'Dr'}");
	assert_int_equal(screening->n_stops, 1);
	assert_string_equal(screening->stops[0].question, "keloids");
	apply(now, "screening.changed", "{'session':7,'question':'keloids','reason':'r'}");
	assert_int_equal(screening->n_stops, 0);
	assert_false(screening->stops_erased);
	/* once the words are erased, that something stops stays, and nobody can say what */
	apply(now, "session.screening",
		"{'session':7,'asked':['keloids'],'rules_out':false,'needs_note':true}");
	assert_true(screening->stops_erased && screening->done);
	apply(now, "screening.changed", "{'session':7,'was':true,'answer':false}");
	assert_true(screening->stops_erased);
	apply(now, BEGUN);
	assert_false(screening->done || screening->stops_erased || screening->n_asked);
}

static void test_records_that_change_nothing(void **state)
{
	static const Row rows[] = {
		{ "session.consent", "{'session':6,'consent':'treatment','given':true}" },
		{ "session.signed", "{'session':6}" },
		{ "operator.enrolled", "{'badge':'b1'}" },
		{ "lot.received", "{'lot':'L1'}" },
		{ "alert.raised", "{'session':7,'text':'x'}" },
		{ "no.such.kind", "{'session':7}" },
	};
	State *now = *state, before;

	apply(now, BEGUN);
	apply(now, CLAIMED);
	before = *now;
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		if (apply(now, rows[i].kind, rows[i].body))
			fail_msg("%s changed something", rows[i].kind);
		assert_memory_equal(now, &before, sizeof before);
	}
}

static void test_bad_bodies_do_no_harm(void **state)
{
	static const Row rows[] = {
		{ "session.zone", "{'session':7,'zone':'elbow','skin_type':'normal','area_mm2':1}" },
		{ "session.zone", "{'session':7}" },
		{ "session.state", "{'session':7,'to':'asleep'}" },
		{ "image.captured", "{'session':7,'zone':'elbow','file':'x'}" },
		{ "interlock.overridden", "{'session':7,'interlock':'all'}" },
		{ "needle.claimed", "{'session':7,'chip':'xyz'}" },
		{ "needle.reseated", "{'session':7,'unit':'U9'}" },
		{ "session.recovered", "{'session':7}" },
		{ "session.screening", "{'session':7,'refused':'all'}" },
		{ "session.screening", "{'session':7,'asked':[7,null],'refused':[{}],'physician':7}" },
		{ "screening.changed", "{'session':7,'question':[]}" },
	};
	State *now = *state;

	apply(now, BEGUN);
	for (size_t i = 0; i < ELEMENTS(rows); i++)
		apply(now, rows[i].kind, rows[i].body);
	assert_int_equal(now->session.zone, ZONE_INVALID);
	assert_int_equal(now->session.overridden, 0);
	assert_int_equal(now->needle.mounted.chip.length, 0);
}

static void test_each_end_leaves_nothing(void **state)
{
	static const char *const ends[] = { "session.signed", "session.abandoned", "session.interrupted" };
	State *now = *state;

	for (size_t i = 0; i < ELEMENTS(ends); i++) {
		apply(now, BEGUN);
		apply(now, CLAIMED);
		assert_true(apply(now, ends[i], "{'session':7}"));
		assert_int_equal(now->session.number, 0);
		assert_int_equal(now->needle.mounted.claim, 0);
	}
}

static void test_a_cartridge_comes_and_goes(void **state)
{
	State *now = *state;
	const Cartridge *mounted = &now->needle.mounted, *removed = &now->needle.removed;

	apply(now, BEGUN);
	apply(now, CLAIMED);
	assert_int_equal(mounted->claim, seq);
	assert_string_equal(mounted->unit, "U1");
	assert_string_equal(mounted->product, "0401");
	assert_int_equal(mounted->chip.length, 3);
	assert_int_equal(now->session.needles, 1);
	apply(now, "needle.removed", "{'session':7,'unit':'U1'}");
	assert_int_equal(mounted->claim, 0);
	assert_string_equal(removed->unit, "U1");
	apply(now, "needle.reseated", "{'session':7,'unit':'U1'}");
	assert_string_equal(mounted->unit, "U1");
	assert_int_equal(now->session.needles, 1);
}

/** Dots of so many strokes each, 8 ms apart, with a gap after each. */
static void fill_chunk(StrokeChunk *chunk, unsigned dots, unsigned strokes, uint32_t *time_us)
{
	stroke_chunk_clear(chunk);
	for (unsigned dot = 0; dot < dots; dot++, *time_us += 200000)
		for (unsigned i = 0; i < strokes; i++, *time_us += 8000) {
			StrokeSample sample = { .time_us = *time_us, .depth_um = 900, .resistance_mn = 300 };

			assert_true(stroke_chunk_add(chunk, &sample));
		}
}

/** The same strokes count the same, whether they come from the board or from the record. */
static void test_strokes_count_once_and_the_same(void **state)
{
	State *now = *state;
	StrokeSample samples[100];
	Session live;
	StrokeChunk *chunk = calloc(1, sizeof *chunk);
	json_auto_t *body = parse("{'session':7,'zone':'crown'}");
	AppliedRecord record = { .kind = "strokes", .body = body };
	uint32_t time_us = 5000;
	Dot dot;
	int n;

	assert_non_null(chunk);
	fill_chunk(chunk, 5, 6, &time_us);
	apply(now, BEGUN);
	apply(now, CLAIMED);
	apply(now, ZONE);
	n = stroke_chunk_decode(chunk->data, chunk->bytes, samples, ELEMENTS(samples));
	assert_int_equal(n, 30);
	for (int i = 0; i < n; i++)
		(void)stroke_apply(now, &samples[i], &dot);
	(void)contact_end_apply(now, &dot);
	live = now->session;
	assert_int_equal(live.strokes, 30);
	assert_int_equal(live.dots, 5);
	assert_int_equal(session_zone(&live)->statistics.dots, 5);
	assert_int_equal(now->needle.mounted.strokes, 30);
	/* 25 steps of 8 ms within dots, and 4 gaps of 208 ms: the needle went on between them */
	assert_int_equal(live.stroke_us, 25 * 8000 + 4 * 208000);

	/* its commit changes nothing */
	(void)record_apply(now, &record);
	assert_memory_equal(&now->session, &live, sizeof live);

	/* a start, from the record */
	apply(now, BEGUN);
	apply(now, CLAIMED);
	apply(now, ZONE);
	record.attachment = chunk->data;
	record.attachment_size = chunk->bytes;
	(void)record_apply(now, &record);
	(void)contact_end_apply(now, &dot);
	assert_memory_equal(&now->session, &live, sizeof live);
	free(chunk);
}

static const ChipId same = { 3, { 0x04, 0xa1, 0xb2 } }, other = { 3, { 0x04, 0xa1, 0xb3 } }, none = { 0 };

static void recover(State *now, uint32_t bound_ms)
{
	json_auto_t *body = recovery_body(now, 1700000000 * USEC_PER_SEC, bound_ms);
	const AppliedRecord record = { .kind = "session.recovered", .body = body };

	assert_non_null(body);
	assert_true(record_apply(now, &record));
}

static void test_what_a_stop_leaves(void **state)
{
	static const struct {
		const char *step; /* as recorded last */
		SessionState to;
		uint32_t lacking_ms;
		bool waits;
	} rows[] = {
		{ "preparing", SESSION_PAUSED, 0, true },
		{ "paused", SESSION_PAUSED, 0, true },
		{ "ready", SESSION_PAUSED, 2000, true },
		{ "closing", SESSION_CLOSING, 0, false },
	};
	State *now = *state;

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		char step[128];

		apply(now, BEGUN);
		snprintf(step, sizeof step, "{'session':7,'to':'%s','event':'arm'}", rows[i].step);
		apply(now, "session.state", step);
		recover(now, 2000);
		assert_int_equal(now->session.step, rows[i].to);
		assert_int_equal(now->session.recovery.lacking_ms, rows[i].lacking_ms);
		assert_int_equal(now->session.recovery.waits, rows[i].waits);
		assert_int_equal(now->session.recovery.since_us, 1700000000 * USEC_PER_SEC);
	}
}

/** What was not on record after the first of them is not on record after the second. */
static void test_a_second_stop_forgets_nothing(void **state)
{
	State *now = *state;

	apply(now, BEGUN);
	apply(now, "session.state", "{'session':7,'to':'ready','event':'arm'}");
	recover(now, 2000);
	recover(now, 500);
	assert_int_equal(now->session.recovery.lacking_ms, 2000);
	apply(now, "session.state", "{'session':7,'to':'preparing','event':'resume'}");
	recover(now, 500);
	assert_int_equal(now->session.recovery.lacking_ms, 0);
}

static void test_it_goes_on_under_the_same_rules_only(void **state)
{
#define RULES(profile, digest, protocol) \
	"{'profile':'" profile "','profile_sha256':'" digest "','protocols':{'scalp-density':'" protocol "'}}"
	static const struct {
		const char *in_force;
		bool same;
	} rows[] = {
		{ RULES("us-ca", "a", "b"), true },
		{ RULES("us-neha", "a", "b"), false },
		{ RULES("us-ca", "c", "b"), false },
		{ RULES("us-ca", "a", "c"), false },
		{ "{}", false },
	};
	json_auto_t *begun = parse(rows[0].in_force);

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		json_auto_t *now = parse(rows[i].in_force);

		assert_int_equal(recovery_rules_same(begun, now, "scalp-density"), rows[i].same);
	}
	assert_false(recovery_rules_same(NULL, begun, "scalp-density"));
	assert_false(recovery_rules_same(begun, begun, "scar-camouflage"));
}

static void test_who_may_go_on(void **state)
{
	static const struct {
		bool recovered, mounted, self_test;
		const ChipId *chip;
		RecoveryRefusal refusal;
	} rows[] = {
		{ false, true, false, &none, RECOVERY_GOES_ON },
		{ true, false, false, &none, RECOVERY_SELF_TEST },
		{ true, false, true, &none, RECOVERY_GOES_ON },
		{ true, true, true, &same, RECOVERY_GOES_ON },
		{ true, true, true, &other, RECOVERY_CARTRIDGE },
		{ true, true, true, &none, RECOVERY_CARTRIDGE },
		{ true, true, false, &same, RECOVERY_SELF_TEST },
	};
	char text[RECOVERY_TEXT_MAX];
	State *now = *state;

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		now->board = (Board){
			.connected = true, .self_test_done = rows[i].self_test, .chip = *rows[i].chip
		};
		apply(now, BEGUN);
		if (rows[i].mounted)
			apply(now, CLAIMED);
		if (rows[i].recovered)
			recover(now, 2000);
		assert_int_equal(recovery_check(now, text), rows[i].refusal);
		assert_int_equal(text[0] == '\0', rows[i].refusal == RECOVERY_GOES_ON);
	}
}

/** Two cartridges without chips are no pair: nothing says that they are one. */
static void test_no_chip_is_no_chip(void **state)
{
	assert_false(chip_is_same(&none, &none));
	assert_true(chip_is_same(&same, &same));
	assert_false(chip_is_same(&same, &other));
}

static void test_resuming_ends_the_wait(void **state)
{
	State *now = *state;

	apply(now, BEGUN);
	recover(now, 2000);
	apply(now, "session.state", "{'session':7,'from':'paused','to':'preparing','event':'resume'}");
	assert_false(now->session.recovery.waits);
	assert_int_equal(now->session.step, SESSION_PREPARING);
}

/** The work goes on from its strokes on record; the time while the station was away is a rest. */
static void test_the_time_to_a_break_survives(void **state)
{
	enum { LIMIT_S = 50 * 60, BEGIN_S = 1700000000 };
	static const struct {
		int64_t strokes_s[4]; /* when there are strokes on record, after the beginning; 0: no more */
		int64_t back_s;
		int64_t break_in_s;
	} rows[] = {
		{ { 0 }, 900, LIMIT_S },                        /* nobody had worked */
		{ { 100, 700 }, 1000, LIMIT_S },                /* each stretch is over */
		{ { 100, 300, 500 }, 560, LIMIT_S - 460 },      /* goes on */
		{ { 100, 300, 500 }, 799, LIMIT_S - 699 },      /* 4:59 away */
		{ { 100, 300, 500 }, 800, LIMIT_S },            /* 5:00 away */
		{ { 100, 400, 600 }, 700, LIMIT_S - 300 },      /* a break before the stop */
		{ { 100, 399, 600, 800 }, 800, LIMIT_S - 700 }, /* 4:59 of rest before the stop */
	};
	json_auto_t *body = parse("{'session':7,'strokes':1}");
	AppliedRecord record = { .kind = "strokes", .body = body, .attachment = (const uint8_t *)"" };
	State *now = *state;

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		apply(now, BEGUN);
		now->session.begun_utc_us = BEGIN_S * USEC_PER_SEC;
		for (size_t at = 0; at < ELEMENTS(rows[i].strokes_s) && rows[i].strokes_s[at]; at++) {
			record.utc_us = (BEGIN_S + rows[i].strokes_s[at]) * USEC_PER_SEC;
			(void)record_apply(now, &record);
		}
		recover(now, 2000);
		now->host.now.utc_us = (BEGIN_S + rows[i].back_s) * USEC_PER_SEC;
		now->host.now.monotonic_us = 7 * USEC_PER_SEC; /* the machine was started anew */
		recovered_times_apply(now);
		assert_int_equal(break_in_s(now), rows[i].break_in_s);
		assert_int_equal(session_elapsed_s(now), rows[i].back_s);
	}
}

/* ---- alarms ---- */

static const char *top_alarm(const State *now)
{
	return now->alarms.n ? now->alarms.list[0].cause->id : "";
}

static void raise_alarm(State *now, const char *group, const char *name, int64_t now_us)
{
	alarm_raised_apply(now, alarm_cause(group, name), name, now_us);
}

static void test_alarms_are_in_order(void **state)
{
	State *now = *state;

	assert_int_equal(alarms_priority(&now->alarms), ALARM_INFORMATION);
	raise_alarm(now, "alert", "stock-low", 1);
	raise_alarm(now, "alert", "disk-low", 2);
	raise_alarm(now, "alert", "clock-behind", 3);
	raise_alarm(now, "alert", "reload-refused", 4);
	assert_int_equal(now->alarms.n, 4);
	assert_string_equal(
		now->alarms.list[0].cause->id, "alert.clock-behind"); /* the newest of its priority */
	assert_string_equal(now->alarms.list[1].cause->id, "alert.disk-low");
	assert_string_equal(now->alarms.list[2].cause->id, "alert.reload-refused");
	assert_string_equal(now->alarms.list[3].cause->id, "alert.stock-low");
	assert_int_equal(alarms_priority(&now->alarms), ALARM_MEDIUM);
	/* raised again: it stands once, and is new */
	raise_alarm(now, "alert", "disk-low", 5);
	assert_int_equal(now->alarms.n, 4);
	assert_string_equal(top_alarm(now), "alert.disk-low");
	assert_true(now->alarms.list[0].since_us > now->alarms.list[1].since_us);
}

static void test_alarms_latch_or_go_with_their_cause(void **state)
{
	State *now = *state;
	const AlarmCause *latching = alarm_cause("alert", "depth-outside"),
			 *passing = alarm_cause("alert", "disk-low");

	raise_alarm(now, "alert", "depth-outside", 1);
	raise_alarm(now, "alert", "disk-low", 2);
	assert_false(alarm_over_apply(now, latching));
	assert_true(alarm_over_apply(now, passing));
	assert_false(alarm_over_apply(now, passing));
	assert_string_equal(top_alarm(now), "alert.depth-outside");
	apply(now, "alert.acknowledged", "{'alarm':'alert.depth-outside','priority':'medium'}");
	assert_int_equal(now->alarms.n, 0);
	/* one whose cause is still there stays, but neither sounds nor lights a lamp; when it comes again it
	 * does */
	raise_alarm(now, "alert", "disk-low", 3);
	apply(now, "alert.acknowledged", "{'alarm':'alert.disk-low','priority':'medium'}");
	assert_int_equal(now->alarms.n, 1);
	assert_int_equal(alarms_priority(&now->alarms), ALARM_INFORMATION);
	raise_alarm(now, "alert", "disk-low", 4);
	assert_int_equal(alarms_priority(&now->alarms), ALARM_MEDIUM);
	/* of a newer station, or of nothing that is active */
	apply(now, "alert.acknowledged", "{'alarm':'alert.of-next-year','priority':'low'}");
	apply(now, "alert.acknowledged", "{'alarm':'alert.stock-low','priority':'low'}");
	assert_int_equal(now->alarms.n, 1);
}

/** A list that is full drops the least, and loses no high alarm. */
static void test_alarms_that_are_too_many(void **state)
{
	State *now = *state;
	static AlarmCause causes[ALARMS_MAX + 1];

	for (size_t i = 0; i <= ALARMS_MAX; i++) {
		causes[i] = (AlarmCause){ .id = "alert.one", .priority = i == 0 ? ALARM_HIGH : ALARM_LOW };
		alarm_raised_apply(now, &causes[i], "", (int64_t)i);
	}
	assert_int_equal(now->alarms.n, ALARMS_MAX);
	assert_ptr_equal(now->alarms.list[0].cause, &causes[0]);
	assert_ptr_equal(now->alarms.list[1].cause, &causes[ALARMS_MAX]);
}

static void test_a_fault_is_an_alarm_until_it_is_acknowledged(void **state)
{
	State *now = *state;
	ControlFact fact = { .kind = CONTROL_FACT_FAULT };
	json_auto_t *body = json_pack("{s:s}", "cause", "link-lost");

	fact.fault.fault = CONTROL_FAULT_LINK_LOST;
	fault_latched_apply(now, &fact, 1);
	assert_string_equal(top_alarm(now), "fault.link-lost");
	assert_int_equal(alarms_priority(&now->alarms), ALARM_HIGH);
	assert_false(alarm_over_apply(now, alarm_cause("fault", "link-lost")));
	assert_true(record_apply(
		now, &(AppliedRecord){ .kind = "fault.acknowledged", .body = body, .fault = 1 }));
	assert_int_equal(now->alarms.n, 0);
}

static void test_what_the_sounder_reports(void **state)
{
	State *now = *state;
	const Sounder *sounder = &now->alarms.sounder;

	sounder_apply(now, ":1.7", "start", "", USEC_PER_SEC);
	assert_string_equal(sounder->name, ":1.7");
	assert_string_equal(sounder->cause, "");
	raise_alarm(now, "alert", "disk-low", USEC_PER_SEC);
	sounder_apply(now, ":1.7", "alert.disk-low", "", USEC_PER_SEC + 40 * 1000);
	assert_string_equal(sounder->cause, "alert.disk-low");
	assert_int_equal(sounder->delay_ms, 40);
	/* one that was not heard has no delay */
	sounder_apply(now, ":1.7", "alert.disk-low", "no sound card", 9 * USEC_PER_SEC);
	assert_string_equal(sounder->error, "no sound card");
	assert_int_equal(sounder->delay_ms, 40);
	sounder_gone_apply(now);
	assert_string_equal(sounder->name, "");
}

#define APPLY_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		APPLY_TEST(test_a_session_begins),
		APPLY_TEST(test_who_does_the_dots),
		APPLY_TEST(test_density_adds_up),
		APPLY_TEST(test_the_steps_of_a_session),
		APPLY_TEST(test_answers_that_stop),
		APPLY_TEST(test_records_that_change_nothing),
		APPLY_TEST(test_bad_bodies_do_no_harm),
		APPLY_TEST(test_each_end_leaves_nothing),
		APPLY_TEST(test_a_cartridge_comes_and_goes),
		APPLY_TEST(test_strokes_count_once_and_the_same),
		APPLY_TEST(test_what_a_stop_leaves),
		APPLY_TEST(test_a_second_stop_forgets_nothing),
		APPLY_TEST(test_it_goes_on_under_the_same_rules_only),
		APPLY_TEST(test_who_may_go_on),
		APPLY_TEST(test_no_chip_is_no_chip),
		APPLY_TEST(test_resuming_ends_the_wait),
		APPLY_TEST(test_the_time_to_a_break_survives),
		APPLY_TEST(test_alarms_are_in_order),
		APPLY_TEST(test_alarms_latch_or_go_with_their_cause),
		APPLY_TEST(test_alarms_that_are_too_many),
		APPLY_TEST(test_a_fault_is_an_alarm_until_it_is_acknowledged),
		APPLY_TEST(test_what_the_sounder_reports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
