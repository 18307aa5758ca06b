/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What the interlocks must know of the record beyond the session. It is kept in memory as the rows of
 * queries, which are asked again after what people enter and once a minute, as time alone makes things lapse.
 * Nothing may be armed before the first answers are there.
 */

#include "core/station-private.h"

#include "util/log.h"

enum { FACTS_REFRESH_US = 60 * USEC_PER_SEC };

static const char *const queries[STATION_FACT_MAX] = {
	[STATION_FACT_CERTIFICATIONS] = "certifications",
	[STATION_FACT_BARRED] = "barred-lots",
	[STATION_FACT_LOW_STOCK] = "low-stock",
	[STATION_FACT_HANDPIECES] = "handpieces",
	[STATION_FACT_DUE] = "due",
};

static bool settled(const Station *station)
{
	bool asked = false;

	for (size_t i = 0; i < STATION_FACT_MAX; i++)
		asked = asked || station->facts[i].asked;
	return !asked;
}

static Operation *next_waiting(Station *station)
{
	Operation *operation = station->operations;

	while (operation && !operation->awaits_facts)
		operation = operation->next;
	return operation;
}

static void settle(Station *station)
{
	Operation *operation;
	bool stale = false;

	if (!settled(station))
		return;
	for (size_t i = 0; i < STATION_FACT_MAX; i++)
		stale = stale || station->facts[i].stale;
	if (stale) {
		station_facts_refresh(station);
		return;
	}
	while ((operation = next_waiting(station)))
		operation_done(operation);
}

static void taken(void *userdata, int error, json_t *rows)
{
	StationFactSlot *slot = userdata;
	Station *station = slot->station;

	slot->asked = false;
	if (error < 0) {
		log_warning("%s could not be read (%s)", queries[slot - station->facts], strerror(-error));
	} else {
		json_t *before = slot->rows;

		slot->rows = json_incref(rows);
		if (slot == &station->facts[STATION_FACT_LOW_STOCK] && before)
			station_stock_changed(station, before, rows);
		json_decref(before);
	}
	station_watch_barred(station);
	settle(station);
}

/** One question of a kind is under way at a time; a record made meanwhile has it asked once more. */
static void ask(StationFactSlot *slot, const char *query)
{
	json_auto_t *arguments = json_object();
	int r;

	slot->stale = slot->asked;
	if (slot->asked)
		return;
	r = station_profile_arguments(slot->station, query, arguments);
	if (r >= 0)
		r = ledger_lookup(slot->station->options.ledger, query, arguments, taken, slot);
	slot->asked = r >= 0;
	if (r < 0)
		log_warning("%s could not be read (%s)", query, strerror(-r));
}

void station_fact_refresh(Station *station, StationFact fact)
{
	if (!station->options.ledger)
		return;
	station->facts[fact].station = station;
	ask(&station->facts[fact], queries[fact]);
}

void station_facts_refresh(Station *station)
{
	station->facts_us = station_now_us(station);
	for (StationFact fact = 0; fact < STATION_FACT_MAX; fact++)
		station_fact_refresh(station, fact);
}

void station_facts_tick(Station *station)
{
	if (!station->facts_us || station_now_us(station) - station->facts_us >= FACTS_REFRESH_US)
		station_facts_refresh(station);
}

void station_facts_then_done(Operation *operation)
{
	operation->awaits_facts = true;
	station_facts_refresh(operation->station);
	settle(operation->station);
}

json_t *station_fact(const Station *station, StationFact fact)
{
	return station->facts[fact].rows;
}

bool station_facts_known(const Station *station)
{
	bool known = true;

	for (size_t i = 0; i < STATION_FACT_MAX; i++)
		known = known && station->facts[i].rows;
	return known;
}

void station_facts_free(Station *station)
{
	for (size_t i = 0; i < STATION_FACT_MAX; i++)
		json_decref(station->facts[i].rows);
}
