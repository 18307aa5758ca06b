/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Skin and hand for the simulated board. It makes no system call and reads no clock. Randomness must come
 * from its seed alone, so that a run can be repeated.
 */

#include "skin-model.h"

#include <string.h>

/** xorshift32 (Marsaglia, 2003): small enough for firmware. */
static uint32_t next_skin_random(SkinModel *skin)
{
	uint32_t x = skin->random;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return skin->random = x;
}

static double uniform_skin_random(SkinModel *skin)
{
	return next_skin_random(skin) / 4294967296.0;
}

/** Approximately normal, mean 0, deviation 1: the sum of four uniforms. */
static double spread(SkinModel *skin)
{
	return (uniform_skin_random(skin) + uniform_skin_random(skin) + uniform_skin_random(skin) +
		       uniform_skin_random(skin) - 2.0) *
	       1.732;
}

void skin_model_init(SkinModel *skin, uint32_t seed)
{
	memset(skin, 0, sizeof *skin);
	skin->random = seed ? seed : 1;
	skin_model_move(skin, "crown", "normal");
}

void skin_model_move(SkinModel *skin, const char *zone, const char *skin_type)
{
	/* relative figures: scars are hard and thin, atrophic skin soft, plugs tough; the temples are thin */
	static const struct {
		const char *name;
		double resistance, depth, noise;
	} types[] = { { "normal", 1.0, 1.0, 0.06 }, { "scar", 1.6, 0.92, 0.10 },
		{ "atrophic", 0.7, 1.06, 0.09 }, { "plug", 1.3, 0.95, 0.09 } },
	  zones[] = { { "left-temple", 0.85, 1.03, 0 }, { "right-temple", 0.85, 1.03, 0 },
		  { "occipital", 1.15, 0.97, 0 }, { "nape", 1.2, 0.96, 0 } };
	int type = 0;
	double resistance = 1.0, depth = 1.0;

	for (int i = 0; i < 4; i++) {
		if (strcmp(types[i].name, skin_type) == 0)
			type = i;
		if (strcmp(zones[i].name, zone) == 0) {
			resistance = zones[i].resistance;
			depth = zones[i].depth;
		}
	}
	strncpy(skin->zone, zone, sizeof skin->zone - 1);
	strncpy(skin->skin_type, skin_type, sizeof skin->skin_type - 1);
	skin->resistance_mn_per_um = 0.25 * resistance * types[type].resistance;
	skin->depth_factor = depth * types[type].depth;
	skin->noise = types[type].noise;
	skin->touching = false;
}

/** Share of dots that the hand places far too shallow or far too deep, but within a protocol's hard limit. */
static const double SLIPS = 0.02;

/** The next contact, or the movement to it: about one dot a second (docs/board-protocol.md, section 9). */
static void next_phase(SkinModel *skin, uint64_t now_us, uint16_t dwell_ms)
{
	skin->touching = !skin->touching;
	if (!skin->touching) {
		skin->until_us = now_us + (uint64_t)(500000 + 500000 * uniform_skin_random(skin));
		return;
	}
	skin->until_us = now_us + (uint64_t)(dwell_ms * (800 + 400 * uniform_skin_random(skin)));
	skin->contact_depth = skin->depth_factor * (1 + skin->noise * spread(skin));
	if (uniform_skin_random(skin) < SLIPS)
		skin->contact_depth = skin->depth_factor * (uniform_skin_random(skin) < 0.5 ? 0.4 : 1.6);
	skin->angle_cdeg = 1500 + 400 * spread(skin);
}

SkinStroke skin_model_stroke(SkinModel *skin, uint64_t now_us, uint16_t depth_um, uint16_t dwell_ms)
{
	SkinStroke stroke = { .current_ma = 180, .angle_cdeg = (int16_t)skin->angle_cdeg };
	double depth;

	if (now_us >= skin->until_us)
		next_phase(skin, now_us, dwell_ms);
	if (!skin->touching)
		return stroke;
	depth = depth_um * skin->contact_depth * (1 + 0.01 * spread(skin));
	stroke.depth_um = depth < 1 ? 1 : (uint16_t)depth;
	stroke.resistance_mn = (uint16_t)(depth * skin->resistance_mn_per_um * (1 + 0.04 * spread(skin)));
	stroke.current_ma = (uint16_t)(180 + stroke.resistance_mn / 5);
	stroke.angle_cdeg = (int16_t)(skin->angle_cdeg + 30 * spread(skin));
	return stroke;
}
