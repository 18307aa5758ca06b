// SPDX-License-Identifier: Apache-2.0

/** libcamera behind the camera vtable: one full-resolution still at a time. No exception leaves this file. */

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <libcamera/libcamera.h>

#include "stipple/plugin.h"

namespace
{

using libcamera::Request;

/** A buffer's memory, mapped for as long as the caller has the frame. */
struct Mapping {
	void *memory = MAP_FAILED;
	size_t size = 0;

	~Mapping()
	{
		if (memory != MAP_FAILED)
			munmap(memory, size);
	}
};

struct Camera {
	libcamera::CameraManager manager;
	bool started = false;
	std::shared_ptr<libcamera::Camera> camera;
	std::unique_ptr<libcamera::CameraConfiguration> configuration;
	std::unique_ptr<libcamera::FrameBufferAllocator> allocator;
	std::unique_ptr<Request> request;
	std::vector<std::unique_ptr<Mapping>> mappings;
	std::mutex lock;
	std::condition_variable changed;
	bool done = false;

	void completed(Request *)
	{
		std::lock_guard<std::mutex> guard(lock);
		done = true;
		changed.notify_all();
	}
};

int fail(int r, char *error, const char *text)
{
	snprintf(error, STIPPLE_ERROR_MAX, "%s", text);
	return r;
}

/** The resources of one capture; afterwards the camera is free for the next one. */
void give_back(Camera *self)
{
	self->mappings.clear();
	if (!self->camera)
		return;
	self->camera->stop();
	self->camera->requestCompleted.disconnect(self);
	self->request.reset();
	self->allocator.reset();
	self->configuration.reset();
	self->camera->release();
	self->camera.reset();
}

void close_camera(void *userdata)
{
	auto *self = static_cast<Camera *>(userdata);

	if (!self)
		return;
	give_back(self);
	if (self->started)
		self->manager.stop();
	delete self;
}

int open_camera(const StippleHost *host, void **ret_camera, char error[STIPPLE_ERROR_MAX])
{
	if (host->n_settings > 0) {
		snprintf(error, STIPPLE_ERROR_MAX, "%s:%d: camera-libcamera has no setting \"%s\": remove it",
			host->settings[0].file, host->settings[0].line, host->settings[0].key);
		return -EINVAL;
	}
	try {
		libcamera::logSetLevel("*", "WARN"); /* otherwise each start prints libcamera's version */
		auto self = std::make_unique<Camera>();
		int r = self->manager.start();

		if (r < 0)
			return fail(r, error,
				"libcamera cannot start: check the rights on /dev/media* and /dev/video*");
		self->started = true;
		*ret_camera = self.release();
		return 0;
	} catch (const std::exception &failure) {
		return fail(-ENOMEM, error, failure.what());
	}
}

/** Asks the kernel, because libcamera keeps listing most cameras after they were unplugged. */
bool is_connected(const libcamera::Camera &camera)
{
	auto devices = camera.properties().get(libcamera::properties::SystemDevices);
	char path[64];

	if (!devices)
		return true;
	for (int64_t device : *devices) {
		snprintf(path, sizeof path, "/sys/dev/char/%u:%u", major(static_cast<dev_t>(device)),
			minor(static_cast<dev_t>(device)));
		if (access(path, F_OK) < 0)
			return false;
	}
	return true;
}

std::vector<std::shared_ptr<libcamera::Camera>> connected_cameras(const Camera *self)
{
	auto cameras = self->manager.cameras();

	cameras.erase(std::remove_if(cameras.begin(), cameras.end(),
			      [](const auto &camera) { return !is_connected(*camera); }),
		cameras.end());
	return cameras;
}

std::string model_of(const libcamera::Camera &camera)
{
	auto model = camera.properties().get(libcamera::properties::Model);

	return model ? *model : camera.id();
}

int enumerate_cameras(void *userdata, StippleCameraInfo *ret_cameras, size_t max)
{
	auto *self = static_cast<Camera *>(userdata);

	try {
		auto cameras = connected_cameras(self);

		for (size_t i = 0; i < cameras.size() && i < max; i++) {
			StippleCameraInfo *info = &ret_cameras[i];
			auto size = cameras[i]->properties().get(libcamera::properties::PixelArraySize);

			*info = {};
			snprintf(info->id, sizeof info->id, "%s", cameras[i]->id().c_str());
			snprintf(info->model, sizeof info->model, "%s", model_of(*cameras[i]).c_str());
			info->width = size ? size->width : 0;
			info->height = size ? size->height : 0;
		}
		return static_cast<int>(cameras.size());
	} catch (const std::exception &) {
		return -ENOMEM;
	}
}

/**
 * Chooses YUV 4:2:0 where the pipeline has it, otherwise packed RGB (libcamera names its bytes in the
 * opposite order), in the largest size offered.
 */
int configure(Camera *self, char *error)
{
	self->configuration = self->camera->generateConfiguration({ libcamera::StreamRole::StillCapture });
	if (!self->configuration || self->configuration->empty())
		return fail(-EIO, error, "the camera offers no still pictures: use another");
	for (auto format : { libcamera::formats::YUV420, libcamera::formats::BGR888 }) {
		libcamera::StreamConfiguration &stream = self->configuration->at(0);

		const libcamera::SizeRange sizes = stream.formats().range(format);

		stream.pixelFormat = format;
		if (!sizes.max.isNull())
			stream.size = sizes.max;
		stream.bufferCount = 1;
		if (self->configuration->validate() == libcamera::CameraConfiguration::Invalid ||
			stream.pixelFormat != format)
			continue;
		if (self->camera->configure(self->configuration.get()) == 0)
			return 0;
	}
	return fail(-ENOTSUP, error, "the camera gives neither YUV 4:2:0 nor RGB: use another");
}

int start_capture(Camera *self, char *error)
{
	libcamera::Stream *stream = self->configuration->at(0).stream();

	self->allocator = std::make_unique<libcamera::FrameBufferAllocator>(self->camera);
	if (self->allocator->allocate(stream) < 0)
		return fail(-ENOMEM, error, "the camera has no memory for a picture: restart the station");
	self->request = self->camera->createRequest();
	if (!self->request || self->request->addBuffer(stream, self->allocator->buffers(stream)[0].get()) < 0)
		return fail(-EIO, error, "the camera takes no request: unplug it and plug it in again");
	self->done = false;
	self->camera->requestCompleted.connect(self, &Camera::completed);
	if (self->camera->start() < 0 || self->camera->queueRequest(self->request.get()) < 0)
		return fail(-EIO, error, "the camera does not start: unplug it and plug it in again");
	return 0;
}

int wait_for_frame(Camera *self, uint32_t timeout_ms, char *error)
{
	std::unique_lock<std::mutex> guard(self->lock);

	if (!self->changed.wait_for(
		    guard, std::chrono::milliseconds(timeout_ms), [self] { return self->done; }))
		return fail(-ETIMEDOUT, error, "the camera gave no picture in time: check its cable");
	if (self->request->status() != Request::RequestComplete)
		return fail(-ENODEV, error, "the camera gave up the picture: check its cable");
	return 0;
}

/**
 * Maps each plane from the start of its descriptor, because an offset need not be a multiple of the page
 * size.
 */
const uint8_t *map_plane(Camera *self, const libcamera::FrameBuffer::Plane &plane)
{
	auto mapping = std::make_unique<Mapping>();

	mapping->size = plane.offset + plane.length;
	mapping->memory = mmap(nullptr, mapping->size, PROT_READ, MAP_SHARED, plane.fd.get(), 0);
	if (mapping->memory == MAP_FAILED)
		return nullptr;
	self->mappings.push_back(std::move(mapping));
	return static_cast<const uint8_t *>(self->mappings.back()->memory) + plane.offset;
}

int describe_frame(Camera *self, StippleFrame *ret, char *error)
{
	const libcamera::StreamConfiguration &stream = self->configuration->at(0);
	const auto &planes = self->request->findBuffer(stream.stream())->planes();
	const libcamera::ControlList &metadata = self->request->metadata();
	bool yuv = stream.pixelFormat == libcamera::formats::YUV420;

	*ret = {};
	ret->width = stream.size.width & ~1u;
	ret->height = stream.size.height & ~1u;
	ret->format = yuv ? STIPPLE_PIXEL_YUV420 : STIPPLE_PIXEL_RGB888;
	for (size_t i = 0; i < (yuv ? 3u : 1u); i++) {
		if (i >= planes.size())
			return fail(-EIO, error, "the camera's picture lacks a plane: use another camera");
		ret->planes[i] = map_plane(self, planes[i]);
		ret->strides[i] = i == 0 ? stream.stride : stream.stride / 2;
		if (!ret->planes[i])
			return fail(
				-errno, error, "the picture's memory cannot be read: restart the station");
	}
	ret->exposure_us = static_cast<uint32_t>(metadata.get(libcamera::controls::ExposureTime).value_or(0));
	ret->gain_milli =
		static_cast<uint32_t>(metadata.get(libcamera::controls::AnalogueGain).value_or(0.0f) * 1000);
	ret->lux = static_cast<uint32_t>(metadata.get(libcamera::controls::Lux).value_or(0.0f));
	ret->monotonic_ns = metadata.get(libcamera::controls::SensorTimestamp).value_or(0);
	snprintf(ret->camera, sizeof ret->camera, "%s", self->camera->id().c_str());
	return 0;
}

int take_frame(Camera *self, uint32_t timeout_ms, StippleFrame *ret_frame, char error[STIPPLE_ERROR_MAX])
{
	int r = configure(self, error);

	if (r < 0)
		return r;
	r = start_capture(self, error);
	if (r < 0)
		return r;
	r = wait_for_frame(self, timeout_ms, error);
	return r < 0 ? r : describe_frame(self, ret_frame, error);
}

int capture_frame(void *userdata, const StippleScene *, uint32_t timeout_ms, StippleFrame *ret_frame,
	char error[STIPPLE_ERROR_MAX])
{
	auto *self = static_cast<Camera *>(userdata);
	int r;

	try {
		auto cameras = connected_cameras(self);

		if (cameras.empty())
			return fail(-ENODEV, error, "no camera is connected: check its cable");
		self->camera = cameras[0];
		if (self->camera->acquire() < 0) {
			self->camera.reset();
			return fail(-EBUSY, error, "another program uses the camera: close it");
		}
		r = take_frame(self, timeout_ms, ret_frame, error);
	} catch (const std::exception &failure) {
		r = fail(-EIO, error, failure.what());
	}
	if (r < 0)
		give_back(self);
	return r;
}

void release_frame(void *userdata, StippleFrame *frame)
{
	frame->planes[0] = frame->planes[1] = frame->planes[2] = nullptr;
	give_back(static_cast<Camera *>(userdata));
}

const StippleCameraVtable vtable = {
	sizeof(StippleCameraVtable),
	open_camera,
	close_camera,
	enumerate_cameras,
	capture_frame,
	release_frame,
};

} // namespace

extern "C" {
STIPPLE_PLUGIN_EXPORT(STIPPLE_PLUGIN_CAMERA, "camera-libcamera", STIPPLE_VERSION, vtable);
}
