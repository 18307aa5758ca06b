// SPDX-License-Identifier: Apache-2.0

/**
 * Arming, and everything that may come between the order and its record: whatever it is, the needle stands
 * still and the session is not ready afterwards. And whoever wants it to stand still does not wait for other
 * steps.
 */

#include "station-fixture.h"

/* ---- steps, and what comes between ---- */

/** Asked, and the board has its settings: its answer has not been heard. */
static void arm_to_settings(Chair *chair, Reply *reply)
{
	station_arm(chair->station, keep_reply, reply);
	hold_answer_to(chair, FRAME_CONFIGURE);
}

/** The board is armed, and the station has not heard it. */
static void arm_to_board(Chair *chair, Reply *reply)
{
	station_arm(chair->station, keep_reply, reply);
	hold_answer_to(chair, FRAME_ARM);
	assert_true(board_shows(chair, "\"armed\":true"));
	assert_false(state_is(chair, SESSION_READY));
}

/** The session is ready, and that is not on record. */
static void arm_to_record(Chair *chair, Reply *reply)
{
	hold_commits(chair);
	station_arm(chair->station, keep_reply, reply);
	UNTIL(chair, is_pending(chair, "session.state"));
	assert_true(state_is(chair, SESSION_READY));
	assert_false(reply->done);
}

/** The needle moves, and that the session is ready is not on record. */
static void arm_to_work(Chair *chair, Reply *reply)
{
	arm_to_record(chair, reply);
	work(chair);
}

/** Entered by somebody else before, and heard of now. */
static void bar_lot(Chair *chair)
{
	record_as(chair, "root", "lot.status",
		json_pack("{s:s, s:s, s:s, s:s}", "lot", "L1", "gtin", GTIN, "status", "recalled", "reason",
			"a letter of the maker"),
		NULL);
	advance(chair, 61);
	UNTIL(chair, json_array_size(chair->station->state.facts.rows[FACT_BARRED]) > 0);
}

static void bring_lot_back(Chair *chair)
{
	record_as(chair, "root", "lot.status",
		json_pack("{s:s, s:s, s:s, s:s}", "lot", "L1", "gtin", GTIN, "status", "released", "reason",
			"another letter"),
		NULL);
	advance(chair, 61);
	UNTIL(chair, json_array_size(chair->station->state.facts.rows[FACT_BARRED]) == 0);
}

/** A record fails, of whatever kind, and with it the ledger's health. */
static void lose_ledger(Chair *chair)
{
	fill_disk(true);
	station_record(
		chair->station, "alert.raised", json_pack("{s:s, s:s}", "alert", "test", "text", "text"));
	UNTIL(chair, !ledger_healthy(chair->ledger->ledger));
	UNTIL(chair,
		chair->hold_facts || (!state_is(chair, SESSION_READY) && !state_is(chair, SESSION_WORKING)));
}

/** A consent is being recorded while the session is ready. */
static void ready_and_consenting(Chair *chair, Reply *reply)
{
	arm(chair);
	hold_commits(chair);
	station_consent(chair->station, "photographs", "2026-1", true, keep_reply, reply);
	UNTIL(chair, is_pending(chair, "session.consent"));
}

/** Another zone is being chosen, for which the needle is stopping. */
static void ready_and_moving(Chair *chair, Reply *reply)
{
	arm(chair);
	station_select_zone(chair->station, "frontal", "normal", 900, keep_reply, reply);
	hold_answer_to(chair, FRAME_DISARM);
}

static void ask_disarm(Station *station, Reply *reply)
{
	station_disarm(station, keep_reply, reply);
}

/** With what was still held back: a stop is heard of after that. */
static void press_emergency_stop(Chair *chair)
{
	play(chair, "estop press\n");
	chair->hold_facts = false;
	UNTIL(chair, state_is(chair, SESSION_FAULT));
}

typedef struct Moment {
	const char *name;
	void (*reach)(Chair *chair, Reply *reply);
	bool arms; /* else the step has no need of the needle */
} Moment;

typedef struct Event {
	const char *name;
	void (*happen)(Chair *chair);
	void (*ask)(Station *station, Reply *reply); /* in its place */
	void (*undo)(Chair *chair);                  /* beside signing in and acknowledging */
	bool waits;                                  /* it is a step: refused while another one is taken */
} Event;

static const Moment moments[] = {
	{ "arming, before the board has its settings", arm_to_settings, true },
	{ "arming, before the board's answer is heard", arm_to_board, true },
	{ "arming, before it is on record", arm_to_record, true },
	{ "arming, at work before it is on record", arm_to_work, true },
	{ "ready, with a consent to be recorded", ready_and_consenting, false },
	{ "ready, with another zone to be recorded", ready_and_moving, false },
};

static const Event events[] = {
	{ "holder vanishes", .happen = let_holder_vanish },
	{ "lot is barred", .happen = bar_lot, .undo = bring_lot_back },
	{ "emergency stop", .happen = press_emergency_stop },
	{ "ledger is lost", .happen = lose_ledger, .undo = bring_ledger_back },
	{ "disarm", .ask = ask_disarm },
	{ "pause", .ask = ask_pause, .waits = true },
	{ "sign out", .ask = ask_sign_out, .waits = true },
	{ "abandon", .ask = ask_abandon, .waits = true },
	{ "finish", .ask = ask_finish, .waits = true },
	{ "remove the cartridge", .ask = ask_remove, .waits = true },
	{ "withdraw the consent", .ask = ask_withdraw, .waits = true },
};

typedef struct Row {
	char name[128];
	const Moment *moment;
	const Event *event;
} Row;

static void test_needle_stands_still(void **state)
{
	Chair *chair = *state;
	const Row *row = chair->row;
	Reply step = { 0 }, asked = { 0 };

	prepare(chair);
	row->moment->reach(chair, &step);
	if (row->event->ask)
		row->event->ask(chair->station, &asked);
	else
		row->event->happen(chair);
	chair->must_stand = true;
	expect_still(chair); /* whatever is held back */
	settle(chair);
	assert_true(step.done);
	assert_int_equal(asked.done, row->event->ask != NULL);
	assert_int_equal(strcmp(asked.error, STATION_ERROR_BUSY) == 0, row->event->waits);
	if (row->moment->arms)
		assert_string_not_equal(step.error, "");
	else if (row->event->happen != lose_ledger)
		assert_string_equal(step.error, "");
	expect_still(chair);
	if (row->event->undo)
		row->event->undo(chair);
	expect_agreement(chair);
	expect_recovery(chair);
}

/* ---- the record of arming ---- */

static void test_ready_before_it_is_on_record(void **state)
{
	Chair *chair = *state;
	Reply reply = { 0 };

	prepare(chair);
	arm_to_record(chair, &reply);
	assert_true(board_shows(chair, "\"armed\":true"));
	chair->hold_commits = false;
	give_answers(chair);
	expect_done(chair, &reply);
	assert_true(state_is(chair, SESSION_READY));
	expect_actor(chair, "session.state", BADGE);
	expect_agreement(chair);
}

/** The disk refuses the record after the board was armed, with a foot on the pedal. */
static void test_record_of_arming_is_refused(void **state)
{
	Chair *chair = *state;
	Reply reply = { 0 };

	prepare(chair);
	arm_to_board(chair, &reply);
	play(chair, "pedal down\n");
	assert_true(board_shows(chair, "\"enable\":true"));
	fill_disk(true);
	chair->hold_facts = false;
	expect_error(chair, &reply, STATION_ERROR_LEDGER);
	assert_true(state_is(chair, SESSION_PREPARING));
	UNTIL(chair, board_shows(chair, "\"armed\":false"));
	assert_true(board_shows(chair, "\"pedal\":true"));
	assert_true(board_shows(chair, "\"enable\":false"));
	play(chair, "pedal up\n");
	chair->must_stand = true;
	expect_still(chair);
	bring_ledger_back(chair);
	expect_agreement(chair);
	expect_recovery(chair);
}

static void test_badge_is_revoked_while_arming(void **state)
{
	Chair *chair = *state;
	Reply arming = { 0 }, revoking = { 0 };
	json_t *fields = json_pack("{s:s, s:s}", "badge", BADGE, "reason", "left the clinic");

	prepare(chair);
	hold_commits(chair);
	station_enter(chair->station, FORM_STATION, "operator.revoked", fields, PIN, keep_reply, &revoking);
	json_decref(fields);
	UNTIL(chair, is_pending(chair, "operator.revoked"));
	station_arm(chair->station, keep_reply, &arming);
	UNTIL(chair, state_is(chair, SESSION_READY));
	chair->hold_commits = false;
	give_answers(chair);
	UNTIL(chair, arming.done);
	assert_string_not_equal(arming.error, "");
	assert_string_equal(chair->station->state.people.signed_in.badge, "");
	expect_done(chair, &revoking);
	chair->must_stand = true;
	expect_still(chair);
	expect_agreement(chair);
	REFUSED(chair, STATION_ERROR_SIGN_IN, sign_in, BADGE, PIN, HOLDER);
}

static void test_cartridge_wears_out_while_arming(void **state)
{
	Chair *chair = *state;
	Reply reply = { 0 };

	prepare(chair);
	chair->config->life_strokes = 20;
	arm_to_work(chair, &reply);
	UNTIL(chair, !state_is(chair, SESSION_WORKING));
	assert_int_equal(count_alerts(chair, "needle-worn"), 1);
	play(chair, "pedal up\n");
	chair->must_stand = true;
	expect_still(chair);
	chair->hold_commits = false;
	give_answers(chair);
	UNTIL(chair, reply.done);
	assert_string_not_equal(reply.error, "");
	expect_agreement(chair);
	REFUSED(chair, interlock_error_name(INTERLOCK_NEEDLE_LIFE), arm);
	DO(chair, remove_needle, "worn");
	mount(chair, "A18");
	expect_recovery(chair);
}

static void test_actor_of_arming_is_who_asked(void **state)
{
	Chair *chair = *state;
	Reply reply = { 0 };

	prepare(chair);
	arm_to_record(chair, &reply);
	let_holder_vanish(chair);
	settle(chair);
	assert_string_not_equal(reply.error, "");
	{
		json_auto_t *rows = records(chair, "session.state");
		const json_t *arming = json_array_get(rows, 0);

		assert_string_equal(json_string_value(json_object_get(arming, "actor")), BADGE);
	}
	expect_actor(chair, "operator.signed-out", BADGE);
	expect_agreement(chair);
}

/* ---- running them ---- */

enum { ROWS = ELEMENTS(moments) * ELEMENTS(events) };

int main(void)
{
	static const struct CMUnitTest single[] = {
		STATION_TEST(test_ready_before_it_is_on_record),
		STATION_TEST(test_record_of_arming_is_refused),
		STATION_TEST(test_badge_is_revoked_while_arming),
		STATION_TEST(test_cartridge_wears_out_while_arming),
		STATION_TEST(test_actor_of_arming_is_who_asked),
	};
	static Row rows[ROWS];
	struct CMUnitTest tests[ELEMENTS(single) + ROWS];
	size_t n = ELEMENTS(single);

	memcpy(tests, single, sizeof single);
	for (size_t i = 0; i < ROWS; i++) {
		rows[i].moment = &moments[i / ELEMENTS(events)];
		rows[i].event = &events[i % ELEMENTS(events)];
		snprintf(rows[i].name, sizeof rows[i].name, "%s: %s", rows[i].moment->name,
			rows[i].event->name);
		tests[n++] = station_row(test_needle_stands_still, &rows[i], rows[i].name);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
