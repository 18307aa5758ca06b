/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Prints a page of HTML as PDF, with WeasyPrint in a process of its own. */

#include "util/error.h"

typedef struct Printer {
	const char *program; /* a path, or a name that is looked for in PATH */
	int limit_ms;        /* the program is stopped after this time */
} Printer;

/**
 * Prints the rest of `html` from its position and writes a tagged PDF (PDF/UA) to `pdf`. The page must not
 * refer to anything outside itself, because the program would fetch it. The program gets the page as its
 * standard input, so that the page is never stored in a file. Waits for the program.
 *
 * -ENOPKG: the program is not installed. -ETIME: it was stopped. -EIO: it failed. In all cases `error` says
 * why in a sentence.
 */
int print_pdf(const Printer *printer, int html, int pdf, Error *error) _must_check_;
