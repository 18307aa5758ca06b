/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** JPEG through libjpeg-turbo; a YUV 4:2:0 frame stays in YUV. */

#include "stipple/plugin.h"
#include "util/cleanup.h"

/** Grown as needed and used again by the next picture. Zero it at first, free `data` at the end. */
typedef struct JpegBuffer {
	unsigned char *data;
	unsigned long capacity;
} JpegBuffer;

/** `*ret_size` bytes of `buffer` are the file. -ENOMEM; -EINVAL with libjpeg's words in `error`. */
int jpeg_encode(const StippleFrame *frame, int quality, JpegBuffer *buffer, unsigned long *ret_size,
	char error[STIPPLE_ERROR_MAX]) _must_check_;
