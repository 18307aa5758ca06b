/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Photographs as a page needs them: no larger than print shows. */

#include <glib.h>

/**
 * A JPEG for a box `width` points wide, reduced to at most about 300 dots an inch and without the camera's
 * metadata. NULL when the file is no readable JPEG.
 */
GBytes *picture_reduce(GBytes *jpeg, double width);
