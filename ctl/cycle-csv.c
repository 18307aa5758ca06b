/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads a steriliser's cycles from a table, row by row, as the mapping says. It must not ask the station or
 * record anything, and a row with a bad value must not end the reading.
 */

#include "cycle-mapping.h"

#include <csv.h>
#include <errno.h>
#include <string.h>

#include "csv-text.h"
#include "csv-value.h"
#include "util/clock.h"
#include "util/text.h"

enum { PREAMBLE_MAX = 50 };

/* ---- values ---- */

static int convert_number(
	const CycleMapping *mapping, const char *text, const CycleUnit *unit, json_t **ret, Error *error)
{
	double number;

	if (csv_number(text, mapping->decimal, &number, error) < 0)
		return -EINVAL;
	*ret = json_sprintf("%.10g", number * unit->scale + unit->offset);
	return *ret ? 0 : -ENOMEM;
}

/** Reads a number in the mapping's unit, or a duration as m:ss or h:mm:ss. */
static int convert_duration(
	const CycleMapping *mapping, const char *text, const CycleUnit *unit, json_t **ret, Error *error)
{
	double seconds = 0;
	int parts = 0;

	if (!strchr(text, ':'))
		return convert_number(mapping, text, unit, ret, error);
	for (const char *s = text; *s; parts++) {
		size_t digits = strspn(s, "0123456789");

		if (digits == 0 || digits > 6 || (s[digits] && s[digits] != ':') || parts == 3)
			return error_set(error, -EINVAL, "\"%.40s\" is no duration", text);
		seconds = seconds * 60 + strtod(s, NULL);
		s += digits;
		s += *s == ':' && s[1];
	}
	*ret = json_sprintf("%.10g", seconds);
	return *ret ? 0 : -ENOMEM;
}

static int convert_count(const char *text, json_t **ret, Error *error)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 15 || text[digits])
		return error_set(error, -EINVAL, "\"%.40s\" is no whole number", text);
	*ret = json_sprintf("%lld", strtoll(text, NULL, 10));
	return *ret ? 0 : -ENOMEM;
}

static int convert_time(const CycleMapping *mapping, const char *text, json_t **ret, Error *error)
{
	char utc[CLOCK_UTC_TEXT_MAX];
	int64_t utc_us;

	if (mapping->time) {
		if (csv_time(text, mapping->time, mapping->zone, &utc_us, error) < 0)
			return -EINVAL;
	} else if (!strchr(text, 'T') || clock_parse_utc(text, &utc_us) < 0) {
		return error_set(
			error, -EINVAL, "\"%.40s\" is no time of the form 2026-03-02T10:11:12Z", text);
	}
	clock_format_utc(utc_us, utc);
	*ret = json_sprintf("%.19sZ", utc);
	return *ret ? 0 : -ENOMEM;
}

/** Whether `text` is one of the `words`, which are separated by commas. */
static bool is_word(const char *words, const char *text)
{
	size_t length;

	for (; *words; words += length) {
		words += strspn(words, ", ");
		length = strcspn(words, ",");
		if (length > 0 && strlen(text) == length && strncasecmp(words, text, length) == 0)
			return true;
	}
	return false;
}

static int convert_result(const CycleMapping *mapping, const char *text, json_t **ret, Error *error)
{
	bool pass = is_word(mapping->passes, text);

	if (!pass && !is_word(mapping->fails, text))
		return error_set(error, -EINVAL,
			"\"%.40s\" is neither of the words for pass (%.60s) nor for fail (%.60s)", text,
			mapping->passes, mapping->fails);
	*ret = json_string(pass ? "pass" : "fail");
	return *ret ? 0 : -ENOMEM;
}

static int convert_number_field(
	const CycleMapping *mapping, const RecordField *field, const char *text, json_t **ret, Error *error)
{
	if (strcmp(field->unit, "s") == 0)
		return convert_duration(mapping, text, mapping->duration, ret, error);
	return convert_number(mapping, text,
		strcmp(field->unit, "C") == 0 ? mapping->temperature : mapping->pressure, ret, error);
}

static int convert_field(
	const CycleMapping *mapping, const RecordField *field, const char *text, json_t **ret, Error *error)
{
	error_set(error, -ENOMEM, "out of memory");
	if (field->type == FIELD_NUMBER)
		return convert_number_field(mapping, field, text, ret, error);
	if (field->type == FIELD_COUNT)
		return convert_count(text, ret, error);
	if (field->type == FIELD_TIME)
		return convert_time(mapping, text, ret, error);
	if (field->choices)
		return convert_result(mapping, text, ret, error);
	if (!text_is_printable(text, 500))
		return error_set(error, -EINVAL, "it is no text of up to 500 bytes of UTF-8");
	*ret = json_string(text);
	return *ret ? 0 : -ENOMEM;
}

/* ---- the table ---- */

typedef struct Reader {
	const CycleMapping *mapping;
	int (*take)(void *userdata, const CycleRow *row);
	void *userdata;
	json_t *head, *cells; /* arrays of text */
	size_t line, row_line;
	size_t preamble, most; /* rows before the header, and how many columns the likeliest of them has */
	Error lacking;
	int result;
	Error *error;
} Reader;

/** The index of the column with that name, searching from `from` on; -1: none. */
static ssize_t column_of(const Reader *reader, const char *name, size_t length, size_t from)
{
	for (size_t i = from; i < json_array_size(reader->head); i++) {
		json_t *head = json_array_get(reader->head, i);

		if (json_string_length(head) == length && memcmp(json_string_value(head), name, length) == 0)
			return (ssize_t)i;
	}
	return -1;
}

typedef struct Column {
	const char *name; /* of `length` bytes */
	size_t length;
	ssize_t index; /* -1: it is not in the table */
} Column;

/** Takes the next of the column names in `names`, which are joined by '+'. False at the end. */
static bool next_column(const Reader *reader, const char **names, Column *ret)
{
	size_t length, end;

	*names += strspn(*names, " ");
	if (!**names)
		return false;
	end = length = strcspn(*names, "+");
	while (length > 0 && (*names)[length - 1] == ' ')
		length--;
	*ret = (Column){ *names, length, column_of(reader, *names, length, 0) };
	*names += end + ((*names)[end] == '+');
	return true;
}

static const char *names_of(const Reader *reader, size_t field)
{
	const char *names = reader->mapping->columns[field];

	return names ? names : cycle_field(field)->name;
}

static void write_cell(const Reader *reader, size_t column, FILE *file)
{
	const char *text = json_string_value(json_array_get(reader->cells, column));

	if (text && *text)
		fprintf(file, "%s%s", ftell(file) > 0 ? " " : "", text);
}

/** What the table says of a field: its cells, joined by blanks; "" where it has none. NULL: out of memory. */
static char *csv_cell_text(const Reader *reader, size_t field)
{
	const char *names = names_of(reader, field);
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);
	Column column;

	if (!file)
		return NULL;
	while (next_column(reader, &names, &column) && column.index >= 0)
		write_cell(reader, (size_t)column.index, file);
	return fclose(file) == 0 ? text : NULL;
}

static int read_cycle_field(const Reader *reader, size_t i, json_t *row, Error *error)
{
	_cleanup_(freep) char *cell = csv_cell_text(reader, i);
	const char *constant = reader->mapping->constants[i], *text = cell && *cell ? cell : constant;
	const RecordField *field = cycle_field(i);
	Error why;
	json_t *value = NULL;

	if (!cell)
		return error_set(error, -ENOMEM, "out of memory");
	if (!text)
		return field->optional ? 0 : error_set(error, -EINVAL, "%s is missing", field->name);
	if (convert_field(reader->mapping, field, text, &value, &why) < 0)
		return error_set(error, -EINVAL, "%s: %.200s", field->name, why.text);
	return json_object_set_new(row, field->name, value) < 0 ? error_set(error, -ENOMEM, "out of memory")
								: 0;
}

static int read_cycle_fields(const Reader *reader, json_t *row, Error *error)
{
	if (json_array_size(reader->cells) > json_array_size(reader->head))
		return error_set(error, -EINVAL, "it has %zu cells, the head of the table has %zu",
			json_array_size(reader->cells), json_array_size(reader->head));
	for (size_t i = 0; cycle_field(i); i++) {
		int r = read_cycle_field(reader, i, row, error);

		if (r < 0)
			return r;
	}
	return 0;
}

static int read_row(Reader *reader)
{
	json_auto_t *made = json_object();
	CycleRow row = { .line = reader->row_line, .fields = made };
	Error error = { .text = "out of memory" };

	if (!made || read_cycle_fields(reader, made, &error) < 0) {
		row.fields = NULL;
		row.bad = error.text;
	}
	return reader->take(reader->userdata, &row);
}

/** -ENODATA: a column is missing, so this row is not the header; `error` names the column. */
static int check_column(const Reader *reader, size_t i, const Column *column, Error *error)
{
	const RecordField *field = cycle_field(i);
	int length = column->length < 80 ? (int)column->length : 80;
	ssize_t twin;

	if (column->index < 0) {
		if (!reader->mapping->columns[i] && (field->optional || reader->mapping->constants[i]))
			return 0;
		return error_set(error, -ENODATA,
			"the table has no column \"%.*s\" for the field %s: name it in [columns] of a mapping",
			length, column->name, field->name);
	}
	twin = column_of(reader, column->name, column->length, (size_t)column->index + 1);
	if (twin < 0)
		return 0;
	return error_set(error, -EINVAL,
		"columns %zd and %zd are both called \"%.*s\": which of them is the field %s nobody can tell; give "
		"them names of their own",
		column->index + 1, twin + 1, length, column->name, field->name);
}

/**
 * Every required field must have its columns, and every column that the mapping names must occur exactly
 * once.
 */
static int check_head(Reader *reader, size_t *ret_found, Error *error)
{
	int result = 0;

	*ret_found = 0;
	for (size_t i = 0; cycle_field(i); i++) {
		const char *names = names_of(reader, i);
		Column column;
		Error why;

		while (next_column(reader, &names, &column)) {
			int r = check_column(reader, i, &column, &why);

			*ret_found += column.index >= 0;
			if (r < 0 && result != -EINVAL && (result == 0 || r == -EINVAL)) {
				*error = why;
				result = r;
			}
		}
	}
	return result;
}

/**
 * Handles a row before the header was found: it is the header, or a line that a device writes before it. If
 * no header is found, the error names what is missing in the row that looked most like one.
 */
static int take_head(Reader *reader)
{
	Error error;
	size_t found;
	int r;

	reader->head = json_incref(reader->cells);
	r = check_head(reader, &found, &error);
	if (r == 0)
		return 0;
	json_decref(reader->head);
	reader->head = NULL;
	if (r != -ENODATA) {
		*reader->error = error;
		return r;
	}
	if (reader->preamble == 0 || found > reader->most) {
		reader->lacking = error;
		reader->most = found;
	}
	if (++reader->preamble < PREAMBLE_MAX)
		return 0;
	*reader->error = reader->lacking;
	return -EINVAL;
}

static void on_cell(void *text, size_t size, void *userdata)
{
	Reader *reader = userdata;
	json_t *cell = json_stringn(text, size);

	if (reader->row_line == 0)
		reader->row_line = reader->line;
	/* text that is not UTF-8 cannot be used; this mark makes the cell fail when it is read */
	if (json_array_append_new(reader->cells, cell ? cell : json_string("\x7f")) < 0)
		reader->result = -ENOMEM;
}

static bool is_empty(const json_t *cells)
{
	return json_array_size(cells) == 0 ||
	       (json_array_size(cells) == 1 && json_string_length(json_array_get(cells, 0)) == 0);
}

static void on_row(int end, void *userdata)
{
	Reader *reader = userdata;

	if (reader->result == 0 && !is_empty(reader->cells)) {
		reader->result = reader->head ? read_row(reader) : take_head(reader);
	}
	json_decref(reader->cells);
	reader->cells = json_array();
	reader->row_line = 0;
	if (!reader->cells && reader->result == 0)
		reader->result = -ENOMEM;
}

static bool is_blank(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!strchr(" \t\r\n", text[i]))
			return false;
	return true;
}

static int parse_line(Reader *reader, struct csv_parser *parser, const char *text, size_t size)
{
	reader->line++;
	/* libcsv silently skips empty lines between rows */
	if (reader->row_line == 0 && !is_blank(text, size))
		reader->row_line = reader->line;
	if (csv_parse(parser, text, size, on_cell, on_row, reader) != size)
		return error_set(reader->error, -EINVAL, "line %zu: %s", reader->line,
			csv_strerror(csv_error(parser)));
	return reader->result;
}

static int parse_table(Reader *reader, struct csv_parser *parser, const char *text, size_t size)
{
	for (size_t n; size > 0; text += n, size -= n) {
		const char *end = memchr(text, '\n', size);
		int r;

		n = end ? (size_t)(end - text) + 1 : size;
		r = parse_line(reader, parser, text, n);
		if (r != 0)
			return r;
	}
	if (csv_fini(parser, on_cell, on_row, reader) != 0)
		return error_set(reader->error, -EINVAL, "line %zu: a quote is not closed", reader->line);
	return reader->result;
}

/** The separator between cells: from the file's own first line, or from the mapping. */
static int find_separator(Reader *reader, const char **text, size_t *size, char *ret)
{
	size_t line = 0;
	char separator = csv_text_separator(*text, &line);

	*ret = reader->mapping->separator;
	if (!separator)
		return 0;
	if (!strchr(",;\t|", separator))
		return error_set(reader->error, -EINVAL,
			"line 1 says that \"%.1s\" is between cells, which is none of , ; | and a tab",
			&separator);
	*text += line;
	*size -= line;
	reader->line = 1;
	*ret = separator;
	return 0;
}

static int read_text(Reader *reader, const char *text, size_t size)
{
	struct csv_parser parser;
	char separator;
	int r = find_separator(reader, &text, &size, &separator);

	if (r < 0)
		return r;
	if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL) != 0)
		return -ENOMEM;
	csv_set_delim(&parser, (unsigned char)separator);
	r = parse_table(reader, &parser, text, size);
	csv_free(&parser);
	if (r != 0 || reader->head)
		return r;
	if (reader->preamble == 0)
		return error_set(reader->error, -EINVAL, "the table is empty");
	*reader->error = reader->lacking;
	return -EINVAL;
}

int cycle_csv_read(FILE *file, const CycleMapping *mapping, int (*take)(void *userdata, const CycleRow *row),
	void *userdata, Error *error)
{
	_cleanup_(freep) char *text = NULL;
	Reader reader = { .mapping = mapping, .take = take, .userdata = userdata, .error = error };
	size_t size = 0;
	int r = csv_text_read(file, mapping->charset, &text, &size, error);

	if (r < 0)
		return r;
	error_set(error, -ENOMEM, "out of memory");
	reader.cells = json_array();
	r = reader.cells ? read_text(&reader, text, size) : -ENOMEM;
	json_decref(reader.cells);
	json_decref(reader.head);
	return r;
}
