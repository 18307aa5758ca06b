/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Strokes on their way to the ledger: dots, the zone's statistics, alerts, chunks. The needle must not
 * continue when its strokes cannot be recorded in time.
 */

#include "station/parts.h"

#include <string.h>

#include "decide/decision.h"
#include "state/density.h"
#include "util/digest.h"
#include "util/log.h"

enum {
	STATISTICS_US = 10 * USEC_PER_SEC, /* between two records of a zone's statistics */
	CONTACT_US = USEC_PER_SEC / 4,     /* a contact without any stroke for this long is over */
	COUNTS_US = USEC_PER_SEC / 10,     /* between two notices of changed counts */
	STREAK = 3,                        /* consecutive dots outside the window before an alert is raised */
};

void strokes_reset(Strokes *strokes)
{
	stroke_chunk_clear(&strokes->chunk);
	strokes->chunk_dots = 0;
	strokes->statistics_stale = false;
}

void station_stop_by_host(Station *station, const char *reason)
{
	stop_reason_apply(&station->state, reason);
	if (station->options.control)
		control_stop(station->options.control);
}

static void alert_density(Station *station, DensityLevel level)
{
	const Session *session = &station->state.session;
	const SessionZone *zone = session_zone(session);
	const char *name = zone_to_string(session->zone);

	alert_again(&station->alerts, level == DENSITY_REACHED ? ALERT_DENSITY : ALERT_DENSITY_NEAR);
	if (level == DENSITY_REACHED)
		station_alert(station, ALERT_DENSITY,
			"zone %s has the %u dots/cm2 that session %u may leave (%.0f from before): go on elsewhere; "
			"what follows is counted as over",
			name, zone->target, session->course_session, zone_density_before(zone));
	else
		station_alert(station, ALERT_DENSITY_NEAR,
			"zone %s has %.0f of the %u dots/cm2 that session %u may leave (%.0f from before)",
			name, zone_density_total(zone), zone->target, session->course_session,
			zone_density_before(zone));
}

/** The needle goes on: the practitioner decides. */
void strokes_tell_density(Station *station)
{
	const SessionZone *zone = session_zone(&station->state.session);
	DensityLevel level = zone_density_level(zone, zone_dots_total(zone));
	Strokes *strokes = &station->strokes;

	if ((int)station->state.session.zone < 0)
		return;
	if (strokes->told_zone != station->state.session.zone)
		strokes->told_level = DENSITY_BELOW;
	strokes->told_zone = station->state.session.zone;
	if (level != DENSITY_NEAR)
		station_alert_over(station, ALERT_DENSITY_NEAR);
	if (level != DENSITY_REACHED)
		station_alert_over(station, ALERT_DENSITY);
	if (level > strokes->told_level)
		alert_density(station, level);
	strokes->told_level = level;
}

/** Alerts about a streak, not about a single dot: a hand's tremor is normal, an unsuitable setting is not. */
static void note_dot(Station *station, const Dot *dot)
{
	const ZonePlan *plan = station->state.session.plan;
	const Work *work = &station->state.work;
	const char *zone;

	station->strokes.chunk_dots++;
	if (!plan)
		return;
	strokes_tell_density(station);
	zone = zone_to_string(station->state.session.zone);
	if (work->depth_streak >= STREAK)
		station_alert(station, ALERT_DEPTH,
			"zone %s: the last %u dots are outside the depth window of %u-%u um (this one %u um): %s",
			zone, work->depth_streak, plan->depth_min_um, plan->depth_max_um, dot->depth_mean_um,
			dot->depth_mean_um > plan->depth_max_um ? "press less"
								: "stretch the skin, press evenly");
	if (work->angle_streak >= STREAK)
		station_alert(station, ALERT_ANGLE,
			"zone %s: the needle stood outside %u-%u degrees to the skin in the last %u dots (this one %u): %s",
			zone, plan->angle_min_deg, plan->angle_max_deg, work->angle_streak,
			dot_angle_deg(dot),
			dot_angle_deg(dot) < plan->angle_min_deg ? "hold it more upright" : "lean it");
	if (work->force_streak >= STREAK)
		station_alert(station, ALERT_FORCE,
			"zone %s: the last %u dots met more than %u mN (this one %u mN): check angle and cartridge",
			zone, work->force_streak, plan->force_warn_mn, dot->resistance_peak_mn);
}

static void record_chunk(Station *station);

void station_take_strokes(Station *station, const StrokeSample *samples, uint32_t n)
{
	Strokes *strokes = &station->strokes;
	int64_t now = station_now_us(station);
	Dot dot;

	if (station->state.session.number == 0)
		return;
	strokes->samples_us = now;
	for (uint32_t i = 0; i < n; i++) {
		if (!stroke_chunk_add(&strokes->chunk, &samples[i])) {
			record_chunk(station);
			(void)stroke_chunk_add(&strokes->chunk, &samples[i]);
		}
		if (strokes->chunk.samples == 1)
			strokes->chunk_since_us = clock_monotonic_us();
		if (stroke_apply(&station->state, &samples[i], &dot))
			note_dot(station, &dot);
	}
	station_watch_strokes(station);
	if (now - strokes->counts_us >= COUNTS_US) {
		strokes->counts_us = now;
		station_notify(station, STATION_CHANGED_COUNTS);
	}
}

void station_end_contact(Station *station)
{
	Dot dot;

	if (!contact_end_apply(&station->state, &dot))
		return;
	note_dot(station, &dot);
	/*
	 * its strokes may have been passed on already: the dot then counts in its zone, and in the next chunk
	 * or, when the work ends here, in one without strokes
	 */
	station->strokes.statistics_stale = true;
}

void station_watch_contact(Station *station)
{
	if (station->state.session.number &&
		station_now_us(station) - station->strokes.samples_us >= CONTACT_US)
		station_end_contact(station);
}

static json_t *histogram_body(const uint32_t *histogram)
{
	json_t *body = json_array();

	for (size_t i = 0; body && i < ZONE_HISTOGRAM_BINS; i++)
		json_array_append_new(body, json_integer(histogram[i]));
	return body;
}

static json_t *statistics_body(const Session *session, bool senses_angle)
{
	const SessionZone *zone = session_zone(session);
	const ZoneStatistics *statistics = &zone->statistics;

	return json_pack("{s:s, s:I, s:I, s:i, s:f, s:i, s:f, s:I, s:f, s:f, s:f, s:o, s:o, s:o*}", "zone",
		zone_to_string(session->zone), "dots", (json_int_t)statistics->dots, "strokes",
		(json_int_t)statistics->strokes, "area_mm2", (int)zone->area_mm2, "density",
		zone_statistics_density(statistics, zone->area_mm2), "target", session->plan->density,
		"density_before", zone_density_before(zone), "dots_over", (json_int_t)zone_dots_over(zone),
		"outside", zone_statistics_outside(statistics), "depth_mean_um",
		zone_statistics_depth_mean_um(statistics), "dwell_mean_ms",
		zone_statistics_dwell_mean_ms(statistics), "histogram", histogram_body(statistics->histogram),
		"dwell_histogram", histogram_body(statistics->dwell_histogram), "angle_mean_deg",
		senses_angle ? json_real(zone_statistics_angle_mean_deg(statistics)) : NULL);
}

/** Stops the needle: treatment data that cannot be recorded must not be produced. */
static void not_kept(Station *station, int error)
{
	char reason[STATION_TEXT_MAX];

	snprintf(reason, sizeof reason, "%u strokes could not be handed to the ledger (%s)",
		station->strokes.chunk.samples, strerror(-error));
	log_error("%s: the needle is stopped", reason);
	station_stop_by_host(station, reason);
}

static void record_chunk(Station *station)
{
	char digest[DIGEST_HEX_MAX];
	json_t *body;
	int r;

	station->strokes.flushed_us = station_now_us(station);
	if ((station->strokes.chunk.samples == 0 && station->strokes.chunk_dots == 0) ||
		station->state.session.number == 0 || !station->state.session.plan)
		return;
	digest_hex(station->strokes.chunk.data, station->strokes.chunk.bytes, digest);
	body = body_with_session(&station->state,
		json_pack("{s:s, s:s, s:i, s:I, s:s, s:s}", "zone",
			zone_to_string(station->state.session.zone), "unit",
			station->state.needle.mounted.unit, "strokes", (int)station->strokes.chunk.samples,
			"dots", (json_int_t)station->strokes.chunk_dots, "encoding", STROKE_CHUNK_ENCODING,
			"sha256", digest));
	r = station_record_strokes(station, body, &station->strokes.chunk, station->strokes.chunk_since_us);
	if (r < 0) {
		not_kept(station, r);
		return;
	}
	stroke_chunk_clear(&station->strokes.chunk);
	station->strokes.chunk_dots = 0;
	station->strokes.statistics_stale = true;
}

static void record_statistics(Station *station)
{
	if (!station->strokes.statistics_stale || station->state.session.number == 0 ||
		!station->state.session.plan)
		return;
	station->strokes.statistics_stale = false;
	station->strokes.statistics_us = station_now_us(station);
	station_record(station, "zone.statistics",
		body_with_session(&station->state,
			statistics_body(&station->state.session, board_senses_angle(&station->state.board))));
}

void station_flush_strokes(Station *station)
{
	record_chunk(station);
	record_statistics(station);
}

/**
 * Half of the time that a stroke may wait is used here, so that the card is not written more often than
 * needed; the other half is left for the commit. A quarter of the permitted number is used, because a commit
 * may carry several chunks.
 */
static void record_due(Station *station)
{
	const Config *config = station->options.config;
	int64_t patience = 1000LL * config->commit_limit_ms / 2, now = station_now_us(station);

	if (station->strokes.chunk.samples > 0 &&
		(station->strokes.chunk.samples >= config->strokes_waiting / 4 ||
			now - station->strokes.flushed_us >= patience ||
			clock_monotonic_us() - station->strokes.chunk_since_us >= patience))
		record_chunk(station);
	if (now - station->strokes.statistics_us >= STATISTICS_US)
		record_statistics(station);
}

/** Deliberately uses the machine's own clock: it guards against real time passing. */
void station_watch_strokes(Station *station)
{
	const Config *config = station->options.config;
	int64_t now = clock_monotonic_us(),
		since = station->strokes.chunk.samples ? station->strokes.chunk_since_us : now;
	char reason[STATION_TEXT_MAX];
	uint64_t waiting;

	record_due(station);
	waiting = journal_strokes(&station->journal, &since) + station->strokes.chunk.samples;
	if (waiting == 0 || !work_may_move(&station->state.work) || station->state.board.stop_reason[0])
		return;
	if (waiting < config->strokes_waiting && now - since <= 1000LL * config->commit_limit_ms)
		return;
	snprintf(reason, sizeof reason,
		"%llu strokes wait to be recorded, the oldest for %.1f seconds: check the disk",
		(unsigned long long)waiting, (double)(now - since) / USEC_PER_SEC);
	log_line(LOG_ERR, LOG_ID_LEDGER_UNHEALTHY, "%s", reason);
	station_stop_by_host(station, reason);
}
