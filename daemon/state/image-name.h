/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** How the files of photographs are named: session-SESSION-ZONE-PHASE-MILLISECONDS.jpg */

#include <stdbool.h>
#include <stdint.h>

enum { IMAGE_NAME_MAX = 96 };

#define IMAGE_SUFFIX ".jpg"

typedef struct ImageName {
	uint64_t session;
	int64_t utc_us; /* when the photograph was requested, in whole milliseconds */
} ImageName;

/** Makes the name without suffix. `zone` and `phase` are the names of a zone and a phase. */
void image_name_make(const ImageName *image, const char *zone, const char *phase, char ret[IMAGE_NAME_MAX]);
/** False, with `ret` untouched, unless image_name_make() makes the name `file`, which includes the suffix. */
bool image_name_parse(const char *file, ImageName *ret);
