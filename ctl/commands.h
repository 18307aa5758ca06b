/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** One function a command; `arguments` are the words after the command's own, `n` how many. */

#include "client.h"

typedef struct Command {
	const char *words;     /* "session begin" */
	const char *arguments; /* for --help */
	int least, most;       /* how many arguments */
	int (*run)(Ctl *ctl, int n, char **arguments);
	const char *help;
	bool alone; /* needs no bus */
} Command;

/** NULL-terminated by `words`. */
extern const Command station_commands[], session_commands[], record_commands[], code_commands[];
