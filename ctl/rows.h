/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Rows of an answer, one JSON object a line on the way in, printed as --json, --csv or for people. */

#include "client.h"

/**
 * Prints what comes from `fd` (owned from here) until its end, in constant memory. For people the columns are
 * as wide as the first rows need. Stops early when nobody reads standard output any more.
 */
void rows_print(const Ctl *ctl, int fd);
/** What is printed in place of the first row when there are none: the head of --csv, or a word to people. */
void rows_print_none(const Ctl *ctl, char **columns);
