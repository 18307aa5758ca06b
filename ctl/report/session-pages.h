/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Shared by the files that draw a session's report, on paper and for browsers. They read the report and must
 * change nothing in it.
 */

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

/** The sections that are told in sentences, beside the advice on the second page. */
enum { SESSION_WORDS = 3 };
/** Whether the column has no room for all that a section says. */
bool session_words_cut(const SessionSheet *sheet, size_t section);
/** The section in full, across the page. */
void session_words_whole(SessionSheet *sheet, size_t section);

/** The lists' rows. The tables are the caller's. */
Table *list_zones(const Report *report);
Table *list_cartridges(const Report *report);
Table *list_pigments(const Report *report);
Table *list_events(const Report *report);
/** The words on screening and on consents, in sentences. The text is the caller's. */
char *words_screening(const Report *report);
char *words_consents(const Report *report);
char *words_handpieces(const Report *report);
/** Whether those on handpieces tell of a load that was rejected, or is in doubt. */
bool words_doubtful(const Report *report);
char *words_signature(const Report *report);
