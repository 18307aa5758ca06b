/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What the station refuses: the screen where it is put right, and its sentence in the panel's language. */

#include "screen.h"

/** `error`: a D-Bus error name. SCREEN_MAX when no screen can put it right. */
ScreenId refusal_screen(const char *error);

/**
 * The station's sentence in the panel's language, or unchanged when it has no translation. Freed by the
 * caller.
 */
char *sentence_translate(const char *sentence);

/**
 * Whether `sentence` was made from `pattern`, a text with "%s" for each part that changes. If so, these
 * parts, at most `max`, are in `ret_parts` and belong to the caller. Returns their number, or -1.
 */
int sentence_match(const char *pattern, const char *sentence, char **ret_parts, int max);
/** Fills a pattern's "%s" with the parts, or "%2$s" where their order differs. Freed by the caller. */
char *sentence_fill(const char *pattern, char *const *parts, int n);
