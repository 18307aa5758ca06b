/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A report as a file: PDF, SVG or HTML. Which file it is, and whether it was written whole, is the caller's
 * concern.
 */

#include "report/document.h"
#include "report/print.h"

typedef enum ReportFormat {
	REPORT_FORMAT_PDF,
	REPORT_FORMAT_SVG,
	REPORT_FORMAT_HTML,
	REPORT_FORMAT_MAX,
	REPORT_FORMAT_INVALID = -EINVAL,
} ReportFormat;

DECLARE_STRING_TABLE(report_format, ReportFormat); /* "pdf", "svg", "html": what a file's name ends in */

/** What a report is written as, and for a PDF by whom. */
typedef struct Output {
	ReportFormat format;
	Printer printer;
} Output;

/**
 * Writes to `fd`: a PDF; an SVG with the figures; an HTML page of its own, with everything it shows within.
 * It waits for the printing program. -ENOPKG, -ETIME and -EIO as print_pdf(), -ENOTSUP when the document has
 * no figures; `error` says why in a sentence. The descriptor is not closed.
 */
int output_write(const Document *document, const Output *output, int fd, Error *error) _must_check_;
