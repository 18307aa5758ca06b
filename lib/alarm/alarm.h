/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The alarms of the station: what each cause means for sound, lamp, colour and words. alarms/alarms.toml is
 * the table, and IEC 60601-1-8 the source of its figures. Constant data: no call allocates, waits or fails;
 * any thread may call.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/text.h"

/** In ascending order. INFORMATION is no alarm: it neither sounds nor lights a lamp. */
typedef enum AlarmPriority {
	ALARM_INFORMATION,
	ALARM_LOW,
	ALARM_MEDIUM,
	ALARM_HIGH,
	ALARM_PRIORITY_MAX,
	ALARM_PRIORITY_INVALID = -EINVAL,
} AlarmPriority;

DECLARE_STRING_TABLE(alarm_priority, AlarmPriority); /* "information", "low", "medium", "high" */

/** How an alarm of a priority is shown and heard. */
typedef struct AlarmSignal {
	const char *colour;         /* "red", ...: a name of the table */
	uint32_t period_ms, lit_ms; /* of a flash; period 0: steady */
	const char *sound;          /* name of the file with one burst; NULL: no sound */
	uint32_t burst_ms;          /* how long the burst takes */
	uint32_t repeat_ms;         /* from the beginning of a burst to the next; 0: it sounds once */
} AlarmSignal;

typedef struct AlarmCause {
	const char *id; /* group and name: "fault.link-lost"; NULL ends the table */
	AlarmPriority priority;
	const char *words; /* a phrase, in English */
	bool latching;     /* it stays until somebody acknowledges it, even when its cause has gone */
} AlarmCause;

extern const AlarmSignal alarm_signals[ALARM_PRIORITY_MAX];
extern const AlarmCause alarm_causes[];

/** The cause with this group ("fault", "board-fault", "alert", "station", "interlock") and name; NULL: none.
 */
const AlarmCause *alarm_cause(const char *group, const char *name);
/** The cause with this id; NULL: none. */
const AlarmCause *alarm_cause_of_id(const char *id);

/** Whether a lamp that shows this priority is lit `now_ms` after any fixed time. */
bool alarm_is_lit(AlarmPriority priority, int64_t now_ms);
