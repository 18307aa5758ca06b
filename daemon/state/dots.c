/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Finds the dots in a stream of strokes, and adds them up for a zone. It allocates nothing, reads no clock
 * and keeps no stroke. station/strokes.c decides whether a dot is worth an alert.
 */

#include "state/dots.h"

#include <stdlib.h>

#include <string.h>

enum { CONTACT_MIN_MN = 20, GAP_US = 30000, STROKES_MIN = 2 };

void dot_detector_init(DotDetector *detector)
{
	memset(detector, 0, sizeof *detector);
	detector->contact_min_mn = CONTACT_MIN_MN;
	detector->gap_us = GAP_US;
	detector->strokes_min = STROKES_MIN;
}

/** The board's clock wraps every 71.6 minutes and never runs backwards. */
static void advance(DotDetector *detector, uint32_t time_us)
{
	if (detector->started)
		detector->now_us += (uint32_t)(time_us - detector->last_time_us);
	else
		detector->now_us = time_us;
	detector->started = true;
	detector->last_time_us = time_us;
}

static void extend_contact(DotDetector *detector, const StrokeSample *sample)
{
	if (!detector->in_contact) {
		detector->in_contact = true;
		detector->first_us = detector->now_us;
		detector->strokes = 0;
		detector->depth_sum_um = 0;
		detector->angle_sum_cdeg = 0;
		detector->depth_peak_um = detector->resistance_peak_mn = 0;
	}
	detector->last_contact_us = detector->now_us;
	detector->strokes++;
	detector->depth_sum_um += sample->depth_um;
	detector->angle_sum_cdeg += sample->angle_cdeg;
	if (sample->depth_um > detector->depth_peak_um)
		detector->depth_peak_um = sample->depth_um;
	if (sample->resistance_mn > detector->resistance_peak_mn)
		detector->resistance_peak_mn = sample->resistance_mn;
}

/** Mean, rounded to the nearest, halves away from zero. */
static int64_t mean(int64_t sum, int64_t n)
{
	return (sum + (sum < 0 ? -n : n) / 2) / n;
}

bool dot_detector_flush(DotDetector *detector, Dot *ret)
{
	int64_t dwell = detector->last_contact_us - detector->first_us;

	if (!detector->in_contact)
		return false;
	detector->in_contact = false;
	if (detector->strokes < detector->strokes_min)
		return false;
	*ret = (Dot){
		.start_us = detector->first_us,
		.dwell_us = dwell < UINT32_MAX ? (uint32_t)dwell : UINT32_MAX,
		.strokes = detector->strokes < UINT16_MAX ? (uint16_t)detector->strokes : UINT16_MAX,
		.depth_mean_um = (uint16_t)mean((int64_t)detector->depth_sum_um, detector->strokes),
		.depth_peak_um = detector->depth_peak_um,
		.resistance_peak_mn = detector->resistance_peak_mn,
		.angle_cdeg = (int16_t)mean(detector->angle_sum_cdeg, detector->strokes),
	};
	return true;
}

bool dot_detector_add(DotDetector *detector, const StrokeSample *sample, Dot *ret)
{
	bool touches = sample->depth_um > 0 && sample->resistance_mn >= detector->contact_min_mn;
	bool ended = false;

	advance(detector, sample->time_us);
	if (detector->in_contact && detector->now_us - detector->last_contact_us > detector->gap_us)
		ended = dot_detector_flush(detector, ret);
	if (touches)
		extend_contact(detector, sample);
	return ended;
}

unsigned dot_angle_deg(const Dot *dot)
{
	int from_normal_cdeg = abs(dot->angle_cdeg);

	return from_normal_cdeg >= 9000 ? 0 : (unsigned)(9000 - from_normal_cdeg + 50) / 100;
}

void zone_statistics_add_strokes(ZoneStatistics *statistics, uint32_t n)
{
	statistics->strokes += n;
}

static void count_in(uint32_t *histogram, uint32_t bin)
{
	histogram[bin < ZONE_HISTOGRAM_BINS ? bin : ZONE_HISTOGRAM_BINS - 1]++;
}

void zone_statistics_add_dot(ZoneStatistics *statistics, const ZonePlan *plan, const Dot *dot)
{
	statistics->dots++;
	if (dot->depth_mean_um < plan->depth_min_um || dot->depth_mean_um > plan->depth_max_um)
		statistics->outside++;
	statistics->depth_sum_um += dot->depth_mean_um;
	statistics->dwell_sum_us += dot->dwell_us;
	statistics->angle_sum_deg += dot_angle_deg(dot);
	if (dot->resistance_peak_mn > statistics->resistance_peak_mn)
		statistics->resistance_peak_mn = dot->resistance_peak_mn;
	count_in(statistics->histogram, dot->depth_mean_um / ZONE_HISTOGRAM_BIN_UM);
	count_in(statistics->dwell_histogram, dot->dwell_us / ZONE_HISTOGRAM_BIN_US);
}

double zone_statistics_density(const ZoneStatistics *statistics, uint32_t area_mm2)
{
	return area_mm2 ? (double)statistics->dots * 100 / area_mm2 : 0;
}

/** Per dot; 0 without dots. */
static double per_dot(const ZoneStatistics *statistics, uint64_t sum)
{
	return statistics->dots ? (double)sum / (double)statistics->dots : 0;
}

double zone_statistics_outside(const ZoneStatistics *statistics)
{
	return per_dot(statistics, statistics->outside);
}

double zone_statistics_depth_mean_um(const ZoneStatistics *statistics)
{
	return per_dot(statistics, statistics->depth_sum_um);
}

double zone_statistics_angle_mean_deg(const ZoneStatistics *statistics)
{
	return per_dot(statistics, statistics->angle_sum_deg);
}

double zone_statistics_dwell_mean_ms(const ZoneStatistics *statistics)
{
	return per_dot(statistics, statistics->dwell_sum_us) / 1000;
}
