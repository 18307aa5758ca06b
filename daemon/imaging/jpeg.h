/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** JPEG through libjpeg-turbo; a YUV 4:2:0 frame stays in YUV. */

#include "stipple/plugin.h"
#include "util/cleanup.h"

/**
 * `*data` and `*size` are libjpeg's memory, grown as needed and used again by the next call; free() them
 * at the end. -EINVAL with libjpeg's words in `error` when the frame cannot be encoded.
 */
int jpeg_encode(const StippleFrame *frame, int quality, unsigned char **data, unsigned long *size,
	char error[STIPPLE_ERROR_MAX]) _must_check_;
