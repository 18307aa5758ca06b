/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The board's lines as one libgpiod request on one chip: either all are taken or none. Nothing is allocated
 * after gpio_lines_open(), and the calls below it never block.
 */

#include "stipple/plugin.h"

/** ENABLE's name and polarity where nothing else is set (docs/board-protocol.md): active high. */
#define GPIO_ENABLE_NAME "stipple-enable"

enum { GPIO_NAME_MAX = 64, GPIO_PATH_MAX = 128 };

typedef enum GpioBias { GPIO_BIAS_NONE, GPIO_BIAS_UP, GPIO_BIAS_DOWN, GPIO_BIAS_COUNT } GpioBias;

typedef struct GpioLineOptions {
	char name[GPIO_NAME_MAX]; /* of the line; "" for a lamp or reset that is not wired */
	bool active_low;
	GpioBias bias;        /* of an input */
	unsigned debounce_us; /* of an input; 0: none */
} GpioLineOptions;

typedef struct GpioOptions {
	char chip[GPIO_PATH_MAX]; /* device; "": the first chip that has the ENABLE line */
	GpioLineOptions lines[STIPPLE_LINE_MAX];
	const char *consumer; /* the consumer name that gpioinfo shows; NULL: stippled */
} GpioOptions;

typedef struct GpioLines GpioLines;

/**
 * Takes the lines, with outputs inactive. -ENODEV: there is no such chip or line; -EBUSY: a line is taken,
 * and `error` names the consumer; -EACCES: the chip may not be opened.
 */
int gpio_lines_open(const GpioOptions *options, GpioLines **ret, char error[STIPPLE_ERROR_MAX]);

/** Sets the outputs inactive, then releases the lines. Accepts NULL. */
void gpio_lines_close(GpioLines *lines);

/**
 * Takes ENABLE alone, sets it inactive and releases it. If the kernel keeps the level of a released output,
 * the motor then stays without supply. Errors as for gpio_lines_open().
 */
int gpio_lines_drop_enable(const GpioOptions *options, char error[STIPPLE_ERROR_MAX]);

/** A descriptor that is readable when an edge waits; non-blocking. */
int gpio_lines_fd(const GpioLines *lines);

/** As the functions of StippleBoardVtable. A line that is not wired reads inactive and accepts any level. */
int gpio_lines_read_edges(GpioLines *lines, StippleEdge *ret_edges, size_t max);
int gpio_lines_get(GpioLines *lines, StippleLine line, bool *ret_active);
int gpio_lines_set(GpioLines *lines, StippleLine line, bool active);

/** Whether the station drives this line. */
bool gpio_line_is_output(StippleLine line);
