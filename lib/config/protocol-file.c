/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads treatment protocols from their folder. A name must not lead out of that folder. It does not judge
 * what a protocol says: protocol.c does. It blocks on the disk.
 */

#include "config/protocol-file.h"

#include <assert.h>

#include "config/ini-file.h"

static_assert((int)INI_FILE_ERROR_MAX == (int)PROTOCOL_ERROR_MAX, "one error buffer");
static_assert((int)INI_FILE_REASON_MAX == (int)PROTOCOL_REASON_MAX, "one reason buffer");

static int take_protocol_entry(void *userdata, const IniEntry *entry, char reason[INI_FILE_REASON_MAX])
{
	return protocol_draft_set(
		userdata, entry->section, entry->key, entry->value, (unsigned)entry->line, reason);
}

int protocol_load(const char *folder, const char *name, Protocol **ret, char error[PROTOCOL_ERROR_MAX])
{
	_cleanup_(freep) ProtocolDraft *draft = NULL;
	_cleanup_(freep) Protocol *protocol = NULL;
	_cleanup_(freep) char *path = NULL;
	char reason[PROTOCOL_REASON_MAX];
	unsigned line;
	int r;

	if (!text_is_identifier(name, PROTOCOL_NAME_MAX - 1)) {
		snprintf(error, PROTOCOL_ERROR_MAX,
			"a protocol's name is 1 to %d letters, digits, '-', '_' or '.': list the protocols",
			PROTOCOL_NAME_MAX - 1);
		return -EINVAL;
	}
	draft = malloc(sizeof *draft);
	protocol = malloc(sizeof *protocol);
	if (!draft || !protocol || asprintf(&path, "%s/%s.conf", folder, name) < 0) {
		path = NULL;
		snprintf(error, PROTOCOL_ERROR_MAX, "out of memory");
		return -ENOMEM;
	}
	protocol_draft_init(draft, name);
	r = ini_file_read(path, take_protocol_entry, draft, error);
	if (r < 0)
		return r;
	r = protocol_draft_finish(draft, protocol, &line, reason);
	if (r < 0 && line > 0)
		snprintf(error, PROTOCOL_ERROR_MAX, "%.230s:%u: %s", path, line, reason);
	else if (r < 0)
		snprintf(error, PROTOCOL_ERROR_MAX, "%.240s: %s", path, reason);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(protocol);
	return 0;
}

char **protocol_list_free(char **names)
{
	for (char **name = names; name && *name; name++)
		free(*name);
	free(names);
	return NULL;
}

int protocol_list(const char *folder, char ***ret_names)
{
	char **files, **names;
	int n;

	n = ini_folder_list(folder, &files);
	if (n < 0)
		return n;
	names = reallocarray(files, (size_t)n + 1, sizeof *names);
	if (!names) {
		ini_folder_list_free(files, n);
		return -ENOMEM;
	}
	for (int i = 0; i < n; i++)
		names[i][strlen(names[i]) - strlen(".conf")] = '\0';
	names[n] = NULL;
	*ret_names = names;
	return n;
}
