/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Asks the ledger for what interlocks need of the record beyond the session, again and again. */

#include "state/facts.h"
#include "station/station.h"

typedef struct FactSlot {
	Station *station;
	Fact fact;
	bool asked, stale;
} FactSlot;

typedef struct FactDesk {
	FactSlot slots[FACT_MAX];
	int64_t asked_us; /* monotonic, when all were asked for last */
} FactDesk;

/** Asks for one of them again. */
void facts_refresh_one(Station *station, Fact fact);
/** Asks for all facts again; station->facts_came follows each answer. */
void facts_refresh(Station *station);
/** Does so at the start and once a minute. */
void facts_tick(Station *station);
/** Whether no question is under way, and none has to be asked once more. */
bool facts_are_fresh(const Station *station);
/** Puts in what `query` takes of the profile's figures, in place of what was given. -ENOMEM. */
int facts_profile_arguments(const Station *station, const char *query, json_t *arguments) _must_check_;
