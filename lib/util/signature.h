/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A signature that was drawn with a finger, as text: points "x,y" separated by blanks, lines of the finger
 * separated by ';', such as "120,300 140,280;400,310 420,330". The height of the pad is
 * SIGNATURE_HEIGHT units; y grows downwards.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

enum {
	SIGNATURE_WIDTH = 4000, /* the widest pad */
	SIGNATURE_HEIGHT = 1000,
	SIGNATURE_POINTS_MIN = 10,
	SIGNATURE_POINTS_MAX = 2000,
	SIGNATURE_EXTENT_MIN = 150, /* in x or y: less is a tap, or a finger that rested */
	SIGNATURE_TEXT_MAX = SIGNATURE_POINTS_MAX * 10,
};

typedef struct SignaturePoint {
	uint16_t x, y;
	bool begins; /* the first point of a line of the finger */
} SignaturePoint;

/**
 * Reads a signature. Returns the number of its points, or -EINVAL with a sentence in `error` when it is not
 * written like that, or so small that nobody signed; `ret` then has no meaning.
 */
int signature_read(const char *text, SignaturePoint ret[SIGNATURE_POINTS_MAX], Error *error) _must_check_;
