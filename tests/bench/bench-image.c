/* SPDX-License-Identifier: Apache-2.0 */

/**
 * A 12-megapixel still from the camera's frame to a durable JPEG on record's terms (judged, encoded, hashed,
 * renamed into place), beside the bare encoding and one write with a sync.
 */

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "imaging/imaging.h"
#include "imaging/jpeg.h"

enum { ROUNDS = 15, WIDTH = 4056, HEIGHT = 3040, QUALITY = 90 };

static uint8_t luma[WIDTH * HEIGHT], chroma[2][WIDTH / 2 * HEIGHT / 2];

/** Skin with fine structure: neither a blank page nor noise, which encode unlike any photograph. */
static void paint(void)
{
	uint32_t seed = 1;

	for (size_t y = 0; y < HEIGHT; y++)
		for (size_t x = 0; x < WIDTH; x++) {
			seed = seed * 1664525 + 1013904223;
			luma[y * WIDTH + x] = (uint8_t)(150 + 40 * ((x / 24 + y / 24) % 7 == 0 ? -1 : 0) +
							((seed >> 28) & 7));
		}
	memset(chroma[0], 118, sizeof chroma[0]);
	memset(chroma[1], 146, sizeof chroma[1]);
}

static const StippleFrame frame = {
	.width = WIDTH,
	.height = HEIGHT,
	.format = STIPPLE_PIXEL_YUV420,
	.planes = { luma, chroma[0], chroma[1] },
	.strides = { WIDTH, WIDTH / 2, WIDTH / 2 },
};

/* ---- a camera that has the frame at hand ---- */

static int open_camera(const StippleHost *host, void **ret_camera, char error[STIPPLE_ERROR_MAX])
{
	*ret_camera = luma;
	return 0;
}

static void close_camera(void *camera)
{
}

static int enumerate(void *camera, StippleCameraInfo *ret_cameras, size_t max)
{
	if (max > 0)
		ret_cameras[0] = (StippleCameraInfo){ "bench", "a frame in memory", WIDTH, HEIGHT };
	return 1;
}

static int capture(void *camera, const StippleScene *scene, uint32_t timeout_ms, StippleFrame *ret_frame,
	char error[STIPPLE_ERROR_MAX])
{
	*ret_frame = frame;
	return 0;
}

static void release(void *camera, StippleFrame *taken)
{
}

static const StippleCameraVtable vtable = { sizeof vtable, open_camera, close_camera, enumerate, capture,
	release };

static int64_t take_picture(Imaging *imaging, int i)
{
	struct pollfd fd = { .fd = imaging_fd(imaging), .events = POLLIN };
	ImagingRequest request = { .ticket = (uint64_t)i, .scene = { .zone = "crown" } };
	ImagingResult result;
	int64_t started = bench_now_ns();

	snprintf(request.name, sizeof request.name, "picture-%d", i);
	bench_check(imaging_capture(imaging, &request), "a capture");
	do {
		(void)poll(&fd, 1, -1);
	} while (!imaging_take(imaging, &result));
	if (result.picture.error < 0 || result.verdict != IMAGING_GOOD)
		bench_fail("the picture was refused: %s", result.text);
	return bench_now_ns() - started;
}

/* ---- bare ---- */

static int64_t encode_and_sync(const char *folder, int i, JpegBuffer *buffer)
{
	char path[4096], error[STIPPLE_ERROR_MAX] = "";
	int64_t started = bench_now_ns();
	unsigned long size = 0;
	int fd;

	if (jpeg_encode(&frame, QUALITY, buffer, &size, error) < 0)
		bench_fail("%s", error);
	snprintf(path, sizeof path, "%s/bare-%d.jpg", folder, i);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, buffer->data, size) != (ssize_t)size || fsync(fd) < 0 || close(fd) < 0)
		bench_fail("%s: %s", path, strerror(errno));
	return bench_now_ns() - started;
}

int main(int argc, char **argv)
{
	const char *folder = bench_folder(argc, argv);
	static const StippleHost host = { .size = sizeof host, .abi = STIPPLE_PLUGIN_ABI };
	BenchTimes ours = { 0 }, theirs = { 0 };
	JpegBuffer buffer = { 0 };
	Imaging *imaging = NULL;

	paint();
	bench_check(imaging_new(&(ImagingOptions){ .camera = &vtable,
					.host = &host,
					.folder = folder,
					.timeout_ms = 1000,
					.jpeg_quality = QUALITY,
					.exposure_max = 255 },
			    &imaging),
		"imaging");
	(void)take_picture(imaging, 0);
	(void)encode_and_sync(folder, 0, &buffer);
	for (int i = 1; i <= ROUNDS; i++) {
		bench_times_add(&ours, take_picture(imaging, i));
		bench_times_add(&theirs, encode_and_sync(folder, i, &buffer));
	}
	bench_report(&(BenchFigure){ .bench = "image",
		.figure = "12 megapixels to a durable JPEG, p50",
		.unit = "us",
		.value = bench_times_us(&ours, 50),
		.raw = bench_times_us(&theirs, 50),
		.ratio_max = 1.3 });
	imaging_free(imaging);
	free(buffer.data);
	bench_times_clear(&ours);
	bench_times_clear(&theirs);
	return 0;
}
