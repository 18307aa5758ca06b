/* SPDX-License-Identifier: Apache-2.0 */

/** Codes of labels that the clinic prints: each is read back as the cartridge or pack that it was made for.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "code/needle-label.h"
#include "code/pack-code.h"
#include "util/clock.h"

#define SERIAL "KFWTMX000007"

static NeedleCodeOptions first_of_july(void)
{
	NeedleCodeOptions options = { .fnc1 = '#' }; /* a scanner that sends what stands before our serials */

	assert_int_equal(date_end_utc_us("2026-07-01", &options.today_utc_us), 0);
	return options;
}

static NeedleCode read_code(const char *code)
{
	NeedleCodeOptions options = first_of_july();
	NeedleCode ret;

	needle_code_read(code, &options, &ret);
	return ret;
}

static void test_each_is_read_back(void **state)
{
	static const struct {
		NeedleLabel label;
		const char *text, *symbol, *unit;
	} rows[] = {
		{ { "09506000134352", "L1", SERIAL, "2031-12-31" },
			"(01)09506000134352(17)311231(10)L1(21)" SERIAL,
			"[01]09506000134352[17]311231[10]L1[21]" SERIAL, "(01)09506000134352(21)" SERIAL },
		{ { "09506000134352", "A(21)B/7", SERIAL, "2031-12-31" },
			"(01)09506000134352(17)311231(10)A\\(21\\)B/7(21)" SERIAL,
			"[01]09506000134352[17]311231[10]A(21)B/7[21]" SERIAL,
			"(01)09506000134352(21)" SERIAL },
		{ { "hibc:A9991234", "3C001", SERIAL, "2031-12-31" },
			"+A99912340/$$33112313C001/S" SERIAL "W", "+A99912340/$$33112313C001/S" SERIAL "W",
			"hibc:A9991234(21)" SERIAL },
		{ { "", "L1", SERIAL, "2031-12-31" }, "(10)L1#" SERIAL, "(10)L1#" SERIAL, "(10)L1#" SERIAL },
		{ { "", "A(21)B", SERIAL, "2031-12-31" }, "(10)A(21)B#" SERIAL, "(10)A(21)B#" SERIAL,
			"(10)A(21)B#" SERIAL },
	};
	NeedleCodeOptions options = first_of_july();
	NeedleLabelCode code;
	Error error = { 0 };
	NeedleCode read;

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		if (needle_label_write(&rows[i].label, &options, &code, &error) < 0)
			fail_msg("row %zu: %s", i, error.text);
		assert_string_equal(code.text, rows[i].text);
		assert_string_equal(code.symbol, rows[i].symbol);
		assert_int_equal(code.is_gs1, rows[i].symbol[0] == '[');
		read = read_code(code.text);
		assert_int_equal(read.n_errors, 0);
		assert_true(read.unique);
		assert_string_equal(read.unit, rows[i].unit);
		assert_string_equal(read.lot, rows[i].label.lot);
		assert_string_equal(read.serial, SERIAL);
	}
}

static void test_what_cannot_be_read_back_is_not_written(void **state)
{
	static const NeedleLabel rows[] = {
		{ "09506000134352", "L1", SERIAL, "2099-12-31" }, /* of two digits, that is 1999 */
		{ "09506000134352", "L1", SERIAL, "" },
		{ "09506000134353", "L1", SERIAL, "2031-12-31" }, /* its check digit is wrong */
		{ "hibc:A9991234", "3c001", SERIAL, "2031-12-31" },
		{ "", "L1", "7", "2031-12-31" },
		{ "", "L#1", SERIAL, "2031-12-31" },
		{ "", "", SERIAL, "2031-12-31" },
	};
	NeedleCodeOptions options = first_of_july();

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		NeedleLabelCode code = { .text = "untouched" };
		Error error = { 0 };

		assert_int_equal(needle_label_write(&rows[i], &options, &code, &error), -EINVAL);
		assert_string_equal(code.text, "untouched");
		assert_non_null(strchr(error.text, ':'));
	}
}

static void test_a_plain_label_in_every_form(void **state)
{
	NeedleCode read = read_code("]d1(10)L1#" SERIAL);

	assert_int_equal(read.format, CODE_FORMAT_PLAIN);
	assert_int_equal(read.n_complaints, 0);
	assert_string_equal(read.unit, "(10)L1#" SERIAL);
	/* the number that the ledger gives to a cartridge is no label */
	read = read_code("(10)L1#7");
	assert_int_equal(read.n_errors, 1);
	assert_string_equal(read.complaints[0].field, "serial");
	assert_int_equal(read.complaints[0].position, 7);
	assert_true(read_code("(10)L1#").n_errors > 0);
	assert_true(read_code("(10)#" SERIAL).n_errors > 0);
	assert_true(read_code("(10)L1#K FW").n_errors > 0);
	assert_true(read_code("(10)L1#" SERIAL SERIAL).n_errors > 0);
	/* without the bracket it is what that scanner makes of a separator */
	assert_int_equal(read_code("L1#" SERIAL).format, CODE_FORMAT_GS1);
}

static void test_a_pack_is_read_back(void **state)
{
	static const struct {
		PackCode pack;
		const char *code;
	} rows[] = {
		{ { "hp1", "S1", 12, 1 }, "stipple://pack/S1/1/12/hp1" },
		{ { "tweezers, 2 off/50%", "Autoclave B", 123456, 3 },
			"stipple://pack/Autoclave%20B/3/123456/tweezers%2C%202%20off%2F50%25" },
		{ { "Griffstück", "S1", 12, 1 }, "stipple://pack/S1/1/12/Griffst%C3%BCck" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		char code[NEEDLE_CODE_MAX + 1], scanned[NEEDLE_CODE_MAX + 4];
		PackRead read;
		Error error;

		assert_int_equal(pack_code_write(&rows[i].pack, code, &error), 0);
		assert_string_equal(code, rows[i].code);
		snprintf(scanned, sizeof scanned, "]d1%s", code);
		assert_true(pack_code_is(scanned));
		assert_int_equal(pack_code_read(scanned, &read, &error), 0);
		assert_string_equal(read.pack.item, rows[i].pack.item);
		assert_string_equal(read.pack.sterilizer, rows[i].pack.sterilizer);
		assert_int_equal(read.pack.cycle, rows[i].pack.cycle);
		assert_int_equal(read.pack.series, rows[i].pack.series);
		assert_true(read_code(code).n_errors > 0); /* it is no cartridge */
	}
}

static void test_a_pack_that_is_not_whole(void **state)
{
	static const char *const codes[] = { "", "hp1", "stipple://pack/", "stipple://pack/S1/1/12/",
		"stipple://pack/S1/1/12", "stipple://pack//1/12/hp1", "stipple://pack/S1/0/12/hp1",
		"stipple://pack/S1/1/012/hp1", "stipple://pack/S1/1/12x/hp1",
		"stipple://pack/S1/1/99999999999999999999/hp1", "stipple://pack/S1/1/12/hp1/x",
		"stipple://pack/S1/1/12/hp%", "stipple://pack/S1/1/12/hp%4", "stipple://pack/S1/1/12/hp%0A",
		"stipple://pack/S1/1/12/hp%FF" };
	char name[NEEDLE_CODE_MAX + 1], code[NEEDLE_CODE_MAX + 1];
	PackCode pack = { name, "S1", 1, 1 };
	PackRead read;
	Error error;

	for (size_t i = 0; i < ELEMENTS(codes); i++) {
		error.text[0] = '\0';
		assert_int_equal(pack_code_read(codes[i], &read, &error), -EINVAL);
		assert_non_null(strstr(error.text, ": scan its label again"));
	}
	memset(name, 'x', NEEDLE_CODE_MAX);
	name[NEEDLE_CODE_MAX] = '\0';
	assert_int_equal(pack_code_write(&pack, code, &error), -EINVAL);
	pack = (PackCode){ "x", name, 1, 1 };
	assert_int_equal(pack_code_write(&pack, code, &error), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_is_read_back),
		cmocka_unit_test(test_what_cannot_be_read_back_is_not_written),
		cmocka_unit_test(test_a_plain_label_in_every_form),
		cmocka_unit_test(test_a_pack_is_read_back),
		cmocka_unit_test(test_a_pack_that_is_not_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
