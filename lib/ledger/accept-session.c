/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Accepts records of sessions. The station decides whether a step may be taken: a step that was taken is
 * accepted. Only the ledger has the answers of earlier sessions.
 */

#include "ledger/accept.h"
#include "ledger/statements.h"

static int session_exists(ProjectionContext *context)
{
	return projection_refuse(context, -EEXIST, "session %lld was begun before: restart the daemon",
		projection_number(context, "session"));
}

/** Only a yes that stands can be changed; the record says in which session it was given. */
static int accept_change(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *answer = NULL;
	bool found;
	int r;

	if (context->replay)
		return 0;
	r = projection_step(context, sql_standing_answer, &answer, &found);
	if (r < 0)
		return r;
	if (!found)
		return projection_refuse(context, -ENOENT,
			"the client has not answered \"%.40s\" with yes so that it stopped the treatment, or it was changed "
			"already: `session questions` lists the answers",
			projection_text(context, "question"));
	return projection_complete(context, "answered_in", json_integer(column_integer(answer, 0)));
}

const Acceptance accept_session[] = {
	{ "screening.changed", accept_change },
	{ "session.begun", .exists = session_exists },
	{ NULL },
};
