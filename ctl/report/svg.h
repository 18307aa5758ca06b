/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The elements of drawings. Lengths are in the drawing's own units, from its top left corner. */

#include <stdbool.h>
#include <stdio.h>

#define SVG_TEXT    "#17212b"
#define SVG_MUTED   "#61707d"
#define SVG_ACCENT  "#0d646b"
#define SVG_WARNING "#bd5c14"
#define SVG_RULE    "#ccd6db"
#define SVG_TINT    "#f3f7f8"
#define SVG_WHITE   "#ffffff"

/** The place of a drawing within another one. */
typedef struct SvgPlace {
	double x, y, width;
} SvgPlace;

typedef struct SvgFont {
	double size;
	const char *colour;
	const char *anchor; /* "start", "middle" or "end" */
	bool strong;
} SvgFont;

/**
 * Begins a drawing, which svg_end() ends. `place`: NULL when it stands directly in a page. `words` describe
 * it for people who cannot see it.
 */
void svg_begin(FILE *stream, const SvgPlace *place, double width, double height, const char *words);
void svg_end(FILE *stream);

void svg_rectangle(FILE *stream, double x, double y, double width, double height, const char *colour);
void svg_line(FILE *stream, double x, double y, double to_x, double to_y, const char *style);
/** One line of text with its base line at `y`; it is escaped. */
void svg_text(FILE *stream, double x, double y, const SvgFont *font, const char *text);
