/* SPDX-License-Identifier: Apache-2.0 */

/**
 * A simulated camera as a plugin: it draws a close view of a shaved scalp with the dots placed so far. It
 * opens no device. Randomness must depend on the scene alone, so that the same head always looks the same.
 */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "stipple/setting.h"

enum { PATCH_MM = 30 }; /* width of the skin in the picture */

typedef struct CameraSim {
	uint32_t width, height, blur, brightness;
	char fault_file[256];
	uint8_t *pixels; /* Y, then U, then V; one frame at a time */
	uint32_t random;
} CameraSim;

static uint32_t next_noise(CameraSim *sim)
{
	sim->random ^= sim->random << 13;
	sim->random ^= sim->random >> 17;
	sim->random ^= sim->random << 5;
	return sim->random;
}

static double uniform_noise(CameraSim *sim)
{
	return next_noise(sim) / 4294967296.0;
}

/* ---- drawing ---- */

/** Skin: a warm tone, brighter near the lamp, with slow natural variation. */
static void draw_skin(CameraSim *sim, double tone)
{
	uint8_t *y = sim->pixels, *u = y + (size_t)sim->width * sim->height,
		*v = u + (size_t)sim->width * sim->height / 4;

	for (uint32_t row = 0; row < sim->height; row++) {
		double dy = (double)row / sim->height - 0.45;

		for (uint32_t column = 0; column < sim->width; column++) {
			double dx = (double)column / sim->width - 0.5;
			double light = tone - 70 * (dx * dx + dy * dy) +
				       3 * sin(column * 0.011 + row * 0.007) +
				       2 * sin(row * 0.023 - column * 0.017);

			y[(size_t)row * sim->width + column] =
				(uint8_t)(light + (int)(next_noise(sim) >> 29) - 3);
		}
	}
	memset(u, 112, (size_t)sim->width * sim->height / 4);
	memset(v, 148, (size_t)sim->width * sim->height / 4);
}

/** Darkens a soft round spot of `radius` pixels by up to `depth`. */
static void draw_spot(CameraSim *sim, double x, double y, double radius, int depth)
{
	int reach = (int)ceil(radius) + 1;

	for (int dy = -reach; dy <= reach; dy++) {
		for (int dx = -reach; dx <= reach; dx++) {
			int column = (int)x + dx, row = (int)y + dy;
			double distance = sqrt((double)dx * dx + (double)dy * dy);
			double share = distance < radius ? 1.0 : radius + 1 - distance;
			uint8_t *pixel;

			if (share <= 0 || column < 0 || row < 0 || column >= (int)sim->width ||
				row >= (int)sim->height)
				continue;
			pixel = sim->pixels + (size_t)row * sim->width + column;
			*pixel = (uint8_t)fmax(12, *pixel - depth * share);
		}
	}
}

static void draw_spots(CameraSim *sim, uint32_t n, double radius, int depth)
{
	for (uint32_t i = 0; i < n; i++)
		draw_spot(sim, uniform_noise(sim) * sim->width, uniform_noise(sim) * sim->height,
			radius * (0.8 + 0.4 * uniform_noise(sim)),
			(int)(depth * (0.75 + 0.5 * uniform_noise(sim))));
}

/** Thinning hair leaves about 25 follicles a cm2; a dot is 0.09-0.13 mm across (ISHRS Forum 26(3)). */
static void draw_scalp(CameraSim *sim, const StippleScene *scene)
{
	double patch_mm2 = PATCH_MM * (double)PATCH_MM * sim->height / sim->width;
	double pixel_mm = (double)PATCH_MM / sim->width;
	double area_mm2 = scene->area_mm2 > patch_mm2 ? scene->area_mm2 : patch_mm2;

	/* each zone of a head has its own follicles */
	sim->random = scene->seed;
	for (const char *zone = scene->zone; *zone; zone++)
		sim->random = sim->random * 31 + (unsigned char)*zone;
	sim->random = sim->random * 2654435761u + 1;
	if (sim->random == 0)
		sim->random = 1;
	draw_skin(sim, 150 + scene->seed % 30);
	draw_spots(sim, (uint32_t)(patch_mm2 * 0.25), 0.09 / pixel_mm / 2, 90);
	draw_spots(sim, (uint32_t)(scene->dots * patch_mm2 / area_mm2), 0.11 / pixel_mm / 2, 75);
}

/** Averages along the rows, as a moving camera does. */
static void smear(CameraSim *sim, uint32_t radius)
{
	uint8_t *copy = malloc(sim->width);

	for (uint32_t row = 0; copy && row < sim->height; row++) {
		uint8_t *line = sim->pixels + (size_t)row * sim->width;
		uint32_t sum = 0, n = 0;

		memcpy(copy, line, sim->width);
		for (uint32_t i = 0; i < sim->width + radius; i++) {
			sum += i < sim->width ? copy[i] : 0;
			n += i < sim->width;
			sum -= i > 2 * radius ? copy[i - 2 * radius - 1] : 0;
			n -= i > 2 * radius;
			if (i >= radius && n > 0)
				line[i - radius] = (uint8_t)(sum / n);
		}
	}
	free(copy);
}

static void dim(CameraSim *sim, uint32_t percent)
{
	size_t n = (size_t)sim->width * sim->height;

	for (size_t i = 0; i < n; i++) {
		uint32_t value = sim->pixels[i] * percent / 100;

		sim->pixels[i] = (uint8_t)(value > 255 ? 255 : value);
	}
}

/* ---- settings ---- */

static int take_camera_setting(CameraSim *sim, const StippleSetting *setting, char error[STIPPLE_ERROR_MAX])
{
	const struct {
		const char *key;
		uint32_t low, high, *value;
	} numbers[] = {
		{ "width", 64, 8192, &sim->width },
		{ "height", 64, 8192, &sim->height },
		{ "blur", 0, 100, &sim->blur },
		{ "brightness", 0, 300, &sim->brightness },
	};

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (strcmp(setting->key, numbers[i].key) == 0)
			return stipple_setting_number(setting, "camera-sim", numbers[i].low, numbers[i].high,
				numbers[i].value, error);
	if (strcmp(setting->key, "fault_file") == 0)
		return setting->value[0] ? stipple_setting_text(setting, "camera-sim", sim->fault_file,
						   sizeof sim->fault_file, error)
					 : 0;
	return stipple_setting_refuse(setting, "camera-sim",
		"unknown key; there are width, height, blur, brightness, fault_file", error);
}

/* ---- the vtable ---- */

static void close_camera_simulation(void *camera)
{
	CameraSim *sim = camera;

	if (sim)
		free(sim->pixels);
	free(sim);
}

static int open_camera_simulation(const StippleHost *host, void **ret_camera, char error[STIPPLE_ERROR_MAX])
{
	CameraSim *sim = calloc(1, sizeof *sim);
	int r = sim ? 0 : -ENOMEM;

	if (sim) {
		sim->width = 1920;
		sim->height = 1080;
		sim->brightness = 100;
	}
	for (size_t i = 0; r == 0 && i < host->n_settings; i++)
		r = take_camera_setting(sim, &host->settings[i], error);
	if (r == 0) {
		sim->width &= ~1u;
		sim->height &= ~1u;
		sim->pixels = malloc((size_t)sim->width * sim->height * 3 / 2);
		r = sim->pixels ? 0 : -ENOMEM;
	}
	if (r == -ENOMEM)
		snprintf(error, STIPPLE_ERROR_MAX, "camera-sim: out of memory");
	if (r < 0) {
		close_camera_simulation(sim);
		return r;
	}
	*ret_camera = sim;
	return 0;
}

static int sim_enumerate(void *camera, StippleCameraInfo *ret_cameras, size_t max)
{
	const CameraSim *sim = camera;

	if (max > 0)
		ret_cameras[0] = (StippleCameraInfo){
			.id = "sim0", .model = "simulated scalp", .width = sim->width, .height = sim->height
		};
	return 1;
}

/** Applies the fault file, into which a test writes blur, dark or unplugged for the next picture. */
static void read_fault(const CameraSim *sim, char *ret, size_t size)
{
	FILE *file = sim->fault_file[0] ? fopen(sim->fault_file, "re") : NULL;

	ret[0] = '\0';
	if (!file)
		return;
	if (fgets(ret, (int)size, file))
		ret[strcspn(ret, "\n")] = '\0';
	fclose(file);
}

static int sim_capture(void *camera, const StippleScene *scene, uint32_t timeout_ms, StippleFrame *ret_frame,
	char error[STIPPLE_ERROR_MAX])
{
	CameraSim *sim = camera;
	size_t luma = (size_t)sim->width * sim->height;
	struct timespec now;
	char fault[32];

	read_fault(sim, fault, sizeof fault);
	if (strcmp(fault, "unplugged") == 0) {
		snprintf(error, STIPPLE_ERROR_MAX,
			"the simulated camera is unplugged: plug it in and capture again");
		return -ENODEV;
	}
	draw_scalp(sim, scene);
	if (strcmp(fault, "blur") == 0 || sim->blur > 0)
		smear(sim, sim->blur > 0 ? sim->blur : 12);
	if (strcmp(fault, "dark") == 0 || sim->brightness != 100)
		dim(sim, strcmp(fault, "dark") == 0 ? 10 : sim->brightness);
	clock_gettime(CLOCK_MONOTONIC, &now);
	*ret_frame = (StippleFrame){
		.width = sim->width,
		.height = sim->height,
		.format = STIPPLE_PIXEL_YUV420,
		.planes = { sim->pixels, sim->pixels + luma, sim->pixels + luma + luma / 4 },
		.strides = { sim->width, sim->width / 2, sim->width / 2 },
		.monotonic_ns = now.tv_sec * 1000000000LL + now.tv_nsec,
		.exposure_us = 8000,
		.gain_milli = 1000,
		.camera = "sim0",
	};
	return 0;
}

static void sim_release(void *camera, StippleFrame *frame)
{
	frame->planes[0] = NULL;
}

static const StippleCameraVtable vtable = {
	.size = sizeof(StippleCameraVtable),
	.open = open_camera_simulation,
	.close = close_camera_simulation,
	.enumerate = sim_enumerate,
	.capture = sim_capture,
	.release = sim_release,
};

STIPPLE_PLUGIN_EXPORT(STIPPLE_PLUGIN_CAMERA, "camera-sim", STIPPLE_VERSION, vtable);
