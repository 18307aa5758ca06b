/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Measures how sharp and how bright a frame is. It reads a bounded number of rows, so that a large frame
 * costs no more than a small one. It must not judge: imaging.c applies the limits.
 */

#include "imaging/quality.h"

enum { ROWS_MAX = 400 };

/** Luma of a pixel; for RGB by ITU-R BT.601 in 8-bit fixed point. */
static int luma(const StippleFrame *frame, const uint8_t *row, uint32_t x)
{
	if (frame->format == STIPPLE_PIXEL_YUV420)
		return row[x];
	return (77 * row[3 * x] + 150 * row[3 * x + 1] + 29 * row[3 * x + 2]) >> 8;
}

Quality quality_measure(const StippleFrame *frame)
{
	uint32_t step = frame->height / ROWS_MAX + 1;
	double sum = 0, squares = 0, light = 0;
	uint64_t n = 0;

	if (frame->width < 3 || frame->height < 3)
		return (Quality){ 0 };
	/*
	 * whole neighbourhoods in every step-th row: skipping pixels inside one would distort the sharpness
	 */
	for (uint32_t y = 1; y + 1 < frame->height; y += step) {
		const uint8_t *row = frame->planes[0] + (size_t)y * frame->strides[0];
		const uint8_t *above = row - frame->strides[0], *below = row + frame->strides[0];

		for (uint32_t x = 1; x + 1 < frame->width; x++) {
			int centre = luma(frame, row, x);
			int laplacian = luma(frame, above, x) + luma(frame, below, x) +
					luma(frame, row, x - 1) + luma(frame, row, x + 1) - 4 * centre;

			light += centre;
			sum += laplacian;
			squares += (double)laplacian * laplacian;
			n++;
		}
	}
	return (Quality){ .focus = squares / n - (sum / n) * (sum / n), .exposure = light / n };
}
