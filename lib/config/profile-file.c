/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads a compliance profile from its folder. The name must not lead out of that folder. It does not judge
 * what a profile says: profile.c does. It blocks on the disk.
 */

#include "config/profile-file.h"

#include <assert.h>
#include <stdio.h>

#include "config/ini-file.h"

static_assert((int)INI_FILE_ERROR_MAX == (int)PROFILE_ERROR_MAX, "one error buffer");
static_assert((int)INI_FILE_REASON_MAX == (int)PROFILE_REASON_MAX, "one reason buffer");

static int take_entry(void *userdata, const IniEntry *entry, char reason[INI_FILE_REASON_MAX])
{
	return profile_draft_set(userdata, entry->section, entry->key, entry->value, reason);
}

int profile_load(const char *folder, const char *name, Profile *ret, char error[PROFILE_ERROR_MAX])
{
	_cleanup_(freep) char *path = NULL;
	char reason[PROFILE_REASON_MAX];
	ProfileDraft draft;
	int r;

	if (!text_is_identifier(name, PROFILE_NAME_MAX - 1)) {
		snprintf(error, PROFILE_ERROR_MAX,
			"a profile's name is 1 to %d letters, digits, '-', '_' or '.'", PROFILE_NAME_MAX - 1);
		return -EINVAL;
	}
	if (asprintf(&path, "%s/%s.conf", folder, name) < 0) {
		path = NULL;
		snprintf(error, PROFILE_ERROR_MAX, "out of memory");
		return -ENOMEM;
	}
	profile_draft_init(&draft, name);
	r = ini_file_read(path, take_entry, &draft, error);
	if (r < 0)
		return r;
	r = profile_draft_finish(&draft, ret, reason);
	if (r < 0)
		snprintf(error, PROFILE_ERROR_MAX, "%.240s: %s", path, reason);
	return r;
}
