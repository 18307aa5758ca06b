/* SPDX-License-Identifier: Apache-2.0 */

/** The ledger through its API, on a real file: order, refusals, power cuts, full disks. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "ledger/ledger-private.h"

static int64_t fake_utc_us = 1772445600LL * USEC_PER_SEC; /* 2026-03-02T10:00:00Z */

static void fake_read(void *userdata, ClockReading *ret)
{
	*ret = (ClockReading){ .utc_us = fake_utc_us, .monotonic_us = 1, .synchronized = true };
	memset(ret->boot_id, 'b', 32);
}

static const Clock fake_clock = { .read = fake_read };

typedef struct Fixture {
	char folder[64], path[96];
	Ledger *ledger;
	LedgerInfo info;
	char error[LEDGER_TEXT_MAX];
} Fixture;

static int open_fixture(Fixture *fixture)
{
	LedgerOptions options = { .path = fixture->path, .station = "clinic/one", .clock = &fake_clock };

	return ledger_open(&options, &fixture->ledger, &fixture->info, fixture->error);
}

static int setup(void **state)
{
	Fixture *fixture = calloc(1, sizeof *fixture);

	snprintf(fixture->folder, sizeof fixture->folder, "ledger-test-XXXXXX");
	if (!mkdtemp(fixture->folder))
		return -1;
	snprintf(fixture->path, sizeof fixture->path, "%s/ledger.db", fixture->folder);
	*state = fixture;
	return open_fixture(fixture);
}

static int teardown(void **state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };
	Fixture *fixture = *state;
	char path[128];

	ledger_free(fixture->ledger);
	for (size_t i = 0; i < ELEMENTS(suffixes); i++) {
		snprintf(path, sizeof path, "%s%s", fixture->path, suffixes[i]);
		unlink(path);
	}
	rmdir(fixture->folder);
	free(fixture);
	return 0;
}

static void keep_answer(void *userdata, const LedgerAnswer *answer)
{
	*(LedgerAnswer *)userdata = *answer;
}

static void keep_rows(void *userdata, int error, json_t *rows)
{
	assert_int_equal(error, 0);
	*(json_t **)userdata = json_incref(rows);
}

static void serve(Ledger *ledger)
{
	struct pollfd ready = { .fd = ledger_fd(ledger), .events = POLLIN };

	while (ledger->waiting > 0) {
		(void)poll(&ready, 1, 5000);
		ledger_dispatch(ledger);
	}
}

/** Takes `body`. */
static LedgerAnswer append(Ledger *ledger, const char *kind, json_t *body)
{
	LedgerRecord record = { .kind = kind, .actor = "b1", .body = body };
	LedgerAnswer answer = { .error = 1 };

	assert_non_null(body);
	assert_int_equal(ledger_append(ledger, &record, keep_answer, &answer), 0);
	json_decref(body);
	serve(ledger);
	return answer;
}

/** Takes `arguments`. */
static json_t *look_up(Ledger *ledger, const char *query, json_t *arguments)
{
	json_t *rows = NULL;

	assert_int_equal(ledger_lookup(ledger, query, arguments, keep_rows, &rows), 0);
	json_decref(arguments);
	serve(ledger);
	return rows;
}

static json_t *lot(const char *name, int quantity, const char *expiry)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "gtin", "04012345678901", "lot", name, "product",
		"1RL", "maker", "Maker", "expiry", expiry, "quantity", quantity);
}

static json_t *claim(const char *unit, const char *name, int session)
{
	return json_pack("{s:i, s:s, s:s, s:s, s:s}", "session", session, "unit", unit, "gtin",
		"04012345678901", "lot", name, "code", unit);
}

static void test_records_are_numbered_and_kept(void **state)
{
	Fixture *fixture = *state;
	json_t *rows;

	for (int i = 1; i <= 5; i++) {
		LedgerAnswer answer = append(
			fixture->ledger, "alert.raised", json_pack("{s:s,s:s}", "alert", "a", "text", "t"));

		assert_int_equal(answer.error, 0);
		assert_int_equal(answer.seq, i);
	}
	fixture->ledger = ledger_free(fixture->ledger);
	assert_int_equal(open_fixture(fixture), 0);
	assert_int_equal(fixture->info.newest_seq, 5);
	assert_int_equal(fixture->info.newest_utc_us, fake_utc_us);
	rows = look_up(fixture->ledger, "outbox", json_pack("{s:i}", "after", 2));
	assert_int_equal(json_array_size(rows), 3);
	assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "utc")),
		"2026-03-02T10:00:00.000000Z");
	json_decref(rows);
}

static void test_bad_records_are_refused_alone(void **state)
{
	Fixture *fixture = *state;
	LedgerAnswer answer = append(fixture->ledger, "no.such", json_object());

	assert_int_equal(answer.error, -EINVAL);
	answer = append(fixture->ledger, "lot.received", json_object());
	assert_int_equal(answer.error, -EINVAL);
	assert_non_null(strstr(answer.text, "lot"));
	answer = append(fixture->ledger, "station.stopped", json_object());
	assert_int_equal(answer.seq, 1);
	assert_true(ledger_healthy(fixture->ledger));
}

static void test_second_daemon_is_refused(void **state)
{
	Fixture *fixture = *state;
	LedgerOptions options = { .path = fixture->path, .station = "clinic/one", .clock = &fake_clock };
	Ledger *second = NULL;
	LedgerInfo info;
	char error[LEDGER_TEXT_MAX];

	assert_int_equal(ledger_open(&options, &second, &info, error), -EWOULDBLOCK);
	assert_non_null(strstr(error, "another daemon"));
}

static void test_records_cannot_be_changed(void **state)
{
	Fixture *fixture = *state;
	sqlite3 *db = NULL;

	append(fixture->ledger, "station.stopped", json_object());
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_not_equal(sqlite3_exec(db, "UPDATE record SET kind = 'x'", NULL, NULL, NULL), SQLITE_OK);
	assert_int_not_equal(sqlite3_exec(db, "DELETE FROM record", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void test_a_needle_is_claimed_once(void **state)
{
	Fixture *fixture = *state;
	LedgerAnswer answer =
		append(fixture->ledger, "needle.claimed", claim("(01)04012345678901(21)A", "L1", 1));

	assert_int_equal(answer.error, -ENOENT);
	assert_int_equal(append(fixture->ledger, "lot.received", lot("L1", 2, "2027-01-01")).error, 0);
	assert_int_equal(append(fixture->ledger, "lot.received", lot("L1", 2, "2027-01-01")).error, -EEXIST);
	assert_int_equal(
		append(fixture->ledger, "needle.claimed", claim("(01)04012345678901(21)A", "L1", 1)).error,
		0);
	answer = append(fixture->ledger, "needle.claimed", claim("(01)04012345678901(21)A", "L1", 2));
	assert_int_equal(answer.error, -EEXIST);
	assert_string_equal(answer.text,
		"cartridge (01)04012345678901(21)A was used on 2026-03-02 in session 1: open a new one");
	assert_int_equal(
		append(fixture->ledger, "needle.claimed", claim("(01)04012345678901(21)B", "L1", 2)).error,
		0);
	answer = append(fixture->ledger, "needle.claimed", claim("(01)04012345678901(21)C", "L1", 2));
	assert_int_equal(answer.error, -EEXIST); /* only two were received */
	assert_int_equal(append(fixture->ledger, "lot.received", lot("OLD", 2, "2026-03-01")).error, 0);
	assert_int_equal(
		append(fixture->ledger, "needle.claimed", claim("(01)04012345678901(21)D", "OLD", 2)).error,
		-ESTALE);
	assert_int_equal(append(fixture->ledger, "lot.received", lot("DAY", 2, "2026-03-02")).error, 0);
	assert_int_equal(
		append(fixture->ledger, "needle.claimed", claim("(01)04012345678901(21)E", "DAY", 2)).error,
		0);
}

static void test_a_chip_is_claimed_once(void **state)
{
	Fixture *fixture = *state;
	json_t *first = claim("(01)04012345678901(21)A", "L1", 1),
	       *second = claim("(01)04012345678901(21)B", "L1", 1);

	json_object_set_new(first, "chip", json_string("aa01"));
	json_object_set_new(second, "chip", json_string("aa01"));
	append(fixture->ledger, "lot.received", lot("L1", 9, "2027-01-01"));
	assert_int_equal(append(fixture->ledger, "needle.claimed", first).error, 0);
	assert_int_equal(append(fixture->ledger, "needle.claimed", second).error, -EEXIST);
}

static void test_a_lot_without_serials_is_counted(void **state)
{
	Fixture *fixture = *state;
	LedgerAnswer answers[5];
	int won = 0;

	append(fixture->ledger, "lot.received", lot("L9", 3, "2027-01-01"));
	for (int i = 0; i < 5; i++) {
		json_t *body = claim("(01)04012345678901(10)L9", "L9", i);
		LedgerRecord record = { .kind = "needle.claimed", .actor = "b1", .body = body };

		assert_int_equal(ledger_append(fixture->ledger, &record, keep_answer, &answers[i]), 0);
		json_decref(body);
	}
	serve(fixture->ledger);
	for (int i = 0; i < 5; i++)
		won += answers[i].error == 0;
	assert_int_equal(won, 3);
	assert_string_equal(answers[2].detail, "(01)04012345678901(10)L9#3");
	assert_non_null(strstr(answers[4].text, "have been used"));
}

static void test_personal_data_stays_out_of_the_leaf(void **state)
{
	Fixture *fixture = *state;
	json_t *body = json_pack("{s:s, s:[s]}", "badge", "b7", "roles", "technician");
	json_t *personal = json_pack("{s:s, s:s}", "name", "Ada Secret", "pin", "$y$hash"), *rows;
	LedgerRecord record = {
		.kind = "operator.enrolled", .actor = "station", .body = body, .personal = personal
	};
	LedgerAnswer answer;
	char *text;

	assert_int_equal(ledger_append(fixture->ledger, &record, keep_answer, &answer), 0);
	json_decref(body);
	json_decref(personal);
	serve(fixture->ledger);
	assert_int_equal(answer.error, 0);
	rows = look_up(fixture->ledger, "records", json_object());
	text = json_dumps(rows, 0);
	assert_null(strstr(text, "Secret"));
	free(text);
	json_decref(rows);
	rows = look_up(fixture->ledger, "operator", json_pack("{s:s}", "badge", "b7"));
	assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "pin")), "$y$hash");
	json_decref(rows);
}

static char *dump_projections(Ledger *ledger)
{
	static const char *const names[] = { "lots", "needles", "sessions", "operators" };
	json_t *all = json_array();
	char *text;

	for (size_t i = 0; i < ELEMENTS(names); i++)
		json_array_append_new(all, look_up(ledger, names[i], json_object()));
	text = json_dumps(all, JSON_SORT_KEYS);
	json_decref(all);
	return text;
}

static void test_projections_can_be_rebuilt(void **state)
{
	Fixture *fixture = *state;
	_cleanup_(freep) char *before = NULL, *after = NULL;
	sqlite3 *db = NULL;

	append(fixture->ledger, "lot.received", lot("L1", 9, "2027-01-01"));
	append(fixture->ledger, "session.begun",
		json_pack("{s:i,s:s,s:s,s:i}", "session", 1, "subject", "p1", "protocol", "x",
			"course_session", 1));
	append(fixture->ledger, "needle.claimed", claim("(01)04012345678901(10)L1", "L1", 1));
	append(fixture->ledger, "needle.claimed", claim("(01)04012345678901(10)L1", "L1", 1));
	append(fixture->ledger, "session.signed", json_pack("{s:i,s:s}", "session", 1, "meaning", "done"));
	before = dump_projections(fixture->ledger);
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(projection_rebuild(db), 0);
	sqlite3_close(db);
	after = dump_projections(fixture->ledger);
	assert_string_equal(before, after);
}

static void test_unknown_schema_is_refused(void **state)
{
	Fixture *fixture = *state;
	sqlite3 *db = NULL;

	fixture->ledger = ledger_free(fixture->ledger);
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version=99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(open_fixture(fixture), -EPROTO);
	assert_non_null(strstr(fixture->error, "99"));
}

static void test_damage_is_noticed(void **state)
{
	Fixture *fixture = *state;
	FILE *file;

	fixture->ledger = ledger_free(fixture->ledger);
	file = fopen(fixture->path, "w");
	fputs("this was a ledger once, and now it is only text that says so, which is long enough to be looked at",
		file);
	fclose(file);
	assert_int_equal(open_fixture(fixture), -EUCLEAN);
	assert_non_null(strstr(fixture->error, "damaged"));
}

static void test_a_full_disk_loses_nothing(void **state)
{
	Fixture *fixture = *state;
	struct rlimit old, small;
	uint64_t acknowledged = 0;
	LedgerAnswer answer = { 0 };
	json_t *rows;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small = (struct rlimit){ .rlim_cur = 300000, .rlim_max = old.rlim_max };
	setrlimit(RLIMIT_FSIZE, &small);
	for (int i = 0; i < 1000 && answer.error == 0; i++) {
		answer = append(fixture->ledger, "alert.raised",
			json_pack("{s:s,s:s}", "alert", "a", "text", "filling"));
		if (answer.error == 0)
			acknowledged = answer.seq;
	}
	assert_int_equal(answer.error, -ENOSPC);
	assert_false(ledger_healthy(fixture->ledger));
	setrlimit(RLIMIT_FSIZE, &old);
	answer = append(fixture->ledger, "station.stopped", json_object());
	assert_int_equal(answer.error, 0);
	assert_int_equal(answer.seq, acknowledged + 1);
	assert_true(ledger_healthy(fixture->ledger));
	rows = look_up(fixture->ledger, "records", json_pack("{s:I}", "after", (json_int_t)acknowledged - 1));
	assert_int_equal(json_array_size(rows), 2);
	json_decref(rows);
}

/* ---- kill -9 ---- */

static void tell_parent(void *userdata, const LedgerAnswer *answer)
{
	int fd = *(int *)userdata;

	if (answer->error == 0 && write(fd, &answer->seq, sizeof answer->seq) < 0)
		_exit(1);
}

static void child_appends(Fixture *fixture, int fd, int round)
{
	if (open_fixture(fixture) < 0)
		_exit(2);
	for (int i = 0;; i++) {
		char unit[64];
		json_t *body;
		LedgerRecord record = { .kind = "needle.claimed", .actor = "b1" };

		snprintf(unit, sizeof unit, "(01)04012345678901(21)R%d-%d", round, i);
		record.body = body = claim(unit, "BIG", round + 1);
		if (ledger_append(fixture->ledger, &record, tell_parent, &fd) < 0)
			serve(fixture->ledger);
		json_decref(body);
		if (i % 7 == 0)
			serve(fixture->ledger);
	}
}

static void test_kill_keeps_what_was_acknowledged(void **state)
{
	Fixture *fixture = *state;
	uint64_t newest = 1;

	append(fixture->ledger, "lot.received", lot("BIG", 100000, "2027-01-01"));
	fixture->ledger = ledger_free(fixture->ledger);
	for (int round = 0; round < 20; round++) {
		int pipes[2], status;
		uint64_t seq;
		pid_t child;

		assert_int_equal(pipe(pipes), 0);
		child = fork();
		if (child == 0) {
			close(pipes[0]);
			child_appends(fixture, pipes[1], round);
		}
		close(pipes[1]);
		for (int i = 0; i < 10 + round * 3 && read(pipes[0], &seq, sizeof seq) == sizeof seq; i++)
			newest = seq;
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		while (read(pipes[0], &seq, sizeof seq) == sizeof seq)
			newest = seq;
		close(pipes[0]);
		assert_int_equal(open_fixture(fixture), 0);
		assert_true(fixture->info.newest_seq >= newest);
		fixture->ledger = ledger_free(fixture->ledger);
	}
}

static void test_streams_write_lines(void **state)
{
	Fixture *fixture = *state;
	json_t *arguments = json_object();
	LedgerAnswer answer = { .error = 1 };
	char line[4096];
	int pipes[2], lines = 0;
	FILE *reader;

	for (int i = 0; i < 50; i++)
		append(fixture->ledger, "station.stopped", json_object());
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(
		ledger_stream(fixture->ledger, "records", arguments, pipes[1], keep_answer, &answer), 0);
	json_decref(arguments);
	reader = fdopen(pipes[0], "r");
	while (fgets(line, sizeof line, reader)) {
		json_t *row = json_loads(line, 0, NULL);

		assert_int_equal(json_integer_value(json_object_get(row, "seq")), ++lines);
		json_decref(row);
	}
	fclose(reader);
	assert_int_equal(lines, 50);
	while (answer.error == 1)
		ledger_dispatch(fixture->ledger);
	assert_int_equal(answer.error, 0);
	assert_int_equal(answer.seq, 50);
}

#define LEDGER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_records_are_numbered_and_kept),
		LEDGER_TEST(test_bad_records_are_refused_alone),
		LEDGER_TEST(test_second_daemon_is_refused),
		LEDGER_TEST(test_records_cannot_be_changed),
		LEDGER_TEST(test_a_needle_is_claimed_once),
		LEDGER_TEST(test_a_chip_is_claimed_once),
		LEDGER_TEST(test_a_lot_without_serials_is_counted),
		LEDGER_TEST(test_personal_data_stays_out_of_the_leaf),
		LEDGER_TEST(test_projections_can_be_rebuilt),
		LEDGER_TEST(test_unknown_schema_is_refused),
		LEDGER_TEST(test_damage_is_noticed),
		LEDGER_TEST(test_a_full_disk_loses_nothing),
		LEDGER_TEST(test_kill_keeps_what_was_acknowledged),
		LEDGER_TEST(test_streams_write_lines),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
