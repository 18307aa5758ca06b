/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Stands in for libgpiod, for open(), close() and ioctl() on an SPI device, and answers with the board model:
 * the plugin board-spi runs unchanged above it. One chip, one device, one thread.
 */

#include "board-model.h"

#define FAKE_CHIP "/dev/fake-gpiochip"
#define FAKE_SPI  "/dev/fake-spidev"

typedef struct FakeBoard {
	BoardModel model;
	bool requested;           /* the lines are taken */
	unsigned lines_requested; /* so far */
	const char *consumer;     /* somebody else's, of the pedal line; NULL: free */
	bool chip_forbidden, spi_forbidden, spi_absent;
	bool gone;                   /* chip and device have vanished */
	bool short_transfer;         /* the next one moves fewer bytes */
	bool was_enabled_at_request; /* an output was requested active: never right */
} FakeBoard;

extern FakeBoard fake_board;

/** As plugged in anew, free and healthy. */
void fake_board_start(void);
/** The operator's side; edges are queued as the kernel would. */
void fake_board_pedal(bool down);
void fake_board_estop(bool pressed);
