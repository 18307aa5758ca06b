/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Applies records of what the client answered before the treatment. It must not judge an answer: the record
 * says what it stops.
 */

#include "apply/screening.h"

#include <stdio.h>
#include <string.h>

#include "apply/record-field.h"

static void add_asked(Screening *screening, const char *question)
{
	if (question && screening->n_asked < SCREENING_MAX)
		snprintf(screening->asked[screening->n_asked++], HEALTH_QUESTION_MAX, "%s", question);
}

/** Records of earlier versions do not list what was asked: then it is what was answered. */
static void take_asked(Screening *screening, const json_t *body)
{
	const json_t *listed = json_object_get(body, "asked");
	const char *question;
	json_t *name;
	size_t i;

	json_array_foreach (listed, i, name)
		add_asked(screening, json_string_value(name));
	if (listed)
		return;
	json_object_foreach (json_object_get(body, "answers"), question, name)
		add_asked(screening, question);
}

static void take_stops(Screening *screening, const json_t *body, const char *field, AnswerEffect effect)
{
	json_t *name;
	size_t i;

	json_array_foreach (json_object_get(body, field), i, name) {
		ScreeningStop *stop = &screening->stops[screening->n_stops];

		if (!json_is_string(name) || screening->n_stops == SCREENING_MAX)
			continue;
		snprintf(stop->question, sizeof stop->question, "%s", json_string_value(name));
		stop->effect = effect;
		screening->n_stops++;
	}
}

void session_screening_apply(State *state, const AppliedRecord *record)
{
	Screening *screening = &state->session.screening;
	const json_t *body = record->body;

	*screening = (Screening){ .done = true };
	take_asked(screening, body);
	take_stops(screening, body, "refused", ANSWER_RULES_OUT);
	take_stops(screening, body, "physician", ANSWER_PHYSICIAN);
	/* the names are gone if they were erased; that an answer stops the treatment is not */
	screening->stops_erased =
		screening->n_stops == 0 && (json_is_true(json_object_get(body, "rules_out")) ||
						   json_is_true(json_object_get(body, "needs_note")));
}

/** Lifts the stop of the record's question if its effect is at most `effect`. */
static void lift_stop(State *state, const AppliedRecord *record, AnswerEffect effect)
{
	Screening *screening = &state->session.screening;
	const char *question = record_text(record, "question");

	for (size_t i = 0; i < screening->n_stops; i++) {
		if (strcmp(screening->stops[i].question, question) != 0 ||
			screening->stops[i].effect > effect)
			continue;
		screening->stops[i] = screening->stops[--screening->n_stops];
		return;
	}
}

void screening_changed_apply(State *state, const AppliedRecord *record)
{
	lift_stop(state, record, ANSWER_RULES_OUT);
}

void physician_cleared_apply(State *state, const AppliedRecord *record)
{
	lift_stop(state, record, ANSWER_PHYSICIAN);
}
