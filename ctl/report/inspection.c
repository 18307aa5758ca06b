/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Sorts the rows of an inspector's report into its sections. It must not ask the daemon, and must keep every
 * row that belongs to a section.
 */

#include "report/inspection.h"

#include <assert.h>
#include <string.h>

#include "report/cell.h"

Inspection *inspection_new(void)
{
	return g_new0(Inspection, 1);
}

Inspection *inspection_free(Inspection *inspection)
{
	if (!inspection)
		return NULL;
	for (size_t i = 0; i < INSPECTION_SECTIONS; i++)
		json_decref(inspection->rows[i]);
	free(inspection->clinic);
	free(inspection->station);
	free(inspection->made);
	g_free(inspection);
	return NULL;
}

/* ---- rows ---- */

size_t inspection_section(const char *title)
{
	for (size_t i = 0; i < INSPECTION_SECTIONS; i++)
		if (strcmp(inspection_sections[i].title, title) == 0)
			return i;
	assert(false);
	return 0;
}

static bool has(const json_t *row, const char *key)
{
	const json_t *value = json_object_get(row, key);

	return value && !json_is_null(value);
}

static gint by_text(gconstpointer a, gconstpointer b, gpointer key)
{
	const char *first = json_string_value(json_object_get(*(json_t *const *)a, key));
	const char *second = json_string_value(json_object_get(*(json_t *const *)b, key));

	return g_strcmp0(first, second);
}

void inspection_set(Inspection *inspection, size_t section, json_t *rows)
{
	const InspectionSection *about = &inspection_sections[section];
	GPtrArray *kept = g_ptr_array_new();
	json_t *row, *sorted = json_array();
	size_t i;

	json_array_foreach (rows, i, row)
		if ((!about->having || has(row, about->having)) &&
			!(about->lacking && has(row, about->lacking)))
			g_ptr_array_add(kept, row);
	if (about->sort)
		g_ptr_array_sort_with_data(kept, by_text, (gpointer)about->sort);
	for (guint k = 0; k < kept->len; k++)
		json_array_append(sorted, g_ptr_array_index(kept, k));
	g_ptr_array_unref(kept);
	json_decref(rows);
	json_decref(inspection->rows[section]);
	inspection->rows[section] = sorted;
}

void inspection_say(Inspection *inspection, const char *what, const char *format, ...)
{
	json_t **rows = &inspection->rows[inspection_section("The log")];
	_cleanup_(freep) char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	if (!*rows)
		*rows = json_array();
	json_array_append_new(*rows, json_pack("{s:s, s:s}", "what", what, "says", g_strchomp(text)));
}

Table *inspection_table(const Inspection *inspection, size_t section)
{
	const InspectionSection *found = &inspection_sections[section];
	Table *table = table_new(found->columns, found->n_columns);
	size_t i;
	json_t *row;

	json_array_foreach (inspection->rows[section], i, row)
		for (size_t column = 0; column < found->n_columns; column++)
			table_add(table, found->columns[column].cell[0]
						 ? cell_text(row, found->columns[column].cell)
						 : strdup(""));
	return table;
}
