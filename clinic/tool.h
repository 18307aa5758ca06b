/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** PostgreSQL's own programs: pg_dump, pg_restore. Only in commands, which have one thread. */

#include "owned-file.h"

typedef struct Tool {
	const char *const *words; /* the first is a program that is looked for in PATH; NULL ends them */
	const char *connection;   /* as libpq takes it; goes into the environment, never into words */
	Owner owner;              /* as root: who runs it */
	int in, out;              /* its standard input and output; -1: none */
} Tool;

/**
 * Runs it to its end, however long that takes. -ENOPKG: it is not installed; -EIO: it failed; with its last
 * line of errors in `error`.
 */
int tool_run(const Tool *tool, Error *error) _must_check_;
