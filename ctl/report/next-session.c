/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Puts into words when the client may be treated again. It must not compute a day, and must say so where the
 * day is not known.
 */

#include "report/next-session.h"

#include "report/language.h"
#include "report/report-text.h"
#include "report/row-value.h"

int64_t next_session_number(const Report *report)
{
	return report->course_session + (report->dots > 0 ? 1 : 0);
}

/** Where this session worked; where it left no dots anywhere, every zone of the client counts. */
static bool zone_counts(const Report *report, const char *name)
{
	const ReportZone *zone = report_zone(report, name);

	return report->dots == 0 || (zone && zone->dots > 0);
}

/** The latest of the zones' `key`, days or times of one form; NULL: none has it. */
static const char *latest(const Report *report, const json_t *figures, const char *key)
{
	const char *found = NULL;
	json_t *zone;
	size_t i;

	json_array_foreach (json_object_get(figures, "zones"), i, zone) {
		const char *text = row_text(zone, key);

		if (text && zone_counts(report, row_text(zone, "zone")) &&
			(!found || strcmp(text, found) > 0))
			found = text;
	}
	return found;
}

/** Whether a later session made dots where this one did. */
static bool has_later_dots(const Report *report, const json_t *figures)
{
	const char *last = latest(report, figures, "last");

	return last && report->ended && report->dots > 0 &&
	       strncmp(last, report->ended, strlen("YYYY-MM-DDThh:mm:ss")) > 0;
}

static char *words_of_course(const Report *report, const json_t *figures)
{
	const char *earliest = latest(report, figures, "earliest");
	long long number = next_session_number(report), sessions = row_number(figures, "sessions");
	char day[REPORT_TIME_MAX];

	if (!earliest)
		return g_strdup_printf(_("Session %lld of %lld: on any day."), number, sessions);
	return g_strdup_printf(_("Session %lld of %lld: not before %s."), number, sessions,
		report_day(earliest, REPORT_DATE, day));
}

/** After the last session: what comes then, if anything. */
static char *words_of_end(const Report *report, const json_t *figures, const json_t *touch_up)
{
	const char *others = latest(report, figures, "others_earliest");
	const char *again = latest(report, touch_up, "earliest");
	char day[REPORT_TIME_MAX];

	if (others)
		return g_strdup_printf(_("The first session of a course: not before %s."),
			report_day(others, REPORT_DATE, day));
	if (again)
		return g_strdup_printf(_("The course is complete. A touch-up: not before %s."),
			report_day(again, REPORT_DATE, day));
	return g_strdup(_("The course is complete."));
}

char *next_session_words(const Report *report, const json_t *figures, const json_t *touch_up)
{
	if (report->outcome == REPORT_OPEN)
		return g_strdup(_("The day of the next session is not known before this one has ended."));
	if (!figures)
		return g_strdup(_("The day of the next session is not known here: ask the clinic."));
	if (has_later_dots(report, figures))
		return g_strdup(_("A later session is on record: its report says when the next one may be."));
	if (next_session_number(report) > row_number(figures, "sessions"))
		return words_of_end(report, figures, touch_up);
	return words_of_course(report, figures);
}
