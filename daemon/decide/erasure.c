/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Decides which photographs are deleted: those of a person whose data was erased (the digests stay on
 * record), and those that no record names. It must not delete a recorded photograph that was not erased.
 */

#include "decide/decision.h"

#include <string.h>

/** The next deleted photograph whose deletion is not on record; NULL none. */
static const json_t *deleted_picture(const json_t *pictures, unsigned recorded)
{
	json_t *picture;
	size_t i;

	json_array_foreach ((json_t *)pictures, i, picture)
		if (json_integer_value(json_object_get(picture, "result")) == 0 && recorded-- == 0)
			return picture;
	return NULL;
}

/** Handles a batch. A photograph that cannot be deleted is skipped: it stays on record as to be erased. */
static void decide_erase(const State *state, const Command *command, Decision *ret)
{
	json_t *pictures = found_rows(command, "images-to-erase"), *body;
	const json_t *picture;

	if (command->stage == 0) {
		decide_look_up(ret, "images-to-erase",
			json_pack("{s:I}", "after", asked_number(command, "after")),
			"photographs to be deleted");
		return;
	}
	if (command->stage == 1 && json_array_size(pictures) > 0) {
		decide_effect(ret, EFFECT_DELETE_PICTURES);
		ret->question = "images-to-erase";
		return;
	}
	picture = command->stage < 2 ? NULL : deleted_picture(pictures, command->stage - 2);
	if (!picture) {
		decide_done(ret);
		ret->figures = json_incref(pictures);
		return;
	}
	body = json_copy((json_t *)picture);
	(void)json_object_del(body, "result");
	decide_record_and_go_on(ret, "image.erased", body);
}

const CommandSpec command_erase = { .decide = decide_erase };

/** Deletes the files in the rows of `question`; the reply's figures say what happened to each. */
static void decide_deletion(
	const Command *command, const char *question, const json_t *pictures, bool deleted, Decision *ret)
{
	if (!deleted && json_array_size(pictures) > 0) {
		decide_effect(ret, EFFECT_DELETE_PICTURES);
		ret->question = question;
		return;
	}
	decide_done(ret);
	ret->figures = json_incref((json_t *)pictures);
}

/** Deletes the photographs in `pictures`. */
static void decide_discard(const State *state, const Command *command, Decision *ret)
{
	decide_deletion(
		command, "pictures", json_object_get(command->asked, "pictures"), command->stage > 0, ret);
}

const CommandSpec command_discard = { .decide = decide_discard };

/** Deletes those of `files` that no record names. */
static void decide_discard_unnamed(const State *state, const Command *command, Decision *ret)
{
	if (command->stage == 0)
		decide_look_up(ret, "images-unnamed",
			json_pack("{s:s}", "files", asked_text(command, "files")),
			"photographs to be deleted");
	else
		decide_deletion(command, "images-unnamed", found_rows(command, "images-unnamed"),
			command->stage > 1, ret);
}

const CommandSpec command_discard_unnamed = { .decide = decide_discard_unnamed };
