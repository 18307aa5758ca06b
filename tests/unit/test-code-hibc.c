/* SPDX-License-Identifier: Apache-2.0 */

/**
 * HIBC codes of cartridges: published codes and check characters are read as the standard says, so is every
 * form of secondary data, and each single wrong character is found.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "code/code-private.h"

static NeedleCode read_in(const char *code, const char *today)
{
	NeedleCodeOptions options = { 0 };
	NeedleCode ret;

	assert_int_equal(date_end_utc_us(today, &options.today_utc_us), 0);
	needle_code_read(code, &options, &ret);
	return ret;
}

/** `body`, a complete symbol but for its check character, with that. */
static void complete(const char *body, char *ret, size_t size)
{
	char check = code_hibc_check(body, strlen(body));

	assert_true(check != '\0');
	snprintf(ret, size, "%s%c", body, check);
}

static void expect_valid(const NeedleCode *code, const char *text)
{
	Error error;

	if (needle_code_check(code, &error) < 0)
		fail_msg("%s: %s", text, error.text);
	assert_int_equal(code->n_errors, 0);
	assert_int_equal(code->format, CODE_FORMAT_HIBC);
}

/* The figures of ANSI/HIBC 2.6 and its appendix B. */
static void test_published_check_characters(void **state)
{
	static const struct {
		const char *text;
		char check;
	} rows[] = {
		{ "+A123BJC5D6E71", 'G' },
		{ "+A99912345/$$52001510X3", '3' },
		{ "+A99912345/$$52001510X3/16D20111212/S77DEFG45", '7' },
		{ "+A99912349/$10X3/16D20111231/14D20200131/Q500", 'Z' },
		{ "+$$52001510X3G", 'D' },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++)
		assert_int_equal(code_hibc_check(rows[i].text, strlen(rows[i].text)), rows[i].check);
	assert_int_equal(code_hibc_check("+a", 2), '\0');
	assert_int_equal(code_hibc_check("\xc3", 1), '\0');
}

static void test_published_codes(void **state)
{
	static const struct {
		const char *code, *product, *lot, *serial, *expiry, *production, *unit;
		uint32_t count;
		int packaging;
	} rows[] = {
		{ "+A99912345/$$52001510X33", "hibc:A9991234", "10X3", "", "2020-01-15", "",
			"hibc:A9991234(10)10X3", 0, 5 },
		{ "+A99912345/$$52001510X3/16D20111212/S77DEFG457", "hibc:A9991234", "10X3", "77DEFG45",
			"2020-01-15", "2011-12-12", "hibc:A9991234(21)77DEFG45", 0, 5 },
		{ "+A99912349/$10X3/16D20111231/14D20200131/Q500Z", "hibc:A9991234", "10X3", "", "2020-01-31",
			"2011-12-31", "hibc:A9991234(10)10X3", 500, 9 },
		{ "+A123BJC5D6E71G+$$52001510X3GD", "hibc:A123BJC5D6E7", "10X3", "", "2020-01-15", "",
			"hibc:A123BJC5D6E7(10)10X3", 0, 1 },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		NeedleCode code = read_in(rows[i].code, "2012-01-01");

		expect_valid(&code, rows[i].code);
		assert_int_equal(code.n_complaints, 0);
		assert_string_equal(code.product, rows[i].product);
		assert_string_equal(code.lot, rows[i].lot);
		assert_string_equal(code.serial, rows[i].serial);
		assert_string_equal(code.expiry, rows[i].expiry);
		assert_string_equal(code.production, rows[i].production);
		assert_string_equal(code.unit, rows[i].unit);
		assert_int_equal(code.count, rows[i].count);
		assert_int_equal(code.packaging, rows[i].packaging);
		assert_int_equal(code.unique, rows[i].serial[0] != '\0');
		assert_string_equal(code.gtin, "");
	}
}

/* The standard's table of secondary data: lot 3C001 or serial 0001, 28 September 2005 at 22 o'clock. */
static const struct {
	const char *data, *lot, *serial, *expiry, *time;
	uint32_t count;
} secondary[] = {
	{ "05271", "", "", "2005-09-28", "", 0 },
	{ "052713C001", "3C001", "", "2005-09-28", "", 0 },
	{ "$3C001", "3C001", "", "", "", 0 },
	{ "$+0001", "", "0001", "", "", 0 },
	{ "$$09053C001", "3C001", "", "2005-09-30", "", 0 },
	{ "$$20928053C001", "3C001", "", "2005-09-28", "", 0 },
	{ "$$30509283C001", "3C001", "", "2005-09-28", "", 0 },
	{ "$$4050928223C001", "3C001", "", "2005-09-28", "22:00", 0 },
	{ "$$5052713C001", "3C001", "", "2005-09-28", "", 0 },
	{ "$$605271223C001", "3C001", "", "2005-09-28", "22:00", 0 },
	{ "$$73C001", "3C001", "", "", "", 0 },
	{ "$$82409053C001", "3C001", "", "2005-09-30", "", 24 },
	{ "$$82420928053C001", "3C001", "", "2005-09-28", "", 24 },
	{ "$$82430509283C001", "3C001", "", "2005-09-28", "", 24 },
	{ "$$8244050928223C001", "3C001", "", "2005-09-28", "22:00", 24 },
	{ "$$8245052713C001", "3C001", "", "2005-09-28", "", 24 },
	{ "$$824605271223C001", "3C001", "", "2005-09-28", "22:00", 24 },
	{ "$$82473C001", "3C001", "", "", "", 24 },
	{ "$$824", "", "", "", "", 24 },
	{ "$$90010009053C001", "3C001", "", "2005-09-30", "", 100 },
	{ "$$90010020928053C001", "3C001", "", "2005-09-28", "", 100 },
	{ "$$90010030509283C001", "3C001", "", "2005-09-28", "", 100 },
	{ "$$9001004050928223C001", "3C001", "", "2005-09-28", "22:00", 100 },
	{ "$$9001005052713C001", "3C001", "", "2005-09-28", "", 100 },
	{ "$$900100605271223C001", "3C001", "", "2005-09-28", "22:00", 100 },
	{ "$$90010073C001", "3C001", "", "", "", 100 },
	{ "$$900100", "", "", "", "", 100 },
	{ "$$+09050001", "", "0001", "2005-09-30", "", 0 },
	{ "$$+20928050001", "", "0001", "2005-09-28", "", 0 },
	{ "$$+30509280001", "", "0001", "2005-09-28", "", 0 },
	{ "$$+4050928220001", "", "0001", "2005-09-28", "22:00", 0 },
	{ "$$+5052710001", "", "0001", "2005-09-28", "", 0 },
	{ "$$+605271220001", "", "0001", "2005-09-28", "22:00", 0 },
	{ "$$+70001", "", "0001", "", "", 0 },
};

static void expect_secondary(const char *text, size_t row)
{
	NeedleCode code = read_in(text, "2005-01-01");
	bool whole = secondary[row].lot[0] || secondary[row].serial[0];

	if (whole)
		expect_valid(&code, text);
	else
		assert_string_equal(code.complaints[0].field, "lot");
	assert_int_equal(code.n_errors, !whole);
	assert_string_equal(code.lot, secondary[row].lot);
	assert_string_equal(code.serial, secondary[row].serial);
	assert_string_equal(code.expiry, secondary[row].expiry);
	assert_string_equal(code.expiry_time, secondary[row].time);
	assert_int_equal(code.count, secondary[row].count);
	assert_string_equal(code.labeller, "A123");
	assert_string_equal(code.item, "BJC5D6E7");
}

static void test_every_form_of_secondary_data(void **state)
{
	for (size_t i = 0; i < ELEMENTS(secondary); i++) {
		char body[128], code[256], second[128];

		snprintf(body, sizeof body, "+A123BJC5D6E71/%s", secondary[i].data);
		complete(body, code, sizeof code);
		expect_secondary(code, i);
		snprintf(body, sizeof body, "+%sG", secondary[i].data);
		complete(body, second, sizeof second);
		snprintf(code, sizeof code, "+A123BJC5D6E71G%s", second);
		expect_secondary(code, i);
	}
}

/* Check characters that are signs themselves must not be taken for the next field. */
static void test_check_characters_that_are_signs(void **state)
{
	char seen[44] = "";

	for (int i = 0; i < 999; i++) {
		char body[64], first[64], second[64], link[64], code[160];
		NeedleCode read;
		char check;

		snprintf(body, sizeof body, "+A123%c%d1", 'A' + i % 26, i);
		complete(body, first, sizeof first);
		check = first[strlen(first) - 1];
		if (!strchr(seen, check))
			seen[strlen(seen)] = check;
		snprintf(link, sizeof link, "+$$+7S%d%c", i * 7, check);
		complete(link, second, sizeof second);
		snprintf(code, sizeof code, "%s%s", first, second);
		read = read_in(code, "2026-07-01");
		expect_valid(&read, code);
		assert_int_equal(strtol(read.item + 1, NULL, 10), i);
		assert_int_equal(strtol(read.serial + 1, NULL, 10), i * 7);
		snprintf(body, sizeof body, "+A123%c%d1/$+S%d", 'A' + i % 26, i, i * 7);
		complete(body, code, sizeof code);
		read = read_in(code, "2026-07-01");
		expect_valid(&read, code);
		assert_int_equal(strtol(read.item + 1, NULL, 10), i);
		assert_int_equal(strtol(read.serial + 1, NULL, 10), i * 7);
	}
	assert_int_equal(strlen(seen), 43);
}

static void test_ways_to_come(void **state)
{
	static const char *const codes[] = { "]C0+A99912345/$$52001510X33", "]d1+A99912345/$$52001510X33",
		"]Q1+A99912345/$$52001510X33", "]A0+A99912345/$$52001510X33", "*+A99912345/$$52001510X33*",
		"+A99912345/$$52001510X33" };

	for (size_t i = 0; i < ELEMENTS(codes); i++) {
		NeedleCode code = read_in(codes[i], "2012-01-01");

		expect_valid(&code, codes[i]);
		assert_int_equal(code.n_complaints, 0);
		assert_string_equal(code.unit, "hibc:A9991234(10)10X3");
	}
}

static void test_complaints(void **state)
{
	static const struct {
		const char *code; /* "%": the check character is right */
		const char *field, *text;
		size_t position;
	} rows[] = {
		{ "+", "code", "1 characters: it is not whole", 0 },
		{ "*+*", "code", "it is not whole", 1 },
		{ "++$A%", "product", "neither a capital nor a digit", 1 },
		{ "+A123BJC5D6E71H", "check character", "is 'H' instead of 'G'", 14 },
		{ "+A123BJC5D6E71G", "lot", "and serial are both missing: scan the label's other", 15 },
		{ "+$$52001510X3GD", "product", "is missing: scan", 15 },
		{ "+$$52001510X3GA", "check character", "is 'A' instead of 'D'", 14 },
		{ "+A123BJC5D6E71G+$$52001510X3+%", "link character", "is '+', but the product's", 28 },
		{ "+A12301/$L%", "product", "", 0 },
		{ "+1123BJC5D6E71/$L%", "product", "is missing", 18 },
		{ "+A1231/$L%", "product", "has 5 characters: 4 of labeller", 1 },
		{ "+A12312345678901234567891/$L%", "product number", "has 19 characters: 1 to 18", 5 },
		{ "+A123BJC5D6EX/$L%", "unit of measure", "is 'X', not a digit", 12 },
		{ "+A123B-C1/$L%", "product", "neither a capital nor a digit", 6 },
		{ "+A123B1/$L%", "lot", "", 0 },
		{ "+A123b1/$LA", "product", "neither a capital nor a digit", 5 },
		{ "+A123B1/$%", "lot", "has 0 characters: 1 to 18", 9 },
		{ "+A123B1/$+%", "serial", "has 0 characters: 1 to 18", 10 },
		{ "+A123B1/$1234567890123456789%", "lot", "has 19 characters: 1 to 18", 9 },
		{ "+A123B1/$L L%", "lot", "neither a capital nor a digit", 10 },
		{ "+A123B1/$$21332261%", "expiry date", "has month 13", 11 },
		{ "+A123B1/$$20230261%", "expiry date", "has day 30 of month 02", 13 },
		{ "+A123B1/$$00261%", "expiry date", "has month 00", 10 },
		{ "+A123B1/$$526366L%", "expiry date", "has day 366 of year 2026", 13 },
		{ "+A123B1/$$526000L%", "expiry date", "has day 000 of year 2026", 13 },
		{ "+A123B1/$$426093024L%", "expiry date", "has hour 24", 17 },
		{ "+A123B1/$$32609%", "expiry date", "has 4 characters instead of 6", 11 },
		{ "+A123B1/$$32609AAL%", "expiry date", "not a digit", 15 },
		{ "+A123B1/$$A%", "date flag", "is not one of 0 to 7", 10 },
		{ "+A123B1/$$+8247L%", "date flag", "is not one of 0 to 7", 11 },
		{ "+A123B1/$$8%", "quantity", "has 0 characters instead of 2", 11 },
		{ "+A123B1/$$9001%", "quantity", "has 3 characters instead of 5", 11 },
		{ "+A123B1/$$8007L%", "quantity", "is 0", 11 },
		{ "+A123B1/$L/14D20261301%", "expiry date", "has month 13", 18 },
		{ "+A123B1/$L/14D202612011%", "expiry date", "has more than 8 digits", 22 },
		{ "+A123B1/$L/Q%", "quantity", "has 0 characters instead of 1", 12 },
		{ "+A123B1/$L/Q123456%", "quantity", "has more than 5 digits", 17 },
		{ "+A123B1/$L/S%", "serial", "has 0 characters: 1 to 18", 12 },
		{ "+A123B1/$L/SA/SB%", "serial", "is there twice", 15 },
		{ "+A123B1/$$0926L/14D20261031%", "expiry date", "is there twice", 19 },
		{ "+A123B1/$$0926L/14D20260930%", "expiry date", "", 0 },
		{ "+A123B1/$L/SA/SA%", "serial", "", 0 },
		{ "+A123B1/$L/SA/$+B%", "serial", "is there twice, and not the same", 16 },
		{ "+A123B1/$L/$M%", "lot", "is there twice, and not the same", 12 },
		{ "+A123B1/$$8057L/Q5%", "quantity", "", 0 },
		{ "+A123B1/$$8057L/Q6%", "quantity", "is there twice, and not the same", 17 },
		{ "+A123B1/$L/25SA17%", "serial", "has an identifier that is not read", 11 },
		{ "+A123B1/$L/%", "data identifier", "is missing after '/'", 11 },
		{ "+A123B1/$L/16D20270101/14D20261001%", "production date", "is after the expiry date", 35 },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		size_t length = strlen(rows[i].code);
		char code[128];
		NeedleCode read;
		bool found = false;

		snprintf(code, sizeof code, "%s", rows[i].code);
		if (rows[i].code[length - 1] == '%') {
			const char *start = strrchr(code, '+');

			start = start > code && start[-1] == 'G' ? start : strchr(code, '+');
			if (strstr(code, "G+$$"))
				start = strstr(code, "G+$$") + 1;
			code[length - 1] = code_hibc_check(start, (size_t)(code + length - 1 - start));
		}
		read = read_in(code, "2026-07-01");
		for (size_t k = 0; k < read.n_complaints; k++)
			found = found || (strcmp(read.complaints[k].field, rows[i].field) == 0 &&
						 read.complaints[k].position == rows[i].position &&
						 strstr(read.complaints[k].text, rows[i].text));
		if (rows[i].text[0] ? !found : read.n_errors > 0)
			fail_msg("%s: no \"%s %s\" at %zu, but \"%s %s\" at %zu", code, rows[i].field,
				rows[i].text, rows[i].position, read.complaints[0].field,
				read.complaints[0].text, read.complaints[0].position);
		if (rows[i].text[0] && read.complaints[0].severity == CODE_ERROR)
			assert_string_equal(read.unit, "");
	}
}

static void test_warnings(void **state)
{
	char code[64];
	NeedleCode read;

	complete("+A123B1/$L-1/9ZX", code, sizeof code);
	read = read_in(code, "2026-07-01");
	expect_valid(&read, code);
	assert_int_equal(read.n_complaints, 2);
	assert_int_equal(read.complaints[0].position, 10);
	assert_string_equal(read.complaints[1].field, "data identifier");
	assert_string_equal(read.others, "/9ZX");
	assert_string_equal(read.lot, "L-1");
	complete("+A123B1/$$0526L", code, sizeof code);
	read = read_in(code, "2026-07-01");
	expect_valid(&read, code);
	assert_int_equal(read.n_complaints, 1);
	assert_string_equal(read.complaints[0].text, "was on 2026-05-31");
	read = read_in("]C1+A99912345/$$52001510X33", "2012-01-01");
	expect_valid(&read, "]C1");
	assert_string_equal(read.complaints[0].field, "symbology");
}

/** A label may give lot and serial each with its own "$": the serial must not be lost, or the lot stands for
 * it. */
static void test_a_serial_after_the_lot(void **state)
{
	NeedleCode read = read_in("+A99912345/$$812710X3/$$+320090677DEFG45/16D20111212.", "2012-01-01");

	expect_valid(&read, "published");
	assert_string_equal(read.lot, "10X3");
	assert_string_equal(read.serial, "77DEFG45");
	assert_string_equal(read.expiry, "2020-09-06");
	assert_string_equal(read.production, "2011-12-12");
	assert_int_equal(read.count, 12);
	assert_string_equal(read.unit, "hibc:A9991234(21)77DEFG45");
	assert_true(read.unique);
	assert_int_equal(read.n_complaints, 0);
}

/** Every carrier that HIBC names (ANSI/HIBC 2.6, section 3): Code 39, Code 128, Data Matrix, QR, Aztec, ...
 */
static void test_every_carrier(void **state)
{
	static const char *const symbologies[] = { "]A0", "]A1", "]C0", "]C2", "]d0", "]d1", "]d4", "]Q0",
		"]Q1", "]Q2", "]z0", "]z3", "]J0", "]L0", "]L2", "]O4" };

	for (size_t i = 0; i < ELEMENTS(symbologies); i++) {
		char code[64];
		NeedleCode read;

		snprintf(code, sizeof code, "%s+J123AQ3451/25330BC34567/S4012X", symbologies[i]);
		read = read_in(code, "2025-11-26");
		expect_valid(&read, code);
		assert_string_equal(read.unit, "hibc:J123AQ345(21)4012");
		assert_string_equal(read.symbology, symbologies[i]);
		assert_int_equal(read.n_complaints, 0);
	}
}

/** Of every published code each single wrong character is found: that is what a check by 43 promises. */
static void test_every_wrong_character_is_found(void **state)
{
	static const char right[] = "+A99912345/$$52001510X3/16D20111212/S77DEFG457";
	static const char set[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%abc(\x1d\xff";

	for (size_t i = 1; i < sizeof right - 1; i++)
		for (size_t k = 0; k < sizeof set - 1; k++) {
			char code[sizeof right];
			NeedleCode read;

			memcpy(code, right, sizeof right);
			if (code[i] == set[k])
				continue;
			code[i] = set[k];
			read = read_in(code, "2012-01-01");
			if (read.n_errors == 0)
				fail_msg("%s was taken", code);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_check_characters),
		cmocka_unit_test(test_published_codes),
		cmocka_unit_test(test_every_form_of_secondary_data),
		cmocka_unit_test(test_check_characters_that_are_signs),
		cmocka_unit_test(test_ways_to_come),
		cmocka_unit_test(test_complaints),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_a_serial_after_the_lot),
		cmocka_unit_test(test_every_carrier),
		cmocka_unit_test(test_every_wrong_character_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
