/* SPDX-License-Identifier: Apache-2.0 */

/** Configurations of needles as makers print them, as a table, and what is refused. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "util/needle-configuration.h"
#include "util/cleanup.h"

static void test_configurations(void **state)
{
	static const struct {
		const char *text;
		unsigned count;
		const char *shape;
		unsigned diameter_um;
		const char *refused; /* NULL: it is read */
	} rows[] = {
		{ "1RL", 1, "RL", 0, NULL },
		{ "3rl", 3, "RL", 0, NULL },
		{ "1RL 0.25", 1, "RL", 250, NULL },
		{ "3RL 0.30 mm", 3, "RL", 300, NULL },
		{ "1RL 0.18mm", 1, "RL", 180, NULL },
		{ "0803RL", 3, "RL", 250, NULL },
		{ "0601RL", 1, "RL", 200, NULL },
		{ "1003RS", 3, "RS", 300, NULL },
		{ "7M1", 7, "M1", 0, NULL },
		{ "49RS", 49, "RS", 0, NULL },
		{ "1RL 0.17", .refused = "0.17 mm" },
		{ "1RL 0.31", .refused = "0.31 mm" },
		{ "1203RL", .refused = "code 12" },
		{ "0800RL", .refused = "0 needles" },
		{ "50RS", .refused = "50 needles" },
		{ "0RL", .refused = "0 needles" },
		{ "0803RL 0.25", .refused = "no configuration" },
		{ "803RL", .refused = "no configuration" },
		{ "RL", .refused = "no configuration" },
		{ "3", .refused = "no configuration" },
		{ "", .refused = "no configuration" },
		{ "3RL 0.2", .refused = "no configuration" },
		{ "3RL 0.25 cm", .refused = "no configuration" },
		{ "3RL 0.00", .refused = "no configuration" },
		{ "3ABCDEFGHIJ", .refused = "no configuration" },
		{ "-3RL", .refused = "no configuration" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		NeedleConfiguration read = { .count = 77 };
		Error error = { 0 };
		int r = needle_configuration_parse(rows[i].text, &read, &error);

		if ((r < 0) != (rows[i].refused != NULL) || (r < 0 && !strstr(error.text, rows[i].refused)))
			fail_msg("%s: %d %s", rows[i].text, r, error.text);
		if (r < 0) {
			assert_int_equal(read.count, 77);
			continue;
		}
		assert_int_equal(read.count, rows[i].count);
		assert_string_equal(read.shape, rows[i].shape);
		assert_int_equal(read.diameter_um, rows[i].diameter_um);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_configurations) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
