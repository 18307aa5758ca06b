/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Writes a report as PDF, SVG or HTML. The caller chooses the file and makes sure that it is complete. */

#include "report/document.h"
#include "report/print.h"

typedef enum ReportFormat {
	REPORT_FORMAT_PDF,
	REPORT_FORMAT_SVG,
	REPORT_FORMAT_HTML,
	REPORT_FORMAT_MAX,
	REPORT_FORMAT_INVALID = -EINVAL,
} ReportFormat;

DECLARE_STRING_TABLE(report_format, ReportFormat); /* "pdf", "svg", "html": the ending of the file's name */

/** The format of a report, and for a PDF the program that prints it. */
typedef struct Output {
	ReportFormat format;
	Printer printer;
	void (*look)(const char
			*page); /* at the page that becomes a PDF, once, before it is printed; NULL: nobody */
} Output;

/**
 * Writes to `fd`: a PDF, an SVG with the figures, or a self-contained HTML page. Waits for the printing
 * program. -ENOPKG, -ETIME and -EIO as print_pdf(); -ENOTSUP when the document has no figures. `error` says
 * why in a sentence. The descriptor is not closed.
 */
int output_write(const Document *document, const Output *output, int fd, Error *error) _must_check_;
