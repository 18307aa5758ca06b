/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The language of the document that is being made. Its words are translated in po/ and compiled in: they
 * depend on no locale, because a station may have none but C.UTF-8, in which gettext translates nothing.
 */

#include <stddef.h>

#include "util/text.h"

typedef enum Language {
	LANGUAGE_EN,
	LANGUAGE_ES,
	LANGUAGE_DE,
	LANGUAGE_MAX,
	LANGUAGE_INVALID = -EINVAL,
} Language;

DECLARE_STRING_TABLE(language, Language); /* "en", as in HTML and on a client's card */

enum { LANGUAGE_FIGURE_MAX = 40 }; /* bytes of a figure as text */

/** The language from now on. English until then. Not for several threads. */
void language_use(Language language);
Language language_used(void);

/** `text` in the language used; `text` itself where nobody translated it. Static, or `text`, which may be
 * NULL. */
const char *language_words(const char *text) __attribute__((format_arg(1)));
/** As above; which of both it is depends on the number. */
const char *language_plural(const char *one, const char *many, long long n)
	__attribute__((format_arg(1), format_arg(2)));
/** A figure with so many decimals and the language's decimal mark. */
const char *language_figure(double figure, int decimals, char ret[LANGUAGE_FIGURE_MAX]);
/** Gives a number that was written in C's way the language's decimal mark; in place. Returns `number`. */
char *language_mark(char *number);

/** Marks a text of a document: xgettext finds it. */
#define _(text) language_words(text)
/** The same for a text that is translated later. */
#define N_(text) text

/* ---- what the build makes of po/ (words.py) ---- */

typedef struct LanguageWords {
	const char *text, *words;
	const char *plural; /* `words` for any number but 1; NULL: the text has no plural */
} LanguageWords;

typedef struct LanguageCatalogue {
	const LanguageWords *list; /* in the order of strcmp() */
	size_t n;
} LanguageCatalogue;

extern const LanguageCatalogue language_es, language_de;
