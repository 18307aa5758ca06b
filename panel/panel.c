/* SPDX-License-Identifier: Apache-2.0 */

/** Runs the panel from start to end and handles what the station reports. */

#include "panel-private.h"

#include "languages.h"
#include "memory.h"
#include "refusals.h"
#include "widgets.h"

/* ---- the bar at the top ---- */

/** Removes the colours of a state that may have changed since the station last answered. */
static void update_top(Panel *panel)
{
	panel->stale = top_bar_update(panel->top);
	style_set(GTK_WIDGET(panel->root), "stale", panel->stale);
}

/** Updates the bar while a station hangs: it reports no changes then, and that must become visible. */
static void on_pulse(void *userdata)
{
	Panel *panel = userdata;

	if (!panel->window)
		return;
	if (panel->stale || station_client_silence_s(panel->client) >= STATION_STALE_S)
		update_top(panel);
	alarm_bar_update(panel->alarms);
}

/* ---- what the station tells ---- */

static void notice_restart(Panel *panel)
{
	panel->generation = station_client_generation(panel->client);
	sheet_close(panel->sheet);
	gtk_widget_set_visible(panel->form->widget, FALSE);
	panel_notify(panel,
		stipple_session1_get_session(panel_session(panel)) > 0
			? _("The station was restarted. The needle is stopped, and the session is as it was recorded: "
			    "sign in and go on.")
			: _("The station was restarted. The needle is stopped: sign in."),
		SCREEN_SIGN_IN);
}

static void notice_fault(Panel *panel, bool faulty)
{
	bool signed_in = panel_step_done(panel, SCREEN_SIGN_IN);

	if (faulty && !panel->faulty)
		sheet_close(panel->sheet);
	/* a user who signs in to acknowledge a fault sees the sign-in page until that is done */
	if (!faulty || !panel->faulty || signed_in)
		gtk_widget_set_visible(panel->fault->widget, faulty);
	panel->faulty = faulty;
}

/** What one operator looked up is not for the next one. */
static void notice_operator(Panel *panel)
{
	const char *badge = known_text(stipple_station1_get_operator(panel_station(panel)));

	if (g_strcmp0(badge, panel->badge) == 0)
		return;
	g_free(panel->badge);
	panel->badge = g_strdup(badge);
	for (ScreenId i = 0; i < SCREEN_MAX; i++)
		if (panel->screens[i]->another_operator)
			panel->screens[i]->another_operator(panel->screens[i]);
}

static void on_station_told(void *userdata)
{
	Panel *panel = userdata;
	bool present = station_client_present(panel->client);
	bool faulty = present && known_text(stipple_station1_get_fault(panel_station(panel)))[0];

	gtk_widget_set_visible(panel->away, !present);
	alarm_bar_update(panel->alarms);
	if (!present) {
		update_top(panel);
		return;
	}
	notice_operator(panel);
	notice_fault(panel, faulty);
	if (panel->generation != station_client_generation(panel->client))
		notice_restart(panel);
	if (!panel_step_done(panel, SCREEN_SIGN_IN) && panel->current != SCREEN_SIGN_IN &&
		panel->current != SCREEN_MORE)
		panel_show(panel, SCREEN_SIGN_IN);
	update_top(panel);
	panel_update_steps(panel);
	panel->fault->update(panel->fault);
	if (panel->screens[panel->current]->changed)
		panel->screens[panel->current]->changed(panel->screens[panel->current]);
	else
		panel_update_screen(panel);
}

/* ---- alarms ---- */

/** The bar has room for the alarm's words; its sentence says what to do. */
static void notify_alert(void *userdata, const char *alert, const char *text)
{
	g_autofree char *sentence = sentence_translate(text);

	panel_notify(userdata, sentence, SCREEN_MAX);
}

static void acknowledge_alarm(void *userdata, const char *id, gint64 since_us)
{
	Panel *panel = userdata;
	PanelCall *call = panel_order(panel, NULL);

	if (call)
		stipple_station1_call_acknowledge_alarm(panel_station(panel), id, (guint64)since_us,
			PANEL_CALL(panel), panel_call_done, call);
}

void panel_test_sound(Panel *panel)
{
	alarm_bar_test_sound(panel->alarms);
}

static void on_sound_test(void *userdata)
{
	panel_test_sound(userdata);
}

/* ---- from start to end ---- */

/**
 * Updates a screen before it is shown: with old contents it could ask for more room than the window has, and
 * get it.
 */
static void present(Panel *panel, ScreenId screen)
{
	panel_make_window(panel);
	panel_show(panel, screen);
	gtk_window_present(panel->window);
}

static void screen_free(Screen **screen)
{
	if ((*screen)->forget)
		(*screen)->forget(*screen);
	g_clear_pointer(screen, g_free);
}

static void drop_window(Panel *panel)
{
	GtkWindow *window = panel->window;

	station_client_cancel(panel->client);
	panel->calls = 0;
	g_clear_handle_id(&panel->notice_source, g_source_remove);
	panel->window = NULL;
	panel->keys = keys_free(panel->keys);
	alarm_bar_drop_widget(panel->alarms);
	panel->top = NULL;
	gtk_window_destroy(window);
	for (ScreenId i = 0; i < SCREEN_MAX; i++)
		screen_free(&panel->screens[i]);
	screen_free(&panel->form);
	screen_free(&panel->fault);
	panel->sheet = sheet_free(panel->sheet);
}

static gboolean rebuild(void *userdata)
{
	Panel *panel = userdata;

	panel->rebuild_source = 0;
	/* the application runs as long as it has a window */
	g_application_hold(G_APPLICATION(panel->application));
	drop_window(panel);
	present(panel, panel->current);
	on_station_told(panel);
	g_application_release(G_APPLICATION(panel->application));
	return G_SOURCE_REMOVE;
}

void panel_rebuild(Panel *panel)
{
	if (!panel->rebuild_source)
		panel->rebuild_source = g_idle_add(rebuild, panel);
}

void panel_set_language(Panel *panel, const char *language)
{
	language_use(language);
	memory_set("language", language);
	panel_rebuild(panel);
}

void panel_set_dark(Panel *panel, bool dark)
{
	panel->options.dark = dark;
	g_object_set(gtk_settings_get_default(), "gtk-application-prefer-dark-theme", (gboolean)dark, NULL);
	gtk_css_provider_load_from_resource(
		panel->colours, dark ? "/org/stipple/panel/dark.css" : "/org/stipple/panel/light.css");
}

static void load_styles(Panel *panel)
{
	g_autoptr(GtkCssProvider) styles = gtk_css_provider_new();
	g_autoptr(GtkCssProvider) alarms = gtk_css_provider_new();
	GdkDisplay *display = gdk_display_get_default();

	panel->colours = gtk_css_provider_new();
	gtk_css_provider_load_from_resource(alarms, "/org/stipple/panel/alarms.css");
	gtk_css_provider_load_from_resource(styles, "/org/stipple/panel/style.css");
	gtk_style_context_add_provider_for_display(
		display, GTK_STYLE_PROVIDER(panel->colours), GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
	gtk_style_context_add_provider_for_display(
		display, GTK_STYLE_PROVIDER(styles), GTK_STYLE_PROVIDER_PRIORITY_APPLICATION + 1);
	/* last: what an alarm is like is nobody else's */
	gtk_style_context_add_provider_for_display(
		display, GTK_STYLE_PROVIDER(alarms), GTK_STYLE_PROVIDER_PRIORITY_APPLICATION + 2);
}

Panel *panel_new(const PanelOptions *options, const PanelScreens *screens)
{
	Panel *panel = g_new0(Panel, 1);

	panel->options = *options;
	panel->kinds = screens;
	return panel;
}

Panel *panel_free(Panel *panel)
{
	g_free(panel->badge);
	g_free(panel);
	return NULL;
}

void panel_start(Panel *panel, GtkApplication *application)
{
	StationClientOptions options = { .bus = panel->options.bus,
		.changed = on_station_told,
		.alert = notify_alert,
		.sound_test = on_sound_test,
		.scanned = panel_take_code,
		.pulse = on_pulse,
		.userdata = panel };

	if (panel->window)
		return;
	panel->application = application;
	load_styles(panel);
	panel_set_dark(panel, panel->options.dark);
	panel->client = station_client_new(&options);
	panel->alarms = alarm_bar_new(&(AlarmBarOptions){ .client = panel->client,
		.sounds = panel->options.sounds,
		.acknowledge = acknowledge_alarm,
		.userdata = panel });
	present(panel, SCREEN_SIGN_IN);
}

void panel_stop(Panel *panel)
{
	g_clear_handle_id(&panel->rebuild_source, g_source_remove);
	if (panel->window)
		drop_window(panel);
	panel->alarms = alarm_bar_free(panel->alarms);
	panel->client = station_client_free(panel->client);
	g_clear_object(&panel->colours);
}
