/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Accepts records of operators. At least one administrator must remain, and a revoked badge stays revoked.
 */

#include "ledger/accept.h"
#include "ledger/statements.h"

static int badge_exists(ProjectionContext *context)
{
	return projection_refuse(context, -EEXIST, "badge %s is enrolled already: choose another",
		projection_text(context, "badge"));
}

/** Refuses a badge that is not enrolled, or was revoked. */
static int accept_enrolled(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	const char *badge = projection_text(context, "badge");
	bool found;
	int r = projection_step(
		context, "SELECT revoked_us IS NOT NULL FROM operator WHERE badge = @badge", &row, &found);

	if (r < 0 || context->replay)
		return r;
	if (!found)
		return projection_refuse(
			context, -ENOENT, "badge %s is not enrolled: check its number", badge);
	if (column_integer(row, 0))
		return projection_refuse(
			context, -EINVAL, "badge %s was revoked: it stays so, enrol another", badge);
	return 0;
}

/** The same; also refuses when only revoked badges could then enrol others. */
static int accept_fewer_roles(ProjectionContext *context)
{
	bool left;
	int r = accept_enrolled(context);

	if (r < 0 || context->replay)
		return r;
	r = projection_has(context, sql_administrator_left, &left);
	if (r < 0 || left)
		return r;
	return projection_refuse(context, -EINVAL,
		"badge %s is the last administrator's: enrol another administrator first",
		projection_text(context, "badge"));
}

/** A sign-in and a revocation at the same moment are decided here: the later one counts. */
static int accept_sign_in(ProjectionContext *context)
{
	bool revoked;
	int r = projection_has(
		context, "SELECT 1 FROM operator WHERE badge = @badge AND revoked_us IS NOT NULL", &revoked);

	if (r < 0 || !revoked || context->replay)
		return r;
	return projection_refuse(context, -EINVAL, "badge %s was revoked: ask an administrator",
		projection_text(context, "badge"));
}

static int accept_certificate_of_operator(ProjectionContext *context)
{
	bool found;
	int r = projection_has(context, "SELECT 1 FROM operator WHERE badge = @badge", &found);

	if (r < 0 || found)
		return r;
	return projection_refuse(context, -ENOENT, "badge %s is not enrolled: enrol its bearer first",
		projection_text(context, "badge"));
}

const Acceptance accept_people[] = {
	{ "operator.enrolled", .exists = badge_exists },
	{ "operator.signed-in", accept_sign_in },
	{ "operator.pin-changed", accept_enrolled },
	{ "operator.roles", accept_fewer_roles },
	{ "operator.revoked", accept_fewer_roles },
	{ "operator.certified", accept_certificate_of_operator },
	{ NULL },
};
