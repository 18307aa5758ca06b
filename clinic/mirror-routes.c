/* SPDX-License-Identifier: Apache-2.0 */

/** The mirror's paths. It must not do what they do. */

#include "mirror-asked.h"

const Route mirror_routes[] = {
	{ "POST", "/add-checkpoint", ROUTE_STATION, NULL, mirror_add_checkpoint },
	{ "POST", "/add-entries", ROUTE_STATION, "application/octet-stream", mirror_add_entries },
	{ 0 },
};
