/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Draws labels: the DataMatrix on the left, or above on a narrow label, and the text beside it. It must not
 * leave out a line, and must not cut one that has to be whole: a label on which this is impossible is
 * refused.
 */

#include "label/label-draw.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <pango/pangocairo.h>

#include "label/label-symbol.h"
#include "part-file.h"

#define POINTS_PER_MM (72.0 / 25.4)
#define PNG_PER_POINT (300.0 / 72)

/* in points */
#define MARGIN      (1.5 * POINTS_PER_MM)
#define GAP         (2.0 * POINTS_PER_MM)
#define LARGEST     12.0
#define SMALLEST    4.5
#define STRONG      1.25 /* how much larger a strong line is */
#define LABEL_FONTS "Open Sans, Noto Sans, DejaVu Sans"

/* a module is a whole number of dots of a printer of 203 dots an inch; three dots, 0.375 mm, can be read even
   when the ribbon is poor, and less than two by few scanners */
#define DOT        (72 / 203.2)
#define MODULE_MIN 2
#define MODULE_MAX 8
#define QUIET_ZONE 1 /* modules around the symbol (ISO/IEC 16022); the margin is beyond it */

static const char *const format_names[] = {
	[LABEL_FORMAT_PDF] = "pdf",
	[LABEL_FORMAT_SVG] = "svg",
	[LABEL_FORMAT_PNG] = "png",
};
static_assert(ELEMENTS(format_names) == LABEL_FORMAT_MAX, "every format has a name");

DEFINE_STRING_TABLE(label_format, LabelFormat, format_names);

bool label_size_read(const char *text, LabelSize *ret)
{
	LabelSize size;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	size.width_mm = (int)strtol(text, &end, 10);
	if (*end != 'x' || end[1] < '0' || end[1] > '9')
		return false;
	size.height_mm = (int)strtol(end + 1, &end, 10);
	if (*end || size.width_mm < LABEL_WIDTH_MIN || size.width_mm > LABEL_WIDTH_MAX ||
		size.height_mm < LABEL_HEIGHT_MIN || size.height_mm > LABEL_HEIGHT_MAX)
		return false;
	*ret = size;
	return true;
}

/* ---- places ---- */

typedef struct Place {
	double x, y, width, height; /* points from the label's upper left corner */
} Place;

/** Splits the label into a place for the symbol, which is square, and one for the text. */
static void split_label(const LabelSize *size, Place *ret_symbol, Place *ret_text)
{
	double width = size->width_mm * POINTS_PER_MM - 2 * MARGIN;
	double height = size->height_mm * POINTS_PER_MM - 2 * MARGIN, side;

	if (width >= height) {
		side = height < 0.4 * width ? height : 0.4 * width;
		*ret_symbol = (Place){ MARGIN, MARGIN + (height - side) / 2, side, side };
		*ret_text = (Place){ MARGIN + side + GAP, MARGIN, width - side - GAP, height };
	} else {
		side = width < 0.5 * height ? width : 0.5 * height;
		*ret_symbol = (Place){ MARGIN + (width - side) / 2, MARGIN, side, side };
		*ret_text = (Place){ MARGIN, MARGIN + side + GAP, width, height - side - GAP };
	}
}

/* ---- the symbol ---- */

static int draw_symbol(cairo_t *cairo, const NeedleLabelCode *code, const Place *place, Error *error)
{
	LabelSymbol symbol;
	double module, x, y;
	int dots, r = label_symbol_make(code, &symbol, error);

	if (r < 0)
		return r;
	dots = (int)(place->width / (symbol.side + 2 * QUIET_ZONE) / DOT);
	if (dots < MODULE_MIN)
		return error_set(error, -EINVAL,
			"the label is too small for its code: take labels on which it has %.0f mm",
			(symbol.side + 2 * QUIET_ZONE) * MODULE_MIN * DOT / POINTS_PER_MM + 1);
	module = (dots > MODULE_MAX ? MODULE_MAX : dots) * DOT;
	x = place->x + (place->width - module * symbol.side) / 2;
	y = place->y + (place->height - module * symbol.side) / 2;
	cairo_set_antialias(cairo, CAIRO_ANTIALIAS_NONE);
	for (int row = 0; row < symbol.side; row++)
		for (int column = 0, end; column < symbol.side; column = end + 1) {
			for (end = column; end < symbol.side && symbol.modules[row][end];)
				end++;
			if (end > column)
				cairo_rectangle(cairo, x + column * module, y + row * module,
					(end - column) * module, module);
		}
	cairo_fill(cairo);
	cairo_set_antialias(cairo, CAIRO_ANTIALIAS_DEFAULT);
	return 0;
}

/* ---- the text ---- */

typedef struct Fitting {
	double height; /* of all lines */
	bool fits;     /* each line that has to be whole is no wider than the place */
} Fitting;

/** Sets the layout to one line in the size, in points, and returns its own width. */
static double set_line(PangoLayout *layout, const LabelLine *line, double size)
{
	PangoFontDescription *font = pango_font_description_from_string(LABEL_FONTS);
	int width, height;

	pango_font_description_set_weight(font, line->strong ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
	pango_font_description_set_absolute_size(font, (line->strong ? STRONG : 1) * size * PANGO_SCALE);
	pango_layout_set_font_description(layout, font);
	pango_font_description_free(font);
	pango_layout_set_ellipsize(layout, line->whole ? PANGO_ELLIPSIZE_NONE : PANGO_ELLIPSIZE_END);
	pango_layout_set_width(layout, -1);
	pango_layout_set_text(layout, line->text, -1);
	pango_layout_get_size(layout, &width, &height);
	return (double)width / PANGO_SCALE;
}

static double line_height(PangoLayout *layout)
{
	int height;

	pango_layout_get_size(layout, NULL, &height);
	return (double)height / PANGO_SCALE;
}

/** Letters stand where the font has them, and not on whole dots, which would space small ones unevenly. */
static PangoLayout *make_layout(cairo_t *cairo)
{
	PangoLayout *layout = pango_cairo_create_layout(cairo);
	cairo_font_options_t *options = cairo_font_options_create();
	PangoContext *context = pango_layout_get_context(layout);

	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	pango_cairo_context_set_font_options(context, options);
	pango_context_set_round_glyph_positions(context, FALSE);
	pango_layout_context_changed(layout);
	cairo_font_options_destroy(options);
	return layout;
}

static Fitting try_size(PangoLayout *layout, const Label *label, const Place *place, double size)
{
	Fitting fitting = { .fits = true };

	for (size_t i = 0; i < label->n_lines; i++) {
		double width = set_line(layout, &label->lines[i], size);

		fitting.fits = fitting.fits && (!label->lines[i].whole || width <= place->width);
		fitting.height += line_height(layout);
	}
	fitting.fits = fitting.fits && fitting.height <= place->height;
	return fitting;
}

static void draw_lines(cairo_t *cairo, PangoLayout *layout, const Label *label, const Place *place,
	double size, double height)
{
	double y = place->y + (place->height - height) / 2;

	for (size_t i = 0; i < label->n_lines; i++) {
		set_line(layout, &label->lines[i], size);
		if (!label->lines[i].whole)
			pango_layout_set_width(layout, (int)(place->width * PANGO_SCALE));
		cairo_move_to(cairo, place->x, y);
		pango_cairo_show_layout(cairo, layout);
		y += line_height(layout);
	}
}

static int draw_text(cairo_t *cairo, const Label *label, const Place *place, Error *error)
{
	PangoLayout *layout = make_layout(cairo);
	Fitting fitting = { 0 };
	double size = LARGEST;

	while (!(fitting = try_size(layout, label, place, size)).fits && size - 0.25 >= SMALLEST)
		size -= 0.25;
	if (fitting.fits)
		draw_lines(cairo, layout, label, place, size, fitting.height);
	g_object_unref(layout);
	if (fitting.fits)
		return 0;
	return error_set(
		error, -EINVAL, "the label is too small for its text: take larger ones, such as 62x29");
}

/* ---- labels ---- */

static int draw_one_label(cairo_t *cairo, const LabelSheet *sheet, const Label *label, Error *error)
{
	Place symbol, text;
	int r;

	split_label(&sheet->size, &symbol, &text);
	cairo_set_source_rgb(cairo, 0, 0, 0);
	r = draw_symbol(cairo, &label->code, &symbol, error);
	return r < 0 ? r : draw_text(cairo, label, &text, error);
}

static int draw_pages(cairo_t *cairo, const LabelSheet *sheet, Error *error)
{
	for (size_t i = 0; i < sheet->n; i++) {
		int r = draw_one_label(cairo, sheet, &sheet->labels[i], error);

		if (r < 0)
			return r;
		cairo_show_page(cairo);
	}
	return 0;
}

static int draw_strip(cairo_t *cairo, const LabelSheet *sheet, Error *error)
{
	cairo_set_source_rgb(cairo, 1, 1, 1);
	cairo_paint(cairo);
	for (size_t i = 0; i < sheet->n; i++) {
		int r;

		cairo_save(cairo);
		cairo_translate(cairo, 0, (double)i * sheet->size.height_mm * POINTS_PER_MM);
		r = draw_one_label(cairo, sheet, &sheet->labels[i], error);
		cairo_restore(cairo);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- surfaces ---- */

typedef struct LabelStream {
	int fd, r;
	Error *error;
} LabelStream;

static cairo_status_t write_some(void *closure, const unsigned char *data, unsigned length)
{
	LabelStream *stream = closure;

	if (stream->r >= 0)
		stream->r = part_file_bytes(stream->fd, data, length, stream->error);
	return stream->r < 0 ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static cairo_surface_t *make_surface(const LabelSheet *sheet, LabelStream *stream)
{
	double width = sheet->size.width_mm * POINTS_PER_MM, height = sheet->size.height_mm * POINTS_PER_MM;
	double all = height * (double)sheet->n;
	cairo_surface_t *surface = NULL;

	switch (sheet->format) {
	case LABEL_FORMAT_PDF:
		return cairo_pdf_surface_create_for_stream(write_some, stream, width, height);
	case LABEL_FORMAT_SVG:
		surface = cairo_svg_surface_create_for_stream(write_some, stream, width, all);
		cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PT);
		return surface;
	case LABEL_FORMAT_PNG:
		surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)(width * PNG_PER_POINT + 0.5),
			(int)(all * PNG_PER_POINT + 0.5));
		cairo_surface_set_device_scale(surface, PNG_PER_POINT, PNG_PER_POINT);
		return surface;
	case LABEL_FORMAT_MAX:
	case LABEL_FORMAT_INVALID:
		break;
	}
	return NULL;
}

int label_sheet_write(const void *content, int fd, Error *error)
{
	const LabelSheet *sheet = content;
	LabelStream stream = { .fd = fd, .error = error };
	cairo_surface_t *surface;
	cairo_status_t status;
	cairo_t *cairo;
	int r;

	if (sheet->format != LABEL_FORMAT_PDF && sheet->n > LABEL_PICTURE_MAX)
		return error_set(
			error, -EINVAL, "a picture takes at most %d labels: write a .pdf", LABEL_PICTURE_MAX);
	surface = make_surface(sheet, &stream);
	cairo = cairo_create(surface);
	r = sheet->format == LABEL_FORMAT_PDF ? draw_pages(cairo, sheet, error)
					      : draw_strip(cairo, sheet, error);
	if (r == 0 && sheet->format == LABEL_FORMAT_PNG)
		cairo_surface_write_to_png_stream(surface, write_some, &stream);
	status = cairo_status(cairo);
	cairo_destroy(cairo);
	cairo_surface_finish(surface);
	if (status == CAIRO_STATUS_SUCCESS)
		status = cairo_surface_status(surface);
	cairo_surface_destroy(surface);
	if (r < 0 || stream.r < 0)
		return r < 0 ? r : stream.r;
	return status == CAIRO_STATUS_SUCCESS ? 0
					      : error_set(error, -EIO, "%s", cairo_status_to_string(status));
}
