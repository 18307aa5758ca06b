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

#if G_BYTE_ORDER == G_LITTLE_ENDIAN
#define CAIRO_PIXELS JCS_EXT_BGRX
#else
#define CAIRO_PIXELS JCS_EXT_XRGB
#endif

/** Everything libjpeg's way of failing has to find again. */
typedef struct Work {
	struct jpeg_error_mgr errors;
	jmp_buf fatal;
	struct jpeg_decompress_struct reading;
	struct jpeg_compress_struct writing;
	cairo_surface_t *surface;
	unsigned char *data;
	unsigned long size;
} Work;

static void on_fatal(j_common_ptr info)
{
	longjmp(((Work *)info->client_data)->fatal, 1);
}

/** A picture that is cut short is shown as far as it goes; what is wrong with it, its digest tells. */
static void on_message(j_common_ptr info)
{
}

/** The largest reduction by eighths that still has `wanted` pixels across. */
static unsigned eighths(unsigned width, double wanted)
{
	unsigned n = 1;

	while (n < 8 && width * n / 8.0 < wanted)
		n++;
	return n;
}

static JSAMPROW row_of(cairo_surface_t *surface, unsigned row)
{
	return cairo_image_surface_get_data(surface) +
	       (size_t)row * (size_t)cairo_image_surface_get_stride(surface);
}

static void read_picture(Work *work, GBytes *jpeg, double width)
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
	info->out_color_space = CAIRO_PIXELS;
	jpeg_start_decompress(info);
	work->surface = cairo_image_surface_create(
		CAIRO_FORMAT_RGB24, (int)info->output_width, (int)info->output_height);
	if (cairo_surface_status(work->surface) != CAIRO_STATUS_SUCCESS)
		longjmp(work->fatal, 1);
	while (info->output_scanline < info->output_height) {
		JSAMPROW row = row_of(work->surface, info->output_scanline);

		jpeg_read_scanlines(info, &row, 1);
	}
	jpeg_finish_decompress(info);
	cairo_surface_mark_dirty(work->surface);
}

static void write_picture(Work *work)
{
	struct jpeg_compress_struct *info = &work->writing;

	jpeg_mem_dest(info, &work->data, &work->size);
	info->image_width = (JDIMENSION)cairo_image_surface_get_width(work->surface);
	info->image_height = (JDIMENSION)cairo_image_surface_get_height(work->surface);
	info->input_components = 4;
	info->in_color_space = CAIRO_PIXELS;
	jpeg_set_defaults(info);
	jpeg_set_quality(info, QUALITY, TRUE);
	jpeg_start_compress(info, TRUE);
	while (info->next_scanline < info->image_height) {
		JSAMPROW row = row_of(work->surface, info->next_scanline);

		jpeg_write_scanlines(info, &row, 1);
	}
	jpeg_finish_compress(info);
}

/** False: libjpeg gave up. Only what stands in `work` outlives that. */
static bool reduce(Work *work, GBytes *jpeg, double width)
{
	if (setjmp(work->fatal))
		return false;
	jpeg_create_decompress(&work->reading);
	jpeg_create_compress(&work->writing);
	read_picture(work, jpeg, width);
	write_picture(work);
	return true;
}

cairo_surface_t *picture_open(GBytes *jpeg, double width)
{
	Work *work = g_new0(Work, 1);
	cairo_surface_t *surface = NULL;

	work->reading.err = work->writing.err = jpeg_std_error(&work->errors);
	work->reading.client_data = work->writing.client_data = work;
	work->errors.error_exit = on_fatal;
	work->errors.output_message = on_message;
	if (reduce(work, jpeg, width) &&
		cairo_surface_set_mime_data(work->surface, CAIRO_MIME_TYPE_JPEG, work->data, work->size, free,
			work->data) == CAIRO_STATUS_SUCCESS) {
		work->data = NULL;
		surface = work->surface;
	} else {
		cairo_surface_destroy(work->surface);
	}
	jpeg_destroy_decompress(&work->reading);
	jpeg_destroy_compress(&work->writing);
	free(work->data);
	g_free(work);
	return surface;
}
