/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What a session's report says in sentences. The text is the caller's. */

#include "report/report.h"

/** The badges of those who did dots; before the first dot, that of whoever began. Borrowed from the report.
 */
GPtrArray *list_practitioners(const Report *report);
/** Their names, or their badges: "badges 0815, 0816". */
char *words_practitioners(const Report *report, bool names);
char *words_screening(const Report *report);
char *words_consents(const Report *report);
char *words_handpieces(const Report *report);
/** Whether the sentences about handpieces mention a load that was rejected or is in doubt. */
bool words_doubtful(const Report *report);
char *words_signature(const Report *report);
