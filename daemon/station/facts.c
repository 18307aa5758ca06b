/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Asks the ledger for the facts: after people enter something, and once a minute, because things also lapse
 * by time alone. It judges none of them.
 */

#include "station/parts.h"

#include <string.h>

#include "decide/stock.h"
#include "util/log.h"

enum { FACTS_REFRESH_US = 60 * USEC_PER_SEC };

static const char *const fact_queries[FACT_MAX] = {
	[FACT_CERTIFICATIONS] = "certifications",
	[FACT_BARRED] = "barred-lots",
	[FACT_LOW_STOCK] = "low-stock",
	[FACT_HANDPIECES] = "handpieces",
	[FACT_DUE] = "due",
	[FACT_UNTESTED] = "untested",
	[FACT_REPORTS] = "reports-due",
	[FACT_CLIENT] = "client",
};

int facts_profile_arguments(const Station *station, const char *query, json_t *arguments)
{
	json_auto_t *figures = profile_arguments(&station->state.rules.profile);
	char day[CLOCK_UTC_TEXT_MAX];
	const char *name;
	json_t *value;

	clock_format_utc(host_today_us(&station->state.host), day);
	day[10] = '\0';
	if (!figures || json_object_set_new(figures, "today", json_string(day)) < 0)
		return -ENOMEM;
	json_object_foreach (figures, name, value)
		if (ledger_query_takes(query, name) && json_object_set(arguments, name, value) < 0)
			return -ENOMEM;
	return 0;
}

static bool any_slot(const Station *station, bool stale)
{
	for (Fact fact = 0; fact < FACT_MAX; fact++) {
		const FactSlot *slot = &station->fact_desk.slots[fact];

		if (stale ? slot->stale : slot->asked)
			return true;
	}
	return false;
}

bool facts_are_fresh(const Station *station)
{
	return !any_slot(station, false) && !any_slot(station, true);
}

/** Alerts once for each lot that is low now and was not before. */
static void tell_low_stock(Station *station, const json_t *before, const json_t *now)
{
	json_t *row;
	size_t i;

	json_array_foreach ((json_t *)now, i, row) {
		if (stock_has_lot(before, row))
			continue;
		alert_again(&station->alerts, ALERT_STOCK); /* each lot gets its own alert */
		station_alert(station, ALERT_STOCK, "lot %s (%s) has %lld cartridges left: order more",
			row_text(row, "lot"), row_text(row, "product"),
			(long long)json_integer_value(json_object_get(row, "left")));
	}
}

static void fact_taken(void *userdata, int error, json_t *rows)
{
	FactSlot *slot = userdata;
	Station *station = slot->station;
	json_auto_t *before = json_incref(station->state.facts.rows[slot->fact]);

	slot->asked = false;
	if (error < 0) {
		log_warning("%s could not be read (%s)", fact_queries[slot->fact], strerror(-error));
	} else {
		bool other_client = slot->fact == FACT_CLIENT && !json_equal(before, rows);

		fact_apply(&station->state, slot->fact, rows);
		if (other_client)
			station_notify(station, STATION_CHANGED_STATE);
		if (slot->fact == FACT_LOW_STOCK && before)
			tell_low_stock(station, before, rows);
	}
	if (!any_slot(station, false) && any_slot(station, true))
		facts_refresh(station);
	station->facts_came(station);
}

/**
 * Only one question of a kind is pending at a time; a record made in the meantime causes it to be asked
 * again.
 */
void facts_refresh_one(Station *station, Fact fact)
{
	FactSlot *slot = &station->fact_desk.slots[fact];
	json_auto_t *arguments = json_object();
	int r;

	if (!station->options.ledger)
		return;
	slot->station = station;
	slot->fact = fact;
	slot->stale = slot->asked;
	if (slot->asked)
		return;
	/* other questions take a subject, too, and are asked about everybody */
	if (fact == FACT_CLIENT &&
		json_object_set_new(arguments, "subject", json_string(station->state.session.subject)) < 0)
		return;
	r = facts_profile_arguments(station, fact_queries[fact], arguments);
	if (r >= 0)
		r = ledger_lookup(station->options.ledger, fact_queries[fact], arguments, fact_taken, slot);
	slot->asked = r >= 0;
	if (r < 0)
		log_warning("%s could not be read (%s)", fact_queries[fact], strerror(-r));
}

void facts_refresh(Station *station)
{
	station_look(station);
	station->fact_desk.asked_us = station->state.host.now.monotonic_us;
	for (Fact fact = 0; fact < FACT_MAX; fact++)
		facts_refresh_one(station, fact);
}

void facts_tick(Station *station)
{
	int64_t asked_us = station->fact_desk.asked_us;

	if (!asked_us || station_now_us(station) - asked_us >= FACTS_REFRESH_US)
		facts_refresh(station);
}
