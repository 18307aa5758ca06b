/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Draws labels to a file, in their true size. */

#include "label/label.h"
#include "util/text.h"

typedef enum LabelFormat {
	LABEL_FORMAT_PDF, /* a page for each label */
	LABEL_FORMAT_SVG, /* the labels below each other, as in a PNG, of 300 dots an inch */
	LABEL_FORMAT_PNG,
	LABEL_FORMAT_MAX,
	LABEL_FORMAT_INVALID = -EINVAL,
} LabelFormat;

DECLARE_STRING_TABLE(label_format, LabelFormat); /* "pdf", "svg", "png": the ending of the file's name */

/** Of one label, in millimetres; those of common rolls. */
enum { LABEL_WIDTH_MIN = 25, LABEL_WIDTH_MAX = 210, LABEL_HEIGHT_MIN = 12, LABEL_HEIGHT_MAX = 297 };
/** A picture of more labels would be too long for programs that show it. */
enum { LABEL_PICTURE_MAX = 50 };

typedef struct LabelSize {
	int width_mm, height_mm;
} LabelSize;

/** Reads "62x29": width and height in millimetres. False when it is none, or out of range. */
bool label_size_read(const char *text, LabelSize *ret);

typedef struct LabelSheet {
	const Label *labels;
	size_t n;
	LabelSize size;
	LabelFormat format;
} LabelSheet;

/**
 * Writes the sheet, a LabelSheet, to `fd`; as part_file_write() takes it. Texts become smaller until they
 * fit. -EINVAL when a label is too small for what stands on it, -EIO; each with the sentence in `error`.
 */
int label_sheet_write(const void *sheet, int fd, Error *error) _must_check_;
