/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A table of texts, row by row. How it looks is the concern of who writes it. */

#include <glib.h>

#include "util/cleanup.h"

typedef enum CellStyle {
	CELL_TEXT,
	CELL_STRONG, /* what names the row */
	CELL_NUMBER, /* to be read from its end */
	CELL_CODE,   /* to be compared letter by letter */
	CELL_STYLE_MAX,
} CellStyle;

typedef struct TableColumn {
	const char *title;
	double share; /* of the width; all together 1 */
	CellStyle style;
	const char *cell; /* pattern of what stands in it (report/cell.h); NULL: who fills the table knows */
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

/** Adds a cell; takes the text, which may be NULL. */
void table_add(Table *table, char *text);
size_t table_rows(const Table *table);
/** NULL: nothing stands there. */
const char *table_cell(const Table *table, size_t row, size_t column);
