/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What programs with an event loop do before it begins and after it has ended. */

/** Leaves signals to the loop. To be called before the first thread starts, so that they all inherit it. */
void program_block_signals(void);
/** Becomes the program anew, with the same arguments. Returns EXIT_FAILURE, logged, where that fails. */
int program_start_over(char **argv);
