/* SPDX-License-Identifier: Apache-2.0 */

/** Tables of sterilisers: the mapping, and what becomes of each row. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cycle-csv.h"
#include "util/file.h"

static char folder[] = "stipple-csv-XXXXXX";
static char path[64];

/** Rows as "LINE {fields}" or "LINE !reason", a line each. */
static int keep_row(void *userdata, const CycleRow *row)
{
	_cleanup_(freep) char *text =
		row->fields ? json_dumps(row->fields, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	fprintf(userdata, "%zu %s%s\n", row->line, row->fields ? "" : "!", row->fields ? text : row->bad);
	return 0;
}

/** What a table gives with a mapping ("": none); the error when it cannot be used. */
static char *read_table(const char *mapping_text, const char *table)
{
	_cleanup_(cycle_mapping_freep) CycleMapping *mapping = NULL;
	_cleanup_(fclosep) FILE *file = fmemopen((void *)table, strlen(table), "r");
	Error error = { 0 };
	char *rows = NULL;
	size_t size;
	FILE *out = open_memstream(&rows, &size);
	int r;

	assert_int_equal(file_write_atomic(folder, "map.conf", mapping_text, strlen(mapping_text)), 0);
	r = cycle_mapping_load(*mapping_text ? path : NULL, &mapping, &error);
	if (r == 0)
		r = cycle_csv_read(file, mapping, keep_row, out, &error);
	if (r < 0)
		fprintf(out, "error %s", error.text);
	fclose(out);
	return rows;
}

static void expect(const char *mapping, const char *table, const char *expected)
{
	_cleanup_(freep) char *rows = read_table(mapping, table);

	assert_string_equal(rows, expected);
}

static void expect_words(const char *mapping, const char *table, const char *words)
{
	_cleanup_(freep) char *rows = read_table(mapping, table);

	if (!strstr(rows, words))
		fail_msg("\"%s\" does not say \"%s\"", rows, words);
}

#define HEAD "sterilizer,cycle,program,started,temperature_c,exposure_s,mechanical,contents\n"
#define FIRST                                                                                       \
	"{\"contents\":\"hp1,hp2\",\"cycle\":\"7\",\"exposure_s\":\"240\",\"mechanical\":\"pass\"," \
	"\"program\":\"B 134\",\"started\":\"2026-03-02T09:00:00Z\",\"sterilizer\":\"A\",\"temperature_c\":\"134.5\"}\n"

static void test_columns_may_bear_the_names_of_fields(void **state)
{
	expect("", HEAD "A,0007,B 134,2026-03-02T10:00:00+01:00,134.5,240,PASS,\"hp1,hp2\"\n", "2 " FIRST);
	/* as a spreadsheet writes it, and without the last line's end */
	expect("", "\xef\xbb\xbf" HEAD "A,7,B 134,2026-03-02T09:00:00Z,134.5,4:00,pass,\"hp1,hp2\"",
		"2 " FIRST);
	expect("", HEAD "\n\nA,7,B 134,2026-03-02T09:00:00Z,134.5,0:04:00,pass,\"hp1,hp2\"\r\n", "4 " FIRST);
}

static void test_a_mapping_names_columns_units_and_words(void **state)
{
	expect("[file]\nseparator = semicolon\ntime = %d.%m.%Y %H:%M\nzone = UTC\ntemperature = F\npressure = bar\nduration = min\n"
	       "[constants]\nsterilizer = A\n"
	       "[columns]\ncycle = No.\nprogram = Prog\nstarted = Date + Time\ntemperature_c = Temp\n"
	       "exposure_s = Hold\npressure_kpa = P max\nmechanical = Result\n"
	       "[values]\npass = OK, cycle ok\nfail = Error\n",
		"Date;Time;No.;Prog;Temp;P max;Hold;Result;Remark\n"
		"02.03.2026;09:00;7;B 134;273,2;3,13;4;cycle OK;fine\n"
		"02.03.2026;10:00;8;B 134;273.2;3.13;4;ERROR;\n",
		"2 {\"cycle\":\"7\",\"exposure_s\":\"240\",\"mechanical\":\"pass\",\"pressure_kpa\":\"313\","
		"\"program\":\"B 134\",\"started\":\"2026-03-02T09:00:00Z\",\"sterilizer\":\"A\",\"temperature_c\":\"134\"}\n"
		"3 {\"cycle\":\"8\",\"exposure_s\":\"240\",\"mechanical\":\"fail\",\"pressure_kpa\":\"313\","
		"\"program\":\"B 134\",\"started\":\"2026-03-02T10:00:00Z\",\"sterilizer\":\"A\",\"temperature_c\":\"134\"}\n");
}

#define EUROPE "CET-1CEST,M3.5.0,M10.5.0/3" /* as Europe/Berlin, without the machine's tables */

static void test_times_are_of_the_mappings_zone_or_have_an_offset(void **state)
{
	static const char map[] = "[file]\ntime = %Y-%m-%d %H:%M:%S\nzone = " EUROPE "\n",
			  local[] = "[file]\ntime = %Y-%m-%d %H:%M:%S\nzone = local\n",
			  offset[] = "[file]\ntime = %Y-%m-%d %H:%M:%S %z\n";

	expect_words(
		map, HEAD "A,7,P,2026-01-05 10:00:00,134,240,,\n", "\"started\":\"2026-01-05T09:00:00Z\"");
	expect_words(
		map, HEAD "A,7,P,2026-07-05 10:00:00,134,240,,\n", "\"started\":\"2026-07-05T08:00:00Z\"");
	expect_words(offset, HEAD "A,7,P,2026-07-05 10:00:00 -0300,134,240,,\n",
		"\"started\":\"2026-07-05T13:00:00Z\"");
	/* the machine's own is asked for, never taken in silence */
	expect_words(
		local, HEAD "A,7,P,2026-07-05 10:00:00,134,240,,\n", "\"started\":\"2026-07-05T10:00:00Z\"");
	expect_words("[file]\ntime = %Y-%m-%d %H:%M\n", HEAD, "say where they were taken, zone =");
	expect_words("[file]\nzone = Nowhere/Land\n", HEAD, "map.conf:2: zone: there is no time zone");
	expect_words(map, HEAD "A,7,P,2026-02-30 10:00:00,134,240,,\n", "2 !started:");
}

static void test_hours_that_clocks_left_out_or_showed_twice_are_refused(void **state)
{
	static const char map[] =
		"[file]\nseparator = semicolon\ntime = %d.%m.%Y %H:%M:%S\nzone = " EUROPE "\n"
		"[columns]\ncycle = Cycle\nstarted = Start\n"
		"[constants]\nsterilizer = STE-1\nprogram = B134\ntemperature_c = 134\nexposure_s = 240\n";

	expect_words(map, "Cycle;Start\n21;29.03.2026 02:30:00\n",
		"2 !started: \"29.03.2026 02:30:00\" is a time that no clock showed");
	expect_words(map, "Cycle;Start\n22;25.10.2026 02:30:00\n",
		"2 !started: \"25.10.2026 02:30:00\" was twice on that day");
	expect_words(map, "Cycle;Start\n22;25.10.2026 01:59:59\n", "\"started\":\"2026-10-24T23:59:59Z\"");
	expect_words(map, "Cycle;Start\n22;25.10.2026 03:00:00\n", "\"started\":\"2026-10-25T02:00:00Z\"");
	expect_words(map, "Cycle;Start\n22;29.03.2026 03:00:00\n", "\"started\":\"2026-03-29T01:00:00Z\"");
}

static void expect_number(const char *map, const char *cell, const char *words)
{
	char table[256];

	snprintf(table, sizeof table, HEAD "A,7,P,2026-03-02T09:00:00Z,134,\"%s\",,\n", cell);
	expect_words(map, table, words);
}

static void test_figures_that_can_be_read_in_two_ways_are_refused(void **state)
{
	static const char point[] = "[file]\ndecimal = point\n", comma[] = "[file]\ndecimal = comma\n";
	static const struct {
		const char *map, *cell, *words;
	} rows[] = {
		{ "", "1,800", "2 !exposure_s: \"1,800\" may be 1 thousand or 1 and a fraction" },
		{ "", "1.800", "2 !exposure_s: \"1.800\" may be" },
		{ "", "134.500", "may be" },
		{ point, "1,800", "\"exposure_s\":\"1800\"" },
		{ point, "1.800", "\"exposure_s\":\"1.8\"" },
		{ comma, "1,800", "\"exposure_s\":\"1.8\"" },
		{ comma, "1.800", "\"exposure_s\":\"1800\"" },
		{ comma, "1.234.567,25", "\"exposure_s\":\"1234567.25\"" },
		{ comma, "1.80", "2 !exposure_s: \"1.80\" is no number" },
		{ point, "1,80", "is no number" },
		{ "", "1.234,5", "\"exposure_s\":\"1234.5\"" },
		{ "", "1,234,567", "\"exposure_s\":\"1234567\"" },
		{ "", "0,125", "\"exposure_s\":\"0.125\"" },
		{ "", "240,5", "\"exposure_s\":\"240.5\"" },
		{ "", "1800.125", "\"exposure_s\":\"1800.125\"" },
		{ "", "1,2345", "\"exposure_s\":\"1.2345\"" },
		/* what strtod() would read */
		{ "", "0x86", "2 !exposure_s: \"0x86\" is no number" },
		{ "", "1e3", "is no number" },
		{ "", "inf", "is no number" },
		{ "", "nan", "is no number" },
		{ "", " 5", "\"exposure_s\":\"5\"" },
		{ "", "5.", "is no number" },
		{ "", ",5", "is no number" },
		{ "", "1,,5", "is no number" },
		{ "", "1,5,5", "is no number" },
		{ "", "1.234,567.8", "is no number" },
		{ "", "--5", "is no number" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++)
		expect_number(rows[i].map, rows[i].cell, rows[i].words);
	expect_words(
		"[file]\ndecimal = dot\n", HEAD, "map.conf:2: decimal: \"dot\" is neither point nor comma");
}

static void test_two_columns_of_one_name_are_refused(void **state)
{
	expect("",
		"sterilizer,cycle,program,started,temperature_c,exposure_s,pressure_kpa,temperature_c\n"
		"STE-1,7,B134,2026-03-02T10:11:12Z,134.5,240,210,99\n",
		"error columns 5 and 8 are both called \"temperature_c\": which of them is the field temperature_c "
		"nobody can tell; give them names of their own");
	/* others are the device's own affair */
	expect_words("",
		"sterilizer,cycle,program,started,temperature_c,exposure_s,Remark,Remark\n"
		"STE-1,7,B134,2026-03-02T10:11:12Z,134.5,240,a,b\n",
		"2 {\"cycle\":\"7\"");
}

#define SMALL     "sterilizer,cycle,program,started,temperature_c,exposure_s\n"
#define SMALL_ROW "STE-1,3,B134,2026-03-02T10:11:12Z,134.5,240\n"
#define SMALL_READ                                                      \
	"{\"cycle\":\"3\",\"exposure_s\":\"240\",\"program\":\"B134\"," \
	"\"started\":\"2026-03-02T10:11:12Z\",\"sterilizer\":\"STE-1\",\"temperature_c\":\"134.5\"}\n"

static void test_what_stands_before_the_table_is_passed_over(void **state)
{
	expect("", "sep=,\n" SMALL SMALL_ROW, "3 " SMALL_READ);
	expect("",
		"\xef\xbb\xbfSEP=;\r\nsterilizer;cycle;program;started;temperature_c;exposure_s\r\n"
		"STE-1;3;B134;2026-03-02T10:11:12Z;134.5;240\r\n",
		"3 " SMALL_READ);
	expect_words("", "sep=x\n" SMALL SMALL_ROW, "error line 1 says that \"x\" is between cells");
	expect("", "Logger export\nDevice,X1\n\n" SMALL SMALL_ROW, "5 " SMALL_READ);
	/* what is missing is told of the row that looks most like a head */
	expect_words("", "Logger export\nsterilizer,cycle,program,started,temp,exposure_s\nA,1,,,,\n",
		"no column \"temperature_c\"");
}

/** The same table as UTF-16, with a mark and in either order, or without. */
static void test_other_encodings(void **state)
{
	static const char table[] = SMALL "STE-1,3,B\xc3\xa9,2026-03-02T10:11:12Z,134.5,240\n";
	static const char latin[] = SMALL "STE-1,3,B\xe9,2026-03-02T10:11:12Z,134.5,240\n";

	for (int kind = 0; kind < 4; kind++) {
		_cleanup_(cycle_mapping_freep) CycleMapping *mapping = NULL;
		_cleanup_(freep) char *rows = NULL;
		char bytes[2 * sizeof table + 2];
		Error error = { 0 };
		const char *map = kind == 2 ? "[file]\nencoding = utf-16le\n" : "[file]\nencoding = utf-8\n";
		bool big = kind == 1, mark = kind < 2;
		size_t n = 0, size;
		FILE *file, *out = open_memstream(&rows, &size);

		if (mark) {
			bytes[n++] = big ? '\xfe' : '\xff';
			bytes[n++] = big ? '\xff' : '\xfe';
		}
		for (const char *c = latin; *c; c++) {
			bytes[n + (big ? 1 : 0)] = *c;
			bytes[n + (big ? 0 : 1)] = 0;
			n += 2;
		}
		file = fmemopen(bytes, n, "r");
		assert_int_equal(file_write_atomic(folder, "map.conf", map, strlen(map)), 0);
		assert_int_equal(cycle_mapping_load(path, &mapping, &error), 0);
		if (cycle_csv_read(file, mapping, keep_row, out, &error) < 0)
			fprintf(out, "error %s", error.text);
		fclose(out);
		fclose(file);
		if (!strstr(rows, kind == 3 ? "error has NUL characters" : "\"program\":\"B\xc3\xa9\""))
			fail_msg("kind %d: %s", kind, rows);
	}
	expect_words("", table, "\"program\":\"B\xc3\xa9\"");
	expect_words("", latin, "2 !program: ");
	expect_words("[file]\nencoding = latin-1\n", latin, "\"program\":\"B\xc3\xa9\"");
	expect_words("[file]\nencoding = ebcdic\n", latin, "map.conf:2: encoding: ");
}

static void test_a_bad_row_is_named_and_the_others_are_read(void **state)
{
	static const struct {
		const char *row, *words;
	} bad[] = {
		{ "A,x7,P,2026-03-02T09:00:00Z,134,240,pass,\n", "2 !cycle: \"x7\" is no whole number" },
		{ "A,-7,P,2026-03-02T09:00:00Z,134,240,pass,\n", "2 !cycle: " },
		{ "A,,P,2026-03-02T09:00:00Z,134,240,pass,\n", "2 !cycle is missing" },
		{ "A,7,P,2026-03-02 09:00,134,240,pass,\n", "2 !started: " },
		{ "A,7,P,2026-03-02,134,240,pass,\n", "2 !started: " },
		{ "A,7,P,2026-03-02T09:00:00Z,hot,240,pass,\n", "2 !temperature_c: \"hot\" is no number" },
		{ "A,7,P,2026-03-02T09:00:00Z,134 C,240,pass,\n", "2 !temperature_c: " },
		{ "A,7,P,2026-03-02T09:00:00Z,134,4:xx,pass,\n", "2 !exposure_s: " },
		{ "A,7,P,2026-03-02T09:00:00Z,134,1:2:3:4,pass,\n", "2 !exposure_s: " },
		{ "A,7,P,2026-03-02T09:00:00Z,134,240,good,\n", "2 !mechanical: \"good\" is neither" },
		{ "A,7,P\xff,2026-03-02T09:00:00Z,134,240,pass,\n", "2 !program: " },
		{ "A,7,P,2026-03-02T09:00:00Z,134,240,pass,,,\n", "2 !it has 10 cells" },
		{ "A,7\n", "2 !program is missing" },
	};

	for (size_t i = 0; i < ELEMENTS(bad); i++) {
		char table[512];

		snprintf(
			table, sizeof table, HEAD "%sA,9,P,2026-03-02T09:00:00Z,134,240,pass,\n", bad[i].row);
		expect_words("", table, bad[i].words);
		expect_words("", table, "\n3 {\"cycle\":\"9\"");
	}
}

static void test_a_row_begins_where_its_line_begins(void **state)
{
	expect_words(
		"", HEAD "A,7,\"P\nQ\",2026-03-02T09:00:00Z,134,240,pass,\nA,x,P,,,,,\n", "2 !program: ");
	expect_words("", HEAD "A,7,\"P\nQ\",2026-03-02T09:00:00Z,134,240,pass,\nA,x,P,,,,,\n", "4 !cycle: ");
}

static void test_a_table_that_cannot_be_used(void **state)
{
	expect("", "\n", "error the table is empty");
	expect_words("", "sterilizer,cycle\n", "no column \"program\" for the field program");
	expect_words("[columns]\nload = Charge\n", HEAD, "no column \"Charge\" for the field load");
	expect_words("", HEAD "A,\"7", "error line 2: ");
	expect_words("", HEAD "A,7\"7\n", "error line 2: ");
}

static void test_a_bad_mapping_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text, *words;
	} bad[] = {
		{ "[file]\nseparator = pipe\n", "map.conf:2: separator: " },
		{ "[file]\ncolour = red\n", "map.conf:2: colour: " },
		{ "[file]\ntemperature = K\n", "map.conf:2: temperature: " },
		{ "[columns]\ncolour = Red\n", "map.conf:2: colour: " },
		{ "[columns]\ncycle =\n", "map.conf:2: cycle: " },
		{ "[values]\nperhaps = so\n", "map.conf:2: perhaps: " },
		{ "[rows]\nfirst = 2\n", "map.conf:2: first: " },
	};
	CycleMapping *mapping = NULL;
	Error error = { 0 };

	for (size_t i = 0; i < ELEMENTS(bad); i++)
		expect_words(bad[i].text, HEAD, bad[i].words);
	assert_int_equal(cycle_mapping_load("no-such-folder/map.conf", &mapping, &error), -ENOENT);
	assert_null(mapping);
}

static int stop_at_once(void *userdata, const CycleRow *row)
{
	return 3;
}

static void test_who_takes_the_rows_may_end_it(void **state)
{
	_cleanup_(cycle_mapping_freep) CycleMapping *mapping = NULL;
	static char table[] = HEAD "A,7,P,,,,,\nA,8,P,,,,,\n";
	_cleanup_(fclosep) FILE *file = fmemopen(table, strlen(table), "r");
	Error error = { 0 };

	assert_int_equal(cycle_mapping_load(NULL, &mapping, &error), 0);
	assert_int_equal(cycle_csv_read(file, mapping, stop_at_once, NULL, &error), 3);
}

static int make_folder(void **state)
{
	setenv("TZ", "UTC0", 1);
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/map.conf", folder);
	return 0;
}

static int remove_folder(void **state)
{
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns_may_bear_the_names_of_fields),
		cmocka_unit_test(test_a_mapping_names_columns_units_and_words),
		cmocka_unit_test(test_times_are_of_the_mappings_zone_or_have_an_offset),
		cmocka_unit_test(test_hours_that_clocks_left_out_or_showed_twice_are_refused),
		cmocka_unit_test(test_figures_that_can_be_read_in_two_ways_are_refused),
		cmocka_unit_test(test_two_columns_of_one_name_are_refused),
		cmocka_unit_test(test_what_stands_before_the_table_is_passed_over),
		cmocka_unit_test(test_other_encodings),
		cmocka_unit_test(test_a_bad_row_is_named_and_the_others_are_read),
		cmocka_unit_test(test_a_row_begins_where_its_line_begins),
		cmocka_unit_test(test_a_table_that_cannot_be_used),
		cmocka_unit_test(test_a_bad_mapping_is_refused_with_its_line),
		cmocka_unit_test(test_who_takes_the_rows_may_end_it),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
