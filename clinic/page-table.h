/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Rows of the database as the page wants them: an object of JSON, or a file that spreadsheets open. */

#include "answer.h"
#include "database.h"

/** {"columns": [...], "rows": [[...]]}: numbers and booleans are such, the rest is text or null. */
Answer page_table_json(const PGresult *rows);
/**
 * CSV (RFC 4180) with a byte order mark and a header. What a spreadsheet would take for a formula gets an
 * apostrophe before it, because names come from stations.
 */
Answer page_table_csv(const PGresult *rows, const char *name);
