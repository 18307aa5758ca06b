/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Prints a page of HTML as PDF, with WeasyPrint in a process of its own. */

#include "util/error.h"

typedef struct Printer {
	const char *program; /* a path, or a name that is looked for in PATH */
	int limit_ms;        /* after which it is stopped */
} Printer;

/**
 * Prints what `html` holds from its position on and writes a tagged PDF (PDF/UA) to `pdf`. The page must name
 * nothing outside of itself: the program would fetch it. It is handed the page as its input, so that nothing
 * of it stands in a file meanwhile. Waits for it.
 *
 * -ENOPKG: the program is not installed. -ETIME: it was stopped. -EIO: it failed, and `error` says why in a
 * sentence, as it does for the others.
 */
int print_pdf(const Printer *printer, int html, int pdf, Error *error) _must_check_;
