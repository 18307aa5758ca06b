/* SPDX-License-Identifier: Apache-2.0 */

/** Looks causes up in the table of alarms. It knows nothing of what has happened. */

#include "alarm/alarm.h"

#include <assert.h>
#include <string.h>

static const char *const priority_names[] = {
	[ALARM_INFORMATION] = "information",
	[ALARM_LOW] = "low",
	[ALARM_MEDIUM] = "medium",
	[ALARM_HIGH] = "high",
};
static_assert(ELEMENTS(priority_names) == ALARM_PRIORITY_MAX, "every priority has a name");

DEFINE_STRING_TABLE(alarm_priority, AlarmPriority, priority_names);

const AlarmCause *alarm_cause(const char *group, const char *name)
{
	size_t length = strlen(group);

	for (const AlarmCause *cause = alarm_causes; cause->id; cause++)
		if (strncmp(cause->id, group, length) == 0 && cause->id[length] == '.' &&
			strcmp(cause->id + length + 1, name) == 0)
			return cause;
	return NULL;
}

const AlarmCause *alarm_cause_of_id(const char *id)
{
	for (const AlarmCause *cause = alarm_causes; cause->id; cause++)
		if (strcmp(cause->id, id) == 0)
			return cause;
	return NULL;
}

bool alarm_is_lit(AlarmPriority priority, int64_t now_ms)
{
	const AlarmSignal *signal = &alarm_signals[priority];

	return signal->period_ms == 0 || now_ms % signal->period_ms < signal->lit_ms;
}
