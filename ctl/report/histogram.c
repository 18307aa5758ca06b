/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Counts the dots of a session by depth and by dwell. It must not draw anything, and must not show a depth
 * window that the zones do not share.
 */

#include "report/histogram.h"

#include <math.h>

enum { BINS_LEAST = 10 };

static size_t last_used(const Histogram *histogram)
{
	size_t n = REPORT_BINS;

	while (n > 0 && histogram->inside[n - 1] + histogram->outside[n - 1] == 0)
		n--;
	return n;
}

static void finish_bins(Histogram *histogram)
{
	size_t window = (size_t)ceil(histogram->high / histogram->bin) + 2, used = last_used(histogram);

	for (size_t i = 0; i < REPORT_BINS; i++) {
		int64_t dots = histogram->inside[i] + histogram->outside[i];

		histogram->total += dots;
		if (dots > histogram->most)
			histogram->most = dots;
	}
	histogram->n = used + 1 > window ? used + 1 : window;
	if (histogram->n < BINS_LEAST)
		histogram->n = BINS_LEAST;
	if (histogram->n > REPORT_BINS)
		histogram->n = REPORT_BINS;
	histogram->open_ended = used == REPORT_BINS;
}

/** A bin that contains an edge of the window counts as inside it; the exact share is in the zones' table. */
static bool is_within(const ReportZone *zone, double from, double to)
{
	return zone->depth_max_um <= 0 || (to > zone->depth_min_um && from <= zone->depth_max_um);
}

/** Zones without a dot do not affect which window is drawn. */
static void share_window(Histogram *histogram, const ReportZone *zone, bool first)
{
	if (first) {
		histogram->low = zone->depth_min_um;
		histogram->high = zone->depth_max_um;
	} else if (histogram->low < zone->depth_min_um || histogram->low > zone->depth_min_um ||
		   histogram->high < zone->depth_max_um || histogram->high > zone->depth_max_um) {
		histogram->low = histogram->high = 0;
	}
}

void histogram_of_depth(const Report *report, Histogram *ret)
{
	Histogram histogram = { .bin = REPORT_DEPTH_BIN };
	int64_t dots = 0;

	for (size_t i = 0; i < report->zones->len; i++) {
		const ReportZone *zone = &g_array_index(report->zones, ReportZone, i);

		if (zone->dots == 0)
			continue;
		for (size_t bin = 0; bin < REPORT_BINS; bin++) {
			double from = (double)bin * REPORT_DEPTH_BIN;

			*(is_within(zone, from, from + REPORT_DEPTH_BIN) ? &histogram.inside[bin]
									 : &histogram.outside[bin]) +=
				zone->depth[bin];
		}
		share_window(&histogram, zone, dots == 0);
		dots += zone->dots;
		histogram.mean += zone->depth_mean_um * (double)zone->dots;
	}
	histogram.mean = dots ? histogram.mean / (double)dots : 0;
	finish_bins(&histogram);
	*ret = histogram;
}

void histogram_of_dwell(const Report *report, Histogram *ret)
{
	Histogram histogram = { .bin = REPORT_DWELL_BIN };
	int64_t dots = 0;

	for (size_t i = 0; i < report->zones->len; i++) {
		const ReportZone *zone = &g_array_index(report->zones, ReportZone, i);

		for (size_t bin = 0; bin < REPORT_BINS; bin++)
			histogram.inside[bin] += zone->dwell[bin];
		dots += zone->dots;
		histogram.mean += zone->dwell_mean_ms * (double)zone->dots;
	}
	histogram.mean = dots ? histogram.mean / (double)dots : 0;
	finish_bins(&histogram);
	*ret = histogram;
}

double axis_step(double most, int steps)
{
	double power, rest;

	if (most < 1 || steps < 1)
		return 1;
	power = pow(10, floor(log10(most / steps)));
	rest = most / steps / power;
	if (rest > 5)
		return fmax(power * 10, 1);
	return fmax(power * (rest > 2 ? 5 : rest > 1 ? 2 : 1), 1);
}
