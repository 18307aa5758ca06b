/* SPDX-License-Identifier: Apache-2.0 */

/**
 * stipple-panel: the touch panel at the chair. It reads the options and starts the panel. GTK must not set
 * the locale: that would undo what languages.h does.
 */

#include <stdio.h>
#include <string.h>

#include "languages.h"
#include "memory.h"
#include "panel.h"

static bool parse_size(const char *text, Panel *panel)
{
	char rest;

	return sscanf(text, "%dx%d%c", &panel->options.width, &panel->options.height, &rest) == 2 &&
	       panel->options.width >= 800 && panel->options.height >= 480 && panel->options.width <= 8192 &&
	       panel->options.height <= 8192;
}

static void on_activate(GtkApplication *application, gpointer userdata)
{
	Panel *panel = userdata;

	if (!panel->window)
		panel_start(panel, application);
}

static void on_shutdown(GtkApplication *application, gpointer userdata)
{
	panel_stop(userdata);
}

int main(int argc, char **argv)
{
	g_autofree char *bus = g_strdup(g_getenv("STIPPLE_BUS")), *size = NULL, *language = NULL,
			*exports = NULL;
	g_autofree char *locales = g_strdup(PANEL_LOCALES), *reporter = g_strdup(PANEL_REPORTER);
	gboolean dark = FALSE, version = FALSE;
	const GOptionEntry entries[] = {
		{ "bus", 0, 0, G_OPTION_ARG_STRING, &bus, "system, session or an address of a message bus",
			"BUS" },
		{ "size", 0, 0, G_OPTION_ARG_STRING, &size, "a window of this size, not the whole screen",
			"WIDTHxHEIGHT" },
		{ "language", 0, 0, G_OPTION_ARG_STRING, &language, "such as es", "LANGUAGE" },
		{ "locales", 0, 0, G_OPTION_ARG_FILENAME, &locales, "folder of the translations", "FOLDER" },
		{ "exports", 0, 0, G_OPTION_ARG_FILENAME, &exports,
			"folder to write answers and reports to, not a USB stick", "FOLDER" },
		{ "reporter", 0, 0, G_OPTION_ARG_FILENAME, &reporter, "the stipplectl that writes reports",
			"PROGRAM" },
		{ "dark", 0, 0, G_OPTION_ARG_NONE, &dark, "begin with dark colours", NULL },
		{ "version", 0, 0, G_OPTION_ARG_NONE, &version, "say the version and leave", NULL },
		{ NULL },
	};
	g_autoptr(GOptionContext) context = g_option_context_new("- the treatment station's touch panel");
	g_autoptr(GtkApplication) application = NULL;
	g_autoptr(GError) error = NULL;
	Panel panel = { 0 };

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error) || argc > 1 ||
		(size && !parse_size(size, &panel))) {
		fprintf(stderr, "stipple-panel: %s; see stipple-panel --help\n",
			error      ? error->message
			: argc > 1 ? "it takes options only"
				   : "the size is WIDTHxHEIGHT, at least 800x480");
		return 2;
	}
	if (version) {
		puts("stipple-panel " STIPPLE_VERSION);
		return 0;
	}
	gtk_disable_setlocale(); /* it would undo what follows */
	languages_start();
	language_use(language ? language : memory_get("language"));
	bindtextdomain(GETTEXT_PACKAGE, locales);
	bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
	textdomain(GETTEXT_PACKAGE);
	panel.options.bus = bus ? bus : "system";
	panel.options.locales = locales;
	panel.options.exports = exports;
	panel.options.reporter = reporter;
	panel.options.dark = dark || g_strcmp0(memory_get("dark"), "yes") == 0;
	application = gtk_application_new("org.stipple.Panel", G_APPLICATION_NON_UNIQUE);
	g_signal_connect(application, "activate", G_CALLBACK(on_activate), &panel);
	g_signal_connect(application, "shutdown", G_CALLBACK(on_shutdown), &panel);
	return g_application_run(G_APPLICATION(application), 0, NULL);
}
