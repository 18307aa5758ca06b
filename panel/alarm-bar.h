/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The alarms at the chair: the bar that shows the highest one, and its sound. Pausing the sound acknowledges
 * nothing; it ends by itself, and at once when a further alarm of high priority comes. Main thread only.
 */

#include <gtk/gtk.h>
#include <stdbool.h>

#include "alarm/alarm.h"
#include "station-client.h"

typedef struct AlarmBar AlarmBar;

enum { SOUND_PAUSE_S = 120 };

typedef struct AlarmBarOptions {
	StationClient *client; /* outlives it */
	const char *sounds;    /* folder of the sounds */
	/** Somebody acknowledges the alarm of the station with this id, raised at that time. */
	void (*acknowledge)(void *userdata, const char *id, gint64 since_us);
	void *userdata;
} AlarmBarOptions;

AlarmBar *alarm_bar_new(const AlarmBarOptions *options);
/** Silences. Accepts NULL; returns NULL. The widgets belong to their window. */
AlarmBar *alarm_bar_free(AlarmBar *bar);

/** Makes the widget anew, for a new window. It is hidden while nothing is to be shown. */
GtkWidget *alarm_bar_widget_new(AlarmBar *bar);
/** The window, and the widget with it, is about to be closed. */
void alarm_bar_drop_widget(AlarmBar *bar);
/** Narrow: one line without buttons, beside a sheet whose keys need the room. */
void alarm_bar_set_narrow(AlarmBar *bar, bool narrow);
/** Whether an alarm is shown. */
bool alarm_bar_is_shown(const AlarmBar *bar);
/** Shows and sounds what the station last told, and what the panel itself knows: that the station is silent.
 */
void alarm_bar_update(AlarmBar *bar);
/** Sounds each priority once. */
void alarm_bar_test_sound(AlarmBar *bar);

/** The priority of the latched fault, by the station's alarms; HIGH when they name none. */
AlarmPriority alarm_of_latched_fault(StippleStation1 *station);
/** The CSS class of a priority: "alarm-high", ... Static. */
const char *alarm_style(AlarmPriority priority);
