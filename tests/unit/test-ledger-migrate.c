/* SPDX-License-Identifier: Apache-2.0 */

/** A ledger of an older version is brought to the newest version with its records intact. */

#include "ledger-fixture.h"

#include "ledger/sql.h"
#include "ledger/copy.h"
#include "ledger/reader.h"
#include "ledger/verify.h"
#include "util/digest.h"

enum { STATES = 600 };

#define DAMAGED      "(01)04012345678901(21)A9"
#define UNIT(number) "(01)04012345678901(10)L1#" #number

static void run_sql(sqlite3 *db, const char *sql)
{
	char *error = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", sql, error);
}

static void append_chunk(Ledger *ledger, int session, const char *unit, int strokes, int dots)
{
	static const char data[] = "chunk";
	char digest[DIGEST_HEX_MAX];
	json_auto_t *body = NULL;

	digest_hex((const uint8_t *)data, sizeof data, digest);
	body = json_pack("{s:i, s:s, s:s, s:i, s:i, s:s, s:s}", "session", session, "zone", "crown", "unit",
		unit, "strokes", strokes, "dots", dots, "encoding", "stroke-delta-1", "sha256", digest);
	assert_int_equal(ledger_append(ledger,
				 &(LedgerRecord){ .kind = "strokes",
					 .actor = "station",
					 .body = body,
					 .attachment = data,
					 .attachment_size = sizeof data },
				 NULL, NULL),
		0);
	serve(ledger);
}

static void append_removal(Ledger *ledger, int session, const char *unit, int strokes, int dots)
{
	append(ledger, "needle.removed",
		json_pack("{s:i, s:s, s:i, s:i, s:s}", "session", session, "unit", unit, "strokes", strokes,
			"dots", dots, "reason", "dull"));
}

/** A session that a power cut ended, with a cartridge that was changed, and one that was put back. */
static void interrupt(Ledger *ledger)
{
	append(ledger, "session.begun",
		json_pack("{s:i, s:s, s:s, s:i}", "session", 2, "subject", "P-2", "protocol", "p",
			"course_session", 1));
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			append(ledger, "needle.claimed", claim("(01)04012345678901(10)L1", "L1", 2)).error,
			0);
	append_chunk(ledger, 2, UNIT(6), 40, 4);
	append_removal(ledger, 2, UNIT(6), 40, 4);
	append_chunk(ledger, 2, UNIT(7), 50, 5);
	append_removal(ledger, 2, UNIT(7), 50, 5);
	append(ledger, "needle.reseated",
		json_pack("{s:i, s:s, s:i}", "session", 2, "unit", UNIT(7), "away_s", 9));
	append_chunk(ledger, 2, UNIT(7), 30, 3);
	append_removal(ledger, 2, UNIT(7), 80, 8);
	append(ledger, "needle.reseated",
		json_pack("{s:i, s:s, s:i}", "session", 2, "unit", UNIT(7), "away_s", 9));
	append_chunk(ledger, 2, UNIT(7), 7, 1);
	append_chunk(ledger, 2, UNIT(8), 100, 10);
	append_chunk(ledger, 2, UNIT(8), 11, 0);
	append(ledger, "session.interrupted", json_pack("{s:i}", "session", 2));
}

/** What is known of that cartridge, "state strokes dots removed". */
static void expect_unit(Fixture *fixture, const char *unit, const char *expected)
{
	json_auto_t *rows = look_up(fixture->ledger, "unit", json_pack("{s:s}", "unit", unit));
	json_t *row = json_array_get(rows, 0);
	char known[64];

	snprintf(known, sizeof known, "%s %lld %lld %s", json_string_value(json_object_get(row, "state")),
		json_integer_value(json_object_get(row, "strokes")),
		json_integer_value(json_object_get(row, "dots")),
		json_is_null(json_object_get(row, "removed")) ? "still there" : "removed");
	assert_string_equal(known, expected);
}

static void expect_interruption(Fixture *fixture)
{
	json_auto_t *rows = look_up(fixture->ledger, "session", json_pack("{s:i}", "session", 2));
	json_t *row = json_array_get(rows, 0);

	expect_unit(fixture, UNIT(6), "used 40 4 removed");
	expect_unit(fixture, UNIT(7), "interrupted 87 9 removed");
	expect_unit(fixture, UNIT(8), "interrupted 111 10 removed");
	assert_int_equal(json_integer_value(json_object_get(row, "needles")), 3);
	assert_int_equal(json_integer_value(json_object_get(row, "strokes")), 238);
}

/** Some of each kind that version 1 had. */
static void fill(Ledger *ledger)
{
	json_auto_t *personal = json_pack("{s:s, s:s}", "name", "Ada", "pin", "hash");
	json_auto_t *roles = json_pack("{s:s, s:[s]}", "badge", "b1", "roles", "technician");
	LedgerRecord enrolled = {
		.kind = "operator.enrolled", .actor = "b1", .body = roles, .personal = personal
	};

	assert_int_equal(ledger_append(ledger, &enrolled, NULL, NULL), 0);
	append(ledger, "lot.received", lot("L1", 20, "2099-01-01"));
	append(ledger, "session.begun",
		json_pack("{s:i, s:s, s:s, s:i}", "session", 1, "subject", "P-1", "protocol", "p",
			"course_session", 1));
	for (int i = 0; i < 5; i++)
		assert_int_equal(
			append(ledger, "needle.claimed", claim("(01)04012345678901(10)L1", "L1", 1)).error,
			0);
	for (int i = 0; i < STATES; i++)
		append(ledger, "session.state",
			json_pack("{s:i, s:s, s:s, s:s}", "session", 1, "from", "ready", "to", "working",
				"event", "x"));
	append(ledger, "session.abandoned", json_pack("{s:i, s:s}", "session", 1, "reason", "x"));
	interrupt(ledger);
}

/** A load that was released, and the test that ran with it: before version 4 each number came once. */
static void fill_sterilizer(Ledger *ledger)
{
	static const char *const kinds[] = { "sterilizer.registered", "cycle.recorded", "cycle.recorded",
		"indicator.tested", "cycle.released" };
	static const char *const bodies[] = {
		"{\"sterilizer\":\"A\",\"maker\":\"M\",\"model\":\"B18\",\"serial\":\"77\",\"installed\":\"2026-01-01\"}",
		"{\"sterilizer\":\"A\",\"cycle\":1,\"program\":\"B 134\",\"started\":\"2026-02-01T10:00:00Z\","
		"\"temperature_c\":134.5,\"exposure_s\":240,\"contents\":[\"hp1\"]}",
		"{\"sterilizer\":\"A\",\"cycle\":2,\"program\":\"B 134\",\"started\":\"2026-02-02T10:00:00Z\","
		"\"temperature_c\":134.5,\"exposure_s\":240}",
		"{\"sterilizer\":\"A\",\"lot\":\"BI9\",\"expiry\":\"2027-01-31\",\"control\":\"growth\",\"result\":\"pass\","
		"\"incubation_h\":24,\"cycle\":1,\"profile\":\"us-ca\",\"biological_days\":30,\"reprocess\":false}",
		"{\"sterilizer\":\"A\",\"cycle\":1,\"signed\":\"released\",\"profile\":\"us-ca\",\"proofs\":\"\","
		"\"sterile_days\":30}",
	};

	for (size_t i = 0; i < ELEMENTS(kinds); i++) {
		LedgerAnswer answer = append(ledger, kinds[i], json_loads(bodies[i], 0, NULL));

		if (answer.error < 0)
			fail_msg("%s: %s", kinds[i], answer.text);
	}
	assert_int_equal(
		append(ledger, "record.corrected",
			json_pack("{s:I, s:s, s:s, s:s, s:s}", "corrects", (json_int_t)ledger->seq - 2,
				"field", "exposure_s", "old", "240", "new", "300", "why", "mistyped"))
			.error,
		0); /* of cycle 2 */
}

/** What tables of version 4 had copies of. */
static void fill_words(Ledger *ledger)
{
	append(ledger, "pigment.received",
		json_pack("{s:s, s:s, s:s, s:s, s:i}", "brand", "B", "colour", "C", "lot", "P1", "expiry",
			"2099-01-01", "quantity", 1));
	append(ledger, "lot.status",
		json_pack("{s:s, s:s, s:s}", "lot", "L1", "status", "quarantined", "reason", "Rosa bled"));
	append(ledger, "pigment.status",
		json_pack("{s:s, s:s, s:s}", "lot", "P1", "status", "recalled", "reason", "Rosa bled"));
	append(ledger, "needle.damaged",
		json_pack("{s:s, s:s, s:s}", "unit", DAMAGED, "lot", "L1", "reason", "Rosa bled"));
	append(ledger, "operator.enrolled",
		json_pack("{s:s, s:[s]}", "badge", "b2", "roles", "administrator"));
	append(ledger, "operator.revoked", json_pack("{s:s, s:s}", "badge", "b1", "reason", "left"));
}

static void expect_text(
	Fixture *fixture, const char *query, json_t *arguments, const char *column, const char *text)
{
	json_auto_t *rows = look_up(fixture->ledger, query, arguments);

	assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), column)), text);
}

/** The tables have copies no more; who asks still hears what was said. */
static void expect_words(Fixture *fixture)
{
	expect_text(fixture, "lot", json_pack("{s:s}", "lot", "L1"), "status_reason", "Rosa bled");
	expect_text(fixture, "pigment-lots", NULL, "status_reason", "Rosa bled");
	expect_text(fixture, "unit", json_pack("{s:s}", "unit", DAMAGED), "damage", "Rosa bled");
	expect_text(fixture, "operators", json_pack("{s:s}", "badge", "b1"), "reason", "left");
}

/** The columns that a table has in both versions, separated by commas. */
static char *shared_columns(sqlite3 *db, const char *table)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *select = NULL;

	assert_int_equal(
		sqlite3_prepare_v2(db,
			"SELECT group_concat('\"' || name || '\"') FROM pragma_table_info(?, 'main') WHERE name IN"
			" (SELECT name FROM pragma_table_info(?, 'newer'))",
			-1, &select, NULL),
		SQLITE_OK);
	sqlite3_bind_text(select, 1, table, -1, SQLITE_STATIC);
	sqlite3_bind_text(select, 2, table, -1, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(select), SQLITE_ROW);
	return strdup((const char *)sqlite3_column_text(select, 0));
}

static void copy_tables(sqlite3 *db)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *tables = NULL;

	assert_int_equal(sqlite3_prepare_v2(db, "SELECT name FROM main.sqlite_master WHERE type = 'table'",
				 -1, &tables, NULL),
		SQLITE_OK);
	while (sqlite3_step(tables) == SQLITE_ROW) {
		const char *table = (const char *)sqlite3_column_text(tables, 0);
		_cleanup_(freep) char *columns = shared_columns(db, table), *sql = NULL;

		assert_true(asprintf(&sql, "INSERT INTO main.%s(%s) SELECT %s FROM newer.%s", table, columns,
				    columns, table) > 0);
		run_sql(db, sql);
	}
}

/** What a program of that version would have written of the same records. */
static void make_version(int version, const char *path, const char *newer)
{
	sqlite3 *db = NULL;
	char attach[256], set_version[96];

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	for (int i = 0; i < version; i++)
		run_sql(db, sql_schema[i]);
	snprintf(set_version, sizeof set_version, "PRAGMA application_id=1398034768; PRAGMA user_version=%d",
		version);
	run_sql(db, set_version);
	snprintf(attach, sizeof attach, "ATTACH '%s' AS newer", newer);
	run_sql(db, attach);
	copy_tables(db);
	run_sql(db, "DETACH newer");
	if (version > 1 && version < 6) /* a correction changed no other table before version 6 */
		run_sql(db, "UPDATE cycle SET exposure_s = 240");
	if (version > 4) {
		sqlite3_close(db);
		return;
	}
	if (version > 3) {
		run_sql(db,
			"UPDATE lot SET status_reason = 'Rosa bled' WHERE status_us IS NOT NULL;"
			"UPDATE unit SET damage = 'Rosa bled' WHERE state = 'damaged';"
			"UPDATE operator SET revoked = 'left' WHERE revoked_us IS NOT NULL;"
			"UPDATE pigment_stock SET status_reason = 'Rosa bled' WHERE status_us IS NOT NULL");
		sqlite3_close(db);
		return;
	}
	/* before version 4 chunks and interruptions said nothing of cartridges */
	run_sql(db,
		"UPDATE unit SET strokes = NULL, dots = NULL, removed_us = NULL WHERE unit = '" UNIT(
			8) "';"
			   "UPDATE unit SET strokes = 80, dots = 8, removed_us = NULL WHERE unit = '" UNIT(
				   7) "';"
				      "UPDATE session SET needles = NULL");
	if (version > 1)
		run_sql(db, "UPDATE unit SET state = 'mounted' WHERE state = 'interrupted'");
	sqlite3_close(db);
}

static void on_finding(void *userdata, const char *text)
{
	print_error("%s\n", text);
}

static void check_migration(Fixture *fixture, int version)
{
	char newer[128];
	Error error;
	Verification found;
	VerifyOptions options = {
		.path = fixture->path, .parts = VERIFY_ALL, .threads = 2, .finding = on_finding
	};
	uint64_t seq;
	json_auto_t *rows = NULL;
	Ledger *copy = NULL;
	LedgerOptions read_only = { .path = fixture->path, .read_only = true };
	LedgerInfo info;

	fill(fixture->ledger);
	if (version > 1)
		fill_sterilizer(fixture->ledger);
	if (version > 3)
		fill_words(fixture->ledger);
	seq = fixture->ledger->seq;
	fixture->ledger = ledger_free(fixture->ledger);
	snprintf(newer, sizeof newer, "%s.newer", fixture->path);
	assert_int_equal(rename(fixture->path, newer), 0);
	make_version(version, fixture->path, newer);
	/* whoever only reads does not change it, and says so */
	assert_int_equal(ledger_open(&read_only, &copy, &info, &error), -EPROTO);
	if (open_fixture(fixture) < 0)
		fail_msg("%s", fixture->error.text);
	assert_int_equal(fixture->info.newest_seq, seq);
	assert_int_equal(ledger_verify(&options, &found, &error), 0);
	assert_int_equal(found.findings, 0);
	assert_int_equal(found.records, seq);
	assert_int_equal(found.personal, (version > 3 ? 9 : 5) + (version > 1)); /* why it was corrected */
	rows = look_up(fixture->ledger, "needles", NULL);
	assert_int_equal(json_array_size(rows), version > 3 ? 9 : 8);
	if (version > 3)
		expect_words(fixture);
	expect_interruption(fixture);
	assert_int_equal(append(fixture->ledger, "station.stopped", json_object()).seq, seq + 1);
	unlink(newer);
}

static void test_version_1_is_migrated(void **state)
{
	check_migration(*state, 1);
}

static void test_version_2_is_migrated(void **state)
{
	check_migration(*state, 2);
}

static void count_finding(void *userdata, const char *text)
{
	(*(unsigned *)userdata)++;
}

static void test_version_3_is_migrated(void **state)
{
	check_migration(*state, 3);
}

static void test_version_4_is_migrated(void **state)
{
	check_migration(*state, 4);
}

/** Before version 6 a cycle could be corrected to a number that another one has. */
static void test_an_odd_old_correction_bars_no_ledger(void **state)
{
	Fixture *fixture = *state;
	VerifyOptions options = {
		.path = fixture->path, .parts = VERIFY_ALL, .threads = 1, .finding = on_finding
	};
	json_auto_t *rows = NULL, *corrections = NULL;
	Verification found;
	sqlite3 *db = NULL;
	char newer[128];
	Error error;

	fill(fixture->ledger);
	fill_sterilizer(fixture->ledger);
	/* what refuses it now is put aside for a moment */
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	run_sql(db, "UPDATE cycle SET cycle = 101 WHERE cycle = 1");
	assert_int_equal(append(fixture->ledger, "record.corrected",
				 json_pack("{s:I, s:s, s:s, s:s, s:s}", "corrects",
					 (json_int_t)fixture->ledger->seq - 3, "field", "cycle", "old", "2",
					 "new", "1", "why", "misread"))
				 .error,
		0);
	run_sql(db, "UPDATE cycle SET cycle = 2 WHERE cycle = 1;"
		    "UPDATE cycle SET cycle = 1 WHERE cycle = 101");
	sqlite3_close(db);
	fixture->ledger = ledger_free(fixture->ledger);
	snprintf(newer, sizeof newer, "%s.newer", fixture->path);
	assert_int_equal(rename(fixture->path, newer), 0);
	make_version(5, fixture->path, newer);
	if (open_fixture(fixture) < 0)
		fail_msg("%s", fixture->error.text);
	rows = look_up(fixture->ledger, "sterilization", json_pack("{s:i}", "cycle", 2));
	assert_int_equal(json_array_size(rows), 1);
	corrections = look_up(fixture->ledger, "corrections", json_pack("{s:s}", "field", "cycle"));
	assert_int_equal(json_array_size(corrections), 1);
	assert_int_equal(ledger_verify(&options, &found, &error), 0);
	assert_int_equal(found.findings, 0);
	unlink(newer);
}

static void test_version_5_is_migrated(void **state)
{
	check_migration(*state, 5);
}

static void test_version_6_is_migrated(void **state)
{
	check_migration(*state, 6);
}

/** What was kept of a version 2 is verified as it is, and may be brought back. */
static void test_a_backup_of_version_2_is_taken(void **state)
{
	Fixture *fixture = *state;
	char backup[128];
	Error error = { 0 };
	unsigned findings = 0;
	Verification found;
	VerifyOptions options = { .path = backup,
		.parts = VERIFY_ALL,
		.threads = 2,
		.finding = count_finding,
		.userdata = &findings };
	LedgerRestored restored;
	sqlite3 *db = NULL;
	uint64_t seq;

	fill(fixture->ledger);
	fill_sterilizer(fixture->ledger);
	seq = fixture->ledger->seq;
	fixture->ledger = ledger_free(fixture->ledger);
	snprintf(backup, sizeof backup, "%s/backup", fixture->folder);
	make_version(2, backup, fixture->path);
	assert_int_equal(ledger_verify(&options, &found, &error), 0);
	assert_true(found.older);
	assert_int_equal(found.findings, 0);
	assert_int_equal(found.records, seq);
	assert_int_equal(found.personal, 6);
	assert_true(found.tables > 10);
	assert_int_equal(
		ledger_restore(&(LedgerCopy){ .path = backup, .name = fixture->path }, &restored, &error), 0);
	assert_int_equal(restored.size, seq);
	options.path = fixture->path;
	if (open_fixture(fixture) < 0)
		fail_msg("%s", fixture->error.text);
	serve(fixture->ledger);
	assert_int_equal(fixture->info.newest_seq, seq);
	assert_false(ledger_owes_restoration(fixture->ledger));
	assert_int_equal(ledger_verify(&options, &found, &error), 0);
	assert_false(found.older);
	assert_int_equal(found.findings, 0);
	assert_int_equal(found.records, seq + 1);
	assert_true(found.tables > 0);
	/* a cartridge that was used must not become a new one on the way */
	options.path = backup;
	assert_int_equal(sqlite3_open(backup, &db), SQLITE_OK);
	run_sql(db, "DELETE FROM unit WHERE rowid = (SELECT min(rowid) FROM unit)");
	sqlite3_close(db);
	assert_int_equal(ledger_verify(&options, &found, &error), 0);
	assert_int_equal(found.findings, 1);
	/* what was changed in it is found all the same */
	findings = 0;
	options.path = backup;
	assert_int_equal(sqlite3_open(backup, &db), SQLITE_OK);
	run_sql(db, "DROP TRIGGER record_no_update; UPDATE record SET leaf = leaf || ' ' WHERE seq = 3");
	sqlite3_close(db);
	assert_int_equal(ledger_verify(&options, &found, &error), 0);
	assert_true(found.findings > 0 && findings == found.findings);
	unlink(backup);
	unlink(restored.aside);
}

/** A start relies on it: an untrue one costs the time that it saves, and this says what to write there. */
static void test_digest_of_the_schema_is_that_of_what_is_made(void **state)
{
	Fixture *fixture = *state;
	char digest[DIGEST_HEX_MAX];
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(schema_digest(db, "main", digest), 0);
	sqlite3_close(db);
	assert_string_equal(digest, LEDGER_SCHEMA_SHA256);
}

/**
 * What programs made of each version when its statements were laid out otherwise. The tables of a version
 * never change any more.
 */
static void test_no_version_changes(void **state)
{
	static const char *const digests[LEDGER_SCHEMA_VERSION] = {
		"5bd9b9217fc031a52a795a9d5de0addaab860f505291a75e07a22c20b5138578",
		"6dc35226bd35941c8843a514a4975b37d01335193e9f7e43f09c0efab00d0c23",
		"86e1bf702ec41e7429165af505410e61189dffd1b9ce2a123b9eedefafca2060",
		"e3b539244c195964501569ccc2a59971b4a9e5b746947d749ca61cc5121484e9",
		"ca735f05a45f7db934f18497d97a5a73e86ee67b0e587eb91cece2bdf66aba6f",
		"541f7cece136192dd23ad6b33bb28dd3581b6ea8dcf489fa2fa5b13b303bbace",
		LEDGER_SCHEMA_SHA256,
	};

	(void)state;
	for (int64_t version = 1; version <= LEDGER_SCHEMA_VERSION; version++) {
		char digest[DIGEST_HEX_MAX];
		sqlite3 *db = NULL;

		assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
		assert_int_equal(functions_add(db), SQLITE_OK);
		assert_int_equal(schema_make(db, 0, version), SQLITE_OK);
		assert_int_equal(schema_digest(db, "main", digest), 0);
		sqlite3_close(db);
		assert_string_equal(digest, digests[version - 1]);
	}
}

static bool differs_after(const char *path, const char *change)
{
	SchemaDifference difference = { 0 };
	char update[256];
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	run_sql(db, "PRAGMA writable_schema = ON");
	snprintf(update, sizeof update, "UPDATE sqlite_master SET sql = replace(sql, %s)", change);
	run_sql(db, update);
	assert_int_equal(schema_compare(db, "main", LEDGER_SCHEMA_VERSION, &difference), 0);
	sqlite3_close(db);
	return difference.names[0];
}

/** A file of a program that wrote each statement in one line is no other; one with another text is. */
static void test_layout_is_no_difference(void **state)
{
	Fixture *fixture = *state;

	assert_false(differs_after(fixture->path, "char(10), char(9) || '  '"));
	assert_false(differs_after(fixture->path, "', ', ' ,'"));
	assert_true(differs_after(fixture->path, "'''open''', '''open '''"));
	assert_true(differs_after(fixture->path, "'''open ''', '''op'' ''en'''"));
	assert_false(differs_after(fixture->path, "'''op'' ''en''', '''open'''"));
	assert_true(differs_after(fixture->path, "'NOT NULL', 'NOTNULL'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_no_version_changes),
		LEDGER_TEST(test_layout_is_no_difference),
		LEDGER_TEST(test_digest_of_the_schema_is_that_of_what_is_made),
		LEDGER_TEST(test_version_1_is_migrated),
		LEDGER_TEST(test_version_2_is_migrated),
		LEDGER_TEST(test_version_3_is_migrated),
		LEDGER_TEST(test_version_4_is_migrated),
		LEDGER_TEST(test_version_5_is_migrated),
		LEDGER_TEST(test_version_6_is_migrated),
		LEDGER_TEST(test_an_odd_old_correction_bars_no_ledger),
		LEDGER_TEST(test_a_backup_of_version_2_is_taken),
	};

	_Static_assert(LEDGER_SCHEMA_VERSION == 7, "each older version has its test");

	return cmocka_run_group_tests(tests, NULL, NULL);
}
