/* SPDX-License-Identifier: Apache-2.0 */

/** The ledger as who publishes it sees it, and the names that the station has on record. */

#include "ledger-fixture.h"

#include "ledger/outbox.h"
#include "tlog/checkpoint.h"

typedef struct Seen {
	uint64_t seq[16];
	char last[256], kind[64];
	size_t n;
} Seen;

static int see(void *userdata, const LedgerMessage *message)
{
	Seen *seen = userdata;

	assert_in_range(seen->n, 0, ELEMENTS(seen->seq) - 1);
	seen->seq[seen->n++] = message->seq;
	snprintf(seen->last, sizeof seen->last, "%s", message->body);
	snprintf(seen->kind, sizeof seen->kind, "%s", message->kind);
	return 0;
}

static LedgerAnswer alert(Fixture *fixture, const char *text)
{
	return append(
		fixture->ledger, "alert.raised", json_pack("{s:s, s:s}", "alert", "test", "text", text));
}

static void test_what_is_added_is_seen(void **state)
{
	Fixture *fixture = *state;
	_cleanup_(ledger_outbox_freep) LedgerOutbox *outbox = NULL;
	uint8_t first[DIGEST_BYTES], second[DIGEST_BYTES];
	LedgerOutboxInfo info;
	Seen seen = { 0 };
	uint64_t waiting;

	assert_int_equal(alert(fixture, "one").error, 0);
	assert_int_equal(append(fixture->ledger, "station.stopped", json_object()).error, 0); /* stays */
	assert_int_equal(ledger_outbox_open(fixture->path, &outbox, &fixture->error), 0);
	assert_int_equal(ledger_outbox_read(outbox, 0, 10, see, &seen), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.seq[0], 1);
	assert_string_equal(seen.kind, "alert.raised");
	assert_string_equal(seen.last, "{\"alert\":\"test\",\"text\":\"one\"}");
	for (int i = 0; i < 5; i++)
		assert_int_equal(alert(fixture, "more").error, 0);
	assert_int_equal(ledger_outbox_count(outbox, 1, &waiting), 0);
	assert_int_equal(waiting, 5);
	assert_int_equal(ledger_outbox_read(outbox, 1, 3, see, &seen), 0);
	assert_int_equal(seen.n, 4);
	assert_int_equal(seen.seq[3], 5);
	assert_int_equal(ledger_outbox_hash(outbox, 1, first), 0);
	assert_int_equal(ledger_outbox_hash(outbox, 3, second), 0);
	assert_memory_not_equal(first, second, sizeof first);
	assert_int_equal(ledger_outbox_hash(outbox, 8, first), -ENOENT);
	assert_int_equal(ledger_outbox_info(outbox, &info), 0);
	assert_int_equal(info.newest, 7);
	assert_int_equal(info.restored, 0);
	assert_string_equal(info.formerly, "");
}

/** Braces and quotes in a name or a text end nothing; a leaf that is none of ours is not published. */
static void test_body_is_found_in_its_leaf(void **state)
{
	Fixture *fixture = *state;
	_cleanup_(ledger_outbox_freep) LedgerOutbox *outbox = NULL;
	static const char *const broken[] = { "", "{", "{\"actor\":", "{\"actor\":\"a", "{\"actor\":\"a\\",
		"{\"actor\":\"a\",\"body\":", "{\"actor\":\"a\",\"body\":{", "{\"actor\":\"a\",\"body\":{}}",
		"{\"actor\":\"a\",\"body\":{\"b\":\"}", "{\"actor\":\"a\",\"body\":7,\"boot\":\"" };
	json_auto_t *body = json_pack("{s:s, s:s}", "alert", "}{", "text", "a \"\\\" } { \\");
	_cleanup_(freep) char *expected = json_dumps(body, LEDGER_JSON);
	LedgerRecord record = { .kind = "alert.raised", .actor = "\",\"body\":{}\\", .body = body };
	LedgerAnswer answer = { .error = 1 };
	Seen seen = { 0 };
	sqlite3 *db = NULL;

	assert_int_equal(ledger_append(fixture->ledger, &record, keep_answer, &answer), 0);
	serve(fixture->ledger);
	assert_int_equal(answer.error, 0);
	assert_int_equal(ledger_outbox_open(fixture->path, &outbox, &fixture->error), 0);
	assert_int_equal(ledger_outbox_read(outbox, 0, 10, see, &seen), 0);
	assert_string_equal(seen.last, expected);
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL), SQLITE_OK);
	for (size_t i = 0; i < ELEMENTS(broken); i++) {
		char sql[256];

		snprintf(sql, sizeof sql, "UPDATE record SET leaf = CAST('%s' AS BLOB)", broken[i]);
		assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
		assert_int_equal(ledger_outbox_read(outbox, 0, 10, see, &seen), -EUCLEAN);
	}
	sqlite3_close(db);
}

/** One that still waits when the station is updated: its words are in its leaf, and go no further. */
static void test_words_of_older_records_are_left_out(void **state)
{
	Fixture *fixture = *state;
	_cleanup_(ledger_outbox_freep) LedgerOutbox *outbox = NULL;
	Seen seen = { 0 };
	sqlite3 *db = NULL;

	assert_int_equal(append(fixture->ledger, "session.begun",
				 json_pack("{s:i, s:s, s:s, s:i}", "session", 1, "subject", "P-1", "protocol",
					 "x", "course_session", 1))
				 .error,
		0);
	assert_int_equal(append(fixture->ledger, "session.abandoned",
				 json_pack("{s:i, s:s}", "session", 1, "reason", "bled"))
				 .error,
		0);
	/* as a version before wrote it */
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db,
			"UPDATE record SET leaf ="
			" CAST(json_set(CAST(leaf AS TEXT), '$.body.reason', 'bled') AS BLOB) WHERE seq = 2",
			NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(ledger_outbox_open(fixture->path, &outbox, &fixture->error), 0);
	assert_int_equal(ledger_outbox_read(outbox, 0, 10, see, &seen), 0);
	assert_int_equal(seen.n, 2);
	assert_string_equal(seen.kind, "session.abandoned");
	assert_string_equal(seen.last, "{\"session\":1}");
}

/** It holds nothing that would keep the writer from cutting its log. */
static void test_no_snapshot_is_left(void **state)
{
	Fixture *fixture = *state;
	_cleanup_(ledger_outbox_freep) LedgerOutbox *outbox = NULL;
	LedgerOutboxInfo info;
	Seen seen = { 0 };
	json_t *stock = NULL;
	sqlite3 *db = NULL;
	int pages = -1, cut = -2;

	assert_int_equal(alert(fixture, "one").error, 0);
	assert_int_equal(ledger_outbox_open(fixture->path, &outbox, &fixture->error), 0);
	assert_int_equal(ledger_outbox_read(outbox, 0, 1, see, &seen), 0);
	assert_int_equal(ledger_outbox_info(outbox, &info), 0);
	assert_int_equal(ledger_outbox_stock(outbox, &stock), 0);
	json_decref(stock);
	assert_int_equal(alert(fixture, "two").error, 0);
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "SELECT count(*) FROM record", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(
		sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &pages, &cut), SQLITE_OK);
	assert_int_equal(pages, 0);
	sqlite3_close(db);
}

static void check_station(Fixture *fixture, uint64_t seq, const char *expected)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(db,
			"SELECT json_extract(CAST(leaf AS TEXT), '$.station') FROM record WHERE seq = ?", -1,
			&statement, NULL),
		SQLITE_OK);
	sqlite3_bind_int64(statement, 1, (int64_t)seq);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(statement, 0), expected);
	sqlite3_finalize(TAKE_PTR(statement));
	sqlite3_close(db);
}

static int open_as(Fixture *fixture, const char *station)
{
	LedgerOptions options = { .path = fixture->path,
		.station = station,
		.clock = &fake_clock,
		.commit_limit_ms = fixture_commit_limit_ms };

	fixture->ledger = ledger_free(fixture->ledger);
	return ledger_open(&options, &fixture->ledger, &fixture->info, &fixture->error);
}

/** Whatever the configuration says: a record bears the names that are on record. */
static void test_names_are_those_on_record(void **state)
{
	Fixture *fixture = *state;
	_cleanup_(ledger_outbox_freep) LedgerOutbox *outbox = NULL;
	LedgerOutboxInfo info;

	assert_string_equal(fixture->info.names, "");
	assert_int_equal(alert(fixture, "one").error, 0);
	assert_int_equal(open_as(fixture, "clinic/two"), 0);
	assert_string_equal(fixture->info.names, "clinic/one");
	assert_int_equal(alert(fixture, "two").error, 0);
	check_station(fixture, 2, "clinic/one");
	assert_int_equal(append(fixture->ledger, "station.renamed",
				 json_pack("{s:s, s:s}", "clinic", "clinic", "station", "two"))
				 .error,
		0);
	assert_int_equal(alert(fixture, "before the restart").error, 0);
	check_station(fixture, 4, "clinic/one");
	assert_int_equal(open_as(fixture, "clinic/two"), 0);
	assert_string_equal(fixture->info.names, "clinic/two");
	assert_int_equal(alert(fixture, "after it").error, 0);
	check_station(fixture, 5, "clinic/two");
	assert_int_equal(ledger_outbox_open(fixture->path, &outbox, &fixture->error), 0);
	assert_int_equal(ledger_outbox_info(outbox, &info), 0);
	assert_string_equal(info.formerly, "clinic/one");
}

/* ---- for a mirror ---- */

enum { MIRRORED = 701 }; /* the first is the key's own */

typedef struct Leaves {
	MerkleHash hashes[MIRRORED];
	uint64_t next, stop; /* `stop`: the reading ends with this number */
} Leaves;

static int take_leaf(void *userdata, uint64_t number, DigestPart leaf)
{
	Leaves *leaves = userdata;

	assert_int_equal(number, leaves->next++);
	assert_in_range(number, 0, MIRRORED - 1);
	merkle_hash_leaf(leaf.data, leaf.size, &leaves->hashes[number]);
	return number == leaves->stop ? 7 : 0;
}

static int setup_many(void **state)
{
	Fixture *fixture;

	if (setup_signed(state, MIRRORED - 1) < 0)
		return -1;
	fixture = *state;
	for (int i = 1; i < MIRRORED; i++) {
		json_auto_t *body = json_pack("{s:s, s:s}", "alert", "test", "text", "x");
		LedgerRecord record = { .kind = "alert.raised", .actor = "b1", .body = body };

		if (ledger_append(fixture->ledger, &record, NULL, NULL) < 0)
			return -1;
		if (i % 50 == 0)
			serve(fixture->ledger);
	}
	serve(fixture->ledger);
	return 0;
}

static void root_of(const Leaves *leaves, uint64_t from, uint64_t to, MerkleHash *ret)
{
	MerkleTree tree = { 0 };

	for (uint64_t i = from; i < to; i++)
		assert_int_equal(merkle_append(&tree, &leaves->hashes[i], NULL, NULL), 0);
	merkle_tree_root(&tree, ret);
}

/** All that a mirror asks for agrees with the signed checkpoint. */
static void test_a_mirror_gets_the_log_as_it_is(void **state)
{
	Fixture *fixture = *state;
	_cleanup_(ledger_outbox_freep) LedgerOutbox *outbox = NULL;
	_cleanup_(freep) Leaves *leaves = calloc(1, sizeof *leaves);
	LedgerSealed sealed = { 0 };
	NoteVerifier key;
	Checkpoint checkpoint;
	MerkleHash part;
	MerklePath path;

	assert_non_null(leaves);
	leaves->stop = UINT64_MAX;
	assert_int_equal(ledger_outbox_open(fixture->path, &outbox, &fixture->error), 0);
	assert_int_equal(ledger_outbox_sealed(outbox, &sealed), 0);
	assert_int_equal(note_verifier_parse(sealed.key, &key, NULL), 0);
	assert_int_equal(
		checkpoint_open(sealed.note, strlen(sealed.note), &key, 1, NULL, &checkpoint, NULL, NULL), 0);
	assert_in_range(sealed.size, 513, MIRRORED);
	assert_int_equal(checkpoint.size, sealed.size);
	assert_int_equal(ledger_outbox_leaves(outbox, 0, (uint32_t)sealed.size, take_leaf, leaves), 0);
	for (uint64_t old = 0; old <= sealed.size; old += 100) {
		root_of(leaves, 0, old, &part);
		assert_int_equal(ledger_outbox_consistency(outbox, old, sealed.size, &path), 0);
		assert_int_equal(
			merkle_verify_consistency(old, &part, sealed.size, &checkpoint.root, &path), 0);
	}
	for (uint64_t begin = 0; begin < sealed.size; begin += 256) {
		uint64_t end = begin + 256 < sealed.size ? begin + 256 : sealed.size;

		root_of(leaves, begin, end, &part);
		assert_int_equal(ledger_outbox_subtree(outbox, begin, end, sealed.size, &path), 0);
		assert_int_equal(
			merkle_verify_subtree(begin, end, &part, sealed.size, &checkpoint.root, &path), 0);
	}
	/* the end of the log, and an early end */
	leaves->next = MIRRORED - 3;
	assert_int_equal(ledger_outbox_leaves(outbox, MIRRORED + 5, 1, take_leaf, leaves), -EUCLEAN);
	leaves->stop = MIRRORED - 2;
	assert_int_equal(ledger_outbox_leaves(outbox, MIRRORED - 3, 3, take_leaf, leaves), 7);
	assert_int_equal(leaves->next, MIRRORED - 1);
	free(sealed.note);
}

static void test_no_checkpoint_is_said(void **state)
{
	Fixture *fixture = *state;
	_cleanup_(ledger_outbox_freep) LedgerOutbox *outbox = NULL;
	LedgerSealed sealed = { 0 };

	assert_int_equal(alert(fixture, "one").error, 0);
	assert_int_equal(ledger_outbox_open(fixture->path, &outbox, &fixture->error), 0);
	assert_int_equal(ledger_outbox_sealed(outbox, &sealed), -ENODATA);
	assert_null(sealed.note);
}

/** What was used of a lot without serials since then, and what of it is held. */
static void test_escrow_counts_numbers(void **state)
{
	Fixture *fixture = *state;
	_cleanup_(ledger_outbox_freep) LedgerOutbox *outbox = NULL;
	json_auto_t *rows = NULL, *expected = NULL;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db,
			"INSERT INTO lot(gtin, lot, expiry, quantity, received_us, used, seq, status) VALUES"
			" ('', 'L1', '2030-01-01', 100, 1, 4, 1, 'released'),"
			" ('', 'L2', '2030-01-01', 100, 1, 0, 1, 'released'),"
			" ('', 'L3', '2030-01-01', 100, 1, 1, 1, 'recalled'),"
			" ('', 'L4', '2030-01-01', 9, 1, 0, 1, 'released');"
			"INSERT INTO unit(unit, seq, gtin, lot, operator, utc_us) VALUES"
			" ('(10)L1#1', 1, '', 'L1', 'b', 1000), ('(10)L1#2', 1, '', 'L1', 'b', 5000000),"
			" ('(10)L1#3', 1, '', 'L1', 'b', 6000000), ('(10)L1(21)9', 1, '', 'L1', 'b', 6000000),"
			" ('(10)L3#1', 1, '', 'L3', 'b', 6000000);"
			"INSERT INTO held(unit, lot, lot_unit, number, granted, seq) VALUES"
			" ('(10)L1#7', 'L1', '(10)L1', 7, 1, 1), ('(10)L1#8', 'L1', '(10)L1', 8, 1, 1),"
			" ('(10)L1(21)8', 'L1', NULL, NULL, 1, 1), ('(10)L4#1', 'L4', '(10)L4', 1, 1, 1)",
			NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(ledger_outbox_open(fixture->path, &outbox, &fixture->error), 0);
	assert_int_equal(ledger_outbox_escrow(outbox, 5 * USEC_PER_SEC, &rows), 0);
	expected = json_pack("[{s:s, s:i, s:i, s:i}, {s:s, s:i, s:i, s:i}]", "lot", "L1", "left", 96, "used",
		2, "held", 2, "lot", "L4", "left", 9, "used", 0, "held", 1);
	assert_non_null(expected);
	assert_true(json_equal(rows, expected));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_what_is_added_is_seen),
		LEDGER_TEST(test_body_is_found_in_its_leaf),
		LEDGER_TEST(test_words_of_older_records_are_left_out),
		LEDGER_TEST(test_no_snapshot_is_left),
		LEDGER_TEST(test_names_are_those_on_record),
		cmocka_unit_test_setup_teardown(test_a_mirror_gets_the_log_as_it_is, setup_many, teardown),
		LEDGER_TEST(test_no_checkpoint_is_said),
		LEDGER_TEST(test_escrow_counts_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
