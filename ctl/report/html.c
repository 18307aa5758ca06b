/* SPDX-License-Identifier: Apache-2.0 */

/** Writes the fragments that reports are built from. It must escape every text that it is given. */

#include "report/html.h"

#include <assert.h>
#include <stdarg.h>

#include "report/cell.h"
#include "report/language.h"
#include "util/text.h"

static const char *const cell_classes[] = {
	[CELL_TEXT] = "",
	[CELL_STRONG] = " class=\"strong\"",
	[CELL_NUMBER] = " class=\"number\"",
	[CELL_CODE] = " class=\"code\"",
};
static_assert(ELEMENTS(cell_classes) == CELL_STYLE_MAX, "every style of a cell has a class");

void html_text(FILE *stream, const char *text)
{
	/* a text that was cut to a length may end in the middle of a UTF-8 character */
	_cleanup_(freep) char *whole = g_utf8_make_valid(text ? text : "\xe2\x80\x93", -1);
	_cleanup_(freep) char *escaped = g_markup_escape_text(whole, -1);

	fputs(escaped, stream);
}

void html_fact(FILE *stream, const char *label, const char *value, const char *note)
{
	fputs("<div><dt>", stream);
	html_text(stream, label);
	fputs("</dt><dd>", stream);
	html_text(stream, value);
	fputs("</dd>", stream);
	if (note) {
		fputs("<dd class=\"note\">", stream);
		html_text(stream, note);
		fputs("</dd>", stream);
	}
	fputs("</div>\n", stream);
}

void html_fact_format(FILE *stream, const char *label, const char *format, ...)
{
	_cleanup_(freep) char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	html_fact(stream, label, text, NULL);
}

void html_words(FILE *stream, char *words, bool warns)
{
	fputs(warns ? "<p class=\"warning\">" : "<p>", stream);
	html_text(stream, words);
	fputs("</p>\n", stream);
	free(words);
}

/* ---- tables ---- */

static void put_head(FILE *stream, const Table *table)
{
	fputs("<div class=\"scroll\"><table><colgroup>", stream);
	for (size_t i = 0; i < table->n_columns; i++)
		fprintf(stream, "<col style=\"width:%g%%\">", table->columns[i].share * 100);
	fputs("</colgroup><thead><tr>", stream);
	for (size_t i = 0; i < table->n_columns; i++) {
		fprintf(stream, "<th scope=\"col\"%s>", cell_classes[table->columns[i].style]);
		html_text(stream, _(table->columns[i].title));
		fputs("</th>", stream);
	}
	fputs("</tr></thead><tbody>\n", stream);
}

static void put_row(FILE *stream, const Table *table, size_t row)
{
	fputs("<tr>", stream);
	for (size_t i = 0; i < table->n_columns; i++) {
		const char *text = table_cell(table, row, i);
		bool failed = text && g_str_has_prefix(text, CELL_FAILED);

		fprintf(stream, "<td%s>", cell_classes[table->columns[i].style]);
		fputs(failed ? "<span class=\"failed\">" : "", stream);
		html_text(stream, text);
		fputs(failed ? "</span></td>" : "</td>", stream);
	}
	fputs("</tr>\n", stream);
}

void html_table(FILE *stream, Table *table, const char *none)
{
	if (table_rows(table) == 0) {
		fputs("<p class=\"none\">", stream);
		html_text(stream, none);
		fputs("</p>\n", stream);
	} else {
		put_head(stream, table);
		for (size_t row = 0; row < table_rows(table); row++)
			put_row(stream, table, row);
		fputs("</tbody></table></div>\n", stream);
	}
	table_free(table);
}
