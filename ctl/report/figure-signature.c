/* SPDX-License-Identifier: Apache-2.0 */

/** Draws a signature. It must not smooth or correct it: it is evidence. */

#include "report/figure-signature.h"

#include "report/svg.h"
#include "util/signature.h"

enum { MARGIN = 40 };

bool figure_signature(FILE *stream, const char *text, const char *words)
{
	static SignaturePoint points[SIGNATURE_POINTS_MAX];
	double width = 0;
	Error flaw;
	int n = signature_read(text, points, &flaw);

	for (int i = 0; i < n; i++)
		width = points[i].x > width ? points[i].x : width;
	if (n < 0)
		return false;
	svg_begin(stream, NULL, width + MARGIN, SIGNATURE_HEIGHT, words);
	fputs("<path d=\"", stream);
	for (int i = 0; i < n; i++)
		fprintf(stream, "%s%u %u", points[i].begins ? "M" : "L", points[i].x, points[i].y);
	fputs("\" fill=\"none\" stroke=\"" SVG_TEXT
	      "\" stroke-width=\"14\" stroke-linecap=\"round\" stroke-linejoin=\"round\"/>\n",
		stream);
	svg_end(stream);
	return true;
}
