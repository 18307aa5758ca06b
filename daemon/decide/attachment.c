/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Decides about files that people attach to the record: the raw file of a steriliser, and others that the
 * table names. The file is kept as it is; nothing here reads it.
 */

#include "decide/decision.h"

#include <string.h>

/* the kinds of records with such a file; their fields are checked like those of any record */
static const struct {
	const char *kind, *what, *roles;
} attachable[] = {
	{ "sterilizer.file", "the steriliser's file", "technician supervisor" },
	{ "pigment.sheet", "the safety data sheet", "technician supervisor administrator" },
	{ "recall.listed", "the list of recalls", "technician supervisor administrator" },
};

static size_t find_attachable(const char *kind)
{
	size_t i = 0;

	while (i < ELEMENTS(attachable) && strcmp(attachable[i].kind, kind) != 0)
		i++;
	return i;
}

/** Only what the kind has for a person to enter: other words could not be erased, or would be the station's.
 */
static bool require_attached_fields(const char *kind, const json_t *given, Decision *ret)
{
	static const char *const own[] = { "sha256", "bytes", "session", "user" };
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)given, key, value) {
		const RecordField *field = record_fields(kind);
		bool is_own = false;

		for (size_t i = 0; i < ELEMENTS(own); i++)
			is_own = is_own || strcmp(own[i], key) == 0;
		while (field && field->name && strcmp(field->name, key) != 0)
			field++;
		if (field && field->name && field->origin == FROM_PERSON && !is_own)
			continue;
		decide_refusal(ret, STATION_ERROR_INVALID,
			"a record of kind %s has no field \"%.32s\" to enter: check how it is written", kind,
			key);
		return false;
	}
	return true;
}

static void decide_attachment(const State *state, const Command *command, Decision *ret)
{
	const char *kind = asked_text(command, "kind");
	size_t i = find_attachable(kind);

	if (!require_own(state, command, ret))
		return;
	if (i == ELEMENTS(attachable)) {
		decide_refusal(ret, STATION_ERROR_UNKNOWN,
			"no file is attached to a record of kind %.64s: see org.stipple.Inventory1", kind);
		return;
	}
	if (!require_signed_in(state, command, attachable[i].roles, ret) ||
		!require_attached_fields(kind, json_object_get(command->asked, "fields"), ret))
		return;
	if (require_file(command, attachable[i].what, "split it, or scan it with fewer dots", ret))
		decide_attached(command, attachable[i].kind,
			json_copy(json_object_get(command->asked, "fields")), ret);
}

const CommandSpec command_attach = { .decide = decide_attachment };
