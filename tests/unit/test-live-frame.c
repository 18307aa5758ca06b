/* SPDX-License-Identifier: Apache-2.0 */

/** Frames between daemon and telemetry: nothing but a whole one is taken. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "frame/live-frame.h"

static void test_what_was_made_is_taken(void **state)
{
	for (int kind = 0; kind < LIVE_KIND_MAX; kind++) {
		LiveFrame frame;

		live_frame_init(&frame, (LiveKind)kind);
		assert_int_equal(frame.head.size, live_frame_size((LiveKind)kind));
		assert_in_range(frame.head.size, sizeof(LiveHead), sizeof frame);
		assert_int_equal(live_frame_check(&frame, frame.head.size), 0);
	}
}

/** Each byte short, and each byte of the head changed. */
static void test_what_is_not_whole_is_refused(void **state)
{
	for (int kind = 0; kind < LIVE_KIND_MAX; kind++) {
		LiveFrame frame;

		live_frame_init(&frame, (LiveKind)kind);
		for (size_t size = 0; size < frame.head.size; size++)
			assert_int_equal(live_frame_check(&frame, size), -EBADMSG);
		assert_int_equal(live_frame_check(&frame, frame.head.size + 1UL), -EBADMSG);
		for (size_t i = 0; i < offsetof(LiveHead, reserved); i++) {
			LiveFrame changed = frame;

			((uint8_t *)&changed)[i] ^= 0x40;
			assert_int_equal(live_frame_check(&changed, frame.head.size), -EBADMSG);
		}
	}
}

static void test_texts_end_and_are_printable(void **state)
{
	LiveFrame frame;

	live_frame_init(&frame, LIVE_REPORT);
	snprintf(frame.report.text, sizeof frame.report.text, "broker\nat \xc3 \x1b[31m");
	assert_int_equal(live_frame_check(&frame, frame.head.size), 0);
	assert_string_equal(frame.report.text, "broker?at ? ?[31m");
	memset(frame.report.advice, 'x', sizeof frame.report.advice);
	assert_int_equal(live_frame_check(&frame, frame.head.size), -EBADMSG);
	live_frame_init(&frame, LIVE_STATE);
	memset(frame.state.subject, 'x', sizeof frame.state.subject);
	assert_int_equal(live_frame_check(&frame, frame.head.size), -EBADMSG);
}

static void test_flags_and_figures_are_what_they_can_be(void **state)
{
	LiveFrame frame;

	live_frame_init(&frame, LIVE_REPORT);
	frame.report.connected = 2;
	assert_int_equal(live_frame_check(&frame, frame.head.size), -EBADMSG);
	frame.report.connected = 1;
	frame.report.warnings = LIVE_WARN_ALL;
	assert_int_equal(live_frame_check(&frame, frame.head.size), 0);
	frame.report.warnings = LIVE_WARN_ALL + 1;
	assert_int_equal(live_frame_check(&frame, frame.head.size), -EBADMSG);
	live_frame_init(&frame, LIVE_FIGURES);
	frame.figures.density = NAN;
	assert_int_equal(live_frame_check(&frame, frame.head.size), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_made_is_taken),
		cmocka_unit_test(test_what_is_not_whole_is_refused),
		cmocka_unit_test(test_texts_end_and_are_printable),
		cmocka_unit_test(test_flags_and_figures_are_what_they_can_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
