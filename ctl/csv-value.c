/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads the figures and times of a table. It must not guess what can be read in two ways, and it knows
 * neither fields nor units.
 */

#include "csv-value.h"

#include <ctype.h>
#include <errno.h>
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

typedef struct Signs {
	size_t points, commas;
	const char *last; /* of either; NULL: none */
} Signs;

/** False for anything but digits and the two signs. */
static bool count_signs(const char *digits, Signs *ret)
{
	Signs signs = { 0 };
	bool any = false;

	for (const char *c = digits; *c; c++) {
		if (*c == '.' || *c == ',') {
			signs.points += *c == '.';
			signs.commas += *c == ',';
			signs.last = c;
		} else if (*c < '0' || *c > '9') {
			return false;
		} else {
			any = true;
		}
	}
	*ret = signs;
	return any;
}

/** Whether "1,800" it is: one sign, one to three digits before it that do not begin with 0, three behind. */
static bool is_ambiguous(const char *digits, const Signs *signs)
{
	size_t before = signs->last ? (size_t)(signs->last - digits) : 0;

	return signs->points + signs->commas == 1 && before >= 1 && before <= 3 && digits[0] != '0' &&
	       strlen(signs->last + 1) == 3;
}

/** Which sign is the decimal one by the form alone; '\0': there is none. */
static char decimal_by_form(const Signs *signs)
{
	if (!signs->last)
		return '\0';
	if (signs->points > 0 && signs->commas > 0)
		return *signs->last;
	return signs->points + signs->commas == 1 ? *signs->last : '\0';
}

/** Digits in groups of three before the decimal sign, or in none. Writes what strtod() reads. */
static bool normalise(const char *digits, char decimal, char ret[NUMBER_MAX])
{
	const char *end = decimal ? strchr(digits, decimal) : NULL, *group = NULL;
	size_t n = 0, before = end ? (size_t)(end - digits) : strlen(digits);

	for (size_t i = 0; i < before; i++) {
		if (digits[i] != '.' && digits[i] != ',') {
			ret[n++] = digits[i];
			continue;
		}
		if ((!group && (i < 1 || i > 3)) || (group && digits + i - group != 4))
			return false;
		group = digits + i;
	}
	if (group && digits + before - group != 4)
		return false;
	if (end) {
		if (strpbrk(end + 1, ".,") || before == 0 || !end[1])
			return false;
		ret[n++] = '.';
		for (const char *c = end + 1; *c; c++)
			ret[n++] = *c;
	}
	ret[n] = '\0';
	return true;
}

int csv_number(const char *text, char decimal, double *ret, Error *error)
{
	const char *digits = text + strspn(text, " ");
	bool negative = *digits == '-';
	char number[NUMBER_MAX];
	Signs signs;
	double value;

	digits += *digits == '-' || *digits == '+';
	if (strlen(digits) >= NUMBER_MAX || !count_signs(digits, &signs))
		return error_set(error, -EINVAL, "\"%.40s\" is no number", text);
	if (!decimal && is_ambiguous(digits, &signs))
		return error_set(error, -EINVAL,
			"\"%.40s\" may be %.*s thousand or %.*s and a fraction: say decimal = point or "
			"decimal = comma in [file] of a mapping",
			text, (int)(signs.last - digits), digits, (int)(signs.last - digits), digits);
	if (!normalise(digits, decimal ? decimal : decimal_by_form(&signs), number))
		return error_set(error, -EINVAL, "\"%.40s\" is no number", text);
	value = strtod(number, NULL);
	*ret = negative ? -value : value;
	return 0;
}

/* ---- times ---- */

/** A rule such as CET-1CEST,M3.5.0,M10.5.0/3: a name of letters, then how far it is from UTC. */
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

/** Whether the clock showed this at that moment. */
static bool showed(time_t moment, const struct tm *parts)
{
	struct tm shown;

	return localtime_r(&moment, &shown) && is_same(&shown, parts);
}

/** In the zone that is set. */
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
	/* zones change by whole quarters of an hour, and by three hours at the most */
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
