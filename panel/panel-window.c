/* SPDX-License-Identifier: Apache-2.0 */

/** Builds the window: the bar at the top, the steps, the screens, and the widgets that lie over them. */

#include "panel-private.h"

#include "step-button.h"
#include "util/cleanup.h"
#include "widgets.h"

enum {
	LARGE_WIDTH = 1200, /* from this size on, everything is drawn larger */
	LARGE_HEIGHT = 720,
};

static GtkWidget *steps_new(Panel *panel)
{
	GtkWidget *bar = evenly(row_new(0, "steps", NULL));

	for (ScreenId i = 0; i < SCREEN_MAX; i++) {
		panel->steps[i] =
			step_button_new(i, _(panel->kinds->steps[i].title), G_CALLBACK(panel_on_step), panel);
		box_add(bar, panel->steps[i], NULL);
	}
	return bar;
}

/**
 * Lays a widget over the page. Its size is measured, too: otherwise the overlay never asks for the child's
 * size, GTK does not redo its layout when its contents change, and widgets overlap.
 */
static void add_cover(Panel *panel, GtkWidget *widget)
{
	gtk_overlay_add_overlay(panel->root, widget);
	gtk_overlay_set_measure_overlay(panel->root, widget, TRUE);
}

static void add_away(Panel *panel)
{
	GtkWidget *text = text_new(
		_("The station does not answer.\nIts board stops the needle by itself; if it runs, press the "
		  "emergency stop. This page goes away when the station is back."),
		"heading");

	gtk_label_set_justify(GTK_LABEL(text), GTK_JUSTIFY_CENTER);
	gtk_label_set_xalign(GTK_LABEL(text), 0.5F);
	panel->away = scroller_new(text);
	gtk_widget_add_css_class(panel->away, "away");
	add_cover(panel, panel->away);
}

/** A notice lies over everything except the bar at the top. */
static GtkWidget *with_notice(Panel *panel)
{
	GtkWidget *overlay = gtk_overlay_new();

	panel->notice = touch_button_new("", "notice", G_CALLBACK(panel_on_notice), panel);
	panel->notice_text = GTK_LABEL(gtk_button_get_child(GTK_BUTTON(panel->notice)));
	/* over the steps, so that it never covers what is being done on the screen */
	gtk_widget_set_valign(panel->notice, GTK_ALIGN_END);
	gtk_widget_set_visible(panel->notice, FALSE);
	gtk_overlay_set_child(GTK_OVERLAY(overlay), GTK_WIDGET(panel->root));
	gtk_overlay_add_overlay(GTK_OVERLAY(overlay), panel->notice);
	return tall(overlay);
}

/** Beside an alarm, the bar at the top says what the needle does, and no more. A sheet leaves room for one
 * line. */
static void fit_top(Panel *panel)
{
	bool narrow = sheet_is_open(panel->sheet);

	alarm_bar_set_narrow(panel->alarms, narrow);
	if (panel->top)
		top_bar_set_compact(panel->top, alarm_bar_is_shown(panel->alarms), narrow);
}

/** Hides what is covered from screen readers, and does not draw it. */
static void on_cover(GObject *widget, GParamSpec *spec, gpointer userdata)
{
	Panel *panel = userdata;

	gtk_widget_set_visible(gtk_overlay_get_child(panel->root),
		!sheet_is_open(panel->sheet) && !gtk_widget_get_visible(panel->form->widget) &&
			!gtk_widget_get_visible(panel->fault->widget) &&
			!gtk_widget_get_visible(panel->away));
	fit_top(panel);
	if (sheet_is_open(panel->sheet) && G_OBJECT(sheet_widget(panel->sheet)) == widget)
		panel_drop_notice(panel);
	else
		panel_place_notice(panel);
}

static void watch_covers(Panel *panel)
{
	GtkWidget *const covers[] = { sheet_widget(panel->sheet), panel->form->widget, panel->fault->widget,
		panel->away };

	for (size_t i = 0; i < ELEMENTS(covers); i++)
		g_signal_connect(covers[i], "notify::visible", G_CALLBACK(on_cover), panel);
}

static void fill_window(Panel *panel)
{
	panel->root = GTK_OVERLAY(gtk_overlay_new());
	panel->pages = tall(column_new(0, NULL, NULL));
	/* a screen never makes the window larger than the display; if it is too large it can be scrolled */
	gtk_overlay_set_child(
		panel->root, column_new(0, "page", scroller_new(panel->pages), steps_new(panel), NULL));
	panel->sheet = sheet_new();
	panel->form = panel->kinds->form(panel);
	gtk_widget_set_visible(panel->form->widget, FALSE);
	for (ScreenId i = 0; i < SCREEN_MAX; i++) {
		panel->screens[i] = panel->kinds->steps[i].make(panel);
		gtk_widget_add_css_class(panel->screens[i]->widget, "screen");
		box_add(panel->pages, tall(panel->screens[i]->widget), NULL);
	}
	panel->fault = panel->kinds->fault(panel);
	gtk_widget_set_visible(panel->fault->widget, FALSE);
	panel->faulty = false;
	add_cover(panel, panel->form->widget);
	add_cover(panel, panel->fault->widget);
	add_cover(panel, sheet_widget(panel->sheet));
	add_away(panel);
	watch_covers(panel);
}

static void on_alarm_shown(GObject *widget, GParamSpec *spec, gpointer userdata)
{
	fit_top(userdata);
}

/** The state of the needle, and the alarm, at the top of everything. */
static GtkWidget *top_new(Panel *panel)
{
	GtkWidget *alarm = alarm_bar_widget_new(panel->alarms);

	panel->top = top_bar_new(panel->client);
	g_signal_connect(alarm, "notify::visible", G_CALLBACK(on_alarm_shown), panel);
	return row_new(0, NULL, wide(top_bar_widget(panel->top)), alarm, NULL);
}

/** A large display is read from farther away, so everything is drawn larger. */
static bool is_large(const Panel *panel)
{
	GListModel *monitors = gdk_display_get_monitors(gdk_display_get_default());
	g_autoptr(GdkMonitor) monitor = g_list_model_get_item(monitors, 0);
	GdkRectangle geometry = { .width = panel->options.width, .height = panel->options.height };

	if (!geometry.width && monitor)
		gdk_monitor_get_geometry(monitor, &geometry);
	return geometry.width >= LARGE_WIDTH && geometry.height >= LARGE_HEIGHT;
}

void panel_make_window(Panel *panel)
{
	const KeysOptions keys = { .scanned = panel_take_code, .typed = panel_on_typed, .userdata = panel };

	panel->window = GTK_WINDOW(gtk_application_window_new(panel->application));
	gtk_window_set_title(panel->window, _("Stipple treatment station"));
	gtk_window_set_decorated(panel->window, FALSE);
	if (is_large(panel))
		gtk_widget_add_css_class(GTK_WIDGET(panel->window), "large");
	fill_window(panel);
	/* beside the overlay, so that state and alarms are visible whatever lies over a screen */
	gtk_window_set_child(panel->window, column_new(0, NULL, top_new(panel), with_notice(panel), NULL));
	panel->keys = keys_new(panel->window, &keys);
	if (panel->options.width)
		gtk_window_set_default_size(panel->window, panel->options.width, panel->options.height);
	else
		gtk_window_fullscreen(panel->window);
}
