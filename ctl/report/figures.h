/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The report's drawings, as SVG. `place`: NULL in a page. */

#include "report/histogram.h"
#include "report/report.h"
#include "report/svg.h"

/** The scalp from above and from behind, zones shaded by their density, with a legend below. */
void figure_scalp(FILE *stream, const SvgPlace *place, const Report *report);

typedef struct HistogramAxis {
	const char *unit, *words; /* words: what is to be seen, for who cannot */
	double scale;             /* divides what stands on the axis (1000: micrometres drawn as mm) */
} HistogramAxis;

/** Bars with axes. */
void figure_histogram(
	FILE *stream, const SvgPlace *place, const Histogram *histogram, const HistogramAxis *axis);

/** A QR code of `text`. False: the text is too long for one; nothing is written. */
bool figure_code(FILE *stream, const char *text, const char *words);
bool figure_code_fits(const char *text);
