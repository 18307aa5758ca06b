/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The pages of a report: the sizes of paper, and how pages are counted and drawn. */

#include "report/canvas.h"
#include "util/text.h"

typedef enum ReportPaper {
	REPORT_PAPER_A4,
	REPORT_PAPER_LETTER,
	REPORT_PAPER_MAX,
	REPORT_PAPER_INVALID = -EINVAL,
} ReportPaper;

DECLARE_STRING_TABLE(report_paper, ReportPaper); /* "a4", "letter" */

/** Width and height in points. */
void report_paper_size(ReportPaper paper, double *ret_width, double *ret_height);

/** Called before a page is drawn; pages count from 1. */
typedef void (*ReportTurn)(void *userdata, Canvas *canvas, int page);

/** Draws all pages of what they are about on one canvas, `turn` (may be NULL) in between. Returns how many.
 */
typedef int (*PagesDraw)(const void *content, Canvas *canvas, int pages, ReportTurn turn, void *userdata);

/** How many pages there will be. */
int pages_count(PagesDraw draw, const void *content, ReportPaper paper);

/**
 * `content` is a Report: what was done and with what on the first page, pictures, incidents, advice and proof
 * on the second, and after these what lists are too long to have there.
 */
int session_pages_draw(const void *content, Canvas *canvas, int pages, ReportTurn turn, void *userdata);
