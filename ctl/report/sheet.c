/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Fills pages from top to bottom: head, foot, title, figures and lists. What the pages are about is not its
 * concern.
 */

#include "report/sheet.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const char *const paper_names[] = {
	[REPORT_PAPER_A4] = "a4",
	[REPORT_PAPER_LETTER] = "letter",
};
static_assert(ELEMENTS(paper_names) == REPORT_PAPER_MAX, "every paper has a name");

DEFINE_STRING_TABLE(report_paper, ReportPaper, paper_names);

void report_paper_size(ReportPaper paper, double *ret_width, double *ret_height)
{
	static const struct {
		double width, height;
	} sizes[] = {
		[REPORT_PAPER_A4] = { 210 * MM, 297 * MM },
		[REPORT_PAPER_LETTER] = { 612, 792 },
	};

	*ret_width = sizes[paper].width;
	*ret_height = sizes[paper].height;
}

/* ---- a page ---- */

void sheet_sign(Sheet *sheet, const char *clinic, const char *station, const char *made)
{
	char time[REPORT_TIME_MAX];

	snprintf(sheet->foot, sizeof sheet->foot, "%s / %s \xc2\xb7 report made %s", clinic ? clinic : "",
		station ? station : "", report_time(made, REPORT_MOMENT, time));
}

static void draw_foot(const Sheet *sheet)
{
	double width = sheet->canvas->width - 2 * SHEET_MARGIN, y = sheet->canvas->height - SHEET_MARGIN + 4;
	char text[32];

	canvas_rule(sheet->canvas, SHEET_MARGIN, y, width);
	canvas_text(sheet->canvas, (Box){ SHEET_MARGIN, y + 4, width * 0.8, 0 }, STYLE_SMALL, INK_MUTED,
		ALIGN_START, 1, sheet->foot);
	snprintf(text, sizeof text, "Page %d of %d", sheet->page, sheet->pages);
	canvas_text(sheet->canvas, (Box){ SHEET_MARGIN + width * 0.8, y + 4, width * 0.2, 0 }, STYLE_SMALL,
		INK_MUTED, ALIGN_END, 1, text);
}

/** On all pages but the first: whose they are, should they come apart. */
static double draw_head(const Sheet *sheet)
{
	Box box = { SHEET_MARGIN, SHEET_MARGIN - 4, sheet->canvas->width - 2 * SHEET_MARGIN, 0 };
	double height;

	if (sheet->page == 1)
		return 0;
	height = canvas_text(sheet->canvas, box, STYLE_SMALL, INK_MUTED, ALIGN_START, 1, sheet->head);
	canvas_rule(sheet->canvas, box.x, box.y + height + 3, box.width);
	return height + 8;
}

void sheet_turn(Sheet *sheet)
{
	double head;

	sheet->page++;
	if (sheet->turn)
		sheet->turn(sheet->userdata, sheet->canvas, sheet->page);
	canvas_fill(sheet->canvas, (Box){ 0, 0, sheet->canvas->width, sheet->canvas->height }, 0, INK_WHITE);
	canvas_fill(sheet->canvas, (Box){ 0, 0, sheet->canvas->width, 2 * MM }, 0, INK_ACCENT);
	draw_foot(sheet);
	head = draw_head(sheet);
	sheet->rest = (Box){ SHEET_MARGIN, SHEET_MARGIN + head, sheet->canvas->width - 2 * SHEET_MARGIN,
		sheet->canvas->height - 2 * SHEET_MARGIN - head };
}

void sheet_take(Sheet *sheet, double height)
{
	sheet->rest.y += height + SHEET_GAP;
	sheet->rest.height -= height + SHEET_GAP;
}

Box sheet_box(const Sheet *sheet, double height)
{
	return (Box){ sheet->rest.x, sheet->rest.y, sheet->rest.width, height };
}

/* ---- lists ---- */

static double say_more(Sheet *sheet, Box box, const SheetList *list, bool further)
{
	size_t left = table_rows(list->table) - list->shown;
	char text[96];

	if (left == 0)
		return 0;
	snprintf(text, sizeof text, "%zu more %s", left,
		further ? "on the next page" : "on the pages that follow");
	return canvas_text(sheet->canvas, box, STYLE_SMALL, INK_MUTED, ALIGN_END, 1, text);
}

void sheet_list(Sheet *sheet, SheetList *list, double height, const char *none)
{
	enum { MORE = 12 }; /* height of the word about what is left out */
	Box box = sheet_box(sheet, height);
	double used = canvas_heading(sheet->canvas, box, list->title, list->note);
	size_t left = table_rows(list->table) - list->shown, n;

	box.y += used;
	if (left == 0) {
		used += canvas_text(sheet->canvas, box, STYLE_BODY, INK_MUTED, ALIGN_START, 2, none);
		sheet_take(sheet, used);
		return;
	}
	n = table_fit(sheet->canvas, list->table, list->shown, box.width, height - used);
	if (n < left)
		n = table_fit(sheet->canvas, list->table, list->shown, box.width, height - used - MORE);
	if (n > 0) {
		double drawn = table_draw(sheet->canvas, list->table, list->shown, n, box);

		box.y += drawn;
		used += drawn;
	}
	list->shown += n;
	box.y += 2;
	used += say_more(sheet, box, list, sheet->page > 2);
	sheet_take(sheet, used);
}

bool sheet_list_left(const SheetList *list)
{
	return list->shown < table_rows(list->table);
}

/* ---- facts ---- */

double sheet_facts(Sheet *sheet, const Fact *facts, size_t n, TextStyle style, Box box)
{
	double width = box.width / (double)n, tallest = 0;

	for (size_t i = 0; i < n; i++) {
		Box cell = { box.x + (double)i * width, box.y, width - 10, 0 };

		cell.y += canvas_text(
			sheet->canvas, cell, STYLE_LABEL, INK_MUTED, ALIGN_START, 1, facts[i].label);
		cell.y += canvas_text(sheet->canvas, cell, style, INK_TEXT, ALIGN_START, 2, facts[i].value);
		if (facts[i].note)
			cell.y += canvas_text(
				sheet->canvas, cell, STYLE_SMALL, INK_MUTED, ALIGN_START, 2, facts[i].note);
		tallest = fmax(tallest, cell.y - box.y);
	}
	return tallest;
}

void sheet_figures(Sheet *sheet, const Fact *facts, size_t n)
{
	enum { HEIGHT = 38 };
	Box box = sheet_box(sheet, HEIGHT);

	canvas_fill(sheet->canvas, box, 4, INK_TINT);
	sheet_facts(
		sheet, facts, n, STYLE_FIGURE, (Box){ box.x + 10, box.y + 6, box.width - 10, box.height });
	sheet_take(sheet, HEIGHT);
}

static void draw_state(Sheet *sheet, Box box, const char *state, Ink ink)
{
	double width = canvas_text_width(sheet->canvas, STYLE_STRONG, state) + 16;
	Box pill = { box.x + box.width - width, box.y + 4, width, 17 };

	canvas_fill(sheet->canvas, pill, 8, ink);
	pill.y += 3;
	canvas_text(sheet->canvas, pill, STYLE_STRONG, INK_WHITE, ALIGN_CENTRE, 1, state);
}

void sheet_title(Sheet *sheet, const char *title, const char *about, const char *state, Ink ink)
{
	enum { STATE = 120 }; /* width that a state may need */
	Box box = sheet_box(sheet, 0);
	double height = canvas_text(sheet->canvas, (Box){ box.x, box.y - 4, box.width - STATE, 0 },
		STYLE_TITLE, INK_TEXT, ALIGN_START, 1, title);

	draw_state(sheet, box, state, ink);
	box.y += height - 3;
	height += canvas_text(sheet->canvas, box, STYLE_BODY, INK_MUTED, ALIGN_START, 1, about);
	sheet_take(sheet, height - 5);
}

/* ---- the whole ---- */

int pages_count(PagesDraw draw, const void *content, ReportPaper paper)
{
	double width, height;
	_cleanup_(canvas_freep) Canvas *canvas = NULL;

	report_paper_size(paper, &width, &height);
	canvas = canvas_new(NULL, width, height);
	return draw(content, canvas, 0, NULL, NULL);
}
