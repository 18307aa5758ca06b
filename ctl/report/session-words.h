/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What a session's report says in sentences. The text is the caller's. */

#include "report/report.h"

char *words_screening(const Report *report);
char *words_consents(const Report *report);
char *words_handpieces(const Report *report);
/** Whether the sentences about handpieces mention a load that was rejected or is in doubt. */
bool words_doubtful(const Report *report);
char *words_signature(const Report *report);
