/* SPDX-License-Identifier: Apache-2.0 */

/** Computes how long a zone must rest. It must not look at which session the last dots were of. */

#include "decide/healing.h"

#include "util/clock.h"

uint32_t healing_days(const Protocol *protocol, uint32_t course_session, uint32_t planned_days)
{
	uint32_t last = course_session < protocol->sessions ? course_session : protocol->sessions;
	uint32_t days = protocol->healing_min_days;

	if (last >= 1 && protocol->interval_min_days[last - 1] > days)
		days = protocol->interval_min_days[last - 1];
	return course_session > 1 && planned_days > days ? planned_days : days;
}

static int64_t day_of(int64_t utc_us)
{
	return utc_us / USEC_PER_DAY;
}

int64_t healing_earliest_us(int64_t last_dots_utc_us, uint32_t days)
{
	return last_dots_utc_us ? last_dots_utc_us + days * (int64_t)USEC_PER_DAY : 0;
}

uint32_t healing_days_left(int64_t last_dots_utc_us, uint32_t days, int64_t now_utc_us)
{
	int64_t left = day_of(healing_earliest_us(last_dots_utc_us, days)) - day_of(now_utc_us);

	return last_dots_utc_us && left > 0 ? (uint32_t)left : 0;
}
