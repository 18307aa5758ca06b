/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Density adds up on the scalp: all dots that a client's zone has received, in whatever session, protocol or
 * course, count against the target of today's plan. Pure; nothing here decides whether the needle goes on.
 */

#include <stdint.h>

#include "state/session.h"

enum {
	DENSITY_WARN_PERCENT = 90, /* of the target: the zone is nearly done */
	/*
	 * One zone, in mm2. A scalp has about 600 cm2, so no zone has more; the smallest scar has 0.1 cm2.
	 */
	ZONE_AREA_MIN_MM2 = 10,
	ZONE_AREA_MAX_MM2 = 60000,
	/* All zones of one client together: a large scalp, and zones that overlap. */
	SCALP_AREA_MAX_MM2 = 90000,
};

/** How far a zone is on its way to today's target. */
typedef enum DensityLevel {
	DENSITY_BELOW,
	DENSITY_NEAR,    /* DENSITY_WARN_PERCENT of the target or more */
	DENSITY_REACHED, /* the target or more */
} DensityLevel;

/** The area by which densities are computed, in mm2: as chosen today, or else on record. 0: not known. */
uint32_t zone_area_mm2(const SessionZone *zone);
/** Dots per cm2 from before this session, and with those of this session. 0 without an area. */
double zone_density_before(const SessionZone *zone);
double zone_density_total(const SessionZone *zone);
/** Dots beyond the target, of all sessions. 0 while the target is not reached, or is not known. */
uint64_t zone_dots_over(const SessionZone *zone);
/** The level with `dots` in all. DENSITY_BELOW without an area or a target. */
DensityLevel zone_density_level(const SessionZone *zone, uint64_t dots);
/** All dots of the zone, also those from before this session. */
uint64_t zone_dots_total(const SessionZone *zone);
