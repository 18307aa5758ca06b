/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The newest time. No date is judged by an earlier time, so that setting the clock back makes nothing
 * younger. Only plausible readings raise it: those that the time service confirms, and those that are no
 * further ahead than the time that can have passed. Otherwise one record made while the clock was ahead would
 * block the station until that date.
 *
 * For the ledger thread only.
 */

#include "ledger/ledger-private.h"

/* a station switched off over long holidays; a reading further ahead must wait for the time service */
#define AWAY_US (4 * USEC_PER_DAY)
/* how far the clock may deviate and be slewed by the time service */
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
	/* there is nothing to compare the very first record with */
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
