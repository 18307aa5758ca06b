/* SPDX-License-Identifier: Apache-2.0 */

/**
 * How far the mounted cartridge is used up: strokes and minutes of work against its configured life. A worn
 * cartridge disarms the needle. It must not latch a fault: there is nothing to acknowledge.
 */

#include "core/station-private.h"

static int64_t worked_us(const Station *station)
{
	bool working = station->view.state == SESSION_WORKING;

	return station->worked_us + (working ? station_now_us(station) - station->working_since_us : 0);
}

int64_t station_needle_worked_us(const Station *station)
{
	return station->state.needle.mounted.claim ? worked_us(station) - station->needle_since_us : 0;
}

void station_wear_begins(Station *station, int64_t before_us)
{
	station->needle_since_us = worked_us(station) - before_us;
	station->wear_warned = station->wear_stopped = false;
}

void station_wear_facts(const Station *station, InterlockFacts *facts)
{
	const Config *config = station->options.config;

	facts->needle_strokes =
		station->state.needle.mounted.claim ? station->state.needle.mounted.strokes : 0;
	facts->life_strokes = config->life_strokes;
	facts->needle_worked_s = station_needle_worked_us(station) / USEC_PER_SEC;
	facts->life_s = (int64_t)config->life_min * 60;
}

static bool is_past(const InterlockFacts *facts, unsigned percent)
{
	return (facts->life_strokes && facts->needle_strokes * 100 >= facts->life_strokes * percent) ||
	       (facts->life_s && facts->needle_worked_s * 100 >= facts->life_s * percent);
}

static void warn(Station *station, const InterlockFacts *facts)
{
	station->wear_warned = true;
	station->alerted_us[STATION_ALERT_WEAR] = 0; /* of another cartridge */
	station_alert(station, STATION_ALERT_WEAR,
		"cartridge %s is nearly worn (%llu strokes, %lld minutes): have a new one at hand",
		station->state.needle.mounted.unit, (unsigned long long)facts->needle_strokes,
		(long long)facts->needle_worked_s / 60);
}

/** Not a fault: nobody has to acknowledge it, but nothing can be armed until the cartridge is changed. */
static void stop(Station *station, const InterlockFacts *facts)
{
	station->wear_stopped = true;
	station_disarm_by_itself(station);
	station->alerted_us[STATION_ALERT_WORN] = 0;
	station_alert(station, STATION_ALERT_WORN,
		"cartridge %s is worn (%llu strokes, %lld minutes) and the needle was stopped: mount a new one",
		station->state.needle.mounted.unit, (unsigned long long)facts->needle_strokes,
		(long long)facts->needle_worked_s / 60);
}

void station_watch_wear(Station *station)
{
	const Config *config = station->options.config;
	InterlockFacts facts = { 0 };

	if (!station->state.needle.mounted.claim || (!config->life_strokes && !config->life_min))
		return;
	station_wear_facts(station, &facts);
	if (!station->wear_stopped && is_past(&facts, 100) && station_may_move(station))
		stop(station, &facts);
	else if (!station->wear_warned && is_past(&facts, config->life_warn_percent))
		warn(station, &facts);
}
