/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Cartridges and their lots: what comes in, is claimed, is removed and is disposed of. A cartridge must not
 * be claimed twice, nor from a lot that is barred, expired or used up. A replay must not judge status, expiry
 * or stock again.
 */

#include "ledger/area.h"

#include <string.h>

/*
 * What the stroke chunks know of a cartridge that was not removed since, and the removal by interruption: as
 * the projections of strokes and session.interrupted say it.
 */

/* words stay with their record, so that they can be erased: the tables keep its number */

static const char *const tables[] = { "lot", "unit", "pigment_use", "distinct_unit", NULL };

/* ---- claims ---- */

static int refuse_used(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *unit = NULL;
	char date[CLOCK_UTC_TEXT_MAX];
	bool found;
	int r = projection_step(context,
		"SELECT unit, utc_us, session, ended_us FROM unit WHERE unit = @unit OR chip = @chip LIMIT 1",
		&unit, &found);

	if (r < 0 || !found)
		return r;
	if (column_is_null(unit, 2)) {
		projection_date(column_integer(unit, 3), date);
		return projection_refuse(context, -EEXIST,
			"cartridge %s was put down as damaged on %s: open a new one", column_string(unit, 0),
			date);
	}
	projection_date(column_integer(unit, 1), date);
	return projection_refuse(context, -EEXIST,
		"cartridge %s was used on %s in session %lld: open a new one", column_string(unit, 0), date,
		(long long)column_integer(unit, 2));
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

/** Columns of what find_lot() finds. */
enum {
	LOT_GTIN,
	LOT_QUANTITY,
	LOT_USED,
	LOT_EXPIRY,
	LOT_PRODUCTS,
	LOT_STATUS,
	LOT_CERTIFICATE,
	LOT_MEMBRANE,
};

/** The lot that a record means, by lot and GTIN, or by lot alone where either side has no GTIN. */
static int find_lot(ProjectionContext *context, sqlite3_stmt **ret)
{
	const char *unit = projection_text(context, "unit"), *lot = projection_text(context, "lot");
	bool found;
	int r = projection_step(context,
		"SELECT gtin, quantity, used, expiry, count(*) OVER (), status, certificate, membrane"
		" FROM lot WHERE lot = @lot AND (@gtin IS NULL OR gtin IN (@gtin, '')) ORDER BY gtin DESC LIMIT 1",
		ret, &found);

	if (r < 0)
		return r;
	if (!lot || !*lot)
		return projection_refuse(context, -ENOENT,
			"the code of cartridge %s names no lot: open one whose code does", unit);
	if (!found && unit)
		return projection_refuse(context, -ENOENT,
			"lot %s of cartridge %s is not on record: receive it first", lot, unit);
	if (!found)
		return projection_refuse(context, -ENOENT,
			"lot %s is not on record: receive it first, or check its number", lot);
	/* the number printed alone is that of several products, and expiry and quantity differ */
	if (!projection_text(context, "gtin") && column_integer(*ret, LOT_PRODUCTS) > 1)
		return projection_refuse(context, -ENOENT,
			"lot %s is that of several products: scan the whole code, or give its gtin", lot);
	return 0;
}

/** What the station's rules ask of a lot stands in the claim, so that it can be seen later, too. */
static int check_evidence(ProjectionContext *context, sqlite3_stmt *row)
{
	const char *lot = projection_text(context, "lot"), *name;
	json_t *asked;
	size_t i;

	json_array_foreach (json_object_get(context->body, "evidence"), i, asked) {
		name = json_string_value(asked);
		if (name && strcmp(name, "certificate") == 0 && column_is_null(row, LOT_CERTIFICATE))
			return projection_refuse(context, -EKEYREVOKED,
				"lot %s has no sterilisation certificate on record: open one of another lot",
				lot);
		if (name && strcmp(name, "membrane") == 0 && !column_integer(row, LOT_MEMBRANE))
			return projection_refuse(context, -EKEYREVOKED,
				"lot %s has no proof of a barrier membrane on record: open one of another lot",
				lot);
	}
	return 0;
}

/** A lot that is on record in two spellings, from a time when these were two, is barred as one. */
static int check_other_spellings(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	bool found;
	int r = projection_step(context,
		"SELECT lot, status FROM lot WHERE lot" SAME_NAME(
			"@lot") " AND lot <> @lot"
				" AND (@gtin IS NULL OR gtin IN (@gtin, '')) AND status <> 'released' LIMIT 1",
		&row, &found);

	if (r < 0 || !found)
		return r;
	return projection_refuse(context, -EKEYREVOKED,
		"lot %s is %s: set its cartridges aside and open one of another lot", column_string(row, 0),
		column_string(row, 1));
}

/** The printed expiry is that of the lot, or of a correction of its receipt: else one of the two is misread.
 */
static int check_printed(ProjectionContext *context, sqlite3_stmt *row)
{
	_cleanup_(statement_donep) sqlite3_stmt *corrected = NULL;
	const char *printed = projection_text(context, "expiry");
	const char *expiry = column_text(row, LOT_EXPIRY);
	bool found;
	int r;

	if (!printed || strcmp(printed, expiry) == 0)
		return 0;
	r = projection_step(context,
		"SELECT 1" FROM_CORRECTIONS
		"WHERE kind = 'lot.received' AND field = 'expiry' AND new = @expiry"
		" AND " RECORDED("lot") " = @lot COLLATE NOCASE AND (@gtin IS NULL OR " RECORDED(
			"gtin") " IS NULL OR " RECORDED("gtin") " = @gtin) LIMIT 1",
		&corrected, &found);
	if (r < 0 || found)
		return r;
	return projection_refuse(context, -EBADMSG,
		"the code says that the cartridge expires on %s, the record of lot %s says %s: read the label again, and "
		"correct the record of the receipt if that is wrong",
		printed, projection_text(context, "lot"), expiry);
}

/** Whether the lot may be used now: its status, expiry and evidence. */
static int check_lot(ProjectionContext *context, sqlite3_stmt *row)
{
	const char *unit = projection_text(context, "unit"), *printed = projection_text(context, "expiry");
	const char *expiry = column_string(row, LOT_EXPIRY);
	const char *status = column_string(row, LOT_STATUS);
	char today[CLOCK_UTC_TEXT_MAX];
	int r;

	projection_today(context, today);
	if (printed && strcmp(printed, expiry) < 0)
		expiry = printed;
	if (strcmp(status, "released") != 0)
		return projection_refuse(context, -EKEYREVOKED,
			"lot %s is %s: set its cartridges aside and open one of another lot",
			projection_text(context, "lot"), status);
	if (strcmp(expiry, today) < 0)
		return projection_refuse(context, -ESTALE,
			"cartridge %s expired on %s: open one of another lot", unit, expiry);
	r = check_other_spellings(context);
	if (r == 0)
		r = check_printed(context, row);
	return r < 0 ? r : check_evidence(context, row);
}

static int check_stock(ProjectionContext *context, sqlite3_stmt *row)
{
	int64_t quantity = column_integer(row, LOT_QUANTITY);

	if (column_integer(row, LOT_USED) < quantity)
		return 0;
	return projection_refuse(context, -EEXIST,
		"all %lld cartridges of lot %s have been used: open one of another lot", (long long)quantity,
		projection_text(context, "lot"));
}

static int take_one(ProjectionContext *context, sqlite3_stmt *row)
{
	_cleanup_(statement_donep) sqlite3_stmt *update = NULL;
	int r = statement_get(
		context->statements, "UPDATE lot SET used = used + 1 WHERE gtin = ? AND lot = ?", &update);

	if (r == SQLITE_OK)
		r = sqlite3_bind_text(update, 1, column_text(row, LOT_GTIN), -1, SQLITE_TRANSIENT);
	if (r == SQLITE_OK)
		r = sqlite3_bind_text(update, 2, projection_text(context, "lot"), -1, SQLITE_STATIC);
	if (r == SQLITE_OK)
		r = statement_step(update);
	return ledger_errno(r);
}

/** `usable`: it is to be used, and not only counted as gone. */
static int take_from_lot(ProjectionContext *context, bool usable)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	int r = find_lot(context, &row);

	if (r == 0 && usable && !context->replay)
		r = check_lot(context, row);
	if (r == 0 && !context->replay)
		r = check_stock(context, row);
	if (r == 0 && !context->replay && is_lot_unit(projection_text(context, "unit")))
		r = number_unit(context, column_integer(row, LOT_USED) + 1);
	return r < 0 ? r : take_one(context, row);
}

/** The answer names the unit, with its number within the lot. */
static int answer_unit(ProjectionContext *context)
{
	snprintf(context->answer->detail, sizeof context->answer->detail, "%s",
		projection_text(context, "unit"));
	return 0;
}

static int project_claim(ProjectionContext *context)
{
	int r = refuse_used(context);

	if (r == 0)
		r = identity_check(context);
	if (r == 0)
		r = take_from_lot(context, true);
	if (r == 0)
		r = projection_run(context,
			"INSERT INTO unit(unit, seq, session, gtin, lot, expiry, chip, operator, utc_us, source, twin)"
			" VALUES(@unit, @seq, @session, coalesce(@gtin, ''), @lot, @expiry, @chip, @actor, @utc_us,"
			" @source, twin(@unit))");
	return r < 0 ? r : answer_unit(context);
}

/* ---- the end of a unit ---- */

/** *ret_known: it is on record. Refused while it is mounted, and once it was disposed of. */
static int check_ended(ProjectionContext *context, bool *ret_known)
{
	_cleanup_(statement_donep) sqlite3_stmt *unit = NULL;
	const char *name = projection_text(context, "unit");
	char date[CLOCK_UTC_TEXT_MAX];
	int r = projection_step(context,
		"SELECT state, container, unit.ended_us, session.outcome = 'open' FROM unit LEFT JOIN session USING(session)"
		" WHERE unit = @unit",
		&unit, ret_known);
	const char *state = r == 0 && *ret_known ? column_string(unit, 0) : "";

	if (r < 0 || context->replay)
		return r;
	if (strcmp(state, "mounted") == 0 && column_integer(unit, 3))
		return projection_refuse(
			context, -EINVAL, "cartridge %s is still mounted: remove it first", name);
	if (strcmp(state, "disposed") != 0)
		return 0;
	projection_date(column_integer(unit, 2), date);
	return projection_refuse(context, -EEXIST,
		"cartridge %s was disposed of on %s in container %s: check which one this is", name, date,
		column_string(unit, 1));
}

static int dispose_of_unit(ProjectionContext *context)
{
	bool known;
	int r = check_ended(context, &known);

	if (r == 0 && !known)
		return projection_refuse(context, -ENOENT,
			"cartridge %s was never mounted: enter it as damaged, or check its code",
			projection_text(context, "unit"));
	if (r == 0)
		r = projection_run(context, "UPDATE unit SET state = 'disposed', container = @container,"
					    " ended_us = @utc_us, ended_by = @actor WHERE unit = @unit");
	return r;
}

/** All of a session but one that is still in the handpiece. */
static int dispose_of_session(ProjectionContext *context)
{
	int r = projection_run(context,
		"UPDATE unit SET state = 'disposed', container = @container, ended_us = @utc_us, ended_by = @actor"
		" WHERE session = @session AND state <> 'disposed' AND (state <> 'mounted' OR NOT EXISTS"
		" (SELECT 1 FROM session WHERE session.session = unit.session AND outcome = 'open'))");

	if (r == 0 && !context->replay && sqlite3_changes(context->statements->db) == 0)
		return projection_refuse(context, -ENOENT,
			"session %lld has no cartridge to dispose of: check its number, or remove the mounted one first",
			(long long)json_integer_value(json_object_get(context->body, "session")));
	return r;
}

static int project_disposed(ProjectionContext *context)
{
	bool unit = projection_text(context, "unit"), session = json_object_get(context->body, "session");

	if (unit == session)
		return projection_refuse(context, -EINVAL,
			"it is not clear what goes into the container: name either a cartridge or a session");
	return unit ? dispose_of_unit(context) : dispose_of_session(context);
}

/** One that was never mounted is taken from its lot all the same: it can never be claimed. */
static int project_damaged(ProjectionContext *context)
{
	bool known;
	int r;

	if (!projection_text(context, "unit"))
		return projection_refuse(context, -EINVAL, "name the cartridge: scan its code");
	r = check_ended(context, &known);
	if (r == 0 && known)
		return projection_run(context,
			"UPDATE unit SET state = 'damaged', damage_seq = @seq, container = @container,"
			" ended_us = @utc_us, ended_by = @actor WHERE unit = @unit");
	if (r == 0)
		r = take_from_lot(context, false);
	if (r == 0)
		r = projection_run(context,
			"INSERT INTO unit(unit, seq, gtin, lot, expiry, operator, utc_us, state, damage_seq, container,"
			" ended_us, ended_by, twin) VALUES(@unit, @seq, coalesce(@gtin, ''), @lot, @expiry, @actor,"
			" @utc_us, 'damaged', @seq, @container, @utc_us, @actor, twin(@unit))");
	return r < 0 ? r : answer_unit(context);
}

/* ---- lots ---- */

/* as find_lot() chooses */
#define THE_GTIN "(SELECT max(gtin) FROM lot WHERE lot = @lot AND (@gtin IS NULL OR gtin IN (@gtin, '')))"

#define KNOWN_LOT                                                             \
	"SELECT status, product, maker, expiry, configuration FROM lot WHERE" \
	" gtin = coalesce(@gtin, '') AND lot = @lot"

/* A further delivery adds to its lot, which shows what the newest one said of the rest; what belongs together
 * comes from one delivery. */
/* clang-format off */
#define NEW_PURCHASE "coalesce(@supplier, @purchase) IS NOT NULL"
#define NEW_FILE     "coalesce(@certificate_file, @certificate_sha256) IS NOT NULL OR @certificate <> certificate"
#define ADD_DELIVERY                                                                                  \
	" ON CONFLICT DO UPDATE SET quantity = quantity + @quantity, received_us = @utc_us, seq = @seq," \
	" configuration = coalesce(configuration, @configuration),"                                   \
	" supplier = iif(" NEW_PURCHASE ", @supplier, supplier),"                                     \
	" purchase = iif(" NEW_PURCHASE ", @purchase, purchase),"                                     \
	" certificate = coalesce(@certificate, certificate),"                                         \
	" certificate_file = iif(" NEW_FILE ", @certificate_file, certificate_file),"                 \
	" certificate_sha256 = iif(" NEW_FILE ", @certificate_sha256, certificate_sha256),"           \
	" membrane = coalesce(@membrane, membrane),"                                                  \
	" membrane_reference = coalesce(@membrane_reference, membrane_reference),"                    \
	" low_stock = coalesce(@low_stock, low_stock), serialised = max(serialised, coalesce(@serialised, 0))"
/* clang-format on */

static int project_lot(ProjectionContext *context)
{
	int r = delivery_check(context, "lot", KNOWN_LOT);

	if (r < 0)
		return r;
	return projection_run(context,
		"INSERT INTO lot(gtin, lot, product, maker, expiry, quantity, certificate, received_us, seq,"
		" configuration, supplier, purchase, certificate_file, certificate_sha256, membrane,"
		" membrane_reference, low_stock, serialised) VALUES(coalesce(@gtin, ''), @lot, @product, @maker, @expiry,"
		" @quantity, @certificate, @utc_us, @seq, @configuration, @supplier, @purchase, @certificate_file,"
		" @certificate_sha256, coalesce(@membrane, 0), @membrane_reference, coalesce(@low_stock, 0),"
		" coalesce(@serialised, 0))" ADD_DELIVERY);
}

/** Without a number the file's name stands for the certificate. */
static int project_certificate(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	int r = find_lot(context, &row);

	if (r == 0)
		r = projection_run(context,
			"UPDATE lot SET certificate = coalesce(@certificate, certificate, @file), certificate_file = @file,"
			" certificate_sha256 = @sha256 WHERE lot = @lot AND gtin = " THE_GTIN);
	return r;
}

/** Whether a lot that `is` in a state may come into another one. */
static int check_status(ProjectionContext *context, const char *is)
{
	const char *lot = projection_text(context, "lot"), *to = projection_text(context, "status");
	bool may_release;
	int r;

	if (strcmp(is, to) == 0)
		return projection_refuse(
			context, -EEXIST, "lot %s is %s already: nothing was changed", lot, is);
	if (strcmp(is, "recalled") != 0)
		return 0;
	if (strcmp(to, "quarantined") == 0)
		return projection_refuse(context, -EINVAL,
			"lot %s is recalled, which bars it already: release it once the recall is lifted",
			lot);
	r = projection_actor_has(context, "supervisor administrator", &may_release);
	if (r == 0 && !may_release)
		return projection_refuse(context, -EPERM,
			"lot %s was recalled: a supervisor or administrator must release it", lot);
	return r;
}

static int project_lot_status(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	int r = find_lot(context, &row);

	if (r == 0 && !context->replay)
		r = check_status(context, column_string(row, LOT_STATUS));
	if (r == 0)
		r = projection_run(context,
			"UPDATE lot SET status = @status, status_seq = @seq, status_us = @utc_us WHERE lot = @lot"
			" AND gtin = " THE_GTIN);
	return r;
}

#define CORRECTIONS_OF_LOTS                                                                                                              \
	CORRECTIONS_OF("made.seq",                                                                                                       \
		"CROSS JOIN lot AS made ON made.lot = " RECORDED("lot") " AND (" RECORDED("gtin") " IS NULL OR made.gtin IN (" RECORDED( \
			"gtin") ", '')) WHERE kind IN ('lot.received', 'lot.status', 'lot.certificate')")
#define LOT                                                                                                                  \
	"SELECT gtin, lot, product, configuration, maker, expiry, quantity, used, quantity - used AS"                        \
	" \"left\", low_stock, serialised, status, " WORDS_BY("status_seq",                                                  \
		"reason") " AS \"status_reason:personal\", status_us AS \"changed:utc\", supplier, purchase,"                \
			  " certificate, certificate_file, certificate_sha256, membrane, membrane_reference, received_us AS" \
			  " \"received:utc\", seq, " JOINED_CORRECTIONS                                                      \
			  " FROM lot" JOIN_CORRECTIONS(CORRECTIONS_OF_LOTS, "lot.seq") " WHERE 1"
/* clang-format off */
/* clang-format on */

static const Projection projections[] = {
	{ "lot.received", .project = project_lot },
	{ "lot.certificate", .project = project_certificate },
	{ "lot.status", .project = project_lot_status },
	{ "needle.claimed", .project = project_claim },
	{ "needle.distinct", .project = identity_distinct },
	{ "needle.reseated",
		.sql = "UPDATE unit SET state = 'mounted', removed_us = NULL WHERE unit = @unit" },
	{ "needle.removed",
		.sql = "UPDATE unit SET strokes = @strokes, dots = @dots, worked_s = @worked_s, removed_us = @utc_us,"
		       " state = 'used' WHERE unit = @unit" },
	{ "needle.disposed", .project = project_disposed },
	{ "needle.damaged", .project = project_damaged },
	{ NULL },
};

const LedgerArea area_inventory = { tables, projections };
