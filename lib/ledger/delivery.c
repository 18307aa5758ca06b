/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Lots of cartridges and of pigment: which one a record means, whether a delivery may be added to it, and
 * whether its status may change. It writes nothing, and must not judge a replay.
 */

#include "ledger/accept.h"
#include "ledger/statements.h"

#include <string.h>

/* ---- which lot ---- */

int lot_find(ProjectionContext *context, sqlite3_stmt **ret)
{
	const char *unit = projection_text(context, "unit"), *lot = projection_text(context, "lot");
	bool found;
	int r = projection_step(context, sql_lot_meant, ret, &found);

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
	/* this lot number alone is used by several products with different expiry and quantity */
	if (!projection_text(context, "gtin") && column_integer(*ret, NEEDLE_LOT_PRODUCTS) > 1)
		return projection_refuse(context, -ENOENT,
			"lot %s is that of several products: scan the whole code, or give its gtin", lot);
	return 0;
}

int lot_check_spellings(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	bool found;
	int r = projection_step(context, sql_lot_barred_elsewhere, &row, &found);

	if (r < 0 || !found)
		return r;
	return projection_refuse(context, -EKEYREVOKED,
		"lot %s is %s: set its cartridges aside and open one of another lot", column_string(row, 0),
		column_string(row, 1));
}

/* ---- deliveries and status ---- */

/** The columns that delivery_check() selects. */
enum {
	DELIVERY_STATUS,
	DELIVERY_SAID,
};

/**
 * Compares a column with the body's field of the same name. A value that either side lacks cannot disagree.
 */
static int check_said(ProjectionContext *context, const char *what, sqlite3_stmt *row, int column)
{
	const char *field = sqlite3_column_name(row, column), *said = projection_text(context, field);
	const char *recorded = column_text(row, column);

	if (!said || !recorded || strcmp(said, recorded) == 0)
		return 0;
	return projection_refuse(context, -EINVAL,
		"%s %.40s is on record with %s \"%.40s\", not \"%.40s\": check the label, and enter what is on"
		" record if it means the same",
		what, projection_text(context, "lot"), field, recorded, said);
}

int delivery_check(ProjectionContext *context, const char *what, const char *select)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	bool found;
	int r;

	if (context->replay)
		return 0;
	r = projection_step(context, select, &row, &found);
	if (r < 0 || !found)
		return r;
	if (strcmp(column_string(row, DELIVERY_STATUS), "released") != 0)
		return projection_refuse(context, -EKEYREVOKED,
			"%s %s is %s: set this delivery aside, and receive it once the lot is released", what,
			projection_text(context, "lot"), column_string(row, DELIVERY_STATUS));
	for (int i = DELIVERY_SAID; i < sqlite3_column_count(row) && r == 0; i++)
		r = check_said(context, what, row, i);
	return r;
}

int status_check(ProjectionContext *context, const char *what, const char *is)
{
	const char *lot = projection_text(context, "lot"), *to = projection_text(context, "status");
	bool may_release;
	int r;

	if (context->replay)
		return 0;
	if (strcmp(is, to) == 0)
		return projection_refuse(
			context, -EEXIST, "%s %s is %s already: nothing was changed", what, lot, is);
	if (strcmp(is, "recalled") != 0)
		return 0;
	if (strcmp(to, "quarantined") == 0)
		return projection_refuse(context, -EINVAL,
			"%s %s is recalled, which bars it already: release it once the recall is lifted",
			what, lot);
	r = projection_actor_has(context, "supervisor administrator", &may_release);
	if (r < 0 || may_release)
		return r;
	return projection_refuse(context, -EPERM,
		"%s %s was recalled: a supervisor or administrator must release it", what, lot);
}

int status_complete(ProjectionContext *context, const char *select)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	json_t *lifts;
	bool member;
	int r;

	if (context->replay || strcmp(projection_text(context, "status"), "released") != 0)
		return 0;
	r = projection_step(context, select, &row, &member);
	if (r < 0 || !member)
		return r;
	lifts = json_loads(column_string(row, 0), 0, NULL);
	return lifts ? projection_complete(context, "lifts", lifts) : -ENOMEM;
}
