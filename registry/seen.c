/* SPDX-License-Identifier: Apache-2.0 */

/** Saves what was seen of the server as JSON in one file. The file must be written whole or not at all. */

#include "seen.h"

#include <string.h>

#include <jansson.h>

#include "util/file.h"

#define SEEN_FILE "seen.json"

enum { SEEN_BYTES_MAX = 1 << 20 };

int seen_load(const char *folder, Seen *ret)
{
	_cleanup_(freep) char *path = NULL, *text = NULL;
	json_auto_t *file = NULL;
	json_int_t timeline, mirrored;
	const char *origin, *cosigned = NULL;
	Seen seen = { 0 };
	size_t size;
	int r;

	if (asprintf(&path, "%s/" SEEN_FILE, folder) < 0)
		return -ENOMEM;
	r = file_read(path, SEEN_BYTES_MAX, &text, &size);
	if (r == -ENOENT)
		*ret = seen;
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	file = json_loadb(text, size, 0, NULL);
	if (!file ||
		json_unpack(file, "{s:I, s:I, s:s, s?s}", "timeline", &timeline, "mirrored", &mirrored,
			"origin", &origin, "cosigned", &cosigned) < 0 ||
		timeline < 0 || mirrored < 0 || strlen(origin) >= sizeof seen.origin)
		return -EBADMSG;
	seen.timeline = (uint64_t)timeline;
	seen.mirrored = (uint64_t)mirrored;
	memcpy(seen.origin, origin, strlen(origin) + 1);
	if (cosigned) {
		seen.cosigned = strdup(cosigned);
		if (!seen.cosigned)
			return -ENOMEM;
	}
	*ret = seen;
	return 0;
}

int seen_save(const char *folder, const Seen *seen)
{
	json_auto_t *file = json_pack("{s:I, s:I, s:s, s:s*}", "timeline", (json_int_t)seen->timeline,
		"mirrored", (json_int_t)seen->mirrored, "origin", seen->origin, "cosigned", seen->cosigned);
	_cleanup_(freep) char *text = file ? json_dumps(file, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	return text ? file_write_atomic(folder, SEEN_FILE, text, strlen(text)) : -ENOMEM;
}

void seen_clear(Seen *seen)
{
	free(TAKE_PTR(seen->cosigned));
}
