/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Decides what is told about a client before a session begins: the zones that have dots, how dense they are,
 * when the last dots were made, and which zones must still rest. It records nothing.
 */

#include "decide/decision.h"

#include "decide/healing.h"

static void set_day(json_t *object, const char *key, int64_t utc_us)
{
	char text[CLOCK_UTC_TEXT_MAX];

	clock_format_utc(utc_us, text);
	json_object_set_new(object, key, json_sprintf("%.10s", text));
}

/**
 * One zone: `last`, `days_since` and `earliest` only where there are dots. `wait_days`: until it may be
 * treated; 0: now. `after_days`: before a session of another protocol; 0: none.
 */
static json_t *zone_figures(const State *state, json_t *row, uint32_t days, uint32_t after_days)
{
	int64_t now_us = host_today_us(&state->host);
	int64_t last_us = json_integer_value(json_object_get(row, "last_us"));
	double dots = json_number_value(json_object_get(row, "dots"));
	double area_mm2 = json_number_value(json_object_get(row, "area_mm2"));
	char last[CLOCK_UTC_TEXT_MAX];
	json_t *zone = json_pack("{s:O, s:O, s:O, s:b, s:f, s:I}", "zone", json_object_get(row, "zone"),
		"dots", json_object_get(row, "dots"), "area_mm2", json_object_get(row, "area_mm2"),
		"measured", json_integer_value(json_object_get(row, "measured")) != 0, "density",
		area_mm2 > 0 ? dots * 100 / area_mm2 : 0, "wait_days",
		(json_int_t)healing_days_left(last_us, days, now_us));

	if (!zone || !last_us)
		return zone;
	clock_format_utc(last_us, last);
	json_object_set_new(zone, "last", json_sprintf("%.19sZ", last));
	json_object_set_new(zone, "days_since", json_integer(now_us / USEC_PER_DAY - last_us / USEC_PER_DAY));
	set_day(zone, "earliest", healing_earliest_us(last_us, days));
	if (after_days)
		set_day(zone, "others_earliest", healing_earliest_us(last_us, after_days));
	return zone;
}

/** The course that is planned for the client with this protocol; NULL: none. */
static const json_t *planned_course(const Protocol *protocol, const Command *command)
{
	const json_t *row, *planned = NULL, *courses = found_rows(command, "courses");
	size_t i;

	json_array_foreach ((json_t *)courses, i, row)
		if (strcmp(row_text(row, "protocol"), protocol->name) == 0)
			planned = row;
	return planned;
}

/**
 * The days that a zone must rest before this session are those of the protocol, or as planned for the
 * client's course; and so is the number of sessions.
 */
static void tell_scalp(const State *state, const Command *command, const Protocol *protocol, Decision *ret)
{
	const json_t *course = planned_course(protocol, command);
	uint32_t days = healing_days(protocol, (uint32_t)asked_number(command, "course_session"),
		(uint32_t)json_integer_value(json_object_get(course, "interval_days")));
	json_int_t sessions = json_integer_value(json_object_get(course, "sessions"));
	json_t *zones = json_array(), *row;
	size_t i;

	json_array_foreach (found_rows(command, "scalp"), i, row)
		json_array_append_new(zones, zone_figures(state, row, days, protocol->wait_after_days));
	ret->figures = json_pack("{s:o, s:I, s:I}", "zones", zones, "rest_days", (json_int_t)days, "sessions",
		sessions ? sessions : (json_int_t)protocol->sessions);
	decide_done(ret);
}

static void decide_client(const State *state, const Command *command, Decision *ret)
{
	static const char *const questions[] = { "person", "courses", "scalp" };
	const char *subject = asked_text(command, "subject"), *name = asked_text(command, "protocol");
	const Protocol *protocol = protocols_find(&state->protocols, name);

	if (!require_signed_in(state, command, "technician supervisor", ret) ||
		!require_subject(subject, ret))
		return;
	if (!protocol) {
		decide_refusal(ret, STATION_ERROR_UNKNOWN, "there is no protocol \"%.48s\" in %s", name,
			state->rules.config->protocol_folder);
		return;
	}
	for (size_t i = 0; i < ELEMENTS(questions); i++)
		if (!found_rows(command, questions[i])) {
			decide_look_up(ret, questions[i], json_pack("{s:s}", "subject", subject),
				"the earlier sessions");
			return;
		}
	if (!found_row(command, "person"))
		decide_refusal(ret, STATION_ERROR_UNKNOWN,
			"nobody is on record as %s: check the pseudonym, or begin the session with a new person",
			subject);
	else
		tell_scalp(state, command, protocol, ret);
}

const CommandSpec command_client = { .decide = decide_client };
