/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * An inspector's report about a span of days: what the record lacks, whether its log is whole, and what it
 * holds: sterilisers and their loads, lots, sessions, people, and what was done to the record itself. Each
 * section is the answer of one audit query.
 */

#include <stdbool.h>

#include <jansson.h>

#include "report/inspection-sections.h"

typedef struct Inspection {
	char *clinic, *station, *made;     /* owned; made is RFC 3339 */
	const char *from, *to;             /* days, YYYY-MM-DD; NULL: from the beginning, or until now */
	bool damaged;                      /* a verification found the ledger damaged */
	bool photographs_damaged;          /* ... or photographs; the ledger itself is sound */
	json_t *rows[INSPECTION_SECTIONS]; /* arrays; NULL: this station has no such records */
} Inspection;

Inspection *inspection_new(void);
/** Accepts NULL; returns NULL. */
Inspection *inspection_free(Inspection *inspection);
DEFINE_CLEANUP(Inspection *, inspection_free, inspection_freep);

/** The section with this title; it must be there. */
size_t inspection_section(const char *title);
/**
 * Adds the rows of a section's query: keeps those that belong to the section, in its order. Takes ownership
 * of `rows`.
 */
void inspection_set(Inspection *inspection, size_t section, json_t *rows);
/** Adds a fact to the section about the log. */
void inspection_say(Inspection *inspection, const char *what, const char *format, ...) G_GNUC_PRINTF(3, 4);

/** The rows of a section as a table. The caller frees it. */
Table *inspection_table(const Inspection *inspection, size_t section);
