/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Why something failed: a code for the calling program, and a sentence for the person who asked. It logs
 * nothing, and allocates nothing.
 */

#include "util/cleanup.h"

enum { ERROR_TEXT_MAX = 512 };

typedef struct Error {
	int code;                  /* a negative errno; 0: nothing failed */
	char text[ERROR_TEXT_MAX]; /* what failed, and the next step; "" nothing. UTF-8; longer texts are
				      truncated */
} Error;

/** Fills in `error` (may be NULL) and returns `code`, so that `return error_set(...)` ends a function. */
int error_set(Error *error, int code, const char *format, ...) _printf_(3, 4);
