/* SPDX-License-Identifier: Apache-2.0 */

/** Makers' reports of sterilisers: which importer takes them, and what it makes of each. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cycle-import.h"
#include "util/digest.h"

static int keep_row(void *userdata, const CycleRow *row)
{
	_cleanup_(freep) char *text =
		row->fields ? json_dumps(row->fields, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	fprintf(userdata, "%zu %s%s\n", row->line, row->fields ? "" : "!", row->fields ? text : row->bad);
	return 0;
}

/** The rows of a file, by the importer that recognises it, with that zone (NULL: none). */
static char *read_report(
	const char *importer, const char *name, const char *data, size_t size, const char *zone)
{
	_cleanup_(cycle_mapping_freep) CycleMapping *mapping = NULL;
	CycleFile file = { .name = name, .data = data, .size = size };
	const CycleImporter *found;
	Error error = { 0 };
	char *rows = NULL;
	size_t length;
	FILE *out = open_memstream(&rows, &length);

	assert_int_equal(cycle_mapping_load(NULL, &mapping, &error), 0);
	if (zone)
		assert_int_equal(cycle_mapping_set_zone(mapping, zone, &error), 0);
	file.mapping = mapping;
	found = cycle_importer_find(NULL, &file);
	assert_string_equal(found->name, importer);
	assert_ptr_equal(cycle_importer_find(importer, NULL), found);
	if (found->read(&file, keep_row, out, &error) < 0)
		fprintf(out, "error %s", error.text);
	fclose(out);
	return rows;
}

/** `wanted` is what the rows begin with; the digest of a curve is compared apart. */
static void expect_rows(const char *importer, const char *name, const char *data, const char *wanted)
{
	_cleanup_(freep) char *rows = read_report(importer, name, data, strlen(data), "Europe/Berlin");

	assert_string_equal(rows, wanted);
}

#define DAC_HEAD(number, date)               \
	"DAC Universal                   \n" \
	"Serien Nr:  700001\n"               \
	"Programm:   Universal/134\xb0"      \
	"C/3min\n"                           \
	"Deckel:     Standard            \n" \
	"Zyklus:     " number "\n"           \
	"Dat.(T-M-J) " date "\n"             \
	"Zeit(H-M-S) 23:50:10\n"             \
	"--------------------------------\n"
#define DAC_HELD                             \
	"Start              23:50:40 Ok  \n" \
	"Beginn Haltezeit   23:58:30 Ok  \n" \
	"Uhrzeit:           \xb0"            \
	"C:      bar:\n"                     \
	"23:59:00           135.2    3.17\n" \
	"00:00:30           135.4    3.19\n" \
	"00:01:30           135.3    3.18\n" \
	"Maximum            135.4    3.19\n" \
	"Minimum            135.1    3.16\n" \
	"Dauer (m-s)        03-07\n"         \
	"Zyklusende         00:05:08 Ok  \n"

/** The digest of the curve in DAC_HELD: seconds since its first row, degrees, kPa. */
static const char *held_digest(void)
{
	static char digest[DIGEST_HEX_MAX];
	static const char rows[] = "0 135.20 317.00\n90 135.40 319.00\n150 135.30 318.00\n";

	digest_hex(rows, sizeof rows - 1, digest);
	return digest;
}

static void test_a_log_of_a_dac_universal(void **state)
{
	static const char log[] = "\0noise\n" DAC_HEAD("13", "16-03-2026") DAC_HELD DAC_HEAD("14",
		"17-03-2026") "Aussenreinigung    23:58:00 FEHL\nError code   97\nZyklusende         23:58:40 FEHL\n"
			      "\n            Fehler!\n\nError code   97\n";
	_cleanup_(freep) char *rows =
		read_report("dac-universal", "DAC.LOG", log, sizeof log - 1, "Europe/Berlin");
	_cleanup_(freep) char *wanted = NULL;

	assert_true(asprintf(&wanted,
			    "2 {\"curve_sha256\":\"%s\",\"cycle\":\"13\",\"device_serial\":\"700001\","
			    "\"exposure_s\":\"187\",\"mechanical\":\"pass\",\"pressure_kpa\":\"316\","
			    "\"program\":\"Universal/134\xc2\xb0"
			    "C/3min\",\"started\":\"2026-03-16T22:50:10Z\","
			    "\"temperature_c\":\"135.1\"}\n"
			    "20 {\"cycle\":\"14\",\"device_serial\":\"700001\",\"exposure_s\":\"0\","
			    "\"mechanical\":\"fail\",\"program\":\"Universal/134\xc2\xb0"
			    "C/3min\","
			    "\"started\":\"2026-03-17T22:50:10Z\",\"temperature_c\":\"0\"}\n",
			    held_digest()) > 0);
	assert_string_equal(rows, wanted);
}

/** The same curve under another number and date has the same digest. */
static void test_a_cloned_report_has_the_same_curve(void **state)
{
	static const char log[] = DAC_HEAD("13", "16-03-2026") DAC_HELD DAC_HEAD("20", "20-03-2026") DAC_HELD;
	_cleanup_(freep) char *rows = read_report("dac-universal", "x", log, sizeof log - 1, "Europe/Berlin");
	const char *first = strstr(rows, held_digest());

	assert_non_null(first);
	assert_non_null(strstr(first + 1, held_digest()));
}

static void test_a_report_without_a_zone_is_not_guessed(void **state)
{
	static const char log[] = DAC_HEAD("13", "16-03-2026") DAC_HELD;
	_cleanup_(freep) char *rows = read_report("dac-universal", "x", log, sizeof log - 1, NULL);

	assert_non_null(strstr(rows, "1 !the report has local times: say where they were taken, --zone"));
}

static void test_a_report_that_passed_must_have_its_figures(void **state)
{
	expect_rows("dac-universal", "x", DAC_HEAD("13", "16-03-2026") "Zyklusende         00:05:08 Ok  \n",
		"1 !the report does not give temperature_c\n");
}

/** A log that is copied while the last cycle runs: that one is said, and comes with the next copy. */
static void test_a_cycle_that_still_runs_is_left_out(void **state)
{
	static const char running[] = DAC_HEAD("13", "16-03-2026")
		DAC_HELD DAC_HEAD("14", "17-03-2026") "Start              23:50:40 Ok  \n";
	static const char later[] = DAC_HEAD("13", "16-03-2026") DAC_HELD DAC_HEAD("14",
		"17-03-2026") "Start              23:50:40 Ok  \n" DAC_HEAD("15", "18-03-2026") DAC_HELD;
	_cleanup_(freep) char *rows =
		read_report("dac-universal", "x", running, sizeof running - 1, "Europe/Berlin");
	_cleanup_(freep) char *then =
		read_report("dac-universal", "x", later, sizeof later - 1, "Europe/Berlin");
	const char *broken;

	assert_non_null(strstr(rows, "\"cycle\":\"13\""));
	assert_non_null(strstr(rows, "!cycle 14 still runs or was cut off: import the log again later\n"));
	/* another cycle behind it shows that it broke off */
	broken = strstr(then, "\"cycle\":\"14\"");
	assert_true(broken && strstr(broken, "\"mechanical\":\"fail\""));
	assert_null(strstr(then, "!"));
}

#define STATCLAVE                                                                                              \
	"STATCLAVE G4 SBS1R118\nSN 710999B00001\nUnit #  :        000\n1.2uS / 0.7ppm\n"                       \
	"CYCLE NUMBER  000042\n 9:54:52  08/10/2026\nSolid/Wrapped\n132 C/4min\nHEATING         5:10\n"        \
	"Min. steri. Values:\n 132.4 C  291kPa\nMax. steri. Values:\n 133.6 C  301kPa\nSTERILIZING    25:35\n" \
	"VENTING        29:38\nDRYING START   31:00\nDRYING END     51:00\n"
#define STATCLAVE_FIELDS                                                                                   \
	"\"cycle\":\"000042\",\"device_serial\":\"710999B00001\",\"device_signature\":\"A1B2-C3D4\","      \
	"\"exposure_s\":\"243\",\"mechanical\":\"pass\",\"pressure_kpa\":\"291\","                         \
	"\"program\":\"Solid/Wrapped 132 C/4min\",\"started\":\"2026-10-08T07:54:52Z\",\"temperature_c\":" \
	"\"132.4\"}\n"

static void test_a_report_of_a_statclave(void **state)
{
	static const char rows[] = "0 20.00 101.00\n1 132.00 290.00\n2 133.00 300.00\n";
	_cleanup_(freep) char *json = NULL, *wanted = NULL;
	json_auto_t *object = NULL;
	char digest[DIGEST_HEX_MAX];

	expect_rows("statclave", "S20261008_00042_710999B00001.txt",
		STATCLAVE "CYCLE COMPLETE 52:01\nDigital Signature #\nA1B2-C3D4\n", "1 {" STATCLAVE_FIELDS);
	/* one that broke off did not dry */
	expect_rows("statclave", "x",
		"STATCLAVE G4\nSN 710999B00001\nCYCLE NUMBER  000043\n 9:54:52  08/10/2026\n132 C/4min\n",
		"1 {\"cycle\":\"000043\",\"device_serial\":\"710999B00001\",\"exposure_s\":\"0\",\"mechanical\":\"fail\","
		"\"program\":\"132 C/4min\",\"started\":\"2026-10-08T07:54:52Z\",\"temperature_c\":\"0\"}\n");
	json = json_dumps(object = json_pack("{s:s, s:s, s:s}", "log",
				  STATCLAVE "CYCLE COMPLETE 52:01\nDigital Signature #\nA1B2-C3D4\n", "temp",
				  "20 132 133", "pressure", "101,290,300"),
		0);
	digest_hex(rows, sizeof rows - 1, digest);
	assert_true(asprintf(&wanted, "1 {\"curve_sha256\":\"%s\"," STATCLAVE_FIELDS, digest) > 0);
	expect_rows("statclave", "x.cpt", json, wanted);
	expect_rows("statclave", "x.cpt", "{\"status\": \"STATCLAVE\"}",
		"error the JSON has no text \"log\": export the cycle again");
}

static void test_a_report_of_a_lisa(void **state)
{
	static const char report[] = "10:20:00 25.0 1.01\n10:30:00 133.9 3.02\n10:31:00 134.6 3.10\n"
				     "10:33:00 134.4 3.08\n10:35:10 134.8 3.12\n10:36:00 120.0 2.00\n"
				     "W&H O.D.Code 77AA99\n";
	static const char name[] = "20260302_02-03-2026_10-15-00_0_LISA-22_170123_00012_UNIVERSAL-134.txt";
	_cleanup_(freep) char *rows = read_report("lisa", name, report, sizeof report - 1, "Europe/Berlin");

	assert_non_null(strstr(rows,
		"\"cycle\":\"00012\",\"device_serial\":\"170123\",\"device_signature\":\"W&H O.D.Code 77AA99\","
		"\"exposure_s\":\"250\",\"mechanical\":\"pass\",\"pressure_kpa\":\"308\",\"program\":\"UNIVERSAL-134\","
		"\"started\":\"2026-03-02T09:15:00Z\",\"temperature_c\":\"134.4\"}"));
	expect_rows("lisa", "20260302_02-03-2026_10-15-00_E99_LISA-22_170123_00013_BD-TEST_X.txt",
		"W&H O.D.Code 1\n",
		"1 {\"cycle\":\"00013\",\"device_serial\":\"170123\",\"device_signature\":\"W&H O.D.Code 1\","
		"\"exposure_s\":\"0\",\"mechanical\":\"fail\",\"program\":\"BD-TEST_X\",\"started\":"
		"\"2026-03-02T09:15:00Z\",\"temperature_c\":\"0\"}\n");
	expect_rows("lisa", "report.txt", "W&H O.D.Code 1\n",
		"error the name report.txt is not that of a Lisa's report: keep the name that the steriliser gave, "
		"DATE_LOCALDATE_TIME_ALARM_MODEL_SERIAL_CYCLE_PROGRAM");
}

#define MELAG                                                                                \
	"MELAG Vacuklav 44-B+\nProgramm : Universal-Programm\nProgrammtyp : 134 \xc2\xb0"    \
	"C verpackt\n"                                                                       \
	"Datum : 18.12.2026\nTageszeit : 10:32:46 (Start)\nChargennummer : 00123\n"          \
	"Sterilisierdruck : 2.16 / 2.14 bar\nSterilisiertemperatur : 135.5 / 135.2 \xc2\xb0" \
	"C (max. 135.9)\n"                                                                   \
	"Sterilisierzeit : 5 min 30 s\n"
#define MELAG_FIELDS(result)                                                                               \
	"1 {\"cycle\":\"00123\",\"device_serial\":\"200544-B1080\",\"exposure_s\":\"330\",\"mechanical\":" \
	"\"" result "\",\"pressure_kpa\":\"214\",\"program\":\"Universal-Programm 134 \xc2\xb0"            \
	"C verpackt\","                                                                                    \
	"\"started\":\"2026-12-18T09:32:46Z\",\"temperature_c\":\"135.2\"}\n"

static void test_a_report_of_melaview(void **state)
{
	expect_rows("melaview", "44B01007.PRO", MELAG "PROGRAMM ERFOLGREICH BEENDET\nSN : 200544-B1080\n",
		MELAG_FIELDS("pass"));
	/* a disturbed cycle, by its ending or by its words */
	expect_rows("melaview", "44B01007.STR", MELAG "SN : 200544-B1080\n", MELAG_FIELDS("fail"));
	expect_rows("melaview", "44B01007.PRO", MELAG "PROGRAMM ABBRUCH\nSN : 200544-B1080\n",
		MELAG_FIELDS("fail"));
	expect_rows("melaview", "44B01008.PRO", "something else\n",
		"1 !the report does not give the steriliser's serial\n");
}

static void test_any_other_file_is_a_table(void **state)
{
	expect_rows("csv", "x.csv", "", "error the file is empty");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_log_of_a_dac_universal),
		cmocka_unit_test(test_a_cycle_that_still_runs_is_left_out),
		cmocka_unit_test(test_a_cloned_report_has_the_same_curve),
		cmocka_unit_test(test_a_report_without_a_zone_is_not_guessed),
		cmocka_unit_test(test_a_report_that_passed_must_have_its_figures),
		cmocka_unit_test(test_a_report_of_a_statclave),
		cmocka_unit_test(test_a_report_of_a_lisa),
		cmocka_unit_test(test_a_report_of_melaview),
		cmocka_unit_test(test_any_other_file_is_a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
