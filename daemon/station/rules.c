/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads the rules in force, and describes them for the record of each start. A reload counts as a start, so
 * that every change of the rules is recorded. It blocks on the disk.
 */

#include "station/rules.h"

#include <stdio.h>

#include "config/profile-file.h"
#include "config/protocol-file.h"
#include "station/parts.h"
#include "util/file.h"
#include "util/log.h"

enum { RULES_FILE_MAX = 1 << 20 };

#define NO_PROTOCOL "there is no treatment protocol in %.300s: install one"

static void load_protocols(State *state)
{
	const char *folder = state->rules.config->protocol_folder;
	Error error;
	char **names = NULL;
	int r = protocol_list(folder, &names);

	for (char **name = names; r >= 0 && name && *name; name++) {
		Protocol *protocol = NULL;

		if (protocol_load(folder, *name, &protocol, &error) < 0) {
			inert_apply(state, error.text);
		} else if (!protocol_apply(state, protocol)) {
			log_warning("more than %d protocols in %s: the rest is not used",
				SESSION_PROTOCOLS_MAX, folder);
			free(protocol);
		}
	}
	ini_names_free(names);
	if (state->protocols.n == 0) {
		(void)error_set(&error, -ENOENT, NO_PROTOCOL, folder);
		inert_apply(state, error.text);
	}
}

void rules_load(Station *station)
{
	const Config *config = station->options.config;
	Error error;
	ConsentTexts texts;
	Profile profile;

	load_protocols(&station->state);
	if (consent_texts_load(config->consent_folder, &texts, &error) < 0)
		inert_apply(&station->state, error.text);
	else
		consents_apply(&station->state, &texts);
	if (profile_load(config->profile_folder, config->profile, &profile, &error) < 0)
		inert_apply(&station->state, error.text);
	else
		profile_apply(&station->state, &profile);
}

/* ---- those of a new configuration ---- */

int station_check_protocols(const char *folder, Error *error)
{
	char **names = NULL;
	int n = protocol_list(folder, &names), r = 0;

	if (n <= 0)
		r = error_set(error, -ENOENT, NO_PROTOCOL, folder);
	for (int i = 0; i < n && r == 0; i++) {
		_cleanup_(freep) Protocol *protocol = NULL;

		r = protocol_load(folder, names[i], &protocol, error);
	}
	ini_names_free(names);
	return r;
}

int station_check_consents(const char *folder, Error *error)
{
	ConsentTexts texts;
	int r = consent_texts_load(folder, &texts, error);

	if (r == 0)
		consent_texts_clear(&texts);
	return r;
}

int station_check_profile(const Config *config, Error *error)
{
	Profile profile;

	return profile_load(config->profile_folder, config->profile, &profile, error);
}

/* ---- as the record has them ---- */

/** Digest of a file FOLDER/NAME.conf; null when it can no longer be read. */
static json_t *rules_digest(const char *folder, const char *name)
{
	_cleanup_(freep) char *path = NULL, *text = NULL;
	char digest[DIGEST_HEX_MAX];
	size_t size;

	if (asprintf(&path, "%s/%s.conf", folder, name) < 0) {
		path = NULL;
		return NULL;
	}
	if (file_read(path, RULES_FILE_MAX, &text, &size) < 0)
		return json_null();
	digest_hex(text, size, digest);
	return json_string(digest);
}

json_t *rules_in_force(const State *state)
{
	const Config *config = state->rules.config;
	const char *profile = state->rules.profile.name;
	json_auto_t *protocols = json_object();

	for (size_t i = 0; i < state->protocols.n; i++) {
		const char *name = state->protocols.list[i]->name;

		if (json_object_set_new(protocols, name, rules_digest(config->protocol_folder, name)) < 0)
			return NULL;
	}
	return json_pack("{s:s, s:o, s:b, s:b, s:i, s:i, s:O}", "profile", profile, "profile_sha256",
		rules_digest(config->profile_folder, profile), "before_photo_required",
		config->before_photo_required, "handpiece_required", config->handpiece_required,
		"life_strokes", (int)config->life_strokes, "life_min", (int)config->life_min, "protocols",
		protocols);
}
