/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The tables and records of the proofs: nodes of the tree, checkpoints, keys, and what was restored or
 * cleared. Nodes and checkpoints are no projections: a rebuild must not empty them.
 */

#include "ledger/area.h"

static const char *const tables[] = { "signing_key", NULL };

#define INSERT_KEY                                                              \
	"INSERT INTO signing_key(seq, key, previous, statement, utc_us) VALUES" \
	"(@seq, @key, @previous, @statement, @utc_us)"

/** What a verification found is lifted by an administrator alone. */
static int project_cleared(ProjectionContext *context)
{
	bool administrator = true;
	int r = context->replay ? 0 : projection_actor_has(context, "administrator", &administrator);

	if (r < 0 || administrator)
		return r;
	return projection_refuse(context, -EPERM,
		"%s is no administrator: what a verification found is lifted by one", context->actor);
}

static const Projection projections[] = {
	{ "key.created", .sql = INSERT_KEY },
	{ "key.rotated", .sql = INSERT_KEY },
	{ "ledger.cleared", .project = project_cleared },
	{ NULL },
};

const LedgerArea area_proof = { tables, projections };
