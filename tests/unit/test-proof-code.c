/* SPDX-License-Identifier: Apache-2.0 */

/** Proofs as QR codes: what was written is read back, and what was damaged is no proof. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <glib.h>

#include "report/figure-code.h"
#include "report/proof-code.h"

static void test_codes_read_back(void **state)
{
	static const char *const proofs[] = { "", "x", "c2sp.org/tlog-proof@v1\nindex 3\n\nlog\n4\nhash=\n",
		"caf\xc3\xa9 and more of it, an odd number of bytes" };

	for (size_t i = 0; i < ELEMENTS(proofs); i++) {
		_cleanup_(freep) char *code = proof_code_write(proofs[i]);
		_cleanup_(freep) char *read = NULL, *framed = NULL;

		assert_non_null(code);
		assert_true(proof_code_is(code));
		assert_int_equal(strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"), strlen(code));
		framed = g_strdup_printf("\n%s\r\n", code);
		assert_int_equal(proof_code_read(framed, &read), 0);
		assert_string_equal(read, proofs[i]);
	}
}

static void test_damaged_codes(void **state)
{
	_cleanup_(freep) char *code =
		proof_code_write("c2sp.org/tlog-proof@v1 and what follows it, and more");
	static const char *const none[] = { "", "STIPPLE", "STIPPLE1:", "STIPPLE1:A",
		"STIPPLE1::::", "STIPPLE1:a b", "stipple1:ABC", "HTTP://X" };
	char *read = NULL;

	for (size_t i = 0; i < ELEMENTS(none); i++)
		assert_int_equal(proof_code_read(none[i], &read), -EBADMSG);
	for (size_t cut = strlen(code) - 1; cut > 9; cut--) {
		code[cut] = '\0';
		assert_int_equal(proof_code_read(code, &read), -EBADMSG);
	}
	assert_null(read);
}

static void test_a_bomb_is_no_proof(void **state)
{
	_cleanup_(freep) char *much = malloc((2 << 20) + 1), *code = NULL;
	char *read = NULL;

	assert_non_null(much);
	memset(much, 'x', 2 << 20);
	much[2 << 20] = '\0';
	code = proof_code_write(much);
	assert_int_equal(proof_code_read(code, &read), -E2BIG);
	assert_null(read);
}

static void test_too_long_for_a_code(void **state)
{
	_cleanup_(freep) char *drawn = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&drawn, &size);
	char text[8001];

	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_false(figure_code_fits(text));
	assert_false(figure_code(stream, text, "a code"));
	fflush(stream);
	assert_int_equal(size, 0);
	text[2000] = '\0';
	assert_true(figure_code_fits(text));
	assert_true(figure_code(stream, text, "a code"));
	fclose(stream);
	assert_memory_equal(drawn, "<svg ", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes_read_back),
		cmocka_unit_test(test_damaged_codes),
		cmocka_unit_test(test_a_bomb_is_no_proof),
		cmocka_unit_test(test_too_long_for_a_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
