/* SPDX-License-Identifier: Apache-2.0 */

/** Keeps the texts of a table. It lays nothing out. */

#include "report/table.h"

Table *table_new(const TableColumn *columns, size_t n_columns)
{
	Table *table = g_new0(Table, 1);

	table->columns = columns;
	table->n_columns = n_columns;
	table->cells = g_ptr_array_new_with_free_func(free);
	return table;
}

Table *table_free(Table *table)
{
	if (table)
		g_ptr_array_unref(table->cells);
	g_free(table);
	return NULL;
}

void table_add(Table *table, char *text)
{
	g_ptr_array_add(table->cells, text);
}

size_t table_rows(const Table *table)
{
	return table->cells->len / table->n_columns;
}

const char *table_cell(const Table *table, size_t row, size_t column)
{
	return g_ptr_array_index(table->cells, row * table->n_columns + column);
}
