/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Times, figures and names as people write them, in the language of the document (language.h). */

#include "report/report.h"

enum {
	REPORT_TIME_MAX = 48,    /* bytes of a time as text */
	REPORT_SECTION_MAX = 64, /* bytes of a section's title */
	REPORT_NUMBER_MAX = 32,  /* bytes of a figure for people */
	REPORT_PICTURE_WORDS = 96,
};

/** "Frontal hairline" of "frontal-hairline", in the document's language where that knows the name. */
void report_title_of(const char *name, char ret[REPORT_SECTION_MAX]);

typedef enum ReportTime {
	REPORT_CLOCK,      /* 14:05 */
	REPORT_CLOCK_ZONE, /* 14:05 CET */
	REPORT_DATE,       /* 3 March 2026 */
	REPORT_MINUTE,     /* 2026-03-03 14:05 */
	REPORT_DAY,        /* 2026-03-03 */
	REPORT_SECOND,     /* 2026-03-03 14:05:09 */
	REPORT_MOMENT,     /* 2026-03-03 14:05 CET */
} ReportTime;

/**
 * Formats an RFC 3339 time in UTC for people, in the machine's time zone; "" when `utc` is NULL or no time.
 */
const char *report_time(const char *utc, ReportTime time, char ret[REPORT_TIME_MAX]);
/**
 * As above, relative to the session's day: the time of day alone, with the date before it on any other day.
 */
const char *report_time_within(const Report *report, const char *utc, char ret[REPORT_TIME_MAX]);
/** A day as the record has it, "2026-03-03", for people: REPORT_DAY or REPORT_DATE; another text as it is. */
const char *report_day(const char *day, ReportTime time, char ret[REPORT_TIME_MAX]);
/**
 * At most two decimals, fewer where they are zero; three significant digits for very small or large figures.
 */
const char *report_number(double number, char ret[REPORT_NUMBER_MAX]);
/** The reason why there is no photograph to show. */
const char *report_picture_words(const ReportPicture *picture, char ret[REPORT_PICTURE_WORDS]);
