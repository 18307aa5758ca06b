/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * One page at a time, filled from top to bottom: shared by the files that draw pages, of a session or for an
 * inspector.
 */

#include "report/pages.h"
#include "report/report.h"

#define SHEET_MARGIN (15 * MM)
#define SHEET_GAP    11.0 /* between sections */

/** A list, and what of it is on paper already. */
typedef struct SheetList {
	const char *title, *note;
	Table *table;
	size_t shown;
} SheetList;

typedef struct Sheet {
	Canvas *canvas;
	int page, pages;
	ReportTurn turn;
	void *userdata;
	char head[256], foot[256]; /* on all pages but the first; on every page */
	Box rest;                  /* what is free of the page */
} Sheet;

/** What stands at the foot of every page. `made` is RFC 3339; the others may be NULL. */
void sheet_sign(Sheet *sheet, const char *clinic, const char *station, const char *made);
/** Begins the next page with its head and foot. */
void sheet_turn(Sheet *sheet);
/** Takes `height` and a gap from the top of what is free. */
void sheet_take(Sheet *sheet, double height);
/** The upper part of what is free. */
Box sheet_box(const Sheet *sheet, double height);

/**
 * As many of the list's rows as fit into `height`, with a word about those that do not; the list's title
 * above. An empty list says `none`.
 */
void sheet_list(Sheet *sheet, SheetList *list, double height, const char *none);
/** Whether some of its rows are not on paper yet. */
bool sheet_list_left(const SheetList *list);

/** Facts side by side, each with its label above and a note below; the height taken. */
typedef struct Fact {
	const char *label, *value, *note; /* note: NULL for none */
} Fact;
double sheet_facts(Sheet *sheet, const Fact *facts, size_t n, TextStyle style, Box box);
/** The same, large, on a tinted ground, at the top of what is free. */
void sheet_figures(Sheet *sheet, const Fact *facts, size_t n);
/** The report's title with what it is about below, and how that stands in a pill. */
void sheet_title(Sheet *sheet, const char *title, const char *about, const char *state, Ink ink);
