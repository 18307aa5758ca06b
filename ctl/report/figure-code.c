/* SPDX-License-Identifier: Apache-2.0 */

/** Draws a QR code. It must not depend on what the code says. */

#include <qrencode.h>

#include "report/figure-code.h"
#include "report/svg.h"

enum { QUIET = 4, DARK = 1 }; /* modules of margin, ISO/IEC 18004; bit of a dark module */

/** Draws neighbouring dark modules as one rectangle, so that no seam shows between them. */
static int draw_run(FILE *stream, const QRcode *code, int x, int y)
{
	int end = x;

	while (end < code->width && code->data[y * code->width + end] & DARK)
		end++;
	if (end > x)
		fprintf(stream, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, end - x, end - x);
	return end > x ? end : x + 1;
}

static QRcode *encode(const char *text)
{
	return QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
}

bool figure_code_fits(const char *text)
{
	QRcode *code = encode(text);

	QRcode_free(code);
	return code;
}

bool figure_code(FILE *stream, const char *text, const char *words)
{
	QRcode *code = encode(text);
	int size;

	if (!code)
		return false;
	size = code->width + 2 * QUIET;
	svg_begin(stream, NULL, size, size, words);
	svg_rectangle(stream, 0, 0, size, size, SVG_WHITE);
	fputs("<path fill=\"#000\" shape-rendering=\"crispEdges\" d=\"", stream);
	for (int y = 0; y < code->width; y++)
		for (int x = 0; x < code->width;)
			x = draw_run(stream, code, x, y);
	fputs("\"/>\n", stream);
	svg_end(stream);
	QRcode_free(code);
	return true;
}
