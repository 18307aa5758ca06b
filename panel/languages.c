/* SPDX-License-Identifier: Apache-2.0 */
#include "languages.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <string.h>

/* gettext keeps what it has found; this counter tells it that the language is another */
extern int _nl_msg_cat_cntr;

void language_use(const char *language)
{
	if (language)
		g_setenv("LANGUAGE", language, TRUE);
	_nl_msg_cat_cntr++;
}

char *language_title(const char *language)
{
	g_autofree char *before = g_strdup(g_getenv("LANGUAGE"));
	const char *title;

	if (strcmp(language, "en") == 0)
		return g_strdup("English");
	language_use(language);
	/* translators: what your language calls itself, such as Español */
	title = _("English");
	title = strcmp(title, "English") == 0 ? language : title;
	if (before)
		g_setenv("LANGUAGE", before, TRUE);
	else
		g_unsetenv("LANGUAGE");
	_nl_msg_cat_cntr++;
	return g_strdup(title);
}

GStrv languages_list(const char *folder)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	g_strv_builder_add(builder, "en");
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *catalogue =
			g_build_filename(folder, name, "LC_MESSAGES", GETTEXT_PACKAGE ".mo", NULL);

		if (strcmp(name, "en") != 0 && g_file_test(catalogue, G_FILE_TEST_EXISTS))
			g_strv_builder_add(builder, name);
	}
	return g_strv_builder_end(builder);
}
