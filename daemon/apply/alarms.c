/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Applies alarms and their ends to the state. An alarm that latches stays until a person acknowledges it; any
 * other goes with its cause. It judges no cause.
 */

#include "apply/alarms.h"

#include <stdio.h>
#include <string.h>

static size_t find_alarm(const Alarms *alarms, const AlarmCause *cause)
{
	size_t i = 0;

	while (i < alarms->n && alarms->list[i].cause != cause)
		i++;
	return i;
}

static void remove_alarm(Alarms *alarms, size_t i)
{
	alarms->n--;
	memmove(&alarms->list[i], &alarms->list[i + 1], (alarms->n - i) * sizeof alarms->list[0]);
}

/** Puts it before the others of its priority. */
static Alarm *insert_alarm(Alarms *alarms, const AlarmCause *cause)
{
	size_t i = 0;

	if (alarms->n == ALARMS_MAX)
		alarms->n--; /* the oldest of the lowest priority */
	while (i < alarms->n && alarms->list[i].cause->priority > cause->priority)
		i++;
	memmove(&alarms->list[i + 1], &alarms->list[i], (alarms->n - i) * sizeof alarms->list[0]);
	alarms->n++;
	alarms->list[i] = (Alarm){ .cause = cause };
	return &alarms->list[i];
}

void alarm_raised_apply(State *state, const AlarmCause *cause, const char *text, int64_t now_us)
{
	Alarms *alarms = &state->alarms;
	size_t i = find_alarm(alarms, cause);
	Alarm *alarm;

	if (i < alarms->n)
		remove_alarm(alarms, i);
	alarm = insert_alarm(alarms, cause);
	snprintf(alarm->text, sizeof alarm->text, "%s", text);
	alarms->last_us =
		state->host.now.utc_us > alarms->last_us ? state->host.now.utc_us : alarms->last_us + 1;
	alarm->since_us = alarms->last_us;
	alarm->raised_us = now_us;
}

bool alarm_over_apply(State *state, const AlarmCause *cause)
{
	size_t i = find_alarm(&state->alarms, cause);

	if (i == state->alarms.n || cause->latching)
		return false;
	remove_alarm(&state->alarms, i);
	return true;
}

void alarm_acknowledged_apply(State *state, const AppliedRecord *record)
{
	const char *id = json_string_value(json_object_get(record->body, "alarm"));
	const AlarmCause *cause = id ? alarm_cause_of_id(id) : NULL;
	size_t i = cause ? find_alarm(&state->alarms, cause) : state->alarms.n;

	const char *since = json_string_value(json_object_get(record->body, "since"));
	int64_t since_us;

	/* another that was raised while this was written is not meant */
	if (i == state->alarms.n || (since && clock_parse_utc(since, &since_us) == 0 &&
					    since_us != state->alarms.list[i].since_us))
		return;
	if (cause->latching)
		remove_alarm(&state->alarms, i);
	else
		state->alarms.list[i].acknowledged = true;
}

/* ---- faults ---- */

const AlarmCause *alarm_of_fault(ControlFault fault, BoardFault board_fault)
{
	if (fault == CONTROL_FAULT_BOARD && board_fault > BOARD_FAULT_NONE && board_fault < BOARD_FAULT_MAX)
		return alarm_cause("board-fault", board_fault_to_string(board_fault));
	return fault > CONTROL_FAULT_NONE && fault < CONTROL_FAULT_MAX
		       ? alarm_cause("fault", control_fault_to_string(fault))
		       : NULL;
}

static bool is_of_fault(const AlarmCause *cause)
{
	return strncmp(cause->id, "fault.", 6) == 0 || strncmp(cause->id, "board-fault.", 12) == 0;
}

void fault_alarm_over_apply(State *state)
{
	for (size_t i = state->alarms.n; i > 0; i--)
		if (is_of_fault(state->alarms.list[i - 1].cause))
			remove_alarm(&state->alarms, i - 1);
}

void fault_alarm_apply(State *state, const AlarmCause *cause, const char *text, int64_t now_us)
{
	fault_alarm_over_apply(state);
	if (cause)
		alarm_raised_apply(state, cause, text, now_us);
}

/* ---- what sounds them ---- */

void sounder_apply(State *state, const char *name, const char *cause, const char *error, int64_t now_us)
{
	Sounder *sounder = &state->alarms.sounder;
	const AlarmCause *known = alarm_cause_of_id(cause);
	size_t i = known ? find_alarm(&state->alarms, known) : state->alarms.n;

	snprintf(sounder->name, sizeof sounder->name, "%s", name);
	snprintf(sounder->error, sizeof sounder->error, "%s", error);
	if (i == state->alarms.n || error[0])
		return;
	snprintf(sounder->cause, sizeof sounder->cause, "%s", cause);
	sounder->delay_ms = (uint32_t)((now_us - state->alarms.list[i].raised_us) / 1000);
}

void sounder_gone_apply(State *state)
{
	state->alarms.sounder = (Sounder){ 0 };
}
