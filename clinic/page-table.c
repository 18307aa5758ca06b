/* SPDX-License-Identifier: Apache-2.0 */

/** Writes rows. It must not trust a text of them: it may come from a station. */

#include "page-table.h"

#include <stdbool.h>
#include <string.h>

#include <jansson.h>

/* of the catalog of types, fixed for all versions */
enum {
	TYPE_BOOL = 16,
	TYPE_INT8 = 20,
	TYPE_INT2 = 21,
	TYPE_INT4 = 23,
	TYPE_FLOAT8 = 701,
	TYPE_NUMERIC = 1700
};

static bool is_number(const PGresult *rows, int column)
{
	switch (PQftype(rows, column)) {
	case TYPE_INT8:
	case TYPE_INT2:
	case TYPE_INT4:
	case TYPE_FLOAT8:
	case TYPE_NUMERIC:
		return true;
	default:
		return false;
	}
}

static json_t *json_cell(const PGresult *rows, int row, int column)
{
	const char *text = PQgetvalue(rows, row, column);
	Oid type = PQftype(rows, column);

	if (PQgetisnull(rows, row, column))
		return json_null();
	if (type == TYPE_BOOL)
		return json_boolean(text[0] == 't');
	if (type == TYPE_NUMERIC || type == TYPE_FLOAT8)
		return json_real(strtod(text, NULL));
	return is_number(rows, column) ? json_integer(strtoll(text, NULL, 10)) : json_string(text);
}

Answer page_table_json(const PGresult *rows)
{
	json_t *columns = json_array(), *lines = json_array();
	json_auto_t *table = json_pack("{s:o, s:o}", "columns", columns, "rows", lines);

	for (int i = 0; i < PQnfields(rows); i++)
		json_array_append_new(columns, json_string(PQfname(rows, i)));
	for (int i = 0; i < PQntuples(rows); i++) {
		json_t *line = json_array();

		for (int j = 0; j < PQnfields(rows); j++)
			json_array_append_new(line, json_cell(rows, i, j));
		json_array_append_new(lines, line);
	}
	return answer_text(200, "application/json", table ? json_dumps(table, JSON_COMPACT) : NULL);
}

static void write_csv_cell(FILE *stream, const char *text, bool number)
{
	bool formula = !number && strchr("=+-@\t\r", text[0]) && text[0] != '\0';

	fputs(formula ? "\"'" : "\"", stream);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', stream);
		fputc(*text, stream);
	}
	fputc('"', stream);
}

static void write_csv(FILE *stream, const PGresult *rows)
{
	int n = PQnfields(rows);

	fputs("\xef\xbb\xbf", stream);
	for (int i = 0; i < n; i++)
		fprintf(stream, "%s%s", PQfname(rows, i), i + 1 < n ? "," : "\r\n");
	for (int i = 0; i < PQntuples(rows); i++)
		for (int j = 0; j < n; j++) {
			if (!PQgetisnull(rows, i, j))
				write_csv_cell(stream, PQgetvalue(rows, i, j), is_number(rows, j));
			fputs(j + 1 < n ? "," : "\r\n", stream);
		}
}

Answer page_table_csv(const PGresult *rows, const char *name)
{
	char *text = NULL, disposition[128];
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	bool whole;
	Answer answer;

	if (!stream)
		return answer_text(500, "", NULL);
	write_csv(stream, rows);
	whole = !ferror(stream);
	if (fclose(stream) != 0 || !whole) {
		free(text);
		return answer_text(500, "", NULL);
	}
	answer = answer_bytes(200, "text/csv; charset=utf-8", text, size);
	snprintf(disposition, sizeof disposition, "attachment; filename=\"stipple-%.60s.csv\"", name);
	answer_add_header(&answer, "Content-Disposition", disposition);
	return answer;
}
