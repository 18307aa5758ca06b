/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A histogram as a drawing. */

#include "report/histogram.h"
#include "report/svg.h"

typedef struct HistogramAxis {
	const char *unit, *words; /* words: a description for people who cannot see the drawing */
	double scale;             /* divides the figures on the axis (1000: micrometres drawn as mm) */
} HistogramAxis;

/** Draws bars with axes. `place`: NULL when it stands directly in a page. */
void figure_histogram(
	FILE *stream, const SvgPlace *place, const Histogram *histogram, const HistogramAxis *axis);
