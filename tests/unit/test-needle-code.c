/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/needle-code.h"
#include "util/clock.h"

#define YEAR 2026
#define GS   "\x1d"
#define GTIN "09506000134352" /* GS1's own example number */

static NeedleCode parse(const char *code)
{
	char error[NEEDLE_CODE_TEXT_MAX] = "";
	NeedleCode ret;

	if (needle_code_parse(code, YEAR, &ret, error) < 0)
		fail_msg("%s: %s", code, error);
	return ret;
}

static void test_every_form_of_one_code(void **state)
{
	static const struct {
		const char *code, *symbology;
	} rows[] = {
		{ "]d201" GTIN "1728123110AB-1" GS "21S/7", "]d2" },
		{ "]C101" GTIN "1728123110AB-1" GS "21S/7", "]C1" },
		{ "]Q301" GTIN "1728123110AB-1" GS "21S/7", "]Q3" },
		{ "]e001" GTIN "1728123110AB-1" GS "21S/7", "]e0" },
		{ "01" GTIN "1728123110AB-1" GS "21S/7", "" },
		{ "(01)" GTIN "(17)281231(10)AB-1(21)S/7", "" },
		{ "21S/7" GS "10AB-1" GS "17281231"
		  "01" GTIN,
			"" },
		{ "(21)S/7(10)AB-1(01)" GTIN "(17)281231", "" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		NeedleCode code = parse(rows[i].code);

		assert_string_equal(code.format, "gs1");
		assert_string_equal(code.symbology, rows[i].symbology);
		assert_string_equal(code.gtin, GTIN);
		assert_string_equal(code.lot, "AB-1");
		assert_string_equal(code.serial, "S/7");
		assert_string_equal(code.expiry, "2028-12-31");
		assert_string_equal(code.production, "");
		assert_string_equal(code.unit, "(01)" GTIN "(21)S/7");
		assert_true(code.unique);
		assert_string_equal(code.warning, "");
	}
}

static void test_every_element(void **state)
{
	NeedleCode code = parse("01" GTIN "1126010217280630"
				"3020" GS "240ROUND-LINER" GS "70032806301530" GS "10L");

	assert_string_equal(code.production, "2026-01-02");
	assert_string_equal(code.expiry, "2028-06-30");
	assert_string_equal(code.expiry_time, "15:30");
	assert_int_equal(code.count, 20);
	assert_string_equal(code.additional, "ROUND-LINER");
	assert_string_equal(code.lot, "L");
	assert_string_equal(code.serial, "");
	assert_string_equal(code.unit, "(01)" GTIN "(10)L");
	assert_false(code.unique);
	code = parse("(7003)2806301530(01)" GTIN "(10)L");
	assert_string_equal(code.expiry, "2028-06-30");
	code = parse("(01)" GTIN "(10)A(5)B()(x)C");
	assert_string_equal(code.lot, "A(5)B()(x)C");
	code = parse("01" GTIN "10!\"%&'()*+,-./0:;<=");
	assert_string_equal(code.lot, "!\"%&'()*+,-./0:;<=");
	code = parse("01" GTIN "21>?AZaz_9aaaaaaaaaaaa");
	assert_string_equal(code.serial, ">?AZaz_9aaaaaaaaaaaa");
}

static void test_warnings(void **state)
{
	static const struct {
		const char *code, *warning;
	} rows[] = {
		{ "01" GTIN GS "10L", "a separator at offset 16 is needless" },
		{ "01" GTIN "17281231" GS "10L", "a separator at offset 24 is needless" },
		{ "01" GTIN "10L" GS, "a separator at offset 19 is needless" },
		{ GS "01" GTIN "10L", "a separator at offset 0 is needless" },
		{ "]d2" GS "01" GTIN "10L", "a separator at offset 3 is needless" },
		{ "01" GTIN "17280200"
		  "10L",
			"(17) expiry date has day 00" },
		{ "01" GTIN GS "17280200"
		  "10L",
			"a separator at offset 16 is needless; (17) expiry date has day 00, read as the month's last" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		NeedleCode code = parse(rows[i].code);

		assert_string_equal(code.lot, "L");
		if (!strstr(code.warning, rows[i].warning))
			fail_msg("expected \"%s\", not \"%s\"", rows[i].warning, code.warning);
	}
	assert_string_equal(parse("01" GTIN "1728020010L").expiry, "2028-02-29");
	assert_string_equal(parse("01" GTIN "1727020010L").expiry, "2027-02-28");
}

static void test_centuries(void **state)
{
	static const struct {
		const char *date;
		int year;
		const char *expiry;
	} rows[] = {
		{ "260101", 2026, "2026-01-01" },
		{ "760101", 2026, "2076-01-01" }, /* +50 */
		{ "770101", 2026, "1977-01-01" }, /* +51 */
		{ "000101", 2049, "2000-01-01" }, /* -49 */
		{ "000101", 2050, "2100-01-01" }, /* -50 */
		{ "990101", 2048, "1999-01-01" }, /* +51 */
		{ "990101", 2049, "2099-01-01" }, /* +50 */
		{ "000229", 2000, "2000-02-29" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		char code[64], error[NEEDLE_CODE_TEXT_MAX];
		NeedleCode ret;

		snprintf(code, sizeof code, "01" GTIN "17%s10L", rows[i].date);
		assert_int_equal(needle_code_parse(code, rows[i].year, &ret, error), 0);
		assert_string_equal(ret.expiry, rows[i].expiry);
	}
}

static void test_check_digits(void **state)
{
	static const char *const gtins[] = { "09506000134352", "00614141999996", "04012345678901",
		"10614141000019", "00000000000000" };

	for (size_t i = 0; i < ELEMENTS(gtins) * 10; i++) {
		char code[64], error[NEEDLE_CODE_TEXT_MAX];
		bool right = gtins[i / 10][13] == (char)('0' + i % 10);
		NeedleCode ret;

		snprintf(code, sizeof code, "01%.13s%c10L", gtins[i / 10], (char)('0' + i % 10));
		assert_int_equal(needle_code_parse(code, YEAR, &ret, error), right ? 0 : -EINVAL);
		if (!right)
			assert_non_null(strstr(error, "offset 15: (01) GTIN has check digit"));
	}
}

static void test_errors(void **state)
{
	static const struct {
		const char *code, *error;
	} rows[] = {
		{ "", "offset 0: it is empty" },
		{ "]d101" GTIN "10L", "offset 0: the scanner's symbology identifier" },
		{ "]", "symbology identifier" },
		{ "]d2", "(01) GTIN is missing" },
		{ "]d2LOT", "offset 3: an application identifier is expected" },
		{ "01" GTIN, "offset 16: (10) lot and (21) serial are both missing" },
		{ "01" GTIN "17281231", "are both missing" },
		{ "(10)L", "(01) GTIN is missing" },
		{ "10L" GS "21S", "(01) GTIN is missing" },
		{ "01" GTIN "99X", "offset 16: application identifier (99) is not one" },
		{ "(01)" GTIN "(392)5", "offset 18: application identifier (392) is not one" },
		{ "(01)" GTIN "(1)L", "(01) GTIN has 18 characters instead of 14" },
		{ "(0100)" GTIN, "application identifier (0100) is not one" },
		{ "(01)" GTIN "(24)X", "application identifier (24) is not one" },
		{ "01" GTIN "10L" GS GS "21S", "offset 20: an application identifier is expected" },
		{ "01" GTIN "10" GS "21S", "offset 18: (10) lot has 0 characters: 1 to 20" },
		{ "01" GTIN "10123456789012345678901", "(10) lot has 21 characters: 1 to 20" },
		{ "01" GTIN "21123456789012345678901", "(21) serial has 21 characters: 1 to 20" },
		{ "01" GTIN "2401234567890123456789012345678901", "(240) additional id has 31 characters" },
		{ "01" GTIN "10L" GS "30123456789", "(30) count has 9 characters: 1 to 8" },
		{ "01" GTIN "10L" GS "30000", "(30) count is 0" },
		{ "01" GTIN "10L" GS "301A", "offset 23: (30) count holds a character that is not a digit" },
		{ "01" GTIN "10L" GS "10L", "offset 20: (10) lot is there twice" },
		{ "01" GTIN "01" GTIN "10L", "offset 16: (01) GTIN is there twice" },
		{ "01" GTIN "1728123", "(17) expiry date has 5 characters instead of 6" },
		{ "01" GTIN "1728" GS "10L", "(17) expiry date has 2 characters instead of 6" },
		{ "01" GTIN "17281331"
		  "10L",
			"offset 20: (17) expiry date has month 13" },
		{ "01" GTIN "17280031"
		  "10L",
			"has month 00" },
		{ "01" GTIN "17280230"
		  "10L",
			"offset 22: (17) expiry date has day 30 of month 02" },
		{ "01" GTIN "17270229"
		  "10L",
			"has day 29 of month 02" },
		{ "01" GTIN "11270431"
		  "10L",
			"(11) production date has day 31 of month 04" },
		{ "01" GTIN "70032806002359" GS "10L", "(7003) expiry time has day 00" },
		{ "01" GTIN "70032806302400" GS "10L", "(7003) expiry time has time 24:00" },
		{ "01" GTIN "70032806302360" GS "10L", "has time 23:60" },
		{ "01" GTIN "7003280630235910L", "(7003) expiry time has 13 characters instead of 10" },
		{ "(01)" GTIN "(17)280629(7003)2806301200(10)L",
			"(17) expires on 2028-06-29, but (7003) on 2028-06-30" },
		{ "01" GTIN "10a b", "offset 19: (10) lot holds a character" },
		{ "01" GTIN "10a#b", "character set 82" },
		{ "01" GTIN "10\xc3\xa9", "offset 18: (10) lot holds a character" },
		{ "(01)" GTIN "(10)a" GS "b", "offset 23: (10) lot holds a character" },
		{ "(x1)" GTIN, "offset 0: an identifier in brackets is expected" },
		{ "(", "offset 0: an identifier in brackets" },
		{ "(01", "offset 0: an identifier in brackets" },
		{ "(01)", "(01) GTIN has 0 characters instead of 14" },
		{ "LOT 7", "offset 3: a lot holds a character" },
		{ "123456789012345678901", "offset 20: a lot has 21 characters: 1 to 20" },
		{ "L\n", "offset 1: a lot holds a character" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		char error[NEEDLE_CODE_TEXT_MAX] = "";
		NeedleCode ret, before;

		memset(&ret, 0x5a, sizeof ret);
		before = ret;
		if (needle_code_parse(rows[i].code, YEAR, &ret, error) != -EINVAL)
			fail_msg("%s was taken", rows[i].code);
		assert_memory_equal(&ret, &before, sizeof ret);
		if (!strstr(error, rows[i].error))
			fail_msg("expected \"%s\", not \"%s\"", rows[i].error, error);
	}
}

static void test_too_long(void **state)
{
	char code[NEEDLE_CODE_MAX + 2], error[NEEDLE_CODE_TEXT_MAX];
	NeedleCode ret;

	memset(code, '1', sizeof code);
	code[sizeof code - 1] = '\0';
	assert_int_equal(needle_code_parse(code, YEAR, &ret, error), -EINVAL);
	assert_non_null(strstr(error, "longer than 256"));
}

static void test_plain_lots(void **state)
{
	static const char *const lots[] = { "L", "2026-07/B", "10ABC", "0195060001343", "17281231",
		"12345678901234567890" };

	for (size_t i = 0; i < ELEMENTS(lots); i++) {
		char unit[NEEDLE_UNIT_MAX];
		NeedleCode code;

		code = parse(lots[i]);
		assert_string_equal(code.format, "plain");
		assert_string_equal(code.lot, lots[i]);
		assert_string_equal(code.gtin, "");
		snprintf(unit, sizeof unit, "(10)%s", lots[i]);
		assert_string_equal(code.unit, unit);
		assert_false(code.unique);
	}
}

static void test_ends_of_days(void **state)
{
	static const char *const wrong[] = { "", "2026-02-29", "2026-13-01", "2026-00-01", "2026-01-00",
		"2026-1-1", "2026-01-01T", "20260101", "2026-01-0a", "2026/01/01" };
	int64_t end = 7;

	for (size_t i = 0; i < ELEMENTS(wrong); i++)
		assert_int_equal(date_end_utc_us(wrong[i], &end), -EINVAL);
	assert_int_equal(date_end_utc_us(NULL, &end), -EINVAL);
	assert_int_equal(end, 7);
	assert_int_equal(date_end_utc_us("1970-01-01", &end), 0);
	assert_int_equal(end, USEC_PER_DAY - 1);
	assert_int_equal(date_end_utc_us("2028-02-29", &end), 0);
	assert_int_equal(end, 1835481600 * USEC_PER_SEC - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_form_of_one_code),
		cmocka_unit_test(test_every_element),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_centuries),
		cmocka_unit_test(test_check_digits),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_plain_lots),
		cmocka_unit_test(test_ends_of_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
