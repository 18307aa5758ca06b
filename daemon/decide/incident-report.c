/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Judges which report of an incident to an authority is due. No term of a law may be hard-coded here: the
 * record of the incident has it.
 */

#include "decide/incident-report.h"

#include <stdio.h>
#include <string.h>

enum { DATE_LENGTH = 10 }; /* YYYY-MM-DD; a term of hours has the time of day behind it */

bool incident_report_next(const State *state, IncidentReport *ret)
{
	/* rows are sorted by the end of the term */
	const json_t *row = json_array_get(state->facts.rows[FACT_REPORTS], 0);
	int64_t now_us = state->host.now.utc_us, late_us;
	char today[CLOCK_UTC_TEXT_MAX];
	IncidentReport report = {
		.incident = json_integer_value(json_object_get(row, "seq")),
		.authority = json_string_value(json_object_get(row, "report_to")),
		.due = json_string_value(json_object_get(row, "due")),
	};

	if (!report.authority || !report.due || clock_parse_utc(report.due, &late_us) < 0)
		return false;
	late_us += strlen(report.due) == DATE_LENGTH ? USEC_PER_DAY : 0;
	clock_format_utc(now_us, today);
	report.overdue = now_us >= late_us;
	report.today = !report.overdue && strncmp(report.due, today, DATE_LENGTH) == 0;
	*ret = report;
	return true;
}

/** "2026-03-09", or "2026-03-04 10:15 UTC". */
static void write_due(const IncidentReport *report, char ret[CLOCK_UTC_TEXT_MAX])
{
	bool day = strlen(report->due) == DATE_LENGTH;

	snprintf(ret, CLOCK_UTC_TEXT_MAX, "%.10s%s%.5s%s", report->due, day ? "" : " ",
		day ? "" : report->due + DATE_LENGTH + 1, day ? "" : " UTC");
}

void incident_report_reminder(const IncidentReport *report, char ret[INCIDENT_REPORT_TEXT_MAX])
{
	char due[CLOCK_UTC_TEXT_MAX];

	write_due(report, due);
	snprintf(ret, INCIDENT_REPORT_TEXT_MAX,
		"the report of incident %lld to %.95s %s due on %s%s: make it with `stipplectl incident form %lld`, and "
		"say when it was sent with `stipplectl incident notify`",
		report->incident, report->authority, report->overdue ? "was" : "is", due,
		report->today ? ", today" : "", report->incident);
}

void incident_report_check(const State *state, StationCheck *check)
{
	char due[CLOCK_UTC_TEXT_MAX];
	IncidentReport report;

	if (!incident_report_next(state, &report)) {
		snprintf(check->text, sizeof check->text, "no report to an authority is due");
		return;
	}
	write_due(&report, due);
	check->level = report.overdue ? 2 : 1;
	snprintf(check->text, sizeof check->text,
		"the report of incident %lld to %.95s %s due on %s; public holidays are not known, so it may be early",
		report.incident, report.authority, report.overdue ? "was" : "is", due);
	snprintf(check->advice, sizeof check->advice,
		"`stipplectl incident form %lld -o report.pdf`, send it, then `stipplectl incident notify`",
		report.incident);
}
