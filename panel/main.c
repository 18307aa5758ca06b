/* SPDX-License-Identifier: Apache-2.0 */

/**
 * stipple-panel: the touch panel at the chair. It reads the options and starts the panel. GTK must not set
 * the locale, because that would undo what languages.h does.
 */

#include <stdio.h>
#include <string.h>

#include "languages.h"
#include "memory.h"
#include "screens.h"

static bool parse_size(const char *text, PanelOptions *options)
{
	char rest;

	return sscanf(text, "%dx%d%c", &options->width, &options->height, &rest) == 2 &&
	       options->width >= 800 && options->height >= 480 && options->width <= 8192 &&
	       options->height <= 8192;
}

int main(int argc, char **argv)
{
	g_autofree char *bus = g_strdup(g_getenv("STIPPLE_BUS")), *size = NULL, *language = NULL,
			*exports = NULL;
	g_autofree char *locales = g_strdup(PANEL_LOCALES), *sounds = g_strdup(PANEL_SOUNDS),
			*reporter = g_strdup(PANEL_REPORTER);
	gboolean dark = FALSE, version = FALSE;
	const GOptionEntry entries[] = {
		{ "bus", 0, 0, G_OPTION_ARG_STRING, &bus, "system, session or an address of a message bus",
			"BUS" },
		{ "size", 0, 0, G_OPTION_ARG_STRING, &size, "a window of this size, not the whole screen",
			"WIDTHxHEIGHT" },
		{ "language", 0, 0, G_OPTION_ARG_STRING, &language, "such as es", "LANGUAGE" },
		{ "locales", 0, 0, G_OPTION_ARG_FILENAME, &locales, "folder of the translations", "FOLDER" },
		{ "sounds", 0, 0, G_OPTION_ARG_FILENAME, &sounds, "folder of the alarms' sounds", "FOLDER" },
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
	PanelOptions options = { 0 };
	Panel *panel;
	int status;

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error) || argc > 1 ||
		(size && !parse_size(size, &options))) {
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
	gtk_disable_setlocale(); /* otherwise GTK would undo the next call */
	languages_start();
	language_use(language ? language : memory_get("language"));
	bindtextdomain(GETTEXT_PACKAGE, locales);
	bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
	textdomain(GETTEXT_PACKAGE);
	options.bus = bus ? bus : "system";
	options.locales = locales;
	options.sounds = sounds;
	options.exports = exports;
	options.reporter = reporter;
	options.dark = dark || g_strcmp0(memory_get("dark"), "yes") == 0;
	panel = panel_new(&options, &all_screens);
	application = gtk_application_new("org.stipple.Panel", G_APPLICATION_NON_UNIQUE);
	g_signal_connect_swapped(application, "activate", G_CALLBACK(panel_start), panel);
	g_signal_connect_swapped(application, "shutdown", G_CALLBACK(panel_stop), panel);
	status = g_application_run(G_APPLICATION(application), 0, NULL);
	panel_free(panel);
	return status;
}
