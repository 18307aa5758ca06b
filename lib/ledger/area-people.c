/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Operators: enrolment, roles, PINs, sign-ins, certificates. The last administrator must not lose that role.
 * The hash of a PIN must not be in an answer to an auditor: only the station looks it up.
 */

#include "ledger/area.h"

static const char *const tables[] = { "operator", "attempt", "certification", NULL };

static int project_operator(ProjectionContext *context)
{
	int r = projection_run(context, "INSERT INTO operator(badge, name, roles, pin, seq) VALUES"
					"(@badge, @name, @roles, @pin, @seq)");

	if (r == -EEXIST)
		return projection_refuse(context, r, "badge %s is enrolled already: choose another",
			projection_text(context, "badge"));
	return r;
}

/** Ends with a refusal when nobody but revoked badges could enrol others any more. */
static int check_administrator(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *operator= NULL;
	bool left;
	int r = projection_step(context,
		"SELECT 1 FROM operator WHERE revoked_us IS NULL AND " IS_ADMINISTRATOR, &operator, & left);

	if (r == 0 && !left && !context->replay)
		return projection_refuse(context, -EINVAL,
			"badge %s is the last administrator's: enrol another administrator first",
			projection_text(context, "badge"));
	return r;
}

/** Refuses a badge that is not enrolled, or is no longer. */
static int check_enrolled(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *operator= NULL;
	bool found;
	int r = projection_step(context, "SELECT revoked_us IS NOT NULL FROM operator WHERE badge = @badge",
		&operator, & found);

	if (r < 0 || context->replay)
		return r;
	if (!found)
		return projection_refuse(context, -ENOENT, "badge %s is not enrolled: check its number",
			projection_text(context, "badge"));
	if (column_integer(operator, 0))
		return projection_refuse(context, -EINVAL, "badge %s was revoked: it stays so, enrol another",
			projection_text(context, "badge"));
	return 0;
}

static int project_revoked(ProjectionContext *context)
{
	int r = check_enrolled(context);

	if (r == 0)
		r = projection_run(context,
			"UPDATE operator SET revoked_us = @utc_us, revoked_seq = @seq WHERE badge = @badge");
	return r == 0 ? check_administrator(context) : r;
}

static int project_roles(ProjectionContext *context)
{
	int r = check_enrolled(context);

	if (r == 0)
		r = projection_run(context, "UPDATE operator SET roles = @roles WHERE badge = @badge");
	return r == 0 ? check_administrator(context) : r;
}

#define FORGET_ATTEMPTS "DELETE FROM attempt WHERE badge = @badge"

static int project_pin(ProjectionContext *context)
{
	int r = check_enrolled(context);

	if (r == 0)
		r = projection_run(context, "UPDATE operator SET pin = @pin WHERE badge = @badge");
	return r == 0 ? projection_run(context, FORGET_ATTEMPTS) : r;
}

/** A sign-in and a revocation that cross meet here: the later one counts. */
static int project_signed_in(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *operator= NULL;
	bool revoked;
	int r = projection_step(context,
		"SELECT 1 FROM operator WHERE badge = @badge AND revoked_us IS NOT NULL",
		&operator, & revoked);

	if (r == 0 && revoked && !context->replay)
		return projection_refuse(context, -EINVAL, "badge %s was revoked: ask an administrator",
			projection_text(context, "badge"));
	return r == 0 ? projection_run(context, FORGET_ATTEMPTS) : r;
}

/** A newer certificate of the same name takes the place of the older one. */
static int project_certification(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *operator= NULL;
	bool found;
	int r = projection_step(context, "SELECT 1 FROM operator WHERE badge = @badge", &operator, & found);

	if (r == 0 && !found)
		return projection_refuse(context, -ENOENT, "badge %s is not enrolled: enrol its bearer first",
			projection_text(context, "badge"));
	if (r == 0)
		r = projection_run(context,
			"INSERT INTO certification(badge, certificate, issuer, number, expiry, seq) VALUES"
			"(@badge, @certificate, @issuer, @number, @expiry, @seq) ON CONFLICT DO UPDATE SET"
			" issuer = excluded.issuer, number = excluded.number, expiry = excluded.expiry, seq = excluded.seq");
	return r;
}

static const Projection projections[] = {
	{ "operator.enrolled", .project = project_operator },
	{ "operator.signed-in", .project = project_signed_in },
	{ "operator.refused",
		.sql = "INSERT INTO attempt(badge, attempts, utc_us) VALUES(@badge, 1, @utc_us)"
		       " ON CONFLICT DO UPDATE SET attempts = attempts + 1, utc_us = excluded.utc_us" },
	{ "operator.verified", .sql = FORGET_ATTEMPTS },
	{ "operator.pin-changed", .project = project_pin },
	{ "operator.roles", .project = project_roles },
	{ "operator.revoked", .project = project_revoked },
	{ "operator.certified", .project = project_certification },
	{ NULL },
};

const LedgerArea area_people = { tables, projections };
