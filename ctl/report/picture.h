/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Photographs as a page needs them: no larger than print shows. */

#include <glib.h>

/**
 * A JPEG for a box `width` points wide, reduced to no more than about 300 dots an inch, without whatever else
 * the camera had written into the file. NULL when it is no JPEG that can be read.
 */
GBytes *picture_reduce(GBytes *jpeg, double width);
