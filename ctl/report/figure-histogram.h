/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A histogram as a drawing. */

#include "report/histogram.h"
#include "report/svg.h"

typedef struct HistogramAxis {
	const char *unit, *words; /* words: what is to be seen, for who cannot */
	double scale;             /* divides what stands on the axis (1000: micrometres drawn as mm) */
} HistogramAxis;

/** Bars with axes. `place`: NULL in a page. */
void figure_histogram(
	FILE *stream, const SvgPlace *place, const Histogram *histogram, const HistogramAxis *axis);
