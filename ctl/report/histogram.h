/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Dots by depth and by dwell over all zones, and the axes they are drawn on. */

#include "report/report.h"

typedef struct Histogram {
	double bin; /* width of one bin, in the unit of the figure */
	size_t n;   /* bins shown: up to the last that is not empty, and at least to the window's end */
	int64_t inside[REPORT_BINS]; /* dots within their zone's window; all dots where there is no window */
	int64_t outside[REPORT_BINS];
	int64_t total, most; /* all dots; dots in the fullest bin */
	double mean;         /* mean of all dots, in the unit of the figure */
	double low, high;    /* the window that all zones share; 0 when they differ or there is none */
	bool open_ended;     /* the last bin also counts everything above it */
} Histogram;

/** In micrometres. */
void histogram_of_depth(const Report *report, Histogram *ret);
/** In milliseconds. total is 0 for records from before dwell was recorded. */
void histogram_of_dwell(const Report *report, Histogram *ret);

/**
 * The step (1, 2 or 5 times a power of ten) that divides 0 to `most` into at most `steps` parts. 1 for a
 * `most` below 1.
 */
double axis_step(double most, int steps);
