/* SPDX-License-Identifier: Apache-2.0 */

/** The ledger through its API, on a real file: order, refusals, projections, damage. */

#include "ledger-fixture.h"
#include "ledger/sql.h"

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
	Error error;

	assert_int_equal(ledger_open(&options, &second, &info, &error), -EWOULDBLOCK);
	assert_non_null(strstr(error.text, "another daemon"));
}

static void test_records_cannot_be_changed(void **state)
{
	Fixture *fixture = *state;
	sqlite3 *db = NULL;

	append(fixture->ledger, "station.stopped", json_object());
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_not_equal(sqlite3_exec(db, "UPDATE record SET kind = 'x'", NULL, NULL, NULL), SQLITE_OK);
	assert_int_not_equal(sqlite3_exec(db, "DELETE FROM record", NULL, NULL, NULL), SQLITE_OK);
	assert_int_not_equal(
		sqlite3_exec(db,
			"PRAGMA recursive_triggers=ON; INSERT OR REPLACE INTO record(seq, kind, utc_us, published, leaf, hash) VALUES"
			"(1, 'x', 0, 0, x'', x'')",
			NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
}

static void test_a_needle_is_claimed_once(void **state)
{
	Fixture *fixture = *state;
	LedgerAnswer answer =
		append(fixture->ledger, "needle.claimed", claim("(01)04012345678901(21)A", "L1", 1));

	assert_int_equal(answer.error, -ENOENT);
	assert_int_equal(append(fixture->ledger, "lot.received", lot("L1", 2, "2027-01-01")).error, 0);
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

static void test_a_typed_lot_is_taken_when_it_is_plain_which(void **state)
{
	Fixture *fixture = *state;
	json_t *other = lot("L7", 3, "2027-01-01"), *odd = lot("A#1", 2, "2027-01-01");
	LedgerAnswer answer;

	append(fixture->ledger, "lot.received", lot("L7", 3, "2027-01-01"));
	append(fixture->ledger, "lot.received", odd);
	answer = append(fixture->ledger, "needle.claimed",
		json_pack("{s:i,s:s,s:s,s:s}", "session", 1, "unit", "(10)L7", "lot", "L7", "code", "L7"));
	assert_int_equal(answer.error, 0);
	assert_string_equal(answer.detail, "(10)L7#1");
	/* a lot may look as if it were numbered already */
	answer = append(fixture->ledger, "needle.claimed",
		json_pack("{s:i,s:s,s:s,s:s}", "session", 1, "unit", "(10)A#1", "lot", "A#1", "code", "A#1"));
	assert_string_equal(answer.detail, "(10)A#1#1");
	json_object_set_new(other, "gtin", json_string("04012345678918"));
	append(fixture->ledger, "lot.received", other);
	answer = append(fixture->ledger, "needle.claimed",
		json_pack("{s:i,s:s,s:s,s:s}", "session", 1, "unit", "(10)L7", "lot", "L7", "code", "L7"));
	assert_int_equal(answer.error, -ENOENT);
	assert_non_null(strstr(answer.text, "several products"));
}

static void test_expiry_never_goes_by_an_earlier_time(void **state)
{
	Fixture *fixture = *state;
	int64_t now = fake_utc_us;

	append(fixture->ledger, "lot.received", lot("L1", 9, "2026-03-10"));
	fake_utc_us = now + 20 * USEC_PER_DAY;
	append(fixture->ledger, "station.stopped", json_object());
	fake_utc_us = now; /* the clock was set back */
	assert_int_equal(
		append(fixture->ledger, "needle.claimed", claim("(01)04012345678901(21)A", "L1", 1)).error,
		-ESTALE);
	assert_int_equal(ledger_newest_utc(fixture->ledger), now + 20 * USEC_PER_DAY);
	fixture->ledger = ledger_free(fixture->ledger);
	assert_int_equal(open_fixture(fixture), 0);
	assert_true(fixture->info.clock_behind);
}

static void test_every_kind_is_found_and_checked(void **state)
{
	static const char *const bad[] = { "lot.received", "needle.claimed", "strokes", "session.state" };
	Error error = { 0 };
	json_t *wrong = lot("L1", 1, "next year"), *body = json_object();

	for (size_t i = 0; i < ELEMENTS(bad); i++) {
		assert_non_null(record_kind_find(bad[i]));
		assert_int_equal(record_kind_check(record_kind_find(bad[i]), body, &error), -EINVAL);
	}
	assert_null(record_kind_find("no.such"));
	assert_int_equal(record_kind_check(record_kind_find("lot.received"), wrong, &error), -EINVAL);
	assert_non_null(strstr(error.text, "expiry"));
	json_object_set_new(wrong, "expiry", json_string("2027-01-01"));
	json_object_set_new(wrong, "quantity", json_integer(-1));
	assert_int_equal(record_kind_check(record_kind_find("lot.received"), wrong, &error), -EINVAL);
	json_decref(wrong);
	json_decref(body);
}

static void test_a_figure_out_of_range_is_refused(void **state)
{
	static const struct {
		const char *field;
		double value;
		const char *says; /* NULL: it is within the range, or has none */
	} cases[] = {
		{ "temperature_c", -4, "temperature_c must be 0 to 220 C, not -4: check the figure" },
		{ "temperature_c", 273.2, "not 273.2" },
		{ "temperature_c", 0, NULL },
		{ "temperature_c", 220, NULL },
		{ "temperature_c", 220.01, "not 220.01" },
		{ "pressure_kpa", -101, NULL },
		{ "pressure_kpa", -313, "-101 to 1000 kPa" },
		{ "exposure_s", -1, "0 to 172800 s" },
		{ "dry_s", 172801, "0 to 172800 s" },
		{ "program", -1, NULL },
	};
	const RecordKind *kind = record_kind_find("cycle.recorded");
	Error error = { 0 };

	for (size_t i = 0; i < ELEMENTS(cases); i++) {
		json_auto_t *body = json_pack("{s:f}", cases[i].field, cases[i].value);
		int r = record_ranges_check(kind, body, &error);

		assert_int_equal(r, cases[i].says ? -EINVAL : 0);
		if (r < 0 && !strstr(error.text, cases[i].says))
			fail_msg("%s", error.text);
	}
}

static void test_a_figure_is_judged_when_it_is_new(void **state)
{
	Fixture *fixture = *state;
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	LedgerAnswer answer = append(fixture->ledger, "lot.received", lot("L1", 0, "2027-01-01"));
	json_t *many = lot("L1", 0, "2027-01-01");

	assert_int_equal(answer.error, -EINVAL);
	assert_string_equal(answer.text, "quantity must be 1 to 100000, not 0: check the figure");
	json_object_set_new(many, "quantity", json_string("99999999999999999999"));
	answer = append(fixture->ledger, "lot.received", many);
	assert_string_equal(
		answer.text, "quantity must be 1 to 100000, not \"99999999999999999999\": check the figure");
	append(fixture->ledger, "lot.received", lot("L1", 5, "2027-01-01"));
	/* of a time when nobody asked */
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				 "DROP TRIGGER record_no_update; UPDATE record SET leaf ="
				 " replace(CAST(leaf AS TEXT), '\"quantity\":5', '\"quantity\":0')",
				 NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(projection_rebuild(db), 0);
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

static void dump_table(FILE *dump, sqlite3 *db, const char *table)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *rows = NULL;
	char sql[128];
	int n = 0;

	snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY 1, 2", table);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &rows, NULL), SQLITE_OK);
	for (; sqlite3_step(rows) == SQLITE_ROW; n++)
		for (int c = 0; c < sqlite3_column_count(rows); c++)
			fprintf(dump, "%s.%s=%s\n", table, sqlite3_column_name(rows, c),
				(const char *)(sqlite3_column_text(rows, c)
						       ?: (const unsigned char *)"NULL"));
	if (n == 0)
		print_message("nothing in %s\n", table);
}

/** All projections, as text. */
static char *dump_projections(sqlite3 *db)
{
	char *text = NULL;
	size_t size;
	FILE *dump = open_memstream(&text, &size);

	for (const char *const *table = sql_tables; *table; table++)
		dump_table(dump, db, *table);
	fclose(dump);
	return text;
}

static json_t *in_session(json_t *body)
{
	json_object_set_new(body, "session", json_integer(1));
	return body;
}

static void fill_projections(Ledger *ledger)
{
	json_t *body = json_pack("{s:s, s:[s, s]}", "badge", "b7", "roles", "technician", "auditor");
	json_t *personal = json_pack("{s:s, s:s}", "name", "Ada", "pin", "$y$hash");
	LedgerRecord record = {
		.kind = "operator.enrolled", .actor = "b1", .body = body, .personal = personal
	};
	LedgerAnswer answer;

	assert_int_equal(ledger_append(ledger, &record, keep_answer, &answer), 0);
	json_decref(body);
	json_decref(personal);
	append(ledger, "lot.received", lot("L1", 9, "2027-01-01"));
	append(ledger, "session.begun",
		in_session(
			json_pack("{s:s,s:s,s:i}", "subject", "p1", "protocol", "x", "course_session", 1)));
	append(ledger, "needle.claimed", claim("(01)04012345678901(10)L1", "L1", 1));
	append(ledger, "needle.claimed", claim("(01)04012345678901(10)L1", "L1", 1));
	append(ledger, "pigment.loaded",
		in_session(json_pack("{s:s,s:s,s:s,s:s}", "brand", "b", "colour", "c", "lot", "P", "expiry",
			"2027-01-01")));
	append(ledger, "image.captured",
		in_session(json_pack("{s:s,s:s,s:s,s:s,s:f}", "zone", "crown", "phase", "before", "file", "f",
			"sha256", "0", "focus", 0.1 + 0.2)));
	for (int i = 0; i < 2; i++) {
		append(ledger, "strokes",
			in_session(json_pack("{s:s,s:s,s:i,s:i,s:s,s:s}", "zone", "crown", "unit", "u",
				"strokes", 7, "dots", 2, "encoding", "e", "sha256", "0")));
		append(ledger, "zone.statistics",
			in_session(json_pack(
				"{s:s,s:i,s:i}", "zone", "crown", "dots", 2 * i, "strokes", 7 * i)));
	}
	append(ledger, "needle.removed",
		in_session(json_pack("{s:s,s:i,s:i,s:s}", "unit", "(01)04012345678901(10)L1#1", "strokes", 14,
			"dots", 4, "reason", "worn")));
	append(ledger, "session.signed", in_session(json_pack("{s:s}", "meaning", "done")));
}

static void test_projections_can_be_rebuilt(void **state)
{
	Fixture *fixture = *state;
	_cleanup_(freep) char *before = NULL, *after = NULL;
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;

	fill_projections(fixture->ledger);
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	before = dump_projections(db);
	assert_non_null(strstr(before, "unit.unit=(01)04012345678901(10)L1#2\n"));
	assert_non_null(strstr(before, "operator.roles=[\"technician\",\"auditor\"]\n"));
	assert_int_equal(
		sqlite3_exec(db, "DELETE FROM unit; UPDATE lot SET used = 7", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(projection_rebuild(db), 0);
	after = dump_projections(db);
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
	assert_non_null(strstr(fixture->error.text, "99"));
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
	assert_non_null(strstr(fixture->error.text, "damaged"));
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
		LEDGER_TEST(test_a_typed_lot_is_taken_when_it_is_plain_which),
		LEDGER_TEST(test_expiry_never_goes_by_an_earlier_time),
		LEDGER_TEST(test_every_kind_is_found_and_checked),
		cmocka_unit_test(test_a_figure_out_of_range_is_refused),
		LEDGER_TEST(test_a_figure_is_judged_when_it_is_new),
		LEDGER_TEST(test_personal_data_stays_out_of_the_leaf),
		LEDGER_TEST(test_projections_can_be_rebuilt),
		LEDGER_TEST(test_unknown_schema_is_refused),
		LEDGER_TEST(test_damage_is_noticed),
		LEDGER_TEST(test_streams_write_lines),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
