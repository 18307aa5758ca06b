/* SPDX-License-Identifier: Apache-2.0 */

/** Draws one step. It must not judge whether the step is done: its caller says so. */

#include "step-button.h"

#include <glib/gi18n.h>

#include "widgets.h"

ScreenId step_button_screen(GtkButton *button)
{
	return (ScreenId)GPOINTER_TO_INT(g_object_get_data(G_OBJECT(button), "screen"));
}

void step_button_update(GtkWidget *button, bool done, bool current, bool usable)
{
	ScreenId screen = step_button_screen(GTK_BUTTON(button));
	GtkWidget *mark = gtk_widget_get_first_child(gtk_button_get_child(GTK_BUTTON(button)));
	const char *title = gtk_label_get_text(GTK_LABEL(gtk_widget_get_next_sibling(mark)));
	g_autofree char *number = screen == SCREEN_MORE ? g_strdup("⋯") : g_strdup_printf("%d", screen + 1);
	g_autofree char *name = g_strdup_printf(done ? _("%s, done") : "%s", title);

	gtk_label_set_text(GTK_LABEL(mark), done ? "✓" : number);
	gtk_widget_set_sensitive(button, usable);
	style_set(button, "done", done);
	style_set(button, "current", current);
	accessible_name(button, name);
}

GtkWidget *step_button_new(ScreenId screen, const char *title, GCallback clicked, gpointer userdata)
{
	GtkWidget *mark = gtk_label_new(NULL), *label = gtk_label_new(title);
	GtkWidget *button = button_new(), *box = column_new(0, NULL, mark, label, NULL);

	gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
	gtk_widget_add_css_class(mark, "mark");
	gtk_widget_set_valign(box, GTK_ALIGN_CENTER);
	gtk_button_set_child(GTK_BUTTON(button), box);
	gtk_widget_add_css_class(button, "step");
	g_object_set_data(G_OBJECT(button), "screen", GINT_TO_POINTER((int)screen));
	g_signal_connect_swapped(button, "clicked", clicked, userdata);
	return button;
}
