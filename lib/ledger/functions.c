/* SPDX-License-Identifier: Apache-2.0 */

/**
 * An SQL function for writing the rows of an answer as JSON. No statement of sql/ uses it, so that these run
 * in any other program.
 */

#include "ledger/ledger-private.h"

/** utc(microseconds): RFC 3339; NULL for NULL. */
static void utc_function(sqlite3_context *context, int n, sqlite3_value **values)
{
	char utc[CLOCK_UTC_TEXT_MAX];

	if (sqlite3_value_type(values[0]) == SQLITE_NULL)
		return;
	clock_format_utc(sqlite3_value_int64(values[0]), utc);
	sqlite3_result_text(context, utc, -1, SQLITE_TRANSIENT);
}

int functions_add(sqlite3 *db)
{
	return sqlite3_create_function(db, "utc", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
		NULL, utc_function, NULL, NULL);
}
