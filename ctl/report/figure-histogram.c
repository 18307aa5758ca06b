/* SPDX-License-Identifier: Apache-2.0 */

/** Draws how many dots reached which depth, or took how long. It must not count anything itself. */

#include <math.h>

#include "report/figure-histogram.h"

#include "report/language.h"

enum { WIDTH = 246, HEIGHT = 100, LEFT = 36, RIGHT = 6, TOP = 6, BOTTOM = 22, COUNTS = 4, VALUES = 7 };

typedef struct Plot {
	FILE *stream;
	const Histogram *histogram;
	double x, y, width, height; /* of the bars */
	double most, step;
} Plot;

static double x_of(const Plot *plot, double value)
{
	return plot->x + value / (plot->histogram->bin * (double)plot->histogram->n) * plot->width;
}

static double y_of(const Plot *plot, double dots)
{
	return plot->y + plot->height - dots / plot->most * plot->height;
}

static void draw_window(const Plot *plot)
{
	double low = x_of(plot, plot->histogram->low), high = x_of(plot, plot->histogram->high);

	if (plot->histogram->high > 0)
		svg_rectangle(plot->stream, low, plot->y, high - low, plot->height, SVG_TINT);
}

static void draw_bars(const Plot *plot)
{
	const Histogram *histogram = plot->histogram;

	for (size_t i = 0; i < histogram->n; i++) {
		double left = x_of(plot, (double)i * histogram->bin) + 0.4;
		double width = plot->width / (double)histogram->n - 0.8;
		double inside = y_of(plot, (double)histogram->inside[i]);
		double top = y_of(plot, (double)(histogram->inside[i] + histogram->outside[i]));

		if (histogram->inside[i])
			svg_rectangle(plot->stream, left, inside, width, y_of(plot, 0) - inside, SVG_ACCENT);
		if (histogram->outside[i])
			svg_rectangle(plot->stream, left, top, width, inside - top, SVG_WARNING);
	}
}

static void draw_counts(const Plot *plot)
{
	const SvgFont font = { 6.5, SVG_MUTED, "end", false };
	char text[32];

	for (int i = 0; i <= (int)lround(plot->most / plot->step); i++) {
		double dots = i * plot->step, y = y_of(plot, dots);

		svg_line(plot->stream, plot->x, y, plot->x + plot->width, y,
			"stroke=\"" SVG_RULE "\" stroke-width=\"0.5\"");
		snprintf(text, sizeof text, "%.0f", dots);
		svg_text(plot->stream, plot->x - 4, y + 2.3, &font, text);
	}
}

static void draw_values(const Plot *plot, const HistogramAxis *axis)
{
	const SvgFont font = { 6.5, SVG_MUTED, "middle", false };
	double most = plot->histogram->bin * (double)plot->histogram->n;
	/* in hundredths, so that a step below one is found, too */
	double step = axis_step(most / axis->scale * 100, VALUES) / 100 * axis->scale;
	double y = plot->y + plot->height;
	char text[32];

	for (int i = 0; i <= (int)(most / step + 0.01); i++) {
		snprintf(text, sizeof text, "%g", round(i * step / axis->scale * 100) / 100);
		svg_text(plot->stream, x_of(plot, i * step), y + 9, &font, language_mark(text));
	}
	svg_text(plot->stream, plot->x + plot->width / 2, y + 18, &font, axis->unit);
}

static void draw_mean(const Plot *plot)
{
	double x = x_of(plot, plot->histogram->mean);

	if (x <= plot->x + plot->width)
		svg_line(plot->stream, x, plot->y - 2, x, plot->y + plot->height,
			"stroke=\"" SVG_TEXT "\" stroke-width=\"0.7\" stroke-dasharray=\"2 2\"");
}

void figure_histogram(
	FILE *stream, const SvgPlace *place, const Histogram *histogram, const HistogramAxis *axis)
{
	const SvgFont font = { 7, SVG_MUTED, "middle", false };
	Plot plot = { stream, histogram, LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM, 0, 0 };

	svg_begin(stream, place, WIDTH, HEIGHT, axis->words);
	if (histogram->total == 0) {
		svg_rectangle(stream, 0, 0, WIDTH, HEIGHT, SVG_TINT);
		svg_text(stream, WIDTH / 2.0, HEIGHT / 2.0, &font, _("No dots on record"));
	} else {
		plot.step = axis_step((double)histogram->most, COUNTS);
		plot.most = ceil((double)histogram->most / plot.step) * plot.step;
		draw_window(&plot);
		draw_counts(&plot);
		draw_bars(&plot);
		draw_mean(&plot);
		draw_values(&plot, axis);
	}
	svg_end(stream);
}
