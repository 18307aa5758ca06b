/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What a client is asked before a session: the protocol's questions, completed by those of the profile. */

#include "config/health-question.h"
#include "config/profile.h"
#include "config/protocol.h"

enum { SCREENING_MAX = PROTOCOL_SCREENING_MAX + PROFILE_QUESTIONS_MAX };

typedef struct ScreeningQuestion {
	const char *name; /* borrowed from protocol or profile */
	AnswerEffect effect;
	bool by_profile; /* the profile asks, and not the protocol */
} ScreeningQuestion;

/**
 * The questions of both, each once: those of the protocol in the order of its file, then the others of the
 * profile in its order. Of a question of both, the stricter effect counts: a protocol cannot weaken what the
 * law asks. Returns how many; 0 without a protocol.
 */
size_t screening_questions(
	const Protocol *protocol, const Profile *profile, ScreeningQuestion ret[SCREENING_MAX]);
