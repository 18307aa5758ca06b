/* SPDX-License-Identifier: Apache-2.0 */

/** Full verification: a sound ledger, and every way to tamper with one. */

#include "ledger-fixture.h"

#include "ledger/tree.h"
#include "ledger/verify.h"
#include "util/file.h"

enum { EVERY = 100, RECORDS = 700, CLAIM_APART = 150 };

typedef struct Found {
	Verification verification;
	size_t n;
	char texts[VERIFY_FINDINGS_MAX][VERIFY_TEXT_MAX];
} Found;

static void keep_finding(void *userdata, const char *text)
{
	Found *found = userdata;

	assert_true(found->n < VERIFY_FINDINGS_MAX);
	snprintf(found->texts[found->n++], VERIFY_TEXT_MAX, "%s", text);
}

static Found verify(const char *path, unsigned threads, const char *key)
{
	Found found = { 0 };
	Error error = { 0 };
	VerifyOptions options = {
		.path = path,
		.parts = VERIFY_ALL,
		.threads = threads,
		.key = key,
		.finding = keep_finding,
		.userdata = &found,
	};

	int r = ledger_verify(&options, &found.verification, &error);

	/* SQLite itself cannot read it: said all the same */
	if (r == -EUCLEAN && found.n > 0)
		return found;
	if (r < 0)
		fail_msg("%s", error.text);
	assert_int_equal(found.n, found.verification.findings < VERIFY_FINDINGS_MAX
					  ? found.verification.findings
					  : VERIFY_FINDINGS_MAX);
	return found;
}

/** Takes `body`; `data`: the attachment, NULL none. */
static void add_with(Ledger *ledger, const char *kind, json_t *body, const char *data)
{
	LedgerRecord record = { .kind = kind,
		.actor = "b1",
		.body = body,
		.attachment = data,
		.attachment_size = data ? strlen(data) : 0 };
	LedgerAnswer answer = { .error = 1 };

	assert_int_equal(ledger_append(ledger, &record, keep_answer, &answer), 0);
	serve(ledger);
	assert_int_equal(answer.error, 0);
	json_decref(body);
}

/** Without data: a dot whose strokes stand in the chunk before. */
static void add_strokes(Ledger *ledger, const char *data)
{
	char sha256[DIGEST_HEX_MAX];

	digest_hex(data ? data : "", data ? strlen(data) : 0, sha256);
	add_with(ledger, "strokes",
		json_pack("{s:i, s:s, s:s, s:i, s:i, s:s, s:s}", "session", 1, "zone", "vertex", "unit", "u",
			"strokes", data ? 100 : 0, "dots", 1, "encoding", "stroke-delta-1", "sha256", sha256),
		data);
}

static void add_consent(Ledger *ledger, const char *text)
{
	char sha256[DIGEST_HEX_MAX];

	digest_hex(text, strlen(text), sha256);
	add_with(ledger, "session.consent",
		json_pack("{s:i, s:s, s:s, s:b, s:s, s:s, s:i}", "session", 1, "consent", "treatment",
			"version", "1", "given", 1, "signed_on", "screen", "text_sha256", sha256,
			"text_bytes", (int)strlen(text)),
		text);
}

static void add_operator(Ledger *ledger)
{
	json_auto_t *body = json_pack("{s:s, s:[s]}", "badge", "b1", "roles", "technician");
	json_auto_t *personal = json_pack("{s:s, s:s}", "name", "Ada", "pin", "hash");
	LedgerRecord record = {
		.kind = "operator.enrolled", .actor = "b1", .body = body, .personal = personal
	};
	LedgerAnswer answer = { .error = 1 };

	assert_int_equal(ledger_append(ledger, &record, keep_answer, &answer), 0);
	serve(ledger);
	assert_int_equal(answer.error, 0);
}

static void pass_a_second(bool passes)
{
	fake_utc_us += passes ? USEC_PER_SEC : 0;
	fake_monotonic_us += passes ? USEC_PER_SEC : 0;
}

/** Some of everything; RECORDS records in all. */
static void fill(Ledger *ledger)
{
	append(ledger, "lot.received", lot("L1", 400, "2099-01-01"));
	add_operator(ledger);
	append(ledger, "station.started",
		json_pack("{s:s, s:i}", "version", "1", "schema", LEDGER_SCHEMA_VERSION));
	append(ledger, "session.begun",
		json_pack("{s:i, s:s, s:s, s:i}", "session", 1, "subject", "P-1", "protocol", "p",
			"course_session", 1));
	for (int i = 0; i < 200; i++) {
		/* one of them at a time of its own, as all are in life */
		pass_a_second(i == CLAIM_APART || i == CLAIM_APART + 1);
		assert_int_equal(
			append(ledger, "needle.claimed", claim("(01)04012345678901(10)L1", "L1", 1)).error,
			0);
	}
	add_strokes(ledger, "some bytes");
	add_strokes(ledger, NULL);
	add_consent(ledger, "I agree.");
	while (ledger->seq < RECORDS - 1)
		append(ledger, "session.state",
			json_pack("{s:i, s:s, s:s, s:s}", "session", 1, "from", "ready", "to", "working",
				"event", "x"));
	pass_a_second(true);
	append(ledger, "session.abandoned", json_pack("{s:i, s:s}", "session", 1, "reason", "x"));
}

static int setup_filled(void **state)
{
	int r = setup_signed(state, EVERY);
	Fixture *fixture = *state;

	if (r < 0)
		return r;
	fill(fixture->ledger);
	return 0;
}

static void close_ledger(Fixture *fixture)
{
	fixture->ledger = ledger_free(fixture->ledger);
}

static void test_sound_ledger(void **state)
{
	Fixture *fixture = *state;

	for (unsigned threads = 1; threads <= 3; threads++) {
		/* with its daemon at work, and alone */
		Found found = verify(fixture->path, threads, NULL);

		if (found.n > 0)
			fail_msg("%s", found.texts[0]);
		assert_int_equal(found.verification.records, RECORDS);
		assert_int_equal(found.verification.sealed, RECORDS);
		assert_int_equal(found.verification.checkpoints, 206);
		assert_int_equal(found.verification.keys, 1);
		assert_int_equal(found.verification.personal, 2); /* a name, and words */
		assert_int_equal(found.verification.attachments, 2);
		assert_true(found.verification.tables > 5);
		if (threads == 2)
			close_ledger(fixture);
	}
}

static void test_known_key(void **state)
{
	Fixture *fixture = *state;
	char key[NOTE_KEY_MAX];
	Found found;

	ledger_key(fixture->ledger, key);
	found = verify(fixture->path, 1, key);
	assert_int_equal(found.n, 0);
	found = verify(fixture->path, 1, "stipple/clinic/one+00000000+AQ==");
	assert_int_equal(found.n, 1);
	assert_non_null(strstr(found.texts[0], "is not among the log's"));
}

static void run_sql(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	char *error = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	/* whoever can write the file need not heed its triggers */
	assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", sql, error);
	sqlite3_close(db);
}

static const struct {
	const char *sql, *said;
} tampering[] = {
	{ "UPDATE record SET leaf = replace(CAST(leaf AS TEXT), '\"ready\"', '\"raedy\"') WHERE seq = 500",
		"record 500 does not match its hash" },
	{ "UPDATE record SET hash = zeroblob(32) WHERE seq = 500", "record 500 does not match its hash" },
	{ "DELETE FROM record WHERE seq = 300", "records 300 to 300 are missing" },
	{ "DELETE FROM record WHERE seq BETWEEN 301 AND 310", "records 301 to 310 are missing" },
	{ "DELETE FROM record WHERE seq > 550", "was cut short: it has 550 records" },
	{ "UPDATE record SET kind = 'alert.raised' WHERE seq = 650", "record 650: number, kind, time" },
	{ "UPDATE record SET utc_us = utc_us + 1 WHERE seq = 650", "record 650: number, kind, time" },
	{ "UPDATE record SET utc_us = utc_us - 3600000000 WHERE seq = 650",
		"record 650: number, kind, time" },
	{ "UPDATE record SET utc_us = utc_us + 86400000000 WHERE seq = 650",
		"record 650: number, kind, time" },
	{ "UPDATE record SET session = 2 WHERE seq = 650", "record 650: number, kind, time" },
	{ "UPDATE record SET session = NULL WHERE seq = 650", "record 650: number, kind, time" },
	/* two records change places: each still matches its own hash */
	{ "UPDATE record SET seq = -1 WHERE seq = 650; UPDATE record SET seq = 650 WHERE seq = 651;"
	  "UPDATE record SET seq = 651 WHERE seq = -1",
		"record 650: number, kind, time" },
	{ "UPDATE record SET kind = CAST(kind AS BLOB) WHERE seq = 650", "record 650: number, kind, time" },
	{ "UPDATE record SET published = 0 WHERE seq = 2", "record 2: whether it is sent" },
	{ "INSERT INTO tree_node VALUES(8, 3, zeroblob(32))", "has 1 nodes over records that there are not" },
	{ "INSERT INTO tree_node VALUES(9, 2, zeroblob(32)), ('x', 0, zeroblob(32))",
		"has 2 nodes over records that there are not" },
	{ "UPDATE checkpoint SET utc_us = utc_us - 1 WHERE size = 201",
		"the checkpoint at 201 records bears a time at which it was not made" },
	{ "UPDATE checkpoint SET utc_us = utc_us + 3 * 86400000000 WHERE size = 605",
		"the checkpoint at 605 records bears a time at which it was not made" },
	{ "UPDATE checkpoint SET utc_us = 'x' WHERE size = 605",
		"the checkpoint at 605 records bears a time at which it was not made" },
	{ "DELETE FROM checkpoint WHERE size = (SELECT min(size) FROM checkpoint WHERE size >="
	  " (SELECT seq FROM record WHERE kind = 'session.abandoned'))",
		"a checkpoint is missing: there must be one that was made with record" },
	{ "DELETE FROM checkpoint WHERE size = (SELECT seq FROM record WHERE kind = 'needle.claimed' AND utc_us <>"
	  " (SELECT min(utc_us) FROM record WHERE kind = 'needle.claimed') ORDER BY seq LIMIT 1)",
		"a checkpoint is missing: there must be one that was made with record 156" },
	{ "UPDATE meta SET value = value + 86400000000 WHERE name = 'newest_utc_us'",
		"later than any record" },
	{ "UPDATE meta SET value = 0 WHERE name = 'newest_utc_us'", "earlier than the newest record" },
	{ "DELETE FROM meta WHERE name = 'newest_utc_us'", "earlier than the newest record" },
	{ "INSERT OR REPLACE INTO meta VALUES('published', 100000)",
		"says that 100000 records were sent to the broker" },
	{ "INSERT OR REPLACE INTO meta VALUES('checkpoint_published', 100000)",
		"says that a checkpoint of 100000 records was sent" },
	{ "INSERT INTO meta VALUES('hidden', 1)", "the mark \"hidden\" is none of a ledger's" },
	{ "PRAGMA user_version = 3",
		"of the file were added, changed or removed: bar_lot, card_subject, counter_reset_time" },
	{ "PRAGMA writable_schema = ON; INSERT INTO sqlite_master VALUES('trigger', 'sqlite_again', 'unit', 0,"
	  " 'CREATE TRIGGER sqlite_again AFTER INSERT ON unit BEGIN DELETE FROM unit WHERE unit = new.unit; END')",
		"were added, changed or removed: sqlite_again" },
	{ "PRAGMA writable_schema = ON; UPDATE sqlite_master SET name = 'sqlite_' || name WHERE name = 'audit_lots'",
		"malformed database schema (sqlite_audit_lots)" },
	{ "ANALYZE", "were added, changed or removed: sqlite_stat1" },
	{ "INSERT INTO record_day SELECT -1, first_seq, last_seq FROM record_day",
		"the table record_day is not what the records give" },
	{ "UPDATE tree_node SET hash = zeroblob(32) WHERE level = 8 AND number = 1",
		"records 257 to 512 are not what the kept tree says" },
	{ "DELETE FROM tree_node WHERE level = 8 AND number = 0", "(node 0 of level 8 is missing)" },
	{ "UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 101) WHERE size = 201",
		"the checkpoint at 201 records is broken" },
	{ "UPDATE checkpoint SET note = replace(note, char(10) || char(0x2014), char(10) || 'x' || char(10) ||"
	  " char(0x2014)) WHERE size = 201",
		"the checkpoint at 201 records is" },
	{ "UPDATE personal SET data = replace(data, 'Ada', 'Eve')",
		"the personal data of record 3 is not what" },
	{ "DELETE FROM personal", "the personal data of record 3 is gone" },
	{ "UPDATE attachment SET data = x'00'", "is not the one that the record names" },
	{ "DELETE FROM attachment", "the attachment of record" },
	{ "DELETE FROM attachment WHERE seq = (SELECT seq FROM record WHERE kind = 'session.consent')",
		"the attachment of record 208 is missing" },
	{ "UPDATE unit SET operator = 'b2' WHERE rowid = 7", "the table unit is not what the records give" },
	{ "DELETE FROM unit WHERE rowid = 9", "the table unit is not what the records give" },
	{ "UPDATE session SET subject = 'P-2'", "the table session is not what the records give" },
	{ "DROP VIEW audit_needles; CREATE VIEW audit_needles AS SELECT 1 AS unit",
		"removed: audit_needles" },
	{ "CREATE TABLE \"\xff\"(a)", "removed: ?" },
	{ "ALTER TABLE record RENAME TO hidden; CREATE VIEW record AS SELECT * FROM hidden",
		"were added, changed or removed: " },
	{ "DELETE FROM checkpoint", "checkpoints are missing: there must be one that covers record 1" },
};

/** A copy of a ledger that is closed. */
static void copy_file(const char *from, const char *to)
{
	_cleanup_(freep) char *data = NULL;
	_cleanup_(fclosep) FILE *copy = fopen(to, "we");
	size_t size;

	assert_non_null(copy);
	assert_int_equal(file_read(from, 64 << 20, &data, &size), 0);
	assert_int_equal(fwrite(data, 1, size, copy), size);
}

static void test_tampering_is_located(void **state)
{
	Fixture *fixture = *state;
	char copy[128];

	close_ledger(fixture);
	snprintf(copy, sizeof copy, "%s/tampered", fixture->folder);
	for (size_t i = 0; i < ELEMENTS(tampering); i++) {
		Found found;
		bool said = false;

		copy_file(fixture->path, copy);
		run_sql(copy, tampering[i].sql);
		found = verify(copy, 2, NULL);
		for (size_t k = 0; k < found.n; k++)
			said = said || strstr(found.texts[k], tampering[i].said);
		if (!said)
			fail_msg("%s: said \"%s\"", tampering[i].sql, found.n ? found.texts[0] : "nothing");
		unlink(copy);
	}
}

/** Who changes record, hash and kept tree alike still cannot sign. */
static void test_consistent_forgery_meets_the_checkpoint(void **state)
{
	Fixture *fixture = *state;
	sqlite3 *db = NULL;
	sqlite3_stmt *row = NULL;
	MerkleHash hash;
	Found found;

	close_ledger(fixture);
	run_sql(fixture->path, "UPDATE record SET leaf = CAST(replace(CAST(leaf AS TEXT), '\"ready\"',"
			       " '\"raedy\"') AS BLOB) WHERE seq = 500");
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(db, "SELECT leaf FROM record WHERE seq = 500", -1, &row, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(row), SQLITE_ROW);
	merkle_hash_leaf(sqlite3_column_blob(row, 0), (size_t)sqlite3_column_bytes(row, 0), &hash);
	sqlite3_finalize(row);
	assert_int_equal(sqlite3_prepare_v2(db, "UPDATE record SET hash = ? WHERE seq = 500", -1, &row, NULL),
		SQLITE_OK);
	sqlite3_bind_blob(row, 1, hash.bytes, sizeof hash.bytes, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(row), SQLITE_DONE);
	sqlite3_finalize(row);
	assert_int_equal(tree_build(db), SQLITE_OK);
	sqlite3_close(db);
	found = verify(fixture->path, 1, NULL);
	/* made at 505, 605 and 700, after the change; those before still fit, and so tell where it is */
	assert_int_equal(found.n, 3);
	assert_non_null(strstr(found.texts[0], "checkpoint at 505 records"));
	assert_non_null(strstr(found.texts[1], "checkpoint at 605 records"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define FILLED_TEST(name) cmocka_unit_test_setup_teardown(name, setup_filled, teardown)
		FILLED_TEST(test_sound_ledger),
		FILLED_TEST(test_known_key),
		FILLED_TEST(test_tampering_is_located),
		FILLED_TEST(test_consistent_forgery_meets_the_checkpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
