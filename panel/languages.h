/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The panel's languages: English, and every language with a catalogue. */

#include <glib.h>

/**
 * Sets the locale from the environment. Call it once, before any other function here. Translations then work
 * even where the environment names no locale, or C.UTF-8. Categories other than LC_MESSAGES stay as the
 * environment says.
 */
void languages_start(void);
/** Switches the language; NULL: the one of the environment. The caller must rebuild what is on the screen. */
void language_use(const char *language);
/** The language's name in that language, or its code when the catalogue has no name. Freed by the caller. */
char *language_title(const char *language);
/**
 * Language codes such as "es", English first. Ends with NULL; freed by the caller. `folder` holds the
 * catalogues.
 */
GStrv languages_list(const char *folder);
