/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Accepts records of cartridges and their lots. A cartridge must not be claimed twice, or from a lot that is
 * barred, expired or used up. A replay must not judge status, expiry or stock again.
 */

#include "ledger/accept.h"
#include "ledger/statements.h"
#include "util/needle-configuration.h"

#include <string.h>

/* ---- claims ---- */

static int refuse_used(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *unit = NULL;
	char date[CLOCK_UTC_TEXT_MAX];
	bool found;
	int r = projection_step(context, sql_unit_used, &unit, &found);

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
 * Whether a unit names only its lot and needs a number within it: "(10)LOT", "(01)GTIN(10)LOT" or
 * "hibc:PRODUCT(10)LOT", and not the clinic's own label "(10)LOT#SERIAL".
 */
static bool is_lot_unit(const char *unit)
{
	if (twin_serial(unit))
		return false;
	if (strncmp(unit, "(01)", 4) == 0 && strlen(unit) >= 18)
		unit += 18;
	else if (strncmp(unit, "hibc:", 5) == 0)
		unit += strcspn(unit, "(");
	return strncmp(unit, "(10)", 4) == 0;
}

/** What the station's rules ask: that it holds the cartridge by a grant of the clinic's registry. */
static bool needs_grant(const ProjectionContext *context)
{
	return json_is_true(json_object_get(context->body, "held"));
}

/** A number that the registry gave may be in the way, once the station has left the clinic. */
static int step_aside(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	const char *unit = projection_text(context, "unit");
	_cleanup_(freep) char *numbered = NULL;
	bool found;
	int r = projection_step(context, sql_next_number, &row, &found);

	if (r < 0 || !found || column_is_null(row, 0))
		return r;
	if (asprintf(&numbered, "%.*s#%lld", (int)(strrchr(unit, '#') - unit), unit,
		    (long long)column_integer(row, 0)) < 0)
		return -ENOMEM;
	return projection_complete(context, "unit", json_string(numbered));
}

static int number_unit(ProjectionContext *context, int64_t number)
{
	char numbered[sizeof context->answer->detail];
	int r;
	int length = snprintf(
		numbered, sizeof numbered, "%s#%lld", projection_text(context, "unit"), (long long)number);

	if ((size_t)length >= sizeof numbered)
		return projection_refuse(context, -EINVAL, "unit %.64s... is too long: check the code",
			projection_text(context, "unit"));
	r = projection_complete(context, "unit", json_string(numbered));
	return r < 0 ? r : step_aside(context);
}

/** Puts the lot's required evidence into the claim, so that it can be seen later. */
static int check_evidence(ProjectionContext *context, sqlite3_stmt *row)
{
	const char *lot = projection_text(context, "lot"), *name;
	json_t *asked;
	size_t i;

	json_array_foreach (json_object_get(context->body, "evidence"), i, asked) {
		name = json_string_value(asked);
		if (name && strcmp(name, "certificate") == 0 && column_is_null(row, NEEDLE_LOT_CERTIFICATE))
			return projection_refuse(context, -EKEYREVOKED,
				"lot %s has no sterilisation certificate on record: open one of another lot",
				lot);
		if (name && strcmp(name, "membrane") == 0 && !column_integer(row, NEEDLE_LOT_MEMBRANE))
			return projection_refuse(context, -EKEYREVOKED,
				"lot %s has no proof of a barrier membrane on record: open one of another lot",
				lot);
	}
	return 0;
}

/**
 * The printed expiry must be that of the lot, or of a correction of its receipt: otherwise one of the two was
 * misread.
 */
static int check_printed(ProjectionContext *context, const char *expiry)
{
	const char *printed = projection_text(context, "expiry");
	bool corrected;
	int r;

	if (!printed || strcmp(printed, expiry) == 0)
		return 0;
	r = projection_has(context, sql_expiry_corrected, &corrected);
	if (r < 0 || corrected)
		return r;
	return projection_refuse(context, -EBADMSG,
		"the code says that the cartridge expires on %s, the record of lot %s says %s: read the label again, and "
		"correct the record of the receipt if that is wrong",
		printed, projection_text(context, "lot"), expiry);
}

/** Checks whether the lot may be used now: status, expiry and evidence. */
static int check_lot(ProjectionContext *context, sqlite3_stmt *row)
{
	const char *unit = projection_text(context, "unit"), *printed = projection_text(context, "expiry");
	const char *expiry = column_string(row, NEEDLE_LOT_EXPIRY);
	const char *status = column_string(row, NEEDLE_LOT_STATUS);
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
	r = lot_check_spellings(context);
	if (r < 0)
		return r;
	r = check_printed(context, column_string(row, NEEDLE_LOT_EXPIRY));
	return r < 0 ? r : check_evidence(context, row);
}

/**
 * Puts the configuration of the lot's needles into the claim: what the deliveries say, or the product's name
 * where that is one. Nothing when neither can be read.
 */
static int complete_configuration(ProjectionContext *context, sqlite3_stmt *row)
{
	static const int columns[] = { NEEDLE_LOT_CONFIGURATION, NEEDLE_LOT_PRODUCT };
	LedgerAnswer *answer = context->answer;
	NeedleConfiguration read;
	Error error;

	for (size_t i = 0; i < ELEMENTS(columns); i++) {
		const char *text = column_text(row, columns[i]);

		if (!text || strlen(text) >= sizeof answer->configuration ||
			needle_configuration_parse(text, &read, &error) < 0)
			continue;
		snprintf(answer->configuration, sizeof answer->configuration, "%s", text);
		return projection_complete(context, "configuration", json_string(text));
	}
	return 0;
}

static int check_stock(ProjectionContext *context, sqlite3_stmt *row)
{
	int64_t quantity = column_integer(row, NEEDLE_LOT_QUANTITY);

	if (column_integer(row, NEEDLE_LOT_USED) < quantity)
		return 0;
	return projection_refuse(context, -EEXIST,
		"all %lld cartridges of lot %s have been used: open one of another lot", (long long)quantity,
		projection_text(context, "lot"));
}

/**
 * `usable`: the cartridge will be used, and is not just written off. A cartridge that its code does not make
 * unique gets a number.
 */
static int take_from_lot(ProjectionContext *context, bool usable)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	bool numbered;
	int r = lot_find(context, &row);

	if (r < 0 || context->replay)
		return r;
	r = label_check(context);
	if (r < 0)
		return r;
	r = usable ? check_lot(context, row) : 0;
	if (r < 0)
		return r;
	r = check_stock(context, row);
	if (r == 0 && usable)
		r = complete_configuration(context, row);
	if (r < 0)
		return r;
	numbered = is_lot_unit(projection_text(context, "unit"));
	/* a cartridge with a serial that is written off need not be held */
	if (needs_grant(context) && (usable || numbered))
		return clinic_take_held(context, numbered);
	if (!numbered)
		return r;
	return number_unit(context, column_integer(row, NEEDLE_LOT_USED) + 1);
}

/** Puts the unit, with its number within the lot, into the answer. */
static int answer_unit(ProjectionContext *context)
{
	snprintf(context->answer->detail, sizeof context->answer->detail, "%s",
		projection_text(context, "unit"));
	return 0;
}

static int accept_claim(ProjectionContext *context)
{
	int r = refuse_used(context);

	if (r < 0)
		return r;
	if (context->replay && needs_grant(context)) {
		r = clinic_check_past_claim(context);
		if (r < 0)
			return r;
	}
	r = identity_check(context);
	if (r < 0)
		return r;
	r = take_from_lot(context, true);
	return r < 0 ? r : answer_unit(context);
}

/* ---- the end of a unit ---- */

/** *ret_known: the unit is on record. Refuses a unit that is mounted or already disposed of. */
static int check_ended(ProjectionContext *context, bool *ret_known)
{
	_cleanup_(statement_donep) sqlite3_stmt *unit = NULL;
	const char *name = projection_text(context, "unit"), *state;
	char date[CLOCK_UTC_TEXT_MAX];
	int r = projection_step(context, sql_unit_ended, &unit, ret_known);

	if (r < 0 || context->replay || !*ret_known)
		return r;
	state = column_string(unit, 0);
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

static int accept_disposal_of_unit(ProjectionContext *context)
{
	bool known;
	int r = check_ended(context, &known);

	if (r < 0 || known)
		return r;
	return projection_refuse(context, -ENOENT,
		"cartridge %s was never mounted: enter it as damaged, or check its code",
		projection_text(context, "unit"));
}

static int accept_disposal_of_session(ProjectionContext *context)
{
	bool found;
	int r = projection_has(context, sql_units_to_dispose_of, &found);

	if (r < 0 || found || context->replay)
		return r;
	return projection_refuse(context, -ENOENT,
		"session %lld has no cartridge to dispose of: check its number, or remove the mounted one first",
		projection_number(context, "session"));
}

static int accept_disposal(ProjectionContext *context)
{
	bool unit = projection_text(context, "unit"), session = json_object_get(context->body, "session");
	int r = sharps_check(context);

	if (r < 0)
		return r;
	if (unit == session)
		return projection_refuse(context, -EINVAL,
			"it is not clear what goes into the container: name either a cartridge or a session");
	return unit ? accept_disposal_of_unit(context) : accept_disposal_of_session(context);
}

/** A damaged cartridge that was never mounted is still taken from its lot. */
static int accept_damaged(ProjectionContext *context)
{
	bool known;
	int r;

	if (!projection_text(context, "unit"))
		return projection_refuse(context, -EINVAL, "name the cartridge: scan its code");
	r = sharps_check(context);
	if (r < 0)
		return r;
	r = check_ended(context, &known);
	if (r < 0 || known)
		return r;
	r = take_from_lot(context, false);
	return r < 0 ? r : answer_unit(context);
}

/* ---- lots ---- */

static int accept_lot(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	bool barred;
	int r = delivery_check(context, "lot", sql_lot_delivered);

	if (r < 0 || context->replay)
		return r;
	r = projection_step(context, sql_lot_barred_unseen, &row, &barred);
	if (r < 0 || !barred)
		return r;
	return projection_refuse(context, -EKEYREVOKED,
		"lot %s is %s at another station of the clinic: set this delivery aside, and receive it once the lot is "
		"released",
		projection_text(context, "lot"), column_string(row, 0));
}

static int accept_certificate_of_lot(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;

	return lot_find(context, &row);
}

static int accept_status_of_lot(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	int r = lot_find(context, &row);

	r = r < 0 ? r : status_check(context, "lot", column_string(row, NEEDLE_LOT_STATUS));
	return r < 0 ? r : status_complete(context, sql_lot_bars);
}

const Acceptance accept_inventory[] = {
	{ "lot.received", accept_lot },
	{ "lot.certificate", accept_certificate_of_lot },
	{ "lot.status", accept_status_of_lot },
	{ "needle.claimed", accept_claim },
	{ "needle.distinct", identity_distinct },
	{ "needle.disposed", accept_disposal },
	{ "needle.damaged", accept_damaged },
	{ NULL },
};
