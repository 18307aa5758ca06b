/* SPDX-License-Identifier: Apache-2.0 */

/** What the ledger answers: named queries and their arguments, copies read without a daemon, stored bytes. */

#include "ledger-fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "util/file.h"

static void append_ok(Ledger *ledger, const char *kind, json_t *body)
{
	LedgerAnswer answer = append(ledger, kind, body);

	if (answer.error < 0)
		fail_msg("%s: %s", kind, answer.text);
}

/** One session of each outcome, with a needle each. */
static void tell_story(Ledger *ledger)
{
	static const char *const subjects[] = { "p1", "p2", "p1" };
	char unit[64];

	append_ok(ledger, "lot.received", lot("L1", 9, "2027-01-01"));
	for (int i = 1; i <= 3; i++) {
		fake_utc_us += USEC_PER_DAY;
		append_ok(ledger, "session.begun",
			json_pack("{s:i,s:s,s:s,s:i}", "session", i, "subject", subjects[i - 1], "protocol",
				"x", "course_session", 1));
		snprintf(unit, sizeof unit, "(01)04012345678901(21)S%d", i);
		append_ok(ledger, "needle.claimed", claim(unit, "L1", i));
		if (i < 3)
			append_ok(ledger, "strokes",
				json_pack("{s:i,s:s,s:s,s:i,s:i,s:s,s:s}", "session", i, "zone", "crown",
					"unit", unit, "strokes", 7, "dots", 2, "encoding", "e", "sha256",
					"0"));
	}
	append_ok(ledger, "session.signed", json_pack("{s:i,s:s}", "session", 1, "meaning", "done"));
	append_ok(ledger, "session.interrupted", json_pack("{s:i}", "session", 2));
	append_ok(ledger, "zone.statistics",
		json_pack("{s:i,s:s,s:i,s:i,s:f}", "session", 1, "zone", "crown", "dots", 2, "strokes", 7,
			"density", 9.5));
	append_ok(ledger, "fault.latched", json_pack("{s:i,s:s}", "session", 2, "cause", "emergency-stop"));
	append_ok(ledger, "operator.signed-in", json_pack("{s:s}", "badge", "b1"));
}

static void expect_rows(Ledger *ledger, const char *query, json_t *arguments, size_t n)
{
	json_t *rows = look_up(ledger, query, arguments);

	if (json_array_size(rows) != n)
		fail_msg("query %s: %zu rows, not %zu", query, json_array_size(rows), n);
	json_decref(rows);
}

static void test_queries_answer_what_they_are_asked(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	tell_story(ledger);
	expect_rows(ledger, "needles", json_object(), 3);
	expect_rows(ledger, "needles", json_pack("{s:s}", "subject", "p1"), 2);
	expect_rows(ledger, "needles", json_pack("{s:s, s:i}", "lot", "L1", "session", 2), 1);
	expect_rows(ledger, "needles", json_pack("{s:s}", "session", "2"), 1); /* a number as text */
	expect_rows(ledger, "needles", json_pack("{s:s}", "lot", "' OR 1 --"), 0);
	expect_rows(ledger, "sessions", json_pack("{s:i}", "limit", 2), 2);
	expect_rows(ledger, "sessions", json_pack("{s:i}", "after", 2), 1);
	expect_rows(ledger, "session", json_pack("{s:i}", "session", 3), 1);
	/* one that was interrupted counts for the interval; one without a stroke does not */
	expect_rows(ledger, "treated", json_pack("{s:s}", "subject", "p2"), 1);
	expect_rows(ledger, "treated", json_pack("{s:s}", "subject", "p1"), 1);
	expect_rows(ledger, "subject", json_pack("{s:s}", "subject", "p1"), 2);
	expect_rows(ledger, "subject", json_pack("{s:s, s:i}", "subject", "p1", "after", 1), 1);
	expect_rows(ledger, "subject", json_pack("{s:s, s:i}", "subject", "p1", "limit", 1), 1);
	expect_rows(ledger, "subject", json_pack("{s:s, s:s}", "subject", "p1", "from", "2999-01-01"), 0);
	expect_rows(ledger, "sessions", json_pack("{s:s, s:s}", "from", "2026-03-01", "to", "2026-03-01"), 0);
	expect_rows(ledger, "recall", json_pack("{s:s}", "lot", "no such"), 0);
	expect_rows(ledger, "timeline", json_pack("{s:i}", "session", 2), 4);
	expect_rows(ledger, "strokes", json_pack("{s:i}", "session", 2), 1);
	expect_rows(ledger, "zones", json_pack("{s:i}", "session", 1), 1);
	expect_rows(ledger, "faults", json_pack("{s:i}", "session", 2), 1);
	expect_rows(ledger, "sign-ins", json_object(), 1);
	expect_rows(ledger, "lots", json_object(), 1);
	expect_rows(ledger, "stock", json_object(), 1);
	expect_rows(ledger, "records", json_pack("{s:s}", "kind", "strokes"), 2);
	expect_rows(ledger, "outbox", json_pack("{s:i, s:i}", "after", 0, "limit", 4), 4);
	expect_rows(ledger, "waiting", json_pack("{s:i}", "after", 0), 1);
}

static void test_times_bound_a_query(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	fake_utc_us =
		1772445600LL * USEC_PER_SEC; /* 2026-03-02T10:00:00Z; the sessions are on the days after */
	tell_story(ledger);
	expect_rows(ledger, "sessions", json_pack("{s:s}", "from", "2026-03-04"), 2);
	expect_rows(ledger, "sessions", json_pack("{s:s}", "to", "2026-03-04"), 2); /* includes its day */
	expect_rows(ledger, "sessions", json_pack("{s:s}", "to", "2026-03-04T10:00:00Z"), 1);
	expect_rows(ledger, "sessions", json_pack("{s:s}", "from", "2026-03-04T12:00:00+02:00"), 2);
	expect_rows(ledger, "sessions", json_pack("{s:s}", "from", "2026-03-04T12:00:00.5+02:00"), 1);
	expect_rows(ledger, "sessions", json_pack("{s:s, s:s}", "from", "2026-03-04", "to", "2026-03-04"), 1);
}

/** Days of records overlap when the clock is set back; a question about a day finds all of it. */
static void test_times_of_records_when_the_clock_was_set_back(void **state)
{
	static const int days[] = { 5, 6, 3, 6, 7 };
	Fixture *fixture = *state;

	for (size_t i = 0; i < ELEMENTS(days); i++) {
		fake_utc_us = 1772445600LL * USEC_PER_SEC + days[i] * USEC_PER_DAY;
		append_ok(fixture->ledger, "operator.signed-in", json_pack("{s:s}", "badge", "b1"));
	}
	expect_rows(fixture->ledger, "records",
		json_pack("{s:s, s:s}", "from", "2026-03-08", "to", "2026-03-08"), 2);
	expect_rows(fixture->ledger, "records",
		json_pack("{s:s, s:s}", "from", "2026-03-05", "to", "2026-03-05"), 1);
	expect_rows(fixture->ledger, "records", json_pack("{s:s}", "from", "2026-03-08"), 3);
	expect_rows(fixture->ledger, "sign-ins", json_pack("{s:s}", "to", "2026-03-07"), 2);
	expect_rows(fixture->ledger, "records", json_pack("{s:s}", "from", "2026-03-10"), 0);
	expect_rows(fixture->ledger, "records", json_pack("{s:s}", "to", "2026-03-01"), 0);
}

/** A program that knows SQLite only; the functions that the ledger adds must not be needed. */
static void test_views_are_for_any_program(void **state)
{
	Fixture *fixture = *state;
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *views = NULL;
	int n = 0;

	tell_story(fixture->ledger);
	assert_int_equal(sqlite3_open_v2(fixture->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(
				 db, "SELECT name FROM sqlite_master WHERE type = 'view'", -1, &views, NULL),
		SQLITE_OK);
	for (; sqlite3_step(views) == SQLITE_ROW; n++) {
		_cleanup_(sqlite3_finalizep) sqlite3_stmt *rows = NULL;
		char sql[128];

		snprintf(sql, sizeof sql, "SELECT * FROM %s", (const char *)sqlite3_column_text(views, 0));
		assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &rows, NULL), SQLITE_OK);
		assert_int_not_equal(sqlite3_step(rows), SQLITE_ERROR);
	}
	assert_true(n >= 8);
}

static void keep_error(void *userdata, int error, json_t *rows)
{
	assert_null(rows);
	*(int *)userdata = error;
}

static void expect_turned_round(Ledger *ledger)
{
	json_t *arguments = json_pack("{s:s, s:s}", "from", "2026-03-02", "to", "2026-03-01");
	int error = 0;

	assert_int_equal(ledger_lookup(ledger, "records", arguments, keep_error, &error), 0);
	json_decref(arguments);
	serve(ledger);
	assert_int_equal(error, -EINVAL);
}

static void test_bad_arguments_are_refused(void **state)
{
	static const struct {
		const char *query, *name, *value;
	} bad[] = {
		{ "records", "nonsense", "1" },
		{ "records", "limit", "many" },
		{ "records", "after", "-1x" },
		{ "records", "from", "yesterday" },
		{ "records", "from", "2026-02-31" },
		{ "records", "from", "2026-03-02T10:00:00" },
		{ "records", "from", "2026-03-02T10:00:00Zulu" },
		{ "records", "from", "2026-03-02T10:00:00+2" },
		{ "session", "limit", "1" },
		{ "session", "session", "" },
		{ "operators", "unit", "b1" },
	};
	Fixture *fixture = *state;
	json_t *none = json_object();

	for (size_t i = 0; i < ELEMENTS(bad); i++) {
		json_t *arguments = json_pack("{s:s}", bad[i].name, bad[i].value);
		int error = 0;

		assert_int_equal(
			ledger_lookup(fixture->ledger, bad[i].query, arguments, keep_error, &error), 0);
		json_decref(arguments);
		serve(fixture->ledger);
		if (error != -EINVAL)
			fail_msg("%s %s=%s was taken", bad[i].query, bad[i].name, bad[i].value);
	}
	expect_turned_round(fixture->ledger);
	assert_int_equal(ledger_lookup(fixture->ledger, "no-such", none, keep_error, NULL), -EINVAL);
	assert_int_equal(ledger_stream(fixture->ledger, "operator", none, dup(0), NULL, NULL), -EINVAL);
	json_decref(none);
	for (const char *const *name = ledger_query_names(); *name; name++)
		assert_string_not_equal(*name, "operator");
}

/* ---- a copy ---- */

static void copy_file(const char *from, const char *folder, const char *name)
{
	_cleanup_(freep) char *data = NULL;
	size_t size;

	assert_int_equal(file_read(from, 1 << 24, &data, &size), 0);
	assert_int_equal(file_write_atomic(folder, name, data, size), 0);
}

static Ledger *open_copy(const char *path)
{
	LedgerOptions options = { .path = path, .read_only = true };
	Ledger *ledger = NULL;
	LedgerInfo info;
	Error error;

	if (ledger_open(&options, &ledger, &info, &error) < 0)
		fail_msg("%s", error.text);
	return ledger;
}

static void check_copy(const char *path, size_t records)
{
	_cleanup_(ledger_freep) Ledger *copy = open_copy(path);
	json_t *arguments = json_object(), *rows = NULL;
	LedgerRecord record = { .kind = "station.stopped", .actor = "b1", .body = arguments };
	Error error;
	char byte;
	uint64_t streamed = 0, lines = 0;
	int pipes[2];

	assert_int_equal(ledger_lookup_now(copy, "records", arguments, &rows, &error), 0);
	assert_int_equal(json_array_size(rows), records);
	json_decref(rows);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(ledger_stream_now(copy, "records", arguments, pipes[1], &streamed, &error), 0);
	close(pipes[1]);
	while (read(pipes[0], &byte, 1) == 1)
		lines += byte == '\n';
	close(pipes[0]);
	assert_int_equal(streamed, records);
	assert_int_equal(lines, records);
	assert_int_equal(ledger_append(copy, &record, NULL, NULL), -EROFS);
	assert_int_equal(ledger_lookup_now(copy, "no-such", arguments, &rows, &error), -EINVAL);
	assert_int_equal(ledger_stream_now(copy, "operator", arguments, 0, &streamed, &error), -EINVAL);
	json_decref(arguments);
}

static void test_copies_are_read_without_a_daemon(void **state)
{
	Fixture *fixture = *state;
	char folder[96], wal[128], lone[128], wal_copy[160];
	struct stat status;

	snprintf(folder, sizeof folder, "%s/copy", fixture->folder);
	snprintf(wal, sizeof wal, "%s-wal", fixture->path);
	snprintf(lone, sizeof lone, "%s/odd?name#1%%.db", folder);
	snprintf(wal_copy, sizeof wal_copy, "%s-wal", lone);
	assert_int_equal(file_make_folders(folder), 0);
	for (int i = 0; i < 4; i++)
		append_ok(fixture->ledger, "station.stopped", json_object());
	/* beside the daemon, and a copy with its log */
	check_copy(fixture->path, 4);
	copy_file(fixture->path, folder, "odd?name#1%.db");
	copy_file(wal, folder, "odd?name#1%.db-wal");
	check_copy(lone, 4);
	unlink(wal_copy);
	snprintf(wal_copy, sizeof wal_copy, "%s-shm", lone);
	unlink(wal_copy);
	/* a lone copy of a file that was closed */
	fixture->ledger = ledger_free(fixture->ledger);
	copy_file(fixture->path, folder, "odd?name#1%.db");
	chmod(folder, 0500);
	check_copy(lone, 4);
	snprintf(wal_copy, sizeof wal_copy, "%s-wal", lone);
	assert_int_not_equal(stat(wal_copy, &status), 0); /* nothing was left beside it */
	chmod(folder, 0700);
	unlink(lone);
	rmdir(folder);
}

static int ask_copy(Ledger *copy, const char *query, json_t *arguments, Error *error)
{
	int r, fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	uint64_t rows = 1;

	*error = (Error){ 0 };
	r = ledger_stream_now(copy, query, arguments, fd, &rows, error);
	assert_true(r < 0 || rows == 0);
	close(fd);
	json_decref(arguments);
	return r;
}

static void test_what_is_nowhere_on_record_is_no_empty_answer(void **state)
{
	static const struct {
		const char *query, *argument, *known; /* known: to the story; NULL: it has none */
	} asked[] = {
		{ "recall", "lot", "L1" },
		{ "timeline", "session", "1" },
		{ "sessions", "subject", "p1" },
		{ "unit", "unit", NULL },
		{ "blends", "blend", NULL },
		{ "indicators", "sterilizer", NULL },
		{ "sessions", "operator", NULL },
		{ "certifications", "badge", NULL },
	};
	Fixture *fixture = *state;
	_cleanup_(ledger_freep) Ledger *copy = NULL;
	Error error;

	tell_story(fixture->ledger);
	copy = open_copy(fixture->path);
	for (size_t i = 0; i < ELEMENTS(asked); i++) {
		assert_int_equal(
			ask_copy(copy, asked[i].query, json_pack("{s:s}", asked[i].argument, "999"), &error),
			-ENOENT);
		assert_non_null(strstr(error.text, "\"999\" is not on record"));
		if (asked[i].known)
			assert_int_equal(ask_copy(copy, asked[i].query,
						 json_pack("{s:s, s:s}", asked[i].argument, asked[i].known,
							 "to", "2001-01-01"),
						 &error),
				0);
	}
	assert_int_equal(ask_copy(copy, "indicators", json_pack("{s:s}", "lot", "L1"), &error), 0);
	assert_int_equal(ask_copy(copy, "timeline", json_pack("{s:i}", "session", 999), &error), -ENOENT);
	assert_int_equal(ask_copy(copy, "faults", json_pack("{s:s}", "to", "2001-01-01"), &error), 0);
}

static void test_a_missing_copy_is_named(void **state)
{
	LedgerOptions options = { .path = "no-such-folder/ledger.db", .read_only = true };
	Ledger *ledger = NULL;
	LedgerInfo info;
	Error error;

	assert_int_equal(ledger_open(&options, &ledger, &info, &error), -ENOENT);
	assert_non_null(strstr(error.text, "no-such-folder"));
	options.path = ":memory:";
	assert_int_equal(ledger_open(&options, &ledger, &info, &error), -EINVAL);
}

/* ---- the stored bytes ---- */

static void check_leaf(sqlite3_stmt *row)
{
	const char *leaf = sqlite3_column_blob(row, 0);
	size_t size = (size_t)sqlite3_column_bytes(row, 0);
	json_t *tree = json_loadb(leaf, size, 0, NULL);
	char *canonical = json_dumps(tree, LEDGER_JSON);
	uint8_t hash[DIGEST_BYTES];
	DigestPart parts[2] = { { "\0", 1 }, { leaf, size } };

	assert_non_null(canonical);
	assert_int_equal(strlen(canonical), size);
	assert_memory_equal(canonical, leaf, size);
	assert_string_equal(json_string_value(json_object_get(tree, "station")), "clinic/one");
	digest_compute(parts, 2, hash);
	assert_memory_equal(hash, sqlite3_column_blob(row, 1), DIGEST_BYTES);
	free(canonical);
	json_decref(tree);
}

static void test_leaves_are_canonical_and_hashed(void **state)
{
	Fixture *fixture = *state;
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *rows = NULL;
	json_t *body =
		json_pack("{s:s,s:s,s:f}", "alert", "\"quoted\\\" \xc3\xa9", "text", "two\nlines", "x", 0.1);
	LedgerRecord record = { .kind = "alert.raised", .actor = "b \"1\"", .body = body };
	LedgerAnswer answer;
	int n = 0;

	tell_story(fixture->ledger);
	assert_int_equal(ledger_append(fixture->ledger, &record, keep_answer, &answer), 0);
	json_decref(body);
	serve(fixture->ledger);
	assert_int_equal(answer.error, 0);
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT leaf, hash FROM record", -1, &rows, NULL), SQLITE_OK);
	while (sqlite3_step(rows) == SQLITE_ROW) {
		check_leaf(rows);
		n++;
	}
	assert_int_equal(n, answer.seq);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_queries_answer_what_they_are_asked),
		LEDGER_TEST(test_times_bound_a_query),
		LEDGER_TEST(test_times_of_records_when_the_clock_was_set_back),
		LEDGER_TEST(test_views_are_for_any_program),
		LEDGER_TEST(test_bad_arguments_are_refused),
		LEDGER_TEST(test_copies_are_read_without_a_daemon),
		LEDGER_TEST(test_what_is_nowhere_on_record_is_no_empty_answer),
		LEDGER_TEST(test_a_missing_copy_is_named),
		LEDGER_TEST(test_leaves_are_canonical_and_hashed),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
