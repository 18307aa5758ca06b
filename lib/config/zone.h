/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Zones of the scalp, and types of its skin. */

#include "util/error.h"
#include "util/text.h"

typedef enum Zone {
	ZONE_FRONTAL_HAIRLINE,
	ZONE_FRONTAL,
	ZONE_LEFT_TEMPLE,
	ZONE_RIGHT_TEMPLE,
	ZONE_MID_SCALP,
	ZONE_CROWN,
	ZONE_LEFT_SIDE,
	ZONE_RIGHT_SIDE,
	ZONE_OCCIPITAL,
	ZONE_NAPE,
	ZONE_SCAR_1,
	ZONE_SCAR_2,
	ZONE_SCAR_3,
	ZONE_SCAR_4,
	ZONE_MAX,
	ZONE_INVALID = -EINVAL,
} Zone;

typedef enum SkinType {
	SKIN_NORMAL,
	SKIN_SCAR,
	SKIN_ATROPHIC,
	SKIN_PLUG,
	SKIN_TYPE_MAX,
	SKIN_TYPE_INVALID = -EINVAL,
} SkinType;

DECLARE_STRING_TABLE(zone, Zone);          /* "frontal-hairline", "scar-1", ... */
DECLARE_STRING_TABLE(skin_type, SkinType); /* "normal", ... */
