/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Verifies the whole ledger in the background. It repairs nothing. */

#include "station/station.h"

typedef struct Verifier {
	StationVerification verification;
	char damage[STATION_TEXT_MAX]; /* the finding of a verification, "" none; a later one does not clear
					  it */
	int64_t started_us;            /* monotonic, start of the station */
	int64_t verified_us;           /* monotonic, end of the last one; 0 not yet */
} Verifier;

/** The errors are those of ledger_verify_start(). */
int verify_begin(Station *station) _must_check_;
/** Verifies the ledger when that is due; the station takes no session on a damaged one. */
void verify_tick(Station *station);
