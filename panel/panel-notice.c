/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The notice: a sentence that is shown over the window for a while. It must not cover what is being done on
 * a screen.
 */

#include "panel-private.h"

#include "widgets.h"

enum { NOTICE_S = 12 };

static int height_of(GtkWidget *widget, int width)
{
	int height = 0;

	gtk_widget_measure(widget, GTK_ORIENTATION_VERTICAL, width, &height, NULL, NULL, NULL);
	return height;
}

void panel_place_notice(Panel *panel)
{
	bool shown = panel->notice_source && !sheet_is_open(panel->sheet);
	int width = gtk_widget_get_width(GTK_WIDGET(panel->root)), room = 0, steps;

	gtk_widget_set_visible(panel->notice, shown);
	if (shown)
		room = height_of(panel->notice, width);
	steps = height_of(gtk_widget_get_parent(panel->steps[0]), width);
	gtk_widget_set_margin_bottom(GTK_WIDGET(panel->root),
		gtk_widget_get_visible(gtk_overlay_get_child(panel->root)) ? 0 : room);
	gtk_widget_set_margin_bottom(panel->pages, MAX(0, room - steps));
}

static gboolean hide_notice(void *userdata)
{
	Panel *panel = userdata;

	panel->notice_source = 0;
	panel_place_notice(panel);
	return G_SOURCE_REMOVE;
}

void panel_notify(Panel *panel, const char *text, ScreenId leads_to)
{
	gtk_label_set_text(panel->notice_text, text);
	accessible_name(panel->notice, text);
	panel->notice_leads_to = leads_to;
	g_clear_handle_id(&panel->notice_source, g_source_remove);
	panel->notice_source = g_timeout_add_seconds(NOTICE_S, hide_notice, panel);
	panel_place_notice(panel);
}

void panel_drop_notice(Panel *panel)
{
	g_clear_handle_id(&panel->notice_source, g_source_remove);
	panel_place_notice(panel);
}
