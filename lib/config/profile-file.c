/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads a compliance profile from its folder. The name must not lead out of that folder. profile.c judges its
 * content. It blocks on the disk.
 */

#include "config/profile-file.h"

#include <stdio.h>

#include "config/ini-file.h"

static int take_profile_entry(void *userdata, const IniEntry *entry, Error *error)
{
	return profile_draft_set(userdata, entry->section, entry->key, entry->value, error);
}

int profile_load(const char *folder, const char *name, Profile *ret, Error *error)
{
	_cleanup_(freep) char *path = NULL;
	ProfileDraft draft;
	Error flaw;
	int r;

	if (!text_is_identifier(name, PROFILE_NAME_MAX - 1))
		return error_set(error, -EINVAL,
			"a profile's name is 1 to %d letters, digits, '-', '_' or '.'", PROFILE_NAME_MAX - 1);
	if (asprintf(&path, "%s/%s.conf", folder, name) < 0) {
		path = NULL;
		return error_set(error, -ENOMEM, "out of memory");
	}
	profile_draft_init(&draft, name);
	r = ini_file_read(path, take_profile_entry, &draft, error);
	if (r < 0)
		return r;
	r = profile_draft_finish(&draft, ret, &flaw);
	return r < 0 ? error_set(error, r, "%.240s: %.250s", path, flaw.text) : 0;
}
