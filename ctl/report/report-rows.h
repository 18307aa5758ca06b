/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Puts the rows of the daemon's audit queries together into a session's report. */

#include "report/report.h"

/**
 * Takes a row of the queries "operators", "session", "timeline", "images", "needles", "lot", "pigments",
 * "blends", "statuses" (those of "timeline" that say how a lot stands, from the session on), "sterilization",
 * "doubt", in this order; rows of others, and kinds of records that a report says nothing about, are passed
 * over. The row's reference stays the caller's.
 */
void report_add(Report *report, const char *query, json_t *row);

/** Puts what somebody said in their own words, which is kept beside a record, into the body of its row. */
void report_put_words(json_t *row);
