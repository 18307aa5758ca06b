/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads a steriliser's cycles from a table, row by row, as the mapping says. It asks no station and records
 * nothing, and a row with a bad value must not end the reading.
 */

#include "cycle-csv.h"

#include <csv.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "config/ini-file.h"
#include "csv-text.h"
#include "csv-value.h"
#include "util/clock.h"
#include "util/text.h"

enum { PREAMBLE_MAX = 50, REASON_MAX = 256 };

_Static_assert((int)CSV_VALUE_ERROR_MAX <= (int)REASON_MAX, "a value's reason fits a row's");

typedef enum Convert {
	CONVERT_TEXT,
	CONVERT_COUNT,
	CONVERT_TIME,
	CONVERT_TEMPERATURE,
	CONVERT_PRESSURE,
	CONVERT_DURATION,
	CONVERT_RESULT,
} Convert;

static const struct {
	const char *name;
	Convert convert;
	bool needed;
} fields[] = {
	{ "sterilizer", CONVERT_TEXT, true },
	{ "cycle", CONVERT_COUNT, true },
	{ "program", CONVERT_TEXT, true },
	{ "started", CONVERT_TIME, true },
	{ "temperature_c", CONVERT_TEMPERATURE, true },
	{ "exposure_s", CONVERT_DURATION, true },
	{ "pressure_kpa", CONVERT_PRESSURE, false },
	{ "dry_s", CONVERT_DURATION, false },
	{ "load", CONVERT_TEXT, false },
	{ "contents", CONVERT_TEXT, false },
	{ "mechanical", CONVERT_RESULT, false },
	{ "integrator", CONVERT_RESULT, false },
	{ "chemical", CONVERT_RESULT, false },
	{ "operator", CONVERT_TEXT, false },
};

enum { FIELDS = ELEMENTS(fields) };

/** A unit: value * scale + offset is in the unit of the record. */
typedef struct Unit {
	const char *name;
	double scale, offset;
} Unit;

static const Unit temperatures[] = { { "C", 1, 0 }, { "F", 5 / 9.0, -160 / 9.0 }, { NULL } };
static const Unit pressures[] = { { "kPa", 1, 0 }, { "bar", 100, 0 }, { "mbar", 0.1, 0 }, { "MPa", 1000, 0 },
	{ "psi", 6.894757293168, 0 }, { NULL } };
static const Unit durations[] = { { "s", 1, 0 }, { "min", 60, 0 }, { NULL } };

struct CycleMapping {
	char separator;
	char decimal; /* '.', ','; '\0': not said */
	CsvEncoding encoding;
	char *time; /* for strptime(); NULL: RFC 3339 */
	char *zone; /* of times without an offset; NULL: there are none */
	const Unit *temperature, *pressure, *duration;
	char *columns[FIELDS];   /* heads of columns, separated by '+'; NULL: the field's own name */
	char *constants[FIELDS]; /* NULL: none */
	char *passes, *fails;    /* words for a result, separated by commas */
};

static _printf_(2, 3) int refuse_cycle(char reason[REASON_MAX], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, REASON_MAX, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

static int set_text(char **ret, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*ret);
	*ret = copy;
	return 0;
}

/* ---- the mapping ---- */

static int set_unit(const Unit **ret, const Unit *units, const char *value, char *reason)
{
	for (; units->name; units++)
		if (strcmp(units->name, value) == 0) {
			*ret = units;
			return 0;
		}
	return refuse_cycle(reason, "there is no unit \"%.20s\": see stipplectl(1)", value);
}

static int set_separator(CycleMapping *mapping, const char *value, char *reason)
{
	static const struct {
		const char *name;
		char separator;
	} names[] = { { "comma", ',' }, { "semicolon", ';' }, { "tab", '\t' } };

	for (size_t i = 0; i < ELEMENTS(names); i++)
		if (strcmp(names[i].name, value) == 0) {
			mapping->separator = names[i].separator;
			return 0;
		}
	return refuse_cycle(reason, "\"%.20s\" is none of comma, semicolon, tab", value);
}

static int set_decimal(CycleMapping *mapping, const char *value, char *reason)
{
	if (strcmp(value, "point") != 0 && strcmp(value, "comma") != 0)
		return refuse_cycle(reason, "\"%.20s\" is neither point nor comma", value);
	mapping->decimal = strcmp(value, "point") == 0 ? '.' : ',';
	return 0;
}

static int set_file_key(CycleMapping *mapping, const char *key, const char *value, char *reason)
{
	if (strcmp(key, "separator") == 0)
		return set_separator(mapping, value, reason);
	if (strcmp(key, "time") == 0)
		return set_text(&mapping->time, value);
	if (strcmp(key, "zone") == 0)
		return csv_zone_exists(value)
			       ? set_text(&mapping->zone, value)
			       : refuse_cycle(reason,
					 "there is no time zone \"%.40s\" on this machine; an example is Europe/Berlin",
					 value);
	if (strcmp(key, "decimal") == 0)
		return set_decimal(mapping, value, reason);
	if (strcmp(key, "encoding") == 0)
		return csv_encoding_from_string(value, &mapping->encoding) == 0
			       ? 0
			       : refuse_cycle(reason,
					 "\"%.20s\" is none of utf-8, latin-1, utf-16le, utf-16be", value);
	if (strcmp(key, "temperature") == 0)
		return set_unit(&mapping->temperature, temperatures, value, reason);
	if (strcmp(key, "pressure") == 0)
		return set_unit(&mapping->pressure, pressures, value, reason);
	if (strcmp(key, "duration") == 0)
		return set_unit(&mapping->duration, durations, value, reason);
	return refuse_cycle(reason,
		"separator, decimal, encoding, time, zone, temperature, pressure, duration are known in [file]");
}

static int set_mapping(void *userdata, const IniEntry *entry, char reason[REASON_MAX])
{
	CycleMapping *mapping = userdata;
	bool columns = strcmp(entry->section, "columns") == 0;
	size_t i = 0;

	if (!*entry->value)
		return refuse_cycle(reason, "a value is missing");
	if (strcmp(entry->section, "file") == 0)
		return set_file_key(mapping, entry->key, entry->value, reason);
	if (strcmp(entry->section, "values") == 0) {
		if (strcmp(entry->key, "pass") == 0)
			return set_text(&mapping->passes, entry->value);
		if (strcmp(entry->key, "fail") == 0)
			return set_text(&mapping->fails, entry->value);
		return refuse_cycle(reason, "pass and fail are known in [values]");
	}
	if (!columns && strcmp(entry->section, "constants") != 0)
		return refuse_cycle(reason, "file, columns, constants, values are the sections known");
	while (i < FIELDS && strcmp(fields[i].name, entry->key) != 0)
		i++;
	if (i == FIELDS)
		return refuse_cycle(reason, "a cycle has no such field: see stipplectl(1)");
	return set_text(columns ? &mapping->columns[i] : &mapping->constants[i], entry->value);
}

static int take_mapping_entry(void *userdata, const IniEntry *entry, Error *error)
{
	char reason[REASON_MAX] = "";
	int r = set_mapping(userdata, entry, reason);

	return r < 0 ? error_set(error, r, "%s", reason) : 0;
}

int cycle_mapping_load(const char *path, CycleMapping **ret, char error[CYCLE_CSV_ERROR_MAX])
{
	_cleanup_(cycle_mapping_freep) CycleMapping *mapping = calloc(1, sizeof *mapping);
	Error why;
	int r = 0;

	if (!mapping || set_text(&mapping->passes, "pass") < 0 || set_text(&mapping->fails, "fail") < 0) {
		snprintf(error, CYCLE_CSV_ERROR_MAX, "out of memory");
		return -ENOMEM;
	}
	mapping->separator = ',';
	mapping->temperature = temperatures;
	mapping->pressure = pressures;
	mapping->duration = durations;
	if (path)
		r = ini_file_read(path, take_mapping_entry, mapping, &why);
	if (r < 0) {
		snprintf(error, CYCLE_CSV_ERROR_MAX, "%s", why.text);
		return r;
	}
	if (mapping->time && !strstr(mapping->time, "%z") && !mapping->zone) {
		snprintf(error, CYCLE_CSV_ERROR_MAX,
			"%.200s: the times have no offset from UTC: say where they were taken, zone = Europe/Berlin "
			"in [file], or zone = local for this machine's",
			path);
		return -EINVAL;
	}
	*ret = TAKE_PTR(mapping);
	return 0;
}

CycleMapping *cycle_mapping_free(CycleMapping *mapping)
{
	if (!mapping)
		return NULL;
	for (size_t i = 0; i < FIELDS; i++) {
		free(mapping->columns[i]);
		free(mapping->constants[i]);
	}
	free(mapping->time);
	free(mapping->zone);
	free(mapping->passes);
	free(mapping->fails);
	free(mapping);
	return NULL;
}

/* ---- values ---- */

static int convert_number(
	const CycleMapping *mapping, const char *text, const Unit *unit, json_t **ret, char *reason)
{
	double number;

	if (csv_number(text, mapping->decimal, &number, reason) < 0)
		return -EINVAL;
	*ret = json_sprintf("%.10g", number * unit->scale + unit->offset);
	return *ret ? 0 : -ENOMEM;
}

/** A number of the mapping's unit, or m:ss, or h:mm:ss. */
static int convert_duration(
	const CycleMapping *mapping, const char *text, const Unit *unit, json_t **ret, char *reason)
{
	double seconds = 0;
	int parts = 0;

	if (!strchr(text, ':'))
		return convert_number(mapping, text, unit, ret, reason);
	for (const char *s = text; *s; parts++) {
		size_t digits = strspn(s, "0123456789");

		if (digits == 0 || digits > 6 || (s[digits] && s[digits] != ':') || parts == 3)
			return refuse_cycle(reason, "\"%.40s\" is no duration", text);
		seconds = seconds * 60 + strtod(s, NULL);
		s += digits;
		s += *s == ':' && s[1];
	}
	*ret = json_sprintf("%.10g", seconds);
	return *ret ? 0 : -ENOMEM;
}

static int convert_count(const char *text, json_t **ret, char *reason)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 15 || text[digits])
		return refuse_cycle(reason, "\"%.40s\" is no whole number", text);
	*ret = json_sprintf("%lld", strtoll(text, NULL, 10));
	return *ret ? 0 : -ENOMEM;
}

static int convert_time(const CycleMapping *mapping, const char *text, json_t **ret, char *reason)
{
	char utc[CLOCK_UTC_TEXT_MAX];
	int64_t utc_us;

	if (mapping->time) {
		if (csv_time(text, mapping->time, mapping->zone, &utc_us, reason) < 0)
			return -EINVAL;
	} else if (!strchr(text, 'T') || clock_parse_utc(text, &utc_us) < 0) {
		return refuse_cycle(reason, "\"%.40s\" is no time of the form 2026-03-02T10:11:12Z", text);
	}
	clock_format_utc(utc_us, utc);
	*ret = json_sprintf("%.19sZ", utc);
	return *ret ? 0 : -ENOMEM;
}

/** Whether `text` is one of the `words` between commas. */
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

static int convert_result(const CycleMapping *mapping, const char *text, json_t **ret, char *reason)
{
	bool pass = is_word(mapping->passes, text);

	if (!pass && !is_word(mapping->fails, text))
		return refuse_cycle(reason,
			"\"%.40s\" is neither of the words for pass (%.60s) nor for fail (%.60s)", text,
			mapping->passes, mapping->fails);
	*ret = json_string(pass ? "pass" : "fail");
	return *ret ? 0 : -ENOMEM;
}

static int convert(
	const CycleMapping *mapping, Convert how, const char *text, json_t **ret, char reason[REASON_MAX])
{
	switch (how) {
	case CONVERT_TEXT:
		if (!text_is_printable(text, 500))
			return refuse_cycle(reason, "it is no text of up to 500 bytes of UTF-8");
		*ret = json_string(text);
		return *ret ? 0 : -ENOMEM;
	case CONVERT_COUNT:
		return convert_count(text, ret, reason);
	case CONVERT_TIME:
		return convert_time(mapping, text, ret, reason);
	case CONVERT_TEMPERATURE:
		return convert_number(mapping, text, mapping->temperature, ret, reason);
	case CONVERT_PRESSURE:
		return convert_number(mapping, text, mapping->pressure, ret, reason);
	case CONVERT_DURATION:
		return convert_duration(mapping, text, mapping->duration, ret, reason);
	case CONVERT_RESULT:
		return convert_result(mapping, text, ret, reason);
	}
	return -EINVAL;
}

/* ---- the table ---- */

typedef struct Reader {
	const CycleMapping *mapping;
	int (*take)(void *userdata, const CycleRow *row);
	void *userdata;
	json_t *head, *cells; /* arrays of text */
	size_t line, row_line;
	size_t preamble, most; /* rows before the head, and how many columns the likeliest of them has */
	char lacking[CYCLE_CSV_ERROR_MAX];
	int result;
	char *error;
} Reader;

/** The column of that name, the `from`th or later; -1: none. */
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

/** The next of the columns that `names` joins by '+'; false at the end. */
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

	return names ? names : fields[field].name;
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

static int read_cycle_field(const Reader *reader, size_t i, json_t *row, char reason[REASON_MAX])
{
	_cleanup_(freep) char *cell = csv_cell_text(reader, i);
	const char *constant = reader->mapping->constants[i], *text = cell && *cell ? cell : constant;
	char why[REASON_MAX];
	json_t *value = NULL;
	int r;

	if (!cell)
		return -ENOMEM;
	if (!text)
		return fields[i].needed ? refuse_cycle(reason, "%s is missing", fields[i].name) : 0;
	r = convert(reader->mapping, fields[i].convert, text, &value, why);
	if (r == -EINVAL)
		return refuse_cycle(reason, "%s: %.200s", fields[i].name, why);
	return r < 0 || json_object_set_new(row, fields[i].name, value) < 0 ? -ENOMEM : 0;
}

static int read_row(Reader *reader)
{
	json_auto_t *made = json_object();
	char reason[REASON_MAX] = "out of memory";
	CycleRow row = { .line = reader->row_line, .fields = made };
	int r = made ? 0 : -ENOMEM;

	if (json_array_size(reader->cells) > json_array_size(reader->head))
		r = refuse_cycle(reason, "it has %zu cells, the head of the table has %zu",
			json_array_size(reader->cells), json_array_size(reader->head));
	for (size_t i = 0; i < FIELDS && r == 0; i++)
		r = read_cycle_field(reader, i, made, reason);
	if (r < 0) {
		row.fields = NULL;
		row.bad = reason;
	}
	return reader->take(reader->userdata, &row);
}

/** -ENODATA: a column is not there, so that this row is not the head; `error` names it. */
static int check_column(
	const Reader *reader, size_t field, const Column *column, char error[CYCLE_CSV_ERROR_MAX])
{
	bool named = reader->mapping->columns[field] != NULL;
	ssize_t twin;

	if (column->index < 0) {
		if (!named && (!fields[field].needed || reader->mapping->constants[field]))
			return 0;
		snprintf(error, CYCLE_CSV_ERROR_MAX,
			"the table has no column \"%.*s\" for the field %s: name it in [columns] of a mapping",
			column->length < 80 ? (int)column->length : 80, column->name, fields[field].name);
		return -ENODATA;
	}
	twin = column_of(reader, column->name, column->length, (size_t)column->index + 1);
	if (twin < 0)
		return 0;
	snprintf(error, CYCLE_CSV_ERROR_MAX,
		"columns %zd and %zd are both called \"%.*s\": which of them is the field %s nobody can tell; give "
		"them names of their own",
		column->index + 1, twin + 1, column->length < 80 ? (int)column->length : 80, column->name,
		fields[field].name);
	return -EINVAL;
}

/** Each field that is needed must have its columns, and each column that the mapping names must be there,
 * once. */
static int check_head(Reader *reader, size_t *ret_found, char error[CYCLE_CSV_ERROR_MAX])
{
	char why[CYCLE_CSV_ERROR_MAX];
	int result = 0;

	*ret_found = 0;
	for (size_t i = 0; i < FIELDS; i++) {
		const char *names = names_of(reader, i);
		Column column;

		while (next_column(reader, &names, &column)) {
			int r = check_column(reader, i, &column, why);

			*ret_found += column.index >= 0;
			if (r < 0 && result != -EINVAL && (result == 0 || r == -EINVAL)) {
				memcpy(error, why, sizeof why);
				result = r;
			}
		}
	}
	return result;
}

/**
 * A row before the head was found: the head, or one of the lines that a device puts before it. What is said
 * in the end is what the row that looked most like a head lacks.
 */
static int take_head(Reader *reader)
{
	char error[CYCLE_CSV_ERROR_MAX];
	size_t found;
	int r;

	reader->head = json_incref(reader->cells);
	r = check_head(reader, &found, error);
	if (r == 0)
		return 0;
	json_decref(reader->head);
	reader->head = NULL;
	if (r != -ENODATA) {
		memcpy(reader->error, error, sizeof error);
		return r;
	}
	if (reader->preamble == 0 || found > reader->most) {
		memcpy(reader->lacking, error, sizeof error);
		reader->most = found;
	}
	if (++reader->preamble < PREAMBLE_MAX)
		return 0;
	memcpy(reader->error, reader->lacking, sizeof reader->lacking);
	return -EINVAL;
}

static void on_cell(void *text, size_t size, void *userdata)
{
	Reader *reader = userdata;
	json_t *cell = json_stringn(text, size);

	if (reader->row_line == 0)
		reader->row_line = reader->line;
	/* what is not UTF-8 is of no use as a text, and says so when it is wanted */
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
	/* between rows libcsv passes over empty lines in silence */
	if (reader->row_line == 0 && !is_blank(text, size))
		reader->row_line = reader->line;
	if (csv_parse(parser, text, size, on_cell, on_row, reader) != size) {
		snprintf(reader->error, CYCLE_CSV_ERROR_MAX, "line %zu: %s", reader->line,
			csv_strerror(csv_error(parser)));
		return -EINVAL;
	}
	return reader->result;
}

static int parse_table(Reader *reader, struct csv_parser *parser, const char *text, size_t size)
{
	int r = 0;

	for (size_t n; size > 0 && r == 0; text += n, size -= n) {
		const char *end = memchr(text, '\n', size);

		n = end ? (size_t)(end - text) + 1 : size;
		r = parse_line(reader, parser, text, n);
	}
	if (r < 0)
		return r;
	if (csv_fini(parser, on_cell, on_row, reader) != 0) {
		snprintf(reader->error, CYCLE_CSV_ERROR_MAX, "line %zu: a quote is not closed", reader->line);
		return -EINVAL;
	}
	return reader->result;
}

/** The sign between cells: of the file's own first line, or of the mapping. */
static int find_separator(Reader *reader, const char **text, size_t *size, char *ret)
{
	size_t line = 0;
	char separator = csv_text_separator(*text, &line);

	*ret = reader->mapping->separator;
	if (!separator)
		return 0;
	if (separator != ',' && separator != ';' && separator != '\t' && separator != '|') {
		snprintf(reader->error, CYCLE_CSV_ERROR_MAX,
			"line 1 says that \"%.1s\" is between cells, which is none of , ; | and a tab",
			&separator);
		return -EINVAL;
	}
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
	if (r < 0)
		return r;
	if (!reader->head) {
		if (reader->preamble > 0)
			memcpy(reader->error, reader->lacking, sizeof reader->lacking);
		else
			snprintf(reader->error, CYCLE_CSV_ERROR_MAX, "the table is empty");
		r = -EINVAL;
	}
	return r;
}

int cycle_csv_read(FILE *file, const CycleMapping *mapping, int (*take)(void *userdata, const CycleRow *row),
	void *userdata, char error[CYCLE_CSV_ERROR_MAX])
{
	_cleanup_(freep) char *text = NULL;
	char why[CSV_TEXT_ERROR_MAX];
	Reader reader = { .mapping = mapping, .take = take, .userdata = userdata, .error = error };
	size_t size = 0;
	int r = csv_text_read(file, mapping->encoding, &text, &size, why);

	if (r < 0 || !text) {
		snprintf(error, CYCLE_CSV_ERROR_MAX, "%s", why);
		return r;
	}
	snprintf(error, CYCLE_CSV_ERROR_MAX, "out of memory");
	reader.cells = json_array();
	r = reader.cells ? read_text(&reader, text, size) : -ENOMEM;
	json_decref(reader.cells);
	json_decref(reader.head);
	return r;
}
