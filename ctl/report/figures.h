/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The report's pictures; each fills its box and nothing outside of it. */

#include "report/canvas.h"
#include "report/histogram.h"
#include "report/report.h"

/** The scalp from above and from behind, zones shaded by their density, with a legend below. */
void figure_scalp(Canvas *canvas, const Report *report, Box box);

/** Bars with axes; `scale` divides what stands on the horizontal axis (1000: micrometres drawn as mm). */
void figure_histogram(Canvas *canvas, const Histogram *histogram, const char *unit, double scale, Box box);

/** A photograph within the box, or a frame that says why there is none. */
void figure_picture(Canvas *canvas, const ReportPicture *picture, Box box);

/** A QR code of `text`, square in the box's middle. False: the text is too long for one; nothing is drawn. */
bool figure_code(Canvas *canvas, const char *text, Box box);
