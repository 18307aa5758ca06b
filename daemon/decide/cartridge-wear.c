/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Judges the wear of the mounted cartridge. A worn cartridge is not a fault: nobody has to acknowledge it.
 */

#include "decide/cartridge-wear.h"

int64_t needle_worked_us(const State *state)
{
	if (state->needle.mounted.claim == 0)
		return 0;
	return work_time_us(&state->work, state->host.now.monotonic_us) - state->work.needle_since_us;
}

void needle_wear_facts(const State *state, InterlockFacts *facts)
{
	const Config *config = state->rules.config;

	facts->needle_strokes = state->needle.mounted.claim ? state->needle.mounted.strokes : 0;
	facts->life_strokes = config->life_strokes;
	facts->needle_worked_s = needle_worked_us(state) / USEC_PER_SEC;
	facts->life_s = (int64_t)config->life_min * 60;
}

bool needle_is_worn(const State *state, unsigned percent)
{
	InterlockFacts facts = { 0 };

	if (state->needle.mounted.claim == 0)
		return false;
	needle_wear_facts(state, &facts);
	return (facts.life_strokes && facts.needle_strokes * 100 >= facts.life_strokes * percent) ||
	       (facts.life_s && facts.needle_worked_s * 100 >= facts.life_s * percent);
}
