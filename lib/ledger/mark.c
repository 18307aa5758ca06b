/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The newest time: no date is judged by an earlier one, so that a clock that is set back makes nothing
 * younger. It is raised only by readings that can be believed: one that the time service vouches for, or one
 * that is no further ahead than time can have gone by. Else one record made while the clock was ahead would
 * bar the station until that date.
 *
 * The ledger thread's own.
 */

#include "ledger/ledger-private.h"

/* a station that was switched off over long holidays; what is further ahead waits for the time service */
#define AWAY_US (4 * USEC_PER_DAY)
/* what the time service may have been off by, and slews */
#define SLACK_US (2 * USEC_PER_SEC)

static void anchor(Ledger *ledger, int64_t utc_us, int64_t monotonic_us, int64_t ahead_us)
{
	ledger->mark = (NewestMark){ .utc_us = utc_us, .monotonic_us = monotonic_us, .ahead_us = ahead_us };
}

void mark_open(Ledger *ledger, int64_t newest_us)
{
	anchor(ledger, newest_us, clock_read(ledger->clock).monotonic_us, AWAY_US);
}

int64_t mark_raised(const Ledger *ledger, const ClockReading *now, int64_t newest_us)
{
	const NewestMark *mark = &ledger->mark;
	int64_t latest;

	if (now->utc_us <= newest_us)
		return newest_us;
	/* the first record of all has nothing to be compared with */
	if (now->synchronized || mark->utc_us == 0)
		return now->utc_us;
	latest = mark->utc_us + mark->ahead_us + (now->monotonic_us - mark->monotonic_us);
	if (now->utc_us <= latest)
		return now->utc_us;
	return latest > newest_us ? latest : newest_us;
}

void mark_settle(Ledger *ledger, const ClockReading *now, int64_t newest_us)
{
	if (now->synchronized || ledger->mark.utc_us == 0 || newest_us < ledger->mark.utc_us)
		anchor(ledger, newest_us, now->monotonic_us, SLACK_US);
}
