/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What is looked at again and again: disk, clock, ledger, breaks, the cartridge's wear, tests that are due.
 */

#include "decide/spore-test.h"
#include "station/station.h"

typedef struct Watch {
	bool ledger_was_healthy;
	int64_t unhealthy_since_us;
	ClockReading clock_seen;        /* last second; utc_us 0: not yet */
	bool wear_warned, wear_stopped; /* of the cartridge with this claim */
	uint64_t wear_claim;
	char told_of_test[SPORE_TEST_TEXT_MAX]; /* what the last reminder of one said, "" none */
} Watch;

/** Warns of the mounted cartridge's wear, and stops the needle past its life. */
void watch_wear(Station *station);
/** Stops the needle when what is mounted has been barred while it was armed. */
void watch_barred(Station *station);
