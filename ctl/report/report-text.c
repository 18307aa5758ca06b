/* SPDX-License-Identifier: Apache-2.0 */

/** Times, figures and names as people write them. It must not depend on the language of the machine. */

#include "report/report-text.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <time.h>

const char *report_number(double number, char ret[REPORT_NUMBER_MAX])
{
	size_t end;

	if (fabs(number) < 0.01 || fabs(number) >= 1e9) {
		snprintf(ret, REPORT_NUMBER_MAX, "%.3g", number);
		return ret;
	}
	snprintf(ret, REPORT_NUMBER_MAX, "%.2f", number);
	end = strlen(ret);
	while (ret[end - 1] == '0')
		end--;
	ret[ret[end - 1] == '.' ? end - 1 : end] = '\0';
	return ret;
}

void report_title_of(const char *name, char ret[REPORT_SECTION_MAX])
{
	snprintf(ret, REPORT_SECTION_MAX, "%s", name ? name : "");
	for (char *s = ret; *s; s++)
		if (*s == '-')
			*s = ' ';
	ret[0] = (char)toupper((unsigned char)ret[0]);
}

static size_t write_time(ReportTime time, const struct tm *local, char ret[REPORT_TIME_MAX])
{
	switch (time) {
	case REPORT_CLOCK:
		return strftime(ret, REPORT_TIME_MAX, "%H:%M", local);
	case REPORT_CLOCK_ZONE:
		return strftime(ret, REPORT_TIME_MAX, "%H:%M %Z", local);
	case REPORT_DATE:
		return strftime(ret, REPORT_TIME_MAX, "%-d %B %Y", local);
	case REPORT_MINUTE:
		return strftime(ret, REPORT_TIME_MAX, "%Y-%m-%d %H:%M", local);
	case REPORT_MOMENT:
		return strftime(ret, REPORT_TIME_MAX, "%Y-%m-%d %H:%M %Z", local);
	}
	return 0;
}

/** False: there is no such time. */
static bool local_time(const char *utc, struct tm *ret)
{
	struct tm utc_time = { 0 };
	time_t seconds;

	if (!utc || !strptime(utc, "%Y-%m-%dT%H:%M:%S", &utc_time))
		return false;
	seconds = timegm(&utc_time);
	return localtime_r(&seconds, ret);
}

const char *report_time(const char *utc, ReportTime time, char ret[REPORT_TIME_MAX])
{
	struct tm local;

	if (!local_time(utc, &local) || write_time(time, &local, ret) == 0)
		ret[0] = '\0';
	return ret;
}

const char *report_time_within(const Report *report, const char *utc, char ret[REPORT_TIME_MAX])
{
	struct tm local, begun;
	bool same_day = local_time(utc, &local) && local_time(report->begun, &begun) &&
			local.tm_year == begun.tm_year && local.tm_yday == begun.tm_yday;

	return report_time(utc, same_day ? REPORT_CLOCK : REPORT_MINUTE, ret);
}

const char *report_picture_words(const ReportPicture *picture, char ret[REPORT_PICTURE_WORDS])
{
	char day[REPORT_TIME_MAX];

	if (!picture->file)
		snprintf(ret, REPORT_PICTURE_WORDS, "not taken");
	else if (picture->erased)
		snprintf(ret, REPORT_PICTURE_WORDS, "erased on %s, record %lld",
			report_time(picture->erased, REPORT_DATE, day), (long long)picture->erasure);
	else if (picture->erasure)
		snprintf(ret, REPORT_PICTURE_WORDS, "to be erased, record %lld", (long long)picture->erasure);
	else
		snprintf(ret, REPORT_PICTURE_WORDS, picture->jpeg ? "not readable" : "not available");
	return ret;
}
