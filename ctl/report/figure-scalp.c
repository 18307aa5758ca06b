/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Draws the head with the zones that were treated. It draws only: it asks the station nothing and computes no
 * density.
 */

#include <math.h>

#include "report/figure-scalp.h"

#include "report/language.h"

/*
 * Drawn in units of its own. The head from above is in 0 to 100 by 0 to 118, with the nose up; from behind
 * it is in 112 to 190 by 6 to 100. Zones are clipped to the outline. The person's left is drawn at the left.
 */
#define SCENE_WIDTH  192.0
#define SCENE_HEIGHT 140.0
#define LEGEND_Y     124.0

typedef struct Cell {
	const char *zone, *label;
	/* left and right edge; upper and lower edge, whose middle bulges forward by `bulge` */
	double left, right, top, bottom, bulge;
	double label_x, label_y;
} Cell;

static const Cell above[] = {
	{ "frontal-hairline", N_("Hairline"), 28, 72, 2, 31, 5, 50, 19 },
	{ "frontal", N_("Frontal"), 28, 72, 31, 53, 5, 50, 38.5 },
	{ "mid-scalp", N_("Mid scalp"), 28, 72, 53, 77, 4, 50, 61.5 },
	{ "crown", N_("Crown"), 28, 72, 77, 118, 3, 50, 92 },
	{ "left-temple", N_("Temple"), -2, 28, 10, 53, 2, 18.2, 44 },
	{ "right-temple", N_("Temple"), 72, 102, 10, 53, 2, 81.8, 44 },
	{ "left-side", N_("Side"), -2, 28, 53, 118, 2, 17.2, 72 },
	{ "right-side", N_("Side"), 72, 102, 53, 118, 2, 82.8, 72 },
};

static const Cell behind[] = {
	{ "crown", N_("Crown"), 110, 190, 2, 30, -5, 150, 19 },
	{ "left-side", N_("Side"), 106, 134, 30, 90, -3, 124.8, 49 },
	{ "right-side", N_("Side"), 166, 194, 30, 90, -3, 175.2, 49 },
	{ "occipital", N_("Occipital"), 134, 166, 30, 63, -5, 150, 49 },
	{ "nape", N_("Nape"), 128, 172, 63, 95, -3, 150, 78 },
};

static const char *const scars[] = { "scar-1", "scar-2", "scar-3", "scar-4" };

/* ---- outlines ---- */

typedef struct Head {
	const char *name; /* of its outline within the page */
	const char *outline, *features;
	const Cell *cells;
	size_t n_cells;
} Head;

static const Head heads[] = {
	{ "scalp-above", "M50 8C76 8 93 32 94 62C95 94 74 116 50 116C26 116 5 94 6 62C7 32 24 8 50 8z",
		"M44 10C46 2 48 .5 50 .5C52 .5 54 2 56 10M7 55C0 52 0 71 7 70M93 55C100 52 100 71 93 70",
		above, ELEMENTS(above) },
	{ "scalp-behind",
		"M150 6C174 6 186 24 185 46C184 64 176 76 169 84C166 88 166 90 166 92L134 92C134 90 134 88 131 84"
		"C124 76 116 64 115 46C114 24 126 6 150 6z",
		"M115 42C108 36 108 60 118 63M134 92C134 97 130 99 122 101"
		"M185 42C192 36 192 60 182 63M166 92C166 97 170 99 178 101",
		behind, ELEMENTS(behind) },
};

/* ---- zones ---- */

#define OVER_DENSITY 1.1
#define DARK_ENOUGH  0.45 /* for white letters */

static double share_of(const ReportZone *zone)
{
	return zone->target > 0 ? (zone->density_before + zone->density) / zone->target : 0;
}

/** Colour by the share of the target that a zone has reached: pale, full at 1, brown past 1.1. */
static const char *share_colour(double share, char ret[8])
{
	static const double pale[] = { 222, 237, 237 }, full[] = { 13, 100, 107 };
	double part = fmin(fmax(share, 0), 1);
	unsigned colour[3];

	if (share > OVER_DENSITY)
		return SVG_WARNING;
	for (size_t i = 0; i < ELEMENTS(colour); i++)
		colour[i] = (unsigned)lround(pale[i] + (full[i] - pale[i]) * part) & 0xff;
	snprintf(ret, 8, "#%02x%02x%02x", colour[0], colour[1], colour[2]);
	return ret;
}

/** Labels a zone with its name and the figure that a reader looks for: dots per cm2, of the target. */
static void draw_label(FILE *stream, const ReportZone *zone, const char *name, double x, double y)
{
	const char *colour = share_of(zone) > DARK_ENOUGH ? SVG_WHITE : SVG_TEXT;
	const SvgFont label = { 4.4, colour, "middle", false }, number = { 5.2, colour, "middle", true };
	char text[32];

	svg_text(stream, x, y - 2.2, &label, name);
	snprintf(text, sizeof text, "%.0f/%.0f", zone->density_before + zone->density, zone->target);
	svg_text(stream, x, y + 3.8, &number, text);
}

static void draw_cell(FILE *stream, const Report *report, const Cell *cell)
{
	const ReportZone *zone = report_zone(report, cell->zone);
	double third = (cell->right - cell->left) / 3, top = cell->top - cell->bulge,
	       bottom = cell->bottom - cell->bulge;
	char colour[8];

	fprintf(stream,
		"<path d=\"M%g %gC%g %g %g %g %g %gL%g %gC%g %g %g %g %g %gz\" fill=\"%s\" stroke=\"%s\" "
		"stroke-width=\"0.7\"/>\n",
		cell->left, cell->top, cell->left + third, top, cell->right - third, top, cell->right,
		cell->top, cell->right, cell->bottom, cell->right - third, bottom, cell->left + third, bottom,
		cell->left, cell->bottom, zone ? share_colour(share_of(zone), colour) : SVG_WHITE,
		zone ? SVG_WHITE : SVG_RULE);
}

static void draw_head(FILE *stream, const Report *report, const Head *head)
{
	fprintf(stream, "<path d=\"%s\" fill=\"none\" stroke=\"" SVG_RULE "\" stroke-width=\"0.9\"/>\n",
		head->features);
	fprintf(stream, "<clipPath id=\"%s\"><path d=\"%s\"/></clipPath>\n<g clip-path=\"url(#%s)\">\n",
		head->name, head->outline, head->name);
	for (size_t i = 0; i < head->n_cells; i++)
		draw_cell(stream, report, &head->cells[i]);
	fprintf(stream,
		"</g>\n<path d=\"%s\" fill=\"none\" stroke=\"" SVG_MUTED "\" stroke-width=\"0.9\"/>\n",
		head->outline);
	for (size_t i = 0; i < head->n_cells; i++) {
		const Cell *cell = &head->cells[i];
		const ReportZone *zone = report_zone(report, cell->zone);

		if (zone)
			draw_label(stream, zone, _(cell->label), cell->label_x, cell->label_y);
	}
}

/** Scars have no fixed place on a map: those that were treated are listed in a row below. */
static void draw_scars(FILE *stream, const Report *report)
{
	double x = 112;

	for (size_t i = 0; i < ELEMENTS(scars); i++) {
		const ReportZone *zone = report_zone(report, scars[i]);
		char name[32], colour[8];

		if (!zone)
			continue;
		snprintf(name, sizeof name, _("Scar %zu"), i + 1);
		svg_rectangle(stream, x, 103, 17.5, 16, share_colour(share_of(zone), colour));
		draw_label(stream, zone, name, x + 8.75, 111);
		x += 19;
	}
}

static void draw_legend(FILE *stream)
{
	enum { STEPS = 10, LEFT = 2, WIDTH = 115, OVER = LEFT + WIDTH + 12 };
	const SvgFont start = { 5.2, SVG_MUTED, "start", false },
		      middle = { 5.2, SVG_MUTED, "middle", false }, end = { 5.2, SVG_MUTED, "end", false };
	char colour[8];

	for (int i = 0; i < STEPS; i++)
		svg_rectangle(stream, LEFT + i * (double)WIDTH / STEPS, LEGEND_Y, (double)WIDTH / STEPS + 0.2,
			5, share_colour((i + 0.5) / STEPS, colour));
	svg_rectangle(stream, OVER, LEGEND_Y, 10, 5, SVG_WARNING);
	svg_text(stream, LEFT, LEGEND_Y + 11, &start, "0");
	svg_text(stream, LEFT + WIDTH / 2.0, LEGEND_Y + 11, &middle, "50 %");
	svg_text(stream, LEFT + WIDTH, LEGEND_Y + 11, &end, _("100 % of target"));
	svg_text(stream, OVER, LEGEND_Y + 11, &start, _("over 110 %"));
}

void figure_scalp(FILE *stream, const SvgPlace *place, const Report *report)
{
	svg_begin(stream, place, SCENE_WIDTH, SCENE_HEIGHT,
		_("Scalp from above and from behind, zones shaded by density; the figures stand in the table of zones"));
	for (size_t i = 0; i < ELEMENTS(heads); i++)
		draw_head(stream, report, &heads[i]);
	draw_scars(stream, report);
	draw_legend(stream);
	svg_end(stream);
}
