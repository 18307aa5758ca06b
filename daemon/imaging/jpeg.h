/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** JPEG through libjpeg-turbo; a YUV 4:2:0 frame stays in YUV. */

#include "stipple/plugin.h"
#include "util/cleanup.h"

/** Grows as needed and is reused for the next picture. Zero it first, free `data` at the end. */
typedef struct JpegBuffer {
	unsigned char *data;
	unsigned long capacity;
} JpegBuffer;

/**
 * Encodes the file into the first `*ret_size` bytes of `buffer`. -ENOMEM; -EINVAL with libjpeg's message in
 * `error`.
 */
int jpeg_encode(const StippleFrame *frame, int quality, JpegBuffer *buffer, unsigned long *ret_size,
	char error[STIPPLE_ERROR_MAX]) _must_check_;
