/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Writes the elements of drawings. It must not refer to anything outside the drawing; a page may hold
 * several drawings.
 */

#include "report/svg.h"

#include "report/html.h"

void svg_begin(FILE *stream, const SvgPlace *place, double width, double height, const char *words)
{
	fputs("<svg", stream);
	if (place)
		fprintf(stream, " x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\"", place->x, place->y,
			place->width, place->width * height / width);
	fprintf(stream,
		" viewBox=\"0 0 %g %g\" font-family=\"Open Sans, Noto Sans, DejaVu Sans, sans-serif\""
		" role=\"img\" aria-label=\"",
		width, height);
	html_text(stream, words);
	fputs("\">\n", stream);
}

void svg_end(FILE *stream)
{
	fputs("</svg>", stream);
}

void svg_rectangle(FILE *stream, double x, double y, double width, double height, const char *colour)
{
	fprintf(stream, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"%s\"/>\n", x, y,
		width, height, colour);
}

void svg_line(FILE *stream, double x, double y, double to_x, double to_y, const char *style)
{
	fprintf(stream, "<path d=\"M%.2f %.2fL%.2f %.2f\" fill=\"none\" %s/>\n", x, y, to_x, to_y, style);
}

void svg_text(FILE *stream, double x, double y, const SvgFont *font, const char *text)
{
	fprintf(stream, "<text x=\"%.2f\" y=\"%.2f\" font-size=\"%g\" fill=\"%s\" text-anchor=\"%s\"%s>", x,
		y, font->size, font->colour, font->anchor, font->strong ? " font-weight=\"600\"" : "");
	html_text(stream, text);
	fputs("</text>\n", stream);
}
