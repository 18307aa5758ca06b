/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What stipple-registryd does for a person, instead of running: join, renew. */

/** `words`: what follows the options. Returns the program's status: 0 done, 1 failed, 2 not understood. */
int command_run(const char *config_path, char **words, int n);
