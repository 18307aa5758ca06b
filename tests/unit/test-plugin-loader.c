// SPDX-License-Identifier: Apache-2.0

/**
 * The loader takes a whole plugin and refuses each way to be broken with a reason, a name that leaves the
 * folder, and a file that others may change.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>

#include "plugin/plugin-loader.h"
#include "util/file.h"

#define BROKEN_PLUGINS STIPPLE_BUILD_FOLDER "/tests/unit/broken-plugins"

typedef struct Refusal {
	const char *name;
	int result;
	const char *reason;
} Refusal;

static int load(const char *name, Plugin **ret, Error *error)
{
	return plugin_load(BROKEN_PLUGINS, name, STIPPLE_PLUGIN_BOARD, ret, error);
}

static void test_loads_a_whole_plugin(void **state)
{
	static const StippleSetting settings[] = { { "device", "/dev/null", "stippled.conf", 3 } };
	_cleanup_(plugin_freep) Plugin *plugin = NULL;
	char text[STIPPLE_ERROR_MAX];
	Error error = { 0 };
	void *board = NULL;

	assert_int_equal(load("broken-none", &plugin, &error), 0);
	plugin_set_settings(plugin, settings, 1);
	assert_int_equal(plugin_host(plugin)->n_settings, 1);
	assert_ptr_equal(plugin_host(plugin)->settings, settings);
	assert_int_equal(
		((const StippleBoardVtable *)plugin_vtable(plugin))->open(plugin_host(plugin), &board, text),
		0);
	assert_ptr_equal(board, plugin_host(plugin));
}

static void test_refuses_each_way_to_be_broken(void **state)
{
	static const Refusal refusals[] = {
		{ "broken-magic", -ENOEXEC, "magic 0x12345678" },
		{ "broken-abi", -ENOEXEC, "ABI 0" },
		{ "broken-size", -ENOEXEC, "16 bytes" },
		{ "broken-kind", -ENOEXEC, "kind camera" },
		{ "broken-name", -ENOEXEC, "\"somebody-else\"" },
		{ "broken-symbol", -ENOEXEC, "no symbol stipple_plugin" },
		{ "broken-vtable", -ENOEXEC, "no table" },
		{ "broken-vtable-size", -ENOEXEC, "a table of" },
		{ "broken-verb", -ENOEXEC, "lacks verb 5" },
		{ "absent", -ENOENT, "No such file" },
	};

	for (size_t i = 0; i < ELEMENTS(refusals); i++) {
		Plugin *plugin = NULL;
		Error error = { 0 };

		assert_int_equal(load(refusals[i].name, &plugin, &error), refusals[i].result);
		assert_null(plugin);
		assert_non_null(strstr(error.text, refusals[i].reason));
		assert_non_null(strstr(error.text, refusals[i].name));
		assert_non_null(strstr(error.text, "; "));
	}
}

static void test_passes_on_a_failing_open(void **state)
{
	_cleanup_(plugin_freep) Plugin *plugin = NULL;
	char text[STIPPLE_ERROR_MAX] = "";
	Error error = { 0 };
	void *board = NULL;

	assert_int_equal(load("broken-open", &plugin, &error), 0);
	assert_int_equal(
		((const StippleBoardVtable *)plugin_vtable(plugin))->open(plugin_host(plugin), &board, text),
		-ENODEV);
	assert_null(board);
	assert_non_null(strstr(text, "plug the board in"));
}

static void test_refuses_names_that_leave_the_folder(void **state)
{
	static const char *const names[] = { "", "../broken-none", "a/b", ".hidden", "nul\n" };

	for (size_t i = 0; i < ELEMENTS(names); i++) {
		Plugin *plugin = NULL;
		Error error = { 0 };

		assert_int_equal(load(names[i], &plugin, &error), -EINVAL);
		assert_non_null(strstr(error.text, "correct it"));
	}
}

static void test_refuses_what_others_may_change(void **state)
{
	char folder[] = "stipple-plugins-XXXXXX", path[64];
	Error error = { 0 };
	Plugin *plugin = NULL;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/text.so", folder);
	assert_int_equal(file_write_atomic(folder, "text.so", "text", 4), 0);

	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(plugin_load(folder, "text", STIPPLE_PLUGIN_BOARD, &plugin, &error), -EACCES);
	assert_non_null(strstr(error.text, "chmod go-w"));

	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(plugin_load(folder, "text", STIPPLE_PLUGIN_BOARD, &plugin, &error), -ENOEXEC);

	assert_int_equal(chmod(folder, 0777), 0);
	assert_int_equal(plugin_load(folder, "text", STIPPLE_PLUGIN_BOARD, &plugin, &error), -EACCES);
	assert_null(plugin);
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loads_a_whole_plugin),
		cmocka_unit_test(test_refuses_each_way_to_be_broken),
		cmocka_unit_test(test_passes_on_a_failing_open),
		cmocka_unit_test(test_refuses_names_that_leave_the_folder),
		cmocka_unit_test(test_refuses_what_others_may_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
