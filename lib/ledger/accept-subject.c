/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Accepts records of the people who are treated, by pseudonym, and of incidents. A name or a contact must not
 * get into a table: both stay beside the record as personal data.
 */

#include "ledger/accept.h"
#include "ledger/statements.h"

#include <stdlib.h>
#include <string.h>

static int subject_exists(ProjectionContext *context)
{
	return projection_refuse(context, -EEXIST,
		"subject %s is registered already: change that, or choose another pseudonym",
		projection_text(context, "subject"));
}

/** Refuses a date that is none, or in the future. */
static int check_day(ProjectionContext *context, const char *field)
{
	const char *day = projection_text(context, field);
	char today[CLOCK_UTC_TEXT_MAX], begins[CLOCK_UTC_TEXT_MAX];
	int64_t utc_us;

	if (!day)
		return 0;
	projection_today(context, today);
	snprintf(begins, sizeof begins, "%.10sT00:00:00Z", day);
	if (clock_parse_utc(begins, &utc_us) < 0 || strcmp(day, "1900-01-01") < 0)
		return projection_refuse(context, -EINVAL,
			"%s is no day from 1900-01-01 on: check year, month and day", field);
	/* a clock that was never set says nothing about the future */
	if (context->utc_us >= CLOCK_UNSET_BEFORE_US && strncmp(day, today, 10) > 0)
		return projection_refuse(
			context, -EINVAL, "%s lies in the future: check year, month and day", field);
	return 0;
}

/** Checks the days on a card; date and year of birth agree. The refusals quote nothing of the card. */
static int check_card(ProjectionContext *context)
{
	const char *birth = projection_text(context, "birth_date");
	const json_t *born = json_object_get(context->personal, "born");
	int r = check_day(context, "birth_date");

	if (r < 0)
		return r;
	if (birth && born && strtoll(birth, NULL, 10) != json_integer_value(born))
		return projection_refuse(
			context, -EINVAL, "birth_date and born are of two years: give the date alone");
	return check_day(context, "guardian_form");
}

static int accept_registered(ProjectionContext *context)
{
	return context->replay ? 0 : check_card(context);
}

static int accept_changed(ProjectionContext *context)
{
	bool found;
	int r = projection_has(context, "SELECT 1 FROM subject WHERE subject = @subject", &found);

	if (r < 0 || found)
		return r;
	return projection_refuse(context, -ENOENT, "subject %s is not registered: check the pseudonym",
		projection_text(context, "subject"));
}

/** A reaction that shows days later belongs to a session of that person. */
static int check_session(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *session = NULL;
	const char *subject = projection_text(context, "subject");
	long long number = projection_number(context, "session");
	bool found;
	int r;

	if (!json_object_get(context->body, "session"))
		return 0;
	r = projection_step(context, sql_session_is_of_subject, &session, &found);
	if (r < 0)
		return r;
	if (!found)
		return projection_refuse(
			context, -ENOENT, "there is no session %lld: check its number", number);
	if (!column_integer(session, 0))
		return projection_refuse(context, -EINVAL,
			"session %lld is none of %s: `stipplectl audit subject %s` lists those that are",
			number, subject, subject);
	return 0;
}

/** Only a course that is planned can be extended, and only to more sessions. */
static int accept_extension(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *course = NULL;
	long long sessions = projection_number(context, "sessions");
	bool found;
	int r;

	if (context->replay)
		return 0;
	r = projection_step(context, sql_course_of_protocol, &course, &found);
	if (r < 0)
		return r;
	if (!found)
		return projection_refuse(context, -ENOENT,
			"no course of %s is planned with protocol %s: plan one",
			projection_text(context, "subject"), projection_text(context, "protocol"));
	if (sessions > column_integer(course, 0))
		return 0;
	return projection_refuse(context, -EINVAL,
		"the course of %s has %lld sessions already: give a higher number, or plan anew",
		projection_text(context, "subject"), (long long)column_integer(course, 0));
}

/** Refuses an area with which the subject's zones have more than a scalp, also where zones overlap. */
static int accept_area(ProjectionContext *context)
{
	enum { SCALP_MAX_MM2 = 90000 };
	_cleanup_(statement_donep) sqlite3_stmt *others = NULL;
	long long together = projection_number(context, "area_mm2");
	bool found;
	int r;

	if (context->replay)
		return 0;
	r = check_session(context);
	if (r < 0)
		return r;
	r = projection_step(context, sql_area_of_other_zones, &others, &found);
	if (r < 0)
		return r;
	together += found ? column_integer(others, 0) : 0;
	if (together <= SCALP_MAX_MM2)
		return 0;
	return projection_refuse(context, -EINVAL,
		"the zones of %s would have %lld mm2 together, and a scalp has about 60000: measure this zone again, "
		"or correct another one",
		projection_text(context, "subject"), together);
}

static int accept_described(ProjectionContext *context)
{
	int r = accept_changed(context);

	if (r < 0 || context->replay)
		return r;
	if (json_object_size(context->personal) == 0)
		return projection_refuse(
			context, -EINVAL, "the card says nothing new: give at least one of its fields");
	return check_card(context);
}

/** A recipe that says nothing helps nobody. */
static int accept_recipe(ProjectionContext *context)
{
	static const char *const says[] = { "pigment", "needle", "rate_hz", "depth_um", "dwell_ms" };

	if (context->replay)
		return 0;
	for (size_t i = 0; i < ELEMENTS(says); i++)
		if (json_object_get(context->body, says[i]))
			return check_session(context);
	if (projection_text(context, "remark"))
		return check_session(context);
	return projection_refuse(
		context, -EINVAL, "the recipe says nothing: give pigment, needle, a setting or a remark");
}

/** Adds the pseudonym of the person in the chair, by which the incident is found later. */
static int complete_subject(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *session = NULL;
	bool found;
	int r;

	if (json_object_get(context->body, "subject"))
		return 0;
	r = projection_step(
		context, "SELECT subject FROM session WHERE session = @session", &session, &found);
	if (r < 0 || !found)
		return r;
	return projection_complete(context, "subject", json_string(column_string(session, 0)));
}

/** Refuses an event, or the knowledge of it, in the future. */
static int check_passed(ProjectionContext *context, const char *field)
{
	const char *time = projection_text(context, field);
	int64_t utc_us;

	if (!time || clock_parse_utc(time, &utc_us) < 0 || utc_us <= context->utc_us)
		return 0;
	return projection_refuse(
		context, -EINVAL, "%s %s lies in the future: check day and time", field, time);
}

static int check_times(ProjectionContext *context)
{
	const char *occurred = projection_text(context, "occurred"),
		   *known = projection_text(context, "known");
	int64_t occurred_us, known_us;
	int r = check_passed(context, "occurred");

	if (r < 0)
		return r;
	r = check_passed(context, "known");
	if (r < 0 || !occurred || !known || clock_parse_utc(occurred, &occurred_us) < 0 ||
		clock_parse_utc(known, &known_us) < 0 || known_us >= occurred_us)
		return r;
	return projection_refuse(context, -EINVAL,
		"the clinic cannot have known of it on %s, before it occurred on %s: check both", known,
		occurred);
}

/* ---- the report to an authority ---- */

static const char *word_of(const json_t *body, const char *field)
{
	const char *word = json_string_value(json_object_get(body, field));

	return word ? word : "";
}

/** Whether the rules that the record kept have this incident reported. */
static bool must_be_reported(const json_t *body)
{
	static const char *const severities[] = { "minor", "moderate", "severe" };
	const char *from = word_of(body, "report_from");
	bool enough = false;

	if (!*word_of(body, "report_to") ||
		!text_list_has(word_of(body, "report_of"), word_of(body, "incident")))
		return false;
	for (size_t i = 0; i < ELEMENTS(severities); i++) {
		enough = enough || strcmp(severities[i], from) == 0;
		if (strcmp(severities[i], word_of(body, "severity")) == 0)
			return enough;
	}
	return false;
}

/** By the clock from when the clinic learnt of it. */
bool incident_due(const json_t *body, int64_t utc_us, char ret[CLOCK_UTC_TEXT_MAX])
{
	json_int_t hours = json_integer_value(json_object_get(body, "report_hours"));
	json_int_t days = json_integer_value(json_object_get(body, "report_days"));
	int64_t from_us;

	if (!must_be_reported(body))
		return false;
	if (clock_parse_utc(word_of(body, "known"), &from_us) < 0)
		from_us = utc_us;
	if (hours > 0)
		clock_format_utc(from_us + hours * 3600 * USEC_PER_SEC, ret);
	else
		projection_date(clock_add_working_days(from_us, (unsigned)days), ret);
	return true;
}

/** Adds until when it is reported. */
static int complete_due(ProjectionContext *context)
{
	char due[CLOCK_UTC_TEXT_MAX];

	if (!incident_due(context->body, context->utc_us, due))
		return 0;
	return projection_complete(context, "due", json_string(due));
}

/**
 * For an operator's sharps injury, 29 CFR 1910.1030(f)(5) requires the device, the work area and how it
 * happened.
 */
static int check_injury(ProjectionContext *context)
{
	if (projection_text(context, "device") && projection_text(context, "area"))
		return 0;
	return projection_refuse(context, -EINVAL,
		"a sharps injury needs the device (type and brand) and the work area: give both");
}

static int accept_incident(ProjectionContext *context)
{
	int r;

	if (context->replay)
		return 0;
	r = check_session(context);
	if (r < 0)
		return r;
	r = check_times(context);
	if (r < 0)
		return r;
	if (strcmp(projection_text(context, "incident"), "sharps-injury") == 0)
		r = check_injury(context);
	else
		r = complete_subject(context);
	return r < 0 ? r : complete_due(context);
}

/** A report that was sent before there was anything to report is another one, or has another day. */
static int check_sent(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	const char *sent = projection_text(context, "sent");
	char occurred[CLOCK_UTC_TEXT_MAX];
	int64_t sent_us;
	bool found;
	int r;

	if (!sent || clock_parse_utc(sent, &sent_us) < 0)
		return 0;
	r = projection_step(context, sql_incident_began, &row, &found);
	if (r < 0 || !found || sent_us >= column_integer(row, 0))
		return r;
	clock_format_utc(column_integer(row, 0), occurred);
	return projection_refuse(context, -EINVAL,
		"the report was not sent on %s, before its incident of %.16s UTC: check day and time, or correct when it "
		"occurred",
		sent, occurred);
}

int subject_times_check(ProjectionContext *context, const char *kind)
{
	int r;

	if (text_list_has("subject.registered subject.described", kind))
		return check_card(context);
	if (strcmp(kind, "incident.reported") == 0)
		return check_times(context);
	if (strcmp(kind, "incident.notified") != 0)
		return 0;
	r = check_passed(context, "sent");
	return r < 0 ? r : check_sent(context);
}

static int accept_notification(ProjectionContext *context)
{
	bool found;
	int r = projection_has(context, "SELECT 1 FROM incident WHERE seq = @incident", &found);

	if (r < 0 || context->replay)
		return r;
	if (!found)
		return projection_refuse(context, -ENOENT,
			"record %lld is no incident: `stipplectl audit incidents` lists their numbers",
			projection_number(context, "incident"));
	r = check_passed(context, "sent");
	return r < 0 ? r : check_sent(context);
}

const Acceptance accept_subject[] = {
	{ "subject.registered", accept_registered, subject_exists },
	{ "subject.changed", accept_changed },
	{ "course.extended", accept_extension },
	{ "zone.area", accept_area },
	{ "subject.described", accept_described },
	{ "recipe.noted", accept_recipe },
	{ "incident.reported", accept_incident },
	{ "incident.notified", accept_notification },
	{ NULL },
};
