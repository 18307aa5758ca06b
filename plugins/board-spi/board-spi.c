/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The real needle-driver board: lines by libgpiod, frames by spidev. README.md lists the settings. The
 * control thread calls it: between open() and close() no call may allocate, or wait for more than one
 * transfer.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gpio-lines.h"
#include "spi-device.h"
#include "stipple/setting.h"

enum { SPEED_MIN_HZ = 100000, SPEED_MAX_HZ = 20000000, SPEED_HZ = 8000000, DEBOUNCE_MAX_US = 20000 };

typedef struct BoardSpiOptions {
	GpioOptions gpio;
	char device[GPIO_PATH_MAX];
	uint32_t speed_hz;
} BoardSpiOptions;

typedef struct BoardSpi {
	GpioLines *lines;
	int fd;
	uint32_t speed_hz;
} BoardSpi;

/* ---- settings ---- */

/** A line's name in the settings, and its wiring according to docs/board-protocol.md. */
static const struct {
	const char *key;
	GpioLineOptions options;
} line_defaults[STIPPLE_LINE_MAX] = {
	[STIPPLE_LINE_ENABLE] = { "enable", { .name = GPIO_ENABLE_NAME } },
	[STIPPLE_LINE_EMERGENCY_STOP] = { "emergency_stop",
		{ .name = "stipple-emergency-stop", .bias = GPIO_BIAS_UP } },
	[STIPPLE_LINE_PEDAL] = { "pedal",
		{ .name = "stipple-pedal", .active_low = true, .bias = GPIO_BIAS_UP, .debounce_us = 3000 } },
	[STIPPLE_LINE_DATA_READY] = { "data_ready",
		{ .name = "stipple-data-ready", .bias = GPIO_BIAS_DOWN } },
	[STIPPLE_LINE_RESET] = { "reset", { .name = "stipple-reset", .active_low = true } },
	[STIPPLE_LINE_LAMP_READY] = { "lamp_ready", { .name = "stipple-lamp-ready" } },
	[STIPPLE_LINE_LAMP_WORKING] = { "lamp_working", { .name = "stipple-lamp-working" } },
	[STIPPLE_LINE_LAMP_FAULT] = { "lamp_fault", { .name = "stipple-lamp-fault" } },
	/* only where it is named: many stations have three lamps */
	[STIPPLE_LINE_LAMP_CAUTION] = { "lamp_caution", { .name = "" } },
};

#define PLUGIN "board-spi"

/**
 * Lamps and the reset line may be missing. Without any of the other lines the needle could not be stopped.
 */
static int take_line_name(
	const StippleSetting *setting, StippleLine line, char *ret, char error[STIPPLE_ERROR_MAX])
{
	if (strcmp(setting->value, "none") != 0)
		return stipple_setting_text(setting, PLUGIN, ret, GPIO_NAME_MAX, error);
	if (line < STIPPLE_LINE_RESET)
		return stipple_setting_refuse(setting, PLUGIN, "this line is needed; give its name", error);
	ret[0] = '\0';
	return 0;
}

static int take_choice(const StippleSetting *setting, const char *const *names, size_t n, size_t *ret,
	const char *allowed, char error[STIPPLE_ERROR_MAX])
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(setting->value, names[i]) == 0) {
			*ret = i;
			return 0;
		}
	}
	return stipple_setting_refuse(setting, PLUGIN, allowed, error);
}

/** Reads line_X, polarity_X, bias_X and debounce_us_X of a line X. 1: the key is none of these. */
static int take_line_setting(const StippleSetting *setting, StippleLine line, GpioLineOptions *options,
	char error[STIPPLE_ERROR_MAX])
{
	static const char *const polarities[] = { "high", "low" };
	static const char *const biases[] = { "none", "up", "down" };
	const char *suffix = line_defaults[line].key;
	size_t length = strlen(setting->key), end = strlen(suffix), choice = 0, prefix = length - end;
	int r;

	if (length <= end || strcmp(setting->key + prefix, suffix) != 0)
		return 1;
	if (prefix == 5 && strncmp(setting->key, "line_", prefix) == 0)
		return take_line_name(setting, line, options->name, error);
	if (prefix == 9 && strncmp(setting->key, "polarity_", prefix) == 0) {
		r = take_choice(setting, polarities, 2, &choice, "high or low", error);
		options->active_low = r == 0 ? choice == 1 : options->active_low;
		return r;
	}
	if (gpio_line_is_output(line))
		return 1;
	if (prefix == 5 && strncmp(setting->key, "bias_", prefix) == 0) {
		r = take_choice(setting, biases, GPIO_BIAS_COUNT, &choice, "none, up or down", error);
		options->bias = r == 0 ? (GpioBias)choice : options->bias;
		return r;
	}
	if (prefix == 12 && strncmp(setting->key, "debounce_us_", prefix) == 0)
		return stipple_setting_number(
			setting, PLUGIN, 0, DEBOUNCE_MAX_US, &options->debounce_us, error);
	return 1;
}

static int take_spi_setting(
	BoardSpiOptions *options, const StippleSetting *setting, char error[STIPPLE_ERROR_MAX])
{
	if (strcmp(setting->key, "device") == 0)
		return stipple_setting_text(setting, PLUGIN, options->device, sizeof options->device, error);
	if (strcmp(setting->key, "chip") == 0)
		return stipple_setting_text(
			setting, PLUGIN, options->gpio.chip, sizeof options->gpio.chip, error);
	if (strcmp(setting->key, "speed_hz") == 0)
		return stipple_setting_number(
			setting, PLUGIN, SPEED_MIN_HZ, SPEED_MAX_HZ, &options->speed_hz, error);
	for (int i = 0; i < STIPPLE_LINE_MAX; i++) {
		int r = take_line_setting(setting, (StippleLine)i, &options->gpio.lines[i], error);

		if (r <= 0)
			return r;
	}
	return stipple_setting_refuse(setting, PLUGIN,
		"unknown key; there are chip, device, speed_hz, line_*, polarity_*, bias_*, debounce_us_*",
		error);
}

static int read_spi_settings(const StippleHost *host, BoardSpiOptions *ret, char error[STIPPLE_ERROR_MAX])
{
	*ret = (BoardSpiOptions){ .device = "/dev/spidev0.0", .speed_hz = SPEED_HZ };
	for (int i = 0; i < STIPPLE_LINE_MAX; i++)
		ret->gpio.lines[i] = line_defaults[i].options;
	for (size_t i = 0; i < host->n_settings; i++) {
		int r = take_spi_setting(ret, &host->settings[i], error);

		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- the vtable ---- */

static void board_close(void *userdata)
{
	BoardSpi *board = userdata;

	if (!board)
		return;
	gpio_lines_close(board->lines);
	spi_device_close(board->fd);
	free(board);
}

static int board_open(const StippleHost *host, void **ret_board, char error[STIPPLE_ERROR_MAX])
{
	BoardSpiOptions options;
	BoardSpi *board;
	int r = read_spi_settings(host, &options, error);

	if (r < 0)
		return r;
	board = calloc(1, sizeof *board);
	if (!board) {
		snprintf(error, STIPPLE_ERROR_MAX, "board-spi: out of memory; close other programs");
		return -ENOMEM;
	}
	board->fd = -1;
	board->speed_hz = options.speed_hz;
	if ((r = gpio_lines_open(&options.gpio, &board->lines, error)) < 0 ||
		(r = spi_device_open(options.device, options.speed_hz, &board->fd, error)) < 0) {
		board_close(board);
		return r;
	}
	*ret_board = board;
	return 0;
}

static int board_poll_fd(void *board)
{
	return gpio_lines_fd(((BoardSpi *)board)->lines);
}

static int board_read_edges(void *board, StippleEdge *ret_edges, size_t max)
{
	return gpio_lines_read_edges(((BoardSpi *)board)->lines, ret_edges, max);
}

static int board_get_line(void *board, StippleLine line, bool *ret_active)
{
	return gpio_lines_get(((BoardSpi *)board)->lines, line, ret_active);
}

static int board_set_line(void *board, StippleLine line, bool active)
{
	if (!gpio_line_is_output(line))
		return -EINVAL;
	return gpio_lines_set(((BoardSpi *)board)->lines, line, active);
}

static int board_transfer(void *userdata, const uint8_t *tx, uint8_t *ret_rx, size_t size)
{
	BoardSpi *board = userdata;

	return spi_device_transfer(board->fd, board->speed_hz, tx, ret_rx, size);
}

/** Setting a value does not change libgpiod's stored request: this is a single ioctl. */
static void board_cut_enable(void *board)
{
	(void)!gpio_lines_set(((BoardSpi *)board)->lines, STIPPLE_LINE_ENABLE, false);
}

static const StippleBoardVtable vtable = {
	.size = sizeof(StippleBoardVtable),
	.open = board_open,
	.close = board_close,
	.poll_fd = board_poll_fd,
	.read_edges = board_read_edges,
	.get_line = board_get_line,
	.set_line = board_set_line,
	.transfer = board_transfer,
	.cut_enable = board_cut_enable,
};

STIPPLE_PLUGIN_EXPORT(STIPPLE_PLUGIN_BOARD, "board-spi", STIPPLE_VERSION, vtable);
