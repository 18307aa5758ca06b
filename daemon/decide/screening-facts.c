/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Gathers what the interlock `screening` needs: what was not answered, and which answers stop the treatment.
 * It must not decide about an answer: decide/screening.c does.
 */

#include "decide/screening-facts.h"

#include <stdio.h>
#include <string.h>

static bool was_asked(const Screening *screening, const char *question)
{
	for (size_t i = 0; i < screening->n_asked; i++)
		if (strcmp(screening->asked[i], question) == 0)
			return true;
	return false;
}

/** The first question that was not asked in the screening. Borrowed from the rules; NULL none. */
static const char *find_unanswered(const State *state)
{
	ScreeningQuestion questions[SCREENING_MAX];
	size_t n = screening_questions(state->session.protocol, &state->rules.profile, questions);

	for (size_t i = 0; i < n; i++)
		if (!was_asked(&state->session.screening, questions[i].name))
			return questions[i].name;
	return NULL;
}

bool screening_is_complete(const State *state)
{
	return state->session.screening.done && !find_unanswered(state);
}

const ScreeningStop *screening_stop(const Screening *screening, const char *question)
{
	for (size_t i = 0; i < screening->n_stops; i++)
		if (strcmp(screening->stops[i].question, question) == 0)
			return &screening->stops[i];
	return NULL;
}

/** As many names as there is room for, then how many more there are. */
static void list_stops(const Screening *screening, AnswerEffect effect, char ret[SCREENING_NAMES_MAX])
{
	enum { MORE_MAX = 16 }; /* " and 40 more" */
	size_t used = 0, left = 0;

	for (size_t i = 0; i < screening->n_stops; i++) {
		const ScreeningStop *stop = &screening->stops[i];

		if (stop->effect != effect)
			continue;
		if (left > 0 || used + strlen(stop->question) + 2 >= SCREENING_NAMES_MAX - MORE_MAX)
			left++;
		else
			used += (size_t)snprintf(ret + used, SCREENING_NAMES_MAX - used, "%s%s",
				used ? ", " : "", stop->question);
	}
	if (left > 0)
		snprintf(ret + used, SCREENING_NAMES_MAX - used, " and %zu more", left);
}

void screening_facts(const State *state, InterlockFacts *facts)
{
	const Screening *screening = &state->session.screening;

	facts->screening_done = screening->done;
	facts->unanswered = find_unanswered(state);
	if (screening->stops_erased)
		snprintf(facts->screening_refused, SCREENING_NAMES_MAX, "answers that were erased");
	else
		list_stops(screening, ANSWER_RULES_OUT, facts->screening_refused);
	list_stops(screening, ANSWER_PHYSICIAN, facts->screening_noteless);
}
