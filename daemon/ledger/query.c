/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger-private.h"

#include <string.h>
#include <time.h>

/* shared conditions: a missing argument is NULL and then restricts nothing */
#define BETWEEN(column) \
	" (" column " >= coalesce(@from, 0) AND " column " < coalesce(@to, 9223372036854775807))"
#define IF_GIVEN(column, name) " AND (@" name " IS NULL OR " column " = @" name ")"

/* a column "name:utc" is shown as time, "name:json" is text that holds JSON */
static const LedgerQuery queries[] = {
	{ "operator", "SELECT badge, name, roles AS \"roles:json\", pin FROM operator WHERE badge = @badge",
		false },
	{ "operators", "SELECT badge, name, roles AS \"roles:json\" FROM operator ORDER BY badge", true },
	{ "lot", "SELECT * FROM lot WHERE lot = @lot" IF_GIVEN("gtin", "gtin"), true },
	{ "lots",
		"SELECT gtin, lot, product, maker, expiry, quantity, used, quantity - used AS \"left\", certificate,"
		" received_us AS \"received:utc\" FROM lot ORDER BY expiry, lot",
		true },
	{ "unit",
		"SELECT unit, lot, expiry, unit.session, subject, unit.operator, unit.utc_us AS \"used:utc\","
		" unit.strokes, unit.dots FROM unit LEFT JOIN session USING(session) WHERE unit = @unit",
		true },
	{ "needles",
		"SELECT unit, lot, expiry, unit.session, subject, unit.operator, unit.utc_us AS \"used:utc\","
		" unit.strokes, unit.dots, unit.seq FROM unit LEFT JOIN session USING(session) WHERE" BETWEEN(
			"unit.utc_us") IF_GIVEN("lot", "lot") IF_GIVEN("unit.session", "session")
			IF_GIVEN("subject", "subject") " ORDER BY unit.seq LIMIT coalesce(@limit, -1)",
		true },
	{ "sessions",
		"SELECT session, subject, protocol, course_session, operator, utc_us AS \"begun:utc\","
		" ended_us AS \"ended:utc\", outcome, dots, strokes, needles, worked_s FROM session WHERE" BETWEEN(
			"utc_us") IF_GIVEN("subject", "subject")
			IF_GIVEN("operator", "operator") " ORDER BY session LIMIT coalesce(@limit, -1)",
		true },
	{ "session",
		"SELECT session, subject, protocol, course_session, operator, utc_us AS \"begun:utc\","
		" ended_us AS \"ended:utc\", outcome, dots, strokes, needles, worked_s FROM session"
		" WHERE session = @session",
		true },
	{ "subject",
		"SELECT session, protocol, course_session, utc_us, outcome FROM session WHERE subject = @subject"
		" AND strokes > 0 ORDER BY session DESC",
		true },
	{ "zones", "SELECT * FROM zone_result WHERE session = @session ORDER BY zone", true },
	{ "images",
		"SELECT session, zone, phase, file, sha256, focus, exposure, utc_us AS \"taken:utc\" FROM image WHERE" BETWEEN(
			"utc_us") IF_GIVEN("session", "session") " ORDER BY seq LIMIT coalesce(@limit, -1)",
		true },
	{ "pigments",
		"SELECT brand, colour, lot, expiry, session, utc_us AS \"used:utc\" FROM pigment_use WHERE" BETWEEN(
			"utc_us") IF_GIVEN("lot", "lot")
			IF_GIVEN("session", "session") " ORDER BY seq LIMIT coalesce(@limit, -1)",
		true },
	{ "faults",
		"SELECT seq, utc_us AS \"time:utc\", kind, json_extract(CAST(leaf AS TEXT), '$.actor') AS actor,"
		" json_extract(CAST(leaf AS TEXT), '$.body') AS \"body:json\" FROM record WHERE kind IN"
		" ('fault.latched', 'fault.acknowledged') AND" BETWEEN(
			"utc_us") " ORDER BY seq LIMIT coalesce(@limit, -1)",
		true },
	{ "sign-ins",
		"SELECT seq, utc_us AS \"time:utc\", kind, json_extract(CAST(leaf AS TEXT), '$.body') AS \"body:json\""
		" FROM record WHERE kind IN ('operator.signed-in', 'operator.signed-out', 'operator.refused') AND" BETWEEN(
			"utc_us") " ORDER BY seq LIMIT coalesce(@limit, -1)",
		true },
	{ "records",
		"SELECT seq, utc_us AS \"time:utc\", kind, json_extract(CAST(leaf AS TEXT), '$.actor') AS actor,"
		" json_extract(CAST(leaf AS TEXT), '$.body') AS \"body:json\" FROM record WHERE seq > coalesce(@after, 0)"
		" AND" BETWEEN("utc_us") IF_GIVEN("kind", "kind") " ORDER BY seq LIMIT coalesce(@limit, -1)",
		true },
	{ "timeline",
		"SELECT seq, utc_us AS \"time:utc\", kind, json_extract(CAST(leaf AS TEXT), '$.actor') AS actor,"
		" json_extract(CAST(leaf AS TEXT), '$.body') AS \"body:json\" FROM record"
		" WHERE json_extract(CAST(leaf AS TEXT), '$.body.session') = @session ORDER BY seq"
		" LIMIT coalesce(@limit, -1)",
		true },
	{ "strokes",
		"SELECT seq, utc_us AS \"time:utc\", json_extract(CAST(leaf AS TEXT), '$.body') AS \"body:json\" FROM record"
		" WHERE kind = 'strokes' AND json_extract(CAST(leaf AS TEXT), '$.body.session') = @session"
		" ORDER BY seq LIMIT coalesce(@limit, -1)",
		true },
	{ "outbox",
		"SELECT seq, kind, utc_us AS \"utc:utc\", json_extract(CAST(leaf AS TEXT), '$.body') AS \"body:json\""
		" FROM record WHERE published AND seq > coalesce(@after, 0) ORDER BY seq LIMIT coalesce(@limit, 100)",
		false },
	{ NULL, NULL, false },
};

const LedgerQuery *query_find(const char *name)
{
	for (const LedgerQuery *query = queries; query->name; query++)
		if (strcmp(query->name, name) == 0)
			return query;
	return NULL;
}

const char *const *ledger_query_names(void)
{
	static const char *names[ELEMENTS(queries)];
	size_t n = 0;

	if (!names[0])
		for (const LedgerQuery *query = queries; query->name; query++)
			if (query->streamable)
				names[n++] = query->name;
	return names;
}

/** A date, or RFC 3339 in UTC, as microseconds. */
static bool parse_time(const char *text, int64_t *ret)
{
	struct tm parts = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);

	if (!end) {
		memset(&parts, 0, sizeof parts);
		end = strptime(text, "%Y-%m-%d", &parts);
		if (!end || *end)
			return false;
	}
	*ret = (int64_t)timegm(&parts) * USEC_PER_SEC;
	return true;
}

static int bind_time(
	sqlite3_stmt *statement, int i, const char *name, const char *text, char error[LEDGER_TEXT_MAX])
{
	int64_t utc_us;

	if (!parse_time(text, &utc_us)) {
		snprintf(error, LEDGER_TEXT_MAX,
			"%s = \"%.40s\" is no time: write YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ", name, text);
		return -EINVAL;
	}
	/* a day as the end of a range is meant to be within it */
	if (strcmp(name, "to") == 0 && strlen(text) == 10)
		utc_us += USEC_PER_DAY;
	return ledger_errno(sqlite3_bind_int64(statement, i, utc_us));
}

static int bind_arguments(
	sqlite3_stmt *statement, const LedgerQuery *query, json_t *arguments, char error[LEDGER_TEXT_MAX])
{
	int n = sqlite3_bind_parameter_count(statement), r = 0;
	const char *key;
	json_t *value;

	json_object_foreach (arguments, key, value) {
		char name[40];
		int i;

		snprintf(name, sizeof name, "@%.32s", key);
		i = n > 0 ? sqlite3_bind_parameter_index(statement, name) : 0;
		if (i == 0) {
			snprintf(error, LEDGER_TEXT_MAX, "query %s takes no argument \"%.32s\"", query->name,
				key);
			return -EINVAL;
		}
		if (json_is_string(value) && (strcmp(key, "from") == 0 || strcmp(key, "to") == 0))
			r = bind_time(statement, i, key, json_string_value(value), error);
		else if (json_is_string(value))
			r = ledger_errno(sqlite3_bind_text(
				statement, i, json_string_value(value), -1, SQLITE_TRANSIENT));
		else if (json_is_integer(value))
			r = ledger_errno(sqlite3_bind_int64(statement, i, json_integer_value(value)));
		if (r < 0)
			return r;
	}
	return 0;
}

static json_t *column_value(sqlite3_stmt *statement, int i, const char *suffix)
{
	char utc[CLOCK_UTC_TEXT_MAX];

	if (sqlite3_column_type(statement, i) == SQLITE_NULL)
		return json_null();
	if (strcmp(suffix, ":utc") == 0) {
		clock_format_utc(sqlite3_column_int64(statement, i), utc);
		return json_string(utc);
	}
	if (strcmp(suffix, ":json") == 0)
		return json_loads((const char *)sqlite3_column_text(statement, i), JSON_DECODE_ANY, NULL);
	if (sqlite3_column_type(statement, i) == SQLITE_INTEGER)
		return json_integer(sqlite3_column_int64(statement, i));
	if (sqlite3_column_type(statement, i) == SQLITE_FLOAT)
		return json_real(sqlite3_column_double(statement, i));
	return json_string((const char *)sqlite3_column_text(statement, i));
}

static json_t *make_row(sqlite3_stmt *statement)
{
	json_t *row = json_object();

	for (int i = 0; row && i < sqlite3_column_count(statement); i++) {
		const char *column = sqlite3_column_name(statement, i);
		size_t length = strcspn(column, ":");
		char name[64];

		snprintf(name, sizeof name, "%.*s", (int)length, column);
		json_object_set_new(row, name, column_value(statement, i, column + length));
	}
	return row;
}

int query_run(sqlite3 *db, const LedgerQuery *query, json_t *arguments, int64_t limit,
	int (*row)(void *userdata, json_t *row), void *userdata, char error[LEDGER_TEXT_MAX])
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(db, query->sql, -1, &statement, NULL), r;

	if (result != SQLITE_OK) {
		snprintf(error, LEDGER_TEXT_MAX, "query %s: %s", query->name, sqlite3_errmsg(db));
		return ledger_errno(result);
	}
	r = bind_arguments(statement, query, arguments, error);
	for (int64_t n = 0; r == 0 && n < limit; n++) {
		json_auto_t *made = NULL;

		result = sqlite3_step(statement);
		if (result != SQLITE_ROW) {
			r = ledger_errno(result);
			if (r < 0)
				snprintf(error, LEDGER_TEXT_MAX, "query %s: %s", query->name,
					sqlite3_errmsg(db));
			break;
		}
		made = make_row(statement);
		r = made ? row(userdata, made) : -ENOMEM;
	}
	return r;
}

static int append_row(void *userdata, json_t *row)
{
	return json_array_append(userdata, row) < 0 ? -ENOMEM : 0;
}

int query_rows(sqlite3 *db, const LedgerQuery *query, json_t *arguments, json_t **ret)
{
	char error[LEDGER_TEXT_MAX];
	json_auto_t *rows = json_array();
	int r = rows ? query_run(db, query, arguments, LEDGER_LOOKUP_ROWS, append_row, rows, error) : -ENOMEM;

	if (r == 0)
		*ret = json_incref(rows);
	return r;
}
