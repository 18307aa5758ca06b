/* SPDX-License-Identifier: Apache-2.0 */
#include "report/inspection.h"

#include <assert.h>
#include <string.h>

#include "report/html-parts.h"
#include "report/sheet.h"

#define SECTION(query, dated, title, note, none, name)                                                 \
	{                                                                                              \
		query, dated, title, note, none, name##_columns, name##_keys, ELEMENTS(name##_columns) \
	}
#define AS_MANY(name) \
	static_assert(ELEMENTS(name##_columns) == ELEMENTS(name##_keys), "a key for each column")

static const TableColumn gap_columns[] = {
	{ "What it is about", 0.3, ALIGN_START, STYLE_STRONG },
	{ "What is missing", 0.55, ALIGN_START, STYLE_BODY },
	{ "Since", 0.15, ALIGN_START, STYLE_BODY },
};
static const char *const gap_keys[] = { "subject", "missing", "since" };
AS_MANY(gap);

static const TableColumn cycle_columns[] = {
	{ "Started", 0.14, ALIGN_START, STYLE_BODY },
	{ "Steriliser", 0.13, ALIGN_START, STYLE_STRONG },
	{ "Cycle", 0.06, ALIGN_START, STYLE_STRONG },
	{ "Program", 0.11, ALIGN_START, STYLE_BODY },
	{ "\xc2\xb0"
	  "C",
		0.06, ALIGN_END, STYLE_BODY },
	{ "Hold, s", 0.07, ALIGN_END, STYLE_BODY },
	{ "Contents", 0.13, ALIGN_START, STYLE_BODY },
	{ "Readings", 0.08, ALIGN_START, STYLE_BODY },
	{ "Class V", 0.07, ALIGN_START, STYLE_BODY },
	{ "Chemical", 0.08, ALIGN_START, STYLE_BODY },
	{ "Released", 0.07, ALIGN_START, STYLE_BODY },
};
static const char *const cycle_keys[] = { "started:minute", "sterilizer", "cycle", "program", "temperature_c",
	"exposure_s", "contents:list", "mechanical", "integrator", "chemical", "released_by" };
AS_MANY(cycle);

static const TableColumn indicator_columns[] = {
	{ "Tested", 0.16, ALIGN_START, STYLE_BODY },
	{ "Steriliser", 0.14, ALIGN_START, STYLE_STRONG },
	{ "Lot", 0.14, ALIGN_START, STYLE_BODY },
	{ "Expiry", 0.12, ALIGN_START, STYLE_BODY },
	{ "Control", 0.12, ALIGN_START, STYLE_BODY },
	{ "Result", 0.1, ALIGN_START, STYLE_STRONG },
	{ "Laboratory", 0.22, ALIGN_START, STYLE_BODY },
};
static const char *const indicator_keys[] = { "tested:minute", "sterilizer", "lot", "expiry", "control",
	"result", "laboratory" };
AS_MANY(indicator);

static const TableColumn doubt_columns[] = {
	{ "Failed test", 0.12, ALIGN_START, STYLE_BODY },
	{ "Steriliser", 0.14, ALIGN_START, STYLE_STRONG },
	{ "Cycle", 0.1, ALIGN_START, STYLE_BODY },
	{ "Started", 0.16, ALIGN_START, STYLE_BODY },
	{ "Handpiece", 0.18, ALIGN_START, STYLE_BODY },
	{ "Session", 0.1, ALIGN_START, STYLE_BODY },
	{ "Client (pseudonym)", 0.2, ALIGN_START, STYLE_BODY },
};
static const char *const doubt_keys[] = { "test", "sterilizer", "cycle", "started:minute", "handpiece",
	"session", "subject" };
AS_MANY(doubt);

static const TableColumn lot_columns[] = {
	{ "Lot", 0.15, ALIGN_START, STYLE_STRONG },
	{ "Product", 0.17, ALIGN_START, STYLE_BODY },
	{ "Maker", 0.14, ALIGN_START, STYLE_BODY },
	{ "Expiry", 0.11, ALIGN_START, STYLE_BODY },
	{ "Certificate", 0.19, ALIGN_START, STYLE_BODY },
	{ "Received", 0.11, ALIGN_START, STYLE_BODY },
	{ "Used", 0.06, ALIGN_END, STYLE_BODY },
	{ "Left", 0.07, ALIGN_END, STYLE_BODY },
};
static const char *const lot_keys[] = { "lot", "product", "maker", "expiry", "certificate", "received:day",
	"used", "left" };
AS_MANY(lot);

static const TableColumn session_columns[] = {
	{ "Session", 0.09, ALIGN_START, STYLE_STRONG },
	{ "Begun", 0.16, ALIGN_START, STYLE_BODY },
	{ "Client (pseudonym)", 0.2, ALIGN_START, STYLE_BODY },
	{ "Protocol", 0.19, ALIGN_START, STYLE_BODY },
	{ "Operator", 0.14, ALIGN_START, STYLE_BODY },
	{ "Outcome", 0.12, ALIGN_START, STYLE_BODY },
	{ "Cartridges", 0.1, ALIGN_END, STYLE_BODY },
};
static const char *const session_keys[] = { "session", "begun:minute", "subject", "protocol", "operator",
	"outcome", "needles" };
AS_MANY(session);

static const TableColumn needle_columns[] = {
	{ "Cartridge", 0.36, ALIGN_START, STYLE_STRONG },
	{ "Lot", 0.14, ALIGN_START, STYLE_BODY },
	{ "Used", 0.16, ALIGN_START, STYLE_BODY },
	{ "Session", 0.09, ALIGN_START, STYLE_BODY },
	{ "Client (pseudonym)", 0.15, ALIGN_START, STYLE_BODY },
	{ "Operator", 0.1, ALIGN_START, STYLE_BODY },
};
static const char *const needle_keys[] = { "unit", "lot", "used:minute", "session", "subject", "operator" };
AS_MANY(needle);

const InspectionSection inspection_sections[INSPECTION_SECTIONS] = {
	SECTION("check", false, "What the record lacks", "under the compliance profile in force, as of today",
		"Nothing is missing.", gap),
	SECTION("sterilization", true, "Sterilisation cycles", NULL, "No cycle was run.", cycle),
	SECTION("indicators", true, "Biological indicator tests", NULL, "No test was made.", indicator),
	SECTION("doubt", true, "Loads in doubt",
		"between a failed test and those that passed before and after it", "No load is in doubt.",
		doubt),
	SECTION("lots", false, "Cartridge lots and certificates", "all that are on record",
		"No lot is on record.", lot),
	SECTION("sessions", true, "Sessions", NULL, "There was no session.", session),
	SECTION("needles", true, "Cartridges used", NULL, "No cartridge was used.", needle),
};

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

static char *list_text(const json_t *list)
{
	GString *text = g_string_new(NULL);
	size_t i;
	json_t *item;

	json_array_foreach (list, i, item)
		g_string_append_printf(
			text, "%s%s", i ? ", " : "", json_is_string(item) ? json_string_value(item) : "");
	return g_string_free(text, false);
}

static char *value_text(const json_t *value)
{
	char *text = NULL;

	if (json_is_string(value))
		return strdup(json_string_value(value));
	if (json_is_integer(value) && asprintf(&text, "%lld", (long long)json_integer_value(value)) < 0)
		return NULL;
	if (json_is_real(value) && asprintf(&text, "%g", json_real_value(value)) < 0)
		return NULL;
	if (json_is_boolean(value))
		return strdup(json_is_true(value) ? "yes" : "no");
	return text;
}

/** NULL: the row has no such value. */
static char *cell_text(const json_t *row, const char *key)
{
	_cleanup_(freep) char *name = strndup(key, strcspn(key, ":"));
	const char *form = strchr(key, ':');
	const json_t *value = name ? json_object_get(row, name) : NULL;
	char time[REPORT_TIME_MAX];

	if (!form)
		return value_text(value);
	if (strcmp(form, ":list") == 0)
		return json_array_size(value) ? list_text(value) : NULL;
	if (!json_is_string(value))
		return NULL;
	report_time(json_string_value(value), REPORT_MINUTE, time);
	if (strcmp(form, ":day") == 0)
		time[strcspn(time, " ")] = '\0';
	return strdup(time);
}

Table *inspection_table(const Inspection *inspection, size_t section)
{
	const InspectionSection *found = &inspection_sections[section];
	Table *table = table_new(found->columns, found->n_columns);
	size_t i;
	json_t *row;

	json_array_foreach (inspection->rows[section], i, row)
		for (size_t column = 0; column < found->n_columns; column++)
			table_add(table, cell_text(row, found->keys[column]));
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
	*ret_good = inspection->rows[0] && json_array_size(inspection->rows[0]) == 0;
	return !inspection->rows[0] ? "Not checked" : *ret_good ? "Nothing missing" : "Gaps found";
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
	static const struct {
		size_t section;
		const char *label;
	} counted[] = { { 0, "Gaps" }, { 1, "Cycles" }, { 2, "Biological tests" }, { 5, "Sessions" },
		{ 6, "Cartridges" } };
	char texts[ELEMENTS(counted)][24];
	Fact facts[ELEMENTS(counted)];

	for (size_t i = 0; i < ELEMENTS(counted); i++) {
		const json_t *rows = inspection->rows[counted[i].section];

		snprintf(texts[i], sizeof texts[i], "%zu", json_array_size(rows));
		facts[i] = (Fact){ counted[i].label, rows ? texts[i] : NULL, NULL };
	}
	sheet_figures(sheet, facts, ELEMENTS(facts));
}

static void draw_section(const Inspection *inspection, Sheet *sheet, size_t section)
{
	enum { LEAST = 70 }; /* height that is worth beginning a section in */
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
	for (size_t i = 0; i < INSPECTION_SECTIONS; i++)
		draw_section(inspection, &sheet, i);
	return sheet.page;
}

/* ---- for browsers ---- */

static int inspection_html(const void *content, FILE *stream)
{
	const Inspection *inspection = content;
	char about[256];
	bool good;
	const char *state = state_words(inspection, &good);

	about_words(inspection, about);
	html_begin(stream, "Compliance report", about, state, good);
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
