/* SPDX-License-Identifier: Apache-2.0 */

/** The libcamera plugin on a machine with or without a camera: it loads, counts, and refuses clearly. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "plugin/plugin-loader.h"

static void test_loads_and_counts(void **state)
{
	char error[STIPPLE_ERROR_MAX];
	const StippleCameraVtable *camera;
	StippleCameraInfo info;
	StippleScene scene = { .zone = "crown" };
	StippleFrame frame;
	Plugin *plugin = NULL;
	void *self = NULL;

	assert_int_equal(plugin_load(STIPPLE_BUILD_FOLDER "/plugins/camera-libcamera", "camera-libcamera",
				 STIPPLE_PLUGIN_CAMERA, &plugin, NULL),
		0);
	camera = plugin_vtable(plugin);
	assert_int_equal(camera->open(plugin_host(plugin), &self, error), 0);
	if (camera->enumerate(self, &info, 1) == 0) {
		assert_int_equal(camera->capture(self, &scene, 100, &frame, error), -ENODEV);
		assert_non_null(strstr(error, "no camera is connected"));
	}
	camera->close(self);
	plugin_free(plugin);
}

static void test_refuses_settings(void **state)
{
	StippleSetting setting = { .key = "speed", .value = "1", .file = "f", .line = 3 };
	char error[STIPPLE_ERROR_MAX];
	Plugin *plugin = NULL;
	const StippleCameraVtable *camera;
	void *self = NULL;

	assert_int_equal(plugin_load(STIPPLE_BUILD_FOLDER "/plugins/camera-libcamera", "camera-libcamera",
				 STIPPLE_PLUGIN_CAMERA, &plugin, NULL),
		0);
	plugin_set_settings(plugin, &setting, 1);
	camera = plugin_vtable(plugin);
	assert_int_equal(camera->open(plugin_host(plugin), &self, error), -EINVAL);
	assert_non_null(strstr(error, "f:3"));
	plugin_free(plugin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loads_and_counts),
		cmocka_unit_test(test_refuses_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
