/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Decides whether a scanned cartridge may be one that is already on record. One printed code comes in many
 * spellings (Caps Lock, a typing error, half of it, a separator that the scanner dropped), and each would
 * count as a new unit. So the unit of a claim is compared with its twins here. In doubt it is refused; only a
 * supervisor's signed record can settle that. It writes nothing, and does not judge a replay.
 */

#include "ledger/accept.h"
#include "ledger/statements.h"

#include <ctype.h>
#include <string.h>

/* ---- serials that may be one ---------------------------------------------------------------------- */

/** `why`: what makes the two alike. The row has unit and utc_us. */
static int refuse_twin(ProjectionContext *context, sqlite3_stmt *row, const char *why)
{
	char date[CLOCK_UTC_TEXT_MAX];

	projection_date(column_integer(row, 1), date);
	return projection_refuse(context, -ENOTUNIQ,
		"cartridge %s differs from %s of %s %s: scan it again; a supervisor who has both signs `stipplectl needle "
		"distinct`",
		projection_text(context, "unit"), column_text(row, 0), date, why);
}

/** Refuses a serial that differs from a recorded one only in case, zeros before a number, or punctuation. */
static int check_spelling(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	bool found;
	int r = projection_step(context, sql_unit_twin, &row, &found);

	if (r < 0 || !found)
		return r;
	return refuse_twin(context, row, "in capitals, zeros or signs alone");
}

/** Whether `text` reads like further elements: a scanner that drops separators puts them after the serial. */
static bool reads_like_elements(const char *text, bool digits_only)
{
	static const char *const dates[] = { "11", "13", "15", "17" };
	size_t digits = strspn(text, "0123456789");
	int month = digits >= 8 ? (text[4] - '0') * 10 + text[5] - '0' : 0;
	int day = digits >= 8 ? (text[6] - '0') * 10 + text[7] - '0' : 99;

	for (size_t i = 0; i < ELEMENTS(dates); i++)
		if (strncmp(text, dates[i], 2) == 0 && month >= 1 && month <= 12 && day <= 31)
			return true;
	if (digits_only)
		return false;
	return (strncmp(text, "240", 3) == 0 && text[3]) || (strncmp(text, "10", 2) == 0 && text[2]) ||
	       (text[0] == '9' && isdigit((unsigned char)text[1]) && text[2]);
}

/** Finds the unit of this name, unless a supervisor recorded that the two are different. */
static int find_unit(ProjectionContext *context, const char *name, sqlite3_stmt **ret, bool *ret_found)
{
	int r = statement_get(context->statements, sql_unit_named, ret);

	if (r != SQLITE_OK)
		return ledger_errno(r);
	sqlite3_bind_text(*ret, 1, name, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(*ret, 2, projection_text(context, "unit"), -1, SQLITE_STATIC);
	r = sqlite3_step(*ret);
	*ret_found = r == SQLITE_ROW;
	return ledger_errno(r);
}

#define SWALLOWED "by what reads like a further identifier (does the scanner send FNC1?)"

/** Refuses a recorded serial with more text after it, as a scanner that drops separators reads it. */
static int check_longer(ProjectionContext *context, const char *unit, const char *serial)
{
	bool digits_only = strspn(serial, "0123456789") == strlen(serial);

	for (size_t n = 1; n + 3 <= strlen(serial); n++) {
		_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
		_cleanup_(freep) char *shorter = NULL;
		bool found = false;
		int r;

		if (!reads_like_elements(serial + n, digits_only))
			continue;
		shorter = strndup(unit, (size_t)(serial - unit) + n);
		r = shorter ? find_unit(context, shorter, &row, &found) : -ENOMEM;
		if (r < 0)
			return r;
		if (found)
			return refuse_twin(context, row, SWALLOWED);
	}
	return 0;
}

/** The reverse: a recorded claim had more text after this serial. */
static int check_shorter(ProjectionContext *context, const char *unit, const char *serial)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	bool found, digits_only;
	int result = SQLITE_ROW, r = projection_step(context, sql_units_longer, &row, &found);

	if (r < 0 || !found)
		return r;
	while (result == SQLITE_ROW) {
		const char *longer = column_text(row, 0) + (serial - unit);

		digits_only = strspn(longer, "0123456789") == strlen(longer);
		if (reads_like_elements(longer + strlen(serial), digits_only))
			return refuse_twin(context, row, SWALLOWED);
		result = sqlite3_step(row);
	}
	return ledger_errno(result);
}

/* ---- lots whose cartridges have serials ----------------------------------------------------------- */

static int demand_serial(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	const char *lot = projection_text(context, "lot");
	bool found;
	int r = projection_step(context, sql_lot_serialised, &row, &found);

	if (r < 0 || !found)
		return r;
	if (column_integer(row, 0))
		return projection_refuse(context, -ENOTUNIQ,
			"cartridges of lot %s have labels of the clinic with serials: scan that label, or print it "
			"with `stipplectl label units %s`",
			lot, lot);
	return projection_refuse(context, -ENOTUNIQ,
		"cartridges of lot %s have serials, and this code has none: scan the whole code, or take another "
		"cartridge",
		lot);
}

/** Refuses "L203121A17" when lot "L2031" is on record: the separator between lot and serial was dropped. */
static int check_swallowed(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	bool found;
	int r = projection_step(context, sql_lot_swallowed, &row, &found);

	if (r < 0 || !found)
		return r;
	return projection_refuse(context, -ENOTUNIQ,
		"lot %s reads like lot %s with serial %s behind it: the scanner swallowed the separator; set it to "
		"send FNC1 (or `fnc1` under [scanner]) and scan again",
		projection_text(context, "lot"), column_text(row, 0),
		projection_text(context, "lot") + strlen(column_text(row, 0)) + 2);
}

int identity_check(ProjectionContext *context)
{
	const char *unit = projection_text(context, "unit"), *serial = unit ? twin_serial(unit) : NULL;
	int r;

	if (context->replay || !unit || !projection_text(context, "lot"))
		return 0;
	if (!serial) {
		r = demand_serial(context);
		return r < 0 ? r : check_swallowed(context);
	}
	r = check_spelling(context);
	if (r < 0)
		return r;
	r = check_longer(context, unit, serial);
	return r < 0 ? r : check_shorter(context, unit, serial);
}

/* ---- told apart ----------------------------------------------------------------------------------- */

int identity_distinct(ProjectionContext *context)
{
	const char *unit = projection_text(context, "unit"), *other = projection_text(context, "other");
	bool found;
	int r;

	if (!unit)
		return projection_refuse(context, -EINVAL, "name the cartridge: scan its code");
	if (strcmp(unit, other) == 0)
		return projection_refuse(context, -EINVAL,
			"cartridge %s cannot be another one than itself: name the one on record as other",
			unit);
	r = projection_has(context, "SELECT 1 FROM unit WHERE unit = @other", &found);
	if (r < 0 || found)
		return r;
	return projection_refuse(
		context, -ENOENT, "cartridge %s is not on record: write it as the refusal named it", other);
}
