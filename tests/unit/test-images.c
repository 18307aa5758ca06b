/* SPDX-License-Identifier: Apache-2.0 */

/** What is found in the folder of photographs, and what is cleared away there. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "imaging/images.h"
#include "util/file.h"

#define WHOLE "session-3-crown-after-1772445600123.jpg"

static char folder[64];

static int setup(void **state)
{
	snprintf(folder, sizeof folder, "images-test-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static void test_names_and_leftovers(void **state)
{
	static const struct {
		const char *name;
		bool stays;
	} files[] = {
		{ "holiday.jpg", true },
		{ WHOLE, true },
		{ "." WHOLE ".tmp", false },
		{ ".holiday.jpg.tmp", true },
		{ WHOLE ".tmp", true },
		{ "." WHOLE, true },
		{ ".tmp", true },
		{ "..tmp", true },
	};
	json_auto_t *found = NULL;
	char path[128];

	for (size_t i = 0; i < ELEMENTS(files); i++)
		assert_int_equal(file_write_atomic(folder, files[i].name, "x", 1), 0);
	assert_int_equal(images_find(folder, &found), 0);
	assert_int_equal(json_array_size(found), 1);
	assert_string_equal(json_string_value(json_array_get(found, 0)), WHOLE);
	for (size_t i = 0; i < ELEMENTS(files); i++) {
		snprintf(path, sizeof path, "%s/%s", folder, files[i].name);
		assert_int_equal(unlink(path) == 0, files[i].stays);
	}
	assert_int_equal(rmdir(folder), 0);
}

static void test_a_folder_that_is_missing(void **state)
{
	json_auto_t *found = NULL;

	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(images_find(folder, &found), 0);
	assert_int_equal(json_array_size(found), 0);
}

static void test_what_is_no_folder(void **state)
{
	json_t *found = NULL;
	char path[128];

	assert_int_equal(file_write_atomic(folder, "file", "x", 1), 0);
	snprintf(path, sizeof path, "%s/file", folder);
	assert_int_equal(images_find(path, &found), -ENOTDIR);
	assert_null(found);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_names_and_leftovers, setup),
		cmocka_unit_test_setup(test_a_folder_that_is_missing, setup),
		cmocka_unit_test_setup(test_what_is_no_folder, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
