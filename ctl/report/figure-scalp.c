/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Draws the head with the zones that were treated. It draws only: it asks the station nothing and computes no
 * density.
 */

#include "report/figures.h"

#include <math.h>
#include <string.h>

/*
 * Drawn in units of its own: the head from above in 0 to 100 by 0 to 118, its nose up; from behind in 112 to
 * 190 by 6 to 100. Zones are cut from the outline: a cell that reaches past it ends at it. The person's left
 * is left.
 */
#define SCENE_WIDTH  192.0
#define SCENE_HEIGHT 120.0
#define ABOVE_X      50.0
#define ABOVE_Y      62.0
#define BEHIND_X     150.0

typedef struct Cell {
	const char *zone, *label;
	/* left and right edge; upper and lower edge, which bulge forwards by `bulge` at the middle */
	double left, right, top, bottom, bulge;
	double label_x, label_y;
} Cell;

static const Cell above[] = {
	{ "frontal-hairline", "Hairline", 28, 72, 2, 31, 5, 50, 19 },
	{ "frontal", "Frontal", 28, 72, 31, 53, 5, 50, 38.5 },
	{ "mid-scalp", "Mid scalp", 28, 72, 53, 77, 4, 50, 61.5 },
	{ "crown", "Crown", 28, 72, 77, 118, 3, 50, 92 },
	{ "left-temple", "Temple", -2, 28, 10, 53, 2, 18.2, 44 },
	{ "right-temple", "Temple", 72, 102, 10, 53, 2, 81.8, 44 },
	{ "left-side", "Side", -2, 28, 53, 118, 2, 17.2, 72 },
	{ "right-side", "Side", 72, 102, 53, 118, 2, 82.8, 72 },
};

static const Cell behind[] = {
	{ "crown", "Crown", 110, 190, 2, 30, -5, 150, 19 },
	{ "left-side", "Side", 106, 134, 30, 90, -3, 124.8, 49 },
	{ "right-side", "Side", 166, 194, 30, 90, -3, 175.2, 49 },
	{ "occipital", "Occipital", 134, 166, 30, 63, -5, 150, 49 },
	{ "nape", "Nape", 128, 172, 63, 95, -3, 150, 78 },
};

static const char *const scars[] = { "scar-1", "scar-2", "scar-3", "scar-4" };

/* ---- outlines ---- */

static void head_above(cairo_t *cr)
{
	cairo_new_path(cr);
	cairo_move_to(cr, 50, 8);
	cairo_curve_to(cr, 76, 8, 93, 32, 94, 62);
	cairo_curve_to(cr, 95, 94, 74, 116, 50, 116);
	cairo_curve_to(cr, 26, 116, 5, 94, 6, 62);
	cairo_curve_to(cr, 7, 32, 24, 8, 50, 8);
	cairo_close_path(cr);
}

static void features_above(cairo_t *cr)
{
	cairo_new_path(cr);
	cairo_move_to(cr, 44, 10);
	cairo_curve_to(cr, 46, 2, 48, 0.5, 50, 0.5);
	cairo_curve_to(cr, 52, 0.5, 54, 2, 56, 10);
	for (int side = -1; side <= 1; side += 2) {
		cairo_move_to(cr, ABOVE_X + side * 43, ABOVE_Y - 7);
		cairo_curve_to(cr, ABOVE_X + side * 50, ABOVE_Y - 10, ABOVE_X + side * 50, ABOVE_Y + 9,
			ABOVE_X + side * 43, ABOVE_Y + 8);
	}
}

static void head_behind(cairo_t *cr)
{
	cairo_new_path(cr);
	cairo_move_to(cr, 150, 6);
	cairo_curve_to(cr, 174, 6, 186, 24, 185, 46);
	cairo_curve_to(cr, 184, 64, 176, 76, 169, 84);
	cairo_curve_to(cr, 166, 88, 166, 90, 166, 92);
	cairo_line_to(cr, 134, 92);
	cairo_curve_to(cr, 134, 90, 134, 88, 131, 84);
	cairo_curve_to(cr, 124, 76, 116, 64, 115, 46);
	cairo_curve_to(cr, 114, 24, 126, 6, 150, 6);
	cairo_close_path(cr);
}

static void features_behind(cairo_t *cr)
{
	cairo_new_path(cr);
	for (int side = -1; side <= 1; side += 2) {
		cairo_move_to(cr, BEHIND_X + side * 35, 42);
		cairo_curve_to(
			cr, BEHIND_X + side * 42, 36, BEHIND_X + side * 42, 60, BEHIND_X + side * 32, 63);
		cairo_move_to(cr, BEHIND_X + side * 16, 92);
		cairo_curve_to(
			cr, BEHIND_X + side * 16, 97, BEHIND_X + side * 20, 99, BEHIND_X + side * 28, 101);
	}
}

/* ---- zones ---- */

static void cell_path(cairo_t *cr, const Cell *cell)
{
	double third = (cell->right - cell->left) / 3;

	cairo_new_path(cr);
	cairo_move_to(cr, cell->left, cell->top);
	cairo_curve_to(cr, cell->left + third, cell->top - cell->bulge, cell->right - third,
		cell->top - cell->bulge, cell->right, cell->top);
	cairo_line_to(cr, cell->right, cell->bottom);
	cairo_curve_to(cr, cell->right - third, cell->bottom - cell->bulge, cell->left + third,
		cell->bottom - cell->bulge, cell->left, cell->bottom);
	cairo_close_path(cr);
}

static double share_of(const ReportZone *zone)
{
	return zone->target > 0 ? zone->density / zone->target : 0;
}

typedef struct Scene {
	Canvas *canvas;
	const Report *report;
	double x, y, unit; /* of the scene's origin, and its unit in points */
} Scene;

/** What zone it is, and the number a reader looks for: dots per cm2, of the target. */
static void draw_label(const Scene *scene, const ReportZone *zone, const Cell *cell)
{
	enum { WIDTH = 60 };
	Ink ink = share_of(zone) > 0.45 ? INK_WHITE : INK_TEXT;
	Box box = { scene->x + cell->label_x * scene->unit - WIDTH / 2.0,
		scene->y + cell->label_y * scene->unit - 9, WIDTH, 0 };
	char text[32];

	canvas_text(scene->canvas, box, STYLE_MINUTE, ink, ALIGN_CENTRE, 1, cell->label);
	box.y += 7;
	snprintf(text, sizeof text, "%.0f/%.0f", zone->density, zone->target);
	canvas_text(scene->canvas, box, STYLE_LABEL, ink, ALIGN_CENTRE, 1, text);
}

static void enter(const Scene *scene)
{
	cairo_save(scene->canvas->cr);
	cairo_translate(scene->canvas->cr, scene->x, scene->y);
	cairo_scale(scene->canvas->cr, scene->unit, scene->unit);
}

static void draw_features(const Scene *scene, void (*features)(cairo_t *))
{
	enter(scene);
	features(scene->canvas->cr);
	canvas_ink(scene->canvas, INK_RULE);
	cairo_set_line_width(scene->canvas->cr, 0.9);
	cairo_stroke(scene->canvas->cr);
	cairo_restore(scene->canvas->cr);
}

static void draw_cells(const Scene *scene, const Cell *cells, size_t n)
{
	cairo_t *cr = scene->canvas->cr;

	for (size_t i = 0; i < n; i++) {
		const ReportZone *zone = report_zone(scene->report, cells[i].zone);

		cell_path(cr, &cells[i]);
		if (zone)
			canvas_density_ink(scene->canvas, share_of(zone));
		else
			canvas_ink(scene->canvas, INK_WHITE);
		cairo_fill_preserve(cr);
		canvas_ink(scene->canvas, zone ? INK_WHITE : INK_RULE);
		cairo_set_line_width(cr, 0.7);
		cairo_stroke(cr);
	}
}

static void draw_head(const Scene *scene, void (*outline)(cairo_t *), const Cell *cells, size_t n)
{
	cairo_t *cr = scene->canvas->cr;

	enter(scene);
	outline(cr);
	cairo_clip(cr);
	draw_cells(scene, cells, n);
	cairo_restore(cr);
	enter(scene);
	outline(cr);
	canvas_ink(scene->canvas, INK_MUTED);
	cairo_set_line_width(cr, 0.9);
	cairo_stroke(cr);
	cairo_restore(cr);
	for (size_t i = 0; i < n; i++) {
		const ReportZone *zone = report_zone(scene->report, cells[i].zone);

		if (zone)
			draw_label(scene, zone, &cells[i]);
	}
}

/** Scars have no place of their own on a map: those that were treated stand in a row below. */
static void draw_scars(const Scene *scene)
{
	double x = 112;

	for (size_t i = 0; i < ELEMENTS(scars); i++) {
		const ReportZone *zone = report_zone(scene->report, scars[i]);
		Box box = { scene->x + x * scene->unit, scene->y + 103 * scene->unit, 17.5 * scene->unit,
			16 * scene->unit };
		char text[32];

		Ink ink;

		if (!zone)
			continue;
		ink = share_of(zone) > 0.45 ? INK_WHITE : INK_TEXT;
		canvas_fill(scene->canvas, box, 3, INK_WHITE);
		canvas_density_ink(scene->canvas, share_of(zone));
		cairo_rectangle(scene->canvas->cr, box.x, box.y, box.width, box.height);
		cairo_fill(scene->canvas->cr);
		box.y += box.height / 2 - 9;
		snprintf(text, sizeof text, "Scar %zu", i + 1);
		canvas_text(scene->canvas, box, STYLE_MINUTE, ink, ALIGN_CENTRE, 1, text);
		box.y += 7;
		snprintf(text, sizeof text, "%.0f/%.0f", zone->density, zone->target);
		canvas_text(scene->canvas, box, STYLE_LABEL, ink, ALIGN_CENTRE, 1, text);
		x += 19;
	}
}

static void draw_legend(Canvas *canvas, Box box)
{
	enum { STEPS = 10, LABEL = 30 };
	static const struct {
		double at;
		const char *text;
		TextAlign align;
	} marks[] = { { 0, "0", ALIGN_START }, { 0.5, "50 %", ALIGN_CENTRE },
		{ 1, "100 % of target", ALIGN_END } };
	double width = box.width * 0.6, step = width / STEPS, over = box.x + width + 14;

	for (int i = 0; i < STEPS; i++) {
		canvas_density_ink(canvas, (i + 0.5) / STEPS);
		cairo_rectangle(canvas->cr, box.x + i * step, box.y, step + 0.2, 6);
		cairo_fill(canvas->cr);
	}
	for (size_t i = 0; i < ELEMENTS(marks); i++) {
		double label = i == 2 ? 70 : LABEL;
		double shift = marks[i].align == ALIGN_START ? 0
			       : marks[i].align == ALIGN_END ? label
							     : label / 2;

		canvas_text(canvas, (Box){ box.x + marks[i].at * width - shift, box.y + 7, label, 0 },
			STYLE_LABEL, INK_MUTED, marks[i].align, 1, marks[i].text);
	}
	canvas_ink(canvas, INK_WARNING);
	cairo_rectangle(canvas->cr, over, box.y, 12, 6);
	cairo_fill(canvas->cr);
	canvas_text(canvas, (Box){ over, box.y + 7, box.x + box.width - over, 0 }, STYLE_LABEL, INK_MUTED,
		ALIGN_START, 1, "over 110 %");
}

void figure_scalp(Canvas *canvas, const Report *report, Box box)
{
	enum { LEGEND = 22 };
	double unit = fmin(box.width / SCENE_WIDTH, (box.height - LEGEND) / SCENE_HEIGHT);
	Scene scene = { canvas, report, box.x + (box.width - SCENE_WIDTH * unit) / 2, box.y, unit };

	draw_features(&scene, features_above);
	draw_head(&scene, head_above, above, ELEMENTS(above));
	draw_features(&scene, features_behind);
	draw_head(&scene, head_behind, behind, ELEMENTS(behind));
	draw_scars(&scene);
	draw_legend(
		canvas, (Box){ scene.x + 2 * unit, box.y + box.height - LEGEND + 6, SCENE_WIDTH * unit, 0 });
}
