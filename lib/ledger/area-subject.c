/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The people who are treated, by pseudonym: what is known of them, planned courses, incidents. A name or a
 * contact must not get into a table: they stay beside the record as personal data.
 */

#include "ledger/area.h"

#include <string.h>

static const char *const tables[] = { "subject", "course", "incident", NULL };

static int project_subject(ProjectionContext *context)
{
	int r = projection_run(context, "INSERT INTO subject(subject, phototype, born, utc_us, seq) VALUES"
					"(@subject, @phototype, @born, @utc_us, @seq)");

	if (r == -EEXIST)
		return projection_refuse(context, r,
			"subject %s is registered already: change that, or choose another pseudonym",
			projection_text(context, "subject"));
	return r;
}

/** Name and contact are those of the newest record; the older ones stay until they are erased. */
static int project_changed(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *subject = NULL;
	bool found;
	int r = projection_step(context, "SELECT 1 FROM subject WHERE subject = @subject", &subject, &found);

	if (r == 0 && !found)
		return projection_refuse(context, -ENOENT,
			"subject %s is not registered: check the pseudonym",
			projection_text(context, "subject"));
	return r == 0 ? projection_run(context, "UPDATE subject SET seq = @seq WHERE subject = @subject") : r;
}

/** What happened to the person in the chair is found by the pseudonym later. */
static int complete_subject(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *session = NULL;
	bool found;
	int r;

	if (context->replay || json_object_get(context->body, "subject"))
		return 0;
	r = projection_step(
		context, "SELECT subject FROM session WHERE session = @session", &session, &found);
	if (r < 0 || !found)
		return r;
	context->body_changed = true;
	r = json_object_set_new(context->body, "subject", json_string(column_string(session, 0)));
	return r < 0 ? -ENOMEM : 0;
}

/** A reaction that shows days later belongs to a session of the person who has it. */
static int check_session(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *session = NULL;
	long long number = json_integer_value(json_object_get(context->body, "session"));
	const char *subject = projection_text(context, "subject");
	bool found;
	int r;

	if (context->replay || !json_object_get(context->body, "session"))
		return 0;
	r = projection_step(context,
		"SELECT @subject IS NULL OR subject" SAME_NAME(
			"@subject") " OR EXISTS(SELECT 1" FROM_CORRECTIONS
				    "WHERE record.session = @session AND " IS_SUBJECT " AND new" SAME_NAME(
					    "@subject") ") FROM session WHERE session = @session",
		&session, &found);
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

/** Refuses what has not happened yet. */
static int check_occurred(ProjectionContext *context)
{
	const char *occurred = projection_text(context, "occurred");
	int64_t utc_us;

	if (context->replay || !occurred || clock_parse_utc(occurred, &utc_us) < 0 ||
		utc_us <= context->utc_us)
		return 0;
	return projection_refuse(
		context, -EINVAL, "occurred %s lies in the future: check day and time", occurred);
}

/** Of a sharps injury, an operator's: 29 CFR 1910.1030(f)(5) asks for device, work area and how it happened.
 */
static int project_incident(ProjectionContext *context)
{
	bool sharps = strcmp(projection_text(context, "incident"), "sharps-injury") == 0;
	int r = check_session(context);

	if (r == 0)
		r = check_occurred(context);
	if (r == 0 && !sharps)
		r = complete_subject(context);
	if (r < 0)
		return r;
	if (sharps && !context->replay &&
		(!projection_text(context, "device") || !projection_text(context, "area")))
		return projection_refuse(context, -EINVAL,
			"a sharps injury needs the device (type and brand) and the work area: give both");
	/* without its words, once they are erased */
	return projection_run(context,
		"INSERT INTO incident(seq, utc_us, operator, session, subject, incident, severity, text, device, area,"
		" occurred, treatment, referral) VALUES(@seq, @utc_us, @actor, @session, @subject, @incident,"
		" @severity, coalesce(@text, ''), @device, @area, @occurred, @treatment, @referral)");
}

static const Projection projections[] = {
	{ "subject.registered", .project = project_subject },
	{ "subject.changed", .project = project_changed },
	{ "course.planned",
		.sql = "INSERT OR REPLACE INTO course(subject, protocol, sessions, interval_days, utc_us, seq) VALUES"
		       "(@subject, @protocol, @sessions, @interval_days, @utc_us, @seq)" },
	{ "incident.reported", .project = project_incident },
	{ NULL },
};

const LedgerArea area_subject = { tables, projections };
