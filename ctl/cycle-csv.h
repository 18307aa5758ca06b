/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Cycles of a steriliser from the table (CSV) that it, or the program that collects its printouts, writes.
 * A mapping says which column holds what; without one the columns bear the names of the fields of
 * cycle.recorded (docs/ledger.md). stipplectl(1) describes the mapping file.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

#include "util/error.h"

typedef struct CycleMapping CycleMapping;

/** The mapping of `path`; NULL: that without a file. -EINVAL or the errno of reading, with file and line. */
int cycle_mapping_load(const char *path, CycleMapping **ret, Error *error) _must_check_;
CycleMapping *cycle_mapping_free(CycleMapping *mapping);
DEFINE_CLEANUP(CycleMapping *, cycle_mapping_free, cycle_mapping_freep);

/** One row of the table. */
typedef struct CycleRow {
	size_t line;     /* at which it begins, from 1 */
	json_t *fields;  /* of cycle.recorded, all text; borrowed. NULL: the row is bad ... */
	const char *bad; /* ... for this reason */
} CycleRow;

/**
 * Hands over all rows under the head of the table in their order; a non-zero answer ends it and is returned.
 * Leading lines of a device and `sep=` are passed over. Times without an offset are those of the mapping's
 * zone. What can be read in two ways makes its row bad. Negative errno with `error` when the table
 * as a whole cannot be used. Blocks on the disk.
 */
int cycle_csv_read(FILE *file, const CycleMapping *mapping, int (*take)(void *userdata, const CycleRow *row),
	void *userdata, Error *error) _must_check_;
