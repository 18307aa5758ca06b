/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What pages are put together from: text that wraps and never leaves its box, rules, tables. Lengths are in
 * points from the top left corner of the page; every function that draws text returns the height it took.
 */

#include <stdbool.h>

#include <pango/pangocairo.h>

#include "util/cleanup.h"

#define MM (72.0 / 25.4)

typedef struct Box {
	double x, y, width, height;
} Box;

typedef enum TextStyle {
	STYLE_TITLE,   /* of the report */
	STYLE_HEADING, /* of a section */
	STYLE_FIGURE,  /* a number to be seen first */
	STYLE_STRONG,
	STYLE_BODY,
	STYLE_SMALL,
	STYLE_LABEL,  /* names a figure or a column */
	STYLE_MINUTE, /* within a figure */
	STYLE_CODE,   /* digests: to be compared letter by letter */
	STYLE_MAX,
} TextStyle;

typedef enum Ink {
	INK_TEXT,
	INK_MUTED,
	INK_ACCENT,
	INK_WARNING,
	INK_RULE,
	INK_TINT, /* behind figures and tables */
	INK_WHITE,
	INK_MAX,
} Ink;

typedef enum TextAlign {
	ALIGN_START,
	ALIGN_CENTRE,
	ALIGN_END,
} TextAlign;

typedef struct Canvas {
	cairo_t *cr;
	PangoLayout *layout;
	PangoFontDescription *fonts[STYLE_MAX];
	double width, height; /* of the page */
	bool measures;        /* nobody sees what is drawn */
} Canvas;

/** Draws on `surface`, of which it takes a reference. NULL: a surface that only measures. */
Canvas *canvas_new(cairo_surface_t *surface, double width, double height);
/** Accepts NULL; returns NULL. */
Canvas *canvas_free(Canvas *canvas);
DEFINE_CLEANUP(Canvas *, canvas_free, canvas_freep);

void canvas_ink(Canvas *canvas, Ink ink);
/** Of the share of the target that a zone has reached: pale, full at 1, brown past 1.1. */
void canvas_density_ink(Canvas *canvas, double share);

/**
 * Text in at most `lines` lines of the box's width (0: as many as there are), the last ellipsized. The box's
 * height is not looked at. NULL is drawn as a dash.
 */
double canvas_text(
	Canvas *canvas, Box box, TextStyle style, Ink ink, TextAlign align, int lines, const char *text);
double canvas_text_height(Canvas *canvas, double width, TextStyle style, int lines, const char *text);
/** The width of a line that is not wrapped. */
double canvas_text_width(Canvas *canvas, TextStyle style, const char *text);

void canvas_rule(Canvas *canvas, double x, double y, double width);
void canvas_fill(Canvas *canvas, Box box, double radius, Ink ink);

/** A section's title over a rule; the height of both and of the space below. */
double canvas_heading(Canvas *canvas, Box box, const char *title, const char *note);

/* ---- tables ---- */

typedef struct TableColumn {
	const char *title;
	double share; /* of the width; all together 1 */
	TextAlign align;
	TextStyle style;
	const char *cell; /* pattern of what stands in it (report/cell.h); NULL: who fills the table knows */
} TableColumn;

typedef struct Table {
	const TableColumn *columns;
	size_t n_columns;
	GPtrArray *cells; /* row by row, owned; NULL: a dash */
} Table;

Table *table_new(const TableColumn *columns, size_t n_columns);
/** Accepts NULL; returns NULL. */
Table *table_free(Table *table);
DEFINE_CLEANUP(Table *, table_free, table_freep);
/** Adds a cell; takes the text, which may be NULL. */
void table_add(Table *table, char *text);
size_t table_rows(const Table *table);

/** Height of the titles and of `n` rows from row `first`. */
double table_height(Canvas *canvas, const Table *table, size_t first, size_t n, double width);
/** How many rows from row `first` fit under the titles into `height`. */
size_t table_fit(Canvas *canvas, const Table *table, size_t first, double width, double height);
double table_draw(Canvas *canvas, const Table *table, size_t first, size_t n, Box box);
