/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Applies the records of a session's steps. A record of another session changes nothing. It must not judge a
 * step: a recorded step has happened.
 */

#include "apply/session.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "apply/alarms.h"
#include "apply/record-field.h"
#include "apply/work.h"
#include "state/interlock-names.h"
#include "util/clock.h"

static SessionZone *zone_named(Session *session, const char *name)
{
	Zone zone = zone_from_string(name ? name : "");

	return (int)zone >= 0 ? &session->zones[zone] : NULL;
}

/** What the client's zones had before this session. A zone that is none of this version's is left out. */
static void apply_scalp(Session *session, const json_t *body)
{
	const json_t *dots = json_object_get(body, "scalp_dots"),
		     *areas = json_object_get(body, "scalp_area_mm2"),
		     *lasts = json_object_get(body, "scalp_last");
	SessionZone *zone;
	const char *last;
	json_t *name;
	size_t i;

	json_array_foreach (json_object_get(body, "scalp_zones"), i, name) {
		zone = zone_named(session, json_string_value(name));
		last = json_string_value(json_array_get(lasts, i));
		if (!zone)
			continue;
		zone->before_dots = (uint64_t)json_integer_value(json_array_get(dots, i));
		zone->known_area_mm2 = (uint32_t)json_integer_value(json_array_get(areas, i));
		(void)!clock_parse_utc(last ? last : "", &zone->last_dots_utc_us);
	}
	json_array_foreach (json_object_get(body, "scalp_measured"), i, name) {
		zone = zone_named(session, json_string_value(name));
		if (zone)
			zone->area_was_measured = true;
	}
}

/** The name is known only of somebody who is signed in. */
static void set_practitioner(State *state, const char *badge)
{
	const Operator *known = &state->people.signed_in;
	bool is_here = badge[0] && strcasecmp(known->badge, badge) == 0;

	snprintf(state->session.practitioner, SESSION_NAME_MAX, "%s", badge);
	snprintf(state->session.practitioner_name, SESSION_NAME_MAX, "%s", is_here ? known->name : "");
}

void session_handed_over_apply(State *state, const AppliedRecord *record)
{
	set_practitioner(state, record_text(record, "to"));
}

void session_begun_apply(State *state, const AppliedRecord *record)
{
	Session *session = &state->session;

	session_clear(session);
	work_clear(state);
	work_arrive(state, SESSION_PREPARING);
	state->work.begun_us = record->monotonic_us;
	state->needle = (Needle){ 0 };
	session->number = (uint64_t)record_number(record, "session");
	if (session->number >= state->next_session)
		state->next_session = session->number + 1;
	session->step = SESSION_PREPARING;
	session->begun_utc_us = record->utc_us;
	session->course_session = (uint32_t)record_number(record, "course_session");
	session->interval_days = (uint32_t)record_number(record, "interval_days");
	(void)!clock_parse_utc(record_text(record, "last_session"), &session->last_session_utc_us);
	snprintf(session->subject, sizeof session->subject, "%s", record_text(record, "subject"));
	snprintf(
		session->protocol_name, sizeof session->protocol_name, "%s", record_text(record, "protocol"));
	session->protocol = protocols_find(&state->protocols, session->protocol_name);
	set_practitioner(state, record->actor ? record->actor : "");
	apply_scalp(session, record->body);
	/* the end of the day before */
	if (date_end_utc_us(record_text(record, "wait_until"), &session->wait_until_utc_us) == 0)
		session->wait_until_utc_us -= USEC_PER_DAY;
}

void session_consent_apply(State *state, const AppliedRecord *record)
{
	bool treatment = strcmp(record_text(record, "consent"), "treatment") == 0;

	*(treatment ? &state->session.consent_treatment : &state->session.consent_photographs) =
		json_is_true(json_object_get(record->body, "given"));
}

void session_statement_apply(State *state, const AppliedRecord *record)
{
	const char *statement = record_text(record, "statement");

	if (strcmp(statement, "aftercare") == 0)
		state->session.aftercare_received = true;
	else if (strcmp(statement, "needles-sealed") == 0)
		state->session.needles_sealed = true;
}

void session_zone_apply(State *state, const AppliedRecord *record)
{
	Session *session = &state->session;
	Zone zone = zone_from_string(record_text(record, "zone"));
	SkinType skin = skin_type_from_string(record_text(record, "skin_type"));
	Dot dot;

	(void)contact_end_apply(state, &dot);
	dot_detector_init(&session->detector);
	state->work.depth_streak = state->work.force_streak = state->work.angle_streak = 0;
	session->zone = ZONE_INVALID;
	session->plan = NULL;
	if ((int)zone < 0 || (int)skin < 0 || !session->protocol)
		return;
	session->plan = session_plan(session, zone, skin);
	if (!session->plan)
		return;
	/* an interval is of one zone, and so is setting it aside */
	if (session->interval_zone != zone)
		session->overridden &= ~INTERLOCK_BIT(INTERLOCK_INTERVAL);
	session->interval_zone = zone;
	session->zone = zone;
	session->skin = skin;
	session->zones[zone].area_mm2 = (uint32_t)record_number(record, "area_mm2");
	session->zones[zone].target = session->plan->density;
}

void zone_area_apply(State *state, const AppliedRecord *record)
{
	SessionZone *measured = zone_named(&state->session, record_text(record, "zone"));

	if (!measured || strcasecmp(record_text(record, "subject"), state->session.subject) != 0)
		return;
	measured->known_area_mm2 = (uint32_t)record_number(record, "area_mm2");
	measured->area_was_measured = true;
	if (measured->area_mm2)
		measured->area_mm2 = measured->known_area_mm2;
}

void session_step_apply(State *state, const AppliedRecord *record)
{
	SessionState step = session_state_from_string(record_text(record, "to"));
	SessionEvent event = session_event_from_string(record_text(record, "event"));

	if ((int)step < 0 || step == SESSION_IDLE)
		return;
	state->session.step = step;
	/* the board has already reported whether the needle may move */
	if (event != SESSION_EVENT_ARM && event != SESSION_EVENT_DISARM)
		work_arrive(state, step);
	if (event == SESSION_EVENT_RESUME)
		state->session.recovery.waits = false;
}

void session_finished_apply(State *state, const AppliedRecord *record)
{
	work_arrive(state, SESSION_CLOSING);
	state->session.step = SESSION_CLOSING;
	state->session.recovery.waits = false;
}

void session_ended_apply(State *state, const AppliedRecord *record)
{
	session_clear(&state->session);
	state->needle = (Needle){ 0 };
	work_clear(state);
}

void photograph_apply(State *state, const AppliedRecord *record)
{
	Zone zone = zone_from_string(record_text(record, "zone"));
	SessionZone *taken = (int)zone >= 0 ? &state->session.zones[zone] : NULL;
	bool before = strcmp(record_text(record, "phase"), "before") == 0;

	if (taken)
		snprintf(before ? taken->before_photo : taken->after_photo, SESSION_NAME_MAX, "%s",
			record_text(record, "file"));
}

void pigment_apply(State *state, const AppliedRecord *record)
{
	Session *session = &state->session;
	const char *brand = record_text(record, "brand"), *colour = record_text(record, "colour"),
		   *lot = record_text(record, "lot");

	snprintf(session->pigment_product, sizeof session->pigment_product, "%s %s", brand, colour);
	snprintf(session->pigment_lot, sizeof session->pigment_lot, "%s", lot);
	snprintf(session->pigment, sizeof session->pigment, "%s %s, lot %s", brand, colour, lot);
	(void)!date_end_utc_us(record_text(record, "expiry"), &session->pigment_expiry_utc_us);
}

/** Of two applications in a zone the one counts that needs longer; without zones it is of all. */
static void wait_longer(SessionZone *zone, int64_t until_us)
{
	if (zone && zone->anaesthetic_until_utc_us < until_us)
		zone->anaesthetic_until_utc_us = until_us;
}

void anaesthetic_apply(State *state, const AppliedRecord *record)
{
	json_t *zones = json_object_get(record->body, "zones"), *name;
	int64_t until_us = record->utc_us;
	size_t i;

	(void)!clock_parse_utc(record_text(record, "applied"), &until_us);
	until_us += (int64_t)record_number(record, "wait_min") * 60 * USEC_PER_SEC;
	for (i = 0; json_array_size(zones) == 0 && i < ZONE_MAX; i++)
		wait_longer(&state->session.zones[i], until_us);
	json_array_foreach (zones, i, name)
		wait_longer(zone_named(&state->session, json_string_value(name)), until_us);
}

void override_apply(State *state, const AppliedRecord *record)
{
	Interlock interlock = interlock_from_string(record_text(record, "interlock"));

	if ((int)interlock >= 0)
		state->session.overridden |= INTERLOCK_BIT(interlock);
}

void session_recovered_apply(State *state, const AppliedRecord *record)
{
	Session *session = &state->session;
	Dot dot;

	(void)contact_end_apply(state, &dot);
	session_step_apply(state, record);
	session->recovery = (SessionRecovery){
		.waits = session->step != SESSION_CLOSING,
		.lacking_ms = (uint32_t)record_number(record, "lacking_ms"),
	};
	(void)!clock_parse_utc(record_text(record, "since"), &session->recovery.since_us);
	/* a cartridge that was put aside may have been anywhere in the meantime */
	state->needle.removed = (Cartridge){ 0 };
}

/** A time of the clock as one of the machine's own clock, which may have begun anew since. */
static int64_t then_us(const Host *host, int64_t utc_us)
{
	int64_t away_us = host_today_us(host) - utc_us;

	return host->now.monotonic_us - (away_us > 0 ? away_us : 0);
}

void recovered_times_apply(State *state)
{
	const Session *session = &state->session;
	Work *work = &state->work;

	work->phase = session->step;
	work->begun_us = then_us(&state->host, session->begun_utc_us);
	/* the time while the station was away is a rest */
	if (session->rest_utc_us) {
		work->rest_us = then_us(&state->host, session->rest_utc_us);
		work->stretch_us = work->rest_us - (session->rest_utc_us - session->stretch_utc_us);
	}
	work->worked_us = session->stroke_us;
	work->needle_since_us =
		work->worked_us - state->needle.mounted.stroke_us - session->recovery.lacking_ms * 1000LL;
}

void fault_acknowledged_apply(State *state, const AppliedRecord *record)
{
	Fault *fault = &state->board.fault;
	Work *work = &state->work;

	if (state->session.number && state->session.step == SESSION_READY)
		state->session.step = SESSION_PREPARING;
	/* another fault may have been latched since the acknowledgement was requested */
	if (work->phase != SESSION_FAULT || record->fault != fault->number)
		return;
	*fault = (Fault){ .number = fault->number };
	fault_alarm_over_apply(state);
	work->phase = session_next(SESSION_FAULT, SESSION_EVENT_ACKNOWLEDGE, work->resume_to);
	/* acknowledging a fault does not mean that the session goes on */
	if (work->phase == SESSION_PREPARING && state->session.recovery.waits)
		work->phase = SESSION_PAUSED;
}
