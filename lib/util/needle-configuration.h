/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The configuration of a cartridge's needles, as makers print it: "1RL", "3RL 0.25", "0803RL". Pure; does not
 * block.
 */

#include "util/error.h"

enum {
	NEEDLE_SHAPE_MAX = 6,
	NEEDLE_COUNT_MAX = 49,        /* the widest shaders; scalps take 1 or 3 */
	NEEDLE_DIAMETER_MIN_UM = 180, /* 0.18 to 0.30 mm are used on scalps (robjamessmp.com, spstudio.ee) */
	NEEDLE_DIAMETER_MAX_UM = 300,
};

typedef struct NeedleConfiguration {
	unsigned count;               /* needles, from 1 */
	char shape[NEEDLE_SHAPE_MAX]; /* capitals, perhaps with a digit: "RL", "RS", "M1" */
	unsigned diameter_um;         /* of one needle; 0: the text does not say */
} NeedleConfiguration;

/**
 * Reads a configuration: count and shape, then perhaps the diameter in millimetres ("3RL 0.25", "3RL 0.25
 * mm"), or a maker's code of four digits and the shape: code of the diameter (06: 0.20, 08: 0.25, 10: 0.30
 * mm), count. Small letters are taken as capitals. -EINVAL, with what is wrong in `error`; `ret` is then
 * untouched.
 */
int needle_configuration_parse(const char *text, NeedleConfiguration *ret, Error *error) _must_check_;
