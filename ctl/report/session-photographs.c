/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Writes the photographs of a session in pairs. They are embedded in the page, which must load nothing from
 * elsewhere.
 */

#include "report/session-photographs.h"

#include <math.h>

#include "report/html.h"
#include "report/language.h"
#include "report/picture.h"
#include "report/report-text.h"

static bool has_picture(const ReportZone *zone)
{
	return zone->before.file || zone->after.file;
}

static size_t count_pairs(const Report *report)
{
	size_t n = 0;

	for (size_t i = 0; i < report->zones->len; i++)
		n += has_picture(&g_array_index(report->zones, ReportZone, i));
	return n;
}

/**
 * The height divided by width that the session's photographs need; a frame without a photograph is as high.
 */
static double picture_shape(const Report *report)
{
	const double least = 0.5, most = 1.0, usual = 0.75;
	double shape = 0;

	for (size_t i = 0; i < report->zones->len; i++) {
		const ReportZone *zone = &g_array_index(report->zones, ReportZone, i);

		shape = fmax(shape, fmax(zone->before.shape, zone->after.shape));
	}
	return shape > 0 ? fmin(fmax(shape, least), most) : usual;
}

/** One pair is shown large, a few in two columns, many in three. */
typedef struct PairLayout {
	const char *class;
	double width; /* of a photograph, points */
} PairLayout;

static const PairLayout *layout_for(size_t pairs)
{
	static const PairLayout one = { "one", 253 }, two = { "two", 122 }, three = { "three", 80 };

	return pairs <= 1 ? &one : pairs <= 4 ? &two : &three;
}

static void put_jpeg(FILE *stream, GBytes *jpeg, const char *words)
{
	gsize size;
	const guchar *data = g_bytes_get_data(jpeg, &size);
	_cleanup_(freep) char *base64 = g_base64_encode(data, size);

	fprintf(stream, "<img src=\"data:image/jpeg;base64,%s\" alt=\"", base64);
	html_text(stream, words);
	fputs("\">", stream);
}

/** A frame without a photograph: the reason is written in its middle. */
static void put_frame(FILE *stream, const Report *report, const ReportPicture *picture, double width)
{
	const double line = 10.8; /* points */
	char words[REPORT_PICTURE_WORDS];

	fprintf(stream, "<div class=\"empty\" style=\"padding:%.1f%% 0\"><span>",
		(picture_shape(report) - line / width) * 50);
	html_text(stream, report_picture_words(picture, words));
	fputs("</span></div>", stream);
}

static void put_picture(
	FILE *stream, const Report *report, const ReportPicture *picture, const char *phase, const char *zone)
{
	enum { DIGITS = 8 };
	double width = layout_for(count_pairs(report))->width;
	GBytes *jpeg = picture->jpeg ? picture_reduce(picture->jpeg, width) : NULL;
	_cleanup_(freep) char *words = g_strdup_printf("%s, %s", zone, phase);
	char time[REPORT_TIME_MAX], shown[DIGITS + 1];

	fputs("<figure>", stream);
	if (jpeg)
		put_jpeg(stream, jpeg, words);
	else
		put_frame(stream, report, picture, width);
	fputs("<figcaption>", stream);
	html_text(stream, phase);
	if (picture->time)
		fprintf(stream, ", %s", report_time_within(report, picture->time, time));
	if (picture->sha256) {
		snprintf(shown, sizeof shown, "%s", picture->sha256);
		fputs(" \xc2\xb7 <span title=\"SHA-256 ", stream);
		html_text(stream, picture->sha256);
		fputs("\">", stream);
		html_text(stream, shown);
		fputs("</span>", stream);
	}
	fputs("</figcaption></figure>", stream);
	if (jpeg)
		g_bytes_unref(jpeg);
}

static void put_pair(FILE *stream, const Report *report, const ReportZone *zone)
{
	char title[REPORT_SECTION_MAX];

	report_title_of(zone->zone, title);
	fputs("<div class=\"pair\"><h3>", stream);
	html_text(stream, title);
	fputs("</h3>", stream);
	put_picture(stream, report, &zone->before, _("Before"), title);
	put_picture(stream, report, &zone->after, _("After"), title);
	fputs("</div>", stream);
}

void session_put_photographs(FILE *stream, const Report *report)
{
	size_t pairs = count_pairs(report);

	if (pairs == 0) {
		fputs("<p class=\"none\">", stream);
		html_text(stream, _("No photographs were taken."));
		fputs("</p>\n", stream);
		return;
	}
	fprintf(stream, "<div class=\"%s\">", layout_for(pairs)->class);
	for (size_t i = 0; i < report->zones->len; i++) {
		const ReportZone *zone = &g_array_index(report->zones, ReportZone, i);

		if (has_picture(zone))
			put_pair(stream, report, zone);
	}
	fputs("</div>\n", stream);
}
