/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A request for a photograph, and the camera's result. */

#include <stdbool.h>
#include <stdint.h>

#include "state/image-name.h"
#include "stipple/plugin.h"

typedef struct StationCapture {
	uint64_t ticket;
	StippleScene scene;
	char name[IMAGE_NAME_MAX]; /* of the file, without suffix */
	bool preview;              /* only to be looked at: nothing is kept */
} StationCapture;

typedef struct StationPicture {
	uint64_t ticket;
	int error; /* 0, or negative errno with `text` */
	const char *text;
	const char *verdict; /* NULL: good; else "blurred", "dark", "bright" with `text` */
	const char *file, *sha256;
	uint64_t bytes;
	uint32_t width, height;
	double focus, exposure;
	const char *camera;               /* its id; "" not known */
	uint32_t exposure_us, gain_milli; /* 0: not known */
	int preview;                      /* the JPEG of a preview, borrowed; -1: none */
} StationPicture;
