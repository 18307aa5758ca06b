/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Prints the rows of an answer as JSON, as CSV or for people. It must not keep all of them in memory, and no
 * text in a CSV may run as a formula.
 */

#include "rows.h"

#include <string.h>

enum { LOOK_AHEAD = 64, COLUMNS_MAX = 48, COLUMN_MAX = 40 };
/* significant digits of a figure: for a person, and for a program that needs the recorded value exactly */
enum { DIGITS_READ = 6, DIGITS_KEPT = 15 };

typedef struct Rows {
	const Ctl *ctl;
	json_t *ahead; /* rows held back until the column widths are known; NULL: they are known */
	int widths[COLUMNS_MAX];
} Rows;

/* ---- values ---- */

/** Formats a value as one word of text; the caller frees it. */
static char *cell_value_text(const json_t *value, const char *null, size_t digits)
{
	if (json_is_null(value))
		return strdup(null);
	if (json_is_string(value))
		return strdup(json_string_value(value));
	return json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(digits));
}

/**
 * Counts characters as if each took one column. How a terminal displays wide characters is not considered.
 */
static int text_width(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

/* ---- CSV, RFC 4180 ---- */

/**
 * Whether a spreadsheet would run the text as a formula, by OWASP's list (CSV injection), including the
 * full-width forms. The list also has the apostrophe, so that a leading apostrophe can always be removed
 * again.
 */
static bool is_formula(const char *text)
{
	static const char *const wide[] = { "\uff1d", "\uff0b", "\uff0d", "\uff20" };

	if (*text && strchr("=+-@\t\r\n'", *text))
		return true;
	for (size_t i = 0; i < ELEMENTS(wide); i++)
		if (strncmp(text, wide[i], strlen(wide[i])) == 0)
			return true;
	return false;
}

/** `ours`: a figure, which may begin with a sign. Text that people have typed is always treated as text. */
static void print_cell(const char *text, bool ours)
{
	const char *before = !ours && is_formula(text) ? "'" : "";

	if (!text[strcspn(text, ",\"\r\n")]) {
		printf("%s%s", before, text);
		return;
	}
	printf("\"%s", before);
	for (; *text; text++) {
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	putchar('"');
}

static void print_csv_names(json_t *row)
{
	const char *key, *before = "";
	json_t *value;

	json_object_foreach (row, key, value) {
		fputs(before, stdout);
		print_cell(key, false);
		before = ",";
	}
	fputs("\r\n", stdout);
}

static void print_csv(json_t *row)
{
	const char *key, *before = "";
	json_t *value;

	json_object_foreach (row, key, value) {
		_cleanup_(freep) char *text = cell_value_text(value, "", DIGITS_KEPT);

		fputs(before, stdout);
		print_cell(text ? text : "", json_is_number(value));
		before = ",";
	}
	fputs("\r\n", stdout);
}

/* ---- for people ---- */

static void print_padded(const char *text, int width, bool last)
{
	int padding = last ? 0 : width - text_width(text);

	/* a row stays on one line, whatever it contains */
	for (; (unsigned char)*text; text++)
		putchar((unsigned char)*text < ' ' ? ' ' : *text);
	printf("%*s%s", padding > 0 ? padding : 0, "", last ? "\n" : "  ");
}

static void widen(Rows *rows, size_t column, const char *text)
{
	int width = text_width(text);

	if (column < COLUMNS_MAX && width > rows->widths[column])
		rows->widths[column] = width < COLUMN_MAX ? width : COLUMN_MAX;
}

static void measure(Rows *rows, json_t *row)
{
	size_t column = 0;
	const char *key;
	json_t *value;

	json_object_foreach (row, key, value) {
		_cleanup_(freep) char *text = cell_value_text(value, "-", DIGITS_READ);

		widen(rows, column, key);
		widen(rows, column++, text ? text : "");
	}
}

static void print_row(const Rows *rows, json_t *row, bool names)
{
	size_t column = 0, n = json_object_size(row);
	const char *key;
	json_t *value;

	json_object_foreach (row, key, value) {
		_cleanup_(freep) char *text = names ? strdup(key) : cell_value_text(value, "-", DIGITS_READ);

		print_padded(
			text ? text : "", column < COLUMNS_MAX ? rows->widths[column] : 0, column + 1 == n);
		column++;
	}
}

static void print_ahead(Rows *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach (rows->ahead, i, row)
		measure(rows, row);
	if (json_array_size(rows->ahead) > 0)
		print_row(rows, json_array_get(rows->ahead, 0), true);
	json_array_foreach (rows->ahead, i, row)
		print_row(rows, row, false);
	json_decref(rows->ahead);
	rows->ahead = NULL;
}

static void keep_row(Rows *rows, json_t *row)
{
	if (!rows->ahead) {
		print_row(rows, row, false);
		return;
	}
	json_array_append(rows->ahead, row);
	if (json_array_size(rows->ahead) >= LOOK_AHEAD)
		print_ahead(rows);
}

/* ---- all ---- */

static void take_row_line(Rows *rows, const char *line, size_t size, bool first)
{
	json_auto_t *row = NULL;

	if (rows->ctl->json) {
		fwrite(line, 1, size, stdout);
		return;
	}
	row = json_loadb(line, size, 0, NULL);
	if (!row)
		return;
	if (!rows->ctl->csv) {
		keep_row(rows, row);
		return;
	}
	if (first)
		print_csv_names(row);
	print_csv(row);
}

void rows_print(const Ctl *ctl, int fd)
{
	_cleanup_(fclosep) FILE *lines = fdopen(fd, "r");
	_cleanup_(freep) char *line = NULL;
	Rows rows = { .ctl = ctl, .ahead = json_array() };
	size_t capacity = 0;
	ssize_t size;

	for (bool first = true; lines && !ferror(stdout) && (size = getline(&line, &capacity, lines)) > 0;
		first = false)
		take_row_line(&rows, line, (size_t)size, first);
	if (rows.ahead)
		print_ahead(&rows);
}

void rows_print_none(const Ctl *ctl, char **columns)
{
	if (ctl->csv) {
		for (char **column = columns; column && *column; column++) {
			fputs(column > columns ? "," : "", stdout);
			print_cell(*column, false);
		}
		fputs("\r\n", stdout);
	} else if (!ctl->json) {
		fputs("no rows match\n", stderr);
	}
}
