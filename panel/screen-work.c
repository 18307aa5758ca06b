/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The screen Work: the treatment itself. It cannot start the needle: arming only lets the pedal do that.
 * While interlocks prevent arming, each reason is a button that leads to where it is put right.
 */

#include <string.h>

#include "alarm/alarm.h"
#include "form.h"
#include "panel.h"
#include "refusals.h"
#include "scalp.h"
#include "sheet.h"
#include "util/cleanup.h"
#include "widgets.h"
#include "work-view.h"

enum { ASK_EVERY_S = 2 };

typedef struct Work {
	Screen screen;
	WorkView *view;
	GtkWidget *pages, *refusals, *list, *arm, *pause, *write, *finish;
	GVariant *known; /* the refusals that were last reported */
	guint tick_source, ticks;
	bool asking, ask_again;
	/*
	 * the station reports its times only together with other changes; between two reports they are
	 * counted here
	 */
	gint64 session, elapsed_s, break_in_s, times_us;
} Work;

/* ---- what prevents arming ---- */

/** The session is paused because the station stopped. */
static bool session_waits(const Panel *panel)
{
	return stipple_session1_get_stopped_at(panel_session(panel)) > 0;
}

static bool is_open(const Work *page)
{
	const Panel *panel = page->screen.panel;

	return panel_state_is(panel, "preparing") || panel_state_is(panel, "idle") || session_waits(panel);
}

static void on_refusal(Work *page, GtkButton *button)
{
	panel_show(
		page->screen.panel, (ScreenId)GPOINTER_TO_INT(g_object_get_data(G_OBJECT(button), "screen")));
}

static void add_refusal(Work *page, const char *interlock, const char *sentence, const char *error)
{
	g_autofree char *text = sentence_translate(sentence);
	ScreenId leads_to = refusal_screen(error);
	const AlarmCause *cause = alarm_cause("interlock", interlock);
	bool informs = cause && cause->priority == ALARM_INFORMATION;
	GtkWidget *button =
		touch_button_new(text, informs ? "step-to-do" : "refusal", G_CALLBACK(on_refusal), page);

	gtk_label_set_xalign(GTK_LABEL(gtk_button_get_child(GTK_BUTTON(button))), 0);
	gtk_label_set_justify(GTK_LABEL(gtk_button_get_child(GTK_BUTTON(button))), GTK_JUSTIFY_LEFT);
	g_object_set_data(G_OBJECT(button), "screen",
		GINT_TO_POINTER((int)(leads_to == SCREEN_MAX ? SCREEN_WORK : leads_to)));
	box_add(page->refusals, button, NULL);
}

static void list_refusals(Work *page, GVariant *refusals)
{
	const char *interlock, *sentence, *error;
	GVariantIter iter;

	if (page->known && g_variant_equal(page->known, refusals))
		return;
	g_clear_pointer(&page->known, g_variant_unref);
	page->known = g_variant_ref(refusals);
	box_clear(page->refusals);
	g_variant_iter_init(&iter, refusals);
	while (g_variant_iter_next(&iter, "(&s&s&s)", &interlock, &sentence, &error))
		add_refusal(page, interlock, sentence, error);
}

static void ask_refusals(Work *page);

static void arming_refusals_came(GObject *source, GAsyncResult *result, gpointer userdata)
{
	Work *page = userdata;
	g_autoptr(GVariant) refusals = NULL;
	g_autoptr(GError) error = NULL;
	bool again;

	stipple_session1_call_refusals_finish(STIPPLE_SESSION1(source), &refusals, result, &error);
	if (station_error_is_cancelled(error))
		return;
	again = page->ask_again;
	page->asking = page->ask_again = false;
	if (!refusals)
		return;
	list_refusals(page, refusals);
	page->screen.update(&page->screen);
	if (again)
		ask_refusals(page);
}

static void ask_refusals(Work *page)
{
	Panel *panel = page->screen.panel;

	if (!station_client_present(panel_client(panel)) || !is_open(page))
		return;
	if (page->asking) {
		page->ask_again = true;
		return;
	}
	page->asking = true;
	stipple_session1_call_refusals(panel_session(panel), PANEL_CALL(panel), arming_refusals_came, page);
}

/* ---- buttons ---- */

static void on_arm(Panel *panel)
{
	bool armed = panel_is_armed(panel);
	PanelCall *call = armed ? panel_order(panel, NULL) : panel_ask(panel, NULL);

	if (call)
		(armed ? stipple_session1_call_disarm : stipple_session1_call_arm)(
			panel_session(panel), PANEL_CALL(panel), panel_call_done, call);
}

static void resume(Panel *panel)
{
	PanelCall *call = panel_ask(panel, NULL);

	if (call)
		stipple_session1_call_resume(panel_session(panel), PANEL_CALL(panel), panel_call_done, call);
}

static void resume_after_stop(void *userdata, const char *choice)
{
	resume(((Work *)userdata)->screen.panel);
}

/** Records that the person who continues after the station stopped has seen that it stopped. */
static void ask_to_go_on(Work *page)
{
	static const char *const choices[] = { N_("The session goes on"), NULL };
	StippleSession1 *session = panel_session(page->screen.panel);
	guint lacking_ms = stipple_session1_get_lacking_ms(session);
	g_autoptr(GDateTime) stopped =
		g_date_time_new_from_unix_local(stipple_session1_get_stopped_at(session) / G_USEC_PER_SEC);
	g_autofree char *time = stopped ? g_date_time_format(stopped, "%F %T") : g_strdup("?");
	g_autofree char *text =
		lacking_ms > 0
			? g_strdup_printf(
				  _("The station stopped in this session after %s. Strokes of up to %.1f s are not on "
				    "record. Look at the cartridge: it must be the one that was mounted."),
				  time, (double)lacking_ms / 1000)
			: g_strdup_printf(_("The station stopped in this session after %s. Look at the "
					    "cartridge: it must be the one that was mounted."),
				  time);

	sheet_choose(panel_sheet(page->screen.panel), text, choices, false, resume_after_stop, page);
}

static void pause_session(Panel *panel)
{
	PanelCall *call = panel_order(panel, NULL);

	if (call)
		stipple_session1_call_pause(panel_session(panel), PANEL_CALL(panel), panel_call_done, call);
}

static void on_break(Work *page)
{
	Panel *panel = page->screen.panel;

	if (!panel_state_is(panel, "paused"))
		pause_session(panel);
	else if (session_waits(panel))
		ask_to_go_on(page);
	else
		resume(panel);
}

/* what is written down while somebody is in the chair */
static const struct {
	const char *title, *kind;
} written[] = {
	{ N_("A note"), "note.written" },
	{ N_("An anaesthetic"), "anaesthetic.applied" },
};

static void write_down(void *userdata, const char *choice)
{
	Work *page = userdata;

	for (size_t i = 0; i < ELEMENTS(written); i++)
		if (strcmp(written[i].title, choice) == 0)
			form_open_kind(page->screen.panel, FORM_AT_SESSION, written[i].kind);
}

static void on_write(Work *page)
{
	const char *choices[ELEMENTS(written) + 1] = { 0 };

	for (size_t i = 0; i < ELEMENTS(written); i++)
		choices[i] = written[i].title;
	sheet_choose(panel_sheet(page->screen.panel), _("What is to be written down?"), choices, false,
		write_down, page);
}

static void finished(GObject *source, GAsyncResult *result, gpointer call)
{
	Work *page = panel_call_finish(source, result, call);

	if (page)
		panel_show(page->screen.panel, SCREEN_FINISH);
}

static void finish_treatment(void *userdata, const char *choice)
{
	Work *page = userdata;
	Panel *panel = page->screen.panel;
	PanelCall *call = panel_ask(panel, page);

	if (call)
		stipple_session1_call_finish(panel_session(panel), PANEL_CALL(panel), finished, call);
}

static void on_finish(Work *page)
{
	static const char *const choices[] = { N_("The treatment is over"), NULL };

	if (panel_state_is(page->screen.panel, "closing"))
		panel_show(page->screen.panel, SCREEN_FINISH);
	else
		sheet_choose(panel_sheet(page->screen.panel), _("No more dots are made in this session."),
			choices, false, finish_treatment, page);
}

/* ---- showing ---- */

static void advance_times(Work *page, WorkFigures *figures)
{
	StippleSession1 *station = panel_session(page->screen.panel);
	gint64 session = (gint64)stipple_session1_get_session(station);
	gint64 elapsed = stipple_session1_get_elapsed(station);
	gint64 break_in = stipple_session1_get_break_in(station);
	gint64 since;

	if (session != page->session || elapsed != page->elapsed_s || break_in != page->break_in_s) {
		page->session = session;
		page->elapsed_s = elapsed;
		page->break_in_s = break_in;
		page->times_us = figures->now_us;
	}
	since = session ? (figures->now_us - page->times_us) / G_USEC_PER_SEC : 0;
	figures->elapsed_s = elapsed + since;
	figures->break_in_s = break_in - since;
}

/** The name, or the badge of somebody who has not signed in since the station started. */
static const char *practitioner(const Panel *panel)
{
	StippleSession1 *session = panel_session(panel);
	const char *name = known_text(stipple_session1_get_practitioner_name(session));

	return name[0] ? name : known_text(stipple_session1_get_practitioner(session));
}

/** The zone and who works there; that arming hands the session over is said before it does. */
static char *describe_place(const Panel *panel)
{
	StippleStation1 *station = panel_station(panel);
	StippleSession1 *session = panel_session(panel);
	const char *zone = known_text(stipple_session1_get_zone(session));
	const char *badge = known_text(stipple_station1_get_operator(station));

	if (!zone[0])
		return g_strdup("");
	if (!badge[0] || strcmp(badge, known_text(stipple_session1_get_practitioner(session))) == 0)
		return g_strdup_printf("%s · %s", zone_title(zone), practitioner(panel));
	return g_strdup_printf(_("%s · %s takes over from %s when armed"), zone_title(zone),
		known_text(stipple_station1_get_operator_name(station)), practitioner(panel));
}

/** `place` is borrowed. */
static WorkFigures read_figures(Work *page, const char *place)
{
	Panel *panel = page->screen.panel;
	StippleStation1 *station = panel_station(panel);
	StippleSession1 *session = panel_session(panel);
	WorkFigures figures = {
		.place = place,
		.depth = { stipple_session1_get_last_depth_um(session),
			stipple_session1_get_depth_min_um(session),
			stipple_session1_get_depth_max_um(session),
			stipple_session1_get_depth_limit_um(session) },
		.angle_deg = stipple_session1_get_last_angle_deg(session),
		.angle_min_deg = stipple_session1_get_angle_min_deg(session),
		.angle_max_deg = stipple_session1_get_angle_max_deg(session),
		.resistance_mn = stipple_session1_get_last_resistance_mn(session),
		.force_warn_mn = stipple_session1_get_force_warn_mn(session),
		.force_limit_mn = stipple_session1_get_force_limit_mn(session),
		.dots = (gint64)stipple_session1_get_dots(session),
		.needle_strokes = (gint64)stipple_session1_get_needle_strokes(session),
		.before = stipple_session1_get_density_before(session),
		.density = stipple_session1_get_density(session),
		.target = stipple_session1_get_target_density(session),
		.dwell_ms = stipple_session1_get_dwell_mean_ms(session),
		.outside_share = stipple_session1_get_outside_share(session),
		.dwell_plan_ms = stipple_session1_get_dwell_ms(session),
		.working = panel_state_is(panel, "working"),
		.pedal = stipple_station1_get_pedal(station),
		.emergency_stop = stipple_station1_get_emergency_stop(station),
		.now_us = g_get_monotonic_time(),
	};

	advance_times(page, &figures);
	return figures;
}

static void set_button(GtkWidget *button, const char *text, const char *style, bool usable)
{
	const char *classes[] = { "touch", style, NULL };

	if (strcmp(gtk_label_get_text(GTK_LABEL(gtk_button_get_child(GTK_BUTTON(button)))), text) != 0) {
		touch_button_set_text(button, text);
		gtk_widget_set_css_classes(button, classes);
	}
	gtk_widget_set_sensitive(button, usable);
}

static void update_buttons(Work *page, bool clear)
{
	Panel *panel = page->screen.panel;
	bool armed = panel_is_armed(panel), working = panel_state_is(panel, "working");
	bool paused = panel_state_is(panel, "paused"), closing = panel_state_is(panel, "closing");

	set_button(page->arm, armed ? _("Disarm") : _("Arm"), armed ? "danger" : "primary", armed || clear);
	set_button(page->pause,
		!paused                ? _("Break")
		: session_waits(panel) ? _("Go on…")
				       : _("End the break"),
		paused ? "primary" : NULL, !working && !closing);
	set_button(page->write, _("Write…"), NULL, !working);
	set_button(page->finish, _("Finish…"), NULL, !working);
}

static void update_work(Screen *screen)
{
	Work *page = (Work *)screen;
	bool open = is_open(page), clear = open && page->known && g_variant_n_children(page->known) == 0;
	g_autofree char *place = describe_place(screen->panel);
	WorkFigures figures = read_figures(page, place);

	update_buttons(page, clear);
	work_view_update(page->view, &figures);
	box_show_only(page->pages, open && !clear ? page->list : work_view_widget(page->view));
}

static gboolean tick(gpointer userdata)
{
	Work *page = userdata;
	Panel *panel = page->screen.panel;

	if (!panel_shows(panel, SCREEN_WORK)) {
		page->tick_source = 0;
		return G_SOURCE_REMOVE;
	}
	if (!station_client_present(panel_client(panel)))
		return G_SOURCE_CONTINUE;
	/* disk, clock and intervals change without a signal */
	if (++page->ticks % ASK_EVERY_S == 0)
		ask_refusals(page);
	update_work(&page->screen);
	return G_SOURCE_CONTINUE;
}

static void on_station_changed(Screen *screen)
{
	update_work(screen);
	ask_refusals((Work *)screen);
}

static void watch_work(Screen *screen)
{
	Work *page = (Work *)screen;

	if (!page->tick_source)
		page->tick_source = g_timeout_add_seconds(1, tick, page);
	ask_refusals(page);
}

static void forget_work(Screen *screen)
{
	Work *page = (Work *)screen;

	g_clear_handle_id(&page->tick_source, g_source_remove);
	g_clear_pointer(&page->known, g_variant_unref);
	page->view = work_view_free(page->view);
}

static GtkWidget *buttons_new(Work *page)
{
	GtkWidget *box;

	page->arm = tall(touch_button_new(_("Arm"), "primary", G_CALLBACK(on_arm), page->screen.panel));
	page->pause = touch_button_new(_("Break"), NULL, G_CALLBACK(on_break), page);
	page->write = touch_button_new(_("Write…"), NULL, G_CALLBACK(on_write), page);
	page->finish = touch_button_new(_("Finish…"), NULL, G_CALLBACK(on_finish), page);
	box = column_new(8, NULL, page->arm, page->pause, page->write, page->finish, NULL);
	gtk_widget_set_size_request(box, 124, -1);
	return box;
}

Screen *screen_work_new(Panel *panel)
{
	Work *page = g_new0(Work, 1);

	page->screen = (Screen){ .panel = panel,
		.update = update_work,
		.changed = on_station_changed,
		.shown = watch_work,
		.forget = forget_work };
	page->view = work_view_new();
	page->refusals = column_new(8, NULL, NULL);
	page->list = column_new(8, NULL, text_new(_("Before the needle can be armed:"), "heading"),
		scroller_new(page->refusals), NULL);
	page->pages = wide(column_new(0, NULL, page->list, tall(work_view_widget(page->view)), NULL));
	page->screen.widget = row_new(8, NULL, page->pages, buttons_new(page), NULL);
	return &page->screen;
}
