/* SPDX-License-Identifier: Apache-2.0 */

/** Names of photographs: what the station makes it knows again, and nothing else. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "state/image-name.h"
#include "config/protocol.h"

static void test_what_is_made_is_known_again(void **state)
{
	static const char *const phases[] = { "before", "after" };
	const ImageName image = { 41, 1772445600123000 };

	for (Zone zone = 0; zone < ZONE_MAX; zone++)
		for (int i = 0; i < 2; i++) {
			char name[IMAGE_NAME_MAX], file[IMAGE_NAME_MAX + 8];
			ImageName parsed;

			image_name_make(&image, zone_to_string(zone), phases[i], name);
			snprintf(file, sizeof file, "%s" IMAGE_SUFFIX, name);
			assert_true(image_name_parse(file, &parsed));
			assert_int_equal(parsed.session, 41);
			assert_int_equal(parsed.utc_us, image.utc_us);
		}
}

static void test_other_files_are_not(void **state)
{
	static const char *const files[] = {
		"",
		".jpg",
		"session-",
		"session-.jpg",
		"session--.jpg",
		"session---.jpg",
		"session-1.jpg",
		"session-1-crown.jpg",
		"session-1-crown-before.jpg",
		"session-1-crown-before-.jpg",
		"session-1-before-1772445600123.jpg",
		"session-1--before-1772445600123.jpg",
		"session-1-crown-before-1772445600123",
		"session-1-crown-before-1772445600123.jpeg",
		"session-1-crown-before-1772445600123.jpg.bak",
		".session-1-crown-before-1772445600123.jpg",
		"xsession-1-crown-before-1772445600123.jpg",
		"session-1-crown-during-1772445600123.jpg",
		"session-1-elbow-before-1772445600123.jpg",
		"session-0-crown-before-1772445600123.jpg",
		"session-01-crown-before-1772445600123.jpg",
		"session- 1-crown-before-1772445600123.jpg",
		"session-+1-crown-before-1772445600123.jpg",
		"session--1-crown-before-1772445600123.jpg",
		"session-1x-crown-before-1772445600123.jpg",
		"session-1-crown-before-1772445600123 .jpg",
		"session-1-crown-before-0.jpg",
		"session-1-crown-before-99999999999999999999.jpg",
		"session-99999999999999999999-crown-before-1772445600123.jpg",
		"session-1-crown-before-0000000000000000000000000000000000000000000000000000000000000001772445600123.jpg",
	};

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		ImageName parsed = { 7, 7 };

		assert_false(image_name_parse(files[i], &parsed));
		assert_int_equal(parsed.session, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_made_is_known_again),
		cmocka_unit_test(test_other_files_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
