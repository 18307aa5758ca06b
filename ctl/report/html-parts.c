/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Writes the parts that pages for browsers are put together from. It must escape every text that it is given.
 */

#include "report/html-parts.h"

#include <stdarg.h>
#include <stdlib.h>

static const char style[] =
	"body{font:15px/1.5 'Open Sans','Noto Sans','DejaVu Sans',sans-serif;color:#17212b;max-width:56rem;"
	"margin:0 auto;padding:2rem 1rem;border-top:6px solid #0d646b}"
	"h1{font-weight:600;margin:0}h2{color:#0d646b;font-size:1.1rem;border-bottom:1px solid #ccd6db;"
	"margin:2rem 0 .6rem}header p,small,figcaption{color:#61707d}"
	"table{border-collapse:collapse;width:100%}th{font-size:.8rem;color:#61707d}"
	"th,td{border-bottom:1px solid #ccd6db;padding:.25rem .5rem .25rem 0;vertical-align:top;text-align:left;"
	"overflow-wrap:anywhere}th{overflow-wrap:normal}td{white-space:pre-line}.end{text-align:right}"
	"dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(10rem,1fr));gap:.6rem 1rem}"
	"dl div{min-width:0;overflow-wrap:anywhere}dt{font-size:.8rem;color:#61707d}dd{margin:0;font-weight:600}"
	".good{background:#0d646b}.warning{background:#bd5c14}"
	".pair{display:grid;grid-template-columns:1fr 1fr;gap:.5rem}figure{margin:.5rem 0}"
	"img{max-width:100%;height:auto}.outcome{float:right;color:#fff;border-radius:1rem;padding:.1rem .8rem}"
	"code{font-size:.8rem;overflow-wrap:anywhere}.scroll{overflow-x:auto}"
	"@media print{body{max-width:none;padding:0}section{break-inside:avoid}}";

void html_text(FILE *stream, const char *text)
{
	_cleanup_(freep) char *escaped = g_markup_escape_text(text ? text : "\xe2\x80\x93", -1);

	fputs(escaped, stream);
}

void html_fact(FILE *stream, const char *label, const char *value)
{
	fputs("<div><dt>", stream);
	html_text(stream, label);
	fputs("</dt><dd>", stream);
	html_text(stream, value);
	fputs("</dd></div>\n", stream);
}

void html_number(FILE *stream, const char *label, const char *format, ...)
{
	char text[160];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	html_fact(stream, label, text);
}

void html_heading(FILE *stream, const char *title)
{
	fputs("<section><h2>", stream);
	html_text(stream, title);
	fputs("</h2>\n", stream);
}

void html_paragraph(FILE *stream, const char *words)
{
	fputs("<p>", stream);
	html_text(stream, words);
	fputs("</p>\n", stream);
}

void html_section(FILE *stream, const char *title, char *words)
{
	html_heading(stream, title);
	html_paragraph(stream, words);
	fputs("</section>\n", stream);
	free(words);
}

/* ---- tables ---- */

static void put_cell(FILE *stream, const char *tag, const TableColumn *column, const char *text)
{
	fprintf(stream, "<%s%s>", tag, column->align == ALIGN_END ? " class=\"end\"" : "");
	html_text(stream, text);
	fprintf(stream, "</%s>", tag);
}

static void put_rows(FILE *stream, const Table *table)
{
	fputs("<div class=\"scroll\"><table><colgroup>", stream);
	for (size_t i = 0; i < table->n_columns; i++)
		fprintf(stream, "<col style=\"width:%g%%\">", table->columns[i].share * 100);
	fputs("</colgroup><thead><tr>", stream);
	for (size_t i = 0; i < table->n_columns; i++)
		put_cell(stream, "th", &table->columns[i], table->columns[i].title);
	fputs("</tr></thead><tbody>\n", stream);
	for (size_t row = 0; row < table_rows(table); row++) {
		fputs("<tr>", stream);
		for (size_t i = 0; i < table->n_columns; i++)
			put_cell(stream, "td", &table->columns[i],
				g_ptr_array_index(table->cells, row * table->n_columns + i));
		fputs("</tr>\n", stream);
	}
	fputs("</tbody></table></div>", stream);
}

void html_table(FILE *stream, const char *title, Table *table, const char *none)
{
	html_heading(stream, title);
	if (table_rows(table) == 0)
		html_paragraph(stream, none);
	else
		put_rows(stream, table);
	fputs("</section>\n", stream);
	table_free(table);
}

/* ---- the page ---- */

void html_begin(FILE *stream, const char *title, const char *about, const char *state, bool good)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	      "<meta name=\"viewport\" content=\"width=device-width\"><title>",
		stream);
	html_text(stream, title);
	fprintf(stream, "</title><style>%s</style></head>\n<body><header><span class=\"outcome %s\">", style,
		good ? "good" : "warning");
	html_text(stream, state);
	fputs("</span><h1>", stream);
	html_text(stream, title);
	fputs("</h1><p>", stream);
	html_text(stream, about);
	fputs("</p></header><main>\n", stream);
}

void html_end(FILE *stream, const char *made)
{
	char time[REPORT_TIME_MAX];

	fputs("</main><footer><small>Report made ", stream);
	html_text(stream, report_time(made, REPORT_MOMENT, time));
	fputs("</small></footer></body></html>\n", stream);
}
