/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Builds topics and messages from records and from the station's state. A kind of record that records/ does
 * not publish must never leave the station.
 */

#include "topics.h"

#include <string.h>

#include "record/record.h"
#include "util/text.h"

#define MESSAGE_JSON (JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15))

void topic_make(const Config *config, const char *suffix, char ret[TOPIC_MAX])
{
	snprintf(ret, TOPIC_MAX, "stipple/v1/%s/%s/%s", config->clinic, config->station, suffix);
}

bool topic_of_record(const Config *config, const LedgerMessage *record, char ret[TOPIC_MAX])
{
	const RecordKind *kind = record->kind ? record_kind_find(record->kind) : NULL;
	const char *suffix = kind ? kind->topic : NULL;
	char text[64];

	if (!suffix || !record->body || record->body[0] != '{')
		return false;
	if (strcmp(suffix, "zone") != 0) {
		topic_make(config, suffix, ret);
		return true;
	}
	/* each zone has its own topic; wildcards and level separators are not allowed in its name */
	if (!record->zone || !record->zone[0] || strpbrk(record->zone, "+#/") ||
		strlen(record->zone) > sizeof text - sizeof "zone/")
		return false;
	snprintf(text, sizeof text, "zone/%s", record->zone);
	topic_make(config, text, ret);
	return true;
}

char *message_of_record(const Config *config, const LedgerMessage *record, bool late)
{
	char utc[CLOCK_UTC_TEXT_MAX], *message;
	unsigned long long seq = record->seq;

	clock_format_utc(record->utc_us, utc);
	/*
	 * no JSON tree is built: the body is JSON already, and identifiers, kinds and times need no escaping
	 */
	if (asprintf(&message,
		    "{\"body\":%s,\"id\":\"%s/%s/%llu\",\"kind\":\"%s\"%s,\"seq\":%llu,\"utc\":\"%s\"}",
		    record->body, config->clinic, config->station, seq, record->kind,
		    late ? ",\"late\":true" : "", seq, utc) < 0)
		return NULL;
	return message;
}

char *message_of_state(const Config *config, const LiveState *state, const json_t *stock)
{
	json_auto_t *message = NULL;

	if (!state) {
		message = json_pack(
			"{s:b, s:s, s:s}", "online", 0, "clinic", config->clinic, "station", config->station);
		return message ? json_dumps(message, MESSAGE_JSON) : NULL;
	}
	message = json_pack("{s:b, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b}",
		"online", 1, "clinic", config->clinic, "station", config->station, "version", STIPPLE_VERSION,
		"state", state->state, "session", (json_int_t)state->session, "subject", state->subject,
		"operator", state->badge, "zone", state->zone, "unit", state->unit, "lot", state->lot,
		"pigment", state->pigment, "fault", state->fault, "board", state->board, "waits",
		state->waits);
	if (message && stock && json_object_set_new(message, "stock", json_deep_copy(stock)) < 0)
		return NULL;
	return message ? json_dumps(message, MESSAGE_JSON) : NULL;
}

char *message_of_figures(const LiveFigures *figures)
{
	json_auto_t *message = json_pack(
		"{s:s, s:I, s:s, s:I, s:I, s:I, s:I, s:f, s:f, s:i, s:I, s:f, s:i, s:i, s:f, s:b, s:b, s:I, s:I}",
		"state", figures->state, "session", (json_int_t)figures->session, "zone", figures->zone,
		"dots", (json_int_t)figures->dots, "strokes", (json_int_t)figures->strokes, "session_dots",
		(json_int_t)figures->session_dots, "session_strokes", (json_int_t)figures->session_strokes,
		"density", figures->density, "before", figures->before, "target", figures->target, "over",
		(json_int_t)figures->over, "outside", figures->outside, "depth_um", figures->depth_um,
		"resistance_mn", figures->resistance_mn, "dwell_ms", figures->dwell_ms, "pedal",
		figures->pedal, "emergency_stop", figures->emergency_stop, "elapsed_s",
		(json_int_t)figures->elapsed_s, "break_in_s", (json_int_t)figures->break_in_s);

	return message ? json_dumps(message, MESSAGE_JSON) : NULL;
}
