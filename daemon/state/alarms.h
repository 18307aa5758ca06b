/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The alarms that are active, and what sounds them. They come from no record: after a start only those are
 * active whose cause is still there.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alarm/alarm.h"

enum { ALARMS_MAX = 64, ALARM_TEXT_MAX = 512, SOUNDER_NAME_MAX = 64, SOUNDER_TEXT_MAX = 256 };

typedef struct Alarm {
	const AlarmCause *cause;
	char text[ALARM_TEXT_MAX]; /* what happened, and what to do */
	int64_t since_us;          /* UTC, when it was last raised; no two alarms have the same */
	int64_t raised_us;         /* the same by the monotonic clock */
	bool acknowledged;         /* its cause may still be there; it neither sounds nor lights a lamp */
} Alarm;

/** The program that sounds the alarms: the panel. It reports what it did. */
typedef struct Sounder {
	char name[SOUNDER_NAME_MAX];  /* on the bus; "" nobody sounds them */
	char error[SOUNDER_TEXT_MAX]; /* why its last sound was not heard; "" it was */
	char cause[64];               /* of the last alarm that it sounded; "" none yet */
	uint32_t delay_ms;            /* from that alarm's cause to its sound */
} Sounder;

typedef struct Alarms {
	Alarm list[ALARMS_MAX]; /* the highest priority first, then the newest */
	size_t n;
	int64_t last_us; /* the newest `since_us`: the next is later, even if the clock was set back */
	Sounder sounder;
} Alarms;

/** The priority that lamps show: the highest that nobody has acknowledged; INFORMATION: none. */
static inline AlarmPriority alarms_priority(const Alarms *alarms)
{
	for (size_t i = 0; i < alarms->n; i++)
		if (!alarms->list[i].acknowledged)
			return alarms->list[i].cause->priority;
	return ALARM_INFORMATION;
}
