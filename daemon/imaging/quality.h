/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Whether a frame is sharp and well lit: cheap measures of its luma. imaging.c applies the limits. */

#include "stipple/plugin.h"

typedef struct Quality {
	/** Variance of the Laplacian (Pech-Pacheco et al., ICPR 2000): near 0 for a blurred picture. */
	double focus;
	/** Mean luma, 0 to 255. */
	double exposure;
} Quality;

/** Reads at most about a million pixels: a full-resolution frame costs no more than a small one. */
Quality quality_measure(const StippleFrame *frame);
