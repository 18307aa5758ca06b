/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Encodes a frame as JPEG in memory. It writes no file and judges no picture. It must not read beyond the
 * rows of a frame, although libjpeg takes whole blocks.
 */

#include "imaging/jpeg.h"

#include <setjmp.h>
#include <string.h>

#include <jpeglib.h>

typedef struct Failure {
	struct jpeg_error_mgr manager; /* first, because libjpeg passes a pointer to it back */
	jmp_buf jump;
	char *error;
} Failure;

static void on_error(j_common_ptr jpeg)
{
	Failure *failure = (Failure *)jpeg->err;
	char text[JMSG_LENGTH_MAX];

	failure->manager.format_message(jpeg, text);
	snprintf(failure->error, STIPPLE_ERROR_MAX, "the picture cannot be encoded: %s", text);
	longjmp(failure->jump, 1);
}

/** The rows of one plane that libjpeg takes at a time, and buffers that hold them while it reads. */
typedef struct PlaneRows {
	JSAMPROW rows[16];
	JSAMPLE *padded;                /* NULL: the plane's own rows are long enough */
	uint32_t width, height, length; /* length: bytes that libjpeg reads from a row */
	unsigned n;
} PlaneRows;

/** libjpeg reads whole blocks, whatever the width: the end of a row is repeated rather than read beyond. */
static void plane_rows_init(PlaneRows *plane, const StippleFrame *frame, unsigned index, JSAMPLE *room)
{
	unsigned scale = index == 0 ? 1 : 2;

	plane->width = (frame->width + scale - 1) / scale;
	plane->height = (frame->height + scale - 1) / scale;
	plane->length = (frame->width + 15) / 16 * 16 / scale;
	plane->n = 16 / scale;
	plane->padded = plane->length > plane->width ? room : NULL;
}

/** Below the bottom edge the last row repeats. */
static void plane_rows_take(PlaneRows *plane, const uint8_t *pixels, uint32_t stride, uint32_t first)
{
	for (unsigned i = 0; i < plane->n; i++) {
		uint32_t y = first + i < plane->height ? first + i : plane->height - 1;
		const uint8_t *row = pixels + (size_t)y * stride;

		if (!plane->padded) {
			plane->rows[i] = (JSAMPROW)row;
			continue;
		}
		plane->rows[i] = plane->padded + (size_t)i * plane->length;
		memcpy(plane->rows[i], row, plane->width);
		memset(plane->rows[i] + plane->width, row[plane->width - 1], plane->length - plane->width);
	}
}

/** libjpeg takes 16 luma rows and 8 of each chroma plane at a time. `room`: padding_size() bytes, or NULL. */
static void write_yuv(struct jpeg_compress_struct *jpeg, const StippleFrame *frame, JSAMPLE *room)
{
	PlaneRows planes[3];
	JSAMPARRAY rows[3];

	for (unsigned i = 0; i < 3; i++) {
		plane_rows_init(&planes[i], frame, i, room);
		rows[i] = planes[i].rows;
		if (room)
			room += (size_t)planes[i].n * planes[i].length;
	}
	while (jpeg->next_scanline < frame->height) {
		for (unsigned i = 0; i < 3; i++)
			plane_rows_take(&planes[i], frame->planes[i], frame->strides[i],
				i == 0 ? jpeg->next_scanline : jpeg->next_scanline / 2);
		jpeg_write_raw_data(jpeg, rows, 16);
	}
}

/** Padding for the rows of three planes; 0 when the frame's own rows are long enough. */
static size_t padding_size(const StippleFrame *frame)
{
	size_t length = ((size_t)frame->width + 15) / 16 * 16;

	return frame->width % 16 == 0 ? 0 : 16 * length + 2 * 8 * length / 2;
}

static void write_rgb(struct jpeg_compress_struct *jpeg, const StippleFrame *frame)
{
	while (jpeg->next_scanline < frame->height) {
		JSAMPROW row = (JSAMPROW)frame->planes[0] + (size_t)jpeg->next_scanline * frame->strides[0];

		jpeg_write_scanlines(jpeg, &row, 1);
	}
}

/**
 * Makes the buffer large enough for nearly every picture, because libjpeg does not free a buffer that was too
 * small.
 */
static int reserve(JpegBuffer *buffer, unsigned long capacity)
{
	unsigned char *data;

	if (buffer->capacity >= capacity)
		return 0;
	data = realloc(buffer->data, capacity);
	if (!data)
		return -ENOMEM;
	buffer->data = data;
	buffer->capacity = capacity;
	return 0;
}

/**
 * Runs libjpeg, which exits by longjmp() on failure, so nothing here changes after setjmp(). `data`, `size`:
 * in: the buffer; out: the picture, in the buffer or in memory that libjpeg allocated.
 */
static int compress(const StippleFrame *frame, int quality, JSAMPLE *room, unsigned char **data,
	unsigned long *size, char error[STIPPLE_ERROR_MAX])
{
	const bool yuv = frame->format == STIPPLE_PIXEL_YUV420;
	struct jpeg_compress_struct jpeg;
	Failure failure = { .error = error };

	jpeg.err = jpeg_std_error(&failure.manager);
	failure.manager.error_exit = on_error;
	if (setjmp(failure.jump)) {
		jpeg_destroy_compress(&jpeg);
		return -EINVAL;
	}
	jpeg_create_compress(&jpeg);
	jpeg_mem_dest(&jpeg, data, size);
	jpeg.image_width = frame->width;
	jpeg.image_height = frame->height;
	jpeg.input_components = 3;
	jpeg.in_color_space = yuv ? JCS_YCbCr : JCS_RGB;
	jpeg_set_defaults(&jpeg); /* 4:2:0 */
	jpeg_set_quality(&jpeg, quality, TRUE);
	jpeg.raw_data_in = yuv;
	jpeg_start_compress(&jpeg, TRUE);
	if (yuv)
		write_yuv(&jpeg, frame, room);
	else
		write_rgb(&jpeg, frame);
	jpeg_finish_compress(&jpeg);
	jpeg_destroy_compress(&jpeg);
	return 0;
}

int jpeg_encode(const StippleFrame *frame, int quality, JpegBuffer *buffer, unsigned long *ret_size,
	char error[STIPPLE_ERROR_MAX])
{
	size_t padding = frame->format == STIPPLE_PIXEL_YUV420 ? padding_size(frame) : 0;
	_cleanup_(freep) JSAMPLE *room = padding > 0 ? malloc(padding) : NULL;
	unsigned char *data;
	unsigned long size;
	int r;

	if ((padding > 0 && !room) ||
		reserve(buffer, (unsigned long)frame->width * frame->height / 2 + 65536) < 0) {
		snprintf(error, STIPPLE_ERROR_MAX, "not enough memory for a picture of %u x %u", frame->width,
			frame->height);
		return -ENOMEM;
	}
	data = buffer->data;
	size = buffer->capacity;
	r = compress(frame, quality, room, &data, &size, error);
	if (r < 0)
		return r;
	if (data != buffer->data) {
		free(buffer->data);
		*buffer = (JpegBuffer){ data, size };
	}
	*ret_size = size;
	return 0;
}
