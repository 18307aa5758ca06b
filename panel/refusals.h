/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What the station refuses: where it is put right, and its sentence in the panel's language. */

#include "screen.h"

/** `error`: a D-Bus error name. SCREEN_MAX when no screen can put it right. */
ScreenId refusal_screen(const char *error);

/** The station's sentence in the panel's language; as it is when it has no translation. Freed by the caller.
 */
char *sentence_translate(const char *sentence);

/**
 * Whether `sentence` was made from `pattern`, a text with "%s" in place of what changes. The parts, at most
 * `max`, are then in `ret_parts` and belong to the caller; returns how many, or -1.
 */
int sentence_match(const char *pattern, const char *sentence, char **ret_parts, int max);
/** Puts the parts into a pattern with "%s" or, where the order changes, "%2$s". Freed by the caller. */
char *sentence_fill(const char *pattern, char *const *parts, int n);
