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

const LedgerArea area_session = { tables, projections };
