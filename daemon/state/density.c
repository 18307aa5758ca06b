/* SPDX-License-Identifier: Apache-2.0 */

/** Computes densities of a zone over all sessions of a client. It must not change a count. */

#include "state/density.h"

uint32_t zone_area_mm2(const SessionZone *zone)
{
	return zone->area_mm2 ? zone->area_mm2 : zone->known_area_mm2;
}

uint64_t zone_dots_total(const SessionZone *zone)
{
	return zone->before_dots + zone->statistics.dots;
}

static double dots_per_cm2(uint64_t dots, uint32_t area_mm2)
{
	return area_mm2 ? (double)dots * 100 / area_mm2 : 0;
}

double zone_density_before(const SessionZone *zone)
{
	return dots_per_cm2(zone->before_dots, zone_area_mm2(zone));
}

double zone_density_total(const SessionZone *zone)
{
	return dots_per_cm2(zone_dots_total(zone), zone_area_mm2(zone));
}

/** Dots at which the target is reached, in hundredths of a dot. */
static uint64_t target_hundredths(const SessionZone *zone)
{
	return (uint64_t)zone->target * zone_area_mm2(zone);
}

uint64_t zone_dots_over(const SessionZone *zone)
{
	uint64_t target = target_hundredths(zone) / 100, dots = zone_dots_total(zone);

	return target && dots > target ? dots - target : 0;
}

DensityLevel zone_density_level(const SessionZone *zone, uint64_t dots)
{
	uint64_t target = target_hundredths(zone);

	if (target == 0)
		return DENSITY_BELOW;
	if (dots * 100 >= target)
		return DENSITY_REACHED;
	return dots * 10000 >= target * DENSITY_WARN_PERCENT ? DENSITY_NEAR : DENSITY_BELOW;
}
