/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Runs the named queries: arguments, conditions, rows, columns. A value must never be written into SQL, but
 * be bound. It changes nothing in the file.
 */

#include "ledger/sql.h"

#include <ctype.h>
#include <string.h>

enum { QUERIES_MAX = 128 };

const LedgerQuery *query_find(const char *name)
{
	for (const LedgerQuery *query = sql_questions; query->name; query++)
		if (strcmp(query->name, name) == 0)
			return query;
	return NULL;
}

bool query_is_streamable(const LedgerQuery *query)
{
	return !query->lookup_only;
}

const char *const *ledger_query_names(void)
{
	static const char *names[QUERIES_MAX + 1];
	size_t n = 0;

	if (names[0])
		return names;
	for (const LedgerQuery *query = sql_questions; query->name && n < QUERIES_MAX; query++)
		if (query_is_streamable(query))
			names[n++] = query->name;
	return names;
}

/* ---- arguments ---- */

bool ledger_query_takes(const char *query, const char *argument)
{
	const LedgerQuery *found = query_find(query);
	const Argument *taken = found ? found->arguments : NULL;

	while (taken && taken->name && strcmp(taken->name, argument) != 0)
		taken++;
	return taken && taken->name;
}

static int bad_argument(const LedgerQuery *query, const char *name, const char *what, Error *error)
{
	return error_set(error, -EINVAL, "query %s: %.32s %s", query->name, name, what);
}

static int bind_time(sqlite3_stmt *statement, int i, const LedgerQuery *query, const Argument *argument,
	const char *text, Error *error)
{
	int64_t utc_us;

	if (!text || clock_parse_utc(text, &utc_us) < 0)
		return bad_argument(
			query, argument->name, "is no time: write YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ", error);
	/* a day as the end of a range belongs to the range */
	if (strcmp(argument->name, "to") == 0 && strlen(text) == 10)
		utc_us += USEC_PER_DAY;
	return ledger_errno(sqlite3_bind_int64(statement, i, utc_us));
}

/** A number; also accepts a text, as a command line passes it. */
static bool argument_number(const json_t *value, int64_t *ret)
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
	const json_t *value, Error *error)
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
		if (!argument_number(value, &number))
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

/** Refuses a reversed range: an empty result would look like an answer. */
static int check_range(const LedgerQuery *query, json_t *arguments, Error *error)
{
	const char *from = json_string_value(json_object_get(arguments, "from"));
	const char *to = json_string_value(json_object_get(arguments, "to"));
	int64_t first, last;

	if (!from || !to || clock_parse_utc(from, &first) < 0 || clock_parse_utc(to, &last) < 0)
		return 0;
	if (strlen(to) == 10)
		last += USEC_PER_DAY - 1;
	return first > last
		       ? bad_argument(query, "to", "lies before from: give the earlier one as from", error)
		       : 0;
}

static int check_arguments(const LedgerQuery *query, json_t *arguments, Error *error)
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
	return check_range(query, arguments, error);
}

static int bind_arguments(
	sqlite3_stmt *statement, const LedgerQuery *query, json_t *arguments, QueryForm form, Error *error)
{
	int impersonal = sqlite3_bind_parameter_index(statement, "@impersonal");

	if (impersonal > 0)
		sqlite3_bind_int(statement, impersonal, form == QUERY_IMPERSONAL);
	for (const Argument *argument = query->arguments; argument->name; argument++) {
		const json_t *value = json_object_get(arguments, argument->name);
		int r = value ? bind_argument(statement, query, argument, value, error) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- rows ---- */

/** Length of the column's shown name; the part after the colon gives its format. */
static int name_length(const char *column)
{
	return (int)strcspn(column, ":");
}

static bool is_json(const char *suffix)
{
	return strcmp(suffix, ":json") == 0 || strcmp(suffix, ":words") == 0;
}

static bool is_personal(const char *suffix)
{
	return strcmp(suffix, ":personal") == 0 || strcmp(suffix, ":words") == 0;
}

/** Adds a column's `name, value` to the arguments of json_object(). */
static void add_column(sqlite3_str *sql, const char *column)
{
	int length = name_length(column);
	const char *suffix = column + length;
	const char *made = strcmp(suffix, ":utc") == 0 ? "utc" : is_json(suffix) ? "json" : "";

	sqlite3_str_appendf(sql, "'%.*q', %s(\"%w\")", length, column, made, column);
}

/** Wraps the query so that SQLite writes each row as the text of one JSON object. */
static int prepare_json(sqlite3 *db, const char *select, QueryForm form, sqlite3_stmt **ret)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *columns = NULL;
	sqlite3_str *sql;
	char *text;
	int r = sqlite3_prepare_v2(db, select, -1, &columns, NULL);

	if (r != SQLITE_OK)
		return r;
	sql = sqlite3_str_new(db);
	sqlite3_str_appendall(sql, "SELECT json_object(");
	for (int i = 0, n = 0; i < sqlite3_column_count(columns); i++) {
		const char *column = sqlite3_column_name(columns, i);

		if (form == QUERY_IMPERSONAL && is_personal(column + name_length(column)))
			continue;
		sqlite3_str_appendall(sql, n++ ? ", " : "");
		add_column(sql, column);
	}
	sqlite3_str_appendf(sql, ") FROM (%s)", select);
	text = sqlite3_str_finish(sql);
	r = text ? sqlite3_prepare_v2(db, text, -1, ret, NULL) : SQLITE_NOMEM;
	sqlite3_free(text);
	return r;
}

/**
 * Builds the query's text with a condition for each given argument; values are bound, never written into it.
 */
static int query_prepare(sqlite3 *db, const LedgerQuery *query, json_t *arguments, QueryForm form,
	sqlite3_stmt **ret, Error *error)
{
	sqlite3_str *text = sqlite3_str_new(db);
	char *sql;
	int r;

	sqlite3_str_appendall(text, query->select);
	for (const Argument *argument = query->arguments; argument->name; argument++)
		if (argument->where && json_object_get(arguments, argument->name))
			sqlite3_str_appendf(text, "AND %s", argument->where);
	sqlite3_str_appendall(text, query->order);
	sql = sqlite3_str_finish(text);
	if (!sql)
		return -ENOMEM;
	r = form == QUERY_COLUMNS ? sqlite3_prepare_v2(db, sql, -1, ret, NULL)
				  : prepare_json(db, sql, form, ret);
	sqlite3_free(sql);
	if (r != SQLITE_OK)
		return error_set(error, ledger_errno(r), "query %s: %s", query->name, sqlite3_errmsg(db));
	return 0;
}

int query_run(sqlite3 *db, const LedgerQuery *query, json_t *arguments, QueryForm form, int64_t limit,
	int (*row)(void *userdata, sqlite3_stmt *row), void *userdata, Error *error)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	int result = SQLITE_ROW, r = check_arguments(query, arguments, error);

	if (r < 0)
		return r;
	r = query_prepare(db, query, arguments, form, &statement, error);
	if (r < 0)
		return r;
	r = bind_arguments(statement, query, arguments, form, error);
	if (r < 0)
		return r;
	for (int64_t n = 0; n < limit && (result = sqlite3_step(statement)) == SQLITE_ROW; n++) {
		r = row(userdata, statement);
		if (r != 0)
			return r;
	}
	if (result == SQLITE_ROW || result == SQLITE_DONE)
		return 0;
	return error_set(error, ledger_errno(result), "query %s: %s", query->name, sqlite3_errmsg(db));
}

static json_t *column_value(sqlite3_stmt *row, int i, const char *suffix)
{
	char utc[CLOCK_UTC_TEXT_MAX];
	json_t *value = NULL;
	int64_t number;

	if (column_is_null(row, i))
		return json_null();
	if (strcmp(suffix, ":utc") == 0) {
		clock_format_utc(column_integer(row, i), utc);
		return json_string(utc);
	}
	if (is_json(suffix))
		value = json_loads(column_string(row, i), JSON_DECODE_ANY, NULL);
	else if (column_number(row, i, &number))
		value = json_integer(number);
	else if (column_text(row, i))
		value = json_string(column_text(row, i));
	else
		value = json_real(column_real(row, i));
	/* what JSON cannot represent, such as bytes that are not text, becomes null */
	return value ? value : json_null();
}

/**
 * Takes values directly from the columns: having SQLite write text and parsing it costs the outbox a quarter.
 */
static int append_row(void *userdata, sqlite3_stmt *row)
{
	json_auto_t *made = json_object();

	for (int i = 0; made && i < sqlite3_column_count(row); i++) {
		const char *column = sqlite3_column_name(row, i);
		int length = name_length(column);
		char name[64];

		snprintf(name, sizeof name, "%.*s", length, column);
		if (json_object_set_new(made, name, column_value(row, i, column + length)) < 0)
			return -ENOMEM;
	}
	return json_array_append(userdata, made) < 0 ? -ENOMEM : 0;
}

int query_rows(sqlite3 *db, const LedgerQuery *query, json_t *arguments, json_t **ret, Error *error)
{
	json_auto_t *rows = json_array();
	int r;

	if (!rows)
		return error_set(error, -ENOMEM, "out of memory");
	r = query_run(db, query, arguments, QUERY_COLUMNS, LEDGER_LOOKUP_ROWS, append_row, rows, error);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(rows);
	return 0;
}

int query_columns(sqlite3 *db, const LedgerQuery *query, json_t **ret, Error *error)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	json_auto_t *columns = json_array(), *none = json_object();
	int r = query_prepare(db, query, none, QUERY_COLUMNS, &statement, error);

	if (r < 0)
		return r;
	for (int i = 0; i < sqlite3_column_count(statement); i++) {
		const char *column = sqlite3_column_name(statement, i);

		if (json_array_append_new(columns, json_stringn(column, (size_t)name_length(column))) < 0)
			return error_set(error, -ENOMEM, "out of memory");
	}
	*ret = TAKE_PTR(columns);
	return 0;
}

/* ---- what can be asked ---- */

static json_t *describe_arguments(const LedgerQuery *query)
{
	json_t *names = json_array();

	for (const Argument *argument = query->arguments; argument->name; argument++)
		if (!argument->figure)
			json_array_append_new(names,
				json_sprintf("%s%s", argument->name, argument->needed ? " (needed)" : ""));
	return names;
}

int ledger_describe_queries(json_t **ret)
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	json_auto_t *all = json_object();
	int r = ledger_errno(schema_open_empty(&db));

	if (r < 0)
		return r;
	for (const char *const *name = ledger_query_names(); *name; name++) {
		const LedgerQuery *query = query_find(*name);
		json_t *columns = NULL;

		r = query_columns(db, query, &columns, NULL);
		if (r < 0)
			return r;
		if (json_object_set_new(all, *name,
			    json_pack("{s:o, s:o}", "arguments", describe_arguments(query), "columns",
				    columns)) < 0)
			return -ENOMEM;
	}
	*ret = TAKE_PTR(all);
	return 0;
}
