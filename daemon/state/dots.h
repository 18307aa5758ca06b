/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Turns strokes into dots, and dots into a zone's statistics, in constant memory and without allocation.
 *
 * Strokes are not dots: the driver cycles at 100-150 Hz, and a dot is one contact of several strokes. A
 * contact begins with a stroke that meets the skin and ends with the first gap longer than gap_us.
 */

#include <stdbool.h>
#include <stdint.h>

#include "config/protocol.h"
#include "stipple/board-frame.h"

typedef struct Dot {
	int64_t start_us;  /* unwrapped board time of the first stroke */
	uint32_t dwell_us; /* from the first stroke to the last, deepest point to deepest point */
	uint16_t strokes;
	uint16_t depth_mean_um, depth_peak_um;
	uint16_t resistance_peak_mn;
	int16_t angle_cdeg; /* mean, of the handpiece from the normal; 0 on a board that does not sense it */
} Dot;

/** The needle's angle to the skin in whole degrees, 0 to 90, where 90 is upright. */
unsigned dot_angle_deg(const Dot *dot);

typedef struct DotDetector {
	uint16_t contact_min_mn; /* a stroke with at least this resistance and depth > 0 touches the skin */
	uint32_t gap_us;         /* a longer gap between touching strokes ends the contact */
	uint16_t strokes_min;    /* contacts with fewer strokes are grazes, not dots */
	/* state */
	bool started, in_contact;
	uint32_t last_time_us; /* of the newest sample, for unwrapping */
	int64_t now_us;        /* unwrapped board time */
	int64_t first_us, last_contact_us;
	uint32_t strokes;
	uint64_t depth_sum_um;
	int64_t angle_sum_cdeg;
	uint16_t depth_peak_um, resistance_peak_mn;
} DotDetector;

/** Defaults: 20 mN, 30 ms, 2 strokes. */
void dot_detector_init(DotDetector *detector);

/** Adds the next sample. True when it ended a dot, which is then in `ret`. */
bool dot_detector_add(DotDetector *detector, const StrokeSample *sample, Dot *ret);

/** Ends the current contact, when the needle has stopped or the zone changes. True: `ret` is a dot. */
bool dot_detector_flush(DotDetector *detector, Dot *ret);

enum { ZONE_HISTOGRAM_BINS = 32, ZONE_HISTOGRAM_BIN_UM = 100, ZONE_HISTOGRAM_BIN_US = 10000 };

typedef struct ZoneStatistics {
	uint64_t strokes, dots;
	uint64_t outside;      /* dots whose mean depth is outside the window */
	uint64_t depth_sum_um; /* of the dots' mean depths */
	uint64_t dwell_sum_us;
	uint64_t angle_sum_deg; /* to the skin; means nothing on a board that does not sense it */
	uint16_t resistance_peak_mn;
	/*
	 * dots by mean depth and by dwell, in bins of ZONE_HISTOGRAM_BIN_UM and _US; the last bin is
	 * open-ended
	 */
	uint32_t histogram[ZONE_HISTOGRAM_BINS], dwell_histogram[ZONE_HISTOGRAM_BINS];
} ZoneStatistics;

void zone_statistics_add_strokes(ZoneStatistics *statistics, uint32_t n);
void zone_statistics_add_dot(ZoneStatistics *statistics, const ZonePlan *plan, const Dot *dot);
/** Dots per cm2; 0 when the area is 0. */
double zone_statistics_density(const ZoneStatistics *statistics, uint32_t area_mm2);
/** Share of dots outside the depth window, 0 to 1; 0 without dots. */
double zone_statistics_outside(const ZoneStatistics *statistics);
/** Means; 0 without dots. */
double zone_statistics_depth_mean_um(const ZoneStatistics *statistics);
double zone_statistics_angle_mean_deg(const ZoneStatistics *statistics);
double zone_statistics_dwell_mean_ms(const ZoneStatistics *statistics);
