// SPDX-License-Identifier: Apache-2.0

/**
 * The needle-driver board as the kernel's spidev shows it: a character device served from user space (CUSE)
 * and answered by the board model, whose pins are the lines of a gpio-sim chip.
 *
 *     board-device FOLDER [speed N] [watchdog MS]
 *
 * FOLDER has one link to a sim_gpioK folder of sysfs for each line: enable, reset, pedal, emergency-stop,
 * data-ready. What is not there reads as a wire that is not connected. It makes /dev/spidev0.0 and stays
 * until it is ended, or until the device is closed by the kernel.
 */

#define FUSE_USE_VERSION 31

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <fuse3/cuse_lowlevel.h>
#include <linux/spi/spidev.h>

#include "board-model.h"

enum { TRANSFERS_MAX = 8, BUFFER_MAX = 4096, TICK_MS = 2, IDLE_MS = 10 };

typedef struct Wire {
	const char *name;
	bool raw_active; /* level that means active, as docs/board-protocol.md wires it */
	bool idle;       /* what an open wire reads as */
	int fd;          /* of its value file; -1 while there is no chip */
} Wire;

enum { WIRE_ENABLE, WIRE_RESET, WIRE_PEDAL, WIRE_ESTOP, WIRE_MAX };

static Wire wires[WIRE_MAX] = {
	[WIRE_ENABLE] = { "enable", true, false, -1 },
	[WIRE_RESET] = { "reset", false, false, -1 },
	[WIRE_PEDAL] = { "pedal", false, false, -1 },
	[WIRE_ESTOP] = { "emergency-stop", true, true, -1 },
};

static BoardModel model;
static const char *folder;
static uint64_t advanced_ns;
static bool data_ready;
static uint8_t spi_mode, spi_bits = 8, spi_lsb;
static uint32_t spi_speed = 8000000;

/* ---- pins ---- */

static bool wire_read(Wire *wire)
{
	char level, path[256];

	if (wire->fd < 0) {
		snprintf(path, sizeof path, "%s/%s/value", folder, wire->name);
		wire->fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (wire->fd < 0)
		return wire->idle;
	if (pread(wire->fd, &level, 1, 0) == 1)
		return (level == '1') == wire->raw_active;
	close(wire->fd);
	wire->fd = -1;
	return wire->idle;
}

static void show_data_ready(void)
{
	const char *text = data_ready ? "pull-up" : "pull-down";
	char path[256];
	int fd;

	snprintf(path, sizeof path, "%s/data-ready/pull", folder);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!write(fd, text, strlen(text));
	close(fd);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/** Takes in what the pins read and how much time has passed, and shows the one pin that is the board's. */
static void board_advance(void)
{
	uint64_t now = now_ns();

	board_model_set_reset(&model, wire_read(&wires[WIRE_RESET]));
	board_model_set_enable(&model, wire_read(&wires[WIRE_ENABLE]));
	board_model_set_pedal(&model, wire_read(&wires[WIRE_PEDAL]));
	board_model_set_estop(&model, wire_read(&wires[WIRE_ESTOP]));
	board_model_advance(&model, (now - advanced_ns) / 1000);
	advanced_ns = now - (now - advanced_ns) % 1000;
	if (board_model_data_ready(&model) != data_ready) {
		data_ready = !data_ready;
		show_data_ready();
	}
}

/* ---- what spidev does ---- */

static void device_open(fuse_req_t request, struct fuse_file_info *file)
{
	fuse_reply_open(request, file);
}

/** The message of `n` transfers, whose bytes to the board follow one another in `sent`. */
static void reply_message(
	fuse_req_t request, const struct spi_ioc_transfer *transfers, size_t n, const uint8_t *sent)
{
	uint8_t received[BUFFER_MAX] = { 0 };
	size_t taken = 0, given = 0, moved = 0;

	for (size_t i = 0; i < n; i++) {
		uint8_t from_station[STIPPLE_FRAME_BYTES] = { 0 }, to_station[STIPPLE_FRAME_BYTES] = { 0 };
		size_t length = transfers[i].len,
		       whole = length < sizeof from_station ? length : sizeof from_station;

		if (transfers[i].tx_buf)
			memcpy(from_station, sent + taken, whole);
		board_advance();
		board_model_transfer(&model, from_station, to_station);
		board_advance();
		if (transfers[i].rx_buf)
			memcpy(received + given, to_station, whole);
		taken += transfers[i].tx_buf ? length : 0;
		given += transfers[i].rx_buf ? length : 0;
		moved += length;
	}
	fuse_reply_ioctl(request, (int)moved, received, given);
}

/** The kernel hands over what a pointer points at only after it was told where: first the array, then its
 * buffers. */
static void device_message(fuse_req_t request, size_t size, void *argument, const void *in, size_t in_size)
{
	const struct spi_ioc_transfer *transfers = in;
	struct iovec sources[1 + TRANSFERS_MAX] = { { argument, size } }, targets[TRANSFERS_MAX];
	size_t n = size / sizeof *transfers, n_sources = 1, n_targets = 0, total = 0;

	if (n == 0 || n > TRANSFERS_MAX || size % sizeof *transfers) {
		fuse_reply_err(request, EINVAL);
		return;
	}
	if (in_size < size) {
		fuse_reply_ioctl_retry(request, sources, 1, NULL, 0);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		total += transfers[i].len;
		if (transfers[i].len > BUFFER_MAX || total > BUFFER_MAX) {
			fuse_reply_err(request, EMSGSIZE);
			return;
		}
		if (transfers[i].tx_buf)
			sources[n_sources++] =
				(struct iovec){ (void *)(uintptr_t)transfers[i].tx_buf, transfers[i].len };
		if (transfers[i].rx_buf) {
			targets[n_targets++] =
				(struct iovec){ (void *)(uintptr_t)transfers[i].rx_buf, transfers[i].len };
		}
	}
	if (n_sources > 1 && in_size == size)
		fuse_reply_ioctl_retry(request, sources, n_sources, targets, n_targets);
	else
		reply_message(request, transfers, n, (const uint8_t *)in + size);
}

/** A setting of spidev, read or written. */
static void device_setting(fuse_req_t request, unsigned command, void *argument, void *value, const void *in,
	size_t in_size, size_t out_size)
{
	size_t size = _IOC_SIZE(command);
	struct iovec place = { argument, size };

	if (_IOC_DIR(command) == _IOC_WRITE) {
		if (in_size < size) {
			fuse_reply_ioctl_retry(request, &place, 1, NULL, 0);
			return;
		}
		memcpy(value, in, size);
		fuse_reply_ioctl(request, 0, NULL, 0);
		return;
	}
	if (out_size < size)
		fuse_reply_ioctl_retry(request, NULL, 0, &place, 1);
	else
		fuse_reply_ioctl(request, 0, value, size);
}

static void device_ioctl(fuse_req_t request, int command, void *argument, struct fuse_file_info *file,
	unsigned flags, const void *in, size_t in_size, size_t out_size)
{
	unsigned number = (unsigned)command;

	if (_IOC_TYPE(number) != SPI_IOC_MAGIC) {
		fuse_reply_err(request, ENOTTY);
		return;
	}
	switch (_IOC_NR(number)) {
	case _IOC_NR(SPI_IOC_MESSAGE(1)):
		device_message(request, _IOC_SIZE(number), argument, in, in_size);
		return;
	case _IOC_NR(SPI_IOC_WR_MODE):
		device_setting(request, number, argument, &spi_mode, in, in_size, out_size);
		return;
	case _IOC_NR(SPI_IOC_WR_LSB_FIRST):
		device_setting(request, number, argument, &spi_lsb, in, in_size, out_size);
		return;
	case _IOC_NR(SPI_IOC_WR_BITS_PER_WORD):
		device_setting(request, number, argument, &spi_bits, in, in_size, out_size);
		return;
	case _IOC_NR(SPI_IOC_WR_MAX_SPEED_HZ):
		device_setting(request, number, argument, &spi_speed, in, in_size, out_size);
		return;
	default:
		fuse_reply_err(request, ENOTTY);
	}
}

static const struct cuse_lowlevel_ops operations = { .open = device_open, .ioctl = device_ioctl };

/* ---- the loop ---- */

static int serve(struct fuse_session *session)
{
	struct fuse_buf buffer = { 0 };
	int r = 0;

	while (!fuse_session_exited(session)) {
		struct pollfd ready = { .fd = fuse_session_fd(session), .events = POLLIN };

		if (poll(&ready, 1, board_model_running(&model) ? TICK_MS : IDLE_MS) > 0) {
			r = fuse_session_receive_buf(session, &buffer);
			if (r == -EINTR || r == -EAGAIN)
				continue;
			if (r <= 0)
				break;
			fuse_session_process_buf(session, &buffer);
		}
		board_advance();
	}
	free(buffer.mem);
	return r < 0 ? 1 : 0;
}

static int take_arguments(int argc, char **argv, BoardModelConfig *config)
{
	if (argc < 2)
		return -EINVAL;
	folder = argv[1];
	for (int i = 2; i < argc; i += 2) {
		long number = i + 1 < argc ? strtol(argv[i + 1], NULL, 10) : 0;

		if (number < 1 || number > 5000)
			return -EINVAL;
		if (strcmp(argv[i], "speed") == 0)
			config->mechanics_scale = (uint32_t)number;
		else if (strcmp(argv[i], "watchdog") == 0)
			config->identity.watchdog_ms = (uint16_t)number;
		else
			return -EINVAL;
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *names[] = { "DEVNAME=spidev0.0" };
	struct cuse_info info = {
		.dev_info_argc = 1, .dev_info_argv = names, .flags = CUSE_UNRESTRICTED_IOCTL
	};
	BoardModelConfig config = { .identity = board_model_identity, .mechanics_scale = 1, .seed = 1 };
	char *arguments[] = { argv[0], "-f", "-s", NULL };
	struct fuse_session *session;
	int multithreaded, status;

	if (take_arguments(argc, argv, &config) < 0) {
		fprintf(stderr,
			"usage: board-device FOLDER [speed N] [watchdog MS], N and MS from 1 to 5000\n");
		return 2;
	}
	board_model_init(&model, &config);
	advanced_ns = now_ns();
	session = cuse_lowlevel_setup(3, arguments, &info, &operations, &multithreaded, NULL);
	if (!session) {
		fprintf(stderr, "board-device: /dev/spidev0.0 cannot be made; is the module cuse loaded?\n");
		return 1;
	}
	status = serve(session);
	cuse_lowlevel_teardown(session);
	return status;
}
