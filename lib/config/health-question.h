/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The questions about health that Stipple knows by name: their words, what a yes means, and whether the
 * answer can change by itself. A protocol may ask others; a compliance profile may not.
 */

#include <stdbool.h>
#include <stddef.h>

#include "util/text.h"

enum { HEALTH_QUESTION_MAX = 32 }; /* bytes of a question's name, with its end */

/** What the answer yes does to the treatment; the stricter one is the greater. */
typedef enum AnswerEffect {
	ANSWER_NOTED,     /* recorded, for the operator to weigh */
	ANSWER_PHYSICIAN, /* stops the treatment until a physician's note was seen */
	ANSWER_RULES_OUT, /* rules the treatment out today */
	ANSWER_EFFECT_MAX,
	ANSWER_EFFECT_INVALID = -EINVAL,
} AnswerEffect;

DECLARE_STRING_TABLE(
	answer_effect, AnswerEffect); /* "notes", "physician", "refuses": the words of a protocol */

typedef struct HealthQuestion {
	const char *name;    /* an identifier */
	const char *text;    /* English, to be translated by whoever shows it */
	AnswerEffect effect; /* at least, where a profile asks */
	bool lasts;          /* a yes cannot become a no by itself, as pregnancy or sunburn does */
} HealthQuestion;

/** Ends with an element whose name is NULL. */
extern const HealthQuestion health_questions[];

/** NULL when the name is not known. Static. */
const HealthQuestion *health_question_find(const char *name);
/** The words of the question; the name itself when it is not known. */
const char *health_question_text(const char *name);
/** Also true of a question that is not known: nobody has said that its answer passes. */
bool health_question_lasts(const char *name);
