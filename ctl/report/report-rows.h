/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Builds a session's report from the rows of the daemon's audit queries. */

#include "report/report.h"

/**
 * Takes a row of the queries "operators", "session", "timeline", "images", "needles", "lot", "pigments",
 * "blends", "statuses" (the rows of "timeline" with changes of a lot's status since the session began),
 * "sterilization", "doubt", in this order. Rows of other queries, and kinds of records that a report does
 * not mention, are skipped. The caller keeps its reference to the row.
 */
void report_add(Report *report, const char *query, json_t *row);

/** Copies the words that are kept beside a record as personal data into the body of its row. */
void report_put_words(json_t *row);
