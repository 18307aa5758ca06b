/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The screen More: everything beside a session. A list of parts is at the left, the chosen part at the
 * right. It only shows the parts; each part does its own work.
 */

#include "panel.h"
#include "util/cleanup.h"
#include "widgets.h"

static const struct {
	const char *title;
	Screen *(*make)(Panel *panel);
} parts[] = {
	{ N_("Station"), part_station_new },
	{ N_("History"), part_history_new },
	{ N_("Records"), part_records_new },
	{ N_("Audit"), part_audit_new },
};

typedef struct More {
	Screen screen;
	GtkWidget *pages;
	Screen *parts[ELEMENTS(parts)];
	size_t current;
} More;

static void show_part(More *page)
{
	Screen *part = page->parts[page->current];

	box_show_only(page->pages, part->widget);
	if (part->shown)
		part->shown(part);
	if (part->update)
		part->update(part);
}

static void on_part(More *page, GtkToggleButton *button)
{
	if (!gtk_toggle_button_get_active(button))
		return;
	page->current = GPOINTER_TO_SIZE(g_object_get_data(G_OBJECT(button), "part"));
	show_part(page);
}

static void show_current_part(Screen *screen)
{
	if (station_client_present(panel_client(screen->panel)))
		show_part((More *)screen);
}

static void update_current_part(Screen *screen)
{
	More *page = (More *)screen;
	Screen *part = page->parts[page->current];

	if (part->update)
		part->update(part);
}

static bool scan_into_part(Screen *screen, const char *code)
{
	More *page = (More *)screen;
	Screen *part = page->parts[page->current];

	return part->scanned && part->scanned(part, code);
}

static void forget_parts(Screen *screen)
{
	More *page = (More *)screen;

	for (size_t i = 0; i < ELEMENTS(parts); i++) {
		if (page->parts[i]->forget)
			page->parts[i]->forget(page->parts[i]);
		g_free(page->parts[i]);
	}
}

Screen *screen_more_new(Panel *panel)
{
	More *page = g_new0(More, 1);
	GtkWidget *side = column_new(6, NULL, NULL);
	GtkWidget *list = scroller_new(side);

	page->screen = (Screen){ .panel = panel,
		.update = update_current_part,
		.shown = show_current_part,
		.scanned = scan_into_part,
		.forget = forget_parts };
	page->pages = wide(column_new(0, NULL, NULL));
	for (size_t i = 0; i < ELEMENTS(parts); i++) {
		GtkWidget *choice =
			touch_choice_new(_(parts[i].title), gtk_widget_get_first_child(side), NULL, NULL);

		page->parts[i] = parts[i].make(panel);
		gtk_widget_set_visible(page->parts[i]->widget, i == 0);
		box_add(page->pages, tall(page->parts[i]->widget), NULL);
		g_object_set_data(G_OBJECT(choice), "part", GSIZE_TO_POINTER(i));
		box_add(side, choice, NULL);
		gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(choice), i == 0);
		g_signal_connect_swapped(choice, "toggled", G_CALLBACK(on_part), page);
	}
	gtk_widget_set_hexpand(list, FALSE);
	gtk_widget_set_size_request(list, 170, -1);
	page->screen.widget = row_new(12, NULL, list, page->pages, NULL);
	return &page->screen;
}
