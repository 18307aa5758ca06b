/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Decides about alarms: acknowledging one, and what `doctor` says of their sound. Acknowledging an alarm puts
 * nothing right and arms nothing.
 */

#include "decide/alarm.h"

#include <stdio.h>
#include <string.h>

#include "decide/decision.h"

const Alarm *alarm_active(const State *state, const char *id)
{
	for (size_t i = 0; i < state->alarms.n; i++)
		if (strcmp(state->alarms.list[i].cause->id, id) == 0)
			return &state->alarms.list[i];
	return NULL;
}

static bool alarm_has_group(const Alarm *alarm, const char *group)
{
	size_t length = strlen(group);

	return strncmp(alarm->cause->id, group, length) == 0 && alarm->cause->id[length] == '.';
}

static void decide_acknowledge_alarm(const State *state, const Command *command, Decision *ret)
{
	const char *id = asked_text(command, "alarm");
	const Alarm *alarm = alarm_active(state, id);
	char since[CLOCK_UTC_TEXT_MAX];
	json_t *body;

	if (!alarm)
		decide_refusal(ret, STATION_ERROR_UNKNOWN,
			"no alarm \"%.64s\" is active: `stipplectl alarms` lists those that are", id);
	else if (alarm_has_group(alarm, "fault") || alarm_has_group(alarm, "board-fault"))
		decide_refusal(ret, STATION_ERROR_STATE,
			"\"%s\" has stopped the needle: put its cause right, then acknowledge the fault with a note "
			"and a PIN (`stipplectl acknowledge`)",
			alarm->cause->words);
	else if (asked_number(command, "since") != alarm->since_us)
		decide_refusal(ret, STATION_ERROR_STATE,
			"\"%s\" was raised again in the meantime: see what it says now, then acknowledge it",
			alarm->cause->words);
	else if (alarm->acknowledged)
		decide_done(ret);
	else {
		clock_format_utc(alarm->since_us, since);
		body = body_with_session(
			state, json_pack("{s:s, s:s, s:s}", "alarm", alarm->cause->id, "priority",
				       alarm_priority_to_string(alarm->cause->priority), "since", since));
		decide_record(ret, "alert.acknowledged", body);
	}
}

const CommandSpec command_acknowledge_alarm = { decide_acknowledge_alarm };

void alarm_check_sound(const State *state, StationCheck *check)
{
	const Sounder *sounder = &state->alarms.sounder;

	check->level = sounder->name[0] ? sounder->error[0] ? 2 : 0 : 1;
	if (!sounder->name[0]) {
		snprintf(check->text, sizeof check->text,
			"no panel sounds the alarms; lamps show them all the same");
		snprintf(check->advice, sizeof check->advice,
			"start stipple-panel on the display at the chair");
	} else if (sounder->error[0]) {
		snprintf(check->text, sizeof check->text, "the panel cannot sound the alarms: %.150s",
			sounder->error);
		snprintf(check->advice, sizeof check->advice,
			"check loudspeaker and sound of the panel's user, then `stipplectl doctor --sound`");
	} else if (sounder->cause[0]) {
		snprintf(check->text, sizeof check->text,
			"the panel sounds the alarms; the last, %s, %u ms after its cause", sounder->cause,
			sounder->delay_ms);
	} else
		snprintf(check->text, sizeof check->text,
			"the panel sounds the alarms; hear them with `stipplectl doctor --sound`");
}
