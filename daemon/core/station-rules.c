/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The rules in force, as the record of each start has them: profile, protocols, and the settings that bear on
 * safety. A reload is a start, too, so that no change of the rules goes unrecorded. It reads files and blocks
 * on the disk: it is for the start alone.
 */

#include "core/station-private.h"

#include <stdio.h>

#include "util/digest.h"
#include "util/file.h"

enum { RULES_FILE_MAX = 1 << 20 };

/** Of a file FOLDER/NAME.conf; null where it cannot be read any more. */
static json_t *digest_of(const char *folder, const char *name)
{
	_cleanup_(freep) char *path = NULL, *text = NULL;
	char digest[DIGEST_HEX_MAX];
	size_t size;

	if (asprintf(&path, "%s/%s.conf", folder, name) < 0) {
		path = NULL;
		return NULL;
	}
	if (file_read(path, RULES_FILE_MAX, &text, &size) < 0 || digest_hex(text, size, digest) < 0)
		return json_null();
	return json_string(digest);
}

json_t *station_rules(const Station *station)
{
	const Config *config = station->options.config;
	json_auto_t *protocols = json_object();

	for (size_t i = 0; i < station->state.protocols.n; i++) {
		const char *name = station->state.protocols.list[i]->name;

		if (json_object_set_new(protocols, name, digest_of(config->protocol_folder, name)) < 0)
			return NULL;
	}
	return json_pack("{s:s, s:o, s:b, s:b, s:i, s:i, s:O}", "profile", station->profile.name,
		"profile_sha256", digest_of(config->profile_folder, station->profile.name),
		"before_photo_required", config->before_photo_required, "handpiece_required",
		config->handpiece_required, "life_strokes", (int)config->life_strokes, "life_min",
		(int)config->life_min, "protocols", protocols);
}
