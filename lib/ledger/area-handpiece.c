/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reusable handpieces. One that is retired, blocked or not sterile must not be mounted. Whether it is sterile
 * is in handpiece_sterile, which area-sterilization.c keeps.
 */

#include "ledger/area.h"

#include <string.h>

static const char *const tables[] = { "handpiece", NULL };

static int project_registered(ProjectionContext *context)
{
	int r = projection_run(context,
		"INSERT INTO handpiece(handpiece, model, registered_us, state, seq) VALUES"
		"(@handpiece, @model, @utc_us, 'in-service', @seq)");

	if (r == -EEXIST)
		return projection_refuse(context, r,
			"handpiece %s is registered already: choose another name",
			projection_text(context, "handpiece"));
	return r;
}

static int find_handpiece(ProjectionContext *context, sqlite3_stmt **ret)
{
	const char *name = projection_text(context, "handpiece");
	bool found;
	int r = projection_step(context,
		"SELECT state, session IS @session, cycle_seq, used_seq, sterile_until, blocked FROM handpiece"
		" LEFT JOIN handpiece_sterile USING(handpiece) WHERE handpiece = @handpiece",
		ret, &found);

	if (r == 0 && !found)
		return projection_refuse(
			context, -ENOENT, "handpiece %s is not registered: register it first", name);
	if (r == 0 && !context->replay && strcmp(column_string(*ret, 0), "retired") == 0)
		return projection_refuse(
			context, -EKEYREVOKED, "handpiece %s was retired: take another one", name);
	return r;
}

/** A cycle of its own for each session; within one it may be taken off and put back. */
static int check_sterile(ProjectionContext *context, sqlite3_stmt *row)
{
	const char *name = projection_text(context, "handpiece");
	const char *until = column_text(row, 4);
	char today[CLOCK_UTC_TEXT_MAX];

	projection_today(context, today);
	if (!column_is_null(row, 5))
		return projection_refuse(context, -EKEYREVOKED,
			"handpiece %s is blocked (%.80s): take another one", name, column_string(row, 5));
	if (column_integer(row, 1))
		return 0;
	if (column_is_null(row, 2))
		return projection_refuse(context, -EKEYREVOKED,
			"handpiece %s has been in no released sterilisation cycle: sterilise it first", name);
	if (column_integer(row, 3) > column_integer(row, 2))
		return projection_refuse(context, -EKEYREVOKED,
			"handpiece %s was used since it was sterilised: sterilise it again", name);
	if (until && strcmp(until, today) < 0)
		return projection_refuse(context, -ESTALE,
			"handpiece %s was sterile until %s: sterilise it again", name, until);
	return 0;
}

static int project_handpiece_mounted(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	int r = find_handpiece(context, &row);

	if (r == 0 && !context->replay)
		r = check_sterile(context, row);
	if (r == 0)
		r = projection_run(context,
			"UPDATE handpiece SET session = @session, mounted_us = @utc_us, mounted_seq = @seq"
			" WHERE handpiece = @handpiece");
	if (r == 0)
		r = projection_run(
			context, "UPDATE handpiece_sterile SET used_seq = @seq WHERE handpiece = @handpiece");
	return r;
}

static int project_retired(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	int r = find_handpiece(context, &row);

	if (r == 0)
		r = projection_run(
			context, "UPDATE handpiece SET state = 'retired' WHERE handpiece = @handpiece");
	return r;
}

static const Projection projections[] = {
	{ "handpiece.registered", .project = project_registered },
	{ "handpiece.mounted", .project = project_handpiece_mounted },
	{ "handpiece.retired", .project = project_retired },
	{ NULL },
};

const LedgerArea area_handpiece = { tables, projections };
