/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Reads a steriliser's cycles from the table (CSV) that the steriliser, or the program that collects its
 * printouts, writes. A mapping says which column holds what. Without a mapping, the columns have the names
 * of the fields of cycle.recorded (docs/ledger.md). stipplectl(1) describes the mapping file.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

#include "util/error.h"

typedef struct CycleMapping CycleMapping;

/**
 * Reads the mapping of `path`; NULL: the default mapping. -EINVAL or the errno of reading, with file and
 * line.
 */
int cycle_mapping_load(const char *path, CycleMapping **ret, Error *error) _must_check_;
/** Sets the zone of times without an offset, as csv_zone_exists() knows it. -EINVAL, -ENOMEM with `error`. */
int cycle_mapping_set_zone(CycleMapping *mapping, const char *zone, Error *error) _must_check_;
CycleMapping *cycle_mapping_free(CycleMapping *mapping);
DEFINE_CLEANUP(CycleMapping *, cycle_mapping_free, cycle_mapping_freep);

/** One row of the table. */
typedef struct CycleRow {
	size_t line;     /* at which it begins, from 1 */
	json_t *fields;  /* the fields of cycle.recorded, all text; borrowed. NULL: the row is bad ... */
	const char *bad; /* ... for this reason */
} CycleRow;

/**
 * Calls `take` for each row under the header of the table, in order. A non-zero answer ends the reading and
 * is returned. Leading lines of a device and `sep=` are skipped. Times without an offset are in the
 * mapping's zone. A value that can be read in two ways makes its row bad. Negative errno with `error` when
 * the whole table cannot be used. Blocks on the disk.
 */
int cycle_csv_read(FILE *file, const CycleMapping *mapping, int (*take)(void *userdata, const CycleRow *row),
	void *userdata, Error *error) _must_check_;
