/* SPDX-License-Identifier: Apache-2.0 */
#include "core/station-private.h"

#include "util/digest.h"
#include "util/log.h"

void station_strokes_reset(Station *station)
{
	dot_detector_init(&station->detector);
	stroke_chunk_clear(&station->chunk);
	station->chunk_dots = 0;
	station->depth_streak = station->force_streak = 0;
}

/** A streak, not a single dot: a hand's tremor is no event, a setting that does not fit the skin is. */
static void warn_of_dot(Station *station, const Dot *dot)
{
	const ZonePlan *plan = station->view.plan;
	bool outside = dot->depth_mean_um < plan->depth_min_um || dot->depth_mean_um > plan->depth_max_um;
	bool forced = dot->resistance_peak_mn > plan->force_warn_mn;

	station->depth_streak = outside ? station->depth_streak + 1 : 0;
	station->force_streak = forced ? station->force_streak + 1 : 0;
	if (station->depth_streak >= STATION_STREAK)
		station_alert(station, STATION_ALERT_DEPTH,
			"zone %s: the last %u dots are outside the depth window of %u-%u um (this one %u um): %s",
			zone_to_string(station->view.zone), station->depth_streak, plan->depth_min_um,
			plan->depth_max_um, dot->depth_mean_um,
			dot->depth_mean_um > plan->depth_max_um ? "press less"
								: "stretch the skin, press evenly");
	if (station->force_streak >= STATION_STREAK)
		station_alert(station, STATION_ALERT_FORCE,
			"zone %s: the last %u dots met more than %u mN (this one %u mN): check angle and cartridge",
			zone_to_string(station->view.zone), station->force_streak, plan->force_warn_mn,
			dot->resistance_peak_mn);
}

static void count_dot(Station *station, const Dot *dot)
{
	StationView *view = &station->view;

	station->chunk_dots++;
	view->session_dots++;
	view->needle_dots++;
	view->last_dot = *dot;
	if (!view->plan)
		return;
	zone_statistics_add_dot(&view->statistics, view->plan, dot);
	warn_of_dot(station, dot);
}

void station_take_samples(Station *station, const StrokeSample *samples, uint32_t n)
{
	StationView *view = &station->view;
	int64_t now = station_now_us(station);
	Dot dot;

	if (view->session == 0)
		return;
	for (uint32_t i = 0; i < n; i++) {
		if (!stroke_chunk_add(&station->chunk, &samples[i])) {
			station_flush_strokes(station);
			(void)stroke_chunk_add(&station->chunk, &samples[i]);
		}
		if (dot_detector_add(&station->detector, &samples[i], &dot))
			count_dot(station, &dot);
	}
	zone_statistics_add_strokes(&view->statistics, n);
	view->session_strokes += n;
	view->needle_strokes += n;
	station_watch_wear(station);
	if (now - station->counts_us >= STATION_COUNTS_US) {
		station->counts_us = now;
		station_notify(station, STATION_CHANGED_COUNTS);
	}
}

void station_end_contact(Station *station)
{
	Dot dot;

	if (dot_detector_flush(&station->detector, &dot))
		count_dot(station, &dot);
}

static json_t *histogram_body(const uint32_t *histogram)
{
	json_t *body = json_array();

	for (size_t i = 0; body && i < ZONE_HISTOGRAM_BINS; i++)
		json_array_append_new(body, json_integer(histogram[i]));
	return body;
}

static json_t *statistics_body(const Station *station)
{
	const StationView *view = &station->view;
	const ZoneStatistics *statistics = &view->statistics;

	return json_pack("{s:s, s:I, s:I, s:i, s:f, s:i, s:f, s:f, s:f, s:o, s:o}", "zone",
		zone_to_string(view->zone), "dots", (json_int_t)statistics->dots, "strokes",
		(json_int_t)statistics->strokes, "area_mm2", (int)view->area_mm2, "density",
		zone_statistics_density(statistics, view->area_mm2), "target", view->plan->density, "outside",
		zone_statistics_outside(statistics), "depth_mean_um",
		zone_statistics_depth_mean_um(statistics), "dwell_mean_ms",
		zone_statistics_dwell_mean_ms(statistics), "histogram", histogram_body(statistics->histogram),
		"dwell_histogram", histogram_body(statistics->dwell_histogram));
}

void station_flush_strokes(Station *station)
{
	const StationView *view = &station->view;
	char digest[DIGEST_HEX_MAX];
	json_t *body;
	int r;

	station->flushed_us = station_now_us(station);
	if (station->chunk.samples == 0 || view->session == 0 || !view->plan)
		return;
	r = digest_hex(station->chunk.data, station->chunk.bytes, digest);
	if (r == 0) {
		body = station_with_session(
			station, json_pack("{s:s, s:s, s:i, s:I, s:s, s:s}", "zone",
					 zone_to_string(view->zone), "unit", view->unit, "strokes",
					 (int)station->chunk.samples, "dots", (json_int_t)station->chunk_dots,
					 "encoding", STROKE_CHUNK_ENCODING, "sha256", digest));
		r = station_record_attached(
			station, "strokes", body, station->chunk.data, station->chunk.bytes);
	}
	if (r < 0) {
		/* treatment data that cannot be recorded must not go on being made */
		log_error("%u strokes could not be handed to the ledger (error %d): the needle is stopped",
			station->chunk.samples, -r);
		control_stop(station->options.control);
		return;
	}
	station_record(station, "zone.statistics", station_with_session(station, statistics_body(station)));
	stroke_chunk_clear(&station->chunk);
	station->chunk_dots = 0;
}
