/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Shows the highest alarm that nobody has acknowledged, flashes it as the table of alarms says, and has it
 * sound. It must not acknowledge anything by itself. Without a sound it says so.
 */

#include "alarm-bar.h"

#include <glib/gi18n.h>
#include <string.h>

#include "alarm-list.h"
#include "refusals.h"
#include "sounder.h"
#include "widgets.h"

enum { LEAST_CHARS = 12, SECOND_MS = 1000, FLASH_STEP_MS = 50, AGAIN_S = 5 };

struct AlarmBar {
	AlarmBarOptions options;
	Sounder *sounder;
	AlarmList *list;
	GtkWidget *widget, *box, *pause, *acknowledge;
	GtkLabel *words, *text;
	guint flash_source, pause_source, again_source;
	GCancellable *leaving;  /* what is asked of the station ends with the bar */
	gint64 paused_until_us; /* monotonic; 0: the sound is not paused */
	gint64 paused_at;       /* the newest alarm of high priority at that time */
	AlarmPriority shown;    /* INFORMATION: nothing is shown */
	char *error;            /* why the sound is not heard; NULL: it is */
	bool narrow;
	bool is_ready; /* the sounder has answered */
	bool told;     /* the station that is there knows it */
};

const char *alarm_style(AlarmPriority priority)
{
	static const char *const styles[ALARM_PRIORITY_MAX] = { "alarm-information", "alarm-low",
		"alarm-medium", "alarm-high" };

	return styles[priority];
}

/* ---- sound ---- */

static void introduce_sound(AlarmBar *bar);

static gboolean introduce_again(void *userdata)
{
	AlarmBar *bar = userdata;

	bar->again_source = 0;
	introduce_sound(bar);
	return G_SOURCE_REMOVE;
}

/** Where another program is counted on to sound the alarms, this one offers itself again until that has left.
 */
static void sound_told(GObject *station, GAsyncResult *result, gpointer userdata)
{
	g_autoptr(GError) error = NULL;
	AlarmBar *bar = userdata;

	if (stipple_station1_call_report_sound_finish(STIPPLE_STATION1(station), result, &error) ||
		g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	bar->told = false;
	if (!bar->again_source)
		bar->again_source = g_timeout_add_seconds(AGAIN_S, introduce_again, bar);
}

static void tell_station(AlarmBar *bar, const char *cause)
{
	bar->told = station_client_present(bar->options.client);
	if (bar->told)
		stipple_station1_call_report_sound(station_client_station(bar->options.client), cause,
			bar->error ? bar->error : "", G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, bar->leaving,
			sound_told, bar);
}

/** A station that has come, or come back, is told how the sound is. */
static void introduce_sound(AlarmBar *bar)
{
	bar->told = bar->told && station_client_present(bar->options.client);
	if (bar->is_ready && !bar->told && !bar->again_source)
		tell_station(bar, "start");
}

static void report_sounded(void *userdata, const char *cause, const char *error)
{
	AlarmBar *bar = userdata;

	g_free(bar->error);
	bar->error = error[0] ? g_strdup(error) : NULL;
	bar->is_ready = true;
	tell_station(bar, cause);
	if (error[0])
		g_warning("%s is not heard: %s", cause, error);
	alarm_bar_update(bar);
}

static void update_sound(AlarmBar *bar, const AlarmEntry *top)
{
	bool silent = !top || bar->paused_until_us;

	sounder_set(bar->sounder, silent ? NULL : top->id, silent ? 0 : top->since_us,
		silent ? ALARM_INFORMATION : top->priority);
}

void alarm_bar_test_sound(AlarmBar *bar)
{
	sounder_test(bar->sounder);
}

/* ---- pausing the sound ---- */

static void end_pause(AlarmBar *bar)
{
	bar->paused_until_us = 0;
	g_clear_handle_id(&bar->pause_source, g_source_remove);
}

static gboolean count_pause_down(void *userdata)
{
	AlarmBar *bar = userdata;

	if (g_get_monotonic_time() >= bar->paused_until_us) {
		bar->pause_source = 0;
		end_pause(bar);
	}
	alarm_bar_update(bar);
	return bar->pause_source ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void on_pause(AlarmBar *bar)
{
	if (bar->paused_until_us) {
		end_pause(bar);
	} else {
		bar->paused_until_us = g_get_monotonic_time() + SOUND_PAUSE_S * G_USEC_PER_SEC;
		bar->paused_at = alarm_list_newest(bar->list, ALARM_HIGH);
		bar->pause_source = g_timeout_add(SECOND_MS, count_pause_down, bar);
	}
	alarm_bar_update(bar);
}

/* ---- the widget ---- */

static void on_alarm_seen(AlarmBar *bar)
{
	const AlarmEntry *top = alarm_list_top(bar->list);

	if (!top)
		return;
	if (top->is_local)
		alarm_list_acknowledge_local(bar->list);
	else
		bar->options.acknowledge(bar->options.userdata, top->id, top->since_us);
	alarm_bar_update(bar);
}

/** By the clock and not by counting, so that it keeps its rate when the panel is busy. */
static gboolean flash(void *userdata)
{
	AlarmBar *bar = userdata;

	style_set(bar->box, "dim", !alarm_is_lit(bar->shown, g_get_monotonic_time() / 1000));
	return G_SOURCE_CONTINUE;
}

static void set_flashing(AlarmBar *bar, bool flashes)
{
	if (flashes && !bar->flash_source)
		bar->flash_source = g_timeout_add(FLASH_STEP_MS, flash, bar);
	else if (!flashes)
		g_clear_handle_id(&bar->flash_source, g_source_remove);
	if (!flashes)
		style_set(bar->box, "dim", false);
}

static void show_pause(AlarmBar *bar)
{
	g_autofree char *text = NULL;
	gint64 left_s = (bar->paused_until_us - g_get_monotonic_time() + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC;

	if (bar->paused_until_us)
		text = g_strdup_printf(_("Sound paused, %d s"), (int)left_s);
	touch_button_set_text(bar->pause, text ? text : _("Pause the sound"));
}

static void show_alarm(AlarmBar *bar, const AlarmEntry *top)
{
	g_autofree char *sentence = sentence_translate(top->text);
	unsigned more = alarm_list_waiting(bar->list) - 1;
	g_autofree char *others = more ? g_strdup_printf(_("%s (and %u more)"), _(top->words), more) : NULL;
	g_autofree char *unheard = bar->error ? g_strdup_printf(_("NOT HEARD · %s"), sentence) : NULL;
	bool is_fault = g_str_has_prefix(top->id, "fault.") || g_str_has_prefix(top->id, "board-fault.");
	const char *classes[] = { "alarm", alarm_style(top->priority), NULL };

	gtk_label_set_text(bar->words, others ? others : _(top->words));
	gtk_label_set_text(bar->text, unheard ? unheard : sentence);
	gtk_widget_set_css_classes(bar->box, classes);
	/* a fault is acknowledged on its own page, with a note and a PIN */
	gtk_widget_set_visible(bar->acknowledge, !is_fault && !bar->narrow);
	gtk_widget_set_visible(bar->pause, alarm_signals[top->priority].repeat_ms > 0 && !bar->narrow);
	gtk_widget_set_visible(GTK_WIDGET(bar->text), !bar->narrow);
	gtk_label_set_wrap(bar->words, !bar->narrow);
	show_pause(bar);
}

static void update_widget(AlarmBar *bar, const AlarmEntry *top)
{
	bar->shown = top ? top->priority : ALARM_INFORMATION;
	if (!bar->widget)
		return;
	gtk_widget_set_visible(bar->widget, top != NULL);
	if (top)
		show_alarm(bar, top);
	set_flashing(bar, alarm_signals[bar->shown].period_ms > 0);
}

bool alarm_bar_is_shown(const AlarmBar *bar)
{
	return bar->widget && gtk_widget_get_visible(bar->widget);
}

void alarm_bar_set_narrow(AlarmBar *bar, bool narrow)
{
	if (bar->narrow == narrow)
		return;
	bar->narrow = narrow;
	update_widget(bar, alarm_list_top(bar->list));
}

void alarm_bar_update(AlarmBar *bar)
{
	const AlarmEntry *top;

	introduce_sound(bar);
	alarm_list_read(bar->list, bar->options.client);
	top = alarm_list_top(bar->list);
	if (bar->paused_until_us && (!top || alarm_list_newest(bar->list, ALARM_HIGH) > bar->paused_at))
		end_pause(bar);
	update_widget(bar, top);
	update_sound(bar, top);
}

static GtkWidget *label_new(const char *style, GtkLabel **ret)
{
	GtkWidget *label = gtk_label_new("");

	*ret = GTK_LABEL(label);
	gtk_label_set_xalign(*ret, 0);
	gtk_label_set_ellipsize(*ret, PANGO_ELLIPSIZE_END);
	gtk_widget_add_css_class(label, style);
	return wide(label);
}

GtkWidget *alarm_bar_widget_new(AlarmBar *bar)
{
	GtkWidget *texts = wide(column_new(
		0, NULL, label_new("words", &bar->words), label_new("sentence", &bar->text), NULL));

	gtk_label_set_lines(bar->words, 2);
	/* the texts take what is left, however long they are */
	gtk_label_set_width_chars(bar->words, LEAST_CHARS);
	gtk_widget_set_valign(texts, GTK_ALIGN_CENTER);
	bar->pause = touch_button_new("", NULL, G_CALLBACK(on_pause), bar);
	bar->acknowledge = touch_button_new(_("Seen"), NULL, G_CALLBACK(on_alarm_seen), bar);
	bar->box = row_new(8, "alarm", texts, bar->pause, bar->acknowledge, NULL);
	bar->widget = bar->box;
	gtk_widget_set_visible(bar->widget, FALSE);
	return bar->widget;
}

void alarm_bar_drop_widget(AlarmBar *bar)
{
	set_flashing(bar, false);
	bar->widget = NULL;
}

/* ---- life ---- */

AlarmPriority alarm_of_latched_fault(StippleStation1 *station)
{
	const char *id = alarm_list_fault(station);
	const AlarmCause *cause = id ? alarm_cause_of_id(id) : NULL;

	return cause ? cause->priority : ALARM_HIGH;
}

AlarmBar *alarm_bar_new(const AlarmBarOptions *options)
{
	AlarmBar *bar = g_new0(AlarmBar, 1);
	const SounderOptions sounder = {
		.folder = options->sounds, .sounded = report_sounded, .userdata = bar
	};

	bar->options = *options;
	bar->list = alarm_list_new();
	bar->leaving = g_cancellable_new();
	bar->sounder = sounder_new(&sounder);
	return bar;
}

AlarmBar *alarm_bar_free(AlarmBar *bar)
{
	if (!bar)
		return NULL;
	end_pause(bar);
	g_clear_handle_id(&bar->flash_source, g_source_remove);
	g_clear_handle_id(&bar->again_source, g_source_remove);
	g_cancellable_cancel(bar->leaving);
	g_clear_object(&bar->leaving);
	sounder_free(bar->sounder);
	alarm_list_free(bar->list);
	g_free(bar->error);
	g_free(bar);
	return NULL;
}
