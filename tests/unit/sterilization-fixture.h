/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Steriliser A, its cycles and tests, in the ledger of a test. */

#include "ledger-fixture.h"

/* the fixture's clock stands at 2026-03-02T10:00:00Z, after all of these times */
#define PROOFS "mechanical integrator chemical contents"

static inline json_t *with(json_t *body, const char *extra)
{
	json_auto_t *more = json_loads(extra, 0, NULL);

	assert_non_null(more);
	json_object_update(body, more);
	return body;
}

static inline LedgerAnswer enter(Ledger *ledger, const char *kind, const char *body)
{
	return append(ledger, kind, with(json_object(), body));
}

static inline uint64_t enter_ok(Ledger *ledger, const char *kind, const char *body)
{
	LedgerAnswer answer = enter(ledger, kind, body);

	if (answer.error < 0)
		fail_msg("%s %s: %s", kind, body, answer.text);
	return answer.seq;
}

static inline void refuse(LedgerAnswer answer, int error, const char *words)
{
	if (answer.error != error || !strstr(answer.text, words))
		fail_msg("%d \"%s\", not %d with \"%s\"", answer.error, answer.text, error, words);
}

static inline uint64_t add_sterilizer(Ledger *ledger)
{
	return enter_ok(ledger, "sterilizer.registered",
		"{\"sterilizer\":\"A\",\"maker\":\"M\",\"model\":\"B18\",\"serial\":\"77\",\"installed\":\"2026-01-01\"}");
}

static inline json_t *cycle(int number, const char *started, const char *extra)
{
	return with(
		json_pack("{s:s, s:i, s:s, s:s, s:f, s:f, s:i, s:s, s:[s]}", "sterilizer", "A", "cycle",
			number, "program", "B 134", "started", started, "temperature_c", 134.5,
			"pressure_kpa", 313.0, "exposure_s", 240, "mechanical", "pass", "contents", "hp1"),
		extra);
}

static inline uint64_t add_cycle(Ledger *ledger, int number, const char *started, const char *extra)
{
	LedgerAnswer answer = append(ledger, "cycle.recorded", cycle(number, started, extra));

	if (answer.error < 0)
		fail_msg("cycle %d: %s", number, answer.text);
	return answer.seq;
}

static inline LedgerAnswer release(Ledger *ledger, int number, const char *extra)
{
	return append(ledger, "cycle.released",
		with(json_pack("{s:s, s:i, s:s, s:s, s:s, s:i}", "sterilizer", "A", "cycle", number, "signed",
			     "released", "profile", "us-ca", "proofs", PROOFS, "sterile_days", 30),
			extra));
}

static inline void release_ok(Ledger *ledger, int number)
{
	LedgerAnswer answer = release(ledger, number, "{\"integrator\":\"pass\",\"chemical\":\"pass\"}");

	if (answer.error < 0)
		fail_msg("release of %d: %s", number, answer.text);
}

static inline LedgerAnswer test_of(Ledger *ledger, const char *result, const char *extra)
{
	return append(ledger, "indicator.tested",
		with(json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:i, s:b}", "sterilizer", "A", "lot",
			     "BI9", "expiry", "2027-01-31", "control", "growth", "result", result,
			     "incubation_h", 24, "profile", "us-ca", "biological_days", 30, "reprocess", 0),
			extra));
}

static inline uint64_t test_ok(Ledger *ledger, const char *result, const char *extra)
{
	LedgerAnswer answer = test_of(ledger, result, extra);

	if (answer.error < 0)
		fail_msg("test: %s", answer.text);
	return answer.seq;
}

/** A text of the only row about an item that is or was sterile. */
static inline void expect_item(Ledger *ledger, const char *item, const char *column, const char *expected)
{
	json_auto_t *rows = look_up(ledger, "sterile", json_pack("{s:s}", "handpiece", item));
	const char *value = json_string_value(json_object_get(json_array_get(rows, 0), column));

	assert_int_equal(json_array_size(rows), 1);
	if (!expected)
		assert_null(value);
	else if (!value || !strstr(value, expected))
		fail_msg("%s of %s is %s, not %s", column, item, value ? value : "NULL", expected);
}

static inline size_t count(Ledger *ledger, const char *query, json_t *arguments)
{
	json_auto_t *rows = look_up(ledger, query, arguments);

	return json_array_size(rows);
}

/** Marks an item as used, as mounting it does. */
static inline void use(Fixture *fixture, const char *item, uint64_t seq)
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	char sql[160];

	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	snprintf(sql, sizeof sql, "UPDATE handpiece_sterile SET used_seq = %llu WHERE handpiece = '%s'",
		(unsigned long long)seq, item);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_changes(db), 1);
}

static inline uint64_t begin(Ledger *ledger, int session, const char *subject)
{
	LedgerAnswer answer = append(ledger, "session.begun",
		json_pack("{s:i, s:s, s:s, s:i}", "session", session, "subject", subject, "protocol", "x",
			"course_session", 1));

	assert_int_equal(answer.error, 0);
	return answer.seq;
}

static inline void service(Ledger *ledger, const char *work, const char *done)
{
	LedgerAnswer answer = append(ledger, "sterilizer.serviced",
		json_pack("{s:s, s:s, s:s, s:s}", "sterilizer", "A", "work", work, "done", done, "by", "M"));

	assert_int_equal(answer.error, 0);
}

/**
 * Loads 1 (before the test that passed), 2 and 3 (after it), each with an item of its own; all are released.
 */
static inline void add_loads(Ledger *ledger)
{
	add_sterilizer(ledger);
	add_cycle(ledger, 1, "2026-02-01T10:00:00Z", "{\"contents\":[\"hp1\"]}");
	test_ok(ledger, "pass", "{\"cycle\":1}");
	add_cycle(ledger, 2, "2026-02-02T10:00:00Z", "{\"contents\":[\"hp2\"]}");
	add_cycle(ledger, 3, "2026-02-03T10:00:00Z", "{\"contents\":[\"hp3\"]}");
	for (int i = 1; i <= 3; i++)
		release_ok(ledger, i);
}
