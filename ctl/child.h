/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Another program that is run to its end: WeasyPrint, lp. */

#include "util/error.h"

enum { CHILD_LINE_MAX = 256 };

typedef struct Child {
	const char *const
		*arguments; /* the first is a path, or a name that is looked for in PATH; NULL ends them */
	int in, out;        /* its standard input and output */
	int limit_ms;       /* it is stopped after this time */
} Child;

/** The program's status and the last line of its error output that is not empty. */
typedef struct ChildEnd {
	int status; /* as of waitpid() */
	char line[CHILD_LINE_MAX];
} ChildEnd;

/**
 * Runs the program and waits for it. It gets no sign-in to share: CTL_TOKEN_VARIABLE is taken out of the
 * environment, which this program read when it connected to the bus. 0 when it ended by itself, whatever its
 * status. -ENOPKG: it is not installed. -ETIME: it was stopped. -EIO: it could not be run. In these cases
 * `error` says why in a sentence.
 */
int child_run(const Child *child, ChildEnd *ret, Error *error) _must_check_;
