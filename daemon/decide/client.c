/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Decides who may see a client's card, and puts it together: the card, the recipe of each zone, the answers
 * of the last session. The access must be on record before anything is read.
 */

#include "decide/decision.h"

#include <string.h>

#include "decide/client-card.h"

/* ---- what is shown ---- */

/** Whether `kept` has a row of this source and zone. */
static bool has_recipe(const json_t *kept, const json_t *recipe)
{
	json_t *row;
	size_t i;

	json_array_foreach ((json_t *)kept, i, row)
		if (strcmp(row_text(row, "source"), row_text(recipe, "source")) == 0 &&
			strcmp(row_text(row, "zone"), row_text(recipe, "zone")) == 0)
			return true;
	return false;
}

/** The newest recipe of each source and zone; the rows come newest first. */
static json_t *newest_recipes(const json_t *rows)
{
	json_t *kept = json_array(), *row;
	size_t i;

	json_array_foreach ((json_t *)rows, i, row)
		if (!has_recipe(kept, row))
			json_array_append(kept, row);
	return kept;
}

/** The answers of the newest screening, one object each: question, answer. */
static json_t *last_answers(const json_t *row)
{
	json_t *list = json_array(), *answer;
	const char *question;

	json_object_foreach (json_object_get(row, "answers"), question, answer)
		json_array_append_new(
			list, json_pack("{s:s, s:b}", "question", question, "answer", json_is_true(answer)));
	return list;
}

static json_t *shown_client(const State *state, const Command *command)
{
	const json_t *row = found_row(command, "client"), *answered = found_row(command, "screenings");
	json_t *shown = json_object(), *value;
	int age = client_age(row, host_today_us(&state->host));
	const char *name;

	json_object_foreach (json_object_get(row, "card"), name, value)
		json_object_set(shown, name, value);
	json_object_set_new(shown, "subject",
		json_string(
			row ? row_text(row, "subject") : row_text(found_row(command, "person"), "subject")));
	body_set_optional(shown, "registered", row_text(row, "registered"));
	body_set_optional(shown, "name", row_text(row, "name"));
	body_set_optional(shown, "contact", row_text(row, "contact"));
	if (age >= 0)
		json_object_set_new(shown, "age", json_integer(age));
	json_object_set_new(shown, "recipes", newest_recipes(found_rows(command, "recipes")));
	json_object_set_new(shown, "answers", last_answers(answered));
	body_set_optional(shown, "answered", row_text(answered, "answered"));
	return shown;
}

/* ---- the command ---- */

static void decide_show_client(const State *state, const Command *command, Decision *ret)
{
	static const char *const questions[] = { "client", "recipes", "screenings" };
	const char *subject = asked_text(command, "subject");

	if (!require_signed_in(state, command, "technician supervisor", ret) ||
		!require_subject(subject, ret))
		return;
	if (!found_rows(command, "person")) {
		decide_look_up(ret, "person", json_pack("{s:s}", "subject", subject), "the people on record");
		return;
	}
	if (!found_row(command, "person")) {
		decide_refusal(ret, STATION_ERROR_UNKNOWN,
			"nobody is on record as %.48s: check the pseudonym, or register the client", subject);
		return;
	}
	if (command->stage == 1) {
		decide_access(command, "client", json_pack("{s:s}", "subject", subject), ret);
		return;
	}
	for (size_t i = 0; i < ELEMENTS(questions); i++)
		if (!found_rows(command, questions[i])) {
			decide_look_up(ret, questions[i], json_pack("{s:s}", "subject", subject),
				"the client's card");
			return;
		}
	decide_done(ret);
	ret->figures = shown_client(state, command);
}

const CommandSpec command_show_client = { .decide = decide_show_client };
