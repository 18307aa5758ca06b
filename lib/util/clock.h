/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Time is passed in, so that a test runs a five-hour session in a second.
 *
 * A `Clock` is read, never slept on. Any thread may read it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/cleanup.h"

#define USEC_PER_SEC 1000000LL
#define USEC_PER_DAY (86400LL * USEC_PER_SEC)

/* 2024-01-01: before this program existed. A clock that reads less was never set, or lost its battery. */
#define CLOCK_UNSET_BEFORE_US (1704067200LL * USEC_PER_SEC)

enum { CLOCK_UTC_TEXT_MAX = 32, CLOCK_BOOT_ID_MAX = 33 };

/** One reading with everything that a record needs about its time. */
typedef struct ClockReading {
	int64_t utc_us;       /* microseconds since 1970-01-01T00:00:00Z, by the system clock */
	int64_t monotonic_us; /* microseconds of CLOCK_MONOTONIC, never steps */
	bool synchronized;    /* the last value passed to clock_set_synchronized() */
	char boot_id[CLOCK_BOOT_ID_MAX];
} ClockReading;

typedef struct Clock {
	void (*read)(void *userdata, ClockReading *ret);
	void *userdata;
} Clock;

/** The machine's own clock. */
extern const Clock clock_system;

/** Sets what the machine's time service says about its clock; false until then. Any thread. */
void clock_set_synchronized(bool synchronized);

static inline ClockReading clock_read(const Clock *clock)
{
	ClockReading reading;

	clock->read(clock->userdata, &reading);
	return reading;
}

/** CLOCK_MONOTONIC in microseconds, for code that does not need a full reading. */
int64_t clock_monotonic_us(void);

/**
 * The start of the last day of a term of `days` working days that begins on the day of `utc_us`, which itself
 * does not count. Working days are Monday to Friday. Neither public holidays nor the time zone are known
 * here: a term begins half a day early, so its last day is never too late, but may be early. 0: the day
 * itself.
 */
int64_t clock_add_working_days(int64_t utc_us, unsigned days);

/** "2026-03-02T10:11:12.345678Z" (RFC 3339, UTC). */
void clock_format_utc(int64_t utc_us, char ret[CLOCK_UTC_TEXT_MAX]);

/**
 * Microseconds since 1970 of "2026-03-02" (its start, UTC) or of an RFC 3339 time: "2026-03-02T10:11:12Z", or
 * with an offset "+01:00". -EINVAL when it is not such a time, or not a day of the calendar.
 */
int clock_parse_utc(const char *text, int64_t *ret) _must_check_;
