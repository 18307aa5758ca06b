/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Lists the panel's languages and switches between them. It must not rely on an installed locale for a
 * language.
 */

#include "languages.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

/* Debian always has this one, whichever locales a station has generated */
#define SYSTEM_LOCALE "/usr/lib/locale/C.utf8"

/* gettext caches its translations; this counter tells it that the language has changed */
extern int _nl_msg_cat_cntr;

static gboolean translates(const char *locale)
{
	return locale && locale[0] != '\0' && strcmp(locale, "POSIX") != 0 && strcmp(locale, "C") != 0 &&
	       !g_str_has_prefix(locale, "C.");
}

/**
 * gettext translates nothing in the locale C, and since glibc 2.39 nothing in C.UTF-8. A station may have no
 * other locale. Under another name, the system's C.UTF-8 is a normal locale for gettext.
 */
static void borrow_locale(void)
{
	g_autofree char *folder = g_dir_make_tmp("stipple-panel-XXXXXX", NULL);
	g_autofree char *before = g_strdup(g_getenv("LOCPATH"));
	g_autofree char *link = folder ? g_build_filename(folder, "stipple.utf8", NULL) : NULL;

	if (!link)
		return;
	if (symlink(SYSTEM_LOCALE, link) == 0) {
		g_setenv("LOCPATH", folder, TRUE);
		setlocale(LC_MESSAGES, "stipple.UTF-8");
		if (before)
			g_setenv("LOCPATH", before, TRUE);
		else
			g_unsetenv("LOCPATH");
		g_unlink(link);
	}
	g_rmdir(folder);
}

void languages_start(void)
{
	static const char *const others[] = { "en_US.UTF-8", "en_GB.UTF-8", "es_ES.UTF-8" };
	const char *locale = setlocale(LC_ALL, "");

	if (!locale || strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0)
		setlocale(LC_ALL, "C.UTF-8");
	if (!translates(setlocale(LC_MESSAGES, NULL)))
		borrow_locale();
	for (size_t i = 0; i < G_N_ELEMENTS(others) && !translates(setlocale(LC_MESSAGES, NULL)); i++)
		setlocale(LC_MESSAGES, others[i]);
	if (!translates(setlocale(LC_MESSAGES, NULL)))
		g_warning("no locale to translate in: install one, such as en_GB.UTF-8");
}

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
