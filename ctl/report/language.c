/* SPDX-License-Identifier: Apache-2.0 */

/** Looks up the words of a document's language. It must not look at the machine's locale. */

#include "report/language.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const language_names[] = {
	[LANGUAGE_EN] = "en",
	[LANGUAGE_ES] = "es",
	[LANGUAGE_DE] = "de",
};
static_assert(ELEMENTS(language_names) == LANGUAGE_MAX, "every language has a name");

DEFINE_STRING_TABLE(language, Language, language_names);

/* English is what the texts are written in */
static const LanguageCatalogue *const catalogues[LANGUAGE_MAX] = {
	[LANGUAGE_ES] = &language_es,
	[LANGUAGE_DE] = &language_de,
};

static Language used = LANGUAGE_EN;

void language_use(Language language)
{
	used = language;
}

Language language_used(void)
{
	return used;
}

static int compare_words(const void *text, const void *words)
{
	return strcmp(text, ((const LanguageWords *)words)->text);
}

static const LanguageWords *find_words(const char *text)
{
	const LanguageCatalogue *catalogue = catalogues[used];

	return text && catalogue
		       ? bsearch(text, catalogue->list, catalogue->n, sizeof *catalogue->list, compare_words)
		       : NULL;
}

const char *language_words(const char *text)
{
	const LanguageWords *found = find_words(text);

	return found ? found->words : text;
}

/** All three languages have one plural, for any number but 1. */
const char *language_plural(const char *one, const char *many, long long n)
{
	const LanguageWords *found = find_words(one);

	if (!found)
		return n == 1 ? one : many;
	return n == 1 || !found->plural ? found->words : found->plural;
}

char *language_mark(char *number)
{
	char *point = used == LANGUAGE_EN ? NULL : strchr(number, '.');

	if (point)
		*point = ',';
	return number;
}

const char *language_figure(double figure, int decimals, char ret[LANGUAGE_FIGURE_MAX])
{
	snprintf(ret, LANGUAGE_FIGURE_MAX, "%.*f", decimals, figure);
	return language_mark(ret);
}
