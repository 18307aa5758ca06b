/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What holds for every listing of the ledger, also for one that is added tomorrow: it is bounded by time and
 * read page by page, and its rows say what was corrected. And what is found of one person.
 */

#include "ledger-history.h"

#include "ledger/copy.h"

#include "ledger/sql.h"
#include "util/file.h"

enum { PAGES_MAX = 200, PLAN_MAX = 4096, ROW_MAX = 1024 };

/* ---- arguments ---- */

/* what a query that needs something is asked about, and what makes `check` find gaps */
static const struct {
	const char *argument, *value;
} asked[] = {
	{ "session", "1" },
	{ "lot", "L1" },
	{ "gtin", "1" },
	{ "unit", "u1" },
	{ "subject", "P-1" },
	{ "badge", "b1" },
	{ "proofs", "release certificate screening" },
	{ "certificates", "[\"c2\"]" },
	{ "biological_days", "1" },
	{ "leak_test_days", "1" },
	{ "keep", "{\"sessions\": 1, \"incidents\": 1, \"operators\": 1}" },
	{ "today", "2026-12-31" },
	{ "after", "0" },
	{ "limit", "5" },
	{ "from", "2026-01-01" },
	{ "to", "2099-01-01" },
};

static json_t *value_of(const Argument *argument)
{
	for (size_t i = 0; i < ELEMENTS(asked); i++)
		if (strcmp(asked[i].argument, argument->name) == 0)
			return json_string(asked[i].value);
	return json_string(argument->type == ARGUMENT_TIME ? "2026-03-02" : "1");
}

static bool is_profile(const Argument *argument)
{
	return argument->figure;
}

/** What a query cannot be asked without. */
static json_t *arguments_of(const LedgerQuery *query)
{
	json_t *arguments = json_object();

	for (const Argument *argument = query->arguments; argument->name; argument++)
		if (argument->needed || is_profile(argument))
			json_object_set_new(arguments, argument->name, value_of(argument));
	return arguments;
}

static bool is_among(const char *name, const char *const *names)
{
	while (*names && strcmp(*names, name) != 0)
		names++;
	return *names;
}

static json_t *ask(Ledger *ledger, const char *query, json_t *arguments, const char *name, const char *value)
{
	json_t *given = json_deep_copy(arguments);

	if (name)
		json_object_set_new(given, name, json_string(value));
	return look_up(ledger, query, given);
}

static void test_every_argument_is_taken(void **state)
{
	Fixture *fixture = *state;

	tell_history(fixture->ledger);
	for (const LedgerQuery *query = sql_questions; query->name; query++) {
		json_auto_t *all = arguments_of(query);

		for (const Argument *argument = query->arguments; argument->name; argument++) {
			json_auto_t *value = value_of(argument);

			json_decref(ask(
				fixture->ledger, query->name, all, argument->name, json_string_value(value)));
			json_object_set(all, argument->name, value);
		}
		json_decref(ask(fixture->ledger, query->name, all, NULL, NULL));
	}
}

/** The row of a query in the table of docs/ledger.md has all that it can be asked. */
static void test_arguments_are_documented(void **state)
{
	_cleanup_(freep) char *text = NULL;
	size_t size;

	(void)state;
	assert_int_equal(file_read(STIPPLE_SOURCE_FOLDER "/docs/ledger.md", 1 << 20, &text, &size), 0);
	for (const char *const *name = ledger_query_names(); *name; name++) {
		char row[ROW_MAX], quoted[64];
		const char *found;

		snprintf(quoted, sizeof quoted, "\n| `%s` | ", *name);
		found = strstr(strstr(text, "## Queries"), quoted);
		if (!found)
			fail_msg("docs/ledger.md lacks the query %s", *name);
		snprintf(row, sizeof row, "%.*s", (int)strcspn(found + 1, "\n"), found + 1);
		for (const Argument *argument = query_find(*name)->arguments; argument->name; argument++) {
			snprintf(quoted, sizeof quoted, "`%s`", argument->name);
			if (!is_profile(argument) && !strstr(row, quoted))
				fail_msg("docs/ledger.md: %s of query %s is missing", quoted, *name);
		}
	}
}

/* ---- pages ---- */

/* a handful of rows whatever happens: one thing, the zones of one session or of one person, one row for each
 * steriliser, container of sharps or rule */
static const char *const small[] = { "lot", "unit", "session", "zones", "density", "sharps", "due",
	"retention", "reports-due", "consent-texts", "labels", "packs", "stints", NULL };

/** What `after` is of a row: its number, or what stands for one. */
static json_t *key_of(const char *query, json_t *row)
{
	static const char *const keys[][2] = { { "sessions", "session" }, { "subject", "session" },
		{ "checkpoints", "size" }, { "sterile", "handpiece" }, { "held", "unit" }, { "check", "row" },
		{ "doubt", "row" } };

	for (size_t i = 0; i < ELEMENTS(keys); i++)
		if (strcmp(keys[i][0], query) == 0)
			return json_object_get(row, keys[i][1]);
	return json_object_get(row, "seq");
}

static void walk(Ledger *ledger, const LedgerQuery *query, json_t *arguments, json_t *whole, size_t limit)
{
	json_auto_t *seen = json_array(), *given = json_deep_copy(arguments);
	size_t n = limit;

	json_object_set_new(given, "limit", json_integer((json_int_t)limit));
	for (int page = 0; n == limit && page < PAGES_MAX; page++) {
		json_auto_t *rows = look_up(ledger, query->name, json_incref(given));

		n = json_array_size(rows);
		json_array_extend(seen, rows);
		if (n > 0)
			json_object_set(given, "after", key_of(query->name, json_array_get(rows, n - 1)));
	}
	if (!json_equal(seen, whole))
		fail_msg("query %s: pages of %zu give %zu rows, the whole %zu", query->name, limit,
			json_array_size(seen), json_array_size(whole));
}

static void test_every_listing_is_read_page_by_page(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	tell_history(ledger);
	for (const char *const *name = ledger_query_names(); *name; name++) {
		const LedgerQuery *query = query_find(*name);
		json_auto_t *arguments = arguments_of(query), *whole = NULL, *start = NULL;

		if (is_among(*name, small))
			continue;
		if (!ledger_query_takes(*name, "after") || !ledger_query_takes(*name, "limit"))
			fail_msg("query %s has no pages", *name);
		whole = ask(ledger, *name, arguments, NULL, NULL);
		if (json_array_size(whole) < 2 && strcmp(*name, "keys") != 0)
			fail_msg("query %s: two rows are needed for a page to end", *name);
		start = ask(ledger, *name, arguments, "after",
			strcmp(*name, "sterile") == 0 || strcmp(*name, "held") == 0 ? "" : "0");
		assert_true(json_equal(start, whole));
		walk(ledger, query, arguments, whole, 1);
		walk(ledger, query, arguments, whole, 2);
	}
}

static void expect_none(
	Ledger *ledger, const char *query, json_t *arguments, const char *name, const char *value)
{
	json_auto_t *rows = ask(ledger, query, arguments, name, value);

	if (json_array_size(rows) > 0)
		fail_msg("query %s: rows %s %s", query, name, value);
}

static void test_every_listing_is_bounded_by_time(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	tell_history(ledger);
	for (const char *const *name = ledger_query_names(); *name; name++) {
		json_auto_t *arguments = arguments_of(query_find(*name)), *whole = NULL, *between = NULL;

		if (is_among(*name, small))
			continue;
		if (!ledger_query_takes(*name, "from") || !ledger_query_takes(*name, "to"))
			fail_msg("query %s has no times", *name);
		expect_none(ledger, *name, arguments, "from", "2999-01-01");
		expect_none(ledger, *name, arguments, "to", "1999-12-31");
		whole = ask(ledger, *name, arguments, NULL, NULL);
		json_object_set_new(arguments, "to", json_string("2099-12-31"));
		between = ask(ledger, *name, arguments, "from", "2000-01-01");
		/* a certificate that never was has no day since which it is lacking */
		if (strcmp(*name, "check") != 0 && !json_equal(whole, between))
			fail_msg("query %s: %zu of %zu rows are in the century", *name,
				json_array_size(between), json_array_size(whole));
	}
}

/* ---- corrections ---- */

static void test_every_row_has_its_corrections(void **state)
{
	/* what cannot be corrected, corrections themselves, and what is reckoned from rows that have it */
	static const char *const without[] = { "checkpoints", "keys", "corrections", "due", "retention",
		"check", "expired", "reports-due", "sharps", "density", "consent-texts", "labels", "packs",
		"stints", "held", NULL };
	Fixture *fixture = *state;

	tell_history(fixture->ledger);
	for (const char *const *name = ledger_query_names(); *name; name++) {
		json_auto_t *arguments = arguments_of(query_find(*name));
		json_auto_t *rows = ask(fixture->ledger, *name, arguments, NULL, NULL);

		if (!is_among(*name, without) && !json_object_get(json_array_get(rows, 0), "corrected"))
			fail_msg("query %s says nothing of corrections", *name);
	}
}

static void test_corrections_stand_beside_what_they_correct(void **state)
{
	static const struct {
		const char *query, *argument, *value, *corrected; /* of the first row */
	} expected[] = {
		{ "sessions", NULL, NULL, "{'subject':'P-2','dots':'5'}" },
		{ "session", "session", "1", "{'subject':'P-2','dots':'5'}" },
		{ "session", "session", "2", NULL },
		{ "subject", "subject", "P-1", "{'subject':'P-2','dots':'5'}" },
		{ "needles", NULL, NULL, "{'strokes':'15','container':'SC2','subject':'P-2'}" },
		{ "unit", "unit", "u1", "{'strokes':'15','container':'SC2','subject':'P-2'}" },
		{ "unit", "unit", "u2", NULL },
		{ "recall", "lot", "L1", "{'strokes':'15','container':'SC2','subject':'P-2'}" },
		{ "recall", "lot", "M1", "{'colour':'ochre','subject':'P-2'}" },
		{ "pigments", NULL, NULL, "{'colour':'ochre','subject':'P-2'}" },
		{ "pigments", "session", "2", NULL },
		{ "lot", "lot", "L1", "{'maker':'n'}" },
		{ "lot", "lot", "L2", "{'reason':'notice 7'}" },
		{ "lot", "lot", "L3", NULL },
		{ "stock", "gtin", "2", NULL },
		{ "pigment-lots", "colour", "brown", NULL },
		{ "pigment-lots", "brand", "B", "{'quantity':'3'}" },
		{ "blends", "blend", "M1", "{'colour':'dun'}" },
		{ "sterilization", NULL, NULL, "{'program':'S','signed':'x'}" },
		{ "sterilization", "cycle", "2", NULL },
		{ "indicators", NULL, NULL, "{'lot':'BJ'}" },
		{ "doubt", NULL, NULL, "{'lot':'BJ','program':'S','subject':'P-2'}" },
		{ "sterile", NULL, NULL, "{'program':'S','signed':'x'}" },
		{ "sterilizers", NULL, NULL, "{'serial':'9'}" },
		{ "handpieces", NULL, NULL, "{'model':'q'}" },
		{ "subjects", "subject", "P-1", "{'phototype':'I'}" },
		{ "operators", "badge", "b2", "{'badge':'b3'}" },
		{ "certifications", NULL, NULL, "{'issuer':'j'}" },
		{ "zones", "session", "1", "{'dots':'3'}" },
		{ "images", NULL, NULL, "{'phase':'after'}" },
		{ "incidents", NULL, NULL, "{'text':'pain'}" },
		{ "records", "kind", "session.begun", "{'subject':'P-2'}" },
		{ "timeline", "kind", "needle.removed", "{'strokes':'15'}" },
	};
	Fixture *fixture = *state;

	tell_history(fixture->ledger);
	for (size_t i = 0; i < ELEMENTS(expected); i++) {
		json_auto_t *none = json_object();
		json_auto_t *rows = ask(
			fixture->ledger, expected[i].query, none, expected[i].argument, expected[i].value);
		json_auto_t *wanted = expected[i].corrected ? read_json(expected[i].corrected) : json_null();
		json_t *said = json_object_get(json_array_get(rows, 0), "corrected");

		if (!json_equal(said, wanted)) {
			_cleanup_(freep) char *text = json_dumps(said, JSON_ENCODE_ANY);

			fail_msg("query %s %s: %s", expected[i].query,
				expected[i].value ? expected[i].value : "", text);
		}
	}
}

/* ---- one person ---- */

/** Whether a record is about the person, told from the bodies alone. */
static bool is_about(json_t *records, json_t *row, const char *subject)
{
	json_t *body = json_object_get(row, "body"), *other;
	json_int_t session = json_integer_value(json_object_get(body, "session"));
	json_int_t corrects = json_integer_value(json_object_get(body, "corrects"));
	const char *named = json_string_value(json_object_get(body, "subject"));
	const char *read = json_string_value(json_object_get(json_object_get(body, "arguments"), "subject"));
	size_t i;

	if ((named && strcmp(named, subject) == 0) || (read && strcmp(read, subject) == 0))
		return true;
	if (corrects > 0 && !session)
		return is_about(records, json_array_get(records, (size_t)corrects - 1), subject);
	json_array_foreach (records, i, other) {
		json_t *begun = json_object_get(other, "body");

		if (session > 0 && json_integer_value(json_object_get(begun, "session")) == session &&
			strcmp(json_string_value(json_object_get(other, "kind")), "session.begun") == 0 &&
			strcmp(json_string_value(json_object_get(begun, "subject")), subject) == 0)
			return true;
	}
	return false;
}

static void expect_person(Ledger *ledger, const char *query, const char *subject, size_t at_least)
{
	json_auto_t *records = look_up(ledger, "records", json_object());
	json_auto_t *all = look_up(ledger, query, json_object()), *wanted = json_array();
	json_auto_t *found = look_up(ledger, query, json_pack("{s:s}", "subject", subject));
	json_t *row;
	size_t i;

	json_array_foreach (all, i, row)
		if (is_about(records, row, subject))
			json_array_append(wanted, row);
	if (!json_equal(found, wanted))
		fail_msg("%s of %s: %zu rows, not %zu", query, subject, json_array_size(found),
			json_array_size(wanted));
	assert_true(json_array_size(found) >= at_least);
}

static void test_a_person_is_found_whole(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	tell_history(ledger);
	expect_person(ledger, "records", "P-1", 30);
	expect_person(ledger, "timeline", "P-1", 25);
	expect_person(ledger, "records", "nobody", 0);
	/* whose session it was is known by the correction: hers too */
	{
		json_auto_t *found =
			look_up(ledger, "timeline", json_pack("{s:s, s:i}", "subject", "P-2", "session", 1));

		assert_true(json_array_size(found) > 15);
	}
}

static bool has_field(const RecordKind *kind, const char *name, bool needed)
{
	const RecordField *field = kind->fields;

	while (field->name && (strcmp(field->name, name) != 0 || (needed && field->optional)))
		field++;
	return field->name;
}

/** A new kind that names a person, and does not belong to a session, must be one of those looked at. */
static void test_every_kind_that_names_a_person_is_looked_at(void **state)
{
	const Argument *subject = query_find("timeline")->arguments;
	char quoted[64];

	(void)state;
	while (strcmp(subject->name, "subject") != 0)
		subject++;
	for (const RecordKind *kind = record_kinds; kind < record_kinds + record_kinds_n; kind++) {
		snprintf(quoted, sizeof quoted, "'%s'", kind->name);
		if (has_field(kind, "subject", false) && !has_field(kind, "session", true) &&
			!strstr(subject->where, quoted))
			fail_msg("the file of a person lacks %s", kind->name);
	}
}

/* ---- how they are looked up ---- */

static void sqlite_freep(char **text)
{
	sqlite3_free(*text);
}

static int keep_sql(unsigned type, void *userdata, void *statement, void *text)
{
	char **ret = userdata;

	sqlite3_free(*ret);
	*ret = sqlite3_expanded_sql(statement);
	return 0;
}

/** SQLite's plan of a query with these arguments. */
static void plan_of(Ledger *ledger, const char *query, json_t *arguments, char ret[PLAN_MAX])
{
	_cleanup_(sqlite_freep) char *sql = NULL, *explain = NULL;
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *plan = NULL;
	Error error;
	json_t *rows = NULL;

	sqlite3_trace_v2(ledger->db, SQLITE_TRACE_STMT, keep_sql, &sql);
	assert_int_equal(ledger_lookup_now(ledger, query, arguments, &rows, &error), 0);
	sqlite3_trace_v2(ledger->db, 0, NULL, NULL);
	json_decref(rows);
	json_decref(arguments);
	assert_non_null(sql);
	explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
	assert_int_equal(sqlite3_prepare_v2(ledger->db, explain, -1, &plan, NULL), SQLITE_OK);
	ret[0] = '\0';
	while (sqlite3_step(plan) == SQLITE_ROW) {
		size_t used = strlen(ret);

		snprintf(ret + used, PLAN_MAX - used, "%s\n", (const char *)sqlite3_column_text(plan, 3));
	}
}

static void test_a_person_is_found_without_reading_all(void **state)
{
	static const char *const queries[] = { "records", "timeline" };
	Fixture *fixture = *state;
	LedgerOptions options = { .path = fixture->path, .read_only = true };
	_cleanup_(ledger_freep) Ledger *copy = NULL;
	Error error;
	char plan[PLAN_MAX];
	LedgerInfo info;
	uint64_t records;

	assert_int_equal(ledger_open(&options, &copy, &info, &error), 0);
	/* so that the query is the last statement that is run */
	assert_int_equal(ledger_hold(copy, &records), 0);
	for (size_t i = 0; i < ELEMENTS(queries); i++) {
		plan_of(copy, queries[i], json_pack("{s:s}", "subject", "P-1"), plan);
		if (strstr(plan, "SCAN record\n") || strstr(plan, "TEMP B-TREE FOR ORDER"))
			fail_msg("%s", plan);
		assert_non_null(strstr(plan, "record_session (session=?)"));
		assert_non_null(strstr(plan, "record_kind (kind=?)"));
		plan_of(copy, queries[i],
			json_pack("{s:s, s:s, s:s}", "subject", "P-1", "from", "2026-01-01", "to",
				"2026-12-31"),
			plan);
		if (strstr(plan, "SEARCH record USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"))
			fail_msg("%s", plan);
	}
}

static int setup_listing(void **state)
{
	return setup_signed(state, 5);
}

#define LISTING_TEST(name) cmocka_unit_test_setup_teardown(name, setup_listing, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LISTING_TEST(test_every_argument_is_taken),
		cmocka_unit_test(test_arguments_are_documented),
		LISTING_TEST(test_every_listing_is_read_page_by_page),
		LISTING_TEST(test_every_listing_is_bounded_by_time),
		LISTING_TEST(test_every_row_has_its_corrections),
		LISTING_TEST(test_corrections_stand_beside_what_they_correct),
		LISTING_TEST(test_a_person_is_found_whole),
		cmocka_unit_test(test_every_kind_that_names_a_person_is_looked_at),
		LISTING_TEST(test_a_person_is_found_without_reading_all),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
