/* SPDX-License-Identifier: Apache-2.0 */

/** No new record is longer than a mirror takes; what has more to say says it in several. */

#include "clinic-fixture.h"

enum { NOTES = 11000, BATCH = 500 };

static void write_notes(Ledger *ledger, int n)
{
	json_auto_t *body = json_pack("{s:i, s:s}", "session", 1, "text", "fine");
	LedgerRecord record = { .kind = "note.written", .actor = "b1", .body = body };

	for (int i = 0; i < n; i++) {
		assert_int_equal(ledger_append(ledger, &record, NULL, NULL), 0);
		if (i % BATCH == BATCH - 1)
			serve(ledger);
	}
	serve(ledger);
}

static int64_t ask_number(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	int64_t n;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	n = statement_number(db, sql, 0);
	sqlite3_close(db);
	return n;
}

static void test_a_large_erasure_takes_several_records(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	LedgerAnswer answer;
	sqlite3 *db = NULL;

	accepted(ledger, "session.begun",
		json_pack("{s:i, s:s, s:s, s:i}", "session", 1, "subject", "P-1", "protocol", "x",
			"course_session", 1));
	write_notes(ledger, NOTES);
	answer = append(
		ledger, "personal.erased", json_pack("{s:s, s:s}", "subject", "P-1", "reason", "asked for"));
	assert_int_equal(answer.error, 0);
	assert_false(answer.lingers);
	assert_int_equal(answer.seq, ledger->seq);
	assert_int_equal(
		ask_number(fixture->path, "SELECT count(*) FROM record WHERE kind = 'personal.erased'"), 3);
	assert_true(ask_number(fixture->path, "SELECT max(length(leaf)) FROM record") <= LEAF_NEW_MAX);
	/* every number stands in one of them, and nothing but the last reason is left */
	assert_int_equal(ask_number(fixture->path, "SELECT count(DISTINCT value) FROM record,"
						   " json_each(CAST(leaf AS TEXT), '$.body.records')"
						   " WHERE kind = 'personal.erased' AND value <= 11001"),
		NOTES);
	assert_int_equal(ask_number(fixture->path, "SELECT count(*) FROM personal"), 1);
	assert_int_equal(ask_number(fixture->path, "SELECT max(seq) FROM personal"), (int64_t)answer.seq);
	refused(ledger, "personal.erased", json_pack("{s:s, s:s}", "subject", "P-1", "reason", "again"),
		-ENOENT, "nothing personal");
	expect_sound(fixture->path);
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(projection_rebuild(db), 0);
	sqlite3_close(db);
	expect_sound(fixture->path);
}

/** A load of `n` packs. */
static json_t *load_of(int number, int n)
{
	json_t *packs = json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(
			packs, json_sprintf("a pack that has a rather long name, number %d", i));
	return json_pack("{s:s, s:i, s:s, s:s, s:f, s:i, s:o}", "sterilizer", "S1", "cycle", number,
		"program", "B", "started", "2026-03-01T08:00:00Z", "temperature_c", 134.5, "exposure_s", 240,
		"contents", packs);
}

static void test_a_record_that_is_too_long_is_refused(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	uint64_t before;
	char text[70000];

	accepted(ledger, "sterilizer.registered",
		json_pack("{s:s, s:s, s:s, s:s, s:s}", "sterilizer", "S1", "maker", "M", "model", "B18",
			"serial", "77", "installed", "2026-01-01"));
	accepted(ledger, "cycle.recorded", load_of(1, 1000));
	before = ledger->seq;
	refused(ledger, "cycle.recorded", load_of(2, 2000), -EINVAL, "is too long");
	/* of a kind without tables, too; and nothing of it is left */
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	refused(ledger, "station.stopped", json_pack("{s:s}", "reason", text), -EINVAL, "is too long");
	assert_int_equal(ledger->seq, before);
	assert_int_equal(ask_number(fixture->path, "SELECT count(*) FROM cycle"), 1);
	accepted(ledger, "cycle.recorded", load_of(2, 10));
	assert_true(ask_number(fixture->path, "SELECT max(length(leaf)) FROM record") <= LEAF_NEW_MAX);
	expect_sound(fixture->path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_a_large_erasure_takes_several_records),
		LEDGER_TEST(test_a_record_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
