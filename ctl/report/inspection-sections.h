/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The sections of an inspector's report, as a table. */

#include <stdbool.h>

#include "report/table.h"

enum { INSPECTION_SECTIONS = 24 };

typedef struct InspectionSection {
	const char *query;       /* NULL: the section has facts from inspection_say() instead of a query */
	const char *only, *like; /* an argument of the query and its value; NULL: none */
	bool dated;              /* the query takes the span of days */
	const char *title, *note, *none;
	const char *figure;           /* label of its count at the top; NULL: not shown there */
	const char *having, *lacking; /* only rows with, or without, this value */
	const char *sort;             /* the time or name that orders the rows; NULL: as they came */
	const TableColumn *columns;   /* with the cells' patterns */
	size_t n_columns;
} InspectionSection;

extern const InspectionSection inspection_sections[INSPECTION_SECTIONS];
