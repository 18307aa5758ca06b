/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What the station's machine reports: clock, ledger, disk. It is read again before each decision. */

#include <stdbool.h>
#include <stdint.h>

#include "util/clock.h"

enum { CLOCK_SLACK_US = 2 * USEC_PER_SEC }; /* a slew up to this much is no event */

typedef struct Host {
	ClockReading now;
	int64_t newest_utc_us;      /* of any record; 0 none */
	bool has_ledger;            /* it could be opened */
	const char *ledger_ailment; /* a static sentence; NULL: the ledger is well */
	uint64_t disk_free;         /* bytes */
} Host;

/** The time for judging dates: the clock's, but never before the newest record. UTC. */
static inline int64_t host_today_us(const Host *host)
{
	return host->now.utc_us > host->newest_utc_us ? host->now.utc_us : host->newest_utc_us;
}

/** Whether the ledger can be written. */
static inline bool host_is_well(const Host *host)
{
	return host->has_ledger && !host->ledger_ailment;
}
