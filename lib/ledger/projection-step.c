/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Tools for projections: statements whose parameters are fields of a record, refusals, dates. It knows no
 * kind of record and no table.
 */

#include "ledger/accept.h"

#include <stdarg.h>
#include <string.h>

int projection_refuse(ProjectionContext *context, int r, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(context->answer->text, LEDGER_TEXT_MAX, format, arguments);
	va_end(arguments);
	return r;
}

/* ---- statements over a record ---- */

const char *projection_text(const ProjectionContext *context, const char *field)
{
	const json_t *value = json_object_get(context->body, field);

	return json_string_value(value ? value : json_object_get(context->personal, field));
}

long long projection_number(const ProjectionContext *context, const char *field)
{
	return json_integer_value(json_object_get(context->body, field));
}

int projection_complete(ProjectionContext *context, const char *field, json_t *value)
{
	context->body_changed = true;
	return json_object_set_new(context->body, field, value) < 0 ? -ENOMEM : 0;
}

static int bind_list(sqlite3_stmt *statement, int i, const json_t *list)
{
	_cleanup_(freep) char *text = json_dumps(list, LEDGER_JSON);

	return text ? sqlite3_bind_text(statement, i, text, -1, SQLITE_TRANSIENT) : SQLITE_NOMEM;
}

/**
 * Binds the number exactly as the leaf has it (LEDGER_JSON), so that a rebuild from the leaf gives the same
 * digits.
 */
static int bind_real(sqlite3_stmt *statement, int i, double value)
{
	char text[32];

	snprintf(text, sizeof text, "%.15g", value);
	return sqlite3_bind_double(statement, i, strtod(text, NULL));
}

static int bind_value(sqlite3_stmt *statement, int i, const json_t *value)
{
	if (json_is_string(value))
		return sqlite3_bind_text(statement, i, json_string_value(value), -1, SQLITE_TRANSIENT);
	if (json_is_integer(value))
		return sqlite3_bind_int64(statement, i, json_integer_value(value));
	if (json_is_real(value))
		return bind_real(statement, i, json_real_value(value));
	if (json_is_boolean(value))
		return sqlite3_bind_int(statement, i, json_is_true(value));
	if (json_is_array(value))
		return bind_list(statement, i, value);
	return sqlite3_bind_null(statement, i);
}

static int bind_twin(sqlite3_stmt *statement, int i, const ProjectionContext *context)
{
	_cleanup_(freep) char *twin = NULL;
	const char *unit = projection_text(context, "unit");

	if (unit && twin_make(unit, &twin) < 0)
		return SQLITE_NOMEM;
	return sqlite3_bind_text(statement, i, twin, -1, SQLITE_TRANSIENT);
}

/**
 * Binds @seq, @utc_us, @actor and @boot_id of the record and @twin of its unit; any other name is a field of
 * the body.
 */
static int bind_context(sqlite3_stmt *statement, const ProjectionContext *context)
{
	int n = sqlite3_bind_parameter_count(statement), r = SQLITE_OK;

	for (int i = 1; i <= n && r == SQLITE_OK; i++) {
		const char *name = sqlite3_bind_parameter_name(statement, i) + 1;
		json_t *value = json_object_get(context->body, name);

		if (strcmp(name, "seq") == 0)
			r = sqlite3_bind_int64(statement, i, (int64_t)context->seq);
		else if (strcmp(name, "utc_us") == 0)
			r = sqlite3_bind_int64(statement, i, context->utc_us);
		else if (strcmp(name, "actor") == 0)
			r = sqlite3_bind_text(statement, i, context->actor, -1, SQLITE_TRANSIENT);
		else if (strcmp(name, "boot_id") == 0)
			r = sqlite3_bind_text(statement, i, context->boot_id, -1, SQLITE_TRANSIENT);
		else if (strcmp(name, "twin") == 0)
			r = bind_twin(statement, i, context);
		else
			r = bind_value(
				statement, i, value ? value : json_object_get(context->personal, name));
	}
	return r;
}

int projection_step(ProjectionContext *context, const char *sql, sqlite3_stmt **ret, bool *ret_row)
{
	int r = statement_get(context->statements, sql, ret);

	if (r != SQLITE_OK)
		return ledger_errno(r);
	r = bind_context(*ret, context);
	if (r != SQLITE_OK)
		return ledger_errno(r);
	r = sqlite3_step(*ret);
	*ret_row = r == SQLITE_ROW;
	return ledger_errno(r);
}

int projection_has(ProjectionContext *context, const char *sql, bool *ret)
{
	_cleanup_(statement_donep) sqlite3_stmt *statement = NULL;

	return projection_step(context, sql, &statement, ret);
}

int projection_run(ProjectionContext *context, const char *sql)
{
	_cleanup_(statement_donep) sqlite3_stmt *statement = NULL;
	bool row;
	int r = projection_step(context, sql, &statement, &row);

	if (r == -EEXIST)
		return projection_refuse(context, r, "this has been recorded before (%s)",
			sqlite3_errmsg(context->statements->db));
	return r;
}

int projection_actor_has(ProjectionContext *context, const char *roles, bool *ret)
{
	_cleanup_(statement_donep) sqlite3_stmt *role = NULL;
	bool row, has = false;
	int result = SQLITE_ROW,
	    r = projection_step(context,
		    "SELECT value FROM operator, json_each(operator.roles) WHERE badge = @actor", &role,
		    &row);

	if (r < 0)
		return r;
	for (; row && result == SQLITE_ROW && !has; result = sqlite3_step(role))
		has = text_list_has(roles, column_string(role, 0));
	*ret = has;
	return ledger_errno(result);
}

void projection_date(int64_t utc_us, char ret[CLOCK_UTC_TEXT_MAX])
{
	clock_format_utc(utc_us, ret);
	ret[10] = '\0';
}

void projection_today(const ProjectionContext *context, char ret[CLOCK_UTC_TEXT_MAX])
{
	projection_date(context->utc_us > context->newest_us ? context->utc_us : context->newest_us, ret);
}
