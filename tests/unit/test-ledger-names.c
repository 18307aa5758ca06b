/* SPDX-License-Identifier: Apache-2.0 */

/** Names are compared without their case: pseudonyms, badges, lots, and what else people type again. */

#include "inventory-fixture.h"

static void begin(Ledger *ledger, int session, const char *subject)
{
	accepted(ledger, "session.begun",
		json_pack("{s:i, s:s, s:s, s:i}", "session", session, "subject", subject, "protocol", "x",
			"course_session", 1));
}

static json_t *worked(int session)
{
	return json_pack("{s:i, s:s, s:s, s:i, s:i, s:s, s:s}", "session", session, "zone", "crown", "unit",
		"u", "strokes", 900, "dots", 30, "encoding", "x", "sha256", "ab");
}

static void end(Ledger *ledger, int session)
{
	accepted(ledger, "session.signed", json_pack("{s:i, s:s}", "session", session, "meaning", "done"));
}

static void test_a_person_is_one_in_any_case(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	accepted(ledger, "subject.registered", named("subject", "P-42"));
	refused(ledger, "subject.registered", named("subject", "p-42"), -EEXIST,
		"subject P-42 is registered already");
	begin(ledger, 1, "p-42");
	accepted(ledger, "strokes", worked(1));
	end(ledger, 1);
	/* the healing interval, and the record */
	expect_rows(ledger, "treated", named("subject", "p-42"), 1);
	expect_rows(ledger, "treated", named("subject", "P-42"), 1);
	expect(ledger, "sessions", named("subject", "p-42"), "subject", "P-42");
	expect(ledger, "subjects", named("subject", "p-42"), "subject", "P-42");
	expect(ledger, "person", named("subject", "p-42"), "subject", "P-42");
	expect_rows(ledger, "person", named("subject", "P-4"), 0);
	expect_rows(ledger, "timeline", named("subject", "p-42"), 3);
	accepted(ledger, "course.planned",
		json_pack("{s:s, s:s, s:i, s:i}", "subject", "p-42", "protocol", "x", "sessions", 3,
			"interval_days", 7));
	expect(ledger, "courses", named("subject", "p-42"), "done", "1");
	accepted(ledger, "subject.changed", json_pack("{s:s, s:s}", "subject", "p-42", "why", "moved"));
}

static void test_a_badge_is_one_in_any_case(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	json_auto_t *rows = NULL;

	enrol(ledger, "T-1", "technician");
	enrol(ledger, "A-1", "administrator");
	refused(ledger, "operator.enrolled", json_pack("{s:s, s:[s]}", "badge", "t-1", "roles", "technician"),
		-EEXIST, "badge T-1 is enrolled already");
	/* who tries PINs out gets no more of them by another spelling */
	accepted(ledger, "operator.refused", json_pack("{s:s, s:i}", "badge", "t-1", "attempts", 1));
	accepted(ledger, "operator.refused", json_pack("{s:s, s:i}", "badge", "T-1", "attempts", 2));
	expect(ledger, "operator", named("badge", "t-1"), "attempts", "2");
	expect(ledger, "operator", named("badge", "t-1"), "badge", "T-1");
	accepted(ledger, "operator.refused", json_pack("{s:s, s:i}", "badge", "zz", "attempts", 1));
	accepted(ledger, "operator.refused", json_pack("{s:s, s:i}", "badge", "ZZ", "attempts", 2));
	expect(ledger, "operator", named("badge", "Zz"), "attempts", "2");
	expect_rows(ledger, "sign-ins", named("badge", "t-1"), 2);
	accepted(ledger, "operator.revoked", json_pack("{s:s, s:s}", "badge", "t-1", "reason", "left"));
	refused(ledger, "operator.signed-in", named("badge", "T-1"), -EINVAL, "was revoked");
	rows = look_up(ledger, "operators", named("badge", "t-1"));
	assert_int_equal(json_array_size(rows), 1);
}

static void test_a_lot_is_one_in_any_case(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	json_t *bare;

	accepted(ledger, "lot.received", lot("PG7", 2, "2027-01-01"));
	accepted(ledger, "lot.received", lot("pg7", 3, "2027-01-01"));
	expect(ledger, "lot", named("lot", "Pg7"), "quantity", "5");
	accepted(ledger, "needle.claimed", claim("(01)04012345678901(10)pg7", "pg7", 1));
	expect(ledger, "needles", named("lot", "pG7"), "unit", "(01)04012345678901(10)PG7#1");
	bare = json_pack(
		"{s:i, s:s, s:s, s:s}", "session", 1, "unit", "(10)pg7", "lot", "pg7", "code", "pg7");
	accepted(ledger, "needle.claimed", bare);
	expect_rows(ledger, "needles", named("lot", "pg7"), 2);
	expect_rows(ledger, "recall", named("lot", "pg7"), 2);
	accepted(ledger, "lot.status",
		json_pack("{s:s, s:s, s:s}", "lot", "pg7", "status", "recalled", "reason", "maker's notice"));
	refused(ledger, "needle.claimed", claim("(01)04012345678901(10)PG7", "PG7", 1), -EKEYREVOKED,
		"recalled");
	refused(ledger, "needle.claimed", claim("(01)04012345678901(10)pg7", "pg7", 1), -EKEYREVOKED,
		"recalled");
}

/** Puts a row there as a program would have that knew two spellings as two names. */
static void as_before(Fixture *fixture, const char *sql)
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

/** Records of a time when two spellings were two names stay so; what is asked or barred is both. */
static void test_spellings_of_an_earlier_time(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	json_auto_t *rows = NULL, *erased = NULL;
	LedgerAnswer answer;

	enrol(ledger, "b1", "administrator");
	begin(ledger, 1, "P-42");
	accepted(ledger, "strokes", worked(1));
	end(ledger, 1);
	accepted(ledger, "lot.received", lot("PG7", 2, "2027-01-01"));
	as_before(fixture,
		"INSERT INTO session(session, subject, protocol, course_session, operator, utc_us, outcome, strokes)"
		" VALUES(7, 'p-42', 'x', 1, 'b1', 1, 'signed', 5);"
		"INSERT INTO image(seq, session, zone, phase, file, sha256, utc_us) VALUES(900, 7, 'crown', 'before', 'f', 'ab', 1);"
		"INSERT INTO lot(gtin, lot, expiry, quantity, received_us, seq) VALUES('04012345678901', 'pg7', '2027-01-01', 9, 1, 901)");
	expect_rows(ledger, "subject", named("subject", "P-42"), 2);
	expect(ledger, "person", named("subject", "p-42"), "subject", "p-42");
	expect(ledger, "person", named("subject", "P-42"), "subject", "P-42");
	expect(ledger, "person", named("subject", "P-42"), "subject", "P-42");
	accepted(ledger, "needle.claimed", claim("(01)04012345678901(10)pg7", "pg7", 1));
	accepted(ledger, "lot.status",
		json_pack("{s:s, s:s, s:s}", "lot", "PG7", "status", "recalled", "reason", "maker's notice"));
	refused(ledger, "needle.claimed", claim("(01)04012345678901(10)pg7", "pg7", 1), -EKEYREVOKED,
		"lot PG7 is recalled");
	answer = append(ledger, "personal.erased",
		json_pack("{s:s, s:s, s:s}", "subject", "P-42", "reason", "asked for", "despite", "a test"));
	assert_int_equal(answer.error, 0);
	rows = look_up(ledger, "images-to-erase", json_object());
	assert_int_equal(json_array_size(rows), 1);
	erased = look_up(ledger, "records", named("kind", "personal.erased"));
	assert_string_equal(
		json_string_value(json_array_get(
			json_object_get(json_object_get(json_array_get(erased, 0), "body"), "spellings"), 0)),
		"p-42");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_a_person_is_one_in_any_case),
		LEDGER_TEST(test_a_badge_is_one_in_any_case),
		LEDGER_TEST(test_a_lot_is_one_in_any_case),
		LEDGER_TEST(test_spellings_of_an_earlier_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
