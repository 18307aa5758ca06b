/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Accepts records about the findings of a verification. clear.c decides whether the ledger is sound again.
 */

#include "ledger/accept.h"

/** Only an administrator may lift a finding. */
static int accept_cleared(ProjectionContext *context)
{
	bool administrator = true;
	int r = context->replay ? 0 : projection_actor_has(context, "administrator", &administrator);

	if (r < 0 || administrator)
		return r;
	return projection_refuse(context, -EPERM,
		"%s is no administrator: what a verification found is lifted by one", context->actor);
}

const Acceptance accept_proof[] = {
	{ "ledger.cleared", accept_cleared },
	{ NULL },
};
