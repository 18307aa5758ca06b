/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/topics.h"

#include <string.h>

#define MESSAGE_JSON (JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15))

void topic_make(const Config *config, const char *suffix, char ret[TOPIC_MAX])
{
	snprintf(ret, TOPIC_MAX, "stipple/v1/%s/%s/%s", config->clinic, config->station, suffix);
}

/** The first prefix that fits names the topic; zone.statistics has one for each zone. */
static const struct {
	const char *prefix, *topic;
} topics[] = {
	{ "operator.refused", "alert" },
	{ "operator.", "session" },
	{ "lot.", "needle" },
	{ "needle.", "needle" },
	{ "pigment.", "session" },
	{ "session.", "session" },
	{ "image.", "image" },
	{ "fault.", "alert" },
	{ "alert.", "alert" },
	{ "clock.", "alert" },
};

bool topic_of_record(const Config *config, const json_t *row, char ret[TOPIC_MAX])
{
	const char *kind = json_string_value(json_object_get(row, "kind"));
	const char *zone = json_string_value(json_object_get(json_object_get(row, "body"), "zone"));
	char suffix[64];

	if (!kind)
		return false;
	if (strcmp(kind, "zone.statistics") == 0 && zone) {
		snprintf(suffix, sizeof suffix, "zone/%s", zone);
		topic_make(config, suffix, ret);
		return true;
	}
	for (size_t i = 0; i < ELEMENTS(topics); i++) {
		if (strncmp(kind, topics[i].prefix, strlen(topics[i].prefix)) != 0)
			continue;
		topic_make(config, topics[i].topic, ret);
		return true;
	}
	return false;
}

char *message_of_record(const Config *config, const json_t *row)
{
	json_int_t seq = json_integer_value(json_object_get(row, "seq"));
	json_auto_t *message = NULL;
	char id[TOPIC_MAX];

	snprintf(id, sizeof id, "%s/%s/%lld", config->clinic, config->station, (long long)seq);
	message = json_pack("{s:s, s:I, s:O, s:O, s:O}", "id", id, "seq", seq, "kind",
		json_object_get(row, "kind"), "utc", json_object_get(row, "utc"), "body",
		json_object_get(row, "body"));
	return message ? json_dumps(message, MESSAGE_JSON) : NULL;
}

static const char *zone_name(const StationView *view)
{
	return (int)view->zone >= 0 ? zone_to_string(view->zone) : "";
}

char *message_of_state(const Config *config, const StationView *view, bool online)
{
	json_auto_t *message = NULL;

	if (!online) {
		message = json_pack(
			"{s:b, s:s, s:s}", "online", 0, "clinic", config->clinic, "station", config->station);
		return message ? json_dumps(message, MESSAGE_JSON) : NULL;
	}
	message = json_pack("{s:b, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:b}", "online", 1, "clinic",
		config->clinic, "station", config->station, "version", STIPPLE_VERSION, "state",
		session_state_to_string(view->state), "session", (json_int_t)view->session, "subject",
		view->subject, "operator", view->badge, "zone", zone_name(view), "fault",
		view->fault == CONTROL_FAULT_NONE ? "" : control_fault_to_string(view->fault), "board",
		view->board_connected);
	return message ? json_dumps(message, MESSAGE_JSON) : NULL;
}

char *message_of_telemetry(const Config *config, const StationView *view)
{
	json_auto_t *message = json_pack(
		"{s:s, s:I, s:s, s:I, s:I, s:I, s:I, s:f, s:i, s:f, s:i, s:i, s:f, s:b, s:b, s:I}", "state",
		session_state_to_string(view->state), "session", (json_int_t)view->session, "zone",
		zone_name(view), "dots", (json_int_t)view->statistics.dots, "strokes",
		(json_int_t)view->statistics.strokes, "session_dots", (json_int_t)view->session_dots,
		"session_strokes", (json_int_t)view->session_strokes, "density",
		zone_statistics_density(&view->statistics, view->area_mm2), "target",
		view->plan ? view->plan->density : 0, "outside", zone_statistics_outside(&view->statistics),
		"depth_um", view->last_dot.depth_mean_um, "resistance_mn", view->last_dot.resistance_peak_mn,
		"dwell_ms", view->last_dot.dwell_us / 1000.0, "pedal", view->pedal, "emergency_stop",
		view->emergency_stop, "elapsed_s", (json_int_t)view->elapsed_s);

	return message ? json_dumps(message, MESSAGE_JSON) : NULL;
}
