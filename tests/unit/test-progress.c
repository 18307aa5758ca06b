/* SPDX-License-Identifier: Apache-2.0 */

/** How far the broker got, across a restart. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "progress.h"
#include "util/file.h"

static char folder[] = "stipple-progress-XXXXXX";

static int make_folder(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char path[64];

	snprintf(path, sizeof path, "%s/progress.json", folder);
	(void)unlink(path);
	return rmdir(folder);
}

static void test_what_was_saved_is_loaded(void **state)
{
	Progress saved = { .cursor = 41, .checkpoint = 40, .names = "clinic/chair-1" }, loaded = { 0 };

	assert_int_equal(progress_load(folder, &loaded), -ENOENT);
	memset(saved.hash, 0xa5, sizeof saved.hash);
	assert_true(progress_withhold(&saved, 30, 256));
	assert_true(progress_withhold(&saved, 12, 0));
	assert_int_equal(progress_save(folder, &saved), 0);
	assert_int_equal(progress_load(folder, &loaded), 0);
	assert_memory_equal(&loaded, &saved, sizeof saved);
	assert_int_equal(loaded.withheld[0].seq, 12);
}

static void test_what_is_withheld_is_in_order_and_bounded(void **state)
{
	Progress progress = { 0 };

	for (uint64_t seq = PROGRESS_WITHHELD_MAX; seq > 0; seq--)
		assert_true(progress_withhold(&progress, seq, 100));
	assert_false(progress_withhold(&progress, 1000, 100));
	for (size_t i = 0; i < progress.n_withheld; i++)
		assert_int_equal(progress.withheld[i].seq, i + 1);
	progress_release(&progress, 7);
	progress_release(&progress, 7);
	assert_int_equal(progress.n_withheld, PROGRESS_WITHHELD_MAX - 1);
	assert_int_equal(progress.withheld[6].seq, 8);
	assert_false(progress_withhold(&progress, 8, 100));
}

static void test_what_is_none_of_ours_is_refused(void **state)
{
	static const char *const texts[] = { "", "{}", "[1]",
		"{\"cursor\":-1,\"hash\":\"\",\"checkpoint\":0,\"names\":\"\",\"withheld\":[]}",
		"{\"cursor\":1,\"hash\":\"00\",\"checkpoint\":0,\"names\":\"\",\"withheld\":[]}" };
	Progress progress = { .cursor = 7 };

	for (size_t i = 0; i < ELEMENTS(texts); i++) {
		assert_int_equal(file_write_atomic(folder, "progress.json", texts[i], strlen(texts[i])), 0);
		assert_int_equal(progress_load(folder, &progress), -EBADMSG);
		assert_int_equal(progress.cursor, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_saved_is_loaded),
		cmocka_unit_test(test_what_is_withheld_is_in_order_and_bounded),
		cmocka_unit_test(test_what_is_none_of_ours_is_refused),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
