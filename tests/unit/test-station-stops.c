/* SPDX-License-Identifier: Apache-2.0 */

/**
 * A station whose needle is stopped by whoever asks, and what is done by whom: stops come before any
 * judgement, the rest belongs to whoever is signed in; and a contact with the skin that outlasts the pedal.
 */

#include "station-fixture.h"
#include "station/running.h"

#define STRANGER ":1.99"

static const StationCaller stranger = { .name = STRANGER, .user = "eve", .uid = 1001, .is_known = true };
static const StationCaller holder = { .name = HOLDER, .user = "chair", .uid = 1000, .is_known = true };

static void at_work(Chair *chair)
{
	prepare(chair);
	arm(chair);
	work(chair);
}

/** The needle stands, though nothing was written, answered or heard of since. */
static void expect_stopped_first(Chair *chair)
{
	UNTIL(chair, board_shows(chair, "\"armed\":false"));
	assert_true(board_shows(chair, "\"enable\":false"));
}

/** The newest record of the kind: who asked, and for whom. */
static void expect_author(Chair *chair, const char *kind, const char *actor, const char *user)
{
	json_auto_t *rows = records(chair, kind);
	const json_t *row = json_array_get(rows, json_array_size(rows) - 1);
	const char *recorded = json_string_value(json_object_get(json_object_get(row, "body"), "user"));

	assert_string_equal(json_string_value(json_object_get(row, "actor")), actor);
	assert_string_equal(recorded ? recorded : "", user);
}

/* ---- stops ---- */

static void ask_disarm(Station *station, Reply *reply)
{
	station_disarm(station, keep_reply, reply);
}

typedef struct Stop {
	const char *name;
	void (*ask)(Station *station, Reply *reply);
	bool of_anybody; /* the rest of it, too */
} Stop;

static const Stop stops[] = {
	{ "disarm", ask_disarm, true },
	{ "pause", ask_pause, true },
	{ "finish", ask_finish, false },
	{ "abandon", ask_abandon, false },
	{ "sign out", ask_sign_out, false },
	{ "remove", ask_remove, false },
	{ "withdraw", ask_withdraw, false },
};

static void test_a_stranger_stops_and_does_no_more(void **state)
{
	Chair *chair = *state;
	const Stop *stop = chair->row;
	Reply reply = { 0 };

	at_work(chair);
	hold_commits(chair);
	station_set_caller(chair->station, &stranger);
	stop->ask(chair->station, &reply);
	station_set_caller(chair->station, NULL);
	expect_stopped_first(chair);
	settle(chair);
	if (stop->of_anybody)
		expect_done(chair, &reply);
	else
		expect_error(chair, &reply, STATION_ERROR_NOT_YOURS);
	expect_author(chair, "session.state", "station", "eve");
	assert_string_equal(chair->station->state.people.signed_in.badge, BADGE);
	assert_true(chair->station->state.session.number && chair->station->state.needle.mounted.claim &&
		    chair->station->state.session.consent_treatment);
	play(chair, "pedal up\n");
	expect_agreement(chair);
}

static void test_the_holder_stops_and_goes_on(void **state)
{
	Chair *chair = *state;
	const Stop *stop = chair->row;
	Reply reply = { 0 };

	at_work(chair);
	station_set_caller(chair->station, &holder);
	stop->ask(chair->station, &reply);
	station_set_caller(chair->station, NULL);
	expect_done(chair, &reply);
	expect_stopped_first(chair);
	play(chair, "pedal up\n");
	expect_agreement(chair);
	expect_author(chair, "session.state", BADGE, "chair");
}

static void test_nothing_keeps_a_stop_out(void **state)
{
	Chair *chair = *state;
	const Stop *stop = chair->row;
	Reply reply = { 0 }, step = { 0 };

	at_work(chair);
	hold_commits(chair);
	station_consent(chair->station, "photographs", "2026-1", true, keep_reply, &step);
	assert_false(step.done); /* busy */
	inert_apply(&chair->station->state, "the ledger is damaged");
	stop->ask(chair->station, &reply);
	expect_stopped_first(chair);
	settle(chair);
	assert_true(reply.done);
	chair->station->state.rules.inert[0] = '\0';
	play(chair, "pedal up\n");
	expect_agreement(chair);
}

/** The record waits for who it was, the needle does not; nor is it armed meanwhile. */
static void test_a_stop_of_one_who_is_not_known_yet(void **state)
{
	Chair *chair = *state;
	StationCaller nobody = { .name = STRANGER, .user = "" }, known = stranger;
	size_t before;

	at_work(chair);
	before = count_records(chair, "session.state");
	station_set_caller(chair->station, &nobody);
	station_stop_now(chair->station);
	station_set_caller(chair->station, NULL);
	expect_stopped_first(chair);
	play(chair, "pedal up\n");
	UNTIL(chair, !chair->station->state.board.pedal && chair->station->runtime.stop->awaits_caller);
	REFUSED(chair, STATION_ERROR_BUSY, arm);
	assert_int_equal(count_records(chair, "session.state"), before);
	station_caller_known(chair->station, &known);
	settle(chair);
	assert_int_equal(count_records(chair, "session.state"), before + 1);
	expect_author(chair, "session.state", "station", "eve");
	expect_recovery(chair);
}

static void test_a_stop_of_a_still_needle_is_not_on_record(void **state)
{
	Chair *chair = *state;
	size_t before;

	prepare(chair);
	before = count_records(chair, "session.state");
	station_set_caller(chair->station, &stranger);
	for (int i = 0; i < 3; i++)
		station_stop_now(chair->station);
	station_set_caller(chair->station, NULL);
	settle(chair);
	assert_int_equal(count_records(chair, "session.state"), before);
	DO(chair, disarm);
}

/* ---- whose sign-in it is ---- */

static void test_a_token_is_of_one_sign_in(void **state)
{
	Chair *chair = *state;
	StationCaller other = stranger;
	Reply reply = { 0 };

	prepare(chair);
	other.sign_in = chair->station->state.people.sign_in;
	assert_true(station_caller_signed_in(chair->station, &other));
	assert_false(station_caller_signed_in(chair->station, &stranger));
	station_set_caller(chair->station, &other);
	station_consent(chair->station, "photographs", "2026-1", true, keep_reply, &reply);
	station_set_caller(chair->station, NULL);
	expect_done(chair, &reply);
	expect_author(chair, "session.consent", BADGE, "eve");
	DO(chair, sign_out);
	sign_in(chair);
	assert_false(station_caller_signed_in(chair->station, &other));
	station_set_caller(chair->station, &other);
	REFUSED(chair, STATION_ERROR_NOT_YOURS, consent, "photographs", "2026-1", true);
	station_set_caller(chair->station, NULL);
}

/** Others try out PINs all the while. */
static void test_an_acknowledgement_waits_for_its_turn(void **state)
{
	Chair *chair = *state;
	Reply change = { 0 }, acknowledgement = { 0 };

	prepare(chair);
	play(chair, "estop press\n");
	UNTIL(chair, state_is(chair, SESSION_FAULT));
	play(chair, "estop release\n");
	UNTIL(chair, !chair->station->state.board.emergency_stop);
	settle(chair);
	chair->hold_pins = true;
	station_change_pin(chair->station, "", PIN, "8888", keep_reply, &change);
	station_acknowledge(chair->station, "seen to", PIN, keep_reply, &acknowledgement);
	for (int i = 0; i < 20; i++)
		go_on(chair);
	assert_false(acknowledgement.done);
	chair->hold_pins = false;
	UNTIL(chair, acknowledgement.done && change.done);
	assert_string_equal(change.error, "");
	/* in its turn the PIN is another one, or still the old one: in any case it was heard */
	assert_string_not_equal(acknowledgement.error, STATION_ERROR_BUSY);
	settle(chair);
}

/* ---- a contact outlasts what ends the work ---- */

static void tell(Chair *chair, const ControlFact *fact)
{
	assert_true(chair->n_facts < CHAIR_FACTS);
	chair->facts[chair->n_facts++] = *fact;
	UNTIL(chair, chair->n_facts == 0);
}

/** Strokes in the skin, 10 ms apart. */
static void touch(Chair *chair, uint32_t from_us, uint32_t n)
{
	ControlFact fact = { .kind = CONTROL_FACT_SAMPLES };

	fact.strokes.n = n;
	for (uint32_t i = 0; i < n; i++)
		fact.strokes.samples[i] = (StrokeSample){
			.time_us = from_us + i * 10000,
			.depth_um = 500,
			.resistance_mn = 100,
		};
	tell(chair, &fact);
}

static void tell_pedal(Chair *chair, bool down)
{
	ControlFact fact = { .kind = CONTROL_FACT_LINE };

	fact.line.line = STIPPLE_LINE_PEDAL;
	fact.line.active = down;
	tell(chair, &fact);
}

static void lift_pedal(Chair *chair)
{
	tell_pedal(chair, false);
	assert_true(state_is(chair, SESSION_READY));
}

static void latch(Chair *chair)
{
	ControlFact fact = { .kind = CONTROL_FACT_FAULT };

	fact.fault.fault = CONTROL_FAULT_DEPTH_LIMIT;
	fact.fault.detail = 3000;
	tell(chair, &fact);
	assert_true(state_is(chair, SESSION_FAULT));
}

static void expect_one_contact(Chair *chair, void (*end)(Chair *chair))
{
	json_auto_t *rows = NULL;
	json_int_t dots;

	prepare(chair);
	arm(chair);
	tell_pedal(chair, true);
	touch(chair, 1000, 4);
	end(chair);
	touch(chair, 41000, 3);
	assert_int_equal(chair->station->state.session.dots, 0);
	advance(chair, 1); /* no more strokes came */
	assert_int_equal(chair->station->state.session.strokes, 7);
	assert_int_equal(chair->station->state.session.dots, 1);
	assert_int_equal(chair->station->state.session.last_dot.strokes, 7);
	station_flush_strokes(chair->station);
	settle(chair);
	rows = records(chair, "zone.statistics");
	dots = json_integer_value(json_object_get(
		json_object_get(json_array_get(rows, json_array_size(rows) - 1), "body"), "dots"));
	assert_int_equal(dots, 1);
}

static void test_the_pedal_cuts_no_contact_in_two(void **state)
{
	expect_one_contact(*state, lift_pedal);
}

static void test_a_fault_cuts_no_contact_in_two(void **state)
{
	expect_one_contact(*state, latch);
}

/** Its strokes were handed over before it ended. */
static void test_a_contact_that_ends_late_counts_in_its_zone(void **state)
{
	Chair *chair = *state;

	prepare(chair);
	arm(chair);
	tell_pedal(chair, true);
	touch(chair, 1000, 4);
	station_flush_strokes(chair->station);
	tell_pedal(chair, false);
	DO(chair, disarm);
	DO(chair, select_zone, "frontal", "normal", 900);
	assert_int_equal(chair->station->state.session.dots, 1);
	assert_int_equal(chair->station->state.session.zones[zone_from_string("crown")].statistics.dots, 1);
	assert_int_equal(session_zone(&chair->station->state.session)->statistics.dots, 0);
}

int main(void)
{
	static const struct CMUnitTest single[] = {
		STATION_TEST(test_a_stop_of_one_who_is_not_known_yet),
		STATION_TEST(test_a_stop_of_a_still_needle_is_not_on_record),
		STATION_TEST(test_a_token_is_of_one_sign_in),
		STATION_TEST(test_an_acknowledgement_waits_for_its_turn),
		STATION_TEST(test_the_pedal_cuts_no_contact_in_two),
		STATION_TEST(test_a_fault_cuts_no_contact_in_two),
		STATION_TEST(test_a_contact_that_ends_late_counts_in_its_zone),
	};
	static const struct {
		const char *name;
		CMUnitTestFunction test;
	} tables[] = {
		{ "a stranger stops", test_a_stranger_stops_and_does_no_more },
		{ "the holder stops", test_the_holder_stops_and_goes_on },
		{ "inert and busy", test_nothing_keeps_a_stop_out },
	};
	static char names[ELEMENTS(tables) * ELEMENTS(stops)][64];
	struct CMUnitTest tests[ELEMENTS(single) + ELEMENTS(names)];
	size_t n = 0;

	memcpy(tests, single, sizeof single);
	for (size_t i = 0; i < ELEMENTS(tables); i++)
		for (size_t j = 0; j < ELEMENTS(stops); j++, n++) {
			snprintf(names[n], sizeof names[n], "%s: %s", tables[i].name, stops[j].name);
			tests[ELEMENTS(single) + n] = station_row(tables[i].test, &stops[j], names[n]);
		}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
