/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Options of the command line: one table says what each is called, what it sets, and which commands take it.
 */

#include "commands.h"

/**
 * Reads the options into `ret`; what is left of the words begins at *ret_first. --help and --version are for
 * the caller. CTL_DONE, or CTL_USAGE after printing.
 */
int options_read(
	int argc, char **argv, Ctl *ret, bool *ret_help, bool *ret_version, int *ret_first) _must_check_;
/** CTL_USAGE, after naming it, when an option was given that the command does not take. */
int options_check(const Ctl *ctl, const Command *command) _must_check_;
/** Whether a command's words are `words` or begin with them; all of them begin with "". */
bool command_begins(const char *command, const char *words);
/** Prints the options that the commands take that begin with `words`. */
void options_print(const char *words);
