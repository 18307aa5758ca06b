/* SPDX-License-Identifier: Apache-2.0 */

/** The names of zones and skin types, and nothing else. */

#include "config/zone.h"

#include <assert.h>

static const char *const zone_names[] = {
	[ZONE_FRONTAL_HAIRLINE] = "frontal-hairline",
	[ZONE_FRONTAL] = "frontal",
	[ZONE_LEFT_TEMPLE] = "left-temple",
	[ZONE_RIGHT_TEMPLE] = "right-temple",
	[ZONE_MID_SCALP] = "mid-scalp",
	[ZONE_CROWN] = "crown",
	[ZONE_LEFT_SIDE] = "left-side",
	[ZONE_RIGHT_SIDE] = "right-side",
	[ZONE_OCCIPITAL] = "occipital",
	[ZONE_NAPE] = "nape",
	[ZONE_SCAR_1] = "scar-1",
	[ZONE_SCAR_2] = "scar-2",
	[ZONE_SCAR_3] = "scar-3",
	[ZONE_SCAR_4] = "scar-4",
};
static_assert(ELEMENTS(zone_names) == ZONE_MAX, "every zone has a name");

DEFINE_STRING_TABLE(zone, Zone, zone_names);

static const char *const skin_names[] = {
	[SKIN_NORMAL] = "normal",
	[SKIN_SCAR] = "scar",
	[SKIN_ATROPHIC] = "atrophic",
	[SKIN_PLUG] = "plug",
};
static_assert(ELEMENTS(skin_names) == SKIN_TYPE_MAX, "every skin type has a name");

DEFINE_STRING_TABLE(skin_type, SkinType, skin_names);
