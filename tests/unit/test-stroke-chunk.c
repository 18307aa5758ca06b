/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Chunks of strokes: what is put in is read back the same and stays within its size, and malformed bytes are
 * refused.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "state/stroke-chunk.h"

static StrokeSample in[STROKE_CHUNK_SAMPLES], out[STROKE_CHUNK_SAMPLES];
static StrokeChunk chunk;
static uint32_t random_state;

/** Numerical Recipes' linear congruential generator: the same on every run. */
static uint32_t any(uint32_t below)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)random_state * below >> 32);
}

static void round_trip(size_t n)
{
	stroke_chunk_clear(&chunk);
	for (size_t i = 0; i < n; i++)
		assert_true(stroke_chunk_add(&chunk, &in[i]));
	assert_int_equal(chunk.samples, n);
	assert_int_equal(stroke_chunk_decode(chunk.data, chunk.bytes, out, STROKE_CHUNK_SAMPLES), n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(out[i].time_us, in[i].time_us);
		assert_int_equal(out[i].depth_um, in[i].depth_um);
		assert_int_equal(out[i].resistance_mn, in[i].resistance_mn);
		assert_int_equal(out[i].current_ma, in[i].current_ma);
		assert_int_equal(out[i].angle_cdeg, in[i].angle_cdeg);
	}
}

static void test_known_bytes(void **state)
{
	/* 300 = zigzag 600 = d8 04; 1, -1, 0, -64 become 2, 1, 0, 127; then all back by one of each */
	static const uint8_t expected[] = { 0xd8, 0x04, 0x02, 0x01, 0x00, 0x7f, 0x00, 0x01, 0x02, 0x00, 0x80,
		0x01 };

	in[0] = (StrokeSample){ 300, 1, UINT16_MAX, 0, -64 };
	in[1] = (StrokeSample){ 300, 0, 0, 0, 0 };
	round_trip(2);
	assert_int_equal(chunk.bytes, sizeof expected);
	assert_memory_equal(chunk.data, expected, sizeof expected);
}

static void test_extremes_fit(void **state)
{
	for (size_t i = 0; i < STROKE_CHUNK_SAMPLES; i++) {
		uint16_t value = i % 2 ? 0 : 0x8000;

		in[i] = (StrokeSample){ i % 2 ? 0 : 0x80000000u, value, value, value, i % 2 ? 0 : INT16_MIN };
	}
	round_trip(STROKE_CHUNK_SAMPLES);
	assert_int_equal(chunk.bytes, STROKE_CHUNK_BYTES_MAX);
	assert_false(stroke_chunk_add(&chunk, &in[0]));
	assert_int_equal(chunk.samples, STROKE_CHUNK_SAMPLES);
}

static void test_random_samples(void **state)
{
	random_state = 1;
	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < STROKE_CHUNK_SAMPLES; i++)
			in[i] = (StrokeSample){ any(UINT32_MAX), (uint16_t)any(65536), (uint16_t)any(65536),
				(uint16_t)any(65536), (int16_t)any(65536) };
		round_trip(any(STROKE_CHUNK_SAMPLES) + 1);
	}
}

static void test_real_strokes_are_small(void **state)
{
	uint32_t time = UINT32_MAX - 100000; /* wraps on the way */

	random_state = 2;
	for (size_t i = 0; i < STROKE_CHUNK_SAMPLES; i++) {
		bool touches = i % 60 < 8;

		time += 7800 + any(400);
		in[i] = (StrokeSample){ time, (uint16_t)(touches ? 900 + any(60) : 0),
			(uint16_t)(touches ? 300 + any(60) : any(8)), (uint16_t)(180 + any(20)),
			(int16_t)(500 + any(40)) };
	}
	round_trip(STROKE_CHUNK_SAMPLES);
	assert_true(chunk.bytes < STROKE_CHUNK_SAMPLES * 7);
}

static void test_malformed(void **state)
{
	static const struct {
		uint8_t data[12];
		uint32_t size;
	} rows[] = {
		{ { 0, 0, 0, 0 }, 4 },                               /* cut short */
		{ { 0, 0, 0, 0, 0x80 }, 5 },                         /* within a number */
		{ { 0x80, 0, 0, 0, 0, 0 }, 6 },                      /* not the shortest form */
		{ { 0xff, 0xff, 0xff, 0xff, 0x1f, 0, 0, 0, 0 }, 9 }, /* more than 32 bits */
		{ { 0, 0xff, 0xff, 0x07, 0, 0, 0 }, 7 },             /* more than 16 bits */
		{ { 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0, 0, 0, 0 }, 10 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(stroke_chunk_decode(rows[i].data, rows[i].size, out, 10), -EBADMSG);
	assert_int_equal(stroke_chunk_decode((const uint8_t[10]){ 0 }, 10, out, 2), 2);
	assert_int_equal(stroke_chunk_decode((const uint8_t[10]){ 0 }, 10, out, 1), -EBADMSG);
	assert_int_equal(stroke_chunk_decode((const uint8_t[1]){ 0 }, 0, out, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_bytes),
		cmocka_unit_test(test_extremes_fit),
		cmocka_unit_test(test_random_samples),
		cmocka_unit_test(test_real_strokes_are_small),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
