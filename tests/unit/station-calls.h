/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The commands of a station as functions, as a test calls them. */

#include "station/station.h"

static inline void call_station(Station *station, const CommandSpec *spec, json_t *asked, const char *pin,
	const char *code, StationDone done, void *userdata)
{
	station_ask(station, &(StationRequest){
				     .spec = spec,
				     .asked = asked ? asked : json_object(),
				     .pin = pin,
				     .code = code,
				     .fd = -1,
				     .done = done,
				     .userdata = userdata,
			     });
}

#define STATION_STEP(name)                                                                \
	static inline void station_##name(Station *station, StationDone done, void *data) \
	{                                                                                 \
		call_station(station, &command_##name, NULL, NULL, NULL, done, data);     \
	}                                                                                 \
	struct station_step_semicolon_##name

STATION_STEP(arm);
STATION_STEP(disarm);
STATION_STEP(pause);
STATION_STEP(resume);
STATION_STEP(finish);
STATION_STEP(sign_out);

static inline void station_sign_in(Station *station, const char *badge, const char *pin, const char *holder,
	StationDone done, void *userdata)
{
	station_set_caller(station, &(StationCaller){ .name = holder, .user = "" });
	call_station(
		station, &command_sign_in, json_pack("{s:s}", "badge", badge), pin, NULL, done, userdata);
	station_set_caller(station, NULL);
}

static inline void station_change_pin(Station *station, const char *badge, const char *pin,
	const char *new_pin, StationDone done, void *userdata)
{
	station_ask(station, &(StationRequest){
				     .spec = &command_change_pin,
				     .asked = json_pack("{s:s}", "badge", badge),
				     .pin = pin,
				     .new_pin = new_pin,
				     .done = done,
				     .userdata = userdata,
			     });
}

static inline void station_begin(Station *station, const char *subject, const char *protocol,
	uint32_t course_session, bool is_new, StationDone done, void *userdata)
{
	call_station(station, &command_begin,
		json_pack("{s:s, s:s, s:i, s:b}", "subject", subject, "protocol", protocol, "course_session",
			(int)course_session, "new", is_new),
		NULL, NULL, done, userdata);
}

static inline void station_client(Station *station, const char *subject, const char *protocol,
	uint32_t course_session, StationDone done, void *userdata)
{
	call_station(station, &command_client,
		json_pack("{s:s, s:s, s:i}", "subject", subject, "protocol", protocol, "course_session",
			(int)course_session),
		NULL, NULL, done, userdata);
}

static inline void station_screening(Station *station, json_t *answers, StationDone done, void *userdata)
{
	call_station(station, &command_screening, json_pack("{s:O}", "answers", answers), NULL, NULL, done,
		userdata);
}

static inline void station_consent(Station *station, const char *consent, const char *version, bool given,
	StationDone done, void *userdata)
{
	call_station(station, &command_consent,
		json_pack("{s:s, s:s, s:b}", "consent", consent, "version", version, "given", given), NULL,
		NULL, done, userdata);
}

static inline void station_select_zone(Station *station, const char *zone, const char *skin_type,
	uint32_t area_mm2, StationDone done, void *userdata)
{
	call_station(station, &command_zone,
		json_pack("{s:s, s:s, s:i}", "zone", zone, "skin_type", skin_type, "area_mm2", (int)area_mm2),
		NULL, NULL, done, userdata);
}

static inline void station_mount_needle(
	Station *station, const char *code, bool scanned, StationDone done, void *userdata)
{
	call_station(
		station, &command_mount, json_pack("{s:b}", "scanned", scanned), NULL, code, done, userdata);
}

static inline void station_remove_needle(
	Station *station, const char *reason, StationDone done, void *userdata)
{
	call_station(
		station, &command_remove, json_pack("{s:s}", "reason", reason), NULL, NULL, done, userdata);
}

static inline void station_load_pigment(Station *station, const char *brand, const char *colour,
	const char *lot, const char *expiry, StationDone done, void *userdata)
{
	call_station(station, &command_pigment,
		json_pack("{s:s, s:s, s:s, s:s}", "brand", brand, "colour", colour, "lot", lot, "expiry",
			expiry),
		NULL, NULL, done, userdata);
}

static inline void station_take_picture(
	Station *station, const char *zone, const char *phase, StationDone done, void *userdata)
{
	call_station(station, &command_picture, json_pack("{s:s, s:s}", "zone", zone, "phase", phase), NULL,
		NULL, done, userdata);
}

static inline void station_sign(
	Station *station, const char *pin, const char *meaning, StationDone done, void *userdata)
{
	call_station(
		station, &command_sign, json_pack("{s:s}", "meaning", meaning), pin, NULL, done, userdata);
}

static inline void station_abandon(Station *station, const char *reason, StationDone done, void *userdata)
{
	call_station(
		station, &command_abandon, json_pack("{s:s}", "reason", reason), NULL, NULL, done, userdata);
}

static inline void station_acknowledge(
	Station *station, const char *note, const char *pin, StationDone done, void *userdata)
{
	call_station(
		station, &command_acknowledge, json_pack("{s:s}", "note", note), pin, NULL, done, userdata);
}

static inline void station_enter(Station *station, FormPlace place, const char *kind, json_t *fields,
	const char *pin, StationDone done, void *userdata)
{
	station_ask(station, &(StationRequest){
				     .spec = &command_form,
				     .asked = json_pack("{s:s, s:O}", "kind", kind, "fields", fields),
				     .pin = pin,
				     .place = place,
				     .done = done,
				     .userdata = userdata,
			     });
}

static inline void station_verify(
	Station *station, const StationCaller *caller, StationDone done, void *userdata)
{
	station_set_caller(station, caller);
	call_station(station, &command_verify, NULL, NULL, NULL, done, userdata);
	station_set_caller(station, NULL);
}
