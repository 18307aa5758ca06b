// SPDX-License-Identifier: Apache-2.0

/**
 * Stands in for libgpiod and for an SPI device in the tests of board-spi, and answers with the board model.
 * It touches no real line.
 */

#include "fake-gpio-spi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <gpiod.h>
#include <linux/spi/spidev.h>

#include "stipple/plugin.h"

enum { EDGES = 64 };

FakeBoard fake_board;

static const char *const line_names[STIPPLE_LINE_MAX] = { "stipple-enable", "stipple-emergency-stop",
	"stipple-pedal", "stipple-data-ready", "stipple-reset", "stipple-lamp-ready", "stipple-lamp-working",
	"stipple-lamp-fault", "stipple-lamp-caution" };

struct gpiod_edge_event {
	unsigned offset;
	bool active;
	uint64_t ns;
};

struct gpiod_edge_event_buffer {
	struct gpiod_edge_event events[EDGES];
};

struct gpiod_line_settings {
	enum gpiod_line_direction direction;
	enum gpiod_line_edge edge;
	enum gpiod_line_value value;
	enum gpiod_line_clock clock;
};

struct gpiod_line_config {
	struct gpiod_line_settings lines[STIPPLE_LINE_MAX];
	bool added[STIPPLE_LINE_MAX];
};

/* libgpiod's types are opaque: all that is behind them here */
static bool levels[STIPPLE_LINE_MAX];
static struct gpiod_edge_event edges[EDGES];
static size_t n_edges;
static int edge_fd = -1, spi_fd = -1;
static uint64_t advanced_ns;
static char chip_token, request_token, info_token, config_token;

/* ---- the board ---- */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void edge(StippleLine line, bool active)
{
	uint64_t one = 1;

	if (levels[line] == active)
		return;
	levels[line] = active;
	if (!fake_board.requested || n_edges >= EDGES)
		return;
	edges[n_edges++] = (struct gpiod_edge_event){ (unsigned)line, active, now_ns() };
	(void)!write(edge_fd, &one, sizeof one);
}

static void advance(void)
{
	uint64_t now = now_ns();

	board_model_advance(&fake_board.model, (now - advanced_ns) / 1000);
	advanced_ns = now - (now - advanced_ns) % 1000;
	edge(STIPPLE_LINE_DATA_READY, board_model_data_ready(&fake_board.model));
}

void fake_board_start(void)
{
	BoardModelConfig config = { .identity = board_model_identity, .mechanics_scale = 1, .seed = 1 };

	memset(&fake_board, 0, sizeof fake_board);
	memset(levels, 0, sizeof levels);
	n_edges = 0;
	advanced_ns = now_ns();
	board_model_init(&fake_board.model, &config);
}

void fake_board_pedal(bool down)
{
	board_model_set_pedal(&fake_board.model, down);
	edge(STIPPLE_LINE_PEDAL, down);
}

void fake_board_estop(bool pressed)
{
	board_model_set_estop(&fake_board.model, pressed);
	edge(STIPPLE_LINE_EMERGENCY_STOP, pressed);
}

static int fail(int reason)
{
	errno = reason;
	return -1;
}

/* ---- chips ---- */

bool gpiod_is_gpiochip_device(const char *path)
{
	return strcmp(path, "/dev/gpiochip2") == 0;
}

struct gpiod_chip *gpiod_chip_open(const char *path)
{
	if (strcmp(path, FAKE_CHIP) != 0 && !gpiod_is_gpiochip_device(path))
		errno = ENOENT;
	else if (fake_board.gone)
		errno = ENODEV;
	else if (fake_board.chip_forbidden)
		errno = EACCES;
	else
		return (struct gpiod_chip *)&chip_token;
	return NULL;
}

void gpiod_chip_close(struct gpiod_chip *chip)
{
}

const char *gpiod_chip_get_path(struct gpiod_chip *chip)
{
	return FAKE_CHIP;
}

int gpiod_chip_get_line_offset_from_name(struct gpiod_chip *chip, const char *name)
{
	for (int i = 0; i < STIPPLE_LINE_MAX; i++)
		if (strcmp(line_names[i], name) == 0)
			return i;
	return fail(ENOENT);
}

struct gpiod_line_info *gpiod_chip_get_line_info(struct gpiod_chip *chip, unsigned int offset)
{
	return offset == STIPPLE_LINE_PEDAL ? (struct gpiod_line_info *)&info_token : NULL;
}

void gpiod_line_info_free(struct gpiod_line_info *info)
{
}

bool gpiod_line_info_is_used(struct gpiod_line_info *info)
{
	return fake_board.consumer != NULL;
}

const char *gpiod_line_info_get_consumer(struct gpiod_line_info *info)
{
	return fake_board.consumer;
}

/* ---- settings and requests ---- */

struct gpiod_line_settings *gpiod_line_settings_new(void)
{
	return calloc(1, sizeof(struct gpiod_line_settings));
}

void gpiod_line_settings_free(struct gpiod_line_settings *settings)
{
	free(settings);
}

void gpiod_line_settings_reset(struct gpiod_line_settings *settings)
{
	memset(settings, 0, sizeof *settings);
}

int gpiod_line_settings_set_direction(
	struct gpiod_line_settings *settings, enum gpiod_line_direction direction)
{
	settings->direction = direction;
	return 0;
}

int gpiod_line_settings_set_edge_detection(
	struct gpiod_line_settings *settings, enum gpiod_line_edge edges_wanted)
{
	settings->edge = edges_wanted;
	return 0;
}

int gpiod_line_settings_set_event_clock(struct gpiod_line_settings *settings, enum gpiod_line_clock clock)
{
	settings->clock = clock;
	return 0;
}

int gpiod_line_settings_set_output_value(struct gpiod_line_settings *settings, enum gpiod_line_value value)
{
	settings->value = value;
	return 0;
}

int gpiod_line_settings_set_bias(struct gpiod_line_settings *settings, enum gpiod_line_bias bias)
{
	return 0;
}

void gpiod_line_settings_set_active_low(struct gpiod_line_settings *settings, bool active_low)
{
}

void gpiod_line_settings_set_debounce_period_us(struct gpiod_line_settings *settings, unsigned long period)
{
}

struct gpiod_line_config *gpiod_line_config_new(void)
{
	return calloc(1, sizeof(struct gpiod_line_config));
}

void gpiod_line_config_free(struct gpiod_line_config *config)
{
	free(config);
}

int gpiod_line_config_add_line_settings(struct gpiod_line_config *config, const unsigned int *offsets,
	size_t num_offsets, struct gpiod_line_settings *settings)
{
	for (size_t i = 0; i < num_offsets; i++) {
		config->lines[offsets[i]] = *settings;
		config->added[offsets[i]] = true;
	}
	return 0;
}

struct gpiod_request_config *gpiod_request_config_new(void)
{
	return (struct gpiod_request_config *)&config_token;
}

void gpiod_request_config_free(struct gpiod_request_config *config)
{
}

void gpiod_request_config_set_consumer(struct gpiod_request_config *config, const char *consumer)
{
}

void gpiod_request_config_set_event_buffer_size(struct gpiod_request_config *config, size_t event_buffer_size)
{
}

/** Refuses what the real kernel would take but the plugin must never ask for. */
static bool is_sound(const struct gpiod_line_config *config)
{
	for (int i = 0; i < STIPPLE_LINE_MAX; i++) {
		const struct gpiod_line_settings *line = &config->lines[i];
		bool input = i >= STIPPLE_LINE_EMERGENCY_STOP && i <= STIPPLE_LINE_DATA_READY;

		if (!config->added[i])
			continue;
		if (input != (line->direction == GPIOD_LINE_DIRECTION_INPUT))
			return false;
		if (input &&
			(line->edge != GPIOD_LINE_EDGE_BOTH || line->clock != GPIOD_LINE_CLOCK_MONOTONIC))
			return false;
		if (!input && line->value != GPIOD_LINE_VALUE_INACTIVE)
			fake_board.was_enabled_at_request = true;
	}
	return true;
}

struct gpiod_line_request *gpiod_chip_request_lines(
	struct gpiod_chip *chip, struct gpiod_request_config *req_cfg, struct gpiod_line_config *line_cfg)
{
	if (fake_board.requested || fake_board.consumer)
		errno = EBUSY;
	else if (!is_sound(line_cfg))
		errno = EINVAL;
	else {
		edge_fd = eventfd(0, EFD_CLOEXEC);
		fake_board.requested = true;
		/* what an output is requested with, it has; what nobody asked for keeps the level that it had
		 */
		if (line_cfg->added[STIPPLE_LINE_ENABLE])
			board_model_set_enable(&fake_board.model,
				line_cfg->lines[STIPPLE_LINE_ENABLE].value == GPIOD_LINE_VALUE_ACTIVE);
		for (int i = 0; i < STIPPLE_LINE_MAX; i++)
			fake_board.lines_requested += line_cfg->added[i];
		return (struct gpiod_line_request *)&request_token;
	}
	return NULL;
}

void gpiod_line_request_release(struct gpiod_line_request *request)
{
	fake_board.requested = false;
	n_edges = 0;
	close(edge_fd);
	edge_fd = -1;
}

int gpiod_line_request_get_fd(struct gpiod_line_request *request)
{
	return edge_fd;
}

enum gpiod_line_value gpiod_line_request_get_value(struct gpiod_line_request *request, unsigned int offset)
{
	if (fake_board.gone)
		return (enum gpiod_line_value)fail(ENODEV);
	advance();
	return levels[offset] ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;
}

int gpiod_line_request_set_value(
	struct gpiod_line_request *request, unsigned int offset, enum gpiod_line_value value)
{
	bool active = value == GPIOD_LINE_VALUE_ACTIVE;

	if (fake_board.gone)
		return fail(ENODEV);
	advance();
	if (offset == STIPPLE_LINE_ENABLE)
		board_model_set_enable(&fake_board.model, active);
	if (offset == STIPPLE_LINE_RESET)
		board_model_set_reset(&fake_board.model, active);
	levels[offset] = active;
	return 0;
}

/* ---- edges ---- */

struct gpiod_edge_event_buffer *gpiod_edge_event_buffer_new(size_t capacity)
{
	return capacity <= EDGES ? calloc(1, sizeof(struct gpiod_edge_event_buffer)) : NULL;
}

void gpiod_edge_event_buffer_free(struct gpiod_edge_event_buffer *buffer)
{
	free(buffer);
}

/** Blocks without O_NONBLOCK, as the kernel does: forgetting it shows as a test that never ends. */
int gpiod_line_request_read_edge_events(
	struct gpiod_line_request *request, struct gpiod_edge_event_buffer *buffer, size_t max_events)
{
	uint64_t count;
	size_t n;

	if (fake_board.gone)
		return fail(ENODEV);
	advance();
	if (read(edge_fd, &count, sizeof count) < 0)
		return -1;
	n = n_edges < max_events ? n_edges : max_events;
	memcpy(buffer->events, edges, n * sizeof edges[0]);
	memmove(edges, edges + n, (n_edges - n) * sizeof edges[0]);
	n_edges -= n;
	count = 1;
	if (n_edges > 0)
		(void)!write(edge_fd, &count, sizeof count);
	return (int)n;
}

struct gpiod_edge_event *gpiod_edge_event_buffer_get_event(
	struct gpiod_edge_event_buffer *buffer, unsigned long index)
{
	return &buffer->events[index];
}

unsigned int gpiod_edge_event_get_line_offset(struct gpiod_edge_event *event)
{
	return event->offset;
}

enum gpiod_edge_event_type gpiod_edge_event_get_event_type(struct gpiod_edge_event *event)
{
	return event->active ? GPIOD_EDGE_EVENT_RISING_EDGE : GPIOD_EDGE_EVENT_FALLING_EDGE;
}

uint64_t gpiod_edge_event_get_timestamp_ns(struct gpiod_edge_event *event)
{
	return event->ns;
}

/* ---- the SPI device, in place of open() and ioctl() by the linker's --wrap; with 64-bit file offsets open()
 * is open64() ---- */

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __real_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument);

int __wrap_open64(const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	if (strcmp(path, FAKE_SPI) == 0) {
		if (fake_board.spi_forbidden || fake_board.spi_absent)
			return fail(fake_board.spi_forbidden ? EACCES : ENOENT);
		spi_fd = eventfd(0, EFD_CLOEXEC);
		return spi_fd;
	}
	va_start(arguments, flags);
	mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	return __real_open64(path, flags, mode);
}

static int spi_message(const struct spi_ioc_transfer *transfer)
{
	if (fake_board.gone)
		return fail(ESHUTDOWN);
	if (fake_board.short_transfer) {
		fake_board.short_transfer = false;
		return (int)transfer->len / 2;
	}
	advance();
	board_model_transfer(&fake_board.model, (const uint8_t *)(uintptr_t)transfer->tx_buf,
		(uint8_t *)(uintptr_t)transfer->rx_buf);
	advance();
	return (int)transfer->len;
}

int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
	if (fd != spi_fd || spi_fd < 0)
		return __real_ioctl(fd, request, argument);
	switch (request) {
	case SPI_IOC_WR_MODE:
	case SPI_IOC_WR_BITS_PER_WORD:
		return *(const uint8_t *)argument == (request == SPI_IOC_WR_MODE ? SPI_MODE_0 : 8)
			       ? 0
			       : fail(EINVAL);
	case SPI_IOC_WR_MAX_SPEED_HZ:
		return 0;
	case SPI_IOC_MESSAGE(1):
		return spi_message(argument);
	default:
		return fail(ENOTTY);
	}
}

/* what ioctl() is called on 32 bits, where times have 64 */
int __wrap___ioctl_time64(int fd, unsigned long request, void *argument)
	__attribute__((alias("__wrap_ioctl")));
