/* SPDX-License-Identifier: Apache-2.0 */

/** The leaf that a decision of a turn appends. It must not decide. */

#include "registry-turn.h"

int turn_add_leaf(
	Turn *turn, Ask *ask, const TurnStation *station, const char *kind, const char *name, json_t *more)
{
	ask->proof = registry_batch_size(turn->batch);
	ask->proof_name = name;
	return registry_batch_add(
		turn->batch, registry_leaf(kind, station->origin, ask->number, more), &turn->error);
}
