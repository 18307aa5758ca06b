/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The table of the questions about health. It must not say who asks them: protocols and profiles do.
 *
 * California, Health and Safety Code 119303(b), says what is asked, and not what rules a treatment out.
 * Effects are a careful start after naturalinkspm.com, inkdsmp.com.au, mytransformation.com.au (doctor's
 * note), finishingtouchesgroup.com (haemophilia) and RealSelf; the clinic's medical lead decides in the
 * protocol.
 */

#include "config/health-question.h"

#include <assert.h>
#include <string.h>

static const char *const effect_names[] = {
	[ANSWER_NOTED] = "notes",
	[ANSWER_PHYSICIAN] = "physician",
	[ANSWER_RULES_OUT] = "refuses",
};
static_assert(ELEMENTS(effect_names) == ANSWER_EFFECT_MAX, "every effect has a name");

DEFINE_STRING_TABLE(answer_effect, AnswerEffect, effect_names);

/* marks texts that the panel translates (panel/po) */
#define N_(text) text

#define LASTS  true
#define PASSES false

const HealthQuestion health_questions[] = {
	{ "keloids", N_("Do scars of yours grow thick (keloids)?"), ANSWER_RULES_OUT, LASTS },
	{ "herpes-simplex", N_("Have you cold sores (herpes simplex)?"), ANSWER_RULES_OUT, PASSES },
	{ "inflamed-skin", N_("Is the skin of the scalp inflamed?"), ANSWER_RULES_OUT, PASSES },
	{ "pigment-allergy", N_("Are you allergic to pigments?"), ANSWER_RULES_OUT, LASTS },
	{ "numbing-cream-allergy", N_("Are you allergic to numbing cream?"), ANSWER_NOTED, LASTS },
	{ "eczema", N_("Have you eczema?"), ANSWER_NOTED, LASTS },
	{ "psoriasis", N_("Have you psoriasis?"), ANSWER_NOTED, LASTS },
	{ "vitiligo", N_("Have you vitiligo?"), ANSWER_NOTED, LASTS },
	{ "minoxidil-this-week", N_("Have you used minoxidil this week?"), ANSWER_NOTED, PASSES },
	{ "scar-younger-than-a-year", N_("Is the scar younger than a year?"), ANSWER_RULES_OUT, PASSES },
	/* California 119303(b) */
	{ "pregnancy", N_("Are you pregnant?"), ANSWER_RULES_OUT, PASSES },
	{ "herpes-at-site", N_("Have you herpes, or had you, where you will be treated?"), ANSWER_RULES_OUT,
		PASSES },
	{ "diabetes", N_("Have you diabetes?"), ANSWER_PHYSICIAN, LASTS },
	{ "latex-allergy", N_("Are you allergic to latex?"), ANSWER_NOTED, LASTS },
	{ "antibiotic-allergy", N_("Are you allergic to antibiotics?"), ANSWER_NOTED, LASTS },
	{ "bleeding-disorder", N_("Have you haemophilia or another bleeding disorder?"), ANSWER_RULES_OUT,
		LASTS },
	{ "heart-valve-disease", N_("Have you a disease of the heart valves?"), ANSWER_PHYSICIAN, LASTS },
	{ "medication", N_("Do you take any medication?"), ANSWER_NOTED, PASSES },
	{ "bloodborne-risk", N_("Have you, or could you have, an infection that blood carries?"),
		ANSWER_NOTED, LASTS },
	/* further ones of practitioners */
	{ "blood-thinners", N_("Do you take blood thinners?"), ANSWER_PHYSICIAN, PASSES },
	{ "isotretinoin", N_("Have you taken isotretinoin within a year?"), ANSWER_RULES_OUT, PASSES },
	{ "recent-sunburn", N_("Is the scalp sunburnt?"), ANSWER_RULES_OUT, PASSES },
	{ "recent-transplant-or-laser", N_("Had you a hair transplant or a laser treatment within 90 days?"),
		ANSWER_PHYSICIAN, PASSES },
	{ "chemotherapy", N_("Had you chemotherapy within a year, or will you have it soon?"),
		ANSWER_PHYSICIAN, PASSES },
	{ "alcohol-24h", N_("Have you drunk alcohol within 24 hours?"), ANSWER_RULES_OUT, PASSES },
	{ "pacemaker", N_("Have you a pacemaker or a defibrillator?"), ANSWER_PHYSICIAN, LASTS },
	{ "epilepsy", N_("Have you epilepsy?"), ANSWER_PHYSICIAN, LASTS },
	{ NULL, NULL, ANSWER_NOTED, PASSES },
};

const HealthQuestion *health_question_find(const char *name)
{
	for (const HealthQuestion *question = health_questions; question->name; question++)
		if (strcmp(question->name, name) == 0)
			return question;
	return NULL;
}

const char *health_question_text(const char *name)
{
	const HealthQuestion *question = health_question_find(name);

	return question ? question->text : name;
}

bool health_question_lasts(const char *name)
{
	const HealthQuestion *question = health_question_find(name);

	return !question || question->lasts;
}
