/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The languages that the panel speaks: English, and every one with a catalogue. */

#include <glib.h>

/**
 * Sets the locale of the environment; once, before any other call here. Translations work afterwards even
 * where the environment names none, or C.UTF-8. Other categories than LC_MESSAGES stay as the environment
 * says.
 */
void languages_start(void);
/** From now on; NULL: as the environment says. What is on the screen must be made anew. */
void language_use(const char *language);
/** What the language calls itself; its code when its catalogue does not say. Freed by the caller. */
char *language_title(const char *language);
/** Codes such as "es", English first; ends in NULL, freed by the caller. `folder`: of the catalogues. */
GStrv languages_list(const char *folder);
