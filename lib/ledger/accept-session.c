/* SPDX-License-Identifier: Apache-2.0 */

/** Sessions. Whether a step may be taken is left to the station: what was taken is accepted. */

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
