/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Accepts records of sessions. The station decides whether a step may be taken: a step that was taken is
 * accepted.
 */

#include "ledger/accept.h"

static int session_exists(ProjectionContext *context)
{
	return projection_refuse(context, -EEXIST, "session %lld was begun before: restart the daemon",
		projection_number(context, "session"));
}

const Acceptance accept_session[] = {
	{ "session.begun", .exists = session_exists },
	{ NULL },
};
