/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/area.h"

#include <string.h>

static const char version_1[] =
	"CREATE TABLE lot(gtin TEXT NOT NULL, lot TEXT NOT NULL, product TEXT, maker TEXT, expiry TEXT NOT NULL,"
	"  quantity INTEGER NOT NULL, certificate TEXT, received_us INTEGER NOT NULL, used INTEGER NOT NULL DEFAULT 0,"
	"  seq INTEGER NOT NULL, PRIMARY KEY(gtin, lot));"
	"CREATE TABLE unit(unit TEXT PRIMARY KEY, seq INTEGER NOT NULL, session INTEGER NOT NULL, gtin TEXT NOT NULL,"
	"  lot TEXT NOT NULL, expiry TEXT, chip TEXT UNIQUE, operator TEXT NOT NULL, utc_us INTEGER NOT NULL,"
	"  strokes INTEGER, dots INTEGER, removed_us INTEGER);"
	"CREATE INDEX unit_lot ON unit(lot, seq);"
	"CREATE INDEX unit_session ON unit(session, seq);"
	"CREATE TABLE pigment_use(seq INTEGER PRIMARY KEY, session INTEGER NOT NULL, brand TEXT, colour TEXT, lot TEXT,"
	"  expiry TEXT, utc_us INTEGER NOT NULL);"
	"CREATE INDEX pigment_lot ON pigment_use(lot, seq);";

static const char *const schema[LEDGER_SCHEMA_VERSION] = { version_1, NULL };

static const char *const tables[] = { "lot", "unit", "pigment_use", NULL };

static int refuse_used(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *unit = NULL;
	char date[CLOCK_UTC_TEXT_MAX];
	bool found;
	int r = projection_step(context,
		"SELECT unit, utc_us, session FROM unit WHERE unit = @unit OR chip = @chip LIMIT 1", &unit,
		&found);

	if (r < 0 || !found)
		return r;
	projection_date(sqlite3_column_int64(unit, 1), date);
	return projection_refuse(context, -EEXIST,
		"cartridge %s was used on %s in session %lld: open a new one", sqlite3_column_text(unit, 0),
		date, (long long)sqlite3_column_int64(unit, 2));
}

/**
 * "(10)LOT", "(01)GTIN(10)LOT" or "hibc:PRODUCT(10)LOT": a unit that names its lot only, and needs a number
 * within it.
 */
static bool is_lot_unit(const char *unit)
{
	if (strncmp(unit, "(01)", 4) == 0 && strlen(unit) >= 18)
		unit += 18;
	else if (strncmp(unit, "hibc:", 5) == 0)
		unit += strcspn(unit, "(");
	return strncmp(unit, "(10)", 4) == 0;
}

static int number_unit(ProjectionContext *context, int64_t number)
{
	char numbered[sizeof context->answer->detail];
	int length = snprintf(
		numbered, sizeof numbered, "%s#%lld", projection_text(context, "unit"), (long long)number);

	if ((size_t)length >= sizeof numbered)
		return projection_refuse(context, -EINVAL, "unit %.64s... is too long: check the code",
			projection_text(context, "unit"));
	context->body_changed = true;
	return json_object_set_new(context->body, "unit", json_string(numbered)) < 0 ? -ENOMEM : 0;
}

/** Decides on the lot in `row`: gtin, quantity, used, expiry. */
static int check_lot(ProjectionContext *context, sqlite3_stmt *row, int64_t *ret_used)
{
	const char *unit = projection_text(context, "unit"), *printed = projection_text(context, "expiry");
	const char *expiry = (const char *)sqlite3_column_text(row, 3);
	int64_t quantity = sqlite3_column_int64(row, 1), used = sqlite3_column_int64(row, 2);
	char today[CLOCK_UTC_TEXT_MAX];

	projection_today(context, today);
	if (printed && strcmp(printed, expiry) < 0)
		expiry = printed;
	if (strcmp(expiry, today) < 0)
		return projection_refuse(context, -ESTALE,
			"cartridge %s expired on %s: open one of another lot", unit, expiry);
	if (used >= quantity)
		return projection_refuse(context, -EEXIST,
			"all %lld cartridges of lot %s have been used: open one of another lot",
			(long long)quantity, projection_text(context, "lot"));
	*ret_used = used;
	return 0;
}

/** The lot that a claim draws on, by lot and GTIN, or by lot alone where either side has no GTIN. */
static int find_lot(ProjectionContext *context, sqlite3_stmt **ret)
{
	const char *unit = projection_text(context, "unit"), *lot = projection_text(context, "lot");
	bool found;
	int r = projection_step(context,
		"SELECT gtin, quantity, used, expiry, count(*) OVER () FROM lot WHERE lot = @lot AND"
		" (@gtin IS NULL OR gtin IN (@gtin, '')) ORDER BY gtin DESC LIMIT 1",
		ret, &found);

	if (r < 0)
		return r;
	if (!*lot)
		return projection_refuse(context, -ENOENT,
			"the code of cartridge %s names no lot: open one whose code does", unit);
	if (!found)
		return projection_refuse(context, -ENOENT,
			"lot %s of cartridge %s is not on record: receive it first", lot, unit);
	/* the number printed alone is that of several products, and expiry and quantity differ */
	if (!projection_text(context, "gtin") && sqlite3_column_int64(*ret, 4) > 1)
		return projection_refuse(
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
	if (r == 0 && !context->replay && is_lot_unit(projection_text(context, "unit")))
		r = number_unit(context, used + 1);
	if (r < 0)
		return r;
	r = statement_get(
		context->statements, "UPDATE lot SET used = used + 1 WHERE gtin = ? AND lot = ?", &update);
	if (r == SQLITE_OK)
		r = sqlite3_bind_text(
			update, 1, (const char *)sqlite3_column_text(row, 0), -1, SQLITE_TRANSIENT);
	if (r == SQLITE_OK)
		r = sqlite3_bind_text(update, 2, projection_text(context, "lot"), -1, SQLITE_STATIC);
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
		r = projection_run(context,
			"INSERT INTO unit(unit, seq, session, gtin, lot, expiry, chip, operator, utc_us) VALUES"
			"(@unit, @seq, @session, coalesce(@gtin, ''), @lot, @expiry, @chip, @actor, @utc_us)");
	if (r == 0)
		snprintf(context->answer->detail, sizeof context->answer->detail, "%s",
			projection_text(context, "unit"));
	return r;
}

static int project_lot(ProjectionContext *context)
{
	int r = projection_run(context,
		"INSERT INTO lot(gtin, lot, product, maker, expiry, quantity, certificate, received_us, seq) VALUES"
		"(coalesce(@gtin, ''), @lot, @product, @maker, @expiry, @quantity, @certificate, @utc_us, @seq)");

	if (r == -EEXIST)
		return projection_refuse(context, r,
			"lot %s has been received before: its quantity cannot be added to",
			projection_text(context, "lot"));
	return r;
}

#define NEEDLE                                                                             \
	"SELECT unit.seq, unit, unit.gtin, lot, unit.expiry, chip, unit.session, subject," \
	" unit.operator, unit.utc_us AS \"used:utc\", removed_us AS \"removed:utc\","      \
	" unit.strokes, unit.dots FROM unit LEFT JOIN session USING(session) WHERE 1"
#define LOT                                                                                      \
	"SELECT gtin, lot, product, maker, expiry, quantity, used, quantity - used AS \"left\"," \
	" certificate, received_us AS \"received:utc\" FROM lot WHERE 1"

static const RecordKind kinds[] = {
	{ "lot.received", true,
		FIELDS(TEXT("lot"), TEXT("product"), TEXT("maker"), DATE("expiry"), COUNT("quantity"),
			MAYBE_TEXT("gtin"), MAYBE_TEXT("certificate")),
		.project = project_lot },
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
	{ NULL },
};

static const LedgerQuery queries[] = {
	{ "lot", LOT, " ORDER BY gtin", ARGUMENTS(NEED_TEXT("lot", "lot"), BY_TEXT("gtin", "gtin")) },
	{ "lots", LOT, " ORDER BY expiry, lot, gtin", ARGUMENTS(LIMIT) },
	{ "stock", "SELECT lot, product, expiry, quantity - used AS \"left\" FROM lot WHERE used < quantity",
		" ORDER BY received_us DESC, lot", ARGUMENTS(LIMIT), .lookup_only = true, .limit = 32 },
	{ "unit", NEEDLE, "", ARGUMENTS(NEED_TEXT("unit", "unit")) },
	{ "needles", NEEDLE, " ORDER BY unit.seq",
		ARGUMENTS(BETWEEN("unit.utc_us"), BY_TEXT("lot", "lot"), BY_TEXT("subject", "subject"),
			BY_NUMBER("session", "unit.session"), AFTER("unit.seq"), LIMIT) },
	{ "pigments",
		"SELECT seq, brand, colour, lot, expiry, session, utc_us AS \"used:utc\" FROM pigment_use WHERE 1",
		" ORDER BY seq",
		ARGUMENTS(BETWEEN("utc_us"), BY_TEXT("lot", "lot"), BY_NUMBER("session", "session"),
			AFTER("seq"), LIMIT) },
	{ NULL },
};

const LedgerArea area_inventory = { schema, tables, kinds, queries };
