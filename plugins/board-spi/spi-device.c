/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The board's SPI device through spidev. It knows nothing of frames. It must not repeat a failed transfer:
 * the caller decides that.
 */

#include "spi-device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/spi/spidev.h>

static int refuse_open(const char *path, int reason, char error[STIPPLE_ERROR_MAX])
{
	switch (reason) {
	case EACCES:
	case EPERM:
		snprintf(error, STIPPLE_ERROR_MAX,
			"board-spi: %s: permission refused; add the daemon's user to the group "
			"of the device (spi) or install the udev rules of Stipple",
			path);
		return -EACCES;
	case ENOENT:
	case ENXIO:
	case ENODEV:
	case ENOTDIR:
		snprintf(error, STIPPLE_ERROR_MAX,
			"board-spi: %s is not there; enable SPI (dtparam=spi=on) or correct `device`", path);
		return -ENODEV;
	case EBUSY:
		snprintf(error, STIPPLE_ERROR_MAX,
			"board-spi: %s is taken by another program or driver; stop it", path);
		return -EBUSY;
	default:
		snprintf(error, STIPPLE_ERROR_MAX,
			"board-spi: %s: %s; check `device` and the kernel's messages", path,
			strerror(reason));
		return -reason;
	}
}

int spi_device_open(const char *path, uint32_t speed_hz, int *ret_fd, char error[STIPPLE_ERROR_MAX])
{
	uint8_t mode = SPI_MODE_0, bits = 8;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return refuse_open(path, errno, error);
	if (ioctl(fd, SPI_IOC_WR_MODE, &mode) < 0 || ioctl(fd, SPI_IOC_WR_BITS_PER_WORD, &bits) < 0 ||
		ioctl(fd, SPI_IOC_WR_MAX_SPEED_HZ, &speed_hz) < 0) {
		int reason = errno;

		close(fd);
		snprintf(error, STIPPLE_ERROR_MAX,
			"board-spi: %s refuses mode 0, 8 bits, %u Hz: %s; lower `speed_hz`, and check that it is an SPI device",
			path, speed_hz, strerror(reason));
		return -EINVAL;
	}
	*ret_fd = fd;
	return 0;
}

void spi_device_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

/**
 * Translates the errors of a lost device: spidev returns ESHUTDOWN once its device was unbound, and a device
 * in user space ENOTCONN once its driver has ended.
 */
static bool is_gone(int reason)
{
	return reason == ESHUTDOWN || reason == ENXIO || reason == ENODEV || reason == ENOTCONN ||
	       reason == ECONNABORTED;
}

int spi_device_transfer(int fd, uint32_t speed_hz, const uint8_t *tx, uint8_t *ret_rx, size_t size)
{
	struct spi_ioc_transfer transfer = {
		.tx_buf = (uintptr_t)tx,
		.rx_buf = (uintptr_t)ret_rx,
		.len = (uint32_t)size,
		.speed_hz = speed_hz,
		.bits_per_word = 8,
	};
	int moved = ioctl(fd, SPI_IOC_MESSAGE(1), &transfer);

	if (moved < 0)
		return is_gone(errno) ? -ENODEV : -errno;
	return (size_t)moved == size ? 0 : -EIO;
}
