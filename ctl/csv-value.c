/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads the figures and times of a table. It must not guess when a value can be read in two ways, and it
 * knows neither fields nor units.
 */

#include "csv-value.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/clock.h"

#define ZONES "/usr/share/zoneinfo/"

enum { NUMBER_MAX = 64, ZONE_MAX = 64 };

/* ---- figures ---- */

/* digits before the decimal sign: in groups of three, or without groups */
#define WITH_POINT "^([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\\.[0-9]+)?$"
#define WITH_COMMA "^([0-9]+|[0-9]{1,3}(\\.[0-9]{3})+)(,[0-9]+)?$"
/* "1,800" */
#define IN_TWO_WAYS "^[1-9][0-9]{0,2}[.,][0-9]{3}$"

static bool is_like(const char *text, const char *pattern)
{
	regex_t expression;
	bool like;

	if (regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	like = regexec(&expression, text, 0, NULL, 0) == 0;
	regfree(&expression);
	return like;
}

/** Finds the decimal sign from the form alone: the last of the two signs, unless it occurs twice. */
static char decimal_by_form(const char *digits)
{
	const char *point = strrchr(digits, '.'), *comma = strrchr(digits, ',');
	const char *last = !comma || (point && point > comma) ? point : comma;

	if (!last)
		return '.';
	if (strchr(digits, *last) == last)
		return *last;
	return *last == '.' ? ',' : '.';
}

int csv_number(const char *text, char decimal, double *ret, Error *error)
{
	const char *digits = text + strspn(text, " ");
	char number[NUMBER_MAX];
	size_t n = 0, before;
	double value;

	digits += *digits == '-' || *digits == '+';
	before = strcspn(digits, ".,");
	if (!decimal && is_like(digits, IN_TWO_WAYS))
		return error_set(error, -EINVAL,
			"\"%.40s\" may be %.*s thousand or %.*s and a fraction: say decimal = point or "
			"decimal = comma in [file] of a mapping",
			text, (int)before, digits, (int)before, digits);
	decimal = decimal ? decimal : decimal_by_form(digits);
	if (strlen(digits) >= NUMBER_MAX || !is_like(digits, decimal == '.' ? WITH_POINT : WITH_COMMA))
		return error_set(error, -EINVAL, "\"%.40s\" is no number", text);
	for (const char *c = digits; *c; c++)
		if (*c == decimal || (*c != '.' && *c != ','))
			number[n++] = *c == decimal ? '.' : *c;
	number[n] = '\0';
	value = strtod(number, NULL);
	*ret = strchr(text, '-') ? -value : value;
	return 0;
}

/* ---- times ---- */

/**
 * Whether this is a POSIX rule such as CET-1CEST,M3.5.0,M10.5.0/3: a name of letters, then the offset from
 * UTC.
 */
static bool is_rule(const char *zone)
{
	size_t letters = strspn(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
	const char *offset = zone + letters;

	offset += *offset == '+' || *offset == '-';
	return letters >= 3 && isdigit((unsigned char)*offset);
}

bool csv_zone_exists(const char *zone)
{
	char path[sizeof ZONES + ZONE_MAX];

	if (!*zone || strlen(zone) >= ZONE_MAX || zone[0] == '/' || strstr(zone, "..") || zone[0] == ':')
		return false;
	if (strcmp(zone, "local") == 0 || strcmp(zone, "UTC") == 0 || is_rule(zone))
		return true;
	snprintf(path, sizeof path, ZONES "%s", zone);
	return access(path, R_OK) == 0;
}

static void set_zone(const char *zone)
{
	if (zone)
		setenv("TZ", zone, 1);
	else
		unsetenv("TZ");
	tzset();
}

static bool is_same(const struct tm *a, const struct tm *b)
{
	return a->tm_year == b->tm_year && a->tm_mon == b->tm_mon && a->tm_mday == b->tm_mday &&
	       a->tm_hour == b->tm_hour && a->tm_min == b->tm_min && a->tm_sec == b->tm_sec;
}

/** Whether the clock showed this local time at that moment. */
static bool showed(time_t moment, const struct tm *parts)
{
	struct tm shown;

	return localtime_r(&moment, &shown) && is_same(&shown, parts);
}

/** In the time zone that is set at present. */
static int find_moment(const char *text, const struct tm *parts, time_t *ret, Error *error)
{
	struct tm asked = *parts;
	time_t found;

	asked.tm_isdst = -1;
	found = mktime(&asked);
	if (!showed(found, parts))
		return error_set(error, -EINVAL,
			"\"%.40s\" is a time that no clock showed: that hour was left out when the clocks changed",
			text);
	/* zones change by multiples of a quarter of an hour, and by three hours at most */
	for (int minutes = 15; minutes <= 180; minutes += 15)
		if (showed(found + minutes * 60, parts) || showed(found - minutes * 60, parts))
			return error_set(error, -EINVAL,
				"\"%.40s\" was twice on that day, when the clocks changed: write which, with its "
				"offset from UTC, and %%z in the form of the time",
				text);
	*ret = found;
	return 0;
}

static bool is_date(const struct tm *parts)
{
	struct tm date = {
		.tm_year = parts->tm_year, .tm_mon = parts->tm_mon, .tm_mday = parts->tm_mday, .tm_hour = 12
	};

	(void)timegm(&date);
	return date.tm_mday == parts->tm_mday && date.tm_mon == parts->tm_mon;
}

int csv_time(const char *text, const char *format, const char *zone, int64_t *ret_utc_us, Error *error)
{
	const char *usual = getenv("TZ");
	_cleanup_(freep) char *before = usual ? strdup(usual) : NULL;
	struct tm parts = { .tm_mday = 0 };
	const char *end = strptime(text, format, &parts);
	bool local = zone && strcmp(zone, "local") == 0;
	long offset = parts.tm_gmtoff;
	time_t moment = 0;
	int r;

	if (!end || *end || !is_date(&parts))
		return error_set(error, -EINVAL, "\"%.40s\" is no time of the form %.40s", text, format);
	if (strstr(format, "%z")) {
		*ret_utc_us = (int64_t)(timegm(&parts) - offset) * USEC_PER_SEC;
		return 0;
	}
	if (!local)
		set_zone(zone);
	r = find_moment(text, &parts, &moment, error);
	if (!local)
		set_zone(before);
	if (r < 0)
		return r;
	*ret_utc_us = (int64_t)moment * USEC_PER_SEC;
	return 0;
}
