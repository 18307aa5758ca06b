/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Codes of cartridges, of GS1 and plain lots: every form of one code is read the same, and what is wrong with
 * a code is told with its field and its place.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "config/config.h"
#include "code/needle-code.h"
#include "util/clock.h"

#define GS   "\x1d"
#define GTIN "09506000134352" /* GS1's own example number */

/** The first of July of a year. */
static NeedleCodeOptions in_year(int year)
{
	NeedleCodeOptions options = { 0 };
	char date[16];

	snprintf(date, sizeof date, "%04d-07-01", year);
	assert_int_equal(date_end_utc_us(date, &options.today_utc_us), 0);
	return options;
}

static NeedleCode read_code(const char *code)
{
	NeedleCodeOptions options = in_year(2026);
	NeedleCode ret;

	needle_code_read(code, &options, &ret);
	return ret;
}

static NeedleCode parse(const char *code)
{
	NeedleCodeOptions options = in_year(2026);
	Error error = { 0 };
	NeedleCode ret;

	if (needle_code_parse(code, &options, &ret, &error) < 0)
		fail_msg("%s: %s", code, error.text);
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

		assert_int_equal(code.format, CODE_FORMAT_GS1);
		assert_string_equal(code.symbology, rows[i].symbology);
		assert_string_equal(code.gtin, GTIN);
		assert_string_equal(code.lot, "AB-1");
		assert_string_equal(code.serial, "S/7");
		assert_string_equal(code.expiry, "2028-12-31");
		assert_string_equal(code.production, "");
		assert_string_equal(code.unit, "(01)" GTIN "(21)S/7");
		assert_true(code.unique);
		assert_string_equal(code.product, GTIN);
		assert_int_equal(code.n_complaints, 0);
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
	code = parse("(01)" GTIN "(10)A\\(5)B\\(\\)\\(x\\)C(21)\\(21\\)");
	assert_string_equal(code.lot, "A(5)B()(x)C");
	assert_string_equal(code.serial, "(21)");
	code = parse("01" GTIN "10!\"%&'()*+,-./0:;<=");
	assert_string_equal(code.lot, "!\"%&'()*+,-./0:;<=");
	code = parse("01" GTIN "21>?AZaz_9aaaaaaaaaaaa");
	assert_string_equal(code.serial, ">?AZaz_9aaaaaaaaaaaa");
}

/** One line a complaint, "W16 separator", with the severity's first letter and the place. */
static void list_complaints(const NeedleCode *code, char *ret, size_t size)
{
	size_t used = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < code->n_complaints && used < size; i++) {
		const CodeComplaint *complaint = &code->complaints[i];

		used += (size_t)snprintf(ret + used, size - used, "%s%c%zu %s", i ? ", " : "",
			complaint->severity == CODE_ERROR ? 'E' : 'W', complaint->position, complaint->field);
	}
}

static void test_every_complaint_has_field_and_place(void **state)
{
	static const struct {
		const char *code, *complaints;
	} rows[] = {
		{ "01" GTIN "10L", "" },
		{ "01" GTIN GS "10L", "W16 separator" },
		{ "01" GTIN "17281231" GS "10L", "W24 separator" },
		{ "01" GTIN "10L" GS, "W19 separator" },
		{ GS "01" GTIN "10L", "W0 separator" },
		{ "]d2" GS "01" GTIN "10L", "W3 separator" },
		{ "01" GTIN "17280200"
		  "10L",
			"W22 (17) expiry date" },
		{ "01" GTIN GS "17280200"
		  "10L",
			"W16 separator, W23 (17) expiry date" },
		{ "]d101" GTIN "10L", "W0 symbology" },
		{ "01" GTIN "10L" GS "99X" GS "3925100", "W20 (99), W24 (3925)" },
		{ "01" GTIN "3101001234"
		  "10L",
			"W16 (3101)" },
		{ "01" GTIN "310100123x"
		  "10L",
			"E25 (3101)" },
		{ "01" GTIN "10L" GS "29X", "E20 application identifier" },
		{ "01" GTIN "17250101"
		  "10L",
			"W27 expiry date" },
		{ "01" GTIN "11270101"
		  "10L",
			"W27 production date" },
		{ "(01)" GTIN "(11)260102(17)260101(10)L", "W43 expiry date, E43 production date" },
		/* each mistake of a code with many of them, in their order */
		{ "0109506000134353"
		  "17281332"
		  "10a#b" GS "30x" GS "21",
			"E15 (01) GTIN, E20 (17) expiry date, E27 (10) lot, E32 (30) count, E36 (21) serial" },
		{ "(01)09506000134353(17)280230(10)(5)(x)#",
			"E17 (01) GTIN, E26 (17) expiry date, E32 bracket" },
		{ "]z9LOT 7", "E0 symbology, E6 lot" },
		{ "LOT 7 1234567890123456", "E3 lot, E20 lot" },
		{ "01" GTIN "10L" GS "10M" GS "21S" GS "21T", "E20 (10) lot, E28 (21) serial" },
		{ "01" GTIN "99" GS "X" GS "10L", "E18 (99), E19 application identifier" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		NeedleCode code = read_code(rows[i].code);
		char list[512];

		list_complaints(&code, list, sizeof list);
		if (strcmp(list, rows[i].complaints) != 0)
			fail_msg("%s: expected \"%s\", not \"%s\"", rows[i].code, rows[i].complaints, list);
		assert_int_equal(code.n_errors == 0, code.unit[0] != '\0');
	}
	assert_string_equal(parse("01" GTIN "1728020010L").expiry, "2028-02-29");
	assert_string_equal(parse("01" GTIN "1727020010L").expiry, "2027-02-28");
	assert_string_equal(parse("01" GTIN "10L" GS "99X" GS "3925100").others, "(99)X(3925)100");
}

static void test_more_mistakes_than_are_kept(void **state)
{
	char code[NEEDLE_CODE_MAX] = "(01)" GTIN;
	Error error = { 0 };
	NeedleCodeOptions options = in_year(2026);
	NeedleCode read;

	for (int i = 0; i < NEEDLE_COMPLAINTS_MAX + 4; i++)
		memcpy(code + 18 + 5 * i, "(99)\xff", 6);
	read = read_code(code);
	assert_int_equal(read.n_complaints, NEEDLE_COMPLAINTS_MAX);
	assert_int_equal(read.n_errors, NEEDLE_COMPLAINTS_MAX + 5);
	assert_int_equal(needle_code_parse(code, &options, &read, &error), -EINVAL);
	assert_non_null(strstr(error.text, "offset 22: (99) holds"));
}

static void test_substitute_for_fnc1(void **state)
{
	NeedleCodeOptions options = in_year(2026);
	Error error = { 0 };
	NeedleCode read;

	options.fnc1 = '#';
	assert_int_equal(needle_code_parse("#01" GTIN "10L#21S", &options, &read, &error), 0);
	assert_string_equal(read.unit, "(01)" GTIN "(21)S");
	assert_int_equal(needle_code_parse("01" GTIN "10L" GS "21S", &options, &read, &error), 0);
	assert_string_equal(read.unit, "(01)" GTIN "(21)S");
	options.fnc1 = '\0';
	assert_int_equal(needle_code_parse("01" GTIN "10L#21S", &options, &read, &error), -EINVAL);
	for (int c = 1; c < 256; c++) {
		char text[64];
		Error reason = { 0 };
		_cleanup_(config_freep) Config *config = NULL;

		snprintf(text, sizeof text, "[scanner]\nfnc1 = %c\n", c);
		if (c > ' ' && c < 0x7f && c != ';')
			assert_int_equal(config_parse(text, strlen(text), "x", &config, &reason) == 0,
				needle_code_fnc1_ok((char)c));
		else
			assert_false(needle_code_fnc1_ok((char)c));
	}
}

static void test_as_json(void **state)
{
	NeedleCode code = read_code("(01)09506000134353(10)L(30)5(240)\xff");
	json_auto_t *fields = needle_code_to_json(&code), *whole = NULL;
	json_t *complaint = json_array_get(json_object_get(fields, "complaints"), 0);

	assert_string_equal(json_string_value(json_object_get(fields, "format")), "gs1");
	assert_true(json_is_false(json_object_get(fields, "valid")));
	assert_null(json_object_get(fields, "unit"));
	assert_string_equal(json_string_value(json_object_get(fields, "lot")), "L");
	assert_int_equal(json_integer_value(json_object_get(fields, "count")), 5);
	assert_int_equal(json_array_size(json_object_get(fields, "complaints")), 2);
	assert_string_equal(json_string_value(json_object_get(complaint, "severity")), "error");
	assert_string_equal(json_string_value(json_object_get(complaint, "field")), "(01) GTIN");
	assert_int_equal(json_integer_value(json_object_get(complaint, "position")), 17);
	assert_string_equal(
		json_string_value(json_object_get(complaint, "text")), "has check digit 3 instead of 2");
	code = read_code("L");
	whole = needle_code_to_json(&code);
	assert_true(json_is_true(json_object_get(whole, "valid")));
	assert_string_equal(json_string_value(json_object_get(whole, "unit")), "(10)L");
}

static void test_names(void **state)
{
	for (int i = 0; i < CODE_FORMAT_MAX; i++)
		assert_int_equal(code_format_from_string(code_format_to_string(i)), i);
	for (int i = 0; i < CODE_SEVERITY_MAX; i++)
		assert_int_equal(code_severity_from_string(code_severity_to_string(i)), i);
	assert_null(code_format_to_string(CODE_FORMAT_MAX));
	assert_null(code_severity_to_string(CODE_SEVERITY_MAX));
	assert_int_equal(code_format_from_string("x"), CODE_FORMAT_INVALID);
	assert_int_equal(code_severity_from_string("x"), CODE_SEVERITY_INVALID);
}

static void test_lots_on_record(void **state)
{
	static const struct {
		const char *product, *lot;
		bool right;
	} rows[] = {
		{ GTIN, "L-1", true },
		{ "", "L-1", true },
		{ "hibc:A9991234", "10X3", true },
		{ "hibc:A123BJC5D6E7", "1", true },
		{ "09506000134353", "L", false },
		{ "0950600013435", "L", false },
		{ GTIN, "L 1", false },
		{ GTIN, "L(21)S", true }, /* printed "(10)L\\(21)S" */
		{ "", "HTTPS://EX.CO/A", false },
		{ "", "1731123110L2031", false },
		{ GTIN, "123456789012345678901", false },
		{ "hibc:9991234", "L", false },
		{ "hibc:A999", "L", false },
		{ "hibc:A999123$", "L", false },
		{ "hibc:A9991234", "l", false },
		{ "hibc:A9991234", "L/S1", false },
		{ "hibc:A9991234", "1234567890123456789", false },
		{ "hibc:", "L", false },
		{ "", "+A999111/$LP", false },
		{ "", "", false },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		Error error = { 0 };

		if ((needle_lot_check(rows[i].product, rows[i].lot, &error) == 0) != rows[i].right)
			fail_msg("%s %s: %s", rows[i].product, rows[i].lot, error.text);
		assert_int_equal(rows[i].right, error.text[0] == '\0');
	}
}

/** Any domain and path, any order, percent-encoded or not; what the domain's own keys say means nothing. */
static void test_digital_links(void **state)
{
	static const struct {
		const char *code, *lot, *serial, *expiry;
		size_t complaints;
	} rows[] = {
		{ "https://id.gs1.org/01/" GTIN "/10/AB-1/21/S%2F7?17=281231", "AB-1", "S/7", "2028-12-31",
			0 },
		{ "http://example.com:8080/some/path/01/" GTIN "/22/2A/10/AB-1/21/S%2f7", "AB-1", "S/7", "",
			1 },
		{ "HTTPS://ID.GS1.ORG/01/" GTIN "/21/S%2F7?lang=en&17=281231#top", "", "S/7", "2028-12-31",
			0 },
		{ "https://a.b/01/" GTIN "/10/AB-1/?linkType=all", "AB-1", "", "", 0 },
		{ "https://a.b/01/9506000134352/10/L", "L", "", "", 1 },
		{ "https://a.b/gtin/" GTIN "/lot/L/ser/1?exp=281231", "L", "1", "2028-12-31", 0 },
		{ "https://a.b/01/" GTIN "?10=L&21=1&17=281231&10=L", "L", "1", "2028-12-31", 0 },
		{ "https://a.b/01/" GTIN "/10/01/21/01", "01", "01", "", 0 },
		{ "https://a.b/01/04012345678901/01/" GTIN "/10/L", "L", "", "", 0 },
		{ "]Q1https://a.b/01/" GTIN "/10/L", "L", "", "", 0 },
		{ "]d1https://a.b/01/" GTIN "/10/L", "L", "", "", 0 },
		{ "]d2https://a.b/01/" GTIN "/10/L", "L", "", "", 1 },
		{ "https://a.b/01/" GTIN "/10/L?99=TEST&utm=x&=&17&5=6&1234567=8", "L", "", "", 1 },
	};
	NeedleCode link = read_code("]Q1https://example.com/01/12312312312333?99=TEST");

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		NeedleCode code = parse(rows[i].code);

		assert_int_equal(code.format, CODE_FORMAT_GS1);
		assert_string_equal(code.gtin, GTIN);
		assert_string_equal(code.lot, rows[i].lot);
		assert_string_equal(code.serial, rows[i].serial);
		assert_string_equal(code.expiry, rows[i].expiry);
		if (code.n_complaints != rows[i].complaints)
			fail_msg("%s: %zu complaints", rows[i].code, code.n_complaints);
	}
	/* it is read, and names a product: what is missing is said of the label, not of the address */
	assert_string_equal(link.gtin, "12312312312333");
	assert_string_equal(link.others, "(99)TEST");
	assert_int_equal(link.n_errors, 1);
	assert_string_equal(link.complaints[1].field, "(10) lot");
	/* whatever the scanner sends for FNC1: there is none in an address */
	for (const char *c = "#~@"; *c; c++) {
		NeedleCodeOptions options = in_year(2026);
		NeedleCode read;

		options.fnc1 = *c;
		needle_code_read("https://a.b/~x/01/" GTIN "/10/L#@", &options, &read);
		assert_string_equal(read.unit, "(01)" GTIN "(10)L");
	}
}

/** What scanners put before the code of each carrier that may bear GS1. */
static void test_every_carrier_of_gs1(void **state)
{
	static const char *const symbologies[] = { "]C1", "]d2", "]d5", "]e0", "]e1", "]e2", "]J1", "]J4",
		"]L3", "]Q3", "]Q4", "]z1", "]z4" };

	for (size_t i = 0; i < ELEMENTS(symbologies); i++) {
		char text[64];
		NeedleCode code;

		snprintf(text, sizeof text, "%s011231231231233310ABC123" GS "99TESTING", symbologies[i]);
		code = parse(text);
		assert_string_equal(code.symbology, symbologies[i]);
		assert_string_equal(code.unit, "(01)12312312312333(10)ABC123");
		assert_string_equal(code.others, "(99)TESTING");
		assert_int_equal(code.n_complaints, 1);
	}
}

static void test_two_symbols_of_a_label(void **state)
{
	static const char *const codes[] = {
		"0104012345678901"
		"1731123110L2031",
		"]C10104012345678901]C11731123110L2031",
		"]C10104012345678901" GS "]C11731123110L2031",
		"]C11731123110L2031]C10104012345678901",
		"17311231"
		"0104012345678901"
		"10L2031",
		"(17)311231(10)L2031(01)04012345678901",
		/* an equal repeat is one */
		"(01)04012345678901(10)L2031(17)311231(10)L2031(01)04012345678901",
	};

	for (size_t i = 0; i < ELEMENTS(codes); i++) {
		NeedleCode code = parse(codes[i]);

		assert_string_equal(code.unit, "(01)04012345678901(10)L2031");
		assert_string_equal(code.expiry, "2031-12-31");
	}
	assert_string_equal(parse("(01)04012345678901(10)12345\\(11)991225").lot, "12345(11)991225");
	assert_string_equal(parse("(01)04012345678901(10)L1(10)L1").lot, "L1");
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
		char code[64];
		Error error = { 0 };
		NeedleCodeOptions options = in_year(rows[i].year);
		NeedleCode ret;

		snprintf(code, sizeof code, "01" GTIN "17%s10L", rows[i].date);
		assert_int_equal(needle_code_parse(code, &options, &ret, &error), 0);
		assert_string_equal(ret.expiry, rows[i].expiry);
	}
}

static void test_check_digits(void **state)
{
	static const char *const gtins[] = { "09506000134352", "00614141999996", "04012345678901",
		"10614141000019", "00000000000000" };

	for (size_t i = 0; i < ELEMENTS(gtins) * 10; i++) {
		char code[64];
		Error error = { 0 };
		bool right = gtins[i / 10][13] == (char)('0' + i % 10);
		NeedleCodeOptions options = in_year(2026);
		NeedleCode ret;

		snprintf(code, sizeof code, "01%.13s%c10L", gtins[i / 10], (char)('0' + i % 10));
		assert_int_equal(needle_code_parse(code, &options, &ret, &error), right ? 0 : -EINVAL);
		if (!right)
			assert_non_null(strstr(error.text, "offset 15: (01) GTIN has check digit"));
	}
}

static void test_errors(void **state)
{
	static const struct {
		const char *code, *error;
	} rows[] = {
		{ "", "offset 0: code is empty" },
		{ "]d901" GTIN "10L", "offset 0: symbology the scanner's symbology identifier" },
		{ "]", "symbology identifier" },
		{ "]d2", "(01) GTIN is missing" },
		{ "]d2LOT", "offset 3: application identifier is expected" },
		{ "01" GTIN, "offset 16: (10) lot and (21) serial are both missing" },
		{ "01" GTIN "17281231", "are both missing" },
		{ "(10)L", "(01) GTIN is missing: scan the label's other code next, or type the lot" },
		{ "10L" GS "21S", "(01) GTIN is missing" },
		{ "01" GTIN "99X", "offset 19: (10) lot and (21) serial are both missing" },
		{ "01" GTIN "29X", "offset 16: application identifier (29) is not one of GS1's" },
		{ "(01)" GTIN "(392)5", "offset 18: application identifier (392) is not one" },
		{ "(01)" GTIN "(1)L", "offset 18: bracket '(' belongs to no identifier" },
		{ "(01)" GTIN "10L", "(01) GTIN has 17 characters instead of 14" },
		{ "(0100)" GTIN, "application identifier (0100) is not one" },
		{ "(01)" GTIN "(24)X", "application identifier (24) is not one" },
		{ "01" GTIN "10L" GS GS "21S", "offset 20: application identifier is expected" },
		{ "01" GTIN "10" GS "21S", "offset 18: (10) lot has 0 characters: 1 to 20" },
		{ "01" GTIN "10123456789012345678901", "(10) lot has 21 characters: 1 to 20" },
		{ "01" GTIN "21123456789012345678901", "(21) serial has 21 characters: 1 to 20" },
		{ "01" GTIN "2401234567890123456789012345678901", "(240) additional id has 31 characters" },
		{ "01" GTIN "10L" GS "30123456789", "(30) count has 9 characters: 1 to 8" },
		{ "01" GTIN "10L" GS "30000", "(30) count is 0" },
		{ "01" GTIN "10L" GS "301A", "offset 23: (30) count holds a character that is not a digit" },
		{ "01" GTIN "10L" GS "10M", "offset 20: (10) lot is there twice, and not the same" },
		{ "01" GTIN "0104012345678901"
		  "10L",
			"offset 16: (01) GTIN is there twice, and not the same" },
		{ "01" GTIN "10L" GS "99A" GS "99B", "offset 24: (99) is there twice, and not the same" },
		/* a serial beside (21) does not make a unit of a lot */
		{ "01" GTIN "10L" GS "250A17", "(250) is a serial beside (21), which is missing" },
		{ "01" GTIN "10L" GS "235A17", "(235) is a serial beside (21), which is missing" },
		/* brackets that are none of an identifier */
		{ "(01)04012345678901(10)L1(21A17", "offset 24: bracket '(' belongs to no identifier" },
		{ "(01)04012345678901(10)L1(2l)A17", "offset 24: bracket '(' belongs to no identifier" },
		{ "(01)04012345678901(10)L2031(21)A17(", "offset 34: bracket '(' belongs to no identifier" },
		{ "(01)04012345678901(10)L2031 21)A17", "offset 30: bracket ')' belongs to no identifier" },
		{ "(01)04012345678901(10)L\\(1)2)", "offset 28: bracket ')' belongs to no identifier" },
		/* cartons */
		{ "(01)04012345678901(02)04012345678901(37)20(10)L2031(21)BOX1",
			"offset 18: (02) is the content of a carton" },
		{ "(00)106141412345678908(10)L", "offset 0: (00) is that of a carton" },
		{ "01" GTIN "10L" GS "3720", "offset 20: (37) is the count of a carton" },
		/* a label's second symbol alone */
		{ "1731123110L2031", "(01) GTIN is missing: scan the label's other code" },
		{ "]C11731123110L2031", "(01) GTIN is missing: scan the label's other code" },
		{ "1126010217311231"
		  "21A17",
			"(01) GTIN is missing: scan the label's other code" },
		{ "]E04012345678901", "offset 0: symbology is that of a code that names the product alone" },
		{ "]I104012345678901", "names the product alone" },
		/* web addresses */
		{ "HTTPS://EX.CO/A", "offset 0: code is a web address without a GTIN" },
		{ "https://id.gs1.org/ARHKVAdpQg", "is a web address without a GTIN" },
		{ "https://id.gs1.org/00/106141412345678908", "is a web address without a GTIN" },
		{ "https:///01/" GTIN "/10/L", "is a web address without a GTIN" },
		{ "ftp://a.b/01/" GTIN "/10/L", "is a web address without a GTIN" },
		{ "urn:epc:id:sgtin:9506000.013435.A17", "is a web address without a GTIN" },
		{ "www.x.y/A", "is a web address without a GTIN" },
		{ "]Q1http://x.y/?01=" GTIN "&10=L", "offset 3: code is a web address without a GTIN" },
		{ "http://x/01/" GTIN "/10/L%2",
			"offset 31: code has a '%' that no two hexadecimal digits follow" },
		{ "http://x/01/" GTIN "/10/L%00", "has a '%' that no two" },
		{ "http://x/01/" GTIN "/10/L%20",
			"offset 31: (10) lot holds a character that is not in GS1's" },
		{ "http://x/01/" GTIN "/BuIJ",
			"offset 27: link has no identifier and value there: a compressed" },
		{ "http://x/01/" GTIN "/10", "offset 27: link has no identifier and value there" },
		{ "http://x/01/" GTIN, "(10) lot and (21) serial are both missing" },
		{ "http://x/01/" GTIN "/10/L?10=M", "offset 32: (10) lot is there twice, and not the same" },
		{ "http://x/01/09506000134353/10/L", "offset 25: (01) GTIN has check digit 3 instead of 2" },
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
			"(17) expiry date is 2028-06-29, but (7003) says 2028-06-30" },
		{ "01" GTIN "10a b", "offset 19: (10) lot holds a character" },
		{ "01" GTIN "10a#b", "character set 82" },
		{ "01" GTIN "10\xc3\xa9", "offset 18: (10) lot holds a character" },
		{ "(01)" GTIN "(10)a" GS "b", "offset 23: (10) lot holds a character" },
		{ "(x1)" GTIN, "offset 0: identifier in brackets is expected" },
		{ "(", "offset 0: identifier in brackets" },
		{ "(01", "offset 0: identifier in brackets" },
		{ "(01)", "(01) GTIN has 0 characters instead of 14" },
		{ "LOT 7", "offset 3: lot holds a character" },
		{ "123456789012345678901", "offset 20: lot has 21 characters: 1 to 20" },
		{ "L\n", "offset 1: lot holds a character" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		Error error = { 0 };
		NeedleCodeOptions options = in_year(2026);
		NeedleCode ret, before;

		memset(&ret, 0x5a, sizeof ret);
		before = ret;
		if (needle_code_parse(rows[i].code, &options, &ret, &error) != -EINVAL)
			fail_msg("%s was taken", rows[i].code);
		assert_memory_equal(&ret, &before, sizeof ret);
		if (!strstr(error.text, rows[i].error))
			fail_msg("expected \"%s\", not \"%s\"", rows[i].error, error.text);
	}
}

static void test_too_long(void **state)
{
	char code[NEEDLE_CODE_MAX + 2];
	Error error = { 0 };
	NeedleCodeOptions options = in_year(2026);
	NeedleCode ret;

	memset(code, '1', sizeof code);
	code[sizeof code - 1] = '\0';
	assert_int_equal(needle_code_parse(code, &options, &ret, &error), -EINVAL);
	assert_non_null(strstr(error.text, "longer than 256"));
}

static void test_plain_lots(void **state)
{
	static const char *const lots[] = { "L", "2026-07/B", "10ABC", "0195060001343", "17281231",
		"12345678901234567890" };

	for (size_t i = 0; i < ELEMENTS(lots); i++) {
		char unit[NEEDLE_UNIT_MAX];
		NeedleCode code;

		code = parse(lots[i]);
		assert_int_equal(code.format, CODE_FORMAT_PLAIN);
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
		cmocka_unit_test(test_every_complaint_has_field_and_place),
		cmocka_unit_test(test_more_mistakes_than_are_kept),
		cmocka_unit_test(test_substitute_for_fnc1),
		cmocka_unit_test(test_as_json),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_lots_on_record),
		cmocka_unit_test(test_digital_links),
		cmocka_unit_test(test_every_carrier_of_gs1),
		cmocka_unit_test(test_two_symbols_of_a_label),
		cmocka_unit_test(test_centuries),
		cmocka_unit_test(test_check_digits),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_plain_lots),
		cmocka_unit_test(test_ends_of_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
