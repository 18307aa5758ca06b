/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Sessions: consents, zones, strokes, photographs, and how each session ended. Whether a step may be taken is
 * left to the station: this file keeps what was taken.
 */

#include "ledger/area.h"

static const char *const tables[] = { "session", "image", "zone_result", NULL };

static int project_begun(ProjectionContext *context)
{
	int r = projection_run(context,
		"INSERT INTO session(session, subject, protocol, course_session, operator, utc_us, outcome) VALUES"
		"(@session, @subject, @protocol, @course_session, @actor, @utc_us, 'open')");

	if (r == -EEXIST)
		return projection_refuse(context, r, "session %lld was begun before: restart the daemon",
			(long long)json_integer_value(json_object_get(context->body, "session")));
	return r;
}

/**
 * The session's and the cartridge's totals so far (session.finished and needle.removed have the last word),
 * and the zone in which the pigment was used that was loaded last.
 */
static int project_strokes(ProjectionContext *context)
{
	int r = projection_run(context,
		"UPDATE session SET strokes = coalesce(strokes, 0) + @strokes, dots = coalesce(dots, 0) + @dots"
		" WHERE session = @session");

	if (r == 0)
		r = projection_run(context,
			"UPDATE unit SET strokes = coalesce(strokes, 0) + @strokes, dots = coalesce(dots, 0) + @dots"
			" WHERE unit = @unit");
	if (r == 0)
		r = projection_run(context,
			"INSERT INTO pigment_zone(seq, zone, strokes, dots) SELECT max(seq), @zone, @strokes, @dots"
			" FROM pigment_use WHERE session = @session HAVING max(seq) IS NOT NULL ON CONFLICT DO UPDATE"
			" SET strokes = strokes + excluded.strokes, dots = dots + excluded.dots");
	return r;
}

/* without session.finished the cartridges are counted here */
#define END_SESSION(outcome)                                                                          \
	"UPDATE session SET outcome = '" outcome "', ended_us = @utc_us, needles = coalesce(needles," \
	" (SELECT count(*) FROM unit WHERE unit.session = @session)) WHERE session = @session"

/** The cartridge that was in the handpiece when the power went can have been anywhere since. */
static int project_interrupted(ProjectionContext *context)
{
	int r = projection_run(context, END_SESSION("interrupted"));

	if (r == 0)
		r = projection_run(context, "UPDATE unit SET state = 'interrupted', removed_us = @utc_us"
					    " WHERE session = @session AND state = 'mounted'");
	return r;
}

#define CORRECTIONS_OF_SESSIONS                                                         \
	CORRECTIONS_OF("record.session",                                                \
		"WHERE kind IN ('session.begun', 'session.finished', 'session.signed'," \
		" 'session.abandoned')")
#define CORRECTIONS_OF_ZONES \
	CORRECTIONS_OF("record.session || ' ' || " RECORDED("zone"), "WHERE kind = 'zone.statistics'")
#define SESSION_COLUMNS                                                                              \
	"SELECT session, subject, protocol, course_session, operator, utc_us AS \"begun:utc\","      \
	" ended_us AS \"ended:utc\", outcome, dots, strokes, needles, worked_s, " JOINED_CORRECTIONS \
	" FROM session" JOIN_CORRECTIONS(CORRECTIONS_OF_SESSIONS, "session") " WHERE 1"

static const Projection projections[] = {
	{ "session.begun", .project = project_begun },
	{ "image.captured",
		.sql = "INSERT INTO image(seq, session, zone, phase, file, sha256, bytes, width, height, focus, exposure,"
		       " utc_us) VALUES(@seq, @session, @zone, @phase, @file, @sha256, @bytes, @width, @height, @focus,"
		       " @exposure, @utc_us)" },
	{ "strokes", .project = project_strokes },
	{ "zone.statistics",
		.sql = "INSERT OR REPLACE INTO zone_result(session, zone, dots, strokes, area_mm2, density, target,"
		       " outside, depth_mean_um, dwell_mean_ms) VALUES(@session, @zone, @dots, @strokes, @area_mm2,"
		       " @density, @target, @outside, @depth_mean_um, @dwell_mean_ms)" },
	{ "session.finished",
		.sql = "UPDATE session SET dots = @dots, strokes = @strokes, needles = @needles, worked_s = @worked_s"
		       " WHERE session = @session" },
	{ "session.signed", .sql = END_SESSION("signed") },
	{ "session.abandoned", .sql = END_SESSION("abandoned") },
	{ "session.interrupted", .project = project_interrupted },
	{ NULL },
};

#define CONSENTING "(SELECT subject FROM session WHERE session.session = record.session)"

static const LedgerQuery queries[] = {
	{ "sessions", SESSION_COLUMNS, " ORDER BY session",
		ARGUMENTS(BETWEEN("utc_us"), BY_NAME("subject", "subject"), BY_NAME("operator", "operator"),
			BY_TEXT("protocol", "protocol"), BY_TEXT("outcome", "outcome"), AFTER("session"),
			LIMIT) },
	{ "session", SESSION_COLUMNS, "", ARGUMENTS(NEED_NUMBER("session", "session")) },
	/* newest first, and only those in which the needle touched the skin: for the minimum interval */
	{ "treated", "SELECT utc_us FROM session WHERE strokes > 0", " ORDER BY session DESC",
		ARGUMENTS(NEED_NAME("subject", "subject"), LIMIT), .lookup_only = true, .limit = 1 },
	/* whether a person is known, by the spelling on record: an exact one before others, the first before
	 * later ones
	 */
	{ "person",
		"SELECT subject, since AS \"since:utc\" FROM (SELECT @subject AS wanted, subject, utc_us AS since FROM subject"
		" WHERE subject" SAME_NAME(
			"@subject") " UNION ALL SELECT @subject, subject, utc_us FROM session"
				    " WHERE subject" SAME_NAME("@subject") " UNION ALL SELECT @subject, subject, utc_us FROM course WHERE subject" SAME_NAME("@subject") " UNION ALL SELECT @subject, subject, utc_us FROM incident WHERE subject" SAME_NAME(
					    "@subject") " UNION ALL SELECT @subject, new, (SELECT utc_us FROM record WHERE record.seq = correction.seq)"
							" FROM correction WHERE field = 'subject' AND new" SAME_NAME(
								"@subject") ") WHERE 1",
		" ORDER BY subject <> wanted, since", ARGUMENTS(PARAMETER("subject", ARGUMENT_TEXT), LIMIT),
		.lookup_only = true, .limit = 1 },
	{ "subject", SESSION_COLUMNS, " ORDER BY session",
		ARGUMENTS(NEED_NAME("subject", "subject"), BETWEEN("utc_us"), AFTER("session"), LIMIT) },
	{ "overrides",
		"SELECT seq, utc_us AS \"time:utc\", session, " ACTOR
		", " COLUMN("interlock") ", " WORDS_COLUMN("reason") ", " COLUMN("signed") ", " CORRECTED(
			"= record.seq") " FROM record WHERE"
					" kind = 'interlock.overridden'",
		" ORDER BY seq",
		ARGUMENTS(RECORDED_BETWEEN, BY_NUMBER("session", "session"), AFTER("seq"), LIMIT) },
	{ "consents",
		"SELECT seq, utc_us AS \"time:utc\", session, " CONSENTING
		" AS subject, " COLUMN("consent") ", " COLUMN("version") ", iif(" RECORDED(
			"given") ", 'true', 'false') AS \"given:json\", " ACTOR
				 ", " CORRECTED("= record.seq") " FROM record WHERE kind = 'session.consent'",
		" ORDER BY seq",
		ARGUMENTS(RECORDED_BETWEEN, BY_NUMBER("session", "session"), BY_NAME("subject", CONSENTING),
			BY_TEXT("consent", RECORDED("consent")), AFTER("seq"), LIMIT) },
	{ "zones",
		"SELECT session, zone, dots, strokes, area_mm2, round(density, 1) AS density, target,"
		" round(outside, 4) AS outside, round(depth_mean_um, 1) AS depth_mean_um,"
		" round(dwell_mean_ms, 2) AS dwell_mean_ms,"
		" " JOINED_CORRECTIONS " FROM zone_result" JOIN_CORRECTIONS(
			CORRECTIONS_OF_ZONES, "session || ' ' || zone") " WHERE 1",
		" ORDER BY zone", ARGUMENTS(NEED_NUMBER("session", "session")) },
	/* the digest of the photograph of that name, unless it is to be erased */
	{ "picture", "SELECT seq, sha256 FROM image WHERE erase_seq IS NULL", " ORDER BY seq DESC LIMIT 1",
		ARGUMENTS(NEED_TEXT("file", "file")), .lookup_only = true },
	{ "images",
		"SELECT seq, session, zone, phase, file, sha256, bytes, width, height, round(focus, 1) AS focus,"
		" round(exposure, 1) AS exposure,"
		" utc_us AS \"taken:utc\", CASE WHEN erase_seq IS NULL THEN 'kept' WHEN erased_seq IS NULL THEN"
		" 'to be erased' ELSE 'erased' END AS state, coalesce(erased_seq, erase_seq) AS erasure,"
		" (SELECT utc_us FROM record WHERE record.seq = coalesce(erased_seq, erase_seq)) AS \"erased:utc\","
		" " CORRECTED("= image.seq") " FROM image WHERE 1",
		" ORDER BY seq",
		ARGUMENTS(BETWEEN("utc_us"), BY_NUMBER("session", "session"), BY_TEXT("zone", "zone"),
			BY_TEXT("phase", "phase"), AFTER("seq"), LIMIT) },
	{ "strokes",
		"SELECT seq, utc_us AS \"time:utc\", session, " COLUMN("zone") ", " COLUMN("unit") ", " COLUMN("strokes") ", " COLUMN(
			"dots") ", " COLUMN("encoding") ", " COLUMN("sha256") ", " CORRECTED("= record.seq") " FROM record WHERE kind = 'strokes'",
		" ORDER BY seq",
		ARGUMENTS(NEED_NUMBER("session", "session"), RECORDED_BETWEEN, AFTER("seq"), LIMIT) },
	{ NULL },
};

const LedgerArea area_session = { tables, projections, queries };
