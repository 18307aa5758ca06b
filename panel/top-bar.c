/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The bar at the top. It must not show a state as certain that may have changed since the station last
 * answered.
 */

#include "top-bar.h"

#include <glib/gi18n.h>
#include <string.h>

#include "alarm-bar.h"
#include "util/cleanup.h"
#include "widgets.h"

enum { STATE_CHARS = 18 }; /* in a line of the state, beside an alarm */

struct TopBar {
	const StationClient *client;
	GtkWidget *widget;
	GtkLabel *place, *state, *operator_name;
};

/** Sets the classes anew, but keeps how large the bar is. */
static void show_colours(TopBar *bar, const char *const *classes)
{
	bool compact = gtk_widget_has_css_class(bar->widget, "compact");

	gtk_widget_set_css_classes(bar->widget, (const char **)classes);
	style_set(bar->widget, "compact", compact);
}

static const char *state_text(const char *state)
{
	static const struct {
		const char *state, *text;
	} table[] = {
		{ "idle", N_("NO SESSION") },
		{ "preparing", N_("NOT ARMED") },
		{ "ready", N_("ARMED · pedal starts the needle") },
		{ "working", N_("NEEDLE RUNNING") },
		{ "paused", N_("BREAK") },
		{ "closing", N_("FINISHING") },
		{ "fault", N_("STOPPED · FAULT") },
	};

	for (size_t i = 0; i < ELEMENTS(table); i++)
		if (strcmp(table[i].state, state) == 0)
			return _(table[i].text);
	return state;
}

static void show_silence(TopBar *bar, const char *state, unsigned silent_s)
{
	const char *classes[] = { "bar", "state-stale", NULL };
	bool armed = strcmp(state, "ready") == 0 || strcmp(state, "working") == 0;
	g_autofree char *text = g_strdup_printf(
		armed ? _("NO ANSWER FOR %u s · the needle may run") : _("NO ANSWER FOR %u s"), silent_s);

	gtk_label_set_text(bar->state, text);
	show_colours(bar, classes);
}

static void show_absence(TopBar *bar)
{
	const char *classes[] = { "bar", NULL };

	gtk_label_set_text(bar->place, "");
	gtk_label_set_text(bar->state, _("NO STATION"));
	gtk_label_set_text(bar->operator_name, "");
	show_colours(bar, classes);
}

static void show_place(TopBar *bar)
{
	StippleStation1 *station = station_client_station(bar->client);
	StippleSession1 *session = station_client_session(bar->client);
	guint64 number = stipple_session1_get_session(session);
	const char *name = known_text(stipple_station1_get_operator_name(station));
	g_autofree char *place =
		number ? g_strdup_printf(_("Session %d · %s"), (int)number,
				 known_text(stipple_session1_get_subject(session)))
		       : g_strdup_printf("%s · %s", known_text(stipple_station1_get_clinic(station)),
				 known_text(stipple_station1_get_station(station)));

	gtk_label_set_text(bar->place, place);
	gtk_label_set_text(bar->operator_name, name[0] ? name : _("nobody signed in"));
}

bool top_bar_update(TopBar *bar)
{
	StippleSession1 *session = station_client_session(bar->client);
	const char *state = known_text(stipple_session1_get_state(session));
	bool faulty = strcmp(state, "fault") == 0;
	g_autofree char *style =
		faulty ? g_strdup(alarm_style(alarm_of_latched_fault(station_client_station(bar->client))))
		       : g_strdup_printf("state-%s", state);
	const char *classes[] = { "bar", style, NULL };
	unsigned silent_s = station_client_silence_s(bar->client);

	if (!station_client_present(bar->client)) {
		show_absence(bar);
		return false;
	}
	show_place(bar);
	if (silent_s >= STATION_STALE_S) {
		show_silence(bar, state, silent_s);
		return true;
	}
	gtk_label_set_text(
		bar->state, strcmp(state, "paused") == 0 && stipple_session1_get_stopped_at(session) > 0
				    ? _("INTERRUPTED")
				    : state_text(state));
	show_colours(bar, classes);
	return false;
}

TopBar *top_bar_new(const StationClient *client)
{
	TopBar *bar = g_new0(TopBar, 1);

	bar->client = client;
	bar->place = GTK_LABEL(wide(gtk_label_new(NULL)));
	bar->state = GTK_LABEL(gtk_label_new(NULL));
	bar->operator_name = GTK_LABEL(wide(gtk_label_new(NULL)));
	gtk_label_set_ellipsize(bar->place, PANGO_ELLIPSIZE_END);
	gtk_label_set_ellipsize(bar->operator_name, PANGO_ELLIPSIZE_END);
	gtk_label_set_xalign(bar->place, 0);
	gtk_label_set_xalign(bar->operator_name, 1);
	gtk_widget_add_css_class(GTK_WIDGET(bar->state), "state");
	bar->widget = row_new(12, "bar", bar->place, bar->state, bar->operator_name, NULL);
	g_object_set_data_full(G_OBJECT(bar->widget), "bar", bar, g_free);
	return bar;
}

void top_bar_set_compact(TopBar *bar, bool compact, bool narrow)
{
	bool wraps = compact && !narrow;

	gtk_widget_set_visible(GTK_WIDGET(bar->place), !compact);
	gtk_widget_set_visible(GTK_WIDGET(bar->operator_name), !compact);
	gtk_label_set_wrap(bar->state, wraps);
	gtk_label_set_max_width_chars(bar->state, wraps ? STATE_CHARS : -1);
	style_set(bar->widget, "compact", compact);
}

GtkWidget *top_bar_widget(const TopBar *bar)
{
	return bar->widget;
}
