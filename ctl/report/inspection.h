/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The report of a span of days for an inspector: what the record lacks, whether its log is whole, and what it
 * holds: sterilisers and their loads, lots, sessions, people, and what was done to the record itself. Each
 * section is what one audit query gives.
 */

#include <stdbool.h>

#include <jansson.h>

#include "report/inspection-sections.h"

typedef struct Inspection {
	char *clinic, *station, *made;     /* owned; made is RFC 3339 */
	const char *from, *to;             /* days, YYYY-MM-DD; NULL: from the beginning, until now */
	bool damaged;                      /* a verification of the ledger found so */
	bool photographs_damaged;          /* ... of the photographs; the ledger itself is sound */
	json_t *rows[INSPECTION_SECTIONS]; /* arrays; NULL: the station keeps no such record */
} Inspection;

Inspection *inspection_new(void);
/** Accepts NULL; returns NULL. */
Inspection *inspection_free(Inspection *inspection);
DEFINE_CLEANUP(Inspection *, inspection_free, inspection_freep);

/** The section with this title; it must be there. */
size_t inspection_section(const char *title);
/** Takes all rows of a section's query, of which it keeps those it is about, in its order. Takes `rows`. */
void inspection_set(Inspection *inspection, size_t section, json_t *rows);
/** Adds a fact to the section about the log. */
void inspection_say(Inspection *inspection, const char *what, const char *format, ...) G_GNUC_PRINTF(3, 4);

/** What each row says, a row a row. The table is the caller's. */
Table *inspection_table(const Inspection *inspection, size_t section);
