/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Pictures: a thread that owns the camera plugin, judges each frame, and writes good ones as JPEG. A picture
 * is either complete on the disk or absent. Main thread only; nothing here blocks it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "decide/picture.h"
#include "stipple/plugin.h"
#include "util/cleanup.h"
#include "util/digest.h"
#include "util/text.h"

typedef struct Imaging Imaging;

enum { IMAGING_TEXT_MAX = 256 };

typedef enum ImagingVerdict {
	IMAGING_GOOD,
	IMAGING_BLURRED, /* focus measure below focus_min */
	IMAGING_DARK,    /* mean luma below exposure_min */
	IMAGING_BRIGHT,  /* mean luma above exposure_max */
	IMAGING_VERDICT_MAX,
	IMAGING_VERDICT_INVALID = -EINVAL,
} ImagingVerdict;

DECLARE_STRING_TABLE(imaging_verdict, ImagingVerdict);

typedef struct ImagingOptions {
	const StippleCameraVtable *camera;
	const StippleHost *host;
	const char *folder;    /* copied; made when missing */
	uint32_t timeout_ms;   /* of one capture */
	uint32_t look_ms;      /* interval between checks, while idle, whether the camera is there */
	uint32_t jpeg_quality; /* 1 to 100 */
	double focus_min;      /* see quality.h */
	uint32_t exposure_min, exposure_max; /* mean luma, 0 to 255 */
} ImagingOptions;

/** A preview is shown whether good or not: no file is written, and it needs no name. */
typedef StationCapture ImagingRequest;

/**
 * `picture` points into the other members, and is valid until this is copied. The taker closes its preview.
 */
typedef struct ImagingResult {
	StationPicture picture;
	ImagingVerdict verdict;
	char text[IMAGING_TEXT_MAX];   /* sentence for an error or a refusal, "" when good */
	char path[IMAGE_NAME_MAX + 8]; /* file name in the folder; "" unless good */
	char sha256[DIGEST_HEX_MAX];
	char camera[64];
} ImagingResult;

typedef struct ImagingStatus {
	int error; /* negative errno of the last attempt to open the camera */
	char text[IMAGING_TEXT_MAX];
} ImagingStatus;

int imaging_new(const ImagingOptions *options, Imaging **ret) _must_check_;
/** Waits for the current capture. Accepts NULL; returns NULL. */
Imaging *imaging_free(Imaging *imaging);
DEFINE_CLEANUP(Imaging *, imaging_free, imaging_freep);

/**
 * Answered by one ImagingResult. -EAGAIN when four requests wait already; -EINVAL when the name is not valid.
 */
int imaging_capture(Imaging *imaging, const ImagingRequest *request) _must_check_;

/** Readable when imaging_take() has results; then take until there are no more. */
int imaging_fd(const Imaging *imaging);
bool imaging_take(Imaging *imaging, ImagingResult *ret);

/** The camera's state at the last check. */
void imaging_status(Imaging *imaging, ImagingStatus *ret);
