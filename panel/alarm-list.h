/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The alarms that the panel knows of: the station's, and the one that it raises itself, when the station is
 * silent. It shows and sounds nothing. Main thread only.
 */

#include <stdbool.h>

#include "alarm/alarm.h"
#include "station-client.h"

typedef struct AlarmEntry {
	char *id, *words, *text;
	AlarmPriority priority;
	gint64 since_us; /* of the station's: UTC. It tells two occasions of one cause apart. */
	bool acknowledged, is_local;
} AlarmEntry;

typedef struct AlarmList AlarmList;

AlarmList *alarm_list_new(void);
/** Accepts NULL; returns NULL. */
AlarmList *alarm_list_free(AlarmList *list);
/** Reads what the station last told. Entries from before are gone. */
void alarm_list_read(AlarmList *list, StationClient *client);

/** The highest that nobody has acknowledged, of these the newest; NULL: none. Borrowed until the next read.
 */
const AlarmEntry *alarm_list_top(const AlarmList *list);
/** How many nobody has acknowledged. */
unsigned alarm_list_waiting(const AlarmList *list);
/** When the newest of this priority began; 0: there is none. */
gint64 alarm_list_newest(const AlarmList *list, AlarmPriority priority);
/** The panel's own alarm was seen; it comes again when the station has been heard in between. */
void alarm_list_acknowledge_local(AlarmList *list);
/** The id of the alarm of the latched fault; NULL: none. Static. */
const char *alarm_list_fault(StippleStation1 *station);
