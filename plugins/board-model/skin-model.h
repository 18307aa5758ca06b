/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Skin by zone and type, and the hand that works on it. Both are realistic enough that strokes, contacts and
 * their spread look as they do on a scalp. Pure; the same seed gives the same strokes.
 */

#include <stdbool.h>
#include <stdint.h>

typedef struct SkinModel {
	char zone[32], skin_type[16];
	uint32_t random;
	/* skin at the present place */
	double resistance_mn_per_um; /* how much the skin resists a needle that deep */
	double depth_factor;         /* depth reached divided by the depth set */
	double noise;                /* relative spread of depth */
	/* of the hand */
	bool touching;
	uint64_t until_us;    /* of this contact, or of the movement to the next dot */
	double contact_depth; /* relative, of this dot */
	double angle_cdeg;
} SkinModel;

typedef struct SkinStroke {
	uint16_t depth_um, resistance_mn, current_ma;
	int16_t angle_cdeg;
} SkinStroke;

void skin_model_init(SkinModel *skin, uint32_t seed);
/** Sets the skin for a zone and a skin type. Unknown names give normal skin on the crown. */
void skin_model_move(SkinModel *skin, const char *zone, const char *skin_type);
/** The stroke at `now_us` of mechanical time, with the needle set to `depth_um` and dots of `dwell_ms`. */
SkinStroke skin_model_stroke(SkinModel *skin, uint64_t now_us, uint16_t depth_um, uint16_t dwell_ms);
