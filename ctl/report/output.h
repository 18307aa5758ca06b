/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A report as a file: PDF, SVG or HTML. Which file it is, and whether it was written whole, is the caller's
 * concern.
 */

#include <stdio.h>

#include "report/pages.h"
#include "report/report.h"

typedef enum ReportFormat {
	REPORT_FORMAT_PDF,
	REPORT_FORMAT_SVG,
	REPORT_FORMAT_HTML,
	REPORT_FORMAT_MAX,
	REPORT_FORMAT_INVALID = -EINVAL,
} ReportFormat;

DECLARE_STRING_TABLE(report_format, ReportFormat); /* "pdf", "svg", "html": what a file's name ends in */

/** What is written: pages, the same for browsers, and who it is by. */
typedef struct Document {
	const void *content;
	PagesDraw draw;
	int (*html)(const void *content, FILE *stream); /* -EIO when the stream fails */
	char title[64];
	const char *author, *made; /* RFC 3339; may be NULL */
} Document;

void session_document(const Report *report, Document *ret);

/**
 * Writes all pages to `stream`: a PDF; an SVG with the pages below one another; an HTML page of its own, with
 * everything it shows within. -EIO when that fails. The stream is neither flushed nor closed.
 */
int document_write(
	const Document *document, ReportFormat format, ReportPaper paper, FILE *stream) _must_check_;
