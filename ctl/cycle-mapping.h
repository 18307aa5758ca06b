/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The mapping of a table of cycles, as it was read: shared by the files that read such a table. Nothing else
 * includes it.
 */

#include "cycle-csv.h"
#include "record/record.h"

enum { CYCLE_FIELDS_MAX = 24 };

/** A unit: value * scale + offset gives the value in the record's unit. */
typedef struct CycleUnit {
	const char *name;
	double scale, offset;
} CycleUnit;

struct CycleMapping {
	char separator;
	char decimal;        /* '.', ','; '\0': not said */
	const char *charset; /* for csv_text_read() */
	char *time;          /* for strptime(); NULL: RFC 3339 */
	char *zone;          /* of times without an offset; NULL: there are none */
	const CycleUnit *temperature, *pressure, *duration;
	char *columns[CYCLE_FIELDS_MAX]; /* heads of columns, separated by '+'; NULL: the field's own name */
	char *constants[CYCLE_FIELDS_MAX]; /* NULL: none */
	char *passes, *fails;              /* words for a result, separated by commas */
};

/** The fields of cycle.recorded that a table may have, by index; NULL after the last. */
const RecordField *cycle_field(size_t i);
