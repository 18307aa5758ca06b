/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger-private.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

static int refuse(ProjectionContext *context, int r, const char *format, ...) _printf_(3, 4);

static int refuse(ProjectionContext *context, int r, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(context->answer->text, LEDGER_TEXT_MAX, format, arguments);
	va_end(arguments);
	return r;
}

/* ---- statements over a record ---- */

static const char *text_of(const ProjectionContext *context, const char *key)
{
	return json_string_value(json_object_get(context->body, key));
}

static int bind_list(sqlite3_stmt *statement, int i, const json_t *list)
{
	_cleanup_(freep) char *text = json_dumps(list, JSON_COMPACT);

	return text ? sqlite3_bind_text(statement, i, text, -1, SQLITE_TRANSIENT) : SQLITE_NOMEM;
}

/** As the leaf has it (LEDGER_JSON): a rebuild from there must not differ in a last digit. */
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

/** Parameters: @seq, @utc_us and @actor of the record; any other name is a field of the body. */
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
		else
			r = bind_value(
				statement, i, value ? value : json_object_get(context->personal, name));
	}
	return r;
}

/** Gets, binds and steps `sql`. The statement is left on its row, or *ret_row is false. */
static int step_context(ProjectionContext *context, const char *sql, sqlite3_stmt **ret, bool *ret_row)
{
	int r = statement_get(context->statements, sql, ret);

	if (r == SQLITE_OK)
		r = bind_context(*ret, context);
	if (r == SQLITE_OK)
		r = sqlite3_step(*ret);
	*ret_row = r == SQLITE_ROW;
	return ledger_errno(r);
}

static int run_sql(ProjectionContext *context, const char *sql)
{
	_cleanup_(statement_donep) sqlite3_stmt *statement = NULL;
	bool row;
	int r = step_context(context, sql, &statement, &row);

	if (r == -EEXIST)
		return refuse(context, r, "this has been recorded before (%s)",
			sqlite3_errmsg(context->statements->db));
	return r;
}

/* ---- needles ---- */

static void date_of(int64_t utc_us, char ret[CLOCK_UTC_TEXT_MAX])
{
	clock_format_utc(utc_us, ret);
	ret[10] = '\0';
}

static int refuse_used(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *unit = NULL;
	char date[CLOCK_UTC_TEXT_MAX];
	bool found;
	int r = step_context(context,
		"SELECT unit, utc_us, session FROM unit WHERE unit = @unit OR chip = @chip LIMIT 1", &unit,
		&found);

	if (r < 0 || !found)
		return r;
	date_of(sqlite3_column_int64(unit, 1), date);
	return refuse(context, -EEXIST, "cartridge %s was used on %s in session %lld: open a new one",
		sqlite3_column_text(unit, 0), date, (long long)sqlite3_column_int64(unit, 2));
}

/** "(10)LOT" or "(01)GTIN(10)LOT": a unit that names its lot only, and needs a number within it. */
static bool is_lot_unit(const char *unit)
{
	if (strncmp(unit, "(01)", 4) == 0 && strlen(unit) >= 18)
		unit += 18;
	return strncmp(unit, "(10)", 4) == 0;
}

static int number_unit(ProjectionContext *context, int64_t number)
{
	char numbered[sizeof context->answer->detail];
	int length =
		snprintf(numbered, sizeof numbered, "%s#%lld", text_of(context, "unit"), (long long)number);

	if ((size_t)length >= sizeof numbered)
		return refuse(context, -EINVAL, "unit %.64s... is too long: check the code",
			text_of(context, "unit"));
	context->body_changed = true;
	return json_object_set_new(context->body, "unit", json_string(numbered)) < 0 ? -ENOMEM : 0;
}

/** Decides on the lot in `row`: gtin, quantity, used, expiry. */
static int check_lot(ProjectionContext *context, sqlite3_stmt *row, int64_t *ret_used)
{
	const char *unit = text_of(context, "unit"), *printed = text_of(context, "expiry");
	const char *expiry = (const char *)sqlite3_column_text(row, 3);
	int64_t quantity = sqlite3_column_int64(row, 1), used = sqlite3_column_int64(row, 2);
	char today[CLOCK_UTC_TEXT_MAX];

	date_of(context->utc_us > context->newest_us ? context->utc_us : context->newest_us, today);
	if (printed && strcmp(printed, expiry) < 0)
		expiry = printed;
	if (strcmp(expiry, today) < 0)
		return refuse(context, -ESTALE, "cartridge %s expired on %s: open one of another lot", unit,
			expiry);
	if (used >= quantity)
		return refuse(context, -EEXIST,
			"all %lld cartridges of lot %s have been used: open one of another lot",
			(long long)quantity, text_of(context, "lot"));
	*ret_used = used;
	return 0;
}

/** The lot that a claim draws on, by lot and GTIN, or by lot alone where either side has no GTIN. */
static int find_lot(ProjectionContext *context, sqlite3_stmt **ret)
{
	const char *unit = text_of(context, "unit"), *lot = text_of(context, "lot");
	bool found;
	int r = step_context(context,
		"SELECT gtin, quantity, used, expiry, count(*) OVER () FROM lot WHERE lot = @lot AND"
		" (@gtin IS NULL OR gtin IN (@gtin, '')) ORDER BY gtin DESC LIMIT 1",
		ret, &found);

	if (r < 0)
		return r;
	if (!*lot)
		return refuse(context, -ENOENT,
			"the code of cartridge %s names no lot: open one whose code does", unit);
	if (!found)
		return refuse(context, -ENOENT, "lot %s of cartridge %s is not on record: receive it first",
			lot, unit);
	/* the number printed alone is that of several products, and expiry and quantity differ */
	if (!text_of(context, "gtin") && sqlite3_column_int64(*ret, 4) > 1)
		return refuse(
			context, -ENOENT, "lot %s is that of several products: scan the whole code", lot);
	return 0;
}

static int take_from_lot(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL, *update = NULL;
	int64_t used = 0;
	int r = find_lot(context, &row);

	if (r == 0 && !context->replay)
		r = check_lot(context, row, &used);
	if (r == 0 && !context->replay && is_lot_unit(text_of(context, "unit")))
		r = number_unit(context, used + 1);
	if (r < 0)
		return r;
	r = statement_get(
		context->statements, "UPDATE lot SET used = used + 1 WHERE gtin = ? AND lot = ?", &update);
	if (r == SQLITE_OK)
		r = sqlite3_bind_text(
			update, 1, (const char *)sqlite3_column_text(row, 0), -1, SQLITE_TRANSIENT);
	if (r == SQLITE_OK)
		r = sqlite3_bind_text(update, 2, text_of(context, "lot"), -1, SQLITE_STATIC);
	if (r == SQLITE_OK)
		r = statement_step(update);
	return ledger_errno(r);
}

static int project_claim(ProjectionContext *context)
{
	int r = refuse_used(context);

	if (r == 0)
		r = take_from_lot(context);
	if (r == 0)
		r = run_sql(context,
			"INSERT INTO unit(unit, seq, session, gtin, lot, expiry, chip, operator, utc_us) VALUES"
			"(@unit, @seq, @session, coalesce(@gtin, ''), @lot, @expiry, @chip, @actor, @utc_us)");
	if (r == 0)
		snprintf(context->answer->detail, sizeof context->answer->detail, "%s",
			text_of(context, "unit"));
	return r;
}

static int project_lot(ProjectionContext *context)
{
	int r = run_sql(context,
		"INSERT INTO lot(gtin, lot, product, maker, expiry, quantity, certificate, received_us, seq) VALUES"
		"(coalesce(@gtin, ''), @lot, @product, @maker, @expiry, @quantity, @certificate, @utc_us, @seq)");

	if (r == -EEXIST)
		return refuse(context, r, "lot %s has been received before: its quantity cannot be added to",
			text_of(context, "lot"));
	return r;
}

/* ---- people and sessions ---- */

static int project_operator(ProjectionContext *context)
{
	int r = run_sql(context, "INSERT INTO operator(badge, name, roles, pin, seq) VALUES"
				 "(@badge, @name, @roles, @pin, @seq)");

	if (r == -EEXIST)
		return refuse(context, r, "badge %s is enrolled already: choose another",
			text_of(context, "badge"));
	return r;
}

static int project_begun(ProjectionContext *context)
{
	int r = run_sql(context,
		"INSERT INTO session(session, subject, protocol, course_session, operator, utc_us, outcome) VALUES"
		"(@session, @subject, @protocol, @course_session, @actor, @utc_us, 'open')");

	if (r == -EEXIST)
		return refuse(context, r, "session %lld was begun before: restart the daemon",
			(long long)json_integer_value(json_object_get(context->body, "session")));
	return r;
}

/* ---- the table: every kind, where it goes, what it must have, what it changes ---- */

#define FIELDS(...) ((const RecordField[]){ __VA_ARGS__, { NULL } })
#define TEXT(name)                      \
	{                               \
		name, FIELD_TEXT, false \
	}
#define DATE(name)                      \
	{                               \
		name, FIELD_DATE, false \
	}
#define COUNT(name)                      \
	{                                \
		name, FIELD_COUNT, false \
	}
#define NUMBER(name)                      \
	{                                 \
		name, FIELD_NUMBER, false \
	}
#define BOOLEAN(name)                      \
	{                                  \
		name, FIELD_BOOLEAN, false \
	}
#define OBJECT(name)                      \
	{                                 \
		name, FIELD_OBJECT, false \
	}
#define ARRAY(name)                      \
	{                                \
		name, FIELD_ARRAY, false \
	}
#define MAYBE(name, type)        \
	{                        \
		name, type, true \
	}
#define MAYBE_TEXT(name) MAYBE(name, FIELD_TEXT)
#define MAYBE_SESSION    MAYBE("session", FIELD_COUNT)
#define SESSION          COUNT("session")
#define END_SESSION(outcome) \
	"UPDATE session SET outcome = '" outcome "', ended_us = @utc_us WHERE session = @session"

static const RecordKind kinds[] = {
	{ "station.started", false, FIELDS(TEXT("version"), MAYBE_TEXT("previous")) },
	{ "station.stopped", false, FIELDS(MAYBE_TEXT("reason")) },
	{ "clock.backwards", true, FIELDS(TEXT("newest"), TEXT("now")) },
	{ "operator.enrolled", false, FIELDS(TEXT("badge"), ARRAY("roles")), .project = project_operator },
	{ "operator.signed-in", true, FIELDS(TEXT("badge"), MAYBE_TEXT("reason")) },
	{ "operator.signed-out", true, FIELDS(TEXT("badge"), MAYBE_TEXT("reason")) },
	{ "operator.refused", true, FIELDS(TEXT("badge"), COUNT("attempts")) },
	{ "lot.received", true,
		FIELDS(TEXT("lot"), TEXT("product"), TEXT("maker"), DATE("expiry"), COUNT("quantity"),
			MAYBE_TEXT("gtin"), MAYBE_TEXT("certificate")),
		.project = project_lot },
	{ "session.begun", true, FIELDS(SESSION, TEXT("subject"), TEXT("protocol"), COUNT("course_session")),
		.project = project_begun },
	{ "session.screening", false, FIELDS(SESSION, OBJECT("answers"), ARRAY("refused")) },
	{ "session.consent", false, FIELDS(SESSION, TEXT("consent"), TEXT("version"), BOOLEAN("given")) },
	{ "session.zone", true,
		FIELDS(SESSION, TEXT("zone"), TEXT("skin_type"), NUMBER("area_mm2"), NUMBER("target"),
			MAYBE("depth_min_um", FIELD_NUMBER), MAYBE("depth_max_um", FIELD_NUMBER)) },
	{ "session.state", true, FIELDS(MAYBE_SESSION, TEXT("from"), TEXT("to"), TEXT("event")) },
	{ "needle.claimed", true,
		FIELDS(SESSION, TEXT("unit"), TEXT("lot"), TEXT("code"), MAYBE_TEXT("gtin"),
			MAYBE_TEXT("serial"), MAYBE("expiry", FIELD_DATE), MAYBE_TEXT("chip")),
		.project = project_claim },
	{ "needle.reseated", true, FIELDS(SESSION, TEXT("unit"), MAYBE_TEXT("chip"), NUMBER("away_s")) },
	{ "needle.refused", true,
		FIELDS(MAYBE_SESSION, TEXT("code"), TEXT("refusal"), TEXT("text"), MAYBE_TEXT("unit")) },
	{ "needle.removed", true,
		FIELDS(SESSION, TEXT("unit"), COUNT("strokes"), COUNT("dots"), TEXT("reason")),
		.sql = "UPDATE unit SET strokes = @strokes, dots = @dots, removed_us = @utc_us WHERE unit = @unit" },
	{ "pigment.loaded", true, FIELDS(SESSION, TEXT("brand"), TEXT("colour"), TEXT("lot"), DATE("expiry")),
		.sql = "INSERT INTO pigment_use(seq, session, brand, colour, lot, expiry, utc_us) VALUES"
		       "(@seq, @session, @brand, @colour, @lot, @expiry, @utc_us)" },
	{ "image.captured", true,
		FIELDS(SESSION, TEXT("zone"), TEXT("phase"), TEXT("file"), TEXT("sha256"),
			MAYBE("bytes", FIELD_COUNT), MAYBE("width", FIELD_COUNT),
			MAYBE("height", FIELD_COUNT), MAYBE("focus", FIELD_NUMBER),
			MAYBE("exposure", FIELD_NUMBER)),
		.sql = "INSERT INTO image(seq, session, zone, phase, file, sha256, bytes, width, height, focus, exposure,"
		       " utc_us) VALUES(@seq, @session, @zone, @phase, @file, @sha256, @bytes, @width, @height, @focus,"
		       " @exposure, @utc_us)" },
	{ "image.refused", true, FIELDS(SESSION, TEXT("zone"), TEXT("phase"), TEXT("verdict")) },
	/* the session's totals so far; session.finished has the last word */
	{ "strokes", false,
		FIELDS(SESSION, TEXT("zone"), TEXT("unit"), COUNT("strokes"), COUNT("dots"), TEXT("encoding"),
			TEXT("sha256")),
		.sql = "UPDATE session SET strokes = coalesce(strokes, 0) + @strokes, dots = coalesce(dots, 0) + @dots"
		       " WHERE session = @session" },
	{ "zone.statistics", true, FIELDS(SESSION, TEXT("zone"), COUNT("dots"), COUNT("strokes")),
		.sql = "INSERT OR REPLACE INTO zone_result(session, zone, dots, strokes, area_mm2, density, target,"
		       " outside, depth_mean_um, dwell_mean_ms) VALUES(@session, @zone, @dots, @strokes, @area_mm2,"
		       " @density, @target, @outside, @depth_mean_um, @dwell_mean_ms)" },
	{ "fault.latched", true, FIELDS(MAYBE_SESSION, TEXT("cause")) },
	{ "fault.acknowledged", true, FIELDS(MAYBE_SESSION, TEXT("cause"), TEXT("note")) },
	{ "alert.raised", true, FIELDS(MAYBE_SESSION, TEXT("alert"), TEXT("text")) },
	{ "session.finished", true,
		FIELDS(SESSION, COUNT("dots"), COUNT("strokes"), COUNT("needles"), COUNT("worked_s")),
		.sql = "UPDATE session SET dots = @dots, strokes = @strokes, needles = @needles, worked_s = @worked_s"
		       " WHERE session = @session" },
	{ "session.signed", true, FIELDS(SESSION, TEXT("meaning")), .sql = END_SESSION("signed") },
	{ "session.abandoned", true, FIELDS(SESSION, TEXT("reason")), .sql = END_SESSION("abandoned") },
	{ "session.interrupted", true, FIELDS(SESSION), .sql = END_SESSION("interrupted") },
	{ "audit.read", false, FIELDS(TEXT("query"), OBJECT("arguments"), MAYBE("rows", FIELD_COUNT)) },
};

const RecordKind *record_kind_find(const char *name)
{
	for (size_t i = 0; i < ELEMENTS(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

bool projection_wanted(const RecordKind *kind)
{
	return kind->sql || kind->project;
}

static bool is_date(const char *text)
{
	static const char shape[] = "0000-00-00";
	size_t i = 0;

	for (; text && text[i] && shape[i]; i++)
		if (shape[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != shape[i])
			return false;
	return i == sizeof shape - 1 && !text[i];
}

static bool field_fits(FieldType type, const json_t *value)
{
	switch (type) {
	case FIELD_TEXT:
		return json_is_string(value);
	case FIELD_DATE:
		return is_date(json_string_value(value));
	case FIELD_COUNT:
		return json_is_integer(value) && json_integer_value(value) >= 0;
	case FIELD_NUMBER:
		return json_is_number(value);
	case FIELD_BOOLEAN:
		return json_is_boolean(value);
	case FIELD_OBJECT:
		return json_is_object(value);
	case FIELD_ARRAY:
		return json_is_array(value);
	case FIELD_MAX:
	case FIELD_INVALID:
		break;
	}
	return false;
}

int record_kind_check(const RecordKind *kind, const json_t *body, char error[LEDGER_TEXT_MAX])
{
	static const char *const types[] = { "a text", "a date (YYYY-MM-DD)", "a whole number from 0",
		"a number", "true or false", "an object", "a list" };

	_Static_assert(ELEMENTS(types) == FIELD_MAX, "every type has its words");
	if (!json_is_object(body)) {
		snprintf(error, LEDGER_TEXT_MAX, "the body of a %s record must be an object", kind->name);
		return -EINVAL;
	}
	for (const RecordField *field = kind->fields; field->name; field++) {
		const json_t *value = json_object_get(body, field->name);

		if ((!value && field->optional) || (value && field_fits(field->type, value)))
			continue;
		snprintf(error, LEDGER_TEXT_MAX, "a record of kind %s needs the field %s: %s", kind->name,
			field->name, (size_t)field->type < ELEMENTS(types) ? types[field->type] : "a value");
		return -EINVAL;
	}
	return 0;
}

int projection_apply(const RecordKind *kind, ProjectionContext *context)
{
	return kind->project ? kind->project(context) : run_sql(context, kind->sql);
}

/* ---- rebuild ---- */

static int replay(Statements *statements, sqlite3_stmt *row)
{
	const RecordKind *kind = record_kind_find((const char *)sqlite3_column_text(row, 1));
	const char *kept = (const char *)sqlite3_column_text(row, 4);
	json_auto_t *leaf = NULL, *personal = NULL;
	LedgerAnswer answer = { 0 };
	ProjectionContext context = { .statements = statements, .answer = &answer, .replay = true };
	int r;

	if (!kind)
		return -EUCLEAN;
	if (!projection_wanted(kind))
		return 0;
	leaf = json_loadb(sqlite3_column_blob(row, 3), (size_t)sqlite3_column_bytes(row, 3), 0, NULL);
	personal = kept ? json_loads(kept, 0, NULL) : NULL;
	context.seq = (uint64_t)sqlite3_column_int64(row, 0);
	context.utc_us = sqlite3_column_int64(row, 2);
	context.actor = json_string_value(json_object_get(leaf, "actor"));
	context.body = json_object_get(leaf, "body");
	context.personal = personal;
	if (!context.actor || record_kind_check(kind, context.body, answer.text) < 0)
		return -EUCLEAN;
	r = projection_apply(kind, &context);
	/* it was accepted once: whatever refuses it now is damage */
	return answer.text[0] ? -EUCLEAN : r;
}

static int replay_all(Statements *statements)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *rows = NULL;
	int r = 0,
	    result = sqlite3_prepare_v2(statements->db,
		    "SELECT record.seq, kind, utc_us, leaf, data FROM record LEFT JOIN personal USING(seq)"
		    " ORDER BY record.seq",
		    -1, &rows, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_step(rows);
	for (; result == SQLITE_ROW && r == 0; result = sqlite3_step(rows))
		r = replay(statements, rows);
	return r < 0 ? r : ledger_errno(result);
}

int projection_rebuild(sqlite3 *db)
{
	Statements statements = { .db = db };
	int result = sqlite3_exec(db,
		"BEGIN IMMEDIATE; DELETE FROM operator; DELETE FROM lot; DELETE FROM unit; DELETE FROM session;"
		"DELETE FROM image; DELETE FROM zone_result; DELETE FROM pigment_use;",
		NULL, NULL, NULL);
	int r = ledger_errno(result);

	if (r == 0)
		r = replay_all(&statements);
	statements_clear(&statements);
	result = sqlite3_exec(db, r < 0 ? "ROLLBACK" : "COMMIT", NULL, NULL, NULL);
	return r < 0 ? r : ledger_errno(result);
}
