/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What drawings are put together from. Lengths are in the drawing's own units, from its top left corner. */

#include <stdbool.h>
#include <stdio.h>

#define SVG_TEXT    "#17212b"
#define SVG_MUTED   "#61707d"
#define SVG_ACCENT  "#0d646b"
#define SVG_WARNING "#bd5c14"
#define SVG_RULE    "#ccd6db"
#define SVG_TINT    "#f3f7f8"
#define SVG_WHITE   "#ffffff"

/** Where a drawing stands within another one. */
typedef struct SvgPlace {
	double x, y, width;
} SvgPlace;

typedef struct SvgFont {
	double size;
	const char *colour;
	const char *anchor; /* "start", "middle" or "end" */
	bool strong;
} SvgFont;

/** `place`: NULL in a page. `words` tell what is to be seen. Ends with svg_end(). */
void svg_begin(FILE *stream, const SvgPlace *place, double width, double height, const char *words);
void svg_end(FILE *stream);

void svg_rectangle(FILE *stream, double x, double y, double width, double height, const char *colour);
void svg_line(FILE *stream, double x, double y, double to_x, double to_y, const char *style);
/** One line of text on the base line `y`; it is escaped. */
void svg_text(FILE *stream, double x, double y, const SvgFont *font, const char *text);
