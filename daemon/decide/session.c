/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Decides the steps of a session, from its start to its signature. A step that ends the work first stops the
 * needle, and the records of the work precede the step's record.
 */

#include "decide/decision.h"

#include <string.h>

#include "decide/cartridge.h"
#include "decide/recovery.h"
#include "state/density.h"

/* ---- begin ---- */

/** The client's planned course with this protocol; NULL: none is planned. */
static const json_t *course_with(const Command *command, const char *protocol)
{
	return found_row_with(command, "courses", "protocol", protocol);
}

/** Only a course that was extended goes beyond its protocol. */
static bool require_within(const Command *command, const Protocol *protocol, Decision *ret)
{
	json_int_t session = asked_number(command, "course_session");

	if (session <= protocol->sessions)
		return true;
	decide_refusal(ret, STATION_ERROR_INVALID,
		"protocol %s has sessions 1 to %u, not %lld: plan the course and extend it, with the reason",
		protocol->name, protocol->sessions, (long long)session);
	return false;
}

/** Whether the session is one of the protocol where no course is planned. */
static bool require_unplanned(const Command *command, const Protocol *protocol, Decision *ret)
{
	const json_t *other = found_row(command, "courses");

	if (!other)
		return require_within(command, protocol, ret);
	decide_refusal(ret, STATION_ERROR_INVALID,
		"the course of %s is planned with protocol %s, not %s: begin that, plan this one beside it, or plan anew",
		asked_text(command, "subject"), row_text(other, "protocol"), protocol->name);
	return false;
}

/** The session must be the next one of the course, or an earlier one. */
static bool require_course(const Command *command, const Protocol *protocol, Decision *ret)
{
	const char *subject = asked_text(command, "subject");
	const json_t *course = course_with(command, protocol->name);
	json_int_t session = asked_number(command, "course_session");
	json_int_t planned = json_integer_value(json_object_get(course, "sessions"));
	json_int_t done = json_integer_value(json_object_get(course, "done"));

	if (!course)
		return require_unplanned(command, protocol, ret);
	if (session > planned)
		decide_refusal(ret, STATION_ERROR_INVALID,
			"the course of %s is planned with %lld sessions: extend it, with the reason, before session %lld",
			subject, (long long)planned, (long long)session);
	else if (session > done + 1)
		decide_refusal(ret, STATION_ERROR_INVALID,
			"session %lld of the course of %s has not taken place: begin that one",
			(long long)done + 1, subject);
	else
		return true;
	return false;
}

static const Protocol *require_protocol(const State *state, const Command *command, Decision *ret)
{
	const char *name = asked_text(command, "protocol");
	const Protocol *protocol = protocols_find(&state->protocols, name);
	int64_t session = asked_number(command, "course_session");

	if (!protocol) {
		decide_refusal(ret, STATION_ERROR_UNKNOWN, "there is no protocol \"%.48s\" in %s", name,
			state->rules.config->protocol_folder);
		return NULL;
	}
	if (session >= 1)
		return protocol;
	decide_refusal(ret, STATION_ERROR_INVALID, "protocol %s has sessions 1 to %u, not %lld", name,
		protocol->sessions, (long long)session);
	return NULL;
}

/** Adds the person's zones as the ledger knows them, so that a restart finds the same figures in this record.
 */
static void add_scalp(const Command *command, json_t *body)
{
	json_t *zones = json_array(), *dots = json_array(), *areas = json_array(), *lasts = json_array(),
	       *measured = json_array(), *row;
	char last[CLOCK_UTC_TEXT_MAX];
	size_t i;

	json_array_foreach (found_rows(command, "scalp"), i, row) {
		json_int_t last_us = json_integer_value(json_object_get(row, "last_us"));

		clock_format_utc(last_us, last);
		json_array_append(zones, json_object_get(row, "zone"));
		json_array_append(dots, json_object_get(row, "dots"));
		json_array_append(areas, json_object_get(row, "area_mm2"));
		json_array_append_new(lasts, last_us ? json_sprintf("%.19sZ", last) : json_string(""));
		if (json_integer_value(json_object_get(row, "measured")))
			json_array_append(measured, json_object_get(row, "zone"));
	}
	json_object_set_new(body, "scalp_zones", zones);
	json_object_set_new(body, "scalp_dots", dots);
	json_object_set_new(body, "scalp_area_mm2", areas);
	json_object_set_new(body, "scalp_last", lasts);
	json_object_set_new(body, "scalp_measured", measured);
}

/** The first day on which no protocol of the client's earlier dots makes others wait; 0: there is none. UTC.
 */
static int64_t wait_until_utc_us(const State *state, const Command *command, const Protocol *wanted)
{
	int64_t until_us = 0, end_us;
	const Protocol *earlier;
	json_t *row;
	size_t i;

	json_array_foreach (found_rows(command, "last-dots"), i, row) {
		earlier = protocols_find(&state->protocols, row_text(row, "protocol"));
		if (!earlier || earlier == wanted || earlier->wait_after_days == 0)
			continue;
		end_us = json_integer_value(json_object_get(row, "last_us")) +
			 earlier->wait_after_days * (int64_t)USEC_PER_DAY;
		until_us = end_us > until_us ? end_us : until_us;
	}
	return until_us;
}

/** Includes the aftercare text that the person is given, because the protocol file may change later. */
static json_t *begin_body(
	const State *state, const Command *command, const Protocol *protocol, const char *subject)
{
	int64_t last_us = json_integer_value(json_object_get(found_row(command, "treated"), "utc_us"));
	int64_t wait_us = wait_until_utc_us(state, command, protocol);
	char last[CLOCK_UTC_TEXT_MAX];
	json_t *aftercare = json_array(), *body;

	for (size_t i = 0; aftercare && i < protocol->n_aftercare; i++)
		json_array_append_new(aftercare, json_string(protocol->aftercare[i]));
	body = json_pack("{s:s, s:s, s:I, s:s, s:i, s:o, s:I, s:I}", "subject", subject, "protocol",
		protocol->name, "course_session", asked_number(command, "course_session"), "title",
		protocol->title, "sessions", (int)protocol->sessions, "aftercare", aftercare, "interval_days",
		json_integer_value(json_object_get(course_with(command, protocol->name), "interval_days")),
		"session", (json_int_t)state->next_session);
	if (body)
		add_scalp(command, body);
	if (body && wait_us > host_today_us(&state->host)) {
		clock_format_utc(wait_us, last);
		json_object_set_new(body, "wait_until", json_sprintf("%.10s", last));
	}
	if (!body || last_us == 0)
		return body;
	clock_format_utc(last_us, last);
	json_object_set_new(body, "last_session", json_sprintf("%.19sZ", last));
	return body;
}

/** The session has begun: the interlocks judge by this client's card. */
static void decide_begun(const State *state, const Command *command, Decision *ret)
{
	if (!command->refreshed) {
		decide_effect(ret, EFFECT_REFRESH_FACTS);
		return;
	}
	decide_done(ret);
	ret->number = state->session.number;
}

static void decide_begin(const State *state, const Command *command, Decision *ret)
{
	static const char *const questions[] = { "treated", "courses", "scalp", "last-dots" };
	const char *subject = asked_text(command, "subject");
	const json_t *person = found_row(command, "person");
	const Protocol *protocol;

	if (command->recorded > 0 && state->session.number > 0) {
		decide_begun(state, command, ret);
		return;
	}
	if (!require_signed_in(state, command, "technician", ret) ||
		!require_event(state, SESSION_EVENT_BEGIN, ret) || !require_subject(subject, ret))
		return;
	protocol = require_protocol(state, command, ret);
	if (!protocol)
		return;
	if (!found_rows(command, "person")) {
		decide_look_up(ret, "person", json_pack("{s:s}", "subject", subject), "the earlier sessions");
		return;
	}
	/* nobody has extended a course of somebody who was never here */
	if (!person && !require_within(command, protocol, ret))
		return;
	if (!require_person(subject, person, asked_yes(command, "new"), "session begin ... new",
		    "begin without `new`", ret))
		return;
	/* use the spelling on record */
	if (person)
		subject = row_text(person, "subject");
	for (size_t i = 0; i < ELEMENTS(questions); i++)
		if (!found_rows(command, questions[i])) {
			decide_look_up(ret, questions[i], json_pack("{s:s}", "subject", subject),
				"the earlier sessions");
			return;
		}
	if (!require_course(command, protocol, ret))
		return;
	decide_record_and_go_on(ret, "session.begun", begin_body(state, command, protocol, subject));
}

const CommandSpec command_begin = { decide_begin, .is_step = true };

/* ---- zone ---- */

/** The area that was asked for, or that of this client's zone on record when none was. In mm2; 0: not known.
 */
static int64_t wanted_area_mm2(const State *state, const Command *command)
{
	int64_t asked = asked_number(command, "area_mm2");
	Zone zone = zone_from_string(asked_text(command, "zone"));

	return asked || (int)zone < 0 ? asked : zone_area_mm2(&state->session.zones[zone]);
}

/** The measured areas of the client's zones together, with `area_mm2` for `wanted`. */
static int64_t scalp_area_mm2(const Session *session, Zone wanted, int64_t area_mm2)
{
	int64_t sum = area_mm2;

	for (Zone zone = 0; zone < ZONE_MAX; zone++)
		if (zone != wanted && session->zones[zone].area_was_measured)
			sum += session->zones[zone].known_area_mm2;
	return sum;
}

static bool require_area(const State *state, const Command *command, Decision *ret)
{
	const char *zone = asked_text(command, "zone");
	int64_t area_mm2 = wanted_area_mm2(state, command);
	int64_t scalp_mm2 = scalp_area_mm2(&state->session, zone_from_string(zone), area_mm2);

	if (area_mm2 == 0)
		decide_refusal(ret, STATION_ERROR_INVALID,
			"the area of the zone %s is not on record for %s: measure it and give it in mm2",
			zone, state->session.subject);
	else if (area_mm2 < ZONE_AREA_MIN_MM2 || area_mm2 > ZONE_AREA_MAX_MM2)
		decide_refusal(ret, STATION_ERROR_INVALID,
			"the area must be %d to %d mm2, not %lld: a whole scalp has about 60000 (600 cm2)",
			ZONE_AREA_MIN_MM2, ZONE_AREA_MAX_MM2, (long long)area_mm2);
	else if (scalp_mm2 > SCALP_AREA_MAX_MM2)
		decide_refusal(ret, STATION_ERROR_INVALID,
			"the zones of %s would have %lld mm2 together, and a scalp has about 60000: measure the zone "
			"%s again, or correct another one",
			state->session.subject, (long long)scalp_mm2, zone);
	else
		return true;
	return false;
}

static bool require_zone(const State *state, const Command *command, Decision *ret)
{
	const char *zone = asked_text(command, "zone"), *skin = asked_text(command, "skin_type");

	if (!require_signed_in(state, command, "technician", ret) ||
		!require_phase(state, OPEN_PHASES | PHASE_BIT(SESSION_READY), ret))
		return false;
	if ((int)zone_from_string(zone) < 0)
		decide_refusal(ret, STATION_ERROR_INVALID, "there is no zone \"%.32s\": " ZONE_NAMES, zone);
	else if ((int)skin_type_from_string(skin) < 0)
		decide_refusal(ret, STATION_ERROR_INVALID,
			"there is no skin type \"%.32s\": normal, scar, atrophic, plug", skin);
	else
		return require_area(state, command, ret);
	return false;
}

/** Whether somebody gave an area that is not on record as measured. */
static bool is_new_area(const State *state, const Command *command)
{
	const SessionZone *zone = &state->session.zones[zone_from_string(asked_text(command, "zone"))];
	int64_t asked = asked_number(command, "area_mm2");

	return asked && (!zone->area_was_measured || zone->known_area_mm2 != asked);
}

static json_t *zone_body(const State *state, const Command *command, const ZonePlan *plan)
{
	return body_with_session(
		state, json_pack("{s:s, s:s, s:I, s:i, s:i, s:i, s:i, s:i}", "zone",
			       asked_text(command, "zone"), "skin_type", asked_text(command, "skin_type"),
			       "area_mm2", wanted_area_mm2(state, command), "target", plan->density,
			       "depth_min_um", plan->depth_min_um, "depth_max_um", plan->depth_max_um,
			       "angle_min_deg", plan->angle_min_deg, "angle_max_deg", plan->angle_max_deg));
}

/** The records of the work in the previous zone, and of a changed area, precede the record of the new zone.
 */
static void decide_zone(const State *state, const Command *command, Decision *ret)
{
	const Session *session = &state->session;
	const char *zone = asked_text(command, "zone"), *skin = asked_text(command, "skin_type");
	const ZonePlan *plan;

	if (!command->stopped && !require_zone(state, command, ret))
		return;
	plan = session_plan(session, zone_from_string(zone), skin_type_from_string(skin));
	if (!plan)
		decide_refusal(ret, STATION_ERROR_INVALID, "protocol %s has no plan for %s",
			session->protocol->name, zone);
	else if (!command->stopped)
		decide_effect(ret, EFFECT_STOP);
	else if (command->answer.error < 0)
		decide_refusal(ret, STATION_ERROR_LEDGER,
			"the last strokes of the zone before cannot be recorded now: try again");
	else if (is_new_area(state, command))
		decide_record_and_go_on(ret, "zone.area",
			body_with_session(
				state, json_pack("{s:s, s:s, s:I}", "subject", session->subject, "zone", zone,
					       "area_mm2", asked_number(command, "area_mm2"))));
	else
		decide_record(ret, "session.zone", zone_body(state, command, plan));
}

const CommandSpec command_zone = { decide_zone, .is_step = true };

/* ---- breaks, and the end ---- */

/** Records the step that `event` leads to. */
static void decide_transition(const State *state, SessionEvent event, Decision *ret)
{
	SessionState from = state->work.phase;

	if (require_event(state, event, ret))
		decide_record(ret, "session.state",
			session_step_body(
				state, from, session_next(from, event, state->work.resume_to), event));
}

static void decide_pause(const State *state, const Command *command, Decision *ret)
{
	if (command->stopped)
		decide_transition(state, SESSION_EVENT_PAUSE, ret);
	else if (require_event(state, SESSION_EVENT_PAUSE, ret))
		decide_effect(ret, EFFECT_STOP);
}

const CommandSpec command_pause = { decide_pause, .is_step = true, .stops = true };

static void decide_resume(const State *state, const Command *command, Decision *ret)
{
	char text[RECOVERY_TEXT_MAX];

	if (!require_signed_in(state, command, "technician", ret) ||
		!require_event(state, SESSION_EVENT_RESUME, ret))
		return;
	switch (recovery_check(state, text)) {
	case RECOVERY_GOES_ON:
		decide_transition(state, SESSION_EVENT_RESUME, ret);
		break;
	case RECOVERY_SELF_TEST:
		decide_refusal(ret, interlock_error_name(INTERLOCK_BOARD), "%s", text);
		break;
	case RECOVERY_CARTRIDGE:
		decide_refusal(ret, STATION_ERROR_NEEDLE, "%s", text);
		break;
	}
}

const CommandSpec command_resume = { decide_resume, .is_step = true };

/** Records the end of the work, after the record of the cartridge's removal. */
static void decide_end(const State *state, const char *kind, json_t *body, const char *reason, Decision *ret)
{
	decide_record(ret, kind, body);
	if (!state->needle.mounted.claim)
		return;
	ret->first = "needle.removed";
	ret->first_body = needle_removed_body(state, reason);
}

static void decide_finish(const State *state, const Command *command, Decision *ret)
{
	const Session *session = &state->session;

	if (!command->stopped && (!require_signed_in(state, command, "technician", ret) ||
					 !require_event(state, SESSION_EVENT_FINISH, ret)))
		return;
	if (!command->stopped) {
		decide_effect(ret, EFFECT_STOP);
		return;
	}
	decide_end(state, "session.finished",
		body_with_session(
			state, json_pack("{s:I, s:I, s:i, s:I}", "dots", (json_int_t)session->dots, "strokes",
				       (json_int_t)session->strokes, "needles", (int)session->needles,
				       "worked_s", (json_int_t)(state->work.worked_us / USEC_PER_SEC))),
		"session finished", ret);
	ret->figures = json_incref(ret->body);
}

const CommandSpec command_finish = { decide_finish, .is_step = true, .stops = true };

static void decide_abandon(const State *state, const Command *command, Decision *ret)
{
	const char *reason = asked_text(command, "reason");

	if (!command->stopped && (!require_signed_in(state, command, "technician", ret) ||
					 !require_event(state, SESSION_EVENT_ABANDON, ret) ||
					 !require_text("the reason", reason, SESSION_NAME_MAX - 1, ret)))
		return;
	if (!command->stopped)
		decide_effect(ret, EFFECT_STOP);
	else
		decide_end(state, "session.abandoned",
			body_with_session(state, json_pack("{s:s}", "reason", reason)), "session abandoned",
			ret);
}

const CommandSpec command_abandon = { decide_abandon, .is_step = true, .stops = true };

/*
 * what the signature stands for, whatever meaning its signer enters: that is personal data, and may be erased
 */
#define SIGNED_FOR "the session was done as recorded"

static void decide_sign(const State *state, const Command *command, Decision *ret)
{
	const char *meaning = asked_text(command, "meaning");

	if (command->pin_verdict != PIN_UNCHECKED && !require_pin(state, command, ret))
		return;
	if (!require_signed_in(state, command, "technician", ret) ||
		!require_event(state, SESSION_EVENT_SIGN, ret) ||
		!require_text("the meaning of the signature", meaning, SESSION_NAME_MAX - 1, ret))
		return;
	if (command->pin_verdict == PIN_UNCHECKED)
		decide_effect(ret, EFFECT_CHECK_PIN);
	else
		decide_record(ret, "session.signed",
			body_with_session(
				state, json_pack("{s:s, s:s}", "meaning", meaning, "signed", SIGNED_FOR)));
}

const CommandSpec command_sign = { decide_sign, .is_step = true };
