/* SPDX-License-Identifier: Apache-2.0 */

/** Any text as a configuration, a protocol or a compliance profile: it is taken, or refused with a reason. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "config/config.h"
#include "config/ini-file.h"
#include "config/profile.h"
#include "config/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_config(const char *text, size_t size)
{
	_cleanup_(config_freep) Config *config = NULL;
	char *written = NULL;
	Error error = { 0 };
	size_t written_size;
	FILE *file;

	if (config_parse(text, size, "input", &config, &error) < 0) {
		if (config || strncmp(error.text, "input:", 6) != 0)
			abort();
		return;
	}
	file = open_memstream(&written, &written_size);
	if (!file)
		return;
	config_write(config, file);
	fclose(file);
	free(written);
}

static int take_entry(void *userdata, const IniEntry *entry, Error *reason)
{
	return protocol_draft_set(
		userdata, entry->section, entry->key, entry->value, (unsigned)entry->line, reason);
}

static void try_protocol(const char *text, size_t size)
{
	_cleanup_(freep) ProtocolDraft *draft = malloc(sizeof *draft);
	_cleanup_(freep) Protocol *protocol = malloc(sizeof *protocol);
	Error error = { 0 };
	Error reason = { 0 };
	unsigned line;

	if (!draft || !protocol)
		return;
	protocol_draft_init(draft, "input");
	if (ini_text_read(text, size, "input", take_entry, draft, &error) < 0) {
		if (strncmp(error.text, "input:", 6) != 0)
			abort();
		return;
	}
	if (protocol_draft_finish(draft, protocol, &line, &reason) < 0) {
		if (!reason.text[0])
			abort();
		return;
	}
	if (!protocol_plan(protocol, protocol->sessions, ZONE_CROWN, SKIN_SCAR)->density)
		abort();
}

static int take_profile_entry(void *userdata, const IniEntry *entry, Error *reason)
{
	return profile_draft_set(userdata, entry->section, entry->key, entry->value, reason);
}

static void try_profile(const char *text, size_t size)
{
	Error error = { 0 };
	Error reason = { 0 };
	json_auto_t *arguments = NULL;
	ProfileDraft draft;
	Profile profile;

	profile_draft_init(&draft, "input");
	if (ini_text_read(text, size, "input", take_profile_entry, &draft, &error) < 0) {
		if (strncmp(error.text, "input:", 6) != 0)
			abort();
		return;
	}
	if (profile_draft_finish(&draft, &profile, &reason) < 0) {
		if (!reason.text[0])
			abort();
		return;
	}
	arguments = profile_arguments(&profile);
	if (!arguments || !profile.title[0] || profile.keep_days[PROFILE_STERILIZATION] == 0)
		abort();
}

/** Text is either taken, or refused with its place and a reason. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_config((const char *)data, size);
	try_protocol((const char *)data, size);
	try_profile((const char *)data, size);
	return 0;
}
