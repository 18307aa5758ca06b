/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Photographs as a page needs them: JPEG in, no larger than print shows. */

#include <cairo.h>
#include <glib.h>

/**
 * Decodes a JPEG for a box `width` points wide: reduced to no more than 300 dots an inch, with the reduced
 * JPEG attached, so that PDF and SVG hold that and not every pixel. NULL when it is no JPEG that can be read.
 */
cairo_surface_t *picture_open(GBytes *jpeg, double width);
