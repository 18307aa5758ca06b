/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What a document says of a session's client beyond the session: the language of the card, the next date. */

#include "client.h"
#include "report/language.h"
#include "report/report.h"

/** The only row of a query, in *ret (NULL: none), which the caller frees. Takes `filter`. */
int gather_row(Ctl *ctl, const char *query, json_t *filter, json_t **ret) _must_check_;

/**
 * The language in which the client of a session reads: that of the card, else English. CTL_DONE, or
 * CTL_FAILED after printing why.
 */
int gather_language(Ctl *ctl, int64_t session, Language *ret) _must_check_;

/**
 * Asks when the client may be treated again. The station tells that to a technician or supervisor who is
 * signed in; to others the report says that it is not known.
 */
void gather_next_session(Ctl *ctl, Report *report);
