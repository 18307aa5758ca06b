/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The report of a span of days for an inspector: what the record lacks, steriliser cycles and their
 * indicators, loads in doubt, lots with their certificates, sessions. Each section is what one audit query
 * gives.
 */

#include "report/output.h"

enum { INSPECTION_SECTIONS = 7 };

typedef struct InspectionSection {
	const char *query;
	bool dated; /* the query takes the span */
	const char *title, *note, *none;
	const TableColumn *columns;
	const char *const
		*keys; /* of a row, one a column: "key", "key:day" or "key:minute" of a time, "key:list" */
	size_t n_columns;
} InspectionSection;

extern const InspectionSection inspection_sections[INSPECTION_SECTIONS];

typedef struct Inspection {
	char *clinic, *station, *made;     /* owned; made is RFC 3339 */
	const char *from, *to;             /* days, YYYY-MM-DD; NULL: from the beginning, until now */
	json_t *rows[INSPECTION_SECTIONS]; /* arrays; NULL: the station keeps no such record */
} Inspection;

Inspection *inspection_new(void);
/** Accepts NULL; returns NULL. */
Inspection *inspection_free(Inspection *inspection);
DEFINE_CLEANUP(Inspection *, inspection_free, inspection_freep);

/** What each row says, a row a row. The table is the caller's. */
Table *inspection_table(const Inspection *inspection, size_t section);

void inspection_document(const Inspection *inspection, Document *ret);
