/* SPDX-License-Identifier: Apache-2.0 */

/** Joins the questions of a protocol and a profile. It must not judge an answer: daemon/decide/ does. */

#include "config/screening.h"

#include <string.h>

static ScreeningQuestion *listed_question(ScreeningQuestion *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	return NULL;
}

size_t screening_questions(
	const Protocol *protocol, const Profile *profile, ScreeningQuestion ret[SCREENING_MAX])
{
	const ProfileClient *client = &profile->client;
	size_t n = 0;

	if (!protocol)
		return 0;
	for (; n < protocol->n_screening; n++)
		ret[n] = (ScreeningQuestion){ protocol->screening[n], protocol->screening_effects[n], false };
	for (size_t i = 0; i < client->n_questions; i++) {
		const char *name = client->questions[i];
		const HealthQuestion *known = health_question_find(name);
		AnswerEffect effect = known ? known->effect : ANSWER_NOTED;
		ScreeningQuestion *asked = listed_question(ret, n, name);

		if (!asked)
			ret[n++] = (ScreeningQuestion){ name, effect, true };
		else if (effect > asked->effect)
			asked->effect = effect;
	}
	return n;
}
