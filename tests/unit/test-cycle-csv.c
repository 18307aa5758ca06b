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
	char error[CYCLE_CSV_ERROR_MAX] = "", *rows = NULL;
	size_t size;
	FILE *out = open_memstream(&rows, &size);
	int r;

	assert_int_equal(file_write_atomic(folder, "map.conf", mapping_text, strlen(mapping_text)), 0);
	r = cycle_mapping_load(*mapping_text ? path : NULL, &mapping, error);
	if (r == 0)
		r = cycle_csv_read(file, mapping, keep_row, out, error);
	if (r < 0)
		fprintf(out, "error %s", error);
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
	expect("[file]\nseparator = semicolon\ntime = %d.%m.%Y %H:%M\ntemperature = F\npressure = bar\nduration = min\n"
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

static void test_times_are_those_of_the_machine_or_have_an_offset(void **state)
{
	static const char map[] = "[file]\ntime = %Y-%m-%d %H:%M:%S\n",
			  offset[] = "[file]\ntime = %Y-%m-%d %H:%M:%S %z\n";

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	expect_words(
		map, HEAD "A,7,P,2026-01-05 10:00:00,134,240,,\n", "\"started\":\"2026-01-05T09:00:00Z\"");
	expect_words(
		map, HEAD "A,7,P,2026-07-05 10:00:00,134,240,,\n", "\"started\":\"2026-07-05T08:00:00Z\"");
	expect_words(offset, HEAD "A,7,P,2026-07-05 10:00:00 -0300,134,240,,\n",
		"\"started\":\"2026-07-05T13:00:00Z\"");
	setenv("TZ", "UTC0", 1);
	tzset();
	expect_words(map, HEAD "A,7,P,2026-02-30 10:00:00,134,240,,\n", "2 !started:");
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
	char error[CYCLE_CSV_ERROR_MAX];

	for (size_t i = 0; i < ELEMENTS(bad); i++)
		expect_words(bad[i].text, HEAD, bad[i].words);
	assert_int_equal(cycle_mapping_load("no-such-folder/map.conf", &mapping, error), -ENOENT);
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
	char error[CYCLE_CSV_ERROR_MAX];

	assert_int_equal(cycle_mapping_load(NULL, &mapping, error), 0);
	assert_int_equal(cycle_csv_read(file, mapping, stop_at_once, NULL, error), 3);
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
		cmocka_unit_test(test_times_are_those_of_the_machine_or_have_an_offset),
		cmocka_unit_test(test_a_bad_row_is_named_and_the_others_are_read),
		cmocka_unit_test(test_a_row_begins_where_its_line_begins),
		cmocka_unit_test(test_a_table_that_cannot_be_used),
		cmocka_unit_test(test_a_bad_mapping_is_refused_with_its_line),
		cmocka_unit_test(test_who_takes_the_rows_may_end_it),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
