/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger-private.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

typedef int (*Project)(ProjectionContext *context);

static int refuse(ProjectionContext *context, int r, const char *format, ...) _printf_(3, 4);

static int refuse(ProjectionContext *context, int r, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(context->answer->text, LEDGER_TEXT_MAX, format, arguments);
	va_end(arguments);
	return r;
}

static const char *text_of(const ProjectionContext *context, const char *key)
{
	return json_string_value(json_object_get(context->body, key));
}

static int bind_value(sqlite3_stmt *statement, int i, const json_t *value)
{
	if (json_is_string(value))
		return sqlite3_bind_text(statement, i, json_string_value(value), -1, SQLITE_TRANSIENT);
	if (json_is_integer(value))
		return sqlite3_bind_int64(statement, i, json_integer_value(value));
	if (json_is_real(value))
		return sqlite3_bind_double(statement, i, json_real_value(value));
	if (json_is_boolean(value))
		return sqlite3_bind_int(statement, i, json_is_true(value));
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

static int run_sql(ProjectionContext *context, const char *sql)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	int r = sqlite3_prepare_v2(context->db, sql, -1, &statement, NULL);

	if (r == SQLITE_OK)
		r = bind_context(statement, context);
	if (r == SQLITE_OK)
		r = sqlite3_step(statement);
	if (r == SQLITE_DONE || r == SQLITE_ROW)
		return 0;
	return refuse(context, ledger_errno(r), "%s", sqlite3_errmsg(context->db));
}

/* ---- needles ---- */

static void date_of(int64_t utc_us, char ret[CLOCK_UTC_TEXT_MAX])
{
	clock_format_utc(utc_us, ret);
	ret[10] = '\0';
}

/** Runs `sql` for one row, leaving the statement on it; NULL in *ret when there is none. */
static int find_row(ProjectionContext *context, const char *sql, sqlite3_stmt **ret)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	int r = sqlite3_prepare_v2(context->db, sql, -1, &statement, NULL);

	if (r == SQLITE_OK)
		r = bind_context(statement, context);
	if (r == SQLITE_OK)
		r = sqlite3_step(statement);
	*ret = r == SQLITE_ROW ? TAKE_PTR(statement) : NULL;
	return r == SQLITE_ROW || r == SQLITE_DONE
		       ? 0
		       : refuse(context, ledger_errno(r), "%s", sqlite3_errmsg(context->db));
}

static int refuse_used(ProjectionContext *context)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *unit = NULL;
	char date[CLOCK_UTC_TEXT_MAX];
	int r = find_row(context,
		"SELECT unit, utc_us, session FROM unit WHERE unit = @unit OR (@chip IS NOT NULL AND chip = @chip)",
		&unit);

	if (r < 0 || !unit)
		return r;
	date_of(sqlite3_column_int64(unit, 1), date);
	return refuse(context, -EEXIST, "cartridge %s was used on %s in session %lld: open a new one",
		sqlite3_column_text(unit, 0), date, (long long)sqlite3_column_int64(unit, 2));
}

/** The lot that a claim draws on: by lot and GTIN, or by lot alone where either side has no GTIN. */
static int claim_from_lot(ProjectionContext *context)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *lot = NULL;
	const char *expiry, *unit = text_of(context, "unit");
	char today[CLOCK_UTC_TEXT_MAX], numbered[128];
	int64_t quantity, used;
	int r = find_row(context,
		"SELECT quantity, used, expiry, gtin FROM lot WHERE lot = @lot AND (gtin = coalesce(@gtin, '') OR gtin = ''"
		" OR @gtin IS NULL) ORDER BY gtin DESC LIMIT 1",
		&lot);

	if (r < 0)
		return r;
	if (!lot)
		return refuse(context, -ENOENT, "lot %s of cartridge %s is not on record: receive it first",
			text_of(context, "lot"), unit);
	quantity = sqlite3_column_int64(lot, 0);
	used = sqlite3_column_int64(lot, 1);
	expiry = (const char *)sqlite3_column_text(lot, 2);
	date_of(context->utc_us > context->newest_us ? context->utc_us : context->newest_us, today);
	if (text_of(context, "expiry") && strcmp(text_of(context, "expiry"), expiry) < 0)
		expiry = text_of(context, "expiry");
	if (strcmp(expiry, today) < 0)
		return refuse(context, -ESTALE, "cartridge %s expired on %s: open one of another lot", unit,
			expiry);
	if (used >= quantity)
		return refuse(context, -EEXIST,
			"all %lld cartridges of lot %s have been used: open one of another lot",
			(long long)quantity, text_of(context, "lot"));
	/* a lot without serials: every claim is the next unit of it */
	if (!strstr(unit, "(21)") && strncmp(unit, "chip:", 5) != 0 && !strchr(unit, '#')) {
		snprintf(numbered, sizeof numbered, "%s#%lld", unit, (long long)used + 1);
		json_object_set_new(context->body, "unit", json_string(numbered));
		context->body_changed = true;
	}
	snprintf(context->answer->detail, sizeof context->answer->detail, "%s", text_of(context, "unit"));
	return run_sql(context,
		"UPDATE lot SET used = used + 1 WHERE lot = @lot AND gtin = (SELECT gtin FROM lot WHERE lot = @lot AND"
		" (gtin = coalesce(@gtin, '') OR gtin = '' OR @gtin IS NULL) ORDER BY gtin DESC LIMIT 1)");
}

static int project_claim(ProjectionContext *context)
{
	int r = refuse_used(context);

	if (r == 0)
		r = claim_from_lot(context);
	if (r == 0)
		r = run_sql(context,
			"INSERT INTO unit(unit, seq, session, gtin, lot, expiry, chip, operator, utc_us) VALUES"
			"(@unit, @seq, @session, coalesce(@gtin, ''), @lot, @expiry, @chip, @actor, @utc_us)");
	return r;
}

static int project_removed(ProjectionContext *context)
{
	return run_sql(context, "UPDATE unit SET strokes = @strokes, dots = @dots, removed_us = @utc_us"
				" WHERE unit = @unit");
}

static int project_lot(ProjectionContext *context)
{
	int r = run_sql(context,
		"INSERT INTO lot(gtin, lot, product, maker, expiry, quantity, certificate, received_us, seq) VALUES"
		"(coalesce(@gtin, ''), @lot, @product, @maker, @expiry, @quantity, @certificate, @utc_us, @seq)");

	if (r == -EEXIST)
		return refuse(context, r,
			"lot %s has been received before: what comes later of it is a delivery of its own, "
			"give it the maker's new lot",
			text_of(context, "lot"));
	return r;
}

/* ---- people ---- */

static int project_operator(ProjectionContext *context)
{
	char *roles = json_dumps(json_object_get(context->body, "roles"), JSON_COMPACT);
	int r;

	if (!roles)
		return refuse(context, -EINVAL, "an operator needs roles");
	json_object_set_new(context->body, "roles_text", json_string(roles));
	free(roles);
	r = run_sql(context, "INSERT INTO operator(badge, name, roles, pin, seq) VALUES"
			     "(@badge, @name, @roles_text, @pin, @seq)");
	json_object_del(context->body, "roles_text");
	if (r == -EEXIST)
		return refuse(context, r, "badge %s is enrolled already: choose another",
			text_of(context, "badge"));
	return r;
}

/* ---- sessions ---- */

static int project_begun(ProjectionContext *context)
{
	return run_sql(context,
		"INSERT INTO session(session, subject, protocol, course_session, operator, utc_us, outcome) VALUES"
		"(@session, @subject, @protocol, @course_session, @actor, @utc_us, 'open')");
}

static int project_finished(ProjectionContext *context)
{
	return run_sql(context, "UPDATE session SET dots = @dots, strokes = @strokes, needles = @needles,"
				" worked_s = @worked_s WHERE session = @session");
}

static int project_signed(ProjectionContext *context)
{
	return run_sql(context,
		"UPDATE session SET outcome = 'signed', ended_us = @utc_us WHERE session = @session");
}

static int project_abandoned(ProjectionContext *context)
{
	return run_sql(context,
		"UPDATE session SET outcome = 'abandoned', ended_us = @utc_us WHERE session = @session");
}

static int project_interrupted(ProjectionContext *context)
{
	return run_sql(context,
		"UPDATE session SET outcome = 'interrupted', ended_us = @utc_us WHERE session = @session");
}

static int project_image(ProjectionContext *context)
{
	return run_sql(context,
		"INSERT INTO image(seq, session, zone, phase, file, sha256, focus, exposure, utc_us) VALUES"
		"(@seq, @session, @zone, @phase, @file, @sha256, @focus, @exposure, @utc_us)");
}

static int project_statistics(ProjectionContext *context)
{
	return run_sql(context,
		"INSERT OR REPLACE INTO zone_result(session, zone, dots, strokes, area_mm2, density, target, outside,"
		" depth_mean_um, dwell_mean_ms) VALUES(@session, @zone, @dots, @strokes, @area_mm2, @density, @target,"
		" @outside, @depth_mean_um, @dwell_mean_ms)");
}

static int project_pigment(ProjectionContext *context)
{
	return run_sql(context,
		"INSERT INTO pigment_use(seq, session, brand, colour, lot, expiry, utc_us) VALUES"
		"(@seq, @session, @brand, @colour, @lot, @expiry, @utc_us)");
}

/* ---- the table: every kind, where it goes, what it must have ---- */

static const struct {
	const char *kind;
	bool published;
	Project project;         /* NULL: none */
	const char *required[8]; /* fields of the body; NULL ends */
} kinds[] = {
	{ "station.started", false, NULL, { "version" } },
	{ "station.stopped", false, NULL, { NULL } },
	{ "clock.backwards", true, NULL, { "newest", "now" } },
	{ "operator.enrolled", false, project_operator, { "badge", "roles" } },
	{ "operator.signed-in", true, NULL, { "badge" } },
	{ "operator.signed-out", true, NULL, { "badge" } },
	{ "operator.refused", true, NULL, { "badge", "attempts" } },
	{ "lot.received", true, project_lot, { "lot", "product", "maker", "expiry", "quantity" } },
	{ "session.begun", true, project_begun, { "session", "subject", "protocol", "course_session" } },
	{ "session.screening", false, NULL, { "session", "answers", "refused" } },
	{ "session.consent", false, NULL, { "session", "consent", "version", "given" } },
	{ "session.zone", true, NULL, { "session", "zone", "skin_type", "area_mm2", "target" } },
	{ "session.state", true, NULL, { "from", "to", "event" } },
	{ "needle.claimed", true, project_claim, { "session", "unit", "lot", "code" } },
	{ "needle.reseated", true, NULL, { "session", "unit", "away_s" } },
	{ "needle.refused", true, NULL, { "session", "code", "refusal", "text" } },
	{ "needle.removed", true, project_removed, { "session", "unit", "strokes", "dots", "reason" } },
	{ "pigment.loaded", true, project_pigment, { "session", "brand", "colour", "lot", "expiry" } },
	{ "image.captured", true, project_image, { "session", "zone", "phase", "file", "sha256" } },
	{ "image.refused", true, NULL, { "session", "zone", "phase", "verdict" } },
	{ "strokes", false, NULL, { "session", "zone", "unit", "strokes", "dots", "encoding", "sha256" } },
	{ "zone.statistics", true, project_statistics, { "session", "zone", "dots", "strokes" } },
	{ "fault.latched", true, NULL, { "cause" } },
	{ "fault.acknowledged", true, NULL, { "cause", "note" } },
	{ "alert.raised", true, NULL, { "alert", "text" } },
	{ "session.finished", true, project_finished,
		{ "session", "dots", "strokes", "needles", "worked_s" } },
	{ "session.signed", true, project_signed, { "session", "meaning" } },
	{ "session.abandoned", true, project_abandoned, { "session", "reason" } },
	{ "session.interrupted", true, project_interrupted, { "session" } },
	{ "audit.read", false, NULL, { "query", "arguments" } },
};

static size_t find_kind(const char *kind)
{
	size_t i = 0;

	while (i < ELEMENTS(kinds) && strcmp(kinds[i].kind, kind) != 0)
		i++;
	return i;
}

bool projection_wanted(const char *kind)
{
	size_t i = find_kind(kind);

	/* an unknown kind wants one too: to be refused by it */
	return i == ELEMENTS(kinds) || kinds[i].project;
}

bool projection_published(const char *kind)
{
	size_t i = find_kind(kind);

	return i < ELEMENTS(kinds) && kinds[i].published;
}

int projection_apply(const char *kind, ProjectionContext *context)
{
	size_t i = find_kind(kind);

	if (i == ELEMENTS(kinds))
		return refuse(context, -EINVAL, "there is no kind of record \"%.64s\"", kind);
	for (const char *const *field = kinds[i].required; *field; field++)
		if (!json_object_get(context->body, *field))
			return refuse(
				context, -EINVAL, "a record of kind %s needs the field %s", kind, *field);
	return kinds[i].project ? kinds[i].project(context) : 0;
}

static int replay(sqlite3 *db, sqlite3_stmt *row)
{
	json_auto_t *leaf =
		json_loadb(sqlite3_column_blob(row, 3), (size_t)sqlite3_column_bytes(row, 3), 0, NULL);
	json_auto_t *personal =
		json_loads(sqlite3_column_text(row, 4) ? (const char *)sqlite3_column_text(row, 4) : "null",
			JSON_DECODE_ANY, NULL);
	LedgerAnswer answer = { 0 };
	ProjectionContext context = {
		.db = db,
		.seq = (uint64_t)sqlite3_column_int64(row, 0),
		.utc_us = sqlite3_column_int64(row, 2),
		.actor = json_string_value(json_object_get(leaf, "actor")),
		.body = json_object_get(leaf, "body"),
		.personal = json_is_object(personal) ? personal : NULL,
		.answer = &answer,
	};

	if (!leaf || !context.actor)
		return -EUCLEAN;
	return projection_apply((const char *)sqlite3_column_text(row, 1), &context);
}

int projection_rebuild(sqlite3 *db)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *rows = NULL;
	int r = sqlite3_exec(db,
		"BEGIN; DELETE FROM operator; DELETE FROM lot; DELETE FROM unit; DELETE FROM session; DELETE FROM image;"
		"DELETE FROM zone_result; DELETE FROM pigment_use;",
		NULL, NULL, NULL);
	int error = 0;

	if (r == SQLITE_OK)
		r = sqlite3_prepare_v2(db,
			"SELECT record.seq, kind, utc_us, leaf, data FROM record LEFT JOIN personal USING(seq)"
			" ORDER BY record.seq",
			-1, &rows, NULL);
	while (r == SQLITE_OK && error == 0 && sqlite3_step(rows) == SQLITE_ROW)
		error = replay(db, rows);
	if (error == 0)
		error = ledger_errno(r);
	sqlite3_reset(rows);
	r = sqlite3_exec(db, error < 0 ? "ROLLBACK" : "COMMIT", NULL, NULL, NULL);
	return error < 0 ? error : ledger_errno(r);
}
