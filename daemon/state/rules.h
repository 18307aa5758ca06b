/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The rules in force: configuration, compliance profile and protocols. They do not change while the station
 * runs.
 */

#include "config/config.h"
#include "config/profile.h"
#include "state/session.h"

enum { RULES_TEXT_MAX = 1024 };

typedef struct Rules {
	const Config *config;
	Profile profile;
	char inert[RULES_TEXT_MAX]; /* "", or why the station takes no session: one sentence */
} Rules;

/** Why the station takes no session; NULL: it does. */
static inline const char *rules_inert(const Rules *rules)
{
	return rules->inert[0] ? rules->inert : NULL;
}
