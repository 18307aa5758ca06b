/* SPDX-License-Identifier: Apache-2.0 */

/** The language and the colours of the panel. It must change nothing at the station. */

#include "part-settings.h"

#include "languages.h"
#include "memory.h"
#include "widgets.h"

enum { COLUMNS = 3 };

static void on_language(Panel *panel, GtkButton *button)
{
	panel_set_language(panel, g_object_get_data(G_OBJECT(button), "language"));
}

static void on_colours(Panel *panel)
{
	panel_set_dark(panel, !panel_options(panel)->dark);
	memory_set("dark", panel_options(panel)->dark ? "yes" : "no");
}

GtkWidget *settings_new(Panel *panel)
{
	GtkWidget *grid = grid_new(6);
	g_auto(GStrv) languages = languages_list(panel_options(panel)->locales);

	gtk_grid_attach(GTK_GRID(grid),
		touch_button_new(_("Light or dark"), NULL, G_CALLBACK(on_colours), panel), 0, 0, 1, 1);
	for (int i = 0; languages[i]; i++) {
		g_autofree char *title = language_title(languages[i]);
		GtkWidget *button = touch_button_new(title, NULL, G_CALLBACK(on_language), panel);

		g_object_set_data_full(G_OBJECT(button), "language", g_strdup(languages[i]), g_free);
		gtk_grid_attach(GTK_GRID(grid), button, (i + 1) % COLUMNS, (i + 1) / COLUMNS, 1, 1);
	}
	return grid;
}
