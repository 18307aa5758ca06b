/* SPDX-License-Identifier: Apache-2.0 */
#include "words.h"

#include <glib/gi18n.h>

char *words_of(const char *name)
{
	g_autofree char *words = g_strdelimit(g_strdup(name), "._-", ' ');
	const char *translated;

	if (!words[0])
		return g_strdup("");
	words[0] = g_ascii_toupper(words[0]);
	translated = _(words);
	return g_strdup(translated);
}
