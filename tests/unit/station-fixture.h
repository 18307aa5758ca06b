/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A station with a real ledger in a folder of its own, the real control thread with the simulated board, and
 * a clock that stands still until the test advances it. Nothing reaches the station by itself: the test
 * delivers the board's facts and the ledger's answers, or holds them back as long as it likes. This needs
 * control_take() and ledger_append() to be wrapped by the linker.
 */

#include "ledger-fixture.h"

#include <limits.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "station-calls.h"
#include "station/parts.h"
#include "plugin/plugin-loader.h"

#define WAIT_NS  (20 * 1000000000LL) /* longer than anything here takes, even on a slow machine */
#define BADGE    "b1001"
#define PIN      "4711"
#define HOLDER   ":1.7"
#define GTIN     "04012345678901"
#define PROTOCOL "scalp-density"

enum { CHAIR_FACTS = 1024, CHAIR_ALERTS = 16 };

/** The reply to a call. */
typedef struct Reply {
	bool done;
	char error[64], text[STATION_TEXT_MAX]; /* "" when it succeeded */
} Reply;

/** An append whose answer the test delivers. */
typedef struct Append Append;

struct Append {
	Append *next; /* in the order of the appends */
	char kind[64];
	LedgerDone done;
	void *userdata;
	bool answered;
	LedgerAnswer answer;
};

typedef struct Chair {
	const void *row; /* of the table from which the test is made */
	Fixture *ledger; /* folder and ledger */
	Config *config;
	Plugin *plugin;
	Control *control;
	Station *station;
	StippleSetting settings[3];
	char socket_path[96];
	int socket;
	ControlFact facts[CHAIR_FACTS]; /* from the board, not yet delivered to the station; oldest first */
	size_t n_facts, may_take;
	bool hold_facts, hold_commits, hold_pins; /* hold_pins: results of the worker are held back */
	Append *appends;                          /* not yet answered to the station */
	bool must_stand;                          /* fail when the session becomes ready */
	char alerts[CHAIR_ALERTS][32];
	size_t n_alerts;
} Chair;

static Chair *chair_of_wraps;

/** Lines of [ledger]. The limit is generous, because the disk of a loaded machine is slow but not dead. */
static __attribute__((__unused__)) const char *chair_ledger_lines = "commit_limit_ms = 10000\n";

static inline int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* ---- between the station and the two threads ---- */

bool __real_control_take(Control *control, ControlFact *ret);
bool __wrap_control_take(Control *control, ControlFact *ret);
int __real_ledger_append(Ledger *ledger, const LedgerRecord *record, LedgerDone done, void *userdata);
int __wrap_ledger_append(Ledger *ledger, const LedgerRecord *record, LedgerDone done, void *userdata);

bool __wrap_control_take(Control *control, ControlFact *ret)
{
	Chair *chair = chair_of_wraps;

	if (chair->may_take == 0 || chair->n_facts == 0)
		return false;
	*ret = chair->facts[0];
	chair->may_take--;
	chair->n_facts--;
	memmove(chair->facts, chair->facts + 1, chair->n_facts * sizeof *chair->facts);
	return true;
}

/** Delivers the answers that are due, in the order of the appends, as the ledger does. */
static inline void give_answers(Chair *chair)
{
	while (chair->appends && chair->appends->answered && !chair->hold_commits) {
		Append *append = chair->appends;

		chair->appends = append->next;
		if (append->done)
			append->done(append->userdata, &append->answer);
		free(append);
	}
}

static inline void keep_append(void *userdata, const LedgerAnswer *answer)
{
	Append *append = userdata;

	append->answered = true;
	append->answer = *answer;
	give_answers(chair_of_wraps);
}

int __wrap_ledger_append(Ledger *ledger, const LedgerRecord *record, LedgerDone done, void *userdata)
{
	Append *append = calloc(1, sizeof *append), **link = &chair_of_wraps->appends;
	int r;

	assert_non_null(append);
	snprintf(append->kind, sizeof append->kind, "%s", record->kind);
	append->done = done;
	append->userdata = userdata;
	r = __real_ledger_append(ledger, record, keep_append, append);
	if (r < 0) {
		free(append);
		return r;
	}
	while (*link)
		link = &(*link)->next;
	*link = append;
	return 0;
}

/** Whether a record of this kind was committed or refused, but the station does not know it yet. */
static inline bool is_pending(const Chair *chair, const char *kind)
{
	for (const Append *append = chair->appends; append; append = append->next)
		if (append->answered && strcmp(append->kind, kind) == 0)
			return true;
	return false;
}

/* ---- time passes ---- */

static inline void gather_facts(Chair *chair)
{
	control_clear(chair->control);
	while (chair->n_facts < CHAIR_FACTS &&
		__real_control_take(chair->control, &chair->facts[chair->n_facts]))
		chair->n_facts++;
}

/** Delivers one fact, so that a test can stop after any of them. */
static inline bool give_fact(Chair *chair)
{
	gather_facts(chair);
	if (chair->n_facts == 0)
		return false;
	chair->may_take = 1;
	station_control_ready(chair->station);
	return true;
}

/** Delivers what is not held back, and waits a moment when there is nothing. */
static inline void go_on(Chair *chair)
{
	struct pollfd fds[] = {
		{ .fd = ledger_fd(chair->ledger->ledger), .events = POLLIN },
		{ .fd = chair->hold_pins ? -1 : station_worker_fd(chair->station), .events = POLLIN },
		{ .fd = chair->hold_facts ? -1 : control_fd(chair->control), .events = POLLIN },
	};

	if (!chair->hold_facts && give_fact(chair))
		return;
	(void)poll(fds, ELEMENTS(fds), 5);
	station_ledger_ready(chair->station);
	if (!chair->hold_pins)
		station_worker_ready(chair->station);
}

#define UNTIL(chair, condition)                                                             \
	do {                                                                                \
		for (int64_t until = now_ns() + WAIT_NS; !(condition) && now_ns() < until;) \
			go_on(chair);                                                       \
		assert_true(condition);                                                     \
	} while (0)

/** Holds the board's facts back from now on; the answer to `command` is the first of them. */
static inline void hold_answer_to(Chair *chair, FrameType command)
{
	const ControlFact *first = chair->facts;

	chair->hold_facts = true;
	for (int64_t until = now_ns() + WAIT_NS; now_ns() < until;) {
		gather_facts(chair);
		if (chair->n_facts == 0)
			go_on(chair);
		else if (first->kind != CONTROL_FACT_ANSWER || first->answer.command != command)
			give_fact(chair);
		else
			return;
	}
	fail_msg("the board did not answer to command %d", command);
}

static inline void hold_commits(Chair *chair)
{
	chair->hold_commits = true;
}

static inline bool is_quiet(Chair *chair)
{
	gather_facts(chair);
	return !chair->station->runtime.first && !chair->appends && chair->n_facts == 0;
}

/** Holds nothing back any more, and waits until nothing is in progress. */
static inline void settle(Chair *chair)
{
	chair->hold_facts = chair->hold_commits = chair->hold_pins = false;
	give_answers(chair);
	UNTIL(chair, is_quiet(chair));
}

static inline void advance(Chair *chair, int64_t seconds)
{
	fake_utc_us += seconds * USEC_PER_SEC;
	fake_monotonic_us += seconds * USEC_PER_SEC;
	station_tick(chair->station);
}

/* ---- the simulated board ---- */

static inline void ask_board(Chair *chair, const char *line, char *ret, size_t size)
{
	ssize_t n;

	assert_int_equal(send(chair->socket, line, strlen(line), MSG_NOSIGNAL), (ssize_t)strlen(line));
	n = recv(chair->socket, ret, size - 1, 0);
	assert_true(n > 0);
	ret[n] = '\0';
}

/** Whether the simulated board's status contains a text such as "\"enable\":true". */
static inline bool board_shows(Chair *chair, const char *what)
{
	char reply[512];

	ask_board(chair, "status\n", reply, sizeof reply);
	return strstr(reply, what) != NULL;
}

/**
 * Sends a line to the board. When this returns the control thread has acted on it, because it has answered
 * another line since.
 */
static inline void play(Chair *chair, const char *line)
{
	char reply[256];

	ask_board(chair, line, reply, sizeof reply);
	assert_string_equal(reply, "ok\n");
	assert_true(board_shows(chair, "\"armed\""));
}

static inline bool state_is(const Chair *chair, SessionState state)
{
	return chair->station->state.work.phase == state;
}

/** The needle must stand still, and pressing the pedal must not change that. */
static inline void expect_still(Chair *chair)
{
	UNTIL(chair, board_shows(chair, "\"armed\":false"));
	assert_true(board_shows(chair, "\"enable\":false"));
	play(chair, "pedal down\n");
	assert_true(board_shows(chair, "\"enable\":false"));
	assert_true(board_shows(chair, "\"running\":false"));
	play(chair, "pedal up\n");
	assert_false(state_is(chair, SESSION_READY) || state_is(chair, SESSION_WORKING));
}

/* ---- calls ---- */

static inline void keep_reply(void *userdata, const StationReply *reply)
{
	Reply *kept = userdata;

	assert_false(kept->done);
	*kept = (Reply){ .done = true };
	snprintf(kept->error, sizeof kept->error, "%s", reply->error ? reply->error : "");
	snprintf(kept->text, sizeof kept->text, "%s", reply->error ? reply->text : "");
}

static inline void expect_done(Chair *chair, const Reply *reply)
{
	UNTIL(chair, reply->done);
	assert_string_equal(reply->text, "");
	assert_string_equal(reply->error, "");
}

static inline void expect_error(Chair *chair, const Reply *reply, const char *error)
{
	UNTIL(chair, reply->done);
	assert_string_equal(reply->error, error);
}

/** Calls station_VERB() and waits until it has succeeded. */
#define DO(chair, verb, ...)                                                                          \
	do {                                                                                          \
		Reply done_reply = { 0 };                                                             \
		station_##verb((chair)->station __VA_OPT__(, ) __VA_ARGS__, keep_reply, &done_reply); \
		expect_done(chair, &done_reply);                                                      \
	} while (0)

/** Calls station_VERB() and waits until it was refused with `error`. */
#define REFUSED(chair, error, verb, ...)                                                                 \
	do {                                                                                             \
		Reply refused_reply = { 0 };                                                             \
		station_##verb((chair)->station __VA_OPT__(, ) __VA_ARGS__, keep_reply, &refused_reply); \
		expect_error(chair, &refused_reply, error);                                              \
	} while (0)

/** Takes ownership of `body` and `personal`. */
static inline void record_as(
	Chair *chair, const char *actor, const char *kind, json_t *body, json_t *personal)
{
	LedgerRecord record = { .kind = kind, .actor = actor, .body = body, .personal = personal };
	LedgerAnswer answer = { .error = 1 };

	assert_non_null(body);
	assert_int_equal(__real_ledger_append(chair->ledger->ledger, &record, keep_answer, &answer), 0);
	json_decref(body);
	json_decref(personal);
	UNTIL(chair, answer.error != 1);
	assert_int_equal(answer.error, 0);
}

/** The records of a kind, oldest first. A new reference. */
static inline json_t *records(Chair *chair, const char *kind)
{
	json_t *rows = NULL, *arguments = json_pack("{s:s}", "kind", kind);

	assert_int_equal(ledger_lookup(chair->ledger->ledger, "records", arguments, keep_rows, &rows), 0);
	json_decref(arguments);
	UNTIL(chair, rows);
	return rows;
}

static inline size_t count_records(Chair *chair, const char *kind)
{
	json_auto_t *rows = records(chair, kind);

	return json_array_size(rows);
}

static inline void expect_actor(Chair *chair, const char *kind, const char *actor)
{
	json_auto_t *rows = records(chair, kind);
	const json_t *newest = json_array_get(rows, json_array_size(rows) - 1);

	assert_string_equal(json_string_value(json_object_get(newest, "actor")), actor);
}

static inline void sign_in(Chair *chair)
{
	DO(chair, sign_in, BADGE, PIN, HOLDER);
}

static inline void mount(Chair *chair, const char *serial)
{
	char code[96];

	snprintf(code, sizeof code,
		"]d201" GTIN "1731123110L1\x1d"
		"21%s",
		serial);
	DO(chair, mount_needle, code, true);
}

/** To what protocol and profile ask. */
static inline json_t *no_to_all(const Station *station)
{
	ScreeningQuestion questions[SCREENING_MAX];
	const State *state = station_state(station);
	size_t n = screening_questions(state->session.protocol, &state->rules.profile, questions);
	json_t *answers = json_object();

	for (size_t i = 0; i < n; i++)
		json_object_set_new(answers, questions[i].name, json_false());
	return answers;
}

/** From the sign-in to everything that arming needs. */
static inline void prepare(Chair *chair)
{
	json_t *answers;

	sign_in(chair);
	DO(chair, begin, "P-0001", PROTOCOL, 1, false);
	answers = no_to_all(chair->station);
	DO(chair, screening, answers);
	json_decref(answers);
	DO(chair, consent, "treatment", "2026-1", true);
	DO(chair, select_zone, "crown", "normal", 1500);
	mount(chair, "A17");
	DO(chair, load_pigment, "Brand", "black-3", "PG7", "2031-01-31");
	settle(chair);
}

static inline void arm(Chair *chair)
{
	DO(chair, arm);
	settle(chair);
	assert_true(state_is(chair, SESSION_READY));
	assert_true(board_shows(chair, "\"armed\":true"));
}

static inline void work(Chair *chair)
{
	play(chair, "pedal down\n");
	UNTIL(chair, state_is(chair, SESSION_WORKING));
	assert_true(board_shows(chair, "\"enable\":true"));
}

/**
 * Station and control must agree once all is settled: the needle may move in a session that is ready or
 * working, and in no other state.
 */
static inline void expect_agreement(Chair *chair)
{
	settle(chair);
	assert_int_equal(board_shows(chair, "\"armed\":true"),
		state_is(chair, SESSION_READY) || state_is(chair, SESSION_WORKING));
	assert_int_equal(chair->station->state.board.fault.fault != CONTROL_FAULT_NONE,
		state_is(chair, SESSION_FAULT));
}

/* ---- what people do, and programs ---- */

static inline void let_holder_vanish(Chair *chair)
{
	station_holder_vanished(chair->station, HOLDER);
	assert_string_equal(chair->station->state.people.signed_in.badge, "");
}

static inline void acknowledge(Chair *chair)
{
	play(chair, "estop release\n");
	UNTIL(chair, !chair->station->state.board.emergency_stop);
	DO(chair, acknowledge, "the cause is gone", PIN);
}

/** Whatever stopped the needle: once a person has done what is needed, arming works and the needle moves. */
static inline void expect_recovery(Chair *chair)
{
	settle(chair);
	chair->must_stand = false;
	if (!chair->station->state.people.signed_in.badge[0])
		sign_in(chair);
	if (chair->station->state.board.fault.fault != CONTROL_FAULT_NONE)
		acknowledge(chair);
	assert_true(state_is(chair, SESSION_PREPARING));
	arm(chair);
	work(chair);
	play(chair, "pedal up\n");
	UNTIL(chair, state_is(chair, SESSION_READY));
	expect_agreement(chair);
}

static inline void ask_pause(Station *station, Reply *reply)
{
	station_pause(station, keep_reply, reply);
}

static inline void ask_sign_out(Station *station, Reply *reply)
{
	station_sign_out(station, keep_reply, reply);
}

static inline void ask_abandon(Station *station, Reply *reply)
{
	station_abandon(station, "the client is unwell", keep_reply, reply);
}

static inline void ask_finish(Station *station, Reply *reply)
{
	station_finish(station, keep_reply, reply);
}

static inline void ask_remove(Station *station, Reply *reply)
{
	station_remove_needle(station, "blunt", keep_reply, reply);
}

static inline void ask_withdraw(Station *station, Reply *reply)
{
	station_consent(station, "treatment", "2026-1", false, keep_reply, reply);
}

/* ---- the disk ---- */

/** Makes every write to a file fail from now on, or lifts that again. */
static inline void fill_disk(bool full)
{
	signal(SIGXFSZ, SIG_IGN);
	limit_files(full ? 1 : 0);
}

static inline void bring_ledger_back(Chair *chair)
{
	fill_disk(false);
	UNTIL(chair, ledger_healthy(chair->ledger->ledger) && !chair->station->journal.n_kept);
}

/* ---- life ---- */

static inline void note_change(void *userdata, unsigned changes)
{
	Chair *chair = userdata;

	if (chair->must_stand && (state_is(chair, SESSION_READY) || state_is(chair, SESSION_WORKING)))
		fail_msg("the session got %s after the needle was stopped",
			session_state_to_string(chair->station->state.work.phase));
}

static inline void note_alert(void *userdata, const char *alert, const char *text)
{
	Chair *chair = userdata;

	assert_true(chair->n_alerts < CHAIR_ALERTS);
	snprintf(chair->alerts[chair->n_alerts++], sizeof chair->alerts[0], "%s", alert);
}

static inline size_t count_alerts(const Chair *chair, const char *alert)
{
	size_t n = 0;

	for (size_t i = 0; i < chair->n_alerts; i++)
		n += strcmp(chair->alerts[i], alert) == 0;
	return n;
}

static inline void start_board(Chair *chair)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	ControlOptions options;
	Error error = { 0 };

	snprintf(chair->socket_path, sizeof chair->socket_path, "%s/board", chair->ledger->folder);
	chair->settings[0] = (StippleSetting){ "socket", chair->socket_path, "test", 1 };
	/* a long watchdog, so that on a slow machine the link never fails by itself */
	chair->settings[1] = (StippleSetting){ "watchdog_ms", "5000", "test", 2 };
	chair->settings[2] = (StippleSetting){ "speed", "1", "test", 3 };
	if (plugin_load(STIPPLE_BUILD_FOLDER "/plugins/board-sim", "board-sim", STIPPLE_PLUGIN_BOARD,
		    &chair->plugin, &error) < 0)
		fail_msg("%s", error.text);
	plugin_set_settings(chair->plugin, chair->settings, ELEMENTS(chair->settings));
	options = (ControlOptions){
		.board = plugin_vtable(chair->plugin),
		.host = plugin_host(chair->plugin),
		.heartbeat_ms = 20,
		.link_timeout_ms = 2000,
		.bad_frames_max = 100,
		.reopen_ms = 50,
	};
	assert_int_equal(control_new(&options, &chair->control), 0);
	for (int64_t until = now_ns() + WAIT_NS; chair->n_facts == 0 && now_ns() < until;) {
		struct pollfd fd = { .fd = control_fd(chair->control), .events = POLLIN };

		(void)poll(&fd, 1, 5);
		gather_facts(chair); /* once it has reported a fact, its socket exists */
	}
	memcpy(address.sun_path, chair->socket_path, sizeof chair->socket_path);
	chair->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(chair->socket, (struct sockaddr *)&address, sizeof address), 0);
}

static inline void start_station(Chair *chair)
{
	StationObserver observer = { note_change, note_alert, chair };
	StationOptions options;
	char folder[PATH_MAX], text[PATH_MAX + 1024];
	Error error = { 0 };
	int n;

	assert_non_null(realpath(chair->ledger->folder, folder));
	n = snprintf(text, sizeof text,
		"[paths]\nstate_folder = %s\nprotocol_folder = " STIPPLE_SOURCE_FOLDER "/configs/protocols\n"
		"profile_folder = " STIPPLE_SOURCE_FOLDER "/configs/profiles\n"
		"[session]\ndisk_min_mb = 10\nbefore_photo_required = no\n[ledger]\nverify_hours = 0\n%s",
		folder, chair_ledger_lines);

	if (config_parse(text, (size_t)n, "test", &chair->config, &error) < 0)
		fail_msg("%s", error.text);
	options = (StationOptions){
		.config = chair->config,
		.ledger = chair->ledger->ledger,
		.ledger_info = chair->ledger->info,
		.control = chair->control,
		.clock = &fake_clock,
	};
	assert_int_equal(station_new(&options, &chair->station), 0);
	assert_null(rules_inert(&chair->station->state.rules));
	assert_int_equal(station_observe(chair->station, &observer), 0);
}

/** Enrols the people and receives the stock that the tests need. */
static inline void fill_ledger(Chair *chair)
{
	static char hash[PIN_HASH_MAX]; /* takes a while to compute, and is the same for all tests */

	if (!hash[0])
		assert_int_equal(pin_hash(PIN, hash), 0);
	record_as(chair, "station", "operator.enrolled",
		json_pack("{s:s, s:[s]}", "badge", "root", "roles", "administrator"),
		json_pack("{s:s, s:s}", "name", "Alma Example", "pin", hash));
	record_as(chair, "root", "operator.enrolled",
		json_pack("{s:s, s:[s, s, s]}", "badge", BADGE, "roles", "technician", "supervisor",
			"administrator"),
		json_pack("{s:s, s:s}", "name", "Ada Example", "pin", hash));
	record_as(chair, "root", "operator.certified",
		json_pack("{s:s, s:s, s:s, s:s}", "badge", BADGE, "certificate", "Bloodborne Pathogens",
			"issuer", "Institute", "expiry", "2031-05-31"),
		NULL);
	record_as(chair, "root", "lot.received",
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i}", "gtin", GTIN, "lot", "L1", "product",
			"1RL 0.25", "maker", "Maker", "expiry", "2031-12-31", "certificate", "EO-4711",
			"quantity", 20),
		NULL);
	record_as(chair, BADGE, "subject.registered", json_pack("{s:s}", "subject", "P-0001"),
		json_pack("{s:s, s:s}", "name", "Rosa Muster", "birth_date", "1980-05-17"));
}

static inline int set_up_chair(void **state)
{
	Chair *chair = calloc(1, sizeof *chair);

	assert_non_null(chair);
	chair->row = *state;
	chair_of_wraps = chair;
	*state = NULL;
	if (setup((void **)&chair->ledger) < 0)
		return -1;
	*state = chair;
	start_board(chair);
	start_station(chair);
	fill_ledger(chair);
	facts_refresh(chair->station); /* the station did not record these itself */
	UNTIL(chair, json_array_size(chair->station->state.facts.rows[FACT_CERTIFICATIONS]) == 1);
	settle(chair);
	UNTIL(chair, chair->station->state.board.self_test_done);
	return 0;
}

static inline int tear_down_chair(void **state)
{
	Chair *chair = *state;

	fill_disk(false);
	chair->must_stand = false;
	station_free(chair->station);
	config_free(chair->config);
	control_free(chair->control);
	plugin_free(chair->plugin);
	close(chair->socket);
	while (chair->appends) {
		Append *append = chair->appends;

		chair->appends = append->next;
		free(append);
	}
	/* free the ledger last: it still commits what the station left */
	teardown((void **)&chair->ledger);
	free(chair);
	return 0;
}

#define STATION_TEST(test) cmocka_unit_test_setup_teardown(test, set_up_chair, tear_down_chair)

/** A test for one row of a table, which the test finds in chair->row. */
static inline struct CMUnitTest station_row(CMUnitTestFunction test, const void *row, const char *name)
{
	return (struct CMUnitTest){ name, test, set_up_chair, tear_down_chair, (void *)row };
}
