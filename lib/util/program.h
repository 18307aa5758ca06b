/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What programs with an event loop do before the loop begins and after it has ended. */

/** Leaves signals to the loop. Call it before the first thread starts, so that all threads inherit it. */
void program_block_signals(void);
/** Restarts the program with the same arguments. Returns EXIT_FAILURE, already logged, when that fails. */
int program_start_over(char **argv);
