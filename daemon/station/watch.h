/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What is checked regularly: disk, clock, ledger, breaks, the cartridge's wear, tests that are due. */

#include "decide/incident-report.h"
#include "decide/spore-test.h"
#include "station/station.h"

typedef struct Watch {
	bool ledger_was_healthy;
	int64_t unhealthy_since_us;
	ClockReading clock_seen;        /* reading of the previous second; utc_us 0: not yet */
	bool wear_warned, wear_stopped; /* for the cartridge with this claim */
	uint64_t wear_claim;
	char told_of_test[SPORE_TEST_TEXT_MAX];        /* text of the last reminder of a test, "" none */
	char told_of_report[INCIDENT_REPORT_TEXT_MAX]; /* ... and of a report to an authority */
} Watch;

/** Warns about the mounted cartridge's wear, and stops the needle when its life is over. */
void watch_wear(Station *station);
/** Stops the needle when a mounted item was barred while armed. */
void watch_barred(Station *station);
