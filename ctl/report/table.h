/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A table of texts, row by row. It does not know how it will look. */

#include <glib.h>

#include "util/cleanup.h"

typedef enum CellStyle {
	CELL_TEXT,
	CELL_STRONG, /* the row's name */
	CELL_NUMBER, /* aligned at its end */
	CELL_CODE,   /* in a font for comparing letter by letter */
	CELL_STYLE_MAX,
} CellStyle;

typedef struct TableColumn {
	const char *title;
	double share; /* of the width; all shares add up to 1 */
	CellStyle style;
	const char *cell; /* pattern of the cell (report/cell.h); NULL: who fills the table decides */
} TableColumn;

typedef struct Table {
	const TableColumn *columns;
	size_t n_columns;
	GPtrArray *cells; /* row by row, owned; NULL: a dash */
} Table;

Table *table_new(const TableColumn *columns, size_t n_columns);
/** Accepts NULL; returns NULL. */
Table *table_free(Table *table);
DEFINE_CLEANUP(Table *, table_free, table_freep);

/** Adds a cell. Takes ownership of the text, which may be NULL. */
void table_add(Table *table, char *text);
size_t table_rows(const Table *table);
/** The text of a cell; NULL: the cell is empty. */
const char *table_cell(const Table *table, size_t row, size_t column);
