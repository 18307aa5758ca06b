/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The alarms on the bus: those that are active, and the exchange with the program that sounds them. It must
 * not wait for that program.
 */

#include "bus/bus-private.h"

#include <string.h>

#include "util/log.h"

int append_alarms(const Bus *bus, sd_bus_message *message)
{
	const Alarms *alarms = &station_state(bus->station)->alarms;
	int r = sd_bus_message_open_container(message, 'a', "(sssstb)");

	for (size_t i = 0; i < alarms->n && r >= 0; i++) {
		const Alarm *alarm = &alarms->list[i];
		char text[ALARM_TEXT_MAX];

		memcpy(text, alarm->text, sizeof text);
		r = sd_bus_message_append(message, "(sssstb)", alarm->cause->id,
			alarm_priority_to_string(alarm->cause->priority), alarm->cause->words,
			text_repair(text), (uint64_t)alarm->since_us, (int)alarm->acknowledged);
	}
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int send_sound_signal(Bus *bus, const char *name, const char *cause, const char *error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *signal = NULL;
	int r = sd_bus_message_new_signal(bus->bus, &signal, PATH_STATION, INTERFACE_STATION, name);

	if (r < 0)
		return r;
	if (cause && ((r = append_text(signal, cause)) < 0 || (r = append_text(signal, error)) < 0))
		return r;
	return sd_bus_send(bus->bus, signal, NULL);
}

/** Has the panel sound each alarm once. What came of it is told by SoundReported. */
void run_test_sound(Call *call, Station *station, Arguments *arguments)
{
	if (!station_state(station)->alarms.sounder.name[0]) {
		call_refuse(call, STATION_ERROR_UNKNOWN,
			"no panel sounds the alarms: start stipple-panel on the display at the chair");
		return;
	}
	if (send_sound_signal(call->bus, "SoundTest", NULL, NULL) < 0) {
		call_refuse(call, STATION_ERROR_BUSY, "the message bus takes no more now: try again");
		return;
	}
	call_answered(call, &(StationReply){ 0 });
}

void run_report_sound(Call *call, Station *station, Arguments *arguments)
{
	const char *cause = json_string_value(json_object_get(arguments->asked, "cause")),
		   *error = json_string_value(json_object_get(arguments->asked, "error"));

	/* a caller that has left in the meantime sounds nothing any more */
	if (call->peer) {
		if (!station_sounded(station, call->peer->name, cause, error)) {
			call_refuse(call, STATION_ERROR_STATE,
				"another program sounds the alarms, or none has said \"start\"");
			return;
		}
		if (send_sound_signal(call->bus, "SoundReported", cause, error) < 0)
			log_debug("what was sounded could not be told: %s", cause);
	}
	call_answered(call, &(StationReply){ 0 });
}
