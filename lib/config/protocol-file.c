/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads treatment protocols from their folder. A name must not lead out of that folder. protocol.c judges its
 * content. It blocks on the disk.
 */

#include "config/protocol-file.h"

static int take_protocol_entry(void *userdata, const IniEntry *entry, Error *error)
{
	return protocol_draft_set(
		userdata, entry->section, entry->key, entry->value, (unsigned)entry->line, error);
}

int protocol_load(const char *folder, const char *name, Protocol **ret, Error *error)
{
	_cleanup_(freep) ProtocolDraft *draft = NULL;
	_cleanup_(freep) Protocol *protocol = NULL;
	_cleanup_(freep) char *path = NULL;
	unsigned line;
	Error flaw;
	int r;

	if (!text_is_identifier(name, PROTOCOL_NAME_MAX - 1))
		return error_set(error, -EINVAL,
			"a protocol's name is 1 to %d letters, digits, '-', '_' or '.': list the protocols",
			PROTOCOL_NAME_MAX - 1);
	draft = malloc(sizeof *draft);
	protocol = malloc(sizeof *protocol);
	if (!draft || !protocol || asprintf(&path, "%s/%s.conf", folder, name) < 0) {
		path = NULL;
		return error_set(error, -ENOMEM, "out of memory");
	}
	protocol_draft_init(draft, name);
	r = ini_file_read(path, take_protocol_entry, draft, error);
	if (r < 0)
		return r;
	r = protocol_draft_finish(draft, protocol, &line, &flaw);
	if (r < 0 && line > 0)
		return error_set(error, r, "%.230s:%u: %.250s", path, line, flaw.text);
	if (r < 0)
		return error_set(error, r, "%.240s: %.250s", path, flaw.text);
	*ret = TAKE_PTR(protocol);
	return 0;
}

int protocol_list(const char *folder, char ***ret_names)
{
	char **names;
	int n = ini_folder_list(folder, &names);

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++)
		names[i][strlen(names[i]) - strlen(".conf")] = '\0';
	*ret_names = names;
	return n;
}
