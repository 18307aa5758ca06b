/* SPDX-License-Identifier: Apache-2.0 */

/** Knows the alarms of the station and of the panel itself. A station that is silent must become an alarm
 * here. */

#include "alarm-list.h"

#include <glib/gi18n.h>
#include <string.h>

struct AlarmList {
	GPtrArray *entries;
	bool was_present; /* the station was there since the panel began */
	gint64 silent_us; /* since when it is silent, monotonic; 0: it is not */
	gint64 silent_at; /* the same, UTC */
	bool local_seen;  /* that alarm was acknowledged */
	bool was_armed;   /* when it was last heard */
};

enum { AWAY_S = 10 }; /* a restart of the station is over within this */

static void entry_free(gpointer userdata)
{
	AlarmEntry *entry = userdata;

	g_free(entry->id);
	g_free(entry->words);
	g_free(entry->text);
	g_free(entry);
}

AlarmList *alarm_list_new(void)
{
	AlarmList *list = g_new0(AlarmList, 1);

	list->entries = g_ptr_array_new_with_free_func(entry_free);
	return list;
}

AlarmList *alarm_list_free(AlarmList *list)
{
	if (!list)
		return NULL;
	g_ptr_array_unref(list->entries);
	g_free(list);
	return NULL;
}

static void add_station_alarms(AlarmList *list, StippleStation1 *station)
{
	GVariant *alarms = stipple_station1_get_alarms(station);
	const char *id, *priority, *words, *text;
	GVariantIter iter;
	guint64 since;
	gboolean acknowledged;

	if (!alarms)
		return;
	g_variant_iter_init(&iter, alarms);
	while (g_variant_iter_next(
		&iter, "(&s&s&s&stb)", &id, &priority, &words, &text, &since, &acknowledged)) {
		AlarmEntry *entry = g_new0(AlarmEntry, 1);
		AlarmPriority known = alarm_priority_from_string(priority);

		entry->id = g_strdup(id);
		entry->words = g_strdup(words);
		entry->text = g_strdup(text);
		entry->priority = (int)known < 0 ? ALARM_HIGH : known; /* of a newer station */
		entry->since_us = (gint64)since;
		entry->acknowledged = acknowledged;
		g_ptr_array_add(list->entries, entry);
	}
}

/** Whether the station is silent for longer than a busy moment or a restart. */
static bool is_silent(AlarmList *list, StationClient *client)
{
	gint64 now = g_get_monotonic_time();
	bool present = station_client_present(client), quiet;

	list->was_present = list->was_present || present;
	quiet = list->was_present && (!present || station_client_silence_s(client) >= STATION_STALE_S);
	if (!quiet)
		list->silent_us = 0;
	else if (!list->silent_us) {
		list->silent_us = now;
		list->silent_at = g_get_real_time();
	}
	return quiet && (present || list->was_armed || now - list->silent_us >= AWAY_S * G_USEC_PER_SEC);
}

static void add_own_alarm(AlarmList *list, StationClient *client)
{
	bool silent = is_silent(list, client);
	const AlarmCause *cause = alarm_cause("station", list->was_armed ? "silent-armed" : "silent");
	AlarmEntry *entry;

	if (!silent) {
		const char *state = known_text(stipple_session1_get_state(station_client_session(client)));

		if (station_client_present(client))
			list->was_armed = strcmp(state, "ready") == 0 || strcmp(state, "working") == 0;
		list->local_seen = list->local_seen && list->silent_us;
		return;
	}
	entry = g_new0(AlarmEntry, 1);
	entry->id = g_strdup(cause->id);
	entry->words = g_strdup(cause->words);
	entry->text = g_strdup(
		list->was_armed
			? _("Press the emergency stop if the needle runs. Its board stops it by itself.")
			: _("Wait until it is back; if it does not come, restart it."));
	entry->priority = cause->priority;
	entry->since_us = list->silent_at;
	entry->acknowledged = list->local_seen;
	entry->is_local = true;
	g_ptr_array_insert(list->entries, 0, entry);
}

void alarm_list_read(AlarmList *list, StationClient *client)
{
	g_ptr_array_set_size(list->entries, 0);
	if (station_client_present(client))
		add_station_alarms(list, station_client_station(client));
	add_own_alarm(list, client);
}

static const AlarmEntry *entry_at(const AlarmList *list, guint i)
{
	return g_ptr_array_index(list->entries, i);
}

const AlarmEntry *alarm_list_top(const AlarmList *list)
{
	const AlarmEntry *top = NULL;

	for (guint i = 0; i < list->entries->len; i++)
		if (!entry_at(list, i)->acknowledged && (!top || entry_at(list, i)->priority > top->priority))
			top = entry_at(list, i);
	return top;
}

unsigned alarm_list_waiting(const AlarmList *list)
{
	unsigned n = 0;

	for (guint i = 0; i < list->entries->len; i++)
		n += !entry_at(list, i)->acknowledged;
	return n;
}

gint64 alarm_list_newest(const AlarmList *list, AlarmPriority priority)
{
	gint64 newest = 0;

	for (guint i = 0; i < list->entries->len; i++)
		if (entry_at(list, i)->priority == priority)
			newest = MAX(newest, entry_at(list, i)->since_us);
	return newest;
}

void alarm_list_acknowledge_local(AlarmList *list)
{
	list->local_seen = true;
}

const char *alarm_list_fault(StippleStation1 *station)
{
	GVariant *alarms = stipple_station1_get_alarms(station);
	const char *id;
	GVariantIter iter;

	if (!alarms)
		return NULL;
	g_variant_iter_init(&iter, alarms);
	while (g_variant_iter_next(&iter, "(&s&s&s&stb)", &id, NULL, NULL, NULL, NULL, NULL))
		if (g_str_has_prefix(id, "fault.") || g_str_has_prefix(id, "board-fault."))
			return alarm_cause_of_id(id) ? alarm_cause_of_id(id)->id : NULL;
	return NULL;
}
