/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Accepts records that another station of the clinic entered, with the field `from`. They are facts already:
 * the rules about roles, PINs and dates were applied where they were entered. Each is here once. One that
 * contradicts what is on record here is refused with a sentence, and never holds up those behind it.
 */

#include "ledger/accept.h"
#include "ledger/statements.h"

#include <string.h>

#include "tlog/checkpoint.h"

#define SHARED_ACTOR "clinic"

bool shared_is_from_another(const ProjectionContext *context)
{
	return json_object_get(context->body, "from") && record_is_shared(context->kind);
}

/** The tables have the time at which it was entered, and who did. */
static void set_origin(ProjectionContext *context)
{
	const char *entered = projection_text(context, "entered"),
		   *by = projection_text(context, "entered_by");
	int64_t utc_us;

	if (entered && clock_parse_utc(entered, &utc_us) == 0 && utc_us >= 0 && utc_us < context->utc_us)
		context->utc_us = utc_us;
	if (by)
		context->actor = by;
}

static int refuse_known(ProjectionContext *context, uint64_t seq)
{
	context->answer->seq = seq;
	return projection_refuse(context, -EEXIST,
		"record %s of another station is on record already: nothing was changed",
		projection_text(context, "from"));
}

/**
 * The station's own records come back only when they were lost: they were written after the backup that took
 * the ledger's place, under the log's name of that time.
 */
static int check_own(ProjectionContext *context, const RecordFrom *from, const char *station)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	_cleanup_(freep) char *origin = strndup(from->station, from->station_size);
	bool found;
	int r;

	if (!origin)
		return -ENOMEM;
	if (strcmp(origin, station) == 0)
		return refuse_known(context, from->number);
	if (!checkpoint_same_log(origin, station))
		return 0;
	r = projection_step(context, sql_lost_since, &row, &found);
	if (r < 0 || !found || (int64_t)from->number >= column_integer(row, 0))
		return r;
	return refuse_known(context, from->number);
}

static int check_first(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL, *standing = NULL;
	RecordFrom from;
	bool found;
	int r;

	if (strcmp(context->actor, SHARED_ACTOR) != 0)
		return projection_refuse(context, -EPERM,
			"only the clinic's registry brings records of other stations: enter it without \"from\"");
	if (record_from_parse(projection_text(context, "from"), &from) < 0)
		return projection_refuse(context, -EINVAL,
			"\"%.100s\" does not say which record of which station this is: it must be its log, a blank and "
			"a number",
			projection_text(context, "from"));
	r = clinic_find_standing(context, &standing);
	if (r < 0)
		return r;
	r = check_own(context, &from, column_string(standing, 0));
	if (r < 0)
		return r;
	r = projection_step(context, sql_shared_on_record, &row, &found);
	return r < 0 || !found ? r : refuse_known(context, (uint64_t)column_integer(row, 0));
}

/* ---- what contradicts the records here ---- */

static int check_lot_known(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;

	return lot_find(context, &row);
}

/** A load that was rejected at one station is not released by another that did not know. */
static int check_load(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	bool found;
	int r = projection_step(context, sql_cycle_meant, &row, &found);

	if (r < 0)
		return r;
	if (!found)
		return cycle_refuse_unknown(context);
	if (column_is_null(row, 0) && column_is_null(row, 1))
		return 0;
	/* a rejection counts after a release, too */
	if (column_is_null(row, 1) && strcmp(context->kind, "cycle.rejected") == 0)
		return 0;
	return projection_refuse(context, column_is_null(row, 1) ? -EEXIST : -EKEYREVOKED,
		"cycle %lld of steriliser %s was %s here before: what another station says of it was not taken",
		projection_number(context, "cycle"), projection_text(context, "sterilizer"),
		column_is_null(row, 1) ? "released" : "rejected");
}

/** The number of a test at the station that followed it up becomes the number that the test has here. */
static int translate_test(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	bool found;
	int r = projection_step(context, sql_followed_test, &row, &found);

	if (r < 0)
		return r;
	if (!found)
		return projection_refuse(context, -ENOENT,
			"test %lld of that station is not on record here: look up the follow-up there",
			projection_number(context, "test"));
	return projection_complete(context, "test", json_integer(column_integer(row, 0)));
}

/** Somebody must remain who can enrol others. */
static int check_administrator_left(ProjectionContext *context)
{
	bool left;
	int r = projection_has(context, sql_administrator_left, &left);

	if (r < 0 || left)
		return r;
	return projection_refuse(context, -EPERM,
		"badge %s was revoked at another station and is the last administrator's here: enrol another "
		"administrator, then revoke it",
		projection_text(context, "badge"));
}

static const struct {
	const char *kind;
	Project check;
} contradictions[] = {
	{ "lot.certificate", check_lot_known },
	{ "lot.labelled", check_lot_known },
	{ "cycle.released", check_load },
	{ "cycle.rejected", check_load },
	{ "indicator.followed-up", translate_test },
	{ "operator.revoked", check_administrator_left },
};

int shared_accept(ProjectionContext *context)
{
	int r = context->replay ? 0 : check_first(context);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ELEMENTS(contradictions) && !context->replay; i++) {
		if (strcmp(contradictions[i].kind, context->kind) != 0)
			continue;
		r = contradictions[i].check(context);
		if (r < 0)
			return r;
	}
	set_origin(context);
	return 0;
}
