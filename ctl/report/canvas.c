/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Draws text, rules and tables, and measures them. What it measures must be what is printed, on every device;
 * what the text says is not its concern.
 */

#include "report/canvas.h"

#include <assert.h>
#include <math.h>

/* The first that is installed; what it has no letter for, fontconfig finds elsewhere. */
#define FAMILY      "Open Sans, Noto Sans, DejaVu Sans, sans-serif"
#define CODE_FAMILY "DejaVu Sans Mono, Noto Sans Mono, monospace"

static const struct {
	double size; /* points */
	PangoWeight weight;
	const char *family;
} styles[] = {
	[STYLE_TITLE] = { 20, PANGO_WEIGHT_SEMIBOLD, FAMILY },
	[STYLE_HEADING] = { 10, PANGO_WEIGHT_BOLD, FAMILY },
	[STYLE_FIGURE] = { 13, PANGO_WEIGHT_SEMIBOLD, FAMILY },
	[STYLE_STRONG] = { 8, PANGO_WEIGHT_SEMIBOLD, FAMILY },
	[STYLE_BODY] = { 8, PANGO_WEIGHT_NORMAL, FAMILY },
	[STYLE_SMALL] = { 7, PANGO_WEIGHT_NORMAL, FAMILY },
	[STYLE_LABEL] = { 6.5, PANGO_WEIGHT_SEMIBOLD, FAMILY },
	[STYLE_MINUTE] = { 5.5, PANGO_WEIGHT_NORMAL, FAMILY },
	[STYLE_CODE] = { 6.5, PANGO_WEIGHT_NORMAL, CODE_FAMILY },
};
static_assert(ELEMENTS(styles) == STYLE_MAX, "every style has a font");

static const struct {
	double red, green, blue;
} inks[] = {
	[INK_TEXT] = { 0.09, 0.13, 0.17 },
	[INK_MUTED] = { 0.38, 0.44, 0.49 },
	[INK_ACCENT] = { 0.05, 0.39, 0.42 },
	[INK_WARNING] = { 0.74, 0.36, 0.08 },
	[INK_RULE] = { 0.80, 0.84, 0.86 },
	[INK_TINT] = { 0.955, 0.968, 0.972 },
	[INK_WHITE] = { 1, 1, 1 },
};
static_assert(ELEMENTS(inks) == INK_MAX, "every ink has a colour");

enum { CELL_LINES = 8 };
#define CELL_GAP     6.0 /* between columns */
#define ROW_PADDING  2.0 /* over and under a row's text */
#define HEADING_GAP  5.0
#define OVER_DENSITY 1.1

Canvas *canvas_new(cairo_surface_t *surface, double width, double height)
{
	Canvas *canvas = g_new0(Canvas, 1);
	cairo_surface_t *own = surface ? cairo_surface_reference(surface)
				       : cairo_recording_surface_create(CAIRO_CONTENT_COLOR_ALPHA, NULL);
	cairo_font_options_t *options = cairo_font_options_create();
	PangoContext *context;

	canvas->measures = !surface;
	canvas->width = width;
	canvas->height = height;
	canvas->cr = cairo_create(own);
	canvas->layout = pango_cairo_create_layout(canvas->cr);
	context = pango_layout_get_context(canvas->layout);
	/* what is measured must be what is printed, on whatever device */
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	pango_cairo_context_set_font_options(context, options);
	pango_cairo_context_set_resolution(context, 72);
	pango_context_set_round_glyph_positions(context, false);
	/* names of any script stand where a reader of the columns looks for them */
	pango_layout_set_auto_dir(canvas->layout, false);
	for (size_t i = 0; i < STYLE_MAX; i++) {
		canvas->fonts[i] = pango_font_description_new();
		pango_font_description_set_family(canvas->fonts[i], styles[i].family);
		pango_font_description_set_weight(canvas->fonts[i], styles[i].weight);
		pango_font_description_set_size(canvas->fonts[i], (int)(styles[i].size * PANGO_SCALE));
	}
	cairo_font_options_destroy(options);
	cairo_surface_destroy(own);
	return canvas;
}

Canvas *canvas_free(Canvas *canvas)
{
	if (!canvas)
		return NULL;
	for (size_t i = 0; i < STYLE_MAX; i++)
		pango_font_description_free(canvas->fonts[i]);
	g_object_unref(canvas->layout);
	cairo_destroy(canvas->cr);
	g_free(canvas);
	return NULL;
}

void canvas_ink(Canvas *canvas, Ink ink)
{
	cairo_set_source_rgb(canvas->cr, inks[ink].red, inks[ink].green, inks[ink].blue);
}

void canvas_density_ink(Canvas *canvas, double share)
{
	static const double pale[3] = { 0.87, 0.93, 0.93 }, full[3] = { 0.05, 0.39, 0.42 };
	double part = fmin(fmax(share, 0), 1);

	if (share > OVER_DENSITY)
		canvas_ink(canvas, INK_WARNING);
	else
		cairo_set_source_rgb(canvas->cr, pale[0] + (full[0] - pale[0]) * part,
			pale[1] + (full[1] - pale[1]) * part, pale[2] + (full[2] - pale[2]) * part);
}

/* ---- text ---- */

static double lay_out(Canvas *canvas, double width, TextStyle style, int lines, const char *text)
{
	PangoRectangle logical;

	pango_layout_set_font_description(canvas->layout, canvas->fonts[style]);
	pango_layout_set_width(canvas->layout, width < 0 ? -1 : (int)(width * PANGO_SCALE));
	pango_layout_set_wrap(canvas->layout, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_height(canvas->layout, lines > 0 ? -lines : -1);
	pango_layout_set_ellipsize(canvas->layout, lines > 0 ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE);
	pango_layout_set_text(canvas->layout, text ? text : "\xe2\x80\x93", -1);
	pango_layout_get_extents(canvas->layout, NULL, &logical);
	return (double)logical.height / PANGO_SCALE;
}

double canvas_text(
	Canvas *canvas, Box box, TextStyle style, Ink ink, TextAlign align, int lines, const char *text)
{
	static const PangoAlignment alignments[] = { PANGO_ALIGN_LEFT, PANGO_ALIGN_CENTER,
		PANGO_ALIGN_RIGHT };
	double height;

	pango_layout_set_alignment(canvas->layout, alignments[align]);
	height = lay_out(canvas, box.width, style, lines, text);
	canvas_ink(canvas, ink);
	cairo_move_to(canvas->cr, box.x, box.y);
	pango_cairo_show_layout(canvas->cr, canvas->layout);
	return height;
}

double canvas_text_height(Canvas *canvas, double width, TextStyle style, int lines, const char *text)
{
	return lay_out(canvas, width, style, lines, text);
}

double canvas_text_width(Canvas *canvas, TextStyle style, const char *text)
{
	PangoRectangle logical;

	lay_out(canvas, -1, style, 0, text);
	pango_layout_get_extents(canvas->layout, NULL, &logical);
	return (double)logical.width / PANGO_SCALE;
}

/* ---- shapes ---- */

void canvas_rule(Canvas *canvas, double x, double y, double width)
{
	canvas_ink(canvas, INK_RULE);
	cairo_set_line_width(canvas->cr, 0.6);
	cairo_move_to(canvas->cr, x, y);
	cairo_rel_line_to(canvas->cr, width, 0);
	cairo_stroke(canvas->cr);
}

void canvas_fill(Canvas *canvas, Box box, double radius, Ink ink)
{
	cairo_t *cr = canvas->cr;

	cairo_new_sub_path(cr);
	cairo_arc(cr, box.x + box.width - radius, box.y + radius, radius, -G_PI_2, 0);
	cairo_arc(cr, box.x + box.width - radius, box.y + box.height - radius, radius, 0, G_PI_2);
	cairo_arc(cr, box.x + radius, box.y + box.height - radius, radius, G_PI_2, G_PI);
	cairo_arc(cr, box.x + radius, box.y + radius, radius, G_PI, 3 * G_PI_2);
	cairo_close_path(cr);
	canvas_ink(canvas, ink);
	cairo_fill(cr);
}

double canvas_heading(Canvas *canvas, Box box, const char *title, const char *note)
{
	double height = canvas_text(canvas, box, STYLE_HEADING, INK_ACCENT, ALIGN_START, 1, title);
	double left = canvas_text_width(canvas, STYLE_HEADING, title) + 2 * CELL_GAP;

	if (note) {
		Box rest = { box.x + left,
			box.y + height - canvas_text_height(canvas, -1, STYLE_SMALL, 1, note) - 1,
			box.width - left, 0 };

		canvas_text(canvas, rest, STYLE_SMALL, INK_MUTED, ALIGN_END, 1, note);
	}
	canvas_rule(canvas, box.x, box.y + height + 1.5, box.width);
	return height + 1.5 + HEADING_GAP;
}

/* ---- tables ---- */

Table *table_new(const TableColumn *columns, size_t n_columns)
{
	Table *table = g_new0(Table, 1);

	table->columns = columns;
	table->n_columns = n_columns;
	table->cells = g_ptr_array_new_with_free_func(free);
	return table;
}

Table *table_free(Table *table)
{
	if (table)
		g_ptr_array_unref(table->cells);
	g_free(table);
	return NULL;
}

void table_add(Table *table, char *text)
{
	g_ptr_array_add(table->cells, text);
}

size_t table_rows(const Table *table)
{
	return table->cells->len / table->n_columns;
}

static double titles_height(Canvas *canvas)
{
	return canvas_text_height(canvas, -1, STYLE_LABEL, 1, "X") + 2 * ROW_PADDING;
}

/** Text keeps away from the next column; the last one ends with the table. */
static double cell_width(const Table *table, size_t column, double width)
{
	return table->columns[column].share * width - (column + 1 < table->n_columns ? CELL_GAP : 0);
}

static double row_height(Canvas *canvas, const Table *table, size_t row, double width)
{
	double tallest = 0;

	for (size_t i = 0; i < table->n_columns; i++) {
		const TableColumn *column = &table->columns[i];
		const char *text = g_ptr_array_index(table->cells, row * table->n_columns + i);

		tallest = fmax(tallest, canvas_text_height(canvas, cell_width(table, i, width), column->style,
						CELL_LINES, text));
	}
	return tallest + 2 * ROW_PADDING;
}

double table_height(Canvas *canvas, const Table *table, size_t first, size_t n, double width)
{
	double height = titles_height(canvas);

	for (size_t row = first; row < first + n; row++)
		height += row_height(canvas, table, row, width);
	return height;
}

size_t table_fit(Canvas *canvas, const Table *table, size_t first, double width, double height)
{
	double left = height - titles_height(canvas);
	size_t row = first;

	for (; row < table_rows(table); row++) {
		left -= row_height(canvas, table, row, width);
		if (left < 0)
			break;
	}
	return row - first;
}

static void draw_titles(Canvas *canvas, const Table *table, Box box)
{
	double x = box.x;

	for (size_t i = 0; i < table->n_columns; i++) {
		const TableColumn *column = &table->columns[i];
		Box cell = { x, box.y + ROW_PADDING, cell_width(table, i, box.width), 0 };

		canvas_text(canvas, cell, STYLE_LABEL, INK_MUTED, column->align, 1, column->title);
		x += column->share * box.width;
	}
}

static double draw_row(Canvas *canvas, const Table *table, size_t row, Box box)
{
	double x = box.x, height = row_height(canvas, table, row, box.width);

	for (size_t i = 0; i < table->n_columns; i++) {
		const TableColumn *column = &table->columns[i];
		const char *text = g_ptr_array_index(table->cells, row * table->n_columns + i);
		Box cell = { x, box.y + ROW_PADDING, cell_width(table, i, box.width), 0 };

		canvas_text(canvas, cell, column->style, text ? INK_TEXT : INK_MUTED, column->align,
			CELL_LINES, text);
		x += column->share * box.width;
	}
	canvas_rule(canvas, box.x, box.y + height, box.width);
	return height;
}

double table_draw(Canvas *canvas, const Table *table, size_t first, size_t n, Box box)
{
	double y = box.y;

	draw_titles(canvas, table, box);
	y += titles_height(canvas);
	canvas_rule(canvas, box.x, y, box.width);
	for (size_t row = first; row < first + n; row++)
		y += draw_row(canvas, table, row, (Box){ box.x, y, box.width, 0 });
	return y - box.y;
}
