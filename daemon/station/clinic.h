/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The station and the clinic's registry: requests that wait for its answer, records that came from it, and
 * the alarms of the link. No stop of the needle waits for it.
 */

#include "apply/apply.h"
#include "station/station.h"

typedef struct Arrival Arrival;

typedef struct ClinicLink {
	Arrival *arrivals; /* records from the registry that the ledger has not answered */
	int64_t away_us;   /* since when the registry is away, monotonic; 0: it is not */
	uint32_t warnings; /* of the last report */
} ClinicLink;

/** Call at least every 100 ms: commands go on without an answer after 2 s. */
void clinic_watch(Station *station);
/** Every second: a registry that is away for long is an alarm. */
void clinic_tick(Station *station);
/** What follows from the record clinic.leaf. */
void clinic_leaf_came(Station *station, const AppliedRecord *record);
/** At the end: forgets the records that the ledger has not answered. */
void clinic_forget(Station *station);
