/* SPDX-License-Identifier: Apache-2.0 */

/** The report for an inspector: cells from patterns, sections from rows. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "report/cell.h"
#include "report/inspection-html.h"
#include "report/report-text.h"

/* ---- cells ---- */

static void test_cells(void **state)
{
	static const struct {
		const char *pattern, *row, *text; /* text NULL: nothing stands */
	} cases[] = {
		{ "{a}", "{\"a\":\"x\"}", "x" },
		{ "{a}", "{\"a\":null}", NULL },
		{ "{a}", "{}", NULL },
		{ "", "{\"a\":1}", NULL },
		{ "{a}|lot {b}|{c}", "{\"a\":1,\"c\":\"z\"}", "1, z" },
		{ "{a}|lot {b}|{c}", "{\"b\":\"y\",\"c\":\"z\"}", "lot y, z" },
		{ "{a} {b}", "{\"a\":1}", NULL },
		{ "{a}|?none", "{\"a\":\"x\"}", "x" },
		{ "{a}|?none", "{}", "none" },
		{ "{a}|?none|{b}", "{\"b\":2}", "none, 2" },
		{ "{a.b.c} kPa", "{\"a\":{\"b\":{\"c\":312.50000000000006}}}", "312.5 kPa" },
		{ "{a.b}", "{\"a\":5}", NULL },
		{ "{a:minute}", "{\"a\":\"2026-03-02T09:05:07.1Z\"}", "2026-03-02 09:05" },
		{ "{a:minute}", "{\"a\":7}", NULL },
		{ "{a:day}", "{\"a\":\"2026-03-02T09:05:07Z\"}", "2026-03-02" },
		{ "{a:list}", "{\"a\":[\"x\",2]}", "x, 2" },
		{ "{a:list}|?never used", "{\"a\":[]}", "never used" },
		{ "{a:title}", "{\"a\":\"sharps-injury\"}", "Sharps injury" },
		{ "{a:yes}", "{\"a\":1}", "yes" },
		{ "{a:yes}", "{\"a\":false}", "no" },
		{ "{a:yes}", "{\"a\":null}", NULL },
		{ "{a:parts}", "{\"a\":[{\"brand\":\"B\",\"colour\":\"dun\",\"lot\":\"P3\",\"parts\":2.0}]}",
			"2 of lot P3 (B dun)" },
		{ "{a:weather}", "{\"a\":1}", NULL },
		{ "{a", "{\"a\":1}", "{a" },
		{ "{a} kPa", "{\"a\":31,\"corrected\":{\"a\":\"313\"}}", "313 (first recorded: 31) kPa" },
		{ "{a}", "{\"corrected\":{\"a\":\"x\"}}", "x (first recorded: nothing)" },
		{ "{a:list}", "{\"a\":[\"h1\"],\"corrected\":{\"a\":\"h2\"}}", "h2 (first recorded: h1)" },
	};

	for (size_t i = 0; i < ELEMENTS(cases); i++) {
		json_auto_t *row = json_loads(cases[i].row, 0, NULL);
		_cleanup_(freep) char *text = cell_text(row, cases[i].pattern);

		assert_non_null(row);
		if (g_strcmp0(text, cases[i].text) != 0)
			fail_msg("%s of %s is %s", cases[i].pattern, cases[i].row, text ? text : "NULL");
	}
}

static void test_figures_for_people(void **state)
{
	static const struct {
		double number;
		const char *text;
	} rows[] = { { 134.5, "134.5" }, { 0.1 + 0.2, "0.3" }, { 240, "240" }, { 1500.0000000000002, "1500" },
		{ 0, "0" }, { 0.00123456, "0.00123" }, { -12.345678, "-12.35" }, { 1e12, "1e+12" },
		{ 100.999, "101" } };
	char text[REPORT_NUMBER_MAX];

	for (size_t i = 0; i < ELEMENTS(rows); i++)
		assert_string_equal(report_number(rows[i].number, text), rows[i].text);
}

static void test_times(void **state)
{
	char text[REPORT_TIME_MAX];

	assert_string_equal(
		report_time("2026-03-02T09:05:07.123456Z", REPORT_MOMENT, text), "2026-03-02 09:05 UTC");
	assert_string_equal(report_time("2026-03-02T09:05:07Z", REPORT_DATE, text), "2 March 2026");
	assert_string_equal(report_time("2026-03-02T09:05:07Z", REPORT_CLOCK, text), "09:05");
	assert_string_equal(report_time(NULL, REPORT_CLOCK, text), "");
	assert_string_equal(report_time("yesterday", REPORT_CLOCK, text), "");
}

/* ---- sections ---- */

typedef struct Sample {
	const char *title, *row;
} Sample;

static const Sample samples[] = {
	{ "What the record lacks",
		"{\"subject\":\"lot L1\",\"missing\":\"the certificate\",\"since\":\"2026-01-01\"}" },
	{ "How long records are kept", "{\"records\":\"needles\",\"days\":1095,\"profile\":\"us-ca\"}" },
	{ "Sterilisation cycles",
		"{\"sterilizer\":\"S1\",\"cycle\":41,\"load\":\"morning\",\"seq\":9,"
		"\"started\":\"2026-03-02T07:00:00.000000Z\",\"temperature_c\":134.5,\"pressure_kpa\":313,"
		"\"exposure_s\":300,\"contents\":[\"H1\",\"H2\"],\"operator\":\"b3\",\"released\":\"2026-03-02T08:00:00Z\","
		"\"released_by\":\"b1\",\"integrator\":\"pass\"}" },
	{ "Cartridge lots and certificates",
		"{\"lot\":\"L1\",\"received\":\"2026-02-01T07:00:00Z\",\"used\":3,\"left\":17,\"certificate\":null}" },
	{ "Sessions",
		"{\"session\":7,\"begun\":\"2026-03-02T09:00:00Z\",\"subject\":\"P-1\",\"outcome\":\"signed\"}" },
	{ "Cartridges used",
		"{\"unit\":\"(01)04012345678901(21)A17\",\"lot\":\"L1\",\"session\":7,"
		"\"used\":\"2026-03-02T09:00:00Z\",\"state\":\"disposed\",\"container\":\"SC-1\"}" },
};

static void set_rows(Inspection *found, const char *title, const char *rows)
{
	json_t *parsed = json_loads(rows, 0, NULL);

	assert_non_null(parsed);
	inspection_set(found, inspection_section(title), parsed);
}

static Inspection *inspection(int rows)
{
	Inspection *found = inspection_new();

	found->clinic = strdup("clinic");
	found->made = strdup("2026-04-01T08:00:00Z");
	found->from = "2026-03-01";
	for (size_t i = 0; i < INSPECTION_SECTIONS; i++)
		inspection_set(found, i, json_array());
	for (size_t i = 0; i < ELEMENTS(samples); i++) {
		json_t *list = json_array();

		for (int row = 0; row < rows; row++)
			json_array_append_new(list, json_loads(samples[i].row, 0, NULL));
		inspection_set(found, inspection_section(samples[i].title), list);
	}
	return found;
}

static Table *table_of(const Inspection *found, const char *title)
{
	return inspection_table(found, inspection_section(title));
}

static const char *cell(const Table *table, size_t row, size_t column)
{
	return g_ptr_array_index(table->cells, row * table->n_columns + column);
}

static void test_rows_for_an_inspector(void **state)
{
	_cleanup_(inspection_freep) Inspection *found = inspection(2);
	_cleanup_(table_freep) Table *cycles = table_of(found, "Sterilisation cycles");
	_cleanup_(table_freep) Table *lots = table_of(found, "Cartridge lots and certificates");
	_cleanup_(table_freep) Table *used = table_of(found, "Cartridges used");

	assert_int_equal(table_rows(cycles), 2);
	assert_string_equal(cell(cycles, 1, 0), "2026-03-02 07:00");
	assert_string_equal(cell(cycles, 1, 1), "S1, cycle 41, load morning, record 9");
	assert_string_equal(cell(cycles, 1, 2), "134.5\xc2\xa0\xc2\xb0"
						"C, 313\xc2\xa0kPa, exposure 300\xc2\xa0s");
	assert_string_equal(cell(cycles, 1, 3), "H1, H2");
	assert_string_equal(cell(cycles, 1, 7), "b3");
	assert_string_equal(cell(cycles, 1, 8), "released 2026-03-02 08:00 by b1");
	assert_null(cell(lots, 0, 3));
	assert_string_equal(cell(lots, 0, 4), "2026-02-01");
	assert_string_equal(cell(used, 0, 5), "disposed, sharps box SC-1");
}

/** Every section has patterns for its cells, and columns that fill the page and no more. */
static void test_sections_are_whole(void **state)
{
	for (size_t i = 0; i < INSPECTION_SECTIONS; i++) {
		const InspectionSection *section = &inspection_sections[i];
		double shares = 0;

		assert_non_null(section->title);
		assert_int_equal(inspection_section(section->title), i);
		assert_non_null(section->none);
		assert_int_equal(!section->only, !section->like);
		for (size_t column = 0; column < section->n_columns; column++) {
			assert_non_null(section->columns[column].cell);
			shares += section->columns[column].share;
		}
		if (fabs(shares - 1) > 1e-6)
			fail_msg("columns of %s take %g", section->title, shares);
	}
}

/** Released and then rejected, rejected at once, and looked at by nobody: three different things. */
static void test_what_became_of_loads(void **state)
{
	_cleanup_(inspection_freep) Inspection *found = inspection(0);
	_cleanup_(table_freep) Table *cycles = NULL, *doubts = NULL;

	set_rows(found, "Sterilisation cycles",
		"[{\"cycle\":3,\"started\":\"2026-03-04T07:00:00Z\"},"
		"{\"cycle\":2,\"started\":\"2026-03-03T07:00:00Z\",\"rejected\":\"2026-03-03T09:00:00Z\","
		"\"rejected_by\":\"b2\",\"rejected_reason\":\"wet packs found\"},"
		"{\"cycle\":1,\"started\":\"2026-03-02T07:00:00Z\",\"released\":\"2026-03-02T08:00:00Z\","
		"\"released_by\":\"b1\",\"rejected\":\"2026-03-05T09:00:00Z\",\"rejected_by\":\"b2\","
		"\"rejected_reason\":\"torn\"}]");
	cycles = table_of(found, "Sterilisation cycles");
	assert_string_equal(
		cell(cycles, 0, 8), "released 2026-03-02 08:00 by b1, REJECTED 2026-03-05 09:00 by b2: torn");
	assert_string_equal(cell(cycles, 1, 8), "REJECTED 2026-03-03 09:00 by b2: wet packs found");
	assert_string_equal(cell(cycles, 2, 8), "not released");
	set_rows(found, "Loads in doubt",
		"[{\"test\":5,\"tested\":\"2026-03-06T07:00:00Z\",\"blocked\":\"waits\"},"
		"{\"test\":5,\"tested\":\"2026-03-06T07:00:00Z\",\"cleared\":\"2026-03-07T07:00:00Z\",\"passed\":8,"
		"\"action\":\"resterilised\",\"follow_up\":7}]");
	doubts = table_of(found, "Loads in doubt");
	assert_string_equal(cell(doubts, 0, 0), "2026-03-06 07:00, record 5");
	assert_string_equal(cell(doubts, 0, 4), "still in doubt, waits");
	assert_string_equal(cell(doubts, 0, 5), "none");
	assert_string_equal(cell(doubts, 1, 4), "cleared by the test of 2026-03-07 07:00, record 8");
	assert_string_equal(cell(doubts, 1, 5), "resterilised, record 7");
}

static void test_a_cartridge_never_used_counts_as_none(void **state)
{
	static const char rows[] =
		"[{\"unit\":\"A1\",\"used\":\"2026-03-02T09:00:00Z\"},"
		"{\"unit\":\"A2\",\"used\":null,\"state\":\"damaged\",\"damage\":\"bent\"}]";
	_cleanup_(inspection_freep) Inspection *found = inspection(0);
	_cleanup_(table_freep) Table *used = NULL, *never = NULL;

	set_rows(found, "Cartridges used", rows);
	set_rows(found, "Cartridges that were never used", rows);
	used = table_of(found, "Cartridges used");
	never = table_of(found, "Cartridges that were never used");
	assert_int_equal(table_rows(used), 1);
	assert_string_equal(cell(used, 0, 0), "A1");
	assert_int_equal(table_rows(never), 1);
	assert_string_equal(cell(never, 0, 3), "damaged, bent");
}

/* ---- pages ---- */

static void write_inspection(const Inspection *found, char **ret)
{
	Document document;
	size_t size;
	FILE *stream = open_memstream(ret, &size);

	inspection_document(found, &document);
	assert_int_equal(document_write_html(&document, stream), 0);
	fclose(stream);
}

static void test_pages_for_an_inspector(void **state)
{
	static const struct {
		int rows;
		const char *state;
	} cases[] = { { 0, "Nothing missing" }, { 3, "Gaps found" }, { 200, "Gaps found" } };

	for (size_t i = 0; i < ELEMENTS(cases); i++) {
		_cleanup_(inspection_freep) Inspection *found = inspection(cases[i].rows);
		_cleanup_(freep) char *html = NULL;
		size_t rows = 0;

		write_inspection(found, &html);
		assert_non_null(strstr(html, cases[i].state));
		for (size_t k = 0; k < INSPECTION_SECTIONS; k++)
			assert_non_null(strstr(html, inspection_sections[k].title));
		for (const char *row = html; (row = strstr(row, "<tr><td")); row++)
			rows++;
		assert_int_equal(rows, (size_t)cases[i].rows * ELEMENTS(samples));
	}
}

static void test_rules_clock_and_log(void **state)
{
	_cleanup_(inspection_freep) Inspection *found = inspection(1);
	_cleanup_(freep) char *html = NULL, *damaged = NULL;

	inspection_say(found, "As it was signed", "%s", "origin\n12\nroot\n\n\xe2\x80\x94 origin sig\n");
	write_inspection(found, &html);
	assert_non_null(strstr(html, "Compliance profile: us-ca. Times of day are local: UTC (UTC+0000)."));
	assert_non_null(strstr(html, "origin\n12\nroot\n\n\xe2\x80\x94 origin sig</td>"));
	found->damaged = true;
	write_inspection(found, &damaged);
	assert_non_null(strstr(damaged, "Ledger damaged"));
}

/** Where summers have another time, both are told. */
static void test_the_clock_of_two_seasons(void **state)
{
	_cleanup_(inspection_freep) Inspection *found = inspection(0);
	_cleanup_(freep) char *html = NULL;

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	write_inspection(found, &html);
	setenv("TZ", "UTC", 1);
	tzset();
	assert_non_null(strstr(html, "local: CET (UTC+0100), in summer CEST (UTC+0200)."));
}

/** What the daemon does not know is neither a gap nor the lack of one. */
static void test_what_was_not_asked(void **state)
{
	_cleanup_(inspection_freep) Inspection *found = inspection(0);
	_cleanup_(freep) char *html = NULL;

	json_decref(found->rows[0]);
	found->rows[0] = NULL;
	write_inspection(found, &html);
	assert_non_null(strstr(html, "Not checked"));
	assert_non_null(strstr(html, "keeps no such record"));
	assert_null(strstr(html, "Nothing missing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_figures_for_people),
		cmocka_unit_test(test_rows_for_an_inspector),
		cmocka_unit_test(test_sections_are_whole),
		cmocka_unit_test(test_what_became_of_loads),
		cmocka_unit_test(test_a_cartridge_never_used_counts_as_none),
		cmocka_unit_test(test_pages_for_an_inspector),
		cmocka_unit_test(test_rules_clock_and_log),
		cmocka_unit_test(test_the_clock_of_two_seasons),
		cmocka_unit_test(test_what_was_not_asked),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
