// SPDX-License-Identifier: Apache-2.0

/**
 * The station between a request and its commit: what happens while the board has not answered yet, and while
 * the record is not durable yet. Whatever it is, core and control end up with the same idea of the needle.
 */

#include "station-fixture.h"

#include "decide/alarm.h"

/* ---- faults while another one is being acknowledged ---- */

static void strike_emergency_stop(Chair *chair)
{
	play(chair, "estop press\n");
	play(chair, "estop release\n");
}

/** As the core does it when what it must keep cannot be kept. */
static void strike_by_host(Chair *chair)
{
	control_stop(chair->control);
}

static const struct {
	void (*strike)(Chair *chair);
	const char *word;
	ControlFault fault;
} faults[] = {
	{ strike_emergency_stop, "emergency stop", CONTROL_FAULT_EMERGENCY_STOP },
	{ strike_by_host, "record", CONTROL_FAULT_HOST },
};

static void strike(Chair *chair, size_t fault)
{
	size_t latched = count_records(chair, "fault.latched");

	faults[fault].strike(chair);
	UNTIL(chair, count_records(chair, "fault.latched") > latched);
	UNTIL(chair, state_is(chair, SESSION_FAULT) && !chair->station->state.board.emergency_stop);
}

static void expect_second_fault(Chair *chair, size_t first, size_t second)
{
	size_t latched = count_records(chair, "fault.latched");
	Reply reply = { 0 };

	strike(chair, first);
	settle(chair);
	hold_commits(chair);
	station_acknowledge(chair->station, "the first", PIN, keep_reply, &reply);
	UNTIL(chair, is_pending(chair, "fault.acknowledged"));
	strike(chair, second);
	chair->hold_commits = false;
	give_answers(chair);
	expect_error(chair, &reply, STATION_ERROR_STATE);
	assert_non_null(strstr(reply.text, faults[second].word));
	settle(chair);
	assert_int_equal(count_records(chair, "fault.latched"), latched + 2);
	assert_int_equal(chair->station->state.board.fault.fault, faults[second].fault);
	assert_non_null(strstr(chair->station->state.board.fault.text, faults[second].word));
	assert_true(state_is(chair, SESSION_FAULT));
	expect_still(chair);
	expect_recovery(chair);
	DO(chair, disarm);
	settle(chair);
}

static void test_second_fault_while_the_first_is_acknowledged(void **state)
{
	Chair *chair = *state;

	prepare(chair);
	for (size_t first = 0; first < ELEMENTS(faults); first++)
		for (size_t second = 0; second < ELEMENTS(faults); second++)
			expect_second_fault(chair, first, second);
}

/* ---- a fault between the request of a step and its commit ---- */

static void at_start(Chair *chair)
{
	sign_in(chair);
}

static void at_break(Chair *chair)
{
	prepare(chair);
	DO(chair, pause);
}

static void at_close(Chair *chair)
{
	prepare(chair);
	DO(chair, finish);
}

static void at_ready(Chair *chair)
{
	prepare(chair);
	arm(chair);
}

static void ask_begin(Station *station, Reply *reply)
{
	station_begin(station, "P-0001", PROTOCOL, 1, false, keep_reply, reply);
}

static void ask_resume(Station *station, Reply *reply)
{
	station_resume(station, keep_reply, reply);
}

static void ask_signature(Station *station, Reply *reply)
{
	station_sign(station, PIN, "treatment as recorded", keep_reply, reply);
}

typedef struct Step {
	const char *name;
	void (*reach)(Chair *chair);
	void (*ask)(Station *station, Reply *reply);
	const char *kind; /* of its record */
	SessionState then;
	size_t more; /* records of that kind: the stop is one of its own */
} Step;

static const Step steps[] = {
	{ "begin", at_start, ask_begin, "session.begun", SESSION_PREPARING },
	{ "pause", prepare, ask_pause, "session.state", SESSION_PREPARING },
	{ "pause when ready", at_ready, ask_pause, "session.state", SESSION_PREPARING, 1 },
	{ "resume", at_break, ask_resume, "session.state", SESSION_PREPARING },
	{ "finish", prepare, ask_finish, "session.finished", SESSION_CLOSING },
	{ "finish when ready", at_ready, ask_finish, "session.finished", SESSION_CLOSING },
	{ "finish in a break", at_break, ask_finish, "session.finished", SESSION_CLOSING },
	{ "abandon", prepare, ask_abandon, "session.abandoned", SESSION_IDLE },
	{ "abandon when closing", at_close, ask_abandon, "session.abandoned", SESSION_IDLE },
	{ "sign", at_close, ask_signature, "session.signed", SESSION_IDLE },
};

/** The session is where the step led, and nothing else can be done than what is possible there. */
static void expect_session_at(Chair *chair, SessionState at)
{
	Station *station = chair->station;

	assert_true(state_is(chair, at));
	assert_int_equal(station->state.session.number != 0, at != SESSION_IDLE);
	if (at == SESSION_IDLE) {
		DO(chair, begin, "P-0002", PROTOCOL, 1, true);
		return;
	}
	REFUSED(chair, STATION_ERROR_STATE, begin, "P-0002", PROTOCOL, 1, true);
	if (at == SESSION_CLOSING) {
		Reply arming = { 0 };

		REFUSED(chair, STATION_ERROR_STATE, mount_needle,
			"]d201" GTIN "1731123110L1\x1d"
			"21A19",
			true);
		station_arm(station, keep_reply, &arming);
		UNTIL(chair, arming.done);
		assert_string_not_equal(arming.error, "");
		DO(chair, sign, PIN, "treatment as recorded");
		assert_true(state_is(chair, SESSION_IDLE));
		assert_int_equal(count_records(chair, "session.finished"), 1);
	} else {
		DO(chair, abandon, "enough");
	}
}

static void test_fault_before_a_step_is_on_record(void **state)
{
	Chair *chair = *state;
	const Step *step = chair->row;
	Reply reply = { 0 };
	size_t before;

	step->reach(chair);
	settle(chair);
	before = count_records(chair, step->kind);
	hold_commits(chair);
	step->ask(chair->station, &reply);
	UNTIL(chair, is_pending(chair, step->kind));
	strike(chair, 0);
	chair->hold_commits = false;
	give_answers(chair);
	expect_done(chair, &reply);
	assert_true(state_is(chair, SESSION_FAULT));
	settle(chair);
	assert_int_equal(count_records(chair, step->kind), before + step->more + 1);
	expect_agreement(chair);
	expect_still(chair);
	acknowledge(chair);
	expect_session_at(chair, step->then);
	expect_agreement(chair);
}

/** Steps that begin with stopping the needle. */
static const Step stops[] = {
	{ "pause", at_ready, ask_pause, "session.state", SESSION_PAUSED, 1 },
	{ "finish", at_ready, ask_finish, "session.finished", SESSION_CLOSING },
	{ "abandon", at_ready, ask_abandon, "session.abandoned", SESSION_IDLE },
	{ "remove", at_ready, ask_remove, "needle.removed", SESSION_PREPARING },
	{ "withdraw", at_ready, ask_withdraw, "session.consent", SESSION_PREPARING },
};

/** The fault is first: the step may be refused, and what is on record holds. */
static void test_fault_before_the_needle_stands(void **state)
{
	Chair *chair = *state;
	const Step *step = chair->row;
	Reply reply = { 0 };
	size_t before;

	step->reach(chair);
	settle(chair);
	before = count_records(chair, step->kind);
	step->ask(chair->station, &reply);
	hold_answer_to(chair, FRAME_DISARM);
	strike_emergency_stop(chair);
	settle(chair);
	assert_true(reply.done);
	assert_true(state_is(chair, SESSION_FAULT));
	assert_int_equal(count_records(chair, step->kind), before + step->more + (reply.error[0] == '\0'));
	expect_agreement(chair);
	expect_still(chair);
	acknowledge(chair);
	assert_true(state_is(
		chair, reply.error[0] || step->then == SESSION_PAUSED ? SESSION_PREPARING : step->then));
	expect_agreement(chair);
}

/* ---- a disk that refuses ---- */

/** The step is not taken, but the needle stands; once the disk takes records again, so does the station. */
static void test_disk_refuses_a_step(void **state)
{
	Chair *chair = *state;
	const Step *step = chair->row;
	Reply reply = { 0 }, again = { 0 };
	SessionState at;
	size_t before;

	step->reach(chair);
	settle(chair);
	before = count_records(chair, step->kind);
	at = state_is(chair, SESSION_READY) ? SESSION_PREPARING : chair->station->state.work.phase;
	fill_disk(true);
	step->ask(chair->station, &reply);
	expect_error(chair, &reply, STATION_ERROR_LEDGER);
	assert_true(state_is(chair, at));
	expect_still(chair);
	bring_ledger_back(chair);
	expect_agreement(chair);
	assert_true(state_is(chair, at));
	assert_int_equal(count_records(chair, step->kind), before);
	step->ask(chair->station, &again);
	expect_done(chair, &again);
	expect_agreement(chair);
	assert_int_equal(count_records(chair, step->kind), before + 1);
}

static void test_disk_refuses_an_acknowledgement(void **state)
{
	Chair *chair = *state;
	Reply reply = { 0 };

	prepare(chair);
	strike(chair, 0);
	settle(chair);
	fill_disk(true);
	station_acknowledge(chair->station, "nobody knows", PIN, keep_reply, &reply);
	expect_error(chair, &reply, STATION_ERROR_LEDGER);
	assert_true(state_is(chair, SESSION_FAULT));
	bring_ledger_back(chair);
	expect_still(chair);
	assert_int_equal(count_records(chair, "fault.acknowledged"), 0);
	expect_agreement(chair);
	expect_recovery(chair);
	assert_int_equal(count_records(chair, "fault.acknowledged"), 1);
}

/* ---- who it was ---- */

/** The program goes away between the order to stop the needle and the record of why. */
static void test_actor_is_who_asked(void **state)
{
	Chair *chair = *state;
	const Step *step = chair->row;
	Reply reply = { 0 };

	step->reach(chair);
	settle(chair);
	step->ask(chair->station, &reply);
	hold_answer_to(chair, FRAME_DISARM);
	assert_false(reply.done);
	let_holder_vanish(chair);
	chair->hold_facts = false;
	expect_done(chair, &reply);
	settle(chair);
	expect_actor(chair, step->kind, BADGE);
	assert_true(state_is(chair, step->then));
	expect_agreement(chair);
}

static void test_nobody_signs_who_is_gone(void **state)
{
	Chair *chair = *state;
	Reply reply = { 0 };

	at_close(chair);
	station_sign(chair->station, PIN, "treatment as recorded", keep_reply, &reply);
	let_holder_vanish(chair);
	expect_error(chair, &reply, STATION_ERROR_SIGN_IN);
	settle(chair);
	assert_int_equal(count_records(chair, "session.signed"), 0);
	assert_true(state_is(chair, SESSION_CLOSING));
	sign_in(chair);
	DO(chair, sign, PIN, "treatment as recorded");
	expect_actor(chair, "session.signed", BADGE);
}

static void test_nobody_signs_a_form_who_is_gone(void **state)
{
	Chair *chair = *state;
	Reply gone = { 0 }, out = { 0 };
	json_t *fields = json_pack("{s:s, s:[s]}", "badge", BADGE, "roles", "technician");

	sign_in(chair);
	station_enter(chair->station, FORM_STATION, "operator.roles", fields, PIN, keep_reply, &gone);
	let_holder_vanish(chair);
	expect_error(chair, &gone, STATION_ERROR_SIGN_IN);
	sign_in(chair);
	chair->hold_pins = true;
	station_enter(chair->station, FORM_STATION, "operator.roles", fields, PIN, keep_reply, &out);
	DO(chair, sign_out);
	chair->hold_pins = false;
	expect_error(chair, &out, STATION_ERROR_SIGN_IN);
	settle(chair);
	assert_int_equal(count_records(chair, "operator.roles"), 0);
	json_decref(fields);
}

/** A fault is not acknowledged by somebody who is gone either. */
static void test_nobody_acknowledges_who_is_gone(void **state)
{
	Chair *chair = *state;
	Reply reply = { 0 };

	prepare(chair);
	strike(chair, 0);
	station_acknowledge(chair->station, "gone", PIN, keep_reply, &reply);
	let_holder_vanish(chair);
	expect_error(chair, &reply, STATION_ERROR_SIGN_IN);
	settle(chair);
	assert_int_equal(count_records(chair, "fault.acknowledged"), 0);
	assert_true(state_is(chair, SESSION_FAULT));
	expect_recovery(chair);
}

/* ---- what is recorded of a needle that is stopped ---- */

static void test_recall_at_work_is_one_record(void **state)
{
	Chair *chair = *state;
	json_t *fields = json_pack("{s:s, s:s, s:s, s:s}", "lot", "L1", "gtin", GTIN, "status", "recalled",
		       "reason", "a letter of the maker"),
	       *rows, *body;
	size_t before;

	prepare(chair);
	arm(chair);
	work(chair);
	before = count_records(chair, "session.state");
	DO(chair, enter, FORM_INVENTORY, "lot.status", fields, "");
	json_decref(fields);
	chair->must_stand = true;
	play(chair, "pedal up\n");
	expect_still(chair);
	settle(chair);
	for (int i = 0; i < 3; i++) {
		advance(chair, 61);
		settle(chair);
	}
	rows = records(chair, "session.state");
	assert_int_equal(json_array_size(rows), before + 1);
	body = json_object_get(json_array_get(rows, before), "body");
	assert_string_equal(json_string_value(json_object_get(body, "from")), "working");
	assert_string_equal(json_string_value(json_object_get(body, "to")), "preparing");
	json_decref(rows);
	assert_int_equal(count_alerts(chair, "barred"), 1);
	expect_agreement(chair);
}

/** Strokes that the board has told, and the station has not heard of. */
static uint64_t strokes_on_their_way(Chair *chair)
{
	uint64_t n = 0;

	gather_facts(chair);
	for (size_t i = 0; i < chair->n_facts; i++)
		n += chair->facts[i].kind == CONTROL_FACT_SAMPLES ? chair->facts[i].strokes.n : 0;
	return n;
}

/** The needle is stopped, and the board's last strokes are not in yet. */
static void stop_with_strokes_on_their_way(Chair *chair, Reply *ret)
{
	prepare(chair);
	arm(chair);
	work(chair);
	UNTIL(chair, chair->station->state.session.strokes > 5);
	chair->hold_facts = true;
	UNTIL(chair, strokes_on_their_way(chair) > 20);
	station_disarm(chair->station, keep_reply, ret);
}

static json_int_t number_of(const json_t *row, const char *field)
{
	return json_integer_value(json_object_get(json_object_get(row, "body"), field));
}

static void test_last_strokes_are_of_the_session_that_ends(void **state)
{
	Chair *chair = *state;
	Reply stopped = { 0 }, finished = { 0 };
	json_auto_t *rows = NULL, *removed = NULL, *strokes = NULL;
	json_int_t n = 0;
	json_t *row;
	size_t i;

	stop_with_strokes_on_their_way(chair, &stopped);
	station_finish(chair->station, keep_reply, &finished);
	settle(chair);
	expect_done(chair, &finished);
	rows = records(chair, "session.finished");
	removed = records(chair, "needle.removed");
	strokes = records(chair, "strokes");
	json_array_foreach (strokes, i, row)
		n += number_of(row, "strokes");
	assert_true(n > 20);
	assert_int_equal(number_of(json_array_get(rows, 0), "strokes"), n);
	assert_int_equal(number_of(json_array_get(removed, 0), "strokes"), n);
}

static void test_last_strokes_are_of_the_zone_that_was(void **state)
{
	Chair *chair = *state;
	Reply stopped = { 0 }, chosen = { 0 };
	json_auto_t *strokes = NULL;
	const char *zone;
	json_t *row;
	size_t i;

	stop_with_strokes_on_their_way(chair, &stopped);
	station_select_zone(chair->station, "occipital", "normal", 900, keep_reply, &chosen);
	for (i = 0; i < 20; i++)
		go_on(chair); /* time enough for the record of the zone, were it not to wait */
	settle(chair);
	expect_done(chair, &chosen);
	station_flush_strokes(chair->station); /* what would be of the new zone */
	settle(chair);
	strokes = records(chair, "strokes");
	assert_true(json_array_size(strokes) > 0);
	json_array_foreach (strokes, i, row) {
		zone = json_string_value(json_object_get(json_object_get(row, "body"), "zone"));
		assert_string_not_equal(zone, "occipital");
	}
}

/* ---- one who leaves ---- */

static void test_a_sign_out_is_recorded_once(void **state)
{
	Chair *chair = *state;
	Reply reply = { 0 };

	prepare(chair);
	arm(chair);
	station_sign_out(chair->station, keep_reply, &reply);
	hold_answer_to(chair, FRAME_DISARM);
	let_holder_vanish(chair);
	settle(chair);
	assert_true(reply.done);
	assert_int_equal(count_records(chair, "operator.signed-out"), 1);
	sign_in(chair);
	hold_commits(chair);
	reply = (Reply){ 0 };
	station_sign_out(chair->station, keep_reply, &reply);
	UNTIL(chair, is_pending(chair, "operator.signed-out"));
	let_holder_vanish(chair);
	settle(chair);
	assert_true(reply.done);
	assert_int_equal(count_records(chair, "operator.signed-out"), 2);
}

/* ---- the order of records ---- */

static void test_a_claim_comes_after_what_was_kept(void **state)
{
	Chair *chair = *state;
	Reply reply = { 0 };
	json_auto_t *alerts = NULL, *claims = NULL;
	json_t *alert, *claim;
	size_t i;

	sign_in(chair);
	DO(chair, begin, "P-0001", PROTOCOL, 1, false);
	settle(chair);
	fill_disk(true);
	station_record(chair->station, "alert.raised",
		json_pack("{s:s, s:s}", "alert", "disk-low", "text", "kept while the disk was full"));
	UNTIL(chair, !ledger_healthy(chair->ledger->ledger) && !chair->appends);
	fill_disk(false);
	station_mount_needle(chair->station,
		"]d201" GTIN "1731123110L1\x1d"
		"21A17",
		true, keep_reply, &reply);
	settle(chair);
	expect_done(chair, &reply);
	alerts = records(chair, "alert.raised");
	claims = records(chair, "needle.claimed");
	assert_true(json_array_size(alerts) > 0);
	claim = json_array_get(claims, 0);
	json_array_foreach (alerts, i, alert)
		assert_true(json_integer_value(json_object_get(alert, "seq")) <
			    json_integer_value(json_object_get(claim, "seq")));
}

/* ---- hours ---- */

static void let_go(Chair *chair)
{
	play(chair, "pedal up\n");
	UNTIL(chair, state_is(chair, SESSION_READY));
}

static int64_t break_of(const Chair *chair)
{
	return break_in_s(station_state(chair->station));
}

static void see_alarm(Chair *chair, const char *alarm)
{
	Reply reply = { 0 };

	call_station(chair->station, &command_acknowledge_alarm,
		json_pack("{s:s, s:I}", "alarm", alarm, "since",
			(json_int_t)alarm_active(station_state(chair->station), alarm)->since_us),
		NULL, NULL, keep_reply, &reply);
	expect_done(chair, &reply);
}

/** At the configured time, and every ten minutes while the needle goes on. */
static void test_breaks_are_asked_for(void **state)
{
	Chair *chair = *state;
	int64_t reminder;

	prepare(chair);
	reminder = (int64_t)station_state(chair->station)->session.protocol->break_reminder_min * 60;
	arm(chair);
	advance(chair, reminder + 60); /* nobody has worked yet */
	assert_int_equal(break_of(chair), reminder);
	assert_int_equal(count_alerts(chair, "break-due"), 0);
	work(chair);
	advance(chair, reminder - 1);
	assert_int_equal(break_of(chair), 1);
	assert_int_equal(count_alerts(chair, "break-due"), 0);
	for (size_t i = 1; i <= 3; i++) {
		advance(chair, 1);
		assert_int_equal(break_of(chair), -600 * (int64_t)(i - 1));
		assert_int_equal(count_alerts(chair, "break-due"), i);
		see_alarm(chair, "alert.break-due");
		advance(chair, 599); /* seen is not taken */
		assert_int_equal(count_alerts(chair, "break-due"), i);
	}
	settle(chair);
	assert_int_equal(count_records(chair, "alert.raised"), 3);
}

/** Five minutes in which the needle rests are a break, whatever the station calls the time; less is none. */
static void test_what_is_a_break(void **state)
{
	Chair *chair = *state;
	int64_t reminder;

	prepare(chair);
	reminder = (int64_t)station_state(chair->station)->session.protocol->break_reminder_min * 60;
	arm(chair);
	work(chair);
	advance(chair, reminder - 100);
	let_go(chair);
	advance(chair, 299); /* the time comes while the needle rests: no reminder begins */
	assert_int_equal(break_of(chair), 100 - 299);
	assert_int_equal(count_alerts(chair, "break-due"), 0);
	work(chair);
	advance(chair, 0);
	assert_int_equal(count_alerts(chair, "break-due"), 1);
	advance(chair, 599);
	let_go(chair);
	advance(chair, 299);
	assert_int_equal(count_alerts(chair, "break-due"), 1);
	assert_non_null(alarm_active(station_state(chair->station), "alert.break-due"));
	advance(chair, 1);
	assert_int_equal(break_of(chair), reminder);
	assert_null(alarm_active(station_state(chair->station), "alert.break-due"));
	work(chair);
	advance(chair, reminder - 1);
	assert_int_equal(count_alerts(chair, "break-due"), 1);
	advance(chair, 1);
	assert_int_equal(count_alerts(chair, "break-due"), 2);
	let_go(chair);
	DO(chair, pause);
	advance(chair, 120);
	DO(chair, resume); /* two minutes are no break, whatever was asked for */
	assert_int_equal(break_of(chair), -120);
	DO(chair, finish);
	advance(chair, 1);
	assert_null(alarm_active(station_state(chair->station), "alert.break-due"));
}

/** Work of an hour with a break, again and again, until the session has lasted as long as it may. */
static void test_session_of_five_hours(void **state)
{
	Chair *chair = *state;
	int64_t longest, worked = 0;

	prepare(chair);
	longest = (int64_t)station_state(chair->station)->session.protocol->session_max_min * 60;
	for (int64_t at = 0; at < longest; at += 3600) {
		arm(chair);
		work(chair);
		advance(chair, 2400);
		assert_int_equal(session_worked_s(station_state(chair->station)), worked + 2400);
		play(chair, "pedal up\n");
		UNTIL(chair, state_is(chair, SESSION_READY));
		DO(chair, pause);
		advance(chair, 1200);
		DO(chair, resume);
		settle(chair);
		worked += 2400;
		assert_int_equal(session_worked_s(station_state(chair->station)), worked);
	}
	assert_int_equal(session_elapsed_s(station_state(chair->station)), longest);
	assert_int_equal(count_alerts(chair, "session-long") + count_alerts(chair, "break-due"), 0);
	arm(chair);
	DO(chair, disarm);
	advance(chair, 1);
	assert_int_equal(count_alerts(chair, "session-long"), 1);
	REFUSED(chair, "org.stipple.Error.SessionTooLong", arm);
	expect_agreement(chair);
	DO(chair, finish);
	advance(chair, 600);
	assert_int_equal(count_alerts(chair, "session-long"), 1);
	expect_agreement(chair);
}

/* ---- running them ---- */

int main(void)
{
	static const struct CMUnitTest single[] = {
		STATION_TEST(test_second_fault_while_the_first_is_acknowledged),
		STATION_TEST(test_disk_refuses_an_acknowledgement),
		STATION_TEST(test_nobody_signs_who_is_gone),
		STATION_TEST(test_nobody_signs_a_form_who_is_gone),
		STATION_TEST(test_nobody_acknowledges_who_is_gone),
		STATION_TEST(test_recall_at_work_is_one_record),
		STATION_TEST(test_last_strokes_are_of_the_session_that_ends),
		STATION_TEST(test_last_strokes_are_of_the_zone_that_was),
		STATION_TEST(test_a_sign_out_is_recorded_once),
		STATION_TEST(test_a_claim_comes_after_what_was_kept),
		STATION_TEST(test_breaks_are_asked_for),
		STATION_TEST(test_what_is_a_break),
		STATION_TEST(test_session_of_five_hours),
	};
	static const struct {
		const char *name;
		CMUnitTestFunction run;
		const Step *steps;
		size_t n;
	} tables[] = {
		{ "fault before the record", test_fault_before_a_step_is_on_record, steps, ELEMENTS(steps) },
		{ "fault before the needle stands", test_fault_before_the_needle_stands, stops,
			ELEMENTS(stops) },
		{ "holder gone before the needle stands", test_actor_is_who_asked, stops, ELEMENTS(stops) },
		{ "disk full", test_disk_refuses_a_step, steps, ELEMENTS(steps) },
		{ "disk full when ready", test_disk_refuses_a_step, stops, ELEMENTS(stops) },
	};
	static char names[2 * ELEMENTS(steps) + 3 * ELEMENTS(stops)][96];
	struct CMUnitTest tests[ELEMENTS(single) + ELEMENTS(names)];
	size_t n = ELEMENTS(single);

	memcpy(tests, single, sizeof single);
	for (size_t i = 0; i < ELEMENTS(tables); i++)
		for (size_t j = 0; j < tables[i].n; j++, n++) {
			const Step *step = &tables[i].steps[j];
			char *name = names[n - ELEMENTS(single)];

			snprintf(name, sizeof names[0], "%s: %s", tables[i].name, step->name);
			tests[n] = station_row(tables[i].run, step, name);
		}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
