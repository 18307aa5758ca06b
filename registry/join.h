/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** How the station joins a clinic: stipple-registryd join URL CODE. */

#include "util/error.h"

/**
 * Asks the server at `url` with the one-time `code`, and writes what it answers: the station's certificate,
 * and registry.conf in the folder conf.d beside `config_path`. May be run again with the same code when an
 * answer was lost. Prints what to do next. 0, or a negative errno with a sentence in `error`. Blocks.
 */
int join_clinic(const char *config_path, const char *url, const char *code, Error *error) _must_check_;
