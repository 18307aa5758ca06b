/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Incidents that an authority must be told of: which report is due next. */

#include "decide/check.h"
#include "state/state.h"

enum { INCIDENT_REPORT_TEXT_MAX = 320 };

/** Texts are borrowed from the facts. */
typedef struct IncidentReport {
	long long incident; /* number of its record */
	const char *authority, *due;
	bool overdue, today; /* today: it is the last day */
} IncidentReport;

/** Finds the most urgent report. False: none is due, as far as is known. */
bool incident_report_next(const State *state, IncidentReport *ret);
/** Writes the reminder; it changes when the last day comes and when it is over. */
void incident_report_reminder(const IncidentReport *report, char ret[INCIDENT_REPORT_TEXT_MAX]);
void incident_report_check(const State *state, StationCheck *check);
