/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/topics.h"

#include <string.h>

#define MESSAGE_JSON (JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15))

void topic_make(const Config *config, const char *suffix, char ret[TOPIC_MAX])
{
	snprintf(ret, TOPIC_MAX, "stipple/v1/%s/%s/%s", config->clinic, config->station, suffix);
}

/** As in docs/ledger.md, which a test holds this against. A kind that is not here never leaves. */
static const struct {
	const char *kind, *topic;
} topics[] = {
	{ "alert.raised", "alert" },
	{ "clock.backwards", "alert" },
	{ "cycle.recorded", "sterilization" },
	{ "cycle.rejected", "sterilization" },
	{ "cycle.released", "sterilization" },
	{ "fault.acknowledged", "alert" },
	{ "fault.latched", "alert" },
	{ "handpiece.mounted", "session" },
	{ "image.captured", "image" },
	{ "image.refused", "image" },
	{ "indicator.followed-up", "sterilization" },
	{ "indicator.tested", "sterilization" },
	{ "interlock.overridden", "alert" },
	{ "key.rotated", "alert" },
	{ "ledger.restored", "alert" },
	{ "lot.received", "needle" },
	{ "lot.status", "needle" },
	{ "needle.claimed", "needle" },
	{ "needle.damaged", "needle" },
	{ "needle.disposed", "needle" },
	{ "needle.refused", "needle" },
	{ "needle.removed", "needle" },
	{ "needle.reseated", "needle" },
	{ "operator.refused", "alert" },
	{ "operator.signed-in", "session" },
	{ "operator.signed-out", "session" },
	{ "pigment.loaded", "session" },
	{ "pigment.status", "session" },
	{ "session.abandoned", "session" },
	{ "session.begun", "session" },
	{ "session.finished", "session" },
	{ "session.interrupted", "session" },
	{ "session.signed", "session" },
	{ "session.state", "session" },
	{ "session.zone", "session" },
	{ "sterilizer.registered", "sterilization" },
	{ "sterilizer.serviced", "sterilization" },
	{ "zone.statistics", "zone" },
};

static const char *suffix_of_kind(const char *kind)
{
	for (size_t i = 0; kind && i < ELEMENTS(topics); i++)
		if (strcmp(kind, topics[i].kind) == 0)
			return topics[i].topic;
	return NULL;
}

bool topic_of_record(const Config *config, const json_t *row, char ret[TOPIC_MAX])
{
	const char *suffix = suffix_of_kind(json_string_value(json_object_get(row, "kind")));
	const char *zone = json_string_value(json_object_get(row, "zone"));
	const char *body = json_string_value(json_object_get(row, "body"));
	char text[64];

	if (!suffix || !body || body[0] != '{' || !json_is_string(json_object_get(row, "utc")))
		return false;
	if (strcmp(suffix, "zone") != 0) {
		topic_make(config, suffix, ret);
		return true;
	}
	/* a topic of its own for each zone; wildcards and levels have no place in its name */
	if (!zone || !zone[0] || strpbrk(zone, "+#/") || strlen(zone) > sizeof text - sizeof "zone/")
		return false;
	snprintf(text, sizeof text, "zone/%s", zone);
	topic_make(config, text, ret);
	return true;
}

char *message_of_record(const Config *config, const json_t *row)
{
	json_int_t seq = json_integer_value(json_object_get(row, "seq"));
	char *message = NULL;
	int r;

	/* without building a tree: the body is JSON already, and identifiers, kinds and times need no
	 * escaping */
	r = asprintf(&message,
		"{\"body\":%s,\"id\":\"%s/%s/%lld\",\"kind\":\"%s\",\"seq\":%lld,\"utc\":\"%s\"}",
		json_string_value(json_object_get(row, "body")), config->clinic, config->station,
		(long long)seq, json_string_value(json_object_get(row, "kind")), (long long)seq,
		json_string_value(json_object_get(row, "utc")));
	return r < 0 ? NULL : message;
}

static const char *zone_name(const StationView *view)
{
	return (int)view->zone >= 0 ? zone_to_string(view->zone) : "";
}

char *message_of_state(const Config *config, const StationView *view, const json_t *stock, bool online)
{
	json_auto_t *message = NULL;

	if (!online) {
		message = json_pack(
			"{s:b, s:s, s:s}", "online", 0, "clinic", config->clinic, "station", config->station);
		return message ? json_dumps(message, MESSAGE_JSON) : NULL;
	}
	message = json_pack("{s:b, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b}",
		"online", 1, "clinic", config->clinic, "station", config->station, "version", STIPPLE_VERSION,
		"state", session_state_to_string(view->state), "session", (json_int_t)view->session,
		"subject", view->subject, "operator", view->badge, "zone", zone_name(view), "unit",
		view->unit, "lot", view->lot, "pigment", view->pigment, "fault",
		view->fault == CONTROL_FAULT_NONE ? "" : control_fault_to_string(view->fault), "board",
		view->board_connected);
	if (message && stock && json_object_set_new(message, "stock", json_deep_copy(stock)) < 0)
		return NULL;
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
