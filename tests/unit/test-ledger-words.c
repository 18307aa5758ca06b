/* SPDX-License-Identifier: Apache-2.0 */

/** What people say in their own words: it stays in the station, and goes with an erasure. */

#include "people-fixture.h"

#include <sys/ioctl.h>

#include "ledger/ledger-private.h"
#include "util/text.h"

enum { MANY = 16000 }; /* records: verifying them takes longer than asking for an erasure */

static bool file_has(const char *path, const char *suffix, const char *text)
{
	char name[160];
	_cleanup_(freep) char *bytes = NULL;
	size_t size = 0, more;
	FILE *in;

	snprintf(name, sizeof name, "%s%s", path, suffix);
	in = fopen(name, "re");
	if (!in)
		return false;
	bytes = malloc(1 << 24);
	while ((more = fread(bytes + size, 1, (1 << 24) - size, in)) > 0)
		size += more;
	fclose(in);
	return memmem(bytes, size, text, strlen(text)) != NULL;
}

static bool is_kept(const Fixture *fixture, const char *text)
{
	return file_has(fixture->path, "", text) || file_has(fixture->path, "-wal", text);
}

static void say(Ledger *ledger)
{
	enrol(ledger, "a1", "administrator");
	append(ledger, "session.begun",
		json_pack("{s:i, s:s, s:s, s:i}", "session", 1, "subject", "P-1", "protocol", "x",
			"course_session", 1));
	append(ledger, "interlock.overridden",
		json_pack("{s:i, s:s, s:s}", "session", 1, "interlock", "interval", "reason",
			"Rosa has hepatitis"));
}

static void test_words_are_not_published(void **state)
{
	Fixture *fixture = *state;
	json_auto_t *rows = NULL;
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	LedgerAnswer answer;

	say(fixture->ledger);
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(count(db, "SELECT count(*) FROM record WHERE leaf LIKE '%hepatitis%'"), 0);
	assert_int_equal(count(db, "SELECT count(*) FROM personal WHERE data LIKE '%hepatitis%'"), 1);
	rows = look_up(fixture->ledger, "overrides", NULL);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(rows, 0), "reason")), "Rosa has hepatitis");
	answer = append(fixture->ledger, "interlock.overridden",
		json_pack("{s:i, s:s}", "session", 1, "interlock", "interval"));
	assert_int_equal(answer.error, -EINVAL);
	assert_non_null(strstr(answer.text, "needs the field reason"));
}

static void test_words_of_older_records_are_shown(void **state)
{
	Fixture *fixture = *state;
	json_auto_t *rows = NULL;
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;

	say(fixture->ledger);
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	/* as a version before this one wrote it */
	assert_int_equal(
		sqlite3_exec(db,
			"DROP TRIGGER record_no_update; UPDATE record SET leaf = CAST(json_set(CAST(leaf AS TEXT), '$.body.reason', 'old') AS BLOB)"
			" WHERE kind = 'interlock.overridden'; DELETE FROM personal WHERE data LIKE '%hepatitis%'",
			NULL, NULL, NULL),
		SQLITE_OK);
	rows = look_up(fixture->ledger, "overrides", NULL);
	assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "reason")), "old");
}

static void test_an_erasure_is_answered_when_nothing_is_left(void **state)
{
	Fixture *fixture = *state;
	LedgerAnswer answer;

	say(fixture->ledger);
	assert_true(is_kept(fixture, "hepatitis"));
	answer = append(fixture->ledger, "personal.erased", erasure("subject", "P-1"));
	assert_int_equal(answer.error, 0);
	assert_false(answer.lingers);
	assert_false(is_kept(fixture, "hepatitis"));
}

static void test_a_slow_stream_does_not_keep_what_is_erased(void **state)
{
	Fixture *fixture = *state;
	json_auto_t *arguments = json_object();
	LedgerAnswer answer, streamed = { 0 };
	int ends[2];

	say(fixture->ledger);
	for (int i = 0; i < 300; i++)
		append(fixture->ledger, "needle.refused",
			json_pack("{s:s, s:s, s:s}", "code", "x", "refusal", "unreadable", "text",
				"a sentence that is long enough to fill what a pipe holds by and by, and then some "
				"more of it, because a pipe of this system holds sixty-four thousand bytes and a "
				"reader that takes none of them has to stand still in the middle of the record"));
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(
		ledger_stream(fixture->ledger, "timeline", arguments, ends[1], keep_answer, &streamed), 0);
	/* the pipe is full, and the stream in the middle of its snapshot */
	for (int i = 0, held = 0, before = -1; i < 400 && (held == 0 || held != before); i++) {
		before = held;
		(void)poll(NULL, 0, 50);
		(void)ioctl(ends[0], FIONREAD, &held);
	}
	answer = append(fixture->ledger, "personal.erased", erasure("subject", "P-1"));
	assert_int_equal(answer.error, 0);
	assert_false(answer.lingers);
	assert_false(is_kept(fixture, "hepatitis"));
	serve(fixture->ledger);
	close(ends[0]);
}

/** Its snapshot has what is erased: it is given back, and the verification begins anew. */
static void test_a_verification_makes_way_for_an_erasure(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	json_auto_t *body = json_pack("{s:s, s:s}", "alert", "a", "text", "one of many");
	const LedgerRecord record = { .kind = "alert.raised", .actor = "station", .body = body };
	struct pollfd ready = { .fd = ledger_fd(ledger), .events = POLLIN };
	LedgerAnswer answer, verified = { .error = 1 };
	uint64_t done = 0, total;

	say(ledger);
	for (int i = 0; i < MANY; i++) {
		if (i % (LEDGER_REQUESTS / 2) == 0)
			serve(ledger);
		assert_int_equal(ledger_append(ledger, &record, NULL, NULL), 0);
	}
	serve(ledger);
	/* in its log, too, that the erasure has something to do */
	append(ledger, "interlock.overridden",
		json_pack("{s:i, s:s, s:s}", "session", 1, "interlock", "interval", "reason",
			"hepatitis again"));
	assert_int_equal(ledger_verify_start(ledger, keep_answer, &verified), 0);
	for (int i = 0; i < 30000 && done == 0; i++) {
		(void)poll(NULL, 0, 1);
		ledger_verify_progress(ledger, &done, &total);
	}
	assert_true(done > 0);
	assert_false(atomic_load(&ledger->check.ended));
	answer = append(ledger, "personal.erased", erasure("subject", "P-1"));
	assert_int_equal(answer.error, 0);
	assert_false(answer.lingers);
	assert_false(is_kept(fixture, "hepatitis"));
	assert_int_equal(verified.error, 1);
	for (int i = 0; i < 600 && verified.error == 1; i++) {
		(void)poll(&ready, 1, 100);
		ledger_dispatch(ledger);
	}
	assert_int_equal(verified.error, 0);
}

static void test_an_erasure_that_another_program_holds_up_says_so(void **state)
{
	Fixture *fixture = *state;
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	LedgerAnswer answer;

	say(fixture->ledger);
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db, "BEGIN; SELECT count(*) FROM personal", NULL, NULL, NULL), SQLITE_OK);
	answer = append(fixture->ledger, "personal.erased", erasure("subject", "P-1"));
	assert_int_equal(answer.error, 0);
	assert_true(answer.lingers);
	assert_true(is_kept(fixture, "hepatitis"));
	assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	for (int i = 0; i < 400 && is_kept(fixture, "hepatitis"); i++)
		(void)poll(NULL, 0, 50);
	assert_false(is_kept(fixture, "hepatitis"));
}

/* ---- what leaves the station ---- */

static bool is_text(const RecordField *field)
{
	return field->type == FIELD_TEXT || field->type == FIELD_ARRAY || field->type == FIELD_OBJECT;
}

/**
 * Of each kind that is published, each text says what it is: somebody's own words (which stay beside the
 * leaf), one of few, an identifier, what a label says, or the station's own. Whoever adds a field has to
 * decide.
 */
static void test_what_is_published_has_no_words_in_its_leaf(void **state)
{
	size_t published = 0;

	(void)state;
	for (const RecordKind *kind = record_kinds; kind < record_kinds + record_kinds_n; kind++) {
		published += kind->topic != NULL;
		for (const RecordField *field = kind->fields; kind->topic && field->name; field++)
			if (is_text(field) && field->words != WORDS_BESIDE && !field->choices &&
				field->text == TEXT_ANY)
				fail_msg(
					"%s of %s is published: say in records/ what may stand in it (personal, "
					"choice, identifier, label or code)",
					field->name, kind->name);
	}
	assert_true(published > 20);
}

/** What people give as a reason or a note is never in a leaf, whether that is published or not. */
static void test_reasons_are_words(void **state)
{
	static const char spoken[] =
		"reason note text why action treatment referral despite meaning by notified";
	/* the program's own sentences */
	static const char own[] =
		"needle.refused alert.raised operator.signed-in operator.signed-out station.stopped clinic.refused";

	(void)state;
	for (const RecordKind *kind = record_kinds; kind < record_kinds + record_kinds_n; kind++)
		for (const RecordField *field = kind->fields; field->name; field++)
			if (text_list_has(spoken, field->name) && !text_list_has(own, kind->name))
				if (field->words != WORDS_BESIDE)
					fail_msg("%s of %s is not personal", field->name, kind->name);
}

static void test_an_identifier_is_no_sentence(void **state)
{
	Fixture *fixture = *state;
	LedgerAnswer answer;
	char label[RECORD_LABEL_MAX + 2] = "";

	say(fixture->ledger);
	answer = append(fixture->ledger, "needle.disposed",
		json_pack("{s:i, s:s}", "session", 1, "container", "Rosa has hepatitis"));
	assert_int_equal(answer.error, -EINVAL);
	assert_non_null(strstr(answer.text, "container"));
	assert_null(strstr(answer.text, "Rosa"));
	memset(label, 'x', sizeof label - 1);
	answer = append(fixture->ledger, "lot.received",
		json_pack("{s:s, s:s, s:s, s:s, s:i}", "lot", "L1", "product", label, "maker", "m", "expiry",
			"2099-01-01", "quantity", 1));
	assert_int_equal(answer.error, -EINVAL);
	assert_non_null(strstr(answer.text, "product"));
	answer = append(fixture->ledger, "cycle.recorded",
		json_pack("{s:s, s:i, s:s, s:s, s:f, s:i, s:[s]}", "sterilizer", "A", "cycle", 1, "program",
			"B", "started", "2026-03-01T10:00:00Z", "temperature_c", 134.0, "exposure_s", 240,
			"contents", label));
	assert_int_equal(answer.error, -EINVAL);
	assert_non_null(strstr(answer.text, "contents"));
}

/* ---- words about things ---- */

/** Of lots, cartridges and badges: what was said is told, quoted in no refusal, and goes with its record. */
static void test_words_about_things_can_be_erased(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	LedgerAnswer answer;
	json_auto_t *rows = NULL, *gone = NULL;
	uint64_t barred;

	say(ledger);
	append(ledger, "lot.received",
		json_pack("{s:s, s:s, s:s, s:s, s:i}", "lot", "L1", "product", "p", "maker", "m", "expiry",
			"2099-01-01", "quantity", 9));
	barred = append(ledger, "lot.status",
		json_pack(
			"{s:s, s:s, s:s}", "lot", "L1", "status", "recalled", "reason", "Otto sneezed on it"))
			 .seq;
	answer = append(ledger, "needle.claimed",
		json_pack("{s:i, s:s, s:s, s:s}", "session", 1, "unit", "u1", "lot", "L1", "code", "u1"));
	assert_int_equal(answer.error, -EKEYREVOKED);
	assert_null(strstr(answer.text, "Otto"));
	rows = look_up(ledger, "lot", json_pack("{s:s}", "lot", "L1"));
	assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "status_reason")),
		"Otto sneezed on it");
	/* a correction has the words, too */
	append(ledger, "record.corrected",
		json_pack("{s:I, s:s, s:s, s:s, s:s}", "corrects", (json_int_t)barred, "field", "reason",
			"old", "Otto sneezed on it", "new", "Otto coughed", "why", "a slip"));
	assert_true(is_kept(fixture, "coughed"));
	answer = append(ledger, "personal.erased",
		json_pack("{s:I, s:s}", "record", (json_int_t)barred, "reason", "asked for it"));
	assert_int_equal(answer.error, 0);
	assert_false(is_kept(fixture, "Otto"));
	gone = look_up(ledger, "lot", json_pack("{s:s}", "lot", "L1"));
	assert_true(json_is_null(json_object_get(json_array_get(gone, 0), "status_reason")));
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(gone, 0), "status")), "recalled");
}

static void test_what_was_said_of_a_damage_goes_with_the_person(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	say(ledger);
	append(ledger, "lot.received",
		json_pack("{s:s, s:s, s:s, s:s, s:i}", "lot", "L1", "product", "p", "maker", "m", "expiry",
			"2099-01-01", "quantity", 9));
	append(ledger, "needle.claimed",
		json_pack("{s:i, s:s, s:s, s:s}", "session", 1, "unit", "u1", "lot", "L1", "code", "u1"));
	append(ledger, "needle.removed",
		json_pack("{s:i, s:s, s:i, s:i, s:s}", "session", 1, "unit", "u1", "strokes", 1, "dots", 1,
			"reason", "dull"));
	assert_int_equal(append(ledger, "needle.damaged",
				 json_pack("{s:s, s:s}", "unit", "u1", "reason", "Rosa bit it"))
				 .error,
		0);
	assert_true(is_kept(fixture, "bit it"));
	assert_int_equal(append(ledger, "personal.erased", erasure("subject", "P-1")).error, 0);
	assert_false(is_kept(fixture, "bit it"));
	/* why it was erased is no reason to erase again, and can be named */
	assert_int_equal(append(ledger, "personal.erased", erasure("subject", "P-1")).error, -ENOENT);
}

/** Outside tools hear what was said, of records old and new. */
static void test_views_show_words(void **state)
{
	static const char *const asked[] = {
		"SELECT count(*) FROM audit_overrides WHERE reason = 'Rosa has hepatitis'",
		"SELECT count(*) FROM audit_records WHERE words LIKE '%hepatitis%' AND body NOT LIKE '%hepatitis%'",
		"SELECT count(*) FROM audit_lots WHERE status_reason = 'a notice'",
		"SELECT count(*) FROM audit_lot_status WHERE reason = 'a notice'",
		"SELECT count(*) FROM audit_operators WHERE revoked_why = 'left'",
	};
	Fixture *fixture = *state;
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;

	say(fixture->ledger);
	append(fixture->ledger, "lot.received",
		json_pack("{s:s, s:s, s:s, s:s, s:i}", "lot", "L1", "product", "p", "maker", "m", "expiry",
			"2099-01-01", "quantity", 9));
	append(fixture->ledger, "lot.status",
		json_pack("{s:s, s:s, s:s}", "lot", "L1", "status", "recalled", "reason", "a notice"));
	enrol(fixture->ledger, "b1", "technician");
	end_badge(fixture->ledger, "b1");
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	for (size_t i = 0; i < ELEMENTS(asked); i++)
		if (count(db, asked[i]) != 1)
			fail_msg("%s", asked[i]);
}

/** Where personal data may not go, no row has a word of it, whatever is asked. */
static int keep_row(void *userdata, sqlite3_stmt *row)
{
	if (strstr((const char *)sqlite3_column_text(row, 0), userdata))
		fail_msg("%s", (const char *)sqlite3_column_text(row, 0));
	return 0;
}

static void test_impersonal_rows_have_no_words(void **state)
{
	static const char *const queries[] = { "records", "timeline", "overrides", "incidents", "corrections",
		"lots", "erasures", "needles", "operators", "pigment-lots", "sterilization", "doubt" };
	Fixture *fixture = *state;
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	Error error;
	uint64_t seq;

	say(fixture->ledger);
	append(fixture->ledger, "lot.received",
		json_pack("{s:s, s:s, s:s, s:s, s:i}", "lot", "L1", "product", "p", "maker", "m", "expiry",
			"2099-01-01", "quantity", 9));
	seq = append(fixture->ledger, "lot.status",
		json_pack("{s:s, s:s, s:s}", "lot", "L1", "status", "recalled", "reason", "for hepatitis"))
		      .seq;
	append(fixture->ledger, "record.corrected",
		json_pack("{s:I, s:s, s:s, s:s, s:s}", "corrects", (json_int_t)seq, "field", "reason", "old",
			"for hepatitis", "new", "hepatitis C", "why", "hepatitis"));
	append(fixture->ledger, "incident.reported",
		json_pack("{s:i, s:s, s:s, s:s}", "session", 1, "incident", "complication", "severity",
			"minor", "text", "hepatitis"));
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(functions_add(db), SQLITE_OK);
	for (size_t i = 0; i < ELEMENTS(queries); i++)
		assert_int_equal(query_run(db, query_find(queries[i]), NULL, QUERY_IMPERSONAL, 100, keep_row,
					 (void *)"hepatitis", &error),
			0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_words_are_not_published),
		LEDGER_TEST(test_words_of_older_records_are_shown),
		LEDGER_TEST(test_an_erasure_is_answered_when_nothing_is_left),
		LEDGER_TEST(test_a_slow_stream_does_not_keep_what_is_erased),
		LEDGER_TEST(test_an_erasure_that_another_program_holds_up_says_so),
		LEDGER_TEST(test_a_verification_makes_way_for_an_erasure),
		LEDGER_TEST(test_what_is_published_has_no_words_in_its_leaf),
		LEDGER_TEST(test_reasons_are_words),
		LEDGER_TEST(test_an_identifier_is_no_sentence),
		LEDGER_TEST(test_words_about_things_can_be_erased),
		LEDGER_TEST(test_what_was_said_of_a_damage_goes_with_the_person),
		LEDGER_TEST(test_views_show_words),
		LEDGER_TEST(test_impersonal_rows_have_no_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
