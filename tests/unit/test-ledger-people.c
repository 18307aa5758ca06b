/* SPDX-License-Identifier: Apache-2.0 */

/** What the ledger itself decides about people: badges, PINs tried, corrections, erasure; and their rebuild.
 */

#include "people-fixture.h"

static LedgerAnswer about(Ledger *ledger, const char *kind, const char *badge)
{
	return append(ledger, kind, json_pack("{s:s}", "badge", badge));
}

static LedgerAnswer refuse(Ledger *ledger, const char *badge)
{
	return append(ledger, "operator.refused", json_pack("{s:s, s:i}", "badge", badge, "attempts", 1));
}

/** A number of the station's own row about a badge. */
static json_int_t of_operator(Ledger *ledger, const char *badge, const char *field)
{
	json_auto_t *rows = look_up(ledger, "operator", json_pack("{s:s}", "badge", badge));

	assert_int_equal(json_array_size(rows), 1);
	return json_integer_value(json_object_get(json_array_get(rows, 0), field));
}

static void test_administrators_are_counted(void **state)
{
	Fixture *fixture = *state;

	assert_int_equal(fixture->info.administrators, 0);
	enrol(fixture->ledger, "a1", "administrator");
	enrol(fixture->ledger, "a2", "administrator");
	enrol(fixture->ledger, "b1", "technician");
	assert_int_equal(end_badge(fixture->ledger, "a1").error, 0);
	fixture->ledger = ledger_free(fixture->ledger);
	assert_int_equal(open_fixture(fixture), 0);
	assert_int_equal(fixture->info.administrators, 1);
}

static void test_the_last_administrator_stays(void **state)
{
	Fixture *fixture = *state;
	LedgerAnswer answer;

	enrol(fixture->ledger, "a1", "administrator");
	answer = end_badge(fixture->ledger, "a1");
	assert_int_equal(answer.error, -EINVAL);
	assert_non_null(strstr(answer.text, "last administrator"));
	answer = append(fixture->ledger, "operator.roles",
		json_pack("{s:s, s:[s]}", "badge", "a1", "roles", "technician"));
	assert_int_equal(answer.error, -EINVAL);
	enrol(fixture->ledger, "a2", "administrator");
	assert_int_equal(end_badge(fixture->ledger, "a1").error, 0);
}

static void test_a_revoked_badge_cannot_sign_in(void **state)
{
	Fixture *fixture = *state;

	enrol(fixture->ledger, "a1", "administrator");
	enrol(fixture->ledger, "b1", "technician");
	assert_int_equal(about(fixture->ledger, "operator.signed-in", "b1").error, 0);
	assert_int_equal(end_badge(fixture->ledger, "b1").error, 0);
	assert_int_equal(about(fixture->ledger, "operator.signed-in", "b1").error, -EINVAL);
	assert_int_equal(end_badge(fixture->ledger, "b1").error, -EINVAL);
	assert_int_equal(end_badge(fixture->ledger, "b9").error, -ENOENT);
	assert_int_equal(enrol(fixture->ledger, "b1", "technician").error, -EEXIST);
}

static void test_wrong_pins_are_counted_by_badge(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	enrol(ledger, "b1", "technician");
	for (int i = 0; i < 3; i++)
		refuse(ledger, "b1");
	refuse(ledger, "nobody");
	assert_int_equal(of_operator(ledger, "b1", "attempts"), 3);
	assert_int_equal(of_operator(ledger, "b1", "refused_us"), fake_utc_us);
	assert_int_equal(of_operator(ledger, "nobody", "attempts"), 1);
	assert_int_equal(of_operator(ledger, "b2", "attempts"), 0);
	about(ledger, "operator.verified", "b1");
	assert_int_equal(of_operator(ledger, "b1", "attempts"), 0);
	assert_int_equal(of_operator(ledger, "nobody", "attempts"), 1);
	refuse(ledger, "b1");
	about(ledger, "operator.signed-in", "b1");
	assert_int_equal(of_operator(ledger, "b1", "attempts"), 0);
}

static json_t *correction(json_int_t corrects, const char *field, const char *old, const char *new)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:s}", "corrects", corrects, "field", field, "old", old, "new",
		new, "why", "mistyped");
}

/** What the ledger says to a correction of the record; "" when it takes it. */
static const char *correct(
	Ledger *ledger, uint64_t record, const char *field, const char *old, const char *new)
{
	static LedgerAnswer answer;

	answer = append(ledger, "record.corrected", correction((json_int_t)record, field, old, new));
	return answer.error ? answer.text : "";
}

static void test_a_correction_fits_the_field(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	uint64_t received = append(ledger, "lot.received", lot("L1", 9, "2027-01-01")).seq;

	assert_non_null(strstr(correct(ledger, received, "quantity", "9", "many"),
		"quantity must be 1 to 100000, not \"many\""));
	assert_non_null(strstr(correct(ledger, received, "quantity", "9", "0"), "must be 1 to 100000"));
	assert_non_null(strstr(correct(ledger, received, "quantity", "9", "9.5"), "must be 1 to 100000"));
	assert_non_null(strstr(correct(ledger, received, "expiry", "2027-01-01", "soon"), "a date"));
	assert_string_equal(correct(ledger, received, "expiry", "2027-01-01", "2028-01-01"), "");
	assert_string_equal(correct(ledger, received, "quantity", "9", "8"), "");
	assert_string_equal(correct(ledger, received, "maker", "Maker", "121"), "");
}

static void test_corrections_name_what_stands(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	uint64_t received = append(ledger, "lot.received", lot("L1", 9, "2027-01-01")).seq, made;

	assert_int_equal(
		append(ledger, "record.corrected", correction(99, "maker", "Maker", "M")).error, -ENOENT);
	assert_int_equal(
		append(ledger, "record.corrected", correction((json_int_t)received, "colour", "x", "M"))
			.error,
		-ENOENT);
	assert_int_equal(
		append(ledger, "record.corrected", correction((json_int_t)received, "maker", "maker", "M"))
			.error,
		-EINVAL);
	/* a correction that would name itself */
	assert_int_equal(
		append(ledger, "record.corrected", correction((json_int_t)received + 1, "field", "a", "b"))
			.error,
		-ENOENT);
	made = append(ledger, "record.corrected", correction((json_int_t)received, "quantity", "9", "10"))
		       .seq;
	assert_int_not_equal(made, 0);
	assert_int_equal(
		append(ledger, "record.corrected", correction((json_int_t)received, "quantity", "9", "11"))
			.error,
		-EINVAL);
	assert_int_equal(
		append(ledger, "record.corrected", correction((json_int_t)received, "quantity", "10", "11"))
			.error,
		0);
	assert_int_equal(
		append(ledger, "record.corrected", correction((json_int_t)made, "why", "mistyped", "x"))
			.error,
		-EINVAL);
}

static void test_erasure_takes_salt_and_data(void **state)
{
	Fixture *fixture = *state;
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	Ledger *ledger = fixture->ledger;
	LedgerAnswer answer;

	enrol(ledger, "a1", "administrator");
	enrol(ledger, "b1", "technician");
	append_personal(ledger, "subject.registered", json_pack("{s:s}", "subject", "P-1"), "name", "Rosa");
	append_personal(ledger, "subject.registered", json_pack("{s:s}", "subject", "P-2"), "name", "Otto");
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(append(ledger, "personal.erased", erasure("badge", "b1")).error, -EINVAL);
	assert_int_equal(append(ledger, "personal.erased", erasure("subject", "P-3")).error, -ENOENT);
	assert_int_equal(append(ledger, "personal.erased", json_pack("{s:s}", "reason", "x")).error, -EINVAL);
	assert_int_equal(count(db, "SELECT count(*) FROM personal"), 4);
	answer = append(ledger, "personal.erased", erasure("subject", "P-1"));
	assert_int_equal(answer.error, 0);
	/* two badges', the other person's, and why this was erased */
	assert_int_equal(count(db, "SELECT count(*) FROM personal"), 4);
	assert_int_equal(count(db, "SELECT count(*) FROM personal JOIN record USING(seq) WHERE kind ="
				   " 'subject.registered' AND data LIKE '%Otto%'"),
		1);
	assert_int_equal(count(db, "SELECT json_extract(CAST(leaf AS TEXT), '$.body.records[0]') FROM record"
				   " WHERE kind = 'personal.erased'"),
		3);
	assert_int_equal(end_badge(ledger, "b1").error, 0);
	assert_int_equal(append(ledger, "personal.erased", erasure("badge", "b1")).error, 0);
	assert_int_equal(
		count(db,
			"SELECT count(*) FROM operator WHERE badge = 'b1' AND name IS NULL AND pin IS NULL"),
		1);
	assert_int_equal(
		count(db, "SELECT count(*) FROM operator WHERE badge = 'a1' AND pin IS NOT NULL"), 1);
}

/** Every row of every projection of people, as text. */
static char *dump(sqlite3 *db)
{
	static const char *const tables[] = { "operator", "attempt", "certification", "subject", "course",
		"incident", "correction", "image", "session" };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < ELEMENTS(tables); i++) {
		_cleanup_(sqlite3_finalizep) sqlite3_stmt *rows = NULL;
		char sql[64];

		snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY 1, 2", tables[i]);
		assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &rows, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_step(rows), SQLITE_ROW);
		do
			for (int c = 0; c < sqlite3_column_count(rows); c++)
				fprintf(out, "%s.%s=%s\n", tables[i], sqlite3_column_name(rows, c),
					(const char *)(sqlite3_column_text(rows, c)
							       ?: (const unsigned char *)"NULL"));
		while (sqlite3_step(rows) == SQLITE_ROW);
	}
	fclose(out);
	return text;
}

static void fill(Ledger *ledger)
{
	enrol(ledger, "a1", "administrator");
	enrol(ledger, "b1", "technician");
	enrol(ledger, "b2", "technician");
	refuse(ledger, "b2");
	append_personal(ledger, "operator.pin-changed", json_pack("{s:s, s:b}", "badge", "b1", "reset", 1),
		"pin", "$y$new");
	append(ledger, "operator.certified",
		json_pack("{s:s, s:s, s:s, s:s}", "badge", "b1", "certificate", "c", "issuer", "i", "expiry",
			"2030-01-01"));
	append_personal(ledger, "subject.registered", json_pack("{s:s, s:i}", "subject", "P-1", "born", 1980),
		"name", "Rosa");
	append(ledger, "course.planned",
		json_pack("{s:s, s:s, s:i, s:i}", "subject", "P-1", "protocol", "x", "sessions", 3,
			"interval_days", 14));
	append(ledger, "session.begun",
		json_pack("{s:i, s:s, s:s, s:i}", "session", 1, "subject", "P-1", "protocol", "x",
			"course_session", 1));
	append(ledger, "image.captured",
		json_pack("{s:i, s:s, s:s, s:s, s:s}", "session", 1, "zone", "crown", "phase", "before",
			"file", "f", "sha256", "0"));
	append_personal(ledger, "incident.reported",
		json_pack("{s:i, s:s, s:s, s:s}", "session", 1, "incident", "complication", "severity",
			"minor", "text", "bled"),
		"person", "Rosa");
	append_personal(ledger, "subject.changed", json_pack("{s:s, s:s}", "subject", "P-1", "why", "typo"),
		"name", "Roza");
	append(ledger, "record.corrected", correction(8, "sessions", "3", "4"));
	append(ledger, "interlock.overridden",
		json_pack(
			"{s:i, s:s, s:s}", "session", 1, "interlock", "interval", "reason", "Rosa insists"));
	append(ledger, "record.corrected", correction(11, "text", "bled", "Rosa bled"));
	append(ledger, "record.corrected", correction(7, "born", "1980", "1981"));
	append(ledger, "session.abandoned",
		json_pack("{s:i, s:s}", "session", 1, "reason", "Rosa has hepatitis"));
	end_badge(ledger, "b1");
	append(ledger, "personal.erased", erasure("badge", "b1"));
	append(ledger, "personal.erased", erasure("subject", "P-1"));
	append(ledger, "image.erased",
		json_pack("{s:i, s:i, s:s, s:s}", "session", 1, "image", 10, "file", "f", "sha256", "0"));
}

static void test_projections_are_rebuilt_without_what_was_erased(void **state)
{
	Fixture *fixture = *state;
	_cleanup_(freep) char *before = NULL, *after = NULL;
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;

	fill(fixture->ledger);
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(count(db, "SELECT count(*) FROM personal"), 4);
	before = dump(db);
	assert_non_null(strstr(before, "incident.subject=P-1\n"));
	assert_non_null(strstr(before, "correction.new=4\n"));
	assert_null(strstr(before, "1980"));
	assert_null(strstr(before, "1981"));
	assert_null(strstr(before, "image.erased_seq=NULL"));
	assert_null(strstr(before, "$y$new"));
	assert_null(strstr(before, "bled"));
	assert_int_equal(projection_rebuild(db), 0);
	after = dump(db);
	assert_string_equal(before, after);
	assert_int_equal(count(db, "SELECT count(*) FROM personal"), 4);
}

/* ---- personal data past its term ---- */

#define TERMS "{\"sessions\":100,\"operators\":200,\"incidents\":300}"

static void later(int days)
{
	fake_utc_us += days * USEC_PER_DAY;
}

static void visit(Ledger *ledger, int session, const char *subject)
{
	append(ledger, "session.begun",
		json_pack("{s:i, s:s, s:s, s:i}", "session", session, "subject", subject, "protocol", "x",
			"course_session", 1));
	append(ledger, "image.captured",
		json_pack("{s:i, s:s, s:s, s:s, s:s}", "session", session, "zone", "crown", "phase", "before",
			"file", subject, "sha256", "0"));
	append(ledger, "session.abandoned", json_pack("{s:i, s:s}", "session", session, "reason", "x"));
}

static void hurt(Ledger *ledger, json_t *whose)
{
	json_auto_t *body = json_pack("{s:s, s:s, s:s, s:s, s:s}", "incident", "sharps-injury", "severity",
		"minor", "text", "pricked", "device", "1RL", "area", "chair");

	json_object_update(body, whose);
	json_decref(whose);
	append_personal(ledger, "incident.reported", json_incref(body), "person", "Otto");
}

/** Who is named, as "whose=who personal/photographs;", under TERMS on the day of the clock. */
static char *named(Ledger *ledger, json_t *more)
{
	json_auto_t *arguments = json_pack("{s:s, s:s}", "keep", TERMS, "today", "");
	json_auto_t *rows = NULL;
	char today[CLOCK_UTC_TEXT_MAX], *text = NULL;
	size_t i, size;
	FILE *out = open_memstream(&text, &size);
	json_t *row;

	clock_format_utc(fake_utc_us, today);
	json_object_set_new(arguments, "today", json_stringn(today, 10));
	json_object_update(arguments, more);
	json_decref(more);
	rows = look_up(ledger, "expired", json_incref(arguments));
	json_array_foreach (rows, i, row)
		fprintf(out, "%s=%s %lld/%lld;", json_string_value(json_object_get(row, "whose")),
			json_string_value(json_object_get(row, "who")),
			json_integer_value(json_object_get(row, "personal")),
			json_integer_value(json_object_get(row, "photographs")));
	fclose(out);
	return text;
}

static void expect_named(Ledger *ledger, const char *expected)
{
	_cleanup_(freep) char *text = named(ledger, json_object());

	assert_string_equal(text, expected);
}

static void test_personal_data_past_its_term(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	int64_t start_us = fake_utc_us;

	enrol(ledger, "a1", "administrator");
	enrol(ledger, "b1", "technician");
	append_personal(ledger, "subject.registered", json_pack("{s:s}", "subject", "P-1"), "name", "Rosa");
	append_personal(ledger, "subject.registered", json_pack("{s:s}", "subject", "P-2"), "name", "Otto");
	visit(ledger, 1, "P-2");
	hurt(ledger, json_object());
	later(50);
	visit(ledger, 2, "P-3"); /* never registered, but photographed */
	end_badge(ledger, "b1");
	append(ledger, "incident.reported",
		json_pack("{s:s, s:s, s:s, s:s}", "subject", "P-2", "incident", "complication", "severity",
			"minor", "text", "swollen"));
	later(50);
	expect_named(ledger, ""); /* the hundredth day is still within the term */
	later(1);
	expect_named(ledger, "subject=P-1 1/0;");
	/* a word about a person keeps the data, and so does an incident, for longer */
	append_personal(ledger, "subject.changed", json_pack("{s:s, s:s}", "subject", "P-1", "why", "typo"),
		"name", "Roza");
	expect_named(ledger, "");
	later(50);
	expect_named(ledger, "subject=P-3 0/1;");
	later(100);
	expect_named(ledger, "subject=P-3 0/1;badge=b1 2/0;subject=P-1 2/0;");
	append(ledger, "personal.erased", erasure("subject", "P-1"));
	append(ledger, "personal.erased", erasure("subject", "P-3"));
	append(ledger, "personal.erased", erasure("badge", "b1"));
	expect_named(ledger, "");
	later(50);
	expect_named(ledger, "record=8 1/0;");
	later(50);
	expect_named(ledger, "record=8 1/0;subject=P-2 2/1;");
	fake_utc_us = start_us;
}

static void test_past_its_term_by_page(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	_cleanup_(freep) char *first = NULL, *second = NULL, *records = NULL, *without = NULL;
	int64_t start_us = fake_utc_us;

	for (int i = 1; i <= 3; i++) {
		char subject[8];

		snprintf(subject, sizeof subject, "P-%d", i);
		append_personal(
			ledger, "subject.registered", json_pack("{s:s}", "subject", subject), "name", "N");
	}
	/* an operator's injury in the session of somebody else is a row of its own */
	visit(ledger, 1, "P-1");
	hurt(ledger, json_pack("{s:i}", "session", 1));
	later(301);
	first = named(ledger, json_pack("{s:i}", "limit", 2));
	assert_string_equal(first, "subject=P-2 1/0;subject=P-3 1/0;");
	second = named(ledger, json_pack("{s:i}", "after", 3));
	assert_string_equal(second, "subject=P-1 1/1;record=7 1/0;");
	records = named(ledger, json_pack("{s:s}", "whose", "record"));
	assert_string_equal(records, "record=7 1/0;");
	without = named(ledger, json_pack("{s:s}", "keep", "{\"operators\":1}"));
	assert_string_equal(without, "");
	fake_utc_us = start_us;
}

static void test_retention_says_what_next(void **state)
{
	Fixture *fixture = *state;
	json_auto_t *rows = NULL;
	json_t *row;
	size_t i;

	enrol(fixture->ledger, "a1", "administrator");
	append(fixture->ledger, "cycle.recorded",
		json_pack("{s:s, s:i, s:s, s:s, s:f, s:i}", "sterilizer", "A", "cycle", 1, "program", "B",
			"started", "2026-03-01T10:00:00Z", "temperature_c", 134.0, "exposure_s", 240));
	rows = look_up(fixture->ledger, "retention",
		json_pack("{s:s, s:s, s:s}", "keep", TERMS, "today", "2026-12-01", "profile", "us-ca"));
	assert_int_equal(json_array_size(rows), 3);
	json_array_foreach (rows, i, row) {
		const char *next = json_string_value(json_object_get(row, "next"));
		bool operators = strcmp(json_string_value(json_object_get(row, "records")), "operators") == 0;

		assert_string_equal(json_string_value(json_object_get(row, "profile")), "us-ca");
		assert_int_equal(json_integer_value(json_object_get(row, "expired")), operators);
		assert_true(operators ? strcmp(next, "stipplectl audit expired") == 0 : next == NULL);
	}
}

/* ---- corrections ---- */

static LedgerAnswer correct_beside(
	Ledger *ledger, uint64_t record, const char *field, const char *old, const char *new)
{
	return append(ledger, "record.corrected", correction((json_int_t)record, field, old, new));
}

static void expect_invalid(LedgerAnswer answer, const char *words)
{
	assert_int_equal(answer.error, -EINVAL);
	if (!strstr(answer.text, words))
		fail_msg("%s", answer.text);
}

/** A refusal goes to the journal and to whoever asks. */
static void test_a_wrong_old_value_does_not_show_the_right_one(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	LedgerAnswer answer = append_personal(ledger, "subject.registered",
		json_pack("{s:s}", "subject", "P-1"), "birth_date", "1980-05-17");
	uint64_t seq = answer.seq;

	assert_int_equal(answer.error, 0);
	answer = correct_beside(ledger, seq, "birth_date", "1981-06-18", "1980-05-16");
	expect_invalid(answer, "birth_date of record");
	assert_null(strstr(answer.text, "1980-05-17"));
	assert_null(strstr(answer.text, "1981-06-18"));
	assert_int_equal(correct_beside(ledger, seq, "birth_date", "1980-05-17", "1980-05-16").error, 0);
	answer = correct_beside(ledger, seq, "birth_date", "1980-05-17", "1980-05-15");
	expect_invalid(answer, "birth_date of record");
	assert_null(strstr(answer.text, "1980-05-16"));
}

static void test_a_corrected_card_meets_the_rules_of_a_new_one(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	LedgerAnswer answer = append_personal(ledger, "subject.registered",
		json_pack("{s:s}", "subject", "P-1"), "birth_date", "1980-05-17");
	uint64_t seq = answer.seq;

	expect_invalid(
		correct_beside(ledger, seq, "birth_date", "1980-05-17", "2999-01-01"), "lies in the future");
	expect_invalid(
		correct_beside(ledger, seq, "birth_date", "1980-05-17", "1880-01-01"), "from 1900-01-01");
	expect_invalid(correct_beside(ledger, seq, "born", "none", "1979"), "of two years");
	expect_invalid(
		correct_beside(ledger, seq, "guardian_form", "none", "2999-01-01"), "lies in the future");
	assert_int_equal(correct_beside(ledger, seq, "born", "none", "1980").error, 0);
	expect_invalid(correct_beside(ledger, seq, "birth_date", "1980-05-17", "1981-05-17"), "of two years");
	assert_int_equal(correct_beside(ledger, seq, "birth_date", "1980-05-17", "1980-05-18").error, 0);
	assert_int_equal(correct_beside(ledger, seq, "guardian_form", "none", "2026-01-01").error, 0);
}

static void test_a_corrected_incident_meets_the_rules_of_a_new_one(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	LedgerAnswer answer = append(ledger, "incident.reported",
		json_pack("{s:s, s:s, s:s, s:s, s:s}", "subject", "P-1", "incident", "complication",
			"severity", "minor", "text", "swelling", "occurred", "2026-02-10T10:00:00Z"));
	uint64_t seq = answer.seq, sent;

	assert_string_equal(answer.text, "");
	expect_invalid(
		correct_beside(ledger, seq, "known", "none", "2026-02-09T10:00:00Z"), "before it occurred");
	assert_int_equal(correct_beside(ledger, seq, "known", "none", "2026-02-11T10:00:00Z").error, 0);
	expect_invalid(
		correct_beside(ledger, seq, "occurred", "2026-02-10T10:00:00Z", "2026-02-12T10:00:00Z"),
		"before it occurred");
	sent = append(ledger, "incident.notified",
		json_pack("{s:I, s:s, s:s, s:s}", "incident", (json_int_t)seq, "authority", "B", "way",
			"post", "sent", "2026-02-12T10:00:00Z"))
		       .seq;
	assert_true(sent > 0);
	expect_invalid(correct_beside(ledger, sent, "sent", "2026-02-12T10:00:00Z", "2026-02-09T10:00:00Z"),
		"before its incident");
	assert_int_equal(
		correct_beside(ledger, sent, "sent", "2026-02-12T10:00:00Z", "2026-02-13T10:00:00Z").error,
		0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_administrators_are_counted),
		LEDGER_TEST(test_the_last_administrator_stays),
		LEDGER_TEST(test_a_revoked_badge_cannot_sign_in),
		LEDGER_TEST(test_wrong_pins_are_counted_by_badge),
		LEDGER_TEST(test_corrections_name_what_stands),
		LEDGER_TEST(test_a_correction_fits_the_field),
		LEDGER_TEST(test_erasure_takes_salt_and_data),
		LEDGER_TEST(test_projections_are_rebuilt_without_what_was_erased),
		LEDGER_TEST(test_personal_data_past_its_term),
		LEDGER_TEST(test_past_its_term_by_page),
		LEDGER_TEST(test_retention_says_what_next),
		LEDGER_TEST(test_a_wrong_old_value_does_not_show_the_right_one),
		LEDGER_TEST(test_a_corrected_card_meets_the_rules_of_a_new_one),
		LEDGER_TEST(test_a_corrected_incident_meets_the_rules_of_a_new_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
