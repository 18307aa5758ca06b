/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The pages of a session's report, in their order. It must leave out none of the lists, sentences and
 * photographs that the first two pages have no room for.
 */

#include "report/session-pages.h"

static void open_lists(SessionSheet *sheet)
{
	sheet->cartridges =
		(SheetList){ "Needle cartridges", "sterile, single use", list_cartridges(sheet->report), 0 };
	sheet->pigments = (SheetList){ "Pigments", NULL, list_pigments(sheet->report), 0 };
	sheet->events = (SheetList){ "Incidents, faults and overrides", NULL, list_events(sheet->report), 0 };
}

static void close_lists(SessionSheet *sheet)
{
	table_free(sheet->cartridges.table);
	table_free(sheet->pigments.table);
	table_free(sheet->events.table);
}

/** A page of its own for the first of them, or another when less than `least` is free. */
static void make_room(SessionSheet *sheet, bool *fresh, double least)
{
	if (!*fresh || sheet->base.rest.height < least)
		sheet_turn(&sheet->base);
	*fresh = true;
}

/** What the first two pages had no room for. */
static void draw_rest(SessionSheet *sheet)
{
	SheetList *lists[] = { &sheet->cartridges, &sheet->pigments, &sheet->events };
	enum { LEAST = 80 }; /* height that is worth beginning a list in */
	bool fresh = false;

	for (size_t i = 0; i < ELEMENTS(lists); i++)
		while (sheet_list_left(lists[i])) {
			make_room(sheet, &fresh, LEAST);
			sheet_list(&sheet->base, lists[i], sheet->base.rest.height, "");
		}
	for (size_t i = 0; i < SESSION_WORDS; i++)
		if (session_words_cut(sheet, i)) {
			make_room(sheet, &fresh, 3 * LEAST);
			session_words_whole(sheet, i);
		}
	while (sheet->pairs_shown < session_pairs(sheet->report)) {
		make_room(sheet, &fresh, 3 * LEAST);
		sheet_take(&sheet->base, session_photographs(sheet, sheet->base.rest.height));
	}
}

int session_pages_draw(const void *content, Canvas *canvas, int pages, ReportTurn turn, void *userdata)
{
	const Report *report = content;
	SessionSheet sheet = {
		.base = { .canvas = canvas, .pages = pages, .turn = turn, .userdata = userdata },
		.report = report,
	};
	char date[REPORT_TIME_MAX];

	sheet_sign(&sheet.base, report->clinic, report->station, report->made);
	snprintf(sheet.base.head, sizeof sheet.base.head, "Session %lld \xc2\xb7 client %s \xc2\xb7 %s",
		(long long)report->session, report->subject ? report->subject : "",
		report_time(report->begun, REPORT_DATE, date));
	open_lists(&sheet);
	session_first(&sheet);
	session_second(&sheet);
	draw_rest(&sheet);
	close_lists(&sheet);
	return sheet.base.page;
}
