/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Counts strokes and dots of the session, the zone and the cartridge. A stroke must count only once, whether
 * it comes from the board or from the record.
 */

#include "apply/apply.h"

#include "util/clock.h"

/* a longer time between two strokes is not work: the needle stood still */
enum { PAUSE_US = USEC_PER_SEC / 4 };

static SessionZone *chosen_zone(Session *session)
{
	return (int)session->zone >= 0 ? &session->zones[session->zone] : NULL;
}

/** Counts consecutive dots outside the range of the zone's plan. */
static void count_streak(Work *work, const ZonePlan *plan, const Dot *dot)
{
	bool outside = dot->depth_mean_um < plan->depth_min_um || dot->depth_mean_um > plan->depth_max_um;

	work->depth_streak = outside ? work->depth_streak + 1 : 0;
	work->force_streak = dot->resistance_peak_mn > plan->force_warn_mn ? work->force_streak + 1 : 0;
}

static void count_angle(Work *work, const ZonePlan *plan, unsigned angle_deg)
{
	bool outside = angle_deg < plan->angle_min_deg || angle_deg > plan->angle_max_deg;

	work->angle_streak = outside ? work->angle_streak + 1 : 0;
}

static void count_dot(State *state, const Dot *dot)
{
	Session *session = &state->session;
	SessionZone *zone = chosen_zone(session);

	if (session->plan)
		count_streak(&state->work, session->plan, dot);
	if (session->plan && board_senses_angle(&state->board))
		count_angle(&state->work, session->plan, dot_angle_deg(dot));
	session->dots++;
	session->last_dot = *dot;
	state->needle.mounted.dots++;
	if (zone && session->plan)
		zone_statistics_add_dot(&zone->statistics, session->plan, dot);
}

static void count_stroke(State *state, int64_t since_us)
{
	Session *session = &state->session;
	SessionZone *zone = chosen_zone(session);
	int64_t moved_us = since_us > 0 && since_us <= PAUSE_US ? since_us : 0;

	session->strokes++;
	session->stroke_us += moved_us;
	state->needle.mounted.strokes++;
	state->needle.mounted.stroke_us += moved_us;
	if (zone)
		zone_statistics_add_strokes(&zone->statistics, 1);
}

bool stroke_apply(State *state, const StrokeSample *sample, Dot *ret)
{
	DotDetector *detector = &state->session.detector;
	bool first = !detector->started;
	int64_t before_us = detector->now_us;
	bool ended = dot_detector_add(detector, sample, ret);

	if (ended)
		count_dot(state, ret);
	count_stroke(state, first ? 0 : detector->now_us - before_us);
	return ended;
}

bool contact_end_apply(State *state, Dot *ret)
{
	bool ended = dot_detector_flush(&state->session.detector, ret);

	if (ended)
		count_dot(state, ret);
	return ended;
}
