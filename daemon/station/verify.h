/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The verification of the whole ledger in the background. It repairs nothing. */

#include "station/station.h"

typedef struct Verifier {
	StationVerification verification;
	char damage[STATION_TEXT_MAX]; /* what one found, "" nothing; no later one takes it back */
	int64_t started_us;            /* monotonic, of the station */
	int64_t verified_us;           /* monotonic, when it ended last; 0 not yet */
} Verifier;

/** The errors are those of ledger_verify_start(). */
int verify_begin(Station *station) _must_check_;
/** Verifies the ledger when it is time to; takes no session on a damaged one. */
void verify_tick(Station *station);
