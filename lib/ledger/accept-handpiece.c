/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Accepts records of reusable handpieces. One that is retired, blocked or not sterile must not be mounted.
 */

#include "ledger/accept.h"
#include "ledger/statements.h"

#include <string.h>

/** Columns of sql_handpiece_meant. */
enum {
	HANDPIECE_STATE,
	HANDPIECE_IN_SESSION,
	HANDPIECE_CYCLE,
	HANDPIECE_USED,
	HANDPIECE_UNTIL,
	HANDPIECE_BLOCKED,
	HANDPIECE_OF_PACK,
};

static int handpiece_exists(ProjectionContext *context)
{
	return projection_refuse(context, -EEXIST, "handpiece %s is registered already: choose another name",
		projection_text(context, "handpiece"));
}

static int find_handpiece(ProjectionContext *context, sqlite3_stmt **ret)
{
	const char *name = projection_text(context, "handpiece");
	bool found;
	int r = projection_step(context, sql_handpiece_meant, ret, &found);

	if (r < 0)
		return r;
	if (!found)
		return projection_refuse(
			context, -ENOENT, "handpiece %s is not registered: register it first", name);
	if (!context->replay && strcmp(column_string(*ret, HANDPIECE_STATE), "retired") == 0)
		return projection_refuse(
			context, -EKEYREVOKED, "handpiece %s was retired: take another one", name);
	return 0;
}

static int accept_retired(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;

	return find_handpiece(context, &row);
}

/** A handpiece needs a new cycle for each session; within a session it may be taken off and put back. */
static int accept_handpiece_mounted(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	const char *name = projection_text(context, "handpiece"), *until;
	char today[CLOCK_UTC_TEXT_MAX];
	int r = find_handpiece(context, &row);

	if (r < 0 || context->replay)
		return r;
	if (!column_is_null(row, HANDPIECE_BLOCKED))
		return projection_refuse(context, -EKEYREVOKED,
			"handpiece %s is blocked (%.80s): take another one", name,
			column_string(row, HANDPIECE_BLOCKED));
	if (column_integer(row, HANDPIECE_IN_SESSION))
		return 0;
	if (column_is_null(row, HANDPIECE_CYCLE))
		return projection_refuse(context, -EKEYREVOKED,
			"handpiece %s has been in no released sterilisation cycle: sterilise it first", name);
	if (column_integer(row, HANDPIECE_USED) > column_integer(row, HANDPIECE_CYCLE))
		return projection_refuse(context, -EKEYREVOKED,
			"handpiece %s was used since it was sterilised: sterilise it again", name);
	if (!column_integer(row, HANDPIECE_OF_PACK))
		return projection_refuse(context, -EKEYREVOKED,
			"the label is of cycle %lld of %s, from which handpiece %s does not come: it is an old label or "
			"another pack, take one with a label of its newest cycle",
			projection_number(context, "cycle"), projection_text(context, "sterilizer"), name);
	until = column_text(row, HANDPIECE_UNTIL);
	projection_today(context, today);
	if (until && strcmp(until, today) < 0)
		return projection_refuse(context, -ESTALE,
			"handpiece %s was sterile until %s: sterilise it again", name, until);
	return 0;
}

const Acceptance accept_handpiece[] = {
	{ "handpiece.registered", .exists = handpiece_exists },
	{ "handpiece.mounted", accept_handpiece_mounted },
	{ "handpiece.retired", accept_retired },
	{ NULL },
};
