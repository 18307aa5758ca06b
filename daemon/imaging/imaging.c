/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Takes pictures on a thread of its own, which owns the camera. The main thread must not wait for a capture,
 * except in imaging_free(). Rejected pictures and previews must not reach the disk.
 */

#include "imaging/imaging.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "state/image-name.h"
#include "imaging/jpeg.h"
#include "imaging/quality.h"
#include "util/file.h"
#include "util/ring.h"

enum { REQUESTS_MAX = 4, PREVIEW_QUALITY = 70 };

static const char *const verdict_names[] = {
	[IMAGING_GOOD] = "good",
	[IMAGING_BLURRED] = "blurred",
	[IMAGING_DARK] = "dark",
	[IMAGING_BRIGHT] = "bright",
};

DEFINE_STRING_TABLE(imaging_verdict, ImagingVerdict, verdict_names);

struct Imaging {
	ImagingOptions options;
	char *folder;
	Ring *requests, *results;
	pthread_t thread;
	bool started;
	unsigned pending; /* main thread's count */
	atomic_bool leave;
	pthread_mutex_t lock; /* protects only `status`; this thread may wait, unlike the control thread */
	ImagingStatus status;
	/* for the imaging thread only */
	void *camera;
	bool seen;    /* since it was opened */
	bool failing; /* the camera is there but gave no picture */
	JpegBuffer jpeg;
};

static void set_status(Imaging *imaging, int error, const char *text)
{
	pthread_mutex_lock(&imaging->lock);
	imaging->status.error = error;
	snprintf(imaging->status.text, sizeof imaging->status.text, "%s", text);
	pthread_mutex_unlock(&imaging->lock);
}

/* ---- the camera ---- */

static void close_camera(Imaging *imaging)
{
	if (imaging->camera)
		imaging->options.camera->close(imaging->camera);
	imaging->camera = NULL;
	imaging->seen = false;
}

/**
 * Opens the camera unless it is open, and reports in the status which one is there. A camera that has
 * vanished is closed, because its library may otherwise not find it again.
 */
static int find_camera(Imaging *imaging, char text[STIPPLE_ERROR_MAX])
{
	StippleCameraInfo info;
	char found[IMAGING_TEXT_MAX];
	int r = 0;

	text[0] = '\0';
	if (!imaging->camera)
		r = imaging->options.camera->open(imaging->options.host, &imaging->camera, text);
	if (r < 0) {
		imaging->camera = NULL;
		set_status(imaging, r, text[0] ? text : strerror(-r));
		return r;
	}
	if (imaging->options.camera->enumerate(imaging->camera, &info, 1) <= 0) {
		if (imaging->seen)
			close_camera(imaging);
		snprintf(text, STIPPLE_ERROR_MAX, "no camera is connected: check its cable");
		set_status(imaging, -ENODEV, text);
		return -ENODEV;
	}
	imaging->seen = true;
	snprintf(found, sizeof found, "%s, %ux%u", info.model, info.width, info.height);
	set_status(imaging, 0, found);
	return 0;
}

/* ---- one picture ---- */

static void judge(
	const Imaging *imaging, const ImagingRequest *request, const Quality *quality, ImagingResult *result)
{
	const ImagingOptions *options = &imaging->options;
	const char *zone = request->scene.zone;

	result->picture.focus = quality->focus;
	result->picture.exposure = quality->exposure;
	result->verdict = quality->exposure < options->exposure_min   ? IMAGING_DARK
			  : quality->exposure > options->exposure_max ? IMAGING_BRIGHT
			  : quality->focus < options->focus_min       ? IMAGING_BLURRED
								      : IMAGING_GOOD;
	if (result->verdict == IMAGING_DARK)
		snprintf(result->text, sizeof result->text,
			"the picture of zone %s is dark: brightness %.0f, at least %u is needed; add light and capture again",
			zone, quality->exposure, options->exposure_min);
	else if (result->verdict == IMAGING_BRIGHT)
		snprintf(result->text, sizeof result->text,
			"the picture of zone %s is too bright: brightness %.0f, at most %u is allowed; dim the light and capture again",
			zone, quality->exposure, options->exposure_max);
	else if (result->verdict == IMAGING_BLURRED)
		snprintf(result->text, sizeof result->text,
			"the picture of zone %s is blurred: focus %.0f, at least %.0f is needed; hold the camera still and capture again",
			zone, quality->focus, options->focus_min);
}

static int store(
	Imaging *imaging, const ImagingRequest *request, const StippleFrame *frame, ImagingResult *result)
{
	unsigned long size;
	int r = jpeg_encode(frame, (int)imaging->options.jpeg_quality, &imaging->jpeg, &size, result->text);

	if (r < 0)
		return r;
	result->picture.bytes = size;
	snprintf(result->path, sizeof result->path, "%s" IMAGE_SUFFIX, request->name);
	digest_hex(imaging->jpeg.data, size, result->sha256);
	if ((r = file_make_folders(imaging->folder)) < 0 ||
		(r = file_write_atomic(imaging->folder, result->path, imaging->jpeg.data, size)) < 0) {
		snprintf(result->text, sizeof result->text,
			"the picture could not be written to %.120s (%s): %s", imaging->folder, strerror(-r),
			r == -ENOSPC ? "free disk space" : "check folder and rights");
		result->path[0] = '\0';
	}
	return r;
}

/** Puts a JPEG into memory only; it is gone when its last descriptor is closed. */
static int show(Imaging *imaging, const StippleFrame *frame, ImagingResult *result)
{
	_cleanup_(closep) int fd = memfd_create("preview", MFD_CLOEXEC);
	unsigned long size;
	int r = fd < 0 ? -errno : jpeg_encode(frame, PREVIEW_QUALITY, &imaging->jpeg, &size, result->text);

	if (r < 0)
		return r;
	if (write(fd, imaging->jpeg.data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) < 0) {
		snprintf(result->text, sizeof result->text,
			"there is no memory for a preview: close other programs");
		return -ENOMEM;
	}
	result->picture.bytes = size;
	result->picture.preview = TAKE_FD(fd);
	return 0;
}

static void take_asked_picture(Imaging *imaging, const ImagingRequest *request, ImagingResult *result)
{
	const StippleCameraVtable *camera = imaging->options.camera;
	StippleFrame frame = { 0 };
	Quality quality;

	_Static_assert((int)IMAGING_TEXT_MAX == (int)STIPPLE_ERROR_MAX, "errors are written in place");
	result->picture.ticket = request->ticket;
	result->picture.preview = -1;
	result->picture.error = find_camera(imaging, result->text);
	if (result->picture.error < 0) {
		close_camera(imaging); /* the next attempt starts afresh */
		return;
	}
	result->picture.error = camera->capture(
		imaging->camera, &request->scene, imaging->options.timeout_ms, &frame, result->text);
	imaging->failing = result->picture.error < 0 && result->picture.error != -ENODEV;
	if (result->picture.error < 0) {
		if (!result->text[0])
			snprintf(result->text, sizeof result->text, "the camera gave no picture: %s",
				strerror(-result->picture.error));
		set_status(imaging, result->picture.error, result->text);
		if (result->picture.error == -ENODEV)
			close_camera(imaging);
		return;
	}
	quality = quality_measure(&frame);
	judge(imaging, request, &quality, result);
	result->picture.width = frame.width;
	result->picture.height = frame.height;
	result->picture.exposure_us = frame.exposure_us;
	result->picture.gain_milli = frame.gain_milli;
	memcpy(result->camera, frame.camera, sizeof result->camera);
	if (request->preview)
		result->picture.error = show(imaging, &frame, result);
	else if (result->verdict == IMAGING_GOOD)
		result->picture.error = store(imaging, request, &frame, result);
	camera->release(imaging->camera, &frame);
}

static void *imaging_thread(void *userdata)
{
	Imaging *imaging = userdata;
	struct pollfd ready = { .fd = ring_fd(imaging->requests), .events = POLLIN };
	char text[STIPPLE_ERROR_MAX];
	ImagingRequest request;

	(void)pthread_setname_np(pthread_self(), "imaging");
	(void)!find_camera(imaging, text); /* so that `doctor` knows before the first picture */
	while (!atomic_load(&imaging->leave)) {
		ImagingResult result = { 0 };

		if (!ring_pop(imaging->requests, &request)) {
			/*
			 * a camera that failed is not well just because it is there: the failure stays until
			 * a picture succeeds
			 */
			if (poll(&ready, 1, (int)imaging->options.look_ms) == 0 && !imaging->failing)
				(void)!find_camera(imaging, text);
			ring_clear(imaging->requests);
			continue;
		}
		take_asked_picture(imaging, &request, &result);
		(void)!ring_push(imaging->results, &result);
	}
	close_camera(imaging);
	return NULL;
}

/* ---- the main thread's side ---- */

int imaging_new(const ImagingOptions *options, Imaging **ret)
{
	_cleanup_(imaging_freep) Imaging *imaging = calloc(1, sizeof *imaging);
	int r;

	if (!imaging)
		return -ENOMEM;
	imaging->options = *options;
	imaging->folder = strdup(options->folder);
	pthread_mutex_init(&imaging->lock, NULL);
	set_status(imaging, -EAGAIN, "the camera is being opened");
	if (!imaging->folder)
		return -ENOMEM;
	if ((r = ring_new(REQUESTS_MAX, sizeof(ImagingRequest), &imaging->requests)) < 0 ||
		(r = ring_new(REQUESTS_MAX, sizeof(ImagingResult), &imaging->results)) < 0 ||
		(r = -pthread_create(&imaging->thread, NULL, imaging_thread, imaging)) < 0)
		return r;
	imaging->started = true;
	*ret = TAKE_PTR(imaging);
	return 0;
}

Imaging *imaging_free(Imaging *imaging)
{
	if (!imaging)
		return NULL;
	if (imaging->started) {
		atomic_store(&imaging->leave, true);
		ring_wake(imaging->requests);
		pthread_join(imaging->thread, NULL);
	}
	ring_free(imaging->requests);
	ring_free(imaging->results);
	pthread_mutex_destroy(&imaging->lock);
	free(imaging->jpeg.data);
	free(imaging->folder);
	free(imaging);
	return NULL;
}

int imaging_capture(Imaging *imaging, const ImagingRequest *request)
{
	if (!request->preview && !text_is_identifier(request->name, sizeof request->name - 1))
		return -EINVAL;
	if (imaging->pending >= REQUESTS_MAX || !ring_push(imaging->requests, request))
		return -EAGAIN;
	imaging->pending++;
	return 0;
}

int imaging_fd(const Imaging *imaging)
{
	return ring_fd(imaging->results);
}

bool imaging_take(Imaging *imaging, ImagingResult *ret)
{
	/* before taking, so that no wake-up is lost */
	ring_clear(imaging->results);
	if (!ring_pop(imaging->results, ret))
		return false;
	imaging->pending--;
	ret->picture.text = ret->text;
	ret->picture.verdict = ret->verdict == IMAGING_GOOD ? NULL : imaging_verdict_to_string(ret->verdict);
	ret->picture.file = ret->path;
	ret->picture.sha256 = ret->sha256;
	ret->picture.camera = ret->camera;
	return true;
}

void imaging_status(Imaging *imaging, ImagingStatus *ret)
{
	pthread_mutex_lock(&imaging->lock);
	*ret = imaging->status;
	pthread_mutex_unlock(&imaging->lock);
}
