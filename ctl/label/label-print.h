/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Sends a document to a printer of CUPS, with lp and lpstat in processes of their own. */

#include <stdbool.h>

#include "util/error.h"

/** Whether a printer of CUPS can have this name. */
bool label_printer_name_ok(const char *printer);

/**
 * Whether the printer takes and prints jobs now. Waits at most 15 s. -ENOPKG: lp is not installed. -ENODEV:
 * there is no such printer, or no print service. -EBUSY: it is stopped, or takes no jobs. -ETIME: the print
 * service does not answer. `error` says it in a sentence with the next step.
 */
int label_printer_check(const char *printer, Error *error) _must_check_;

typedef struct PrintJob {
	const char *printer, *title;
	int width_mm, height_mm; /* of each page */
	int document;            /* a PDF; read from its beginning */
} PrintJob;

enum { PRINT_JOB_NAME_MAX = 160 };

/**
 * Hands the document over. ret: the name of the job at the print service. It may still wait there, for paper
 * for example. Waits at most 30 s. Errors as label_printer_check(); -EIO: lp failed.
 */
int label_print(const PrintJob *job, char ret[PRINT_JOB_NAME_MAX], Error *error) _must_check_;
