/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The machine's clock, and times as text. It must not set the clock or sleep. Other code tells it whether the
 * clock is synchronised.
 */

#include "util/clock.h"

#include <ctype.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <systemd/sd-id128.h>

#include "util/text.h"

_Static_assert(sizeof(time_t) >= 8, "records are kept beyond 2038: build with -D_TIME_BITS=64");

static atomic_bool synchronized_now;

void clock_set_synchronized(bool synchronized)
{
	atomic_store(&synchronized_now, synchronized);
}

static int64_t timespec_us(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec * USEC_PER_SEC + now.tv_nsec / 1000;
}

static void system_read(void *userdata, ClockReading *ret)
{
	sd_id128_t boot;

	memset(ret, 0, sizeof *ret);
	ret->utc_us = timespec_us(CLOCK_REALTIME);
	ret->monotonic_us = timespec_us(CLOCK_MONOTONIC);
	ret->synchronized = atomic_load(&synchronized_now);
	if (sd_id128_get_boot(&boot) >= 0)
		sd_id128_to_string(boot, ret->boot_id);
	else
		snprintf(ret->boot_id, sizeof ret->boot_id, "%032d", 0);
}

const Clock clock_system = { .read = system_read };

int64_t clock_monotonic_us(void)
{
	return timespec_us(CLOCK_MONOTONIC);
}

int64_t clock_add_working_days(int64_t utc_us, unsigned days)
{
	/* in the evening of America it is the next day in UTC already */
	int64_t day = (utc_us - (days ? USEC_PER_DAY / 2 : 0)) / USEC_PER_DAY;

	while (days > 0) {
		int64_t weekday = (++day + 4) % 7; /* 1970-01-01 was a Thursday; 0 is Sunday */

		days -= weekday != 0 && weekday != 6;
	}
	return day * USEC_PER_DAY;
}

void clock_format_utc(int64_t utc_us, char ret[CLOCK_UTC_TEXT_MAX])
{
	int64_t fraction = ((utc_us % USEC_PER_SEC) + USEC_PER_SEC) % USEC_PER_SEC;
	time_t seconds = utc_us / USEC_PER_SEC - (utc_us % USEC_PER_SEC < 0);
	struct tm parts;
	size_t length;

	gmtime_r(&seconds, &parts);
	length = strftime(ret, CLOCK_UTC_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &parts);
	memcpy(ret + length, ".000000Z", sizeof ".000000Z");
	text_write_digits(ret + length + 1, 6, fraction);
}

/**
 * Parses what follows the seconds in RFC 3339: a fraction, then Z or an offset, which is returned in seconds.
 */
static bool parse_zone(const char *text, int64_t *ret_fraction_us, int64_t *ret_offset_s)
{
	int64_t scale = USEC_PER_SEC / 10, fraction = 0;
	struct tm zone = { 0 };
	const char *end;

	if (*text == '.' && isdigit((unsigned char)text[1]))
		for (text++; isdigit((unsigned char)*text); text++, scale /= 10)
			fraction += scale * (*text - '0');
	*ret_fraction_us = fraction;
	*ret_offset_s = 0;
	if (strcmp(text, "Z") == 0)
		return true;
	end = strlen(text) == 6 && text[3] == ':' ? strptime(text, "%z", &zone) : NULL;
	if (!end || *end)
		return false;
	*ret_offset_s = (int)zone.tm_gmtoff;
	return true;
}

int clock_parse_utc(const char *text, int64_t *ret)
{
	struct tm parts = { 0 };
	int64_t fraction_us = 0, offset_s = 0;
	const char *end = strptime(text, "%Y-%m-%d", &parts);
	int day = parts.tm_mday;
	time_t seconds;

	if (end && *end)
		end = strptime(end, "T%H:%M:%S", &parts);
	if (!end || (*end && !parse_zone(end, &fraction_us, &offset_s)) || (!*end && strlen(text) != 10))
		return -EINVAL;
	seconds = timegm(&parts);
	/* timegm() turns 31 February into 3 March */
	if (parts.tm_mday != day)
		return -EINVAL;
	*ret = ((int64_t)seconds - offset_s) * USEC_PER_SEC + fraction_us;
	return 0;
}
