/* SPDX-License-Identifier: Apache-2.0 */
#include "imaging/jpeg.h"

#include <setjmp.h>
#include <string.h>

#include <jpeglib.h>

typedef struct Failure {
	struct jpeg_error_mgr manager; /* first, as libjpeg hands it back */
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

/** libjpeg takes 16 luma rows and 8 of each chroma plane at a time; below the edge the last row repeats. */
static void write_yuv(struct jpeg_compress_struct *jpeg, const StippleFrame *frame)
{
	JSAMPROW y[16], u[8], v[8];
	JSAMPARRAY planes[3] = { y, u, v };

	while (jpeg->next_scanline < frame->height) {
		for (uint32_t i = 0; i < 16; i++) {
			uint32_t row = jpeg->next_scanline + i;
			uint32_t chroma = (row < frame->height ? row : frame->height - 1) / 2;

			y[i] = (JSAMPROW)frame->planes[0] +
			       (size_t)(row < frame->height ? row : frame->height - 1) * frame->strides[0];
			if (i % 2 == 0) {
				u[i / 2] = (JSAMPROW)frame->planes[1] + (size_t)chroma * frame->strides[1];
				v[i / 2] = (JSAMPROW)frame->planes[2] + (size_t)chroma * frame->strides[2];
			}
		}
		jpeg_write_raw_data(jpeg, planes, 16);
	}
}

static void write_rgb(struct jpeg_compress_struct *jpeg, const StippleFrame *frame)
{
	while (jpeg->next_scanline < frame->height) {
		JSAMPROW row = (JSAMPROW)frame->planes[0] + (size_t)jpeg->next_scanline * frame->strides[0];

		jpeg_write_scanlines(jpeg, &row, 1);
	}
}

/** libjpeg leaves a buffer that was too small to its owner, so it is made large enough for nearly any
 * picture. */
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

int jpeg_encode(const StippleFrame *frame, int quality, JpegBuffer *buffer, unsigned long *ret_size,
	char error[STIPPLE_ERROR_MAX])
{
	struct jpeg_compress_struct jpeg;
	Failure failure = { .error = error };
	bool yuv = frame->format == STIPPLE_PIXEL_YUV420;
	unsigned char *data;
	unsigned long size;

	if (reserve(buffer, (unsigned long)frame->width * frame->height / 2 + 65536) < 0) {
		snprintf(error, STIPPLE_ERROR_MAX, "not enough memory for a picture of %u x %u", frame->width,
			frame->height);
		return -ENOMEM;
	}
	data = buffer->data;
	size = buffer->capacity;
	jpeg.err = jpeg_std_error(&failure.manager);
	failure.manager.error_exit = on_error;
	if (setjmp(failure.jump)) {
		jpeg_destroy_compress(&jpeg);
		return -EINVAL;
	}
	jpeg_create_compress(&jpeg);
	jpeg_mem_dest(&jpeg, &data, &size);
	jpeg.image_width = frame->width;
	jpeg.image_height = frame->height;
	jpeg.input_components = 3;
	jpeg.in_color_space = yuv ? JCS_YCbCr : JCS_RGB;
	jpeg_set_defaults(&jpeg); /* 4:2:0 */
	jpeg_set_quality(&jpeg, quality, TRUE);
	jpeg.raw_data_in = yuv;
	jpeg_start_compress(&jpeg, TRUE);
	if (yuv)
		write_yuv(&jpeg, frame);
	else
		write_rgb(&jpeg, frame);
	jpeg_finish_compress(&jpeg);
	jpeg_destroy_compress(&jpeg);
	if (data != buffer->data) {
		free(buffer->data);
		*buffer = (JpegBuffer){ data, size };
	}
	*ret_size = size;
	return 0;
}
