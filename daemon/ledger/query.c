/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger-private.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

enum { QUERY_SQL_MAX = 2048 };

typedef enum ArgumentType {
	ARGUMENT_TEXT,
	ARGUMENT_NUMBER,
	ARGUMENT_TIME,
} ArgumentType;

typedef struct Argument {
	const char *name;  /* NULL ends a list */
	const char *where; /* condition that it adds; the value is bound to it */
	ArgumentType type;
	bool needed;
} Argument;

struct LedgerQuery {
	const char *name;
	const char *select; /* ends in a WHERE */
	const char *order;
	const Argument *arguments;
	bool lookup_only; /* not for an auditor's stream: it shows PIN hashes, or is the station's own
			     business */
	int64_t limit;    /* where none is given; 0: no limit */
};

#define ARGUMENTS(...) ((const Argument[]){ __VA_ARGS__, { NULL } })
#define NO_ARGUMENTS   ((const Argument[]){ { NULL } })
#define TEXT(name, column)                                     \
	{                                                      \
		name, column " = @" name, ARGUMENT_TEXT, false \
	}
#define NUMBER(name, column)                                     \
	{                                                        \
		name, column " = @" name, ARGUMENT_NUMBER, false \
	}
#define NEED_TEXT(name, column)                               \
	{                                                     \
		name, column " = @" name, ARGUMENT_TEXT, true \
	}
#define NEED_NUMBER(name, column)                               \
	{                                                       \
		name, column " = @" name, ARGUMENT_NUMBER, true \
	}
#define SINCE(column)                                            \
	{                                                        \
		"from", column " >= @from", ARGUMENT_TIME, false \
	}
#define UNTIL(column)                                       \
	{                                                   \
		"to", column " < @to", ARGUMENT_TIME, false \
	}
#define BETWEEN(column) SINCE(column), UNTIL(column)
#define AFTER(column)                                               \
	{                                                           \
		"after", column " > @after", ARGUMENT_NUMBER, false \
	}
#define LIMIT                                         \
	{                                             \
		"limit", NULL, ARGUMENT_NUMBER, false \
	}

/* a column "name:utc" is shown as time, "name:json" is text that holds JSON */
#define BODY  "json_extract(CAST(leaf AS TEXT), '$.body') AS \"body:json\""
#define ACTOR "json_extract(CAST(leaf AS TEXT), '$.actor') AS actor"
#define NEEDLE                                                                             \
	"SELECT unit.seq, unit, unit.gtin, lot, unit.expiry, chip, unit.session, subject," \
	" unit.operator, unit.utc_us AS \"used:utc\", removed_us AS \"removed:utc\","      \
	" unit.strokes, unit.dots FROM unit LEFT JOIN session USING(session) WHERE 1"
#define SESSION                                                                                 \
	"SELECT session, subject, protocol, course_session, operator, utc_us AS \"begun:utc\"," \
	" ended_us AS \"ended:utc\", outcome, dots, strokes, needles, worked_s FROM session WHERE 1"
#define LOT                                                                                      \
	"SELECT gtin, lot, product, maker, expiry, quantity, used, quantity - used AS \"left\"," \
	" certificate, received_us AS \"received:utc\" FROM lot WHERE 1"

static const LedgerQuery queries[] = {
	{ "operator", "SELECT badge, name, roles AS \"roles:json\", pin FROM operator WHERE 1", "",
		ARGUMENTS(NEED_TEXT("badge", "badge")), .lookup_only = true },
	{ "operators", "SELECT badge, name, roles AS \"roles:json\" FROM operator WHERE 1", " ORDER BY badge",
		NO_ARGUMENTS },
	{ "lot", LOT, " ORDER BY gtin", ARGUMENTS(NEED_TEXT("lot", "lot"), TEXT("gtin", "gtin")) },
	{ "lots", LOT, " ORDER BY expiry, lot, gtin", ARGUMENTS(LIMIT) },
	{ "unit", NEEDLE, "", ARGUMENTS(NEED_TEXT("unit", "unit")) },
	{ "needles", NEEDLE, " ORDER BY unit.seq",
		ARGUMENTS(BETWEEN("unit.utc_us"), TEXT("lot", "lot"), TEXT("subject", "subject"),
			NUMBER("session", "unit.session"), AFTER("unit.seq"), LIMIT) },
	{ "sessions", SESSION, " ORDER BY session",
		ARGUMENTS(BETWEEN("utc_us"), TEXT("subject", "subject"), TEXT("operator", "operator"),
			AFTER("session"), LIMIT) },
	{ "session", SESSION, "", ARGUMENTS(NEED_NUMBER("session", "session")) },
	/* newest first, and only those in which the needle touched the skin: for the minimum interval */
	{ "subject",
		"SELECT session, protocol, course_session, utc_us, utc_us AS \"begun:utc\", ended_us AS \"ended:utc\","
		" outcome FROM session WHERE strokes > 0",
		" ORDER BY session DESC", ARGUMENTS(NEED_TEXT("subject", "subject")) },
	{ "zones",
		"SELECT session, zone, dots, strokes, area_mm2, density, target, outside, depth_mean_um, dwell_mean_ms"
		" FROM zone_result WHERE 1",
		" ORDER BY zone", ARGUMENTS(NEED_NUMBER("session", "session")) },
	{ "images",
		"SELECT seq, session, zone, phase, file, sha256, bytes, width, height, focus, exposure,"
		" utc_us AS \"taken:utc\" FROM image WHERE 1",
		" ORDER BY seq",
		ARGUMENTS(BETWEEN("utc_us"), NUMBER("session", "session"), AFTER("seq"), LIMIT) },
	{ "pigments",
		"SELECT seq, brand, colour, lot, expiry, session, utc_us AS \"used:utc\" FROM pigment_use WHERE 1",
		" ORDER BY seq",
		ARGUMENTS(BETWEEN("utc_us"), TEXT("lot", "lot"), NUMBER("session", "session"), AFTER("seq"),
			LIMIT) },
	{ "faults",
		"SELECT seq, utc_us AS \"time:utc\", kind, " ACTOR ", " BODY " FROM record WHERE kind IN"
		" ('fault.latched', 'fault.acknowledged')",
		" ORDER BY seq",
		ARGUMENTS(BETWEEN("utc_us"), NUMBER("session", "session"), AFTER("seq"), LIMIT) },
	{ "sign-ins",
		"SELECT seq, utc_us AS \"time:utc\", kind, " BODY " FROM record WHERE kind IN"
		" ('operator.signed-in', 'operator.signed-out', 'operator.refused')",
		" ORDER BY seq", ARGUMENTS(BETWEEN("utc_us"), AFTER("seq"), LIMIT) },
	{ "records", "SELECT seq, utc_us AS \"time:utc\", kind, " ACTOR ", " BODY " FROM record WHERE 1",
		" ORDER BY seq", ARGUMENTS(BETWEEN("utc_us"), TEXT("kind", "kind"), AFTER("seq"), LIMIT) },
	{ "timeline", "SELECT seq, utc_us AS \"time:utc\", kind, " ACTOR ", " BODY " FROM record WHERE 1",
		" ORDER BY seq", ARGUMENTS(NEED_NUMBER("session", "session"), AFTER("seq"), LIMIT) },
	{ "strokes", "SELECT seq, utc_us AS \"time:utc\", " BODY " FROM record WHERE kind = 'strokes'",
		" ORDER BY seq", ARGUMENTS(NEED_NUMBER("session", "session"), AFTER("seq"), LIMIT) },
	{ "outbox",
		"SELECT seq, kind, utc_us AS \"utc:utc\", json_extract(CAST(leaf AS TEXT), '$.body') AS body,"
		" json_extract(CAST(leaf AS TEXT), '$.body.zone') AS zone FROM record WHERE published",
		" ORDER BY seq", ARGUMENTS(AFTER("seq"), LIMIT), .lookup_only = true, .limit = 100 },
};

const LedgerQuery *query_find(const char *name)
{
	for (size_t i = 0; i < ELEMENTS(queries); i++)
		if (strcmp(queries[i].name, name) == 0)
			return &queries[i];
	return NULL;
}

bool query_is_streamable(const LedgerQuery *query)
{
	return !query->lookup_only;
}

const char *const *ledger_query_names(void)
{
	static const char *names[ELEMENTS(queries) + 1];
	size_t n = 0;

	if (!names[0])
		for (size_t i = 0; i < ELEMENTS(queries); i++)
			if (query_is_streamable(&queries[i]))
				names[n++] = queries[i].name;
	return names;
}

/* ---- arguments ---- */

/** What follows the seconds of RFC 3339: a fraction, then Z or an offset. The offset in seconds. */
static bool parse_zone(const char *text, int64_t *ret_fraction_us, int64_t *ret_offset_s)
{
	int64_t scale = USEC_PER_SEC / 10, fraction = 0;
	struct tm zone = { 0 };
	const char *end;

	if (*text == '.' && isdigit((unsigned char)text[1]))
		for (text++; isdigit((unsigned char)*text); text++, scale /= 10)
			fraction += scale * (*text - '0');
	*ret_fraction_us = fraction;
	*ret_offset_s = 0;
	if (strcmp(text, "Z") == 0)
		return true;
	end = strlen(text) == 6 && text[3] == ':' ? strptime(text, "%z", &zone) : NULL;
	if (!end || *end)
		return false;
	*ret_offset_s = (int)zone.tm_gmtoff;
	return true;
}

/** A date, or RFC 3339, as microseconds. */
static bool parse_time(const char *text, int64_t *ret)
{
	struct tm parts = { 0 };
	int64_t fraction_us = 0, offset_s = 0;
	const char *end = strptime(text, "%Y-%m-%d", &parts);
	int day = parts.tm_mday;

	if (end && *end)
		end = strptime(end, "T%H:%M:%S", &parts);
	if (!end || (*end && !parse_zone(end, &fraction_us, &offset_s)) || (!*end && strlen(text) != 10))
		return false;
	*ret = ((int64_t)timegm(&parts) - offset_s) * USEC_PER_SEC + fraction_us;
	/* timegm() makes the 3rd of March of a 31st of February */
	return parts.tm_mday == day;
}

static int bad_argument(
	const LedgerQuery *query, const char *name, const char *what, char error[LEDGER_TEXT_MAX])
{
	snprintf(error, LEDGER_TEXT_MAX, "query %s: %.32s %s", query->name, name, what);
	return -EINVAL;
}

static int bind_time(sqlite3_stmt *statement, int i, const LedgerQuery *query, const Argument *argument,
	const char *text, char error[LEDGER_TEXT_MAX])
{
	int64_t utc_us;

	if (!text || !parse_time(text, &utc_us))
		return bad_argument(
			query, argument->name, "is no time: write YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ", error);
	/* a day as the end of a range is meant to be within it */
	if (strcmp(argument->name, "to") == 0 && strlen(text) == 10)
		utc_us += USEC_PER_DAY;
	return ledger_errno(sqlite3_bind_int64(statement, i, utc_us));
}

/** A number, also one that a command line passed on as text. */
static bool number_of(const json_t *value, int64_t *ret)
{
	const char *text = json_string_value(value);
	char *end;

	if (json_is_integer(value)) {
		*ret = json_integer_value(value);
		return true;
	}
	if (!text || !isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*ret = strtoll(text, &end, 10);
	return errno == 0 && !*end;
}

static int bind_argument(sqlite3_stmt *statement, const LedgerQuery *query, const Argument *argument,
	const json_t *value, char error[LEDGER_TEXT_MAX])
{
	char name[40];
	int64_t number;
	int i;

	snprintf(name, sizeof name, "@%s", argument->name);
	i = sqlite3_bind_parameter_index(statement, name);
	switch (argument->type) {
	case ARGUMENT_TIME:
		return bind_time(statement, i, query, argument, json_string_value(value), error);
	case ARGUMENT_NUMBER:
		if (!number_of(value, &number))
			return bad_argument(query, argument->name, "must be a whole number", error);
		return ledger_errno(sqlite3_bind_int64(statement, i, number));
	case ARGUMENT_TEXT:
		if (!json_is_string(value))
			return bad_argument(query, argument->name, "must be a text", error);
		return ledger_errno(
			sqlite3_bind_text(statement, i, json_string_value(value), -1, SQLITE_TRANSIENT));
	}
	return -EINVAL;
}

static int check_arguments(const LedgerQuery *query, json_t *arguments, char error[LEDGER_TEXT_MAX])
{
	const char *key;
	json_t *value;

	json_object_foreach (arguments, key, value) {
		const Argument *argument = query->arguments;

		while (argument->name && strcmp(argument->name, key) != 0)
			argument++;
		if (!argument->name)
			return bad_argument(query, key, "is none of its arguments", error);
	}
	for (const Argument *argument = query->arguments; argument->name; argument++)
		if (argument->needed && !json_object_get(arguments, argument->name))
			return bad_argument(query, argument->name, "is needed", error);
	return 0;
}

static int bind_arguments(
	sqlite3_stmt *statement, const LedgerQuery *query, json_t *arguments, char error[LEDGER_TEXT_MAX])
{
	int r = 0, limit = sqlite3_bind_parameter_index(statement, "@limit");

	if (limit > 0)
		sqlite3_bind_int64(statement, limit, query->limit > 0 ? query->limit : -1);
	for (const Argument *argument = query->arguments; argument->name && r == 0; argument++) {
		const json_t *value = json_object_get(arguments, argument->name);

		if (value)
			r = bind_argument(statement, query, argument, value, error);
	}
	return r;
}

static void add_text(char sql[QUERY_SQL_MAX], const char *before, const char *text)
{
	size_t used = strlen(sql);

	snprintf(sql + used, QUERY_SQL_MAX - used, "%s%s", before, text);
}

/** The query's text with a condition for each argument that is given; values are bound, never written into
 * it. */
static int prepare(sqlite3 *db, const LedgerQuery *query, json_t *arguments, sqlite3_stmt **ret,
	char error[LEDGER_TEXT_MAX])
{
	char sql[QUERY_SQL_MAX] = "";
	bool limited = false;
	int r;

	add_text(sql, "", query->select);
	for (const Argument *argument = query->arguments; argument->name; argument++) {
		limited = limited || !argument->where;
		if (argument->where && json_object_get(arguments, argument->name))
			add_text(sql, " AND ", argument->where);
	}
	add_text(sql, query->order, limited ? " LIMIT @limit" : "");
	r = sqlite3_prepare_v2(db, sql, -1, ret, NULL);
	if (r != SQLITE_OK)
		snprintf(error, LEDGER_TEXT_MAX, "query %s: %s", query->name, sqlite3_errmsg(db));
	return ledger_errno(r);
}

/* ---- rows ---- */

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
	json_auto_t *row = json_object();

	for (int i = 0; row && i < sqlite3_column_count(statement); i++) {
		const char *column = sqlite3_column_name(statement, i);
		size_t length = strcspn(column, ":");
		char name[64];

		snprintf(name, sizeof name, "%.*s", (int)length, column);
		if (json_object_set_new(row, name, column_value(statement, i, column + length)) < 0)
			return NULL;
	}
	return TAKE_PTR(row);
}

int query_run(sqlite3 *db, const LedgerQuery *query, json_t *arguments, int64_t limit,
	int (*row)(void *userdata, json_t *row), void *userdata, char error[LEDGER_TEXT_MAX])
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	int result, r = check_arguments(query, arguments, error);

	if (r == 0)
		r = prepare(db, query, arguments, &statement, error);
	if (r == 0)
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

int query_rows(
	sqlite3 *db, const LedgerQuery *query, json_t *arguments, json_t **ret, char error[LEDGER_TEXT_MAX])
{
	json_auto_t *rows = json_array();
	int r = rows ? query_run(db, query, arguments, LEDGER_LOOKUP_ROWS, append_row, rows, error) : -ENOMEM;

	if (r == 0)
		*ret = json_incref(rows);
	return r;
}
