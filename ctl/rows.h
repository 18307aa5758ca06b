/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Rows of an answer, one JSON object a line on the way in, printed as --json, --csv or for people. */

#include "client.h"

/**
 * Prints the rows from `fd` (which it takes over) until its end, in constant memory. For people, the first
 * rows decide the widths of the columns. Stops early when nobody reads standard output any more.
 */
void rows_print(const Ctl *ctl, int fd);
/** Printed in place of the first row when there are none: the header of --csv, or a sentence for people. */
void rows_print_none(const Ctl *ctl, char **columns);
