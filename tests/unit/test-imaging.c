/* SPDX-License-Identifier: Apache-2.0 */

/** Pictures from a camera of the test's own: judged, encoded, on disk whole or not at all. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>

#include <jpeglib.h>

#include "imaging/imaging.h"
#include "imaging/jpeg.h"
#include "util/file.h"

enum { WIDTH = 320, HEIGHT = 250 }; /* no multiple of 16: the last rows are padded */

static uint8_t pixels[WIDTH * HEIGHT * 3];
static int brightness = 128, contrast = 60;
static atomic_bool unplugged;
static atomic_int opened; /* how often */
static bool rgb;

static int fake_open(const StippleHost *host, void **ret, char error[STIPPLE_ERROR_MAX])
{
	opened++;
	*ret = pixels;
	return 0;
}

static void fake_close(void *camera)
{
}

static int fake_enumerate(void *camera, StippleCameraInfo *ret, size_t max)
{
	if (unplugged)
		return 0;
	*ret = (StippleCameraInfo){ .id = "fake", .model = "fake", .width = WIDTH, .height = HEIGHT };
	return 1;
}

static int fake_capture(void *camera, const StippleScene *scene, uint32_t timeout_ms, StippleFrame *ret,
	char error[STIPPLE_ERROR_MAX])
{
	if (unplugged) {
		snprintf(error, STIPPLE_ERROR_MAX, "unplugged");
		return -ENODEV;
	}
	memset(pixels, 128, sizeof pixels);
	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH * (rgb ? 3 : 1); x++)
			pixels[y * WIDTH * (rgb ? 3 : 1) + x] =
				(uint8_t)(brightness + ((x / 6 + y / 3) % 2 ? contrast : 0));
	*ret = (StippleFrame){
		.width = WIDTH,
		.height = HEIGHT,
		.format = rgb ? STIPPLE_PIXEL_RGB888 : STIPPLE_PIXEL_YUV420,
		.planes = { pixels, pixels + WIDTH * HEIGHT, pixels + WIDTH * HEIGHT * 5 / 4 },
		.strides = { rgb ? WIDTH * 3 : WIDTH, WIDTH / 2, WIDTH / 2 },
		.camera = "fake",
	};
	return 0;
}

static void fake_release(void *camera, StippleFrame *frame)
{
}

static const StippleCameraVtable fake = { sizeof fake, fake_open, fake_close, fake_enumerate, fake_capture,
	fake_release };

static char folder[64];

static int setup(void **state)
{
	ImagingOptions options = { .camera = &fake,
		.folder = folder,
		.timeout_ms = 1000,
		.look_ms = 10,
		.jpeg_quality = 90,
		.focus_min = 100,
		.exposure_min = 40,
		.exposure_max = 220 };

	brightness = 128;
	contrast = 60;
	unplugged = rgb = false;
	opened = 0;
	snprintf(folder, sizeof folder, "imaging-test-XXXXXX");
	return mkdtemp(folder) ? imaging_new(&options, (Imaging **)state) : -1;
}

static int teardown(void **state)
{
	char path[128];

	imaging_free(*state);
	snprintf(path, sizeof path, "%s/one.jpg", folder);
	unlink(path);
	return rmdir(folder); /* fails when anything else was left behind */
}

static ImagingResult capture(Imaging *imaging)
{
	ImagingRequest request = { .ticket = 5, .name = "one", .scene = { .zone = "crown" } };
	struct pollfd ready = { .fd = imaging_fd(imaging), .events = POLLIN };
	ImagingResult result;

	assert_int_equal(imaging_capture(imaging, &request), 0);
	(void)poll(&ready, 1, 30000);
	assert_true(imaging_take(imaging, &result));
	assert_int_equal(result.picture.ticket, 5);
	return result;
}

static void check_file(const ImagingResult *result)
{
	struct jpeg_decompress_struct jpeg;
	struct jpeg_error_mgr manager;
	_cleanup_(freep) char *data = NULL;
	char path[256], hex[DIGEST_HEX_MAX];
	uint8_t row[WIDTH * 3], *rows[1] = { row };
	size_t size;

	snprintf(path, sizeof path, "%s/%s", folder, result->path);
	assert_int_equal(file_read(path, 1 << 20, &data, &size), 0);
	assert_int_equal(size, result->picture.bytes);
	digest_hex(data, size, hex);
	assert_string_equal(hex, result->sha256);
	jpeg.err = jpeg_std_error(&manager);
	jpeg_create_decompress(&jpeg);
	jpeg_mem_src(&jpeg, (unsigned char *)data, size);
	jpeg_read_header(&jpeg, TRUE);
	jpeg_start_decompress(&jpeg);
	assert_int_equal(jpeg.output_width, WIDTH);
	assert_int_equal(jpeg.output_height, HEIGHT);
	while (jpeg.output_scanline < jpeg.output_height)
		jpeg_read_scanlines(&jpeg, rows, 1);
	jpeg_finish_decompress(&jpeg);
	jpeg_destroy_decompress(&jpeg);
	assert_int_equal(manager.num_warnings, 0);
}

static void test_good_pictures_are_on_disk(void **state)
{
	for (int i = 0; i < 2; i++) {
		ImagingResult result;

		rgb = i == 1;
		result = capture(*state);
		assert_int_equal(result.picture.error, 0);
		assert_int_equal(result.verdict, IMAGING_GOOD);
		check_file(&result);
	}
}

static void test_bad_pictures_are_refused_with_figures(void **state)
{
	ImagingResult result;

	contrast = 0;
	result = capture(*state);
	assert_int_equal(result.verdict, IMAGING_BLURRED);
	assert_non_null(strstr(result.text, "zone crown is blurred: focus 0, at least 100"));
	brightness = 10;
	result = capture(*state);
	assert_int_equal(result.verdict, IMAGING_DARK);
	brightness = 250;
	result = capture(*state);
	assert_int_equal(result.verdict, IMAGING_BRIGHT);
	assert_string_equal(result.path, "");
}

static void test_a_camera_may_go_and_come_back(void **state)
{
	ImagingResult result;
	ImagingStatus status;

	unplugged = true;
	result = capture(*state);
	assert_int_equal(result.picture.error, -ENODEV);
	imaging_status(*state, &status);
	assert_int_equal(status.error, -ENODEV);
	unplugged = false;
	result = capture(*state);
	assert_int_equal(result.picture.error, 0);
}

static void wait_for_status(Imaging *imaging, int error)
{
	ImagingStatus status;

	do {
		imaging_status(imaging, &status);
	} while (status.error != error);
}

static void test_a_camera_is_seen_to_come_and_go_without_a_picture(void **state)
{
	wait_for_status(*state, 0);
	unplugged = true;
	wait_for_status(*state, -ENODEV);
	unplugged = false;
	wait_for_status(*state, 0);
	assert_int_equal(opened, 2); /* afresh, and once only */
}

static void test_a_full_disk_leaves_nothing_behind(void **state)
{
	struct rlimit old, small;
	ImagingResult result;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small = (struct rlimit){ .rlim_cur = 100, .rlim_max = old.rlim_max };
	setrlimit(RLIMIT_FSIZE, &small);
	result = capture(*state);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(result.picture.error, -EFBIG);
	assert_non_null(strstr(result.text, "could not be written"));
	result = capture(*state);
	assert_int_equal(result.picture.error, 0);
}

/** Planes that end with their last pixel: whatever reads on is told by the sanitizer. */
static void encode_exactly(uint32_t width, uint32_t height)
{
	uint32_t half = (width + 1) / 2, rows = (height + 1) / 2;
	uint8_t *planes[3] = { malloc((size_t)width * height), malloc((size_t)half * rows),
		malloc((size_t)half * rows) };
	StippleFrame frame = { .width = width,
		.height = height,
		.format = STIPPLE_PIXEL_YUV420,
		.strides = { width, half, half } };
	char error[STIPPLE_ERROR_MAX] = "";
	struct jpeg_decompress_struct jpeg;
	struct jpeg_error_mgr manager;
	JpegBuffer buffer = { 0 };
	unsigned long size = 0;

	for (int i = 0; i < 3; i++) {
		assert_non_null(planes[i]);
		memset(planes[i], 60 + 50 * i, (size_t)(i ? half : width) * (i ? rows : height));
		frame.planes[i] = planes[i];
	}
	assert_int_equal(jpeg_encode(&frame, 80, &buffer, &size, error), 0);
	jpeg.err = jpeg_std_error(&manager);
	jpeg_create_decompress(&jpeg);
	jpeg_mem_src(&jpeg, buffer.data, size);
	assert_int_equal(jpeg_read_header(&jpeg, TRUE), JPEG_HEADER_OK);
	assert_int_equal(jpeg.image_width, width);
	assert_int_equal(jpeg.image_height, height);
	/* one colour up to the edge: what stands beyond it is the edge again */
	jpeg.out_color_space = JCS_YCbCr;
	jpeg_start_decompress(&jpeg);
	while (jpeg.output_scanline < height) {
		_cleanup_(freep) JSAMPLE *row = malloc((size_t)width * 3);
		JSAMPROW line = row;

		jpeg_read_scanlines(&jpeg, &line, 1);
		for (uint32_t x = 0; x < width * 3; x++)
			if (abs(row[x] - (60 + 50 * (int)(x % 3))) > 3)
				fail_msg("%u x %u: sample %u is %u", width, height, x, row[x]);
	}
	jpeg_destroy_decompress(&jpeg);
	free(buffer.data);
	for (int i = 0; i < 3; i++)
		free(planes[i]);
}

static void test_no_row_is_read_beyond_its_end(void **state)
{
	static const uint32_t widths[] = { 1, 2, 7, 15, 16, 17, 30, 31, 33, 322, 640 };
	static const uint32_t heights[] = { 1, 2, 15, 16, 17, 33, 250 };

	for (size_t w = 0; w < ELEMENTS(widths); w++)
		for (size_t h = 0; h < ELEMENTS(heights); h++)
			encode_exactly(widths[w], heights[h]);
}

static void test_verdicts_round_trip(void **state)
{
	for (int i = 0; i < IMAGING_VERDICT_MAX; i++)
		assert_int_equal(
			imaging_verdict_from_string(imaging_verdict_to_string((ImagingVerdict)i)), i);
	assert_int_equal(imaging_verdict_from_string("fine"), -EINVAL);
}

#define IMAGING_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IMAGING_TEST(test_good_pictures_are_on_disk),
		IMAGING_TEST(test_bad_pictures_are_refused_with_figures),
		IMAGING_TEST(test_a_camera_may_go_and_come_back),
		IMAGING_TEST(test_a_camera_is_seen_to_come_and_go_without_a_picture),
		IMAGING_TEST(test_a_full_disk_leaves_nothing_behind),
		cmocka_unit_test(test_no_row_is_read_beyond_its_end),
		cmocka_unit_test(test_verdicts_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
