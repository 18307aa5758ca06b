/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Between the files that draw a session's report. */

#include "report/report.h"
#include "report/sheet.h"

typedef struct SessionSheet {
	Sheet base;
	const Report *report;
	SheetList cartridges, pigments, events;
	size_t pairs_shown; /* zones whose photographs are on paper */
} SessionSheet;

void session_first(SessionSheet *sheet);
void session_second(SessionSheet *sheet);

/** Zones with a photograph, in rows of pairs, up to `height`; the height taken. */
double session_photographs(SessionSheet *sheet, double height);
size_t session_pairs(const Report *report);

/** The lists' rows. The tables are the caller's. */
Table *list_zones(const Report *report);
Table *list_cartridges(const Report *report);
Table *list_pigments(const Report *report);
Table *list_events(const Report *report);
/** The words on screening and on consents, in sentences. The text is the caller's. */
char *words_screening(const Report *report);
char *words_consents(const Report *report);
char *words_handpieces(const Report *report);
char *words_signature(const Report *report);
