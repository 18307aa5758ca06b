/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Decides an auditor's requests: rows, proofs, copies and verification. Also decides a change of the signing
 * key. No row and no proof may leave the station before the access is on record.
 */

#include "decide/decision.h"

#include <limits.h>
#include <string.h>

/** The error name that matches the ledger's error. */
static const char *error_of(int error)
{
	return error == -EINVAL   ? STATION_ERROR_INVALID
	       : error == -ENOENT ? STATION_ERROR_UNKNOWN
				  : STATION_ERROR_LEDGER;
}

static void decide_rows(const State *state, const Command *command, Decision *ret)
{
	const char *query = asked_text(command, "query");
	json_t *arguments = json_object_get(command->asked, "arguments");

	switch (command->stage) {
	case 0:
		decide_effect(ret, EFFECT_FIND_QUERY);
		break;
	case 1:
		if (asked_yes(command, "is_known"))
			decide_access(command, query, json_incref(arguments), ret);
		else
			decide_refusal(ret, STATION_ERROR_UNKNOWN,
				"there is no query \"%.32s\": `stipplectl audit list` names those that there are",
				query);
		break;
	case 2:
		decide_effect(ret, EFFECT_STREAM);
		ret->question = query;
		ret->arguments = json_incref(arguments);
		break;
	default:
		if (command->answer.error < 0)
			decide_refusal(ret, error_of(command->answer.error), "%s", command->answer.text);
		else
			decide_done(ret);
		ret->is_counted = true;
		ret->number = command->answer.number;
		ret->figures = json_incref(command->answer.figures);
		break;
	}
}

const CommandSpec command_audit = { .decide = decide_rows };

/* ---- copies ---- */

/**
 * Makes a checkpoint at once: then an export proves everything that it shows, including the record of the
 * export itself.
 */
static void decide_copy(const State *state, const Command *command, Decision *ret)
{
	const char *copy = asked_text(command, "copy"), *file = asked_text(command, "file");
	uint64_t record = command->answer.number;

	if (command->stage == 1) {
		decide_effect(ret, EFFECT_PROVE);
		ret->number = record;
	} else if (command->stage == 2) {
		decide_done(ret); /* without a key there is no checkpoint, but the copy is still on record */
	} else if (!text_list_has("backup archive export", copy)) {
		decide_refusal(ret, STATION_ERROR_INVALID,
			"\"%.32s\" is no copy of the ledger: backup, archive or export", copy);
	} else if (!text_is_printable(file, PATH_MAX - 1) || asked_number(command, "records") < 0) {
		decide_refusal(
			ret, STATION_ERROR_INVALID, "the copy's file needs a name of printable characters");
	} else {
		decide_access(command, copy, json_pack("{s:s}", "file", file), ret);
	}
}

const CommandSpec command_audit_copy = { .decide = decide_copy };

/* ---- proofs and the key ---- */

static void decide_prove(const State *state, const Command *command, Decision *ret)
{
	json_int_t record = asked_number(command, "record");
	int error = command->answer.error;

	if (command->stage == 0) {
		decide_access(command, "prove", json_pack("{s:I}", "record", record), ret);
		return;
	}
	if (command->stage == 1) {
		decide_effect(ret, EFFECT_PROVE);
		ret->number = (uint64_t)record;
		return;
	}
	if (error == 0)
		decide_done(ret);
	else if (error == -ENOENT || error == -ENODATA)
		decide_refusal(ret, STATION_ERROR_UNKNOWN, "there is no record %lld", (long long)record);
	else
		decide_refusal(ret, STATION_ERROR_LEDGER,
			"record %lld cannot be proved (%s): verify the ledger", (long long)record,
			strerror(-error));
	ret->figures = json_incref(command->answer.figures);
}

const CommandSpec command_prove = { .decide = decide_prove };

static void decide_rotate(const State *state, const Command *command, Decision *ret)
{
	if (command->stage == 0) {
		if (require_signed_in(state, command, "administrator", ret))
			decide_effect(ret, EFFECT_ROTATE_KEY);
		return;
	}
	if (command->answer.error < 0)
		decide_refusal(ret, error_of(command->answer.error), "%s", command->answer.text);
	else
		decide_done(ret);
	ret->number = command->answer.number;
}

const CommandSpec command_rotate_key = { .decide = decide_rotate };

static void decide_verify(const State *state, const Command *command, Decision *ret)
{
	int error = command->answer.error;

	if (command->stage == 0)
		decide_effect(ret, EFFECT_VERIFY);
	else if (command->stage == 2)
		decide_done(ret);
	else if (error == -EBUSY)
		decide_refusal(
			ret, STATION_ERROR_BUSY, "the ledger is being verified already: wait for its end");
	else if (error < 0)
		decide_refusal(ret, STATION_ERROR_LEDGER, "the verification could not be started: %s",
			strerror(-error));
	else
		decide_access(command, "verify", json_object(), ret);
}

const CommandSpec command_verify = { .decide = decide_verify };
