/* SPDX-License-Identifier: Apache-2.0 */

/** Accepts records of containers of sharps, and decides whether a needle may go into one. */

#include "ledger/accept.h"
#include "ledger/statements.h"

/** Columns of sql_sharps_container. */
enum {
	CONTAINER_FILLED,
	CONTAINER_COLLECTED,
	CONTAINER_OPENED,
};

/** Refuses what is about a container that was collected, or one that is full if `open` is asked for. */
static int refuse_closed(ProjectionContext *context, sqlite3_stmt *row, bool open)
{
	bool collected = !column_is_null(row, CONTAINER_COLLECTED);
	char day[CLOCK_UTC_TEXT_MAX];

	if (!collected && (!open || column_is_null(row, CONTAINER_FILLED)))
		return 0;
	projection_date(column_integer(row, collected ? CONTAINER_COLLECTED : CONTAINER_FILLED), day);
	return projection_refuse(context, -EINVAL,
		"container %s %s on %s: use another one, and put it on record with `stipplectl sharps open`",
		projection_text(context, "container"), collected ? "was collected" : "is full, as recorded",
		day);
}

int sharps_check(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	bool found;
	int r;

	if (context->replay || !projection_text(context, "container"))
		return 0;
	r = projection_step(context, sql_sharps_container, &row, &found);
	if (r < 0 || !found)
		return r;
	return refuse_closed(context, row, true);
}

static int container_exists(ProjectionContext *context)
{
	return projection_refuse(context, -EEXIST,
		"container %s is on record already: give each container a name of its own",
		projection_text(context, "container"));
}

/** One that was used before anybody put it on record can still be. */
static int accept_container_opened(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	bool found;
	int r = projection_step(context, sql_sharps_container, &row, &found);

	if (r < 0 || !found || context->replay)
		return r;
	return column_is_null(row, CONTAINER_OPENED) ? 0 : container_exists(context);
}

/** Whether the container is on record, and not yet collected, nor full if `open` is asked for. */
static int need_container(ProjectionContext *context, bool open)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	bool found;
	int r = projection_step(context, sql_sharps_container, &row, &found);

	if (r < 0 || context->replay)
		return r;
	if (found)
		return refuse_closed(context, row, open);
	return projection_refuse(context, -ENOENT,
		"container %s is not on record: check its name, or put it on record with `stipplectl sharps open`",
		projection_text(context, "container"));
}

static int accept_filled(ProjectionContext *context)
{
	return need_container(context, true);
}

static int accept_collected(ProjectionContext *context)
{
	return need_container(context, false);
}

const Acceptance accept_sharps[] = {
	{ "sharps.opened", accept_container_opened },
	{ "sharps.filled", accept_filled },
	{ "sharps.collected", accept_collected },
	{ NULL },
};
