/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Regularly asks the ledger for what interlocks need from the record beyond the session. */

#include "state/facts.h"
#include "station/station.h"

typedef struct FactSlot {
	Station *station;
	Fact fact;
	bool asked, stale;
} FactSlot;

typedef struct FactDesk {
	FactSlot slots[FACT_MAX];
	int64_t asked_us; /* monotonic, when all facts were last asked for */
} FactDesk;

/** Asks for one fact again. */
void facts_refresh_one(Station *station, Fact fact);
/** Asks for all facts again; each answer calls station->facts_came. */
void facts_refresh(Station *station);
/** Asks for them at the start and once a minute. */
void facts_tick(Station *station);
/** Whether no question is pending and none has to be repeated. */
bool facts_are_fresh(const Station *station);
/** Sets the arguments of `query` that the profile's figures provide, replacing any given ones. -ENOMEM. */
int facts_profile_arguments(const Station *station, const char *query, json_t *arguments) _must_check_;
