/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Sorts the rows of an inspector's report and draws them. It asks the daemon nothing, and must never call a
 * record complete that was not checked.
 */

#include "report/inspection.h"

#include <assert.h>
#include <string.h>
#include <time.h>

#include "report/cell.h"
#include "report/html-parts.h"
#include "report/sheet.h"

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

static const char *none_words(const Inspection *inspection, size_t section)
{
	return inspection->rows[section] ? inspection_sections[section].none
					 : "This station keeps no such record.";
}

/* ---- words ---- */

/** What an inspector looks for first, so it stands beside the title. */
static const char *state_words(const Inspection *inspection, bool *ret_good)
{
	const json_t *gaps = inspection->rows[inspection_section("What the record lacks")];

	*ret_good = !inspection->damaged && !inspection->photographs_damaged && gaps &&
		    json_array_size(gaps) == 0;
	if (inspection->damaged)
		return "Ledger damaged";
	if (inspection->photographs_damaged)
		return "Photographs not as recorded";
	return !gaps ? "Not checked" : *ret_good ? "Nothing missing" : "Gaps found";
}

/** A zone's name with its offset, of a day in the year of `made`. */
static void zone_words(const char *made, const char *day, char ret[REPORT_TIME_MAX])
{
	struct tm utc = { 0 }, local;
	char date[REPORT_TIME_MAX];
	time_t seconds;

	ret[0] = '\0';
	snprintf(date, sizeof date, "%.4s-%s", made ? made : "2000", day);
	if (!strptime(date, "%Y-%m-%d", &utc))
		return;
	seconds = timegm(&utc);
	if (localtime_r(&seconds, &local) && strftime(ret, REPORT_TIME_MAX, "%Z (UTC%z)", &local) == 0)
		ret[0] = '\0';
}

/** Under which rules, and by which clock. */
static void basis_words(const Inspection *inspection, char ret[256])
{
	const json_t *kept = inspection->rows[inspection_section("How long records are kept")];
	const char *profile = json_string_value(json_object_get(json_array_get(kept, 0), "profile"));
	char winter[REPORT_TIME_MAX], summer[REPORT_TIME_MAX];

	zone_words(inspection->made, "01-01", winter);
	zone_words(inspection->made, "07-01", summer);
	snprintf(ret, 256,
		"Compliance profile: %s. Times of day are local: %s%s%s. The span's days are those of UTC.",
		profile ? profile : "not told", winter, strcmp(winter, summer) != 0 ? ", in summer " : "",
		strcmp(winter, summer) != 0 ? summer : "");
}

static void about_words(const Inspection *inspection, char ret[256])
{
	snprintf(ret, 256, "Clinic %s \xc2\xb7 station %s \xc2\xb7 %s to %s",
		inspection->clinic ? inspection->clinic : "?",
		inspection->station ? inspection->station : "?",
		inspection->from ? inspection->from : "the beginning",
		inspection->to ? inspection->to : "today");
}

/* ---- pages ---- */

static void draw_figures(const Inspection *inspection, Sheet *sheet)
{
	char texts[INSPECTION_SECTIONS][24];
	Fact facts[INSPECTION_SECTIONS];
	size_t n = 0;

	for (size_t i = 0; i < INSPECTION_SECTIONS; i++) {
		const json_t *rows = inspection->rows[i];

		if (!inspection_sections[i].figure)
			continue;
		snprintf(texts[n], sizeof texts[n], "%zu", json_array_size(rows));
		facts[n] = (Fact){ inspection_sections[i].figure, rows ? texts[n] : NULL, NULL };
		n++;
	}
	sheet_figures(sheet, facts, n);
}

static void draw_basis(const Inspection *inspection, Sheet *sheet)
{
	char basis[256];

	basis_words(inspection, basis);
	sheet_take(sheet,
		canvas_text(sheet->canvas, sheet_box(sheet, 0), STYLE_BODY, INK_TEXT, ALIGN_START, 2, basis));
}

static void draw_section(const Inspection *inspection, Sheet *sheet, size_t section)
{
	enum { LEAST = 120 }; /* height that is worth beginning a section in */
	const InspectionSection *found = &inspection_sections[section];
	_cleanup_(table_freep) Table *table = inspection_table(inspection, section);
	SheetList list = { found->title, found->note, table, 0 };

	do {
		if (sheet->rest.height < LEAST)
			sheet_turn(sheet);
		sheet_list(sheet, &list, sheet->rest.height, none_words(inspection, section));
	} while (sheet_list_left(&list));
}

static int inspection_draw(const void *content, Canvas *canvas, int pages, ReportTurn turn, void *userdata)
{
	const Inspection *inspection = content;
	Sheet sheet = { .canvas = canvas, .pages = pages, .turn = turn, .userdata = userdata };
	char about[256];
	bool good;
	const char *state = state_words(inspection, &good);

	about_words(inspection, about);
	sheet_sign(&sheet, inspection->clinic, inspection->station, inspection->made);
	snprintf(sheet.head, sizeof sheet.head, "Compliance report \xc2\xb7 %.220s", about);
	sheet_turn(&sheet);
	sheet_title(&sheet, "Compliance report", about, state, good ? INK_ACCENT : INK_WARNING);
	draw_figures(inspection, &sheet);
	draw_basis(inspection, &sheet);
	for (size_t i = 0; i < INSPECTION_SECTIONS; i++)
		draw_section(inspection, &sheet, i);
	return sheet.page;
}

/* ---- for browsers ---- */

static int inspection_html(const void *content, FILE *stream)
{
	const Inspection *inspection = content;
	char about[256], basis[256];
	bool good;
	const char *state = state_words(inspection, &good);

	about_words(inspection, about);
	basis_words(inspection, basis);
	html_begin(stream, "Compliance report", about, state, good);
	html_paragraph(stream, basis);
	for (size_t i = 0; i < INSPECTION_SECTIONS; i++)
		html_table(stream, inspection_sections[i].title, inspection_table(inspection, i),
			none_words(inspection, i));
	html_end(stream, inspection->made);
	return ferror(stream) ? -EIO : 0;
}

void inspection_document(const Inspection *inspection, Document *ret)
{
	*ret = (Document){
		.content = inspection,
		.draw = inspection_draw,
		.html = inspection_html,
		.title = "Compliance report",
		.author = inspection->clinic,
		.made = inspection->made,
	};
}
