/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The board's lines through libgpiod. Every output is inactive from the moment it is requested, and again
 * when the lines are closed. Once they are open, no call may block or allocate.
 */

#include "gpio-lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gpiod.h>

enum { CHIPS_MAX = 64, EVENTS_MAX = 64 };

struct GpioLines {
	struct gpiod_line_request *request;
	struct gpiod_edge_event_buffer *events;
	bool wired[STIPPLE_LINE_MAX];
	unsigned offsets[STIPPLE_LINE_MAX];
};

bool gpio_line_is_output(StippleLine line)
{
	static const bool outputs[STIPPLE_LINE_MAX] = { [STIPPLE_LINE_ENABLE] = true,
		[STIPPLE_LINE_RESET] = true,
		[STIPPLE_LINE_LAMP_READY] = true,
		[STIPPLE_LINE_LAMP_WORKING] = true,
		[STIPPLE_LINE_LAMP_FAULT] = true,
		[STIPPLE_LINE_LAMP_CAUTION] = true };

	return line < STIPPLE_LINE_MAX && outputs[line];
}

/** The errno of a failed call. Other values that mean "the device is gone" become -ENODEV. */
static int failure(void)
{
	return errno == ENXIO || errno == ESHUTDOWN ? -ENODEV : errno ? -errno : -EIO;
}

/* ---- finding the chip ---- */

static int open_chip(const char *path, struct gpiod_chip **ret, char error[STIPPLE_ERROR_MAX])
{
	struct gpiod_chip *chip = gpiod_chip_open(path);
	int r;

	if (chip) {
		*ret = chip;
		return 0;
	}
	r = errno == EACCES || errno == EPERM ? -EACCES : -ENODEV;
	if (r == -EACCES)
		snprintf(error, STIPPLE_ERROR_MAX,
			"board-spi: %s: permission refused; add the daemon's user to the group "
			"of the device (gpio) or install the udev rules of Stipple",
			path);
	else
		snprintf(error, STIPPLE_ERROR_MAX,
			"board-spi: GPIO chip %s: %s; check `chip` and that its driver is loaded", path,
			strerror(errno));
	return r;
}

/**
 * Finds the chip that has the line. A chip that may not be opened is reported only when no other chip has
 * the line.
 */
static int find_chip(const char *line, struct gpiod_chip **ret, char error[STIPPLE_ERROR_MAX])
{
	int result = -ENODEV;

	snprintf(error, STIPPLE_ERROR_MAX,
		"board-spi: no GPIO chip has a line named %s; name the lines in the device tree, or correct `line_enable`",
		line);
	for (int i = 0; i < CHIPS_MAX; i++) {
		struct gpiod_chip *chip = NULL;
		char path[32], reason[STIPPLE_ERROR_MAX];
		int r;

		snprintf(path, sizeof path, "/dev/gpiochip%d", i);
		if (!gpiod_is_gpiochip_device(path))
			continue;
		r = open_chip(path, &chip, reason);
		if (r == -EACCES) {
			memcpy(error, reason, sizeof reason);
			result = r;
		}
		if (r < 0)
			continue;
		if (gpiod_chip_get_line_offset_from_name(chip, line) >= 0) {
			*ret = chip;
			return 0;
		}
		gpiod_chip_close(chip);
	}
	return result;
}

static int find_lines(
	GpioLines *lines, struct gpiod_chip *chip, const GpioOptions *options, char error[STIPPLE_ERROR_MAX])
{
	for (int i = 0; i < STIPPLE_LINE_MAX; i++) {
		const char *name = options->lines[i].name;
		int offset;

		if (!name[0])
			continue;
		offset = gpiod_chip_get_line_offset_from_name(chip, name);
		if (offset < 0) {
			snprintf(error, STIPPLE_ERROR_MAX,
				"board-spi: GPIO chip %s has no line named %s; name it in the device tree, or correct the setting",
				gpiod_chip_get_path(chip), name);
			return -ENODEV;
		}
		lines->offsets[i] = (unsigned)offset;
		lines->wired[i] = true;
	}
	return 0;
}

/* ---- the request ---- */

static int set_input(struct gpiod_line_settings *settings, const GpioLineOptions *options)
{
	static const enum gpiod_line_bias biases[] = {
		[GPIO_BIAS_NONE] = GPIOD_LINE_BIAS_DISABLED,
		[GPIO_BIAS_UP] = GPIOD_LINE_BIAS_PULL_UP,
		[GPIO_BIAS_DOWN] = GPIOD_LINE_BIAS_PULL_DOWN,
	};

	gpiod_line_settings_set_debounce_period_us(settings, options->debounce_us);
	if (gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_INPUT) < 0 ||
		gpiod_line_settings_set_edge_detection(settings, GPIOD_LINE_EDGE_BOTH) < 0 ||
		gpiod_line_settings_set_event_clock(settings, GPIOD_LINE_CLOCK_MONOTONIC) < 0 ||
		gpiod_line_settings_set_bias(settings, biases[options->bias]) < 0)
		return failure();
	return 0;
}

static int add_lines(const GpioLines *lines, const GpioOptions *options, struct gpiod_line_settings *settings,
	struct gpiod_line_config *config)
{
	for (int i = 0; i < STIPPLE_LINE_MAX; i++) {
		int r = 0;

		if (!lines->wired[i])
			continue;
		gpiod_line_settings_reset(settings);
		gpiod_line_settings_set_active_low(settings, options->lines[i].active_low);
		if (!gpio_line_is_output((StippleLine)i))
			r = set_input(settings, &options->lines[i]);
		else if (gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_OUTPUT) < 0 ||
			 gpiod_line_settings_set_output_value(settings, GPIOD_LINE_VALUE_INACTIVE) < 0)
			r = failure();
		if (r == 0 &&
			gpiod_line_config_add_line_settings(config, &lines->offsets[i], 1, settings) < 0)
			r = failure();
		if (r < 0)
			return r;
	}
	return 0;
}

/** Finds out which line is taken, and by whom, because the kernel only says that one of them is. */
static void name_the_taken(const GpioLines *lines, struct gpiod_chip *chip, const GpioOptions *options,
	char error[STIPPLE_ERROR_MAX])
{
	for (int i = 0; i < STIPPLE_LINE_MAX; i++) {
		struct gpiod_line_info *info;

		if (!lines->wired[i])
			continue;
		info = gpiod_chip_get_line_info(chip, lines->offsets[i]);
		if (info && gpiod_line_info_is_used(info)) {
			const char *consumer = gpiod_line_info_get_consumer(info);

			snprintf(error, STIPPLE_ERROR_MAX,
				"board-spi: line %s is taken by \"%s\"; stop that program or driver",
				options->lines[i].name, consumer ? consumer : "somebody without a name");
		}
		gpiod_line_info_free(info);
	}
}

static int request_lines(
	GpioLines *lines, struct gpiod_chip *chip, const GpioOptions *options, char error[STIPPLE_ERROR_MAX])
{
	struct gpiod_line_settings *settings = gpiod_line_settings_new();
	struct gpiod_line_config *config = gpiod_line_config_new();
	struct gpiod_request_config *request = gpiod_request_config_new();
	int r = -ENOMEM;

	if (settings && config && request && (r = add_lines(lines, options, settings, config)) == 0) {
		gpiod_request_config_set_consumer(
			request, options->consumer ? options->consumer : "stippled");
		gpiod_request_config_set_event_buffer_size(request, EVENTS_MAX * 4);
		lines->request = gpiod_chip_request_lines(chip, request, config);
		r = lines->request ? 0 : failure();
	}
	if (r < 0) {
		snprintf(error, STIPPLE_ERROR_MAX,
			"board-spi: lines of %s: %s; look at the chip with gpioinfo",
			gpiod_chip_get_path(chip), strerror(-r));
		if (r == -EBUSY)
			name_the_taken(lines, chip, options, error);
	}
	gpiod_request_config_free(request);
	gpiod_line_config_free(config);
	gpiod_line_settings_free(settings);
	return r;
}

/** The outputs are inactive from here on. */
static int claim_lines(GpioLines *lines, const GpioOptions *options, char error[STIPPLE_ERROR_MAX])
{
	struct gpiod_chip *chip = NULL;
	int r = options->chip[0] ? open_chip(options->chip, &chip, error)
				 : find_chip(options->lines[STIPPLE_LINE_ENABLE].name, &chip, error);

	if (r < 0)
		return r;
	r = find_lines(lines, chip, options, error);
	if (r == 0)
		r = request_lines(lines, chip, options, error);
	gpiod_chip_close(chip); /* the request keeps a reference to its lines */
	return r;
}

static int prepare_events(GpioLines *lines, char error[STIPPLE_ERROR_MAX])
{
	int fd = gpiod_line_request_get_fd(lines->request), flags = fcntl(fd, F_GETFL);

	lines->events = gpiod_edge_event_buffer_new(EVENTS_MAX);
	if (!lines->events || flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
		snprintf(error, STIPPLE_ERROR_MAX, "board-spi: edges of the lines: %s; close other programs",
			strerror(errno));
		return failure();
	}
	return 0;
}

int gpio_lines_open(const GpioOptions *options, GpioLines **ret, char error[STIPPLE_ERROR_MAX])
{
	GpioLines *lines = calloc(1, sizeof *lines);
	int r;

	if (!lines) {
		snprintf(error, STIPPLE_ERROR_MAX, "board-spi: out of memory; close other programs");
		return -ENOMEM;
	}
	if ((r = claim_lines(lines, options, error)) < 0 || (r = prepare_events(lines, error)) < 0) {
		gpio_lines_close(lines);
		return r;
	}
	*ret = lines;
	return 0;
}

int gpio_lines_drop_enable(const GpioOptions *options, char error[STIPPLE_ERROR_MAX])
{
	GpioOptions enable = { .consumer = "stipple-enable-low" };
	GpioLines lines = { 0 };
	int r;

	memcpy(enable.chip, options->chip, sizeof enable.chip);
	enable.lines[STIPPLE_LINE_ENABLE] = options->lines[STIPPLE_LINE_ENABLE];
	r = claim_lines(&lines, &enable, error);
	if (lines.request)
		gpiod_line_request_release(lines.request);
	return r;
}

void gpio_lines_close(GpioLines *lines)
{
	if (!lines)
		return;
	for (int i = 0; lines->request && i < STIPPLE_LINE_MAX; i++)
		if (gpio_line_is_output((StippleLine)i))
			(void)gpio_lines_set(lines, (StippleLine)i, false);
	if (lines->request)
		gpiod_line_request_release(lines->request);
	if (lines->events)
		gpiod_edge_event_buffer_free(lines->events);
	free(lines);
}

int gpio_lines_fd(const GpioLines *lines)
{
	return gpiod_line_request_get_fd(lines->request);
}

/* ---- in use ---- */

static StippleLine line_at(const GpioLines *lines, unsigned offset)
{
	for (int i = 0; i < STIPPLE_LINE_MAX; i++)
		if (lines->wired[i] && lines->offsets[i] == offset)
			return (StippleLine)i;
	return STIPPLE_LINE_MAX;
}

int gpio_lines_read_edges(GpioLines *lines, StippleEdge *ret_edges, size_t max)
{
	int n = gpiod_line_request_read_edge_events(
		lines->request, lines->events, max < EVENTS_MAX ? max : EVENTS_MAX);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : failure();
	for (int i = 0; i < n; i++) {
		struct gpiod_edge_event *event =
			gpiod_edge_event_buffer_get_event(lines->events, (unsigned long)i);

		ret_edges[i] = (StippleEdge){
			.line = line_at(lines, gpiod_edge_event_get_line_offset(event)),
			.active = gpiod_edge_event_get_event_type(event) == GPIOD_EDGE_EVENT_RISING_EDGE,
			.monotonic_ns = (int64_t)gpiod_edge_event_get_timestamp_ns(event),
		};
	}
	return n;
}

int gpio_lines_get(GpioLines *lines, StippleLine line, bool *ret_active)
{
	enum gpiod_line_value value = GPIOD_LINE_VALUE_INACTIVE;

	if (lines->wired[line])
		value = gpiod_line_request_get_value(lines->request, lines->offsets[line]);
	if (value == GPIOD_LINE_VALUE_ERROR)
		return failure();
	*ret_active = value == GPIOD_LINE_VALUE_ACTIVE;
	return 0;
}

int gpio_lines_set(GpioLines *lines, StippleLine line, bool active)
{
	if (!lines->wired[line])
		return 0;
	if (gpiod_line_request_set_value(lines->request, lines->offsets[line],
		    active ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE) < 0)
		return failure();
	return 0;
}
