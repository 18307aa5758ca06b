/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Options of the command line. One table says what each option is called, what it sets, and which commands
 * take it.
 */

#include "commands.h"

/**
 * Reads the options into `ret`; the remaining words begin at *ret_first. The caller handles --help and
 * --version. CTL_DONE, or CTL_USAGE after printing.
 */
int options_read(
	int argc, char **argv, Ctl *ret, bool *ret_help, bool *ret_version, int *ret_first) _must_check_;
/** Returns CTL_USAGE, after naming the option, when the command does not take an option that was given. */
int options_check(const Ctl *ctl, const Command *command) _must_check_;
/** Whether a command's name is or begins with `words`; every name begins with "". */
bool command_begins(const char *command, const char *words);
/** Prints the options of the commands whose names begin with `words`. */
void options_print(const char *words);
