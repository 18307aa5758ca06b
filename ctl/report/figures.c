/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Draws the histograms, the photographs and the QR code of a report. It draws only, and must not decode a
 * photograph for a page that is merely measured.
 */

#include "report/figures.h"

#include <math.h>
#include <string.h>

#include <qrencode.h>

#include "report/picture.h"

/* ---- histograms ---- */

typedef struct Plot {
	Canvas *canvas;
	const Histogram *histogram;
	Box area; /* of the bars */
	double most, step;
} Plot;

static double x_of(const Plot *plot, double value)
{
	return plot->area.x + value / (plot->histogram->bin * (double)plot->histogram->n) * plot->area.width;
}

static double y_of(const Plot *plot, double dots)
{
	return plot->area.y + plot->area.height - dots / plot->most * plot->area.height;
}

static void draw_window(const Plot *plot)
{
	const Histogram *histogram = plot->histogram;
	Box band = { x_of(plot, histogram->low), plot->area.y,
		x_of(plot, histogram->high) - x_of(plot, histogram->low), plot->area.height };

	if (histogram->high <= 0)
		return;
	canvas_fill(plot->canvas, band, 0, INK_TINT);
}

static void draw_bars(const Plot *plot)
{
	const Histogram *histogram = plot->histogram;

	for (size_t i = 0; i < histogram->n; i++) {
		double left = x_of(plot, (double)i * histogram->bin) + 0.4;
		double width = plot->area.width / (double)histogram->n - 0.8;
		double inside = y_of(plot, (double)histogram->inside[i]);
		double top = y_of(plot, (double)(histogram->inside[i] + histogram->outside[i]));

		canvas_ink(plot->canvas, INK_ACCENT);
		cairo_rectangle(plot->canvas->cr, left, inside, width, y_of(plot, 0) - inside);
		cairo_fill(plot->canvas->cr);
		canvas_ink(plot->canvas, INK_WARNING);
		cairo_rectangle(plot->canvas->cr, left, top, width, inside - top);
		cairo_fill(plot->canvas->cr);
	}
}

static void draw_counts(const Plot *plot)
{
	char text[32];

	for (int i = 0; i <= (int)lround(plot->most / plot->step); i++) {
		double dots = i * plot->step, y = y_of(plot, dots);

		canvas_rule(plot->canvas, plot->area.x, y, plot->area.width);
		snprintf(text, sizeof text, "%.0f", dots);
		canvas_text(plot->canvas, (Box){ plot->area.x - 34, y - 4.5, 30, 0 }, STYLE_LABEL, INK_MUTED,
			ALIGN_END, 1, text);
	}
}

static void draw_scale(const Plot *plot, const char *unit, double scale)
{
	double most = plot->histogram->bin * (double)plot->histogram->n;
	/* in hundredths, so that a step below one is found, too */
	double step = axis_step(most / scale * 100, 7) / 100 * scale;
	double y = plot->area.y + plot->area.height;
	char text[32];

	for (int i = 0; i <= (int)(most / step + 0.01); i++) {
		double value = i * step;

		snprintf(text, sizeof text, "%g", round(value / scale * 100) / 100);
		canvas_text(plot->canvas, (Box){ x_of(plot, value) - 20, y + 2, 40, 0 }, STYLE_LABEL,
			INK_MUTED, ALIGN_CENTRE, 1, text);
	}
	canvas_text(plot->canvas, (Box){ plot->area.x, y + 11, plot->area.width, 0 }, STYLE_LABEL, INK_MUTED,
		ALIGN_CENTRE, 1, unit);
}

static void draw_mean(const Plot *plot)
{
	double x = x_of(plot, plot->histogram->mean);
	cairo_t *cr = plot->canvas->cr;
	static const double dashes[] = { 2, 2 };

	if (x > plot->area.x + plot->area.width)
		return;
	canvas_ink(plot->canvas, INK_TEXT);
	cairo_save(cr);
	cairo_set_line_width(cr, 0.7);
	cairo_set_dash(cr, dashes, 2, 0);
	cairo_move_to(cr, x, plot->area.y - 2);
	cairo_line_to(cr, x, plot->area.y + plot->area.height);
	cairo_stroke(cr);
	cairo_restore(cr);
}

void figure_histogram(Canvas *canvas, const Histogram *histogram, const char *unit, double scale, Box box)
{
	enum { LEFT = 36, TOP = 6, BOTTOM = 22, STEPS = 4 };
	Plot plot = { canvas, histogram,
		{ box.x + LEFT, box.y + TOP, box.width - LEFT - 6, box.height - TOP - BOTTOM }, 0, 0 };

	if (histogram->total == 0) {
		canvas_fill(canvas, box, 3, INK_TINT);
		box.y += box.height / 2 - 5;
		canvas_text(canvas, box, STYLE_SMALL, INK_MUTED, ALIGN_CENTRE, 1, "No dots on record");
		return;
	}
	plot.step = axis_step((double)histogram->most, STEPS);
	plot.most = ceil((double)histogram->most / plot.step) * plot.step;
	draw_window(&plot);
	draw_counts(&plot);
	draw_bars(&plot);
	draw_mean(&plot);
	draw_scale(&plot, unit, scale);
}

/* ---- photographs ---- */

void figure_picture(Canvas *canvas, const ReportPicture *picture, Box box)
{
	cairo_surface_t *surface;
	double width, height, scale;
	char words[REPORT_PICTURE_WORDS];

	if (canvas->measures) /* decoding takes long, and the box is all there is to measure */
		return;
	surface = picture->jpeg ? picture_open(picture->jpeg, box.width) : NULL;
	if (!surface) {
		canvas_fill(canvas, box, 2, INK_TINT);
		box.y += box.height / 2 - 5;
		canvas_text(canvas, box, STYLE_SMALL, INK_MUTED, ALIGN_CENTRE, 2,
			report_picture_words(picture, words));
		return;
	}
	width = cairo_image_surface_get_width(surface);
	height = cairo_image_surface_get_height(surface);
	scale = fmin(box.width / width, box.height / height);
	cairo_save(canvas->cr);
	cairo_translate(canvas->cr, box.x + (box.width - width * scale) / 2,
		box.y + (box.height - height * scale) / 2);
	cairo_scale(canvas->cr, scale, scale);
	cairo_set_source_surface(canvas->cr, surface, 0, 0);
	cairo_paint(canvas->cr);
	cairo_restore(canvas->cr);
	cairo_surface_destroy(surface);
}

/* ---- QR codes ---- */

bool figure_code(Canvas *canvas, const char *text, Box box)
{
	enum { QUIET = 4, DARK = 1 }; /* modules of margin, ISO/IEC 18004; bit of a dark module */
	QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
	double size = fmin(box.width, box.height), module;

	if (!code)
		return false;
	module = size / (code->width + 2 * QUIET);
	canvas_fill(canvas, box, 0, INK_WHITE);
	cairo_set_source_rgb(canvas->cr, 0, 0, 0);
	for (int y = 0; y < code->width; y++)
		for (int x = 0; x < code->width; x++)
			if (code->data[y * code->width + x] & DARK)
				cairo_rectangle(canvas->cr, box.x + (x + QUIET) * module,
					box.y + (y + QUIET) * module, module, module);
	cairo_fill(canvas->cr);
	QRcode_free(code);
	return true;
}
