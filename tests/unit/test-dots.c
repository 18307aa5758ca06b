/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Dots from strokes: a contact becomes one dot with its dwell, depth and force, also when the board's clock
 * wraps, and a graze becomes none. The statistics of a zone are checked here as well.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "state/dots.h"

static uint32_t random_state;

/** Numerical Recipes' linear congruential generator: the same on every run. */
static uint32_t any(uint32_t below)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)random_state * below >> 32);
}

static StrokeSample touch(uint32_t time_us, uint16_t depth_um, uint16_t resistance_mn, int16_t angle_cdeg)
{
	return (StrokeSample){ time_us, depth_um, resistance_mn, 100, angle_cdeg };
}

static void test_one_dot(void **state)
{
	static const StrokeSample samples[] = {
		{ 1000, 0, 5, 100, 0 }, /* air */
		{ 9000, 800, 100, 100, -10 }, { 17000, 1000, 300, 100, -20 }, { 25000, 901, 200, 100, -21 },
		{ 33000, 0, 5, 100, 0 },
		{ 55000, 0, 5, 100, 0 }, /* 30 ms after the last touch: not yet longer */
	};
	DotDetector detector;
	Dot dot;

	dot_detector_init(&detector);
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
		assert_false(dot_detector_add(&detector, &samples[i], &dot));
	assert_true(dot_detector_add(&detector, &(StrokeSample){ 55001, 0, 5, 100, 0 }, &dot));
	assert_int_equal(dot.start_us, 9000);
	assert_int_equal(dot.dwell_us, 16000);
	assert_int_equal(dot.strokes, 3);
	assert_int_equal(dot.depth_mean_um, 900);
	assert_int_equal(dot.depth_peak_um, 1000);
	assert_int_equal(dot.resistance_peak_mn, 300);
	assert_int_equal(dot.angle_cdeg, -17);
	assert_false(dot_detector_flush(&detector, &dot));
}

static void test_a_touch_after_the_gap_ends_one_and_begins_another(void **state)
{
	DotDetector detector;
	StrokeSample sample;
	Dot dot;

	dot_detector_init(&detector);
	sample = touch(0, 500, 50, 0);
	assert_false(dot_detector_add(&detector, &sample, &dot));
	sample = touch(8000, 500, 50, 0);
	assert_false(dot_detector_add(&detector, &sample, &dot));
	sample = touch(38001, 700, 60, 0);
	assert_true(dot_detector_add(&detector, &sample, &dot));
	assert_int_equal(dot.depth_peak_um, 500);
	sample = touch(46001, 700, 60, 0);
	assert_false(dot_detector_add(&detector, &sample, &dot));
	assert_true(dot_detector_flush(&detector, &dot));
	assert_int_equal(dot.start_us, 38001);
	assert_int_equal(dot.depth_peak_um, 700);
}

static void test_what_does_not_touch(void **state)
{
	DotDetector detector;
	StrokeSample sample;
	Dot dot;

	dot_detector_init(&detector);
	for (uint32_t i = 0; i < 10; i++) {
		sample = touch(i * 8000, i % 2 ? 0 : 500, i % 2 ? 500 : 19, 0);
		assert_false(dot_detector_add(&detector, &sample, &dot));
	}
	assert_false(dot_detector_flush(&detector, &dot));
}

static void test_a_graze_is_no_dot(void **state)
{
	StrokeSample sample = touch(5, 500, 50, 0);
	DotDetector detector;
	Dot dot;

	dot_detector_init(&detector);
	assert_false(dot_detector_add(&detector, &sample, &dot));
	assert_false(dot_detector_flush(&detector, &dot));
	sample.time_us += 100000;
	assert_false(dot_detector_add(&detector, &sample, &dot));
	sample.time_us += 100000;
	assert_false(dot_detector_add(&detector, &sample, &dot));
}

static void test_a_contact_without_end_stays_in_bounds(void **state)
{
	DotDetector detector;
	StrokeSample sample = touch(0, UINT16_MAX, UINT16_MAX, INT16_MIN);
	Dot dot;

	dot_detector_init(&detector);
	for (uint32_t i = 0; i < 200000; i++) {
		sample.time_us += 30000;
		assert_false(dot_detector_add(&detector, &sample, &dot));
	}
	assert_true(dot_detector_flush(&detector, &dot));
	assert_int_equal(dot.strokes, UINT16_MAX);
	assert_int_equal(dot.dwell_us, UINT32_MAX);
	assert_int_equal(dot.depth_mean_um, UINT16_MAX);
	assert_int_equal(dot.angle_cdeg, INT16_MIN);
}

/* What a generated contact must come out as. */
typedef struct Expected {
	Dot dot;
	bool grazed;
} Expected;

enum { CONTACTS = 5000 };
static Expected expected[CONTACTS];
static Dot found[CONTACTS];
static size_t n_found;

static void feed(DotDetector *detector, const StrokeSample *sample)
{
	Dot dot;

	if (!dot_detector_add(detector, sample, &dot))
		return;
	assert_true(n_found < CONTACTS);
	found[n_found++] = dot;
}

/** Strokes of one contact with up to two misses between touches; then air for more than the gap. */
static void feed_contact(DotDetector *detector, int64_t *now_us, Expected *ret)
{
	uint32_t period = 6667 + any(3333), strokes = 1 + any(12);
	int64_t depths = 0, first = *now_us, last = *now_us;
	Dot dot = { .start_us = first, .strokes = (uint16_t)strokes };

	for (uint32_t i = 0; i < strokes; i++) {
		StrokeSample sample = touch((uint32_t)*now_us, (uint16_t)(1 + any(2500)),
			(uint16_t)(20 + any(900)), (int16_t)any(3000));

		depths += sample.depth_um;
		last = *now_us;
		dot.depth_peak_um = sample.depth_um > dot.depth_peak_um ? sample.depth_um : dot.depth_peak_um;
		if (sample.resistance_mn > dot.resistance_peak_mn)
			dot.resistance_peak_mn = sample.resistance_mn;
		feed(detector, &sample);
		for (uint32_t misses = any(3); misses > 0; misses--) {
			*now_us += period;
			sample = touch((uint32_t)*now_us, 0, (uint16_t)any(20), 0);
			feed(detector, &sample);
		}
		*now_us += period;
	}
	dot.dwell_us = (uint32_t)(last - first);
	dot.depth_mean_um = (uint16_t)((depths + strokes / 2) / strokes);
	*ret = (Expected){ dot, strokes < 2 };
	*now_us += 30001 + any(2000000);
}

static void check_found(void)
{
	size_t k = 0;

	for (size_t i = 0; i < CONTACTS; i++) {
		const Dot *want = &expected[i].dot, *got = &found[k];

		if (expected[i].grazed)
			continue;
		k++;
		assert_int_equal(got->start_us, want->start_us);
		assert_int_equal(got->dwell_us, want->dwell_us);
		assert_int_equal(got->strokes, want->strokes);
		assert_int_equal(got->depth_mean_um, want->depth_mean_um);
		assert_int_equal(got->depth_peak_um, want->depth_peak_um);
		assert_int_equal(got->resistance_peak_mn, want->resistance_peak_mn);
	}
	assert_int_equal(k, n_found);
}

/* The board's clock starts shortly before it wraps, and wraps once more on the way. */
static void test_generated_contacts_come_out_as_dots(void **state)
{
	DotDetector detector;
	Dot dot;

	for (uint32_t seed = 1; seed <= 8; seed++) {
		int64_t now_us = (int64_t)UINT32_MAX - 1000000;

		random_state = seed;
		n_found = 0;
		dot_detector_init(&detector);
		for (size_t i = 0; i < CONTACTS; i++)
			feed_contact(&detector, &now_us, &expected[i]);
		assert_true(now_us > 2 * (int64_t)UINT32_MAX);
		if (dot_detector_flush(&detector, &dot))
			found[n_found++] = dot;
		check_found();
	}
}

static void test_statistics(void **state)
{
	static const ZonePlan plan = { .depth_min_um = 500, .depth_max_um = 1500 };
	static const uint16_t depths[] = { 499, 500, 1500, 1501, 65535 };
	static const Dot endless = { .depth_mean_um = 700, .dwell_us = UINT32_MAX, .strokes = 9 };
	ZoneStatistics statistics = { 0 };

	assert_true(zone_statistics_density(&statistics, 0) == 0);
	assert_true(zone_statistics_outside(&statistics) == 0);
	assert_true(zone_statistics_depth_mean_um(&statistics) == 0);
	assert_true(zone_statistics_dwell_mean_ms(&statistics) == 0);
	zone_statistics_add_strokes(&statistics, 700);
	assert_int_equal(statistics.dots, 0);
	for (size_t i = 0; i < 5; i++) {
		Dot dot = { .depth_mean_um = depths[i],
			.dwell_us = 50000,
			.strokes = 6,
			.resistance_peak_mn = (uint16_t)(100 + i) };

		zone_statistics_add_dot(&statistics, &plan, &dot);
	}
	assert_int_equal(statistics.strokes, 700); /* never derived from dots */
	assert_int_equal(statistics.dots, 5);
	assert_int_equal(statistics.outside, 3);
	assert_int_equal(statistics.resistance_peak_mn, 104);
	assert_int_equal(statistics.dwell_histogram[5], 5);
	assert_int_equal(statistics.histogram[4], 1);
	assert_int_equal(statistics.histogram[5], 1);
	assert_int_equal(statistics.histogram[15], 2);
	assert_int_equal(statistics.histogram[ZONE_HISTOGRAM_BINS - 1], 1);
	assert_true(zone_statistics_density(&statistics, 200) == 2.5);
	assert_true(zone_statistics_density(&statistics, 0) == 0);
	assert_true(zone_statistics_outside(&statistics) == 0.6);
	assert_true(zone_statistics_dwell_mean_ms(&statistics) == 50);
	assert_true(zone_statistics_depth_mean_um(&statistics) == 13907);
	zone_statistics_add_dot(&statistics, &plan, &endless);
	assert_int_equal(statistics.dwell_histogram[ZONE_HISTOGRAM_BINS - 1], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_dot),
		cmocka_unit_test(test_a_touch_after_the_gap_ends_one_and_begins_another),
		cmocka_unit_test(test_what_does_not_touch),
		cmocka_unit_test(test_a_graze_is_no_dot),
		cmocka_unit_test(test_a_contact_without_end_stays_in_bounds),
		cmocka_unit_test(test_generated_contacts_come_out_as_dots),
		cmocka_unit_test(test_statistics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
