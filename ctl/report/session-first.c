/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The first page of a session's report: who, when, what, where on the head, how deep and how long, and with
 * what. It draws only what the report holds and asks the station nothing.
 */

#include <math.h>
#include <string.h>

#include "report/figures.h"
#include "report/session-pages.h"

/* ---- title and facts ---- */

static void draw_title(SessionSheet *sheet)
{
	const Report *report = sheet->report;
	char title[64], about[256];

	snprintf(title, sizeof title, "Session report %lld", (long long)report->session);
	snprintf(about, sizeof about, "Scalp micropigmentation \xc2\xb7 clinic %s \xc2\xb7 station %s",
		report->clinic ? report->clinic : "?", report->station ? report->station : "?");
	sheet_title(&sheet->base, title, about, report_outcome_to_string(report->outcome),
		report->outcome == REPORT_SIGNED ? INK_ACCENT : INK_WARNING);
}

static void duration_text(int64_t seconds, char *ret, size_t size)
{
	if (seconds >= 3600)
		snprintf(ret, size, "%lld h %02lld min", (long long)(seconds / 3600),
			(long long)(seconds / 60 % 60));
	else
		snprintf(
			ret, size, "%lld min %02lld s", (long long)(seconds / 60), (long long)(seconds % 60));
}

/** Thousands stand apart by a narrow space. */
static void count_text(int64_t number, char *ret, size_t size)
{
	char digits[32];
	size_t length, used = 0;

	snprintf(digits, sizeof digits, "%lld", (long long)(number < 0 ? 0 : number));
	length = strlen(digits);
	for (size_t i = 0; i < length && used + 4 < size; i++) {
		ret[used++] = digits[i];
		if ((length - i - 1) % 3 == 0 && i + 1 < length) {
			memcpy(ret + used, "\xe2\x80\xaf", 3);
			used += 3;
		}
	}
	ret[used] = '\0';
}

/** A session over midnight ends on another day. */
static ReportTime ended_form(const Report *report)
{
	char text[REPORT_TIME_MAX];

	return strchr(report_time_within(report, report->ended, text), ' ') ? REPORT_MOMENT
									    : REPORT_CLOCK_ZONE;
}

static void draw_who(SessionSheet *sheet)
{
	const Report *report = sheet->report;
	char badge[160], course[160], date[REPORT_TIME_MAX], from[REPORT_TIME_MAX], to[REPORT_TIME_MAX],
		times[128];
	Fact facts[] = {
		{ "Client (pseudonym)", report->subject, NULL },
		{ "Practitioner", report->operator_name ? report->operator_name : report->badge, badge },
		{ "Treatment", report->title ? report->title : report->protocol, course },
		{ "Date", report_time(report->begun, REPORT_DATE, date), times },
	};

	snprintf(badge, sizeof badge, "badge %s", report->badge ? report->badge : "");
	if (report->course_sessions)
		snprintf(course, sizeof course, "session %lld of %lld of the course",
			(long long)report->course_session, (long long)report->course_sessions);
	else
		snprintf(course, sizeof course, "session %lld of the course",
			(long long)report->course_session);
	snprintf(times, sizeof times, "%s to %s", report_time(report->begun, REPORT_CLOCK, from),
		report->ended ? report_time(report->ended, ended_form(report), to) : "now");
	sheet_take(&sheet->base,
		sheet_facts(&sheet->base, facts, ELEMENTS(facts), STYLE_STRONG, sheet_box(&sheet->base, 0)) -
			2);
}

static void draw_figures(SessionSheet *sheet)
{
	const Report *report = sheet->report;
	char dots[48], strokes[48], worked[48], cartridges[48], zones[48];
	Fact facts[] = {
		{ "Dots", dots, NULL },
		{ "Needle strokes", strokes, NULL },
		{ "Time at work", worked, NULL },
		{ "Zones", zones, NULL },
		{ "Cartridges used", cartridges, NULL },
	};

	count_text(report->dots, dots, sizeof dots);
	count_text(report->strokes, strokes, sizeof strokes);
	if (report->worked_is_known)
		duration_text(report->worked_s, worked, sizeof worked);
	else
		snprintf(worked, sizeof worked, "not known");
	count_text(report->zones->len, zones, sizeof zones);
	count_text(report->cartridges->len, cartridges, sizeof cartridges);
	sheet_figures(&sheet->base, facts, ELEMENTS(facts));
}

/* ---- zones ---- */

static void draw_zones(SessionSheet *sheet)
{
	enum { MAP = 178, BETWEEN = 18 };
	_cleanup_(table_freep) Table *table = list_zones(sheet->report);
	Box box = sheet_box(&sheet->base, 0);
	double map_width = box.width * 0.465, right = box.width - map_width - BETWEEN;
	double height = table_height(sheet->base.canvas, table, 0, table_rows(table), right), head;

	head = canvas_heading(sheet->base.canvas, box, "Zones",
		"dots per cm\xc2\xb2 reached of the target; outside: share of "
		"dots not within the depth window");
	box.y += head;
	figure_scalp(sheet->base.canvas, sheet->report, (Box){ box.x, box.y, map_width, MAP });
	table_draw(sheet->base.canvas, table, 0, table_rows(table),
		(Box){ box.x + map_width + BETWEEN, box.y, right, 0 });
	sheet_take(&sheet->base, head + fmax(height, MAP));
}

/* ---- depth and dwell ---- */

static void draw_histogram(SessionSheet *sheet, const Histogram *histogram, bool depth, Box box)
{
	char note[96];
	double head;

	if (!depth)
		snprintf(note, sizeof note, "mean %.0f ms", histogram->mean);
	else if (histogram->high > 0)
		snprintf(note, sizeof note, "mean %.2f mm, window %g to %g mm", histogram->mean / 1000,
			histogram->low / 1000, histogram->high / 1000);
	else
		snprintf(
			note, sizeof note, "mean %.2f mm; the zones' windows differ", histogram->mean / 1000);
	head = canvas_heading(sheet->base.canvas, box, depth ? "Depth of the dots" : "Dwell of the dots",
		histogram->total ? note : NULL);
	figure_histogram(sheet->base.canvas, histogram, depth ? "mm" : "ms", depth ? 1000 : 1,
		(Box){ box.x, box.y + head, box.width, box.height - head });
}

static void draw_histograms(SessionSheet *sheet)
{
	enum { HEIGHT = 122, BETWEEN = 18 };
	Box box = sheet_box(&sheet->base, HEIGHT);
	Histogram depth, dwell;

	histogram_of_depth(sheet->report, &depth);
	histogram_of_dwell(sheet->report, &dwell);
	box.width = (box.width - BETWEEN) / 2;
	draw_histogram(sheet, &depth, true, box);
	box.x += box.width + BETWEEN;
	draw_histogram(sheet, &dwell, false, box);
	sheet_take(&sheet->base, HEIGHT);
}

/* ---- materials ---- */

/** Cartridges get what pigments leave, and at least half. */
static void draw_materials(SessionSheet *sheet)
{
	enum { HEADING = 22 };
	double all = sheet->base.rest.height, width = sheet->base.rest.width;
	double pigments = HEADING + table_height(sheet->base.canvas, sheet->pigments.table, 0,
					    table_rows(sheet->pigments.table), width);

	sheet_list(&sheet->base, &sheet->cartridges, all - SHEET_GAP - fmin(pigments, all / 2),
		"No cartridge was mounted.");
	sheet_list(&sheet->base, &sheet->pigments, sheet->base.rest.height, "No pigment was loaded.");
}

void session_first(SessionSheet *sheet)
{
	sheet_turn(&sheet->base);
	draw_title(sheet);
	draw_who(sheet);
	draw_figures(sheet);
	draw_zones(sheet);
	draw_histograms(sheet);
	draw_materials(sheet);
}
