/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A report as it is written to a file: a layout, the values that fill it, and what all reports have: title,
 * state, and the words at the head and foot of every page.
 */

#include <stdbool.h>

#include "report/letterhead.h"
#include "report/template.h"
#include "util/text.h"

typedef enum ReportPaper {
	REPORT_PAPER_A4,
	REPORT_PAPER_LETTER,
	REPORT_PAPER_MAX,
	REPORT_PAPER_INVALID = -EINVAL,
} ReportPaper;

DECLARE_STRING_TABLE(report_paper, ReportPaper); /* "a4" or "letter", as in CSS */

typedef struct Document {
	const void *content;                             /* a Report or an Inspection */
	Template layout;                                 /* each slot is called with the document */
	void (*draw)(FILE *stream, const void *content); /* as SVG; NULL: there are no figures */
	char title[64], about[256];
	char head[256], foot[256]; /* on all pages but the first; on every page */
	const char *state;
	bool good;                    /* nothing in the state needs attention */
	const char *author, *made;    /* made is RFC 3339; may be NULL */
	const Letterhead *letterhead; /* NULL: none */
	ReportPaper paper;
} Document;

/** The words at the foot of every page. The texts may be NULL. */
void document_sign(Document *document, const char *clinic, const char *station);

/**
 * Writes a page for browsers that looks like the printed report, with everything it shows embedded. -EIO
 * when that fails.
 */
int document_write_html(const Document *document, FILE *stream) _must_check_;

/* the slots of every layout */
void document_put_language(FILE *stream, const void *content);
void document_put_title(FILE *stream, const void *content);
void document_put_about(FILE *stream, const void *content);
void document_put_meta(FILE *stream, const void *content);
void document_put_style(FILE *stream, const void *content);
void document_put_running(FILE *stream, const void *content);
void document_put_letterhead(FILE *stream, const void *content);
void document_put_state(FILE *stream, const void *content);
void document_put_made(FILE *stream, const void *content);

/* clang-format off */
#define DOCUMENT_SLOTS \
	{ "language", document_put_language }, { "title", document_put_title }, { "about", document_put_about }, { "meta", document_put_meta }, \
	{ "style", document_put_style }, { "running", document_put_running }, { "state", document_put_state }, \
	{ "made", document_put_made }, { "letterhead", document_put_letterhead }
/* clang-format on */
