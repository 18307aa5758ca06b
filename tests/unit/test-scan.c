/* SPDX-License-Identifier: Apache-2.0 */

/** How the panel tells a scanner from a person that types. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "scan.h"

static Scan run_of(const char *keys, uint32_t begin_ms, uint32_t gap_ms)
{
	Scan scan = { 0 };

	for (size_t i = 0; keys[i]; i++) {
		uint32_t now_ms = begin_ms + (uint32_t)i * gap_ms;

		if (scan_is_over(&scan, now_ms))
			scan_clear(&scan);
		scan_add(&scan, keys[i], now_ms, false);
	}
	return scan;
}

static void test_fast_keys_are_a_code(void **state)
{
	for (uint32_t gap_ms = 0; gap_ms <= SCAN_GAP_MS; gap_ms += 10) {
		Scan scan = run_of("]d2010401", 1000, gap_ms);

		assert_true(scan_is_code(&scan));
		assert_string_equal(scan.keys, "]d2010401");
	}
}

static void test_a_person_types_no_code(void **state)
{
	Scan slow = run_of("471198", 1000, SCAN_GAP_MS + 10), pair = run_of("471", 1000, 5);

	assert_false(scan_is_code(&slow));
	assert_int_equal(slow.length, 1);
	assert_false(scan_is_code(&pair));
}

static void test_a_key_held_down_is_no_code(void **state)
{
	Scan held = run_of("1111111111", 1000, 33), code = run_of("1111111112", 1000, 10);

	assert_false(scan_is_code(&held));
	assert_true(scan_is_code(&code));
}

/** The display's clock has 32 bits and begins anew every 49 days. */
static void test_a_code_while_the_clock_wraps(void **state)
{
	Scan scan = run_of("A17-B18", UINT32_MAX - 20, 10);

	assert_true(scan_is_code(&scan));
	assert_false(scan_is_over(&scan, 40 + SCAN_GAP_MS - 1));
	assert_true(scan_is_over(&scan, 40 + 2 * SCAN_GAP_MS));
}

static void test_what_is_too_long_is_cut(void **state)
{
	Scan scan = { 0 };

	for (int i = 0; i < 2 * SCAN_MAX; i++)
		scan_add(&scan, (char)('a' + i % 26), 1000, i == 7);
	assert_int_equal(scan.length, SCAN_MAX);
	assert_int_equal(strlen(scan.keys), SCAN_MAX);
	assert_true(scan.caps_lock);
	scan_clear(&scan);
	assert_int_equal(scan.length, 0);
	assert_false(scan.caps_lock);
	for (size_t i = 0; i < sizeof scan.keys; i++)
		assert_int_equal(scan.keys[i], 0);
}

static void test_caps_lock_is_undone(void **state)
{
	Scan scan = run_of("]D201x21a17", 1000, 1), unknown = scan, other = run_of("]d201x21a17", 1000, 1);

	scan.caps_lock = true;
	scan_undo_caps_lock(&scan);
	assert_string_equal(scan.keys, "]d201X21A17");
	/* its symbology identifier tells, where the toolkit does not */
	scan_undo_caps_lock(&unknown);
	assert_string_equal(unknown.keys, "]d201X21A17");
	scan_undo_caps_lock(&other);
	assert_string_equal(other.keys, "]d201x21a17");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fast_keys_are_a_code),
		cmocka_unit_test(test_a_person_types_no_code),
		cmocka_unit_test(test_a_key_held_down_is_no_code),
		cmocka_unit_test(test_a_code_while_the_clock_wraps),
		cmocka_unit_test(test_what_is_too_long_is_cut),
		cmocka_unit_test(test_caps_lock_is_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
