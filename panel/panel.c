/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The window: its steps, its notices, calls to the station, and what becomes of a scanned code. An order to
 * disarm, to pause or to acknowledge a fault must never wait behind another call.
 */

#include "panel.h"

#include <string.h>

#include "keys.h"
#include "languages.h"
#include "memory.h"
#include "refusals.h"
#include "sheet.h"
#include "step-button.h"
#include "steps.h"
#include "top-bar.h"
#include "util/cleanup.h"
#include "widgets.h"

enum {
	NOTICE_S = 12,
	LARGE_WIDTH = 1200, /* from here on everything is drawn larger */
	LARGE_HEIGHT = 720,
};

struct Panel {
	PanelOptions options;
	const PanelScreens *kinds;
	GtkApplication *application;
	StationClient *client;
	GtkWindow *window;
	GtkOverlay *root;
	GtkWidget *pages;
	Sheet *sheet;
	Keys *keys;
	Screen *screens[SCREEN_MAX], *form, *fault;
	ScreenId current;
	GtkWidget *steps[SCREEN_MAX];
	TopBar *top;
	GtkWidget *away, *notice;
	GtkLabel *notice_text;
	ScreenId notice_leads_to;
	guint notice_source, rebuild_source;
	gint64 signed_session; /* the last one of who is signed in now; 0: none */
	bool scanning;         /* a scanner's code is being taken */
	bool stale;            /* the station was silent when the bar at the top was last written */
	bool faulty;           /* a fault was latched when the station last told */
	unsigned calls;        /* under way */
	unsigned generation;   /* of the station, as last seen */
	GtkCssProvider *colours;
};

/* ---- steps ---- */

bool panel_step_done(const Panel *panel, ScreenId screen)
{
	return step_is_done(panel->client, screen);
}

void panel_advance(Panel *panel)
{
	panel_show(panel, step_to_do(panel->client));
}

static void update_steps(Panel *panel)
{
	bool signed_in = panel_step_done(panel, SCREEN_SIGN_IN);
	bool open = panel_step_done(panel, SCREEN_PERSON);

	if (!signed_in ||
		(open && (gint64)stipple_session1_get_session(panel_session(panel)) != panel->signed_session))
		panel->signed_session = 0;
	for (ScreenId i = 0; i < SCREEN_MAX; i++) {
		bool usable = i == SCREEN_SIGN_IN || i == SCREEN_MORE ||
			      (signed_in && (open || i == SCREEN_PERSON)) ||
			      (i == SCREEN_FINISH && panel->signed_session);

		step_button_update(panel->steps[i], panel_step_done(panel, i), i == panel->current, usable);
	}
}

/* ---- the bar at the top ---- */

/** A state that may have changed since the station was last heard of loses its colours. */
static void update_top(Panel *panel)
{
	panel->stale = top_bar_update(panel->top);
	if (panel->stale)
		gtk_widget_add_css_class(GTK_WIDGET(panel->root), "stale");
	else
		gtk_widget_remove_css_class(GTK_WIDGET(panel->root), "stale");
}

/** Nothing changes while a station hangs, which is what has to be seen. */
static void on_pulse(void *userdata)
{
	Panel *panel = userdata;

	if (panel->window && (panel->stale || station_client_silence_s(panel->client) >= STATION_STALE_S))
		update_top(panel);
}

/* ---- what the station tells ---- */

static void update_screen(Panel *panel)
{
	Screen *screen = panel->screens[panel->current];

	if (screen->update)
		screen->update(screen);
}

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
	/* whoever signs in to acknowledge sees the sign-in page until that is done */
	if (!faulty || !panel->faulty || signed_in)
		gtk_widget_set_visible(panel->fault->widget, faulty);
	panel->faulty = faulty;
}

static void on_station_told(void *userdata)
{
	Panel *panel = userdata;
	bool present = station_client_present(panel->client);
	bool faulty = present && known_text(stipple_station1_get_fault(panel_station(panel)))[0];

	gtk_widget_set_visible(panel->away, !present);
	if (!present) {
		update_top(panel);
		return;
	}
	notice_fault(panel, faulty);
	if (panel->generation != station_client_generation(panel->client))
		notice_restart(panel);
	if (!panel_step_done(panel, SCREEN_SIGN_IN) && panel->current != SCREEN_SIGN_IN &&
		panel->current != SCREEN_MORE)
		panel_show(panel, SCREEN_SIGN_IN);
	update_top(panel);
	update_steps(panel);
	panel->fault->update(panel->fault);
	if (panel->screens[panel->current]->changed)
		panel->screens[panel->current]->changed(panel->screens[panel->current]);
	else
		update_screen(panel);
}

static void notify_alert(void *userdata, const char *alert, const char *text)
{
	g_autofree char *sentence = sentence_translate(text);

	panel_notify(userdata, sentence, SCREEN_MAX);
}

/* ---- notices ---- */

static int height_of(GtkWidget *widget, int width)
{
	int height = 0;

	gtk_widget_measure(widget, GTK_ORIENTATION_VERTICAL, width, &height, NULL, NULL, NULL);
	return height;
}

/**
 * A notice lies over the steps; what it would cover besides makes room. A sheet is full of keys and has none:
 * while one is open the notice waits.
 */
static void place_notice(Panel *panel)
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
	place_notice(panel);
	return G_SOURCE_REMOVE;
}

void panel_notify(Panel *panel, const char *text, ScreenId leads_to)
{
	gtk_label_set_text(panel->notice_text, text);
	accessible_name(panel->notice, text);
	panel->notice_leads_to = leads_to;
	g_clear_handle_id(&panel->notice_source, g_source_remove);
	panel->notice_source = g_timeout_add_seconds(NOTICE_S, hide_notice, panel);
	place_notice(panel);
}

/** What was said is of the past once somebody has gone on. */
static void drop_notice(Panel *panel)
{
	g_clear_handle_id(&panel->notice_source, g_source_remove);
	place_notice(panel);
}

static void on_notice(GtkButton *button, gpointer userdata)
{
	Panel *panel = userdata;

	drop_notice(panel);
	if (panel->notice_leads_to < SCREEN_MAX)
		panel_show(panel, panel->notice_leads_to);
}

/* ---- calls ---- */

struct PanelCall {
	Panel *panel;
	PanelRefused refused;
	void *userdata;
};

static PanelCall *begin_call(Panel *panel, PanelRefused refused, void *userdata)
{
	PanelCall *call;

	if (!station_client_present(panel->client)) {
		g_autofree char *sentence = sentence_translate(STATION_AWAY);

		panel_notify(panel, sentence, SCREEN_MAX);
		return NULL;
	}
	panel->calls++;
	gtk_widget_add_css_class(GTK_WIDGET(panel->window), "busy");
	call = g_new0(PanelCall, 1);
	call->panel = panel;
	call->refused = refused;
	call->userdata = userdata;
	return call;
}

PanelCall *panel_ask(Panel *panel, void *userdata)
{
	return panel_ask_or(panel, NULL, userdata);
}

PanelCall *panel_ask_or(Panel *panel, PanelRefused refused, void *userdata)
{
	return panel->calls ? NULL : begin_call(panel, refused, userdata);
}

PanelCall *panel_order(Panel *panel, void *userdata)
{
	return begin_call(panel, NULL, userdata);
}

static void tell_call_refused(const PanelCall *call, GError *error)
{
	g_autofree char *name = station_error_name(error), *sentence = NULL;
	const char *last = strrchr(name, '.');

	if (call->refused && last && call->refused(call->userdata, last + 1))
		return;
	sentence = sentence_translate(station_error_text(error));
	panel_notify(call->panel, sentence, refusal_screen(name));
}

void *panel_call_end(PanelCall *ended, GError *error)
{
	g_autofree PanelCall *call = ended;
	Panel *panel = call->panel;

	/* with its window, which is gone */
	if (station_error_is_cancelled(error))
		return NULL;
	if (panel->calls)
		panel->calls--;
	gtk_widget_remove_css_class(GTK_WIDGET(panel->window), "busy");
	if (error) {
		tell_call_refused(call, error);
		return NULL;
	}
	drop_notice(panel);
	return call->userdata;
}

void *panel_call_finish(GObject *source, GAsyncResult *result, PanelCall *call)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) answer = g_dbus_proxy_call_finish(G_DBUS_PROXY(source), result, &error);

	return panel_call_end(call, error);
}

void panel_call_done(GObject *source, GAsyncResult *result, gpointer call)
{
	panel_call_finish(source, result, call);
}

GCancellable *panel_calls(const Panel *panel)
{
	return station_client_calls(panel->client);
}

/* ---- what screens see ---- */

const PanelOptions *panel_options(const Panel *panel)
{
	return &panel->options;
}

Sheet *panel_sheet(const Panel *panel)
{
	return panel->sheet;
}

Screen *panel_form(const Panel *panel)
{
	return panel->form;
}

gint64 panel_signed_session(const Panel *panel)
{
	return panel->signed_session;
}

void panel_set_signed_session(Panel *panel, gint64 session)
{
	panel->signed_session = session;
}

StationClient *panel_client(const Panel *panel)
{
	return panel->client;
}

StippleStation1 *panel_station(const Panel *panel)
{
	return station_client_station(panel->client);
}

StippleSession1 *panel_session(const Panel *panel)
{
	return station_client_session(panel->client);
}

StippleInventory1 *panel_inventory(const Panel *panel)
{
	return station_client_inventory(panel->client);
}

StippleAudit1 *panel_audit(const Panel *panel)
{
	return station_client_audit(panel->client);
}

bool panel_state_is(const Panel *panel, const char *state)
{
	return g_strcmp0(stipple_session1_get_state(panel_session(panel)), state) == 0;
}

bool panel_is_armed(const Panel *panel)
{
	return panel_state_is(panel, "ready") || panel_state_is(panel, "working");
}

/* ---- screens ---- */

void panel_show(Panel *panel, ScreenId id)
{
	Screen *screen = panel->screens[id];

	panel->current = id;
	box_show_only(panel->pages, screen->widget);
	update_steps(panel);
	if (screen->shown)
		screen->shown(screen);
	update_screen(panel);
}

bool panel_shows(const Panel *panel, ScreenId screen)
{
	return panel->current == screen;
}

void panel_photograph_zone(Panel *panel, const char *zone)
{
	panel_show(panel, SCREEN_PHOTOGRAPHS);
	panel->screens[SCREEN_PHOTOGRAPHS]->choose_zone(panel->screens[SCREEN_PHOTOGRAPHS], zone);
}

static void on_step(GtkButton *button, gpointer userdata)
{
	drop_notice(userdata);
	panel_show(userdata, step_button_screen(button));
}

/* ---- keyboards and scanners ---- */

static void tell_mounted(PanelCall *call, const char *unit, GError *error)
{
	Panel *panel = panel_call_end(call, error);
	g_autofree char *text = NULL;

	if (!panel)
		return;
	text = g_strdup_printf(_("Cartridge %s is mounted and on record as used."), unit);
	panel_notify(panel, text, SCREEN_MAX);
	if (panel->current == SCREEN_CARTRIDGE &&
		known_text(stipple_session1_get_pigment(panel_session(panel)))[0])
		panel_advance(panel);
}

static void needle_mounted(GObject *source, GAsyncResult *result, gpointer call)
{
	g_autofree char *unit = NULL;
	g_autoptr(GError) error = NULL;

	stipple_session1_call_mount_needle_finish(STIPPLE_SESSION1(source), &unit, result, &error);
	tell_mounted(call, unit, error);
}

static void scanned_mounted(GObject *source, GAsyncResult *result, gpointer call)
{
	g_autofree char *unit = NULL;
	g_autoptr(GError) error = NULL;

	stipple_session1_call_mount_scanned_finish(STIPPLE_SESSION1(source), &unit, result, &error);
	tell_mounted(call, unit, error);
}

void panel_mount(Panel *panel, const char *code)
{
	StippleSession1 *session = panel_session(panel);
	PanelCall *call;

	if (panel->calls) {
		panel_notify(panel, _("The station is still busy with something else: scan the code again."),
			SCREEN_MAX);
		return;
	}
	if (panel_is_armed(panel)) {
		panel_notify(panel,
			_("The needle is armed: disarm it and take the cartridge out, then scan the new one."),
			SCREEN_WORK);
		return;
	}
	call = panel_ask(panel, panel);
	if (!call)
		return;
	if (panel->scanning)
		stipple_session1_call_mount_scanned(session, code, STATION_CALL, STATION_PATIENCE_MS,
			panel_calls(panel), scanned_mounted, call);
	else
		stipple_session1_call_mount_needle(session, code, STATION_CALL, STATION_PATIENCE_MS,
			panel_calls(panel), needle_mounted, call);
}

/**
 * What a code is for is decided by what is on top. Where it is for nothing else, it is a cartridge's, and the
 * station says why that cannot be mounted. A code changes nothing besides: no button is pressed, nothing is
 * recorded of it.
 */
static void take_code(Panel *panel, const char *code)
{
	Screen *screen = panel->screens[panel->current];

	if (!station_client_present(panel->client))
		return;
	if (sheet_is_open(panel->sheet) && !panel->form->wants_code(panel->form))
		sheet_scanned(panel->sheet, code);
	else if (gtk_widget_get_visible(panel->fault->widget))
		panel_notify(panel, _("A fault is latched: acknowledge it, then scan the code again."),
			SCREEN_MAX);
	else if (panel->form->scanned(panel->form, code) ||
		 (screen->scanned && screen->scanned(screen, code)))
		return;
	else if (panel->current == SCREEN_MORE)
		panel_notify(panel,
			_("No code is asked for here. A cartridge is scanned on the work screen."),
			SCREEN_MAX);
	else
		panel_mount(panel, code);
}

static void take_scanned_code(void *userdata, const char *code)
{
	Panel *panel = userdata;

	panel->scanning = true;
	take_code(panel, code);
	panel->scanning = false;
}

static void on_typed(void *userdata, char key)
{
	Panel *panel = userdata;
	Screen *screen = panel->screens[panel->current];

	if (sheet_is_open(panel->sheet))
		sheet_type(panel->sheet, key);
	else if (screen->typed && gtk_widget_get_visible(gtk_overlay_get_child(panel->root)))
		screen->typed(screen, key);
}

/* ---- the window ---- */

static GtkWidget *steps_new(Panel *panel)
{
	GtkWidget *bar = box_new(GTK_ORIENTATION_HORIZONTAL, 0, "steps");

	gtk_box_set_homogeneous(GTK_BOX(bar), TRUE);
	for (ScreenId i = 0; i < SCREEN_MAX; i++) {
		panel->steps[i] =
			step_button_new(i, _(panel->kinds->steps[i].title), G_CALLBACK(on_step), panel);
		gtk_box_append(GTK_BOX(bar), panel->steps[i]);
	}
	return bar;
}

/**
 * Lays a widget over the page. It is measured, too: an overlay otherwise never asks how large a child wants
 * to be, and GTK then does not lay out anew what changes within it, so that one thing lies over another.
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

/** A notice lies over all the rest but the bar at the top. */
static GtkWidget *with_notice(Panel *panel)
{
	GtkWidget *overlay = gtk_overlay_new();

	panel->notice = touch_button_new("", "notice", G_CALLBACK(on_notice), panel);
	panel->notice_text = GTK_LABEL(gtk_button_get_child(GTK_BUTTON(panel->notice)));
	/* over the steps: what is being done on the screen itself is never covered */
	gtk_widget_set_valign(panel->notice, GTK_ALIGN_END);
	gtk_widget_set_visible(panel->notice, FALSE);
	gtk_overlay_set_child(GTK_OVERLAY(overlay), GTK_WIDGET(panel->root));
	gtk_overlay_add_overlay(GTK_OVERLAY(overlay), panel->notice);
	gtk_widget_set_vexpand(overlay, TRUE);
	return overlay;
}

/** What is covered is not there for a screen reader either, and is not drawn. */
static void on_cover(GObject *widget, GParamSpec *spec, gpointer userdata)
{
	Panel *panel = userdata;

	gtk_widget_set_visible(gtk_overlay_get_child(panel->root),
		!sheet_is_open(panel->sheet) && !gtk_widget_get_visible(panel->form->widget) &&
			!gtk_widget_get_visible(panel->fault->widget) &&
			!gtk_widget_get_visible(panel->away));
	if (sheet_is_open(panel->sheet) && G_OBJECT(sheet_widget(panel->sheet)) == widget)
		drop_notice(panel);
	else
		place_notice(panel);
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
	GtkWidget *page = box_new(GTK_ORIENTATION_VERTICAL, 0, "page");

	panel->root = GTK_OVERLAY(gtk_overlay_new());
	panel->pages = box_new(GTK_ORIENTATION_VERTICAL, 0, NULL);
	gtk_widget_set_vexpand(panel->pages, TRUE);
	/* a screen never makes the window larger than the display: at worst it can be moved */
	gtk_box_append(GTK_BOX(page), scroller_new(panel->pages));
	gtk_box_append(GTK_BOX(page), steps_new(panel));
	gtk_overlay_set_child(panel->root, page);
	panel->sheet = sheet_new();
	panel->form = panel->kinds->form(panel);
	gtk_widget_set_visible(panel->form->widget, FALSE);
	for (ScreenId i = 0; i < SCREEN_MAX; i++) {
		panel->screens[i] = panel->kinds->steps[i].make(panel);
		gtk_widget_add_css_class(panel->screens[i]->widget, "screen");
		gtk_widget_set_vexpand(panel->screens[i]->widget, TRUE);
		gtk_box_append(GTK_BOX(panel->pages), panel->screens[i]->widget);
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

/** On a large display everything is larger, so that it is read from as far. */
static bool is_large(const Panel *panel)
{
	GListModel *monitors = gdk_display_get_monitors(gdk_display_get_default());
	g_autoptr(GdkMonitor) monitor = g_list_model_get_item(monitors, 0);
	GdkRectangle geometry = { .width = panel->options.width, .height = panel->options.height };

	if (!geometry.width && monitor)
		gdk_monitor_get_geometry(monitor, &geometry);
	return geometry.width >= LARGE_WIDTH && geometry.height >= LARGE_HEIGHT;
}

static void make_window(Panel *panel)
{
	GtkWidget *all = box_new(GTK_ORIENTATION_VERTICAL, 0, NULL);
	const KeysOptions keys = { .scanned = take_scanned_code, .typed = on_typed, .userdata = panel };

	panel->window = GTK_WINDOW(gtk_application_window_new(panel->application));
	gtk_window_set_title(panel->window, _("Stipple treatment station"));
	gtk_window_set_decorated(panel->window, FALSE);
	if (is_large(panel))
		gtk_widget_add_css_class(GTK_WIDGET(panel->window), "large");
	fill_window(panel);
	/* beside the overlay: whatever is over a screen, what the needle does is seen */
	panel->top = top_bar_new(panel->client);
	gtk_box_append(GTK_BOX(all), top_bar_widget(panel->top));
	gtk_box_append(GTK_BOX(all), with_notice(panel));
	gtk_window_set_child(panel->window, all);
	panel->keys = keys_new(panel->window, &keys);
	if (panel->options.width)
		gtk_window_set_default_size(panel->window, panel->options.width, panel->options.height);
	else
		gtk_window_fullscreen(panel->window);
}

/** A screen that is not up to date might ask for more room than the window has, and get it. */
static void present(Panel *panel, ScreenId screen)
{
	make_window(panel);
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
	panel->top = top_bar_free(panel->top);
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
	/* the application lives as long as it has a window */
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
	GdkDisplay *display = gdk_display_get_default();

	panel->colours = gtk_css_provider_new();
	gtk_css_provider_load_from_resource(styles, "/org/stipple/panel/style.css");
	gtk_style_context_add_provider_for_display(
		display, GTK_STYLE_PROVIDER(panel->colours), GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
	gtk_style_context_add_provider_for_display(
		display, GTK_STYLE_PROVIDER(styles), GTK_STYLE_PROVIDER_PRIORITY_APPLICATION + 1);
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
	g_free(panel);
	return NULL;
}

void panel_start(Panel *panel, GtkApplication *application)
{
	StationClientOptions options = { .bus = panel->options.bus,
		.changed = on_station_told,
		.alert = notify_alert,
		.scanned = take_scanned_code,
		.pulse = on_pulse,
		.userdata = panel };

	if (panel->window)
		return;
	panel->application = application;
	load_styles(panel);
	panel_set_dark(panel, panel->options.dark);
	panel->client = station_client_new(&options);
	present(panel, SCREEN_SIGN_IN);
}

void panel_stop(Panel *panel)
{
	g_clear_handle_id(&panel->rebuild_source, g_source_remove);
	if (panel->window)
		drop_window(panel);
	panel->client = station_client_free(panel->client);
	g_clear_object(&panel->colours);
}
