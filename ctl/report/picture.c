/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reduces photographs to what print can show. A damaged file must not end the program: it gives no picture.
 */

#include "report/picture.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

enum { DOTS_PER_INCH = 300, SIDE_MAX = 20000, QUALITY = 88 };

/** State for libjpeg's error handling, which leaves by longjmp(). */
typedef struct Work {
	struct jpeg_error_mgr errors;
	jmp_buf fatal;
	struct jpeg_decompress_struct reading;
	struct jpeg_compress_struct writing;
	unsigned char *pixels; /* three bytes for each pixel */
	unsigned width, height;
	unsigned char *data;
	unsigned long size;
} Work;

static void on_fatal(j_common_ptr info)
{
	longjmp(((Work *)info->client_data)->fatal, 1);
}

/** Shows a truncated picture as far as it goes; its digest reveals the damage. */
static void on_message(j_common_ptr info)
{
}

/** The largest reduction by eighths that still leaves `wanted` pixels across. */
static unsigned eighths(unsigned width, double wanted)
{
	unsigned n = 1;

	while (n < 8 && width * n / 8.0 < wanted)
		n++;
	return n;
}

enum { COLOURS = 3 };

static JSAMPROW row_of(const Work *work, unsigned row)
{
	return work->pixels + (size_t)row * work->width * COLOURS;
}

static void decode_picture(Work *work, GBytes *jpeg, double width)
{
	struct jpeg_decompress_struct *info = &work->reading;
	size_t size;
	const unsigned char *data = g_bytes_get_data(jpeg, &size);

	jpeg_mem_src(info, data, size);
	jpeg_read_header(info, TRUE);
	if (info->image_width > SIDE_MAX || info->image_height > SIDE_MAX)
		longjmp(work->fatal, 1);
	info->scale_num = eighths(info->image_width, width / 72 * DOTS_PER_INCH);
	info->scale_denom = 8;
	info->out_color_space = JCS_RGB;
	jpeg_start_decompress(info);
	work->width = info->output_width;
	work->height = info->output_height;
	work->pixels = calloc((size_t)work->width * work->height, COLOURS);
	if (!work->pixels)
		longjmp(work->fatal, 1);
	while (info->output_scanline < info->output_height) {
		JSAMPROW row = row_of(work, info->output_scanline);

		jpeg_read_scanlines(info, &row, 1);
	}
	jpeg_finish_decompress(info);
}

static void encode_picture(Work *work)
{
	struct jpeg_compress_struct *info = &work->writing;

	jpeg_mem_dest(info, &work->data, &work->size);
	info->image_width = work->width;
	info->image_height = work->height;
	info->input_components = COLOURS;
	info->in_color_space = JCS_RGB;
	jpeg_set_defaults(info);
	jpeg_set_quality(info, QUALITY, TRUE);
	jpeg_start_compress(info, TRUE);
	while (info->next_scanline < info->image_height) {
		JSAMPROW row = row_of(work, info->next_scanline);

		jpeg_write_scanlines(info, &row, 1);
	}
	jpeg_finish_compress(info);
}

/** False: libjpeg gave up. Only what is in `work` survives that. */
static bool reduce(Work *work, GBytes *jpeg, double width)
{
	if (setjmp(work->fatal))
		return false;
	jpeg_create_decompress(&work->reading);
	jpeg_create_compress(&work->writing);
	decode_picture(work, jpeg, width);
	encode_picture(work);
	return true;
}

GBytes *picture_reduce(GBytes *jpeg, double width)
{
	Work *work = g_new0(Work, 1);
	GBytes *reduced = NULL;

	work->reading.err = work->writing.err = jpeg_std_error(&work->errors);
	work->reading.client_data = work->writing.client_data = work;
	work->errors.error_exit = on_fatal;
	work->errors.output_message = on_message;
	if (reduce(work, jpeg, width))
		reduced = g_bytes_new(work->data, work->size);
	jpeg_destroy_decompress(&work->reading);
	jpeg_destroy_compress(&work->writing);
	free(work->data);
	free(work->pixels);
	g_free(work);
	return reduced;
}
