/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** One spidev device, mode 0, 8 bits, chip select by the kernel. */

#include "stipple/plugin.h"

/**
 * Opens and configures the device. -ENODEV: not there; -EACCES: no permission; -EINVAL: the controller
 * refuses mode or speed; -EBUSY: another process has exclusive use.
 */
int spi_device_open(const char *path, uint32_t speed_hz, int *ret_fd, char error[STIPPLE_ERROR_MAX]);
void spi_device_close(int fd);

/** One full-duplex transfer. -EIO: fewer bytes moved than asked; -ENODEV: the device is gone. Blocks for it.
 */
int spi_device_transfer(int fd, uint32_t speed_hz, const uint8_t *tx, uint8_t *ret_rx, size_t size);
