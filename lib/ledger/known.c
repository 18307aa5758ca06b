/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Checks whether what a question names (a lot, a session, a person, ...) is on record at all. An answer
 * without rows may mean that a lot was never used, or that there is no such lot: a typing error must not look
 * like an answer.
 */

#include "ledger/ledger-private.h"
#include "ledger/statements.h"

#include <string.h>

static const struct {
	const char *argument;          /* of a query */
	const char *what, *sql, *list; /* list: queries that list all of them */
} things[] = {
	{ "session", "session", "SELECT 1 FROM session WHERE session = @value", "sessions" },
	{ "subject", "subject", sql_known_subject, "subjects or sessions" },
	{ "unit", "cartridge", "SELECT 1 FROM unit WHERE unit = @value", "needles" },
	{ "lot", "lot", sql_known_lot, "lots, pigment-lots, blends or indicators" },
	{ "blend", "blend", "SELECT 1 FROM pigment_blend WHERE blend = @value COLLATE NOCASE", "blends" },
	{ "sterilizer", "steriliser", "SELECT 1 FROM sterilizer WHERE sterilizer = @value COLLATE NOCASE",
		"sterilizers" },
	{ "handpiece", "handpiece", "SELECT 1 FROM handpiece WHERE handpiece = @value COLLATE NOCASE",
		"handpieces" },
	{ "item", "item", sql_known_item, "sterilization or handpieces" },
	{ "test", "biological test", "SELECT 1 FROM indicator_test WHERE seq = @value", "indicators" },
	{ "record", "record", "SELECT 1 FROM record WHERE seq = @value", "records" },
	{ "operator", "operator", "SELECT 1 FROM operator WHERE badge = @value COLLATE NOCASE", "operators" },
	{ "badge", "operator", "SELECT 1 FROM operator WHERE badge = @value COLLATE NOCASE", "operators" },
};

int query_check_known(sqlite3 *db, json_t *arguments, Error *error)
{
	for (size_t i = 0; i < ELEMENTS(things); i++) {
		_cleanup_(sqlite3_finalizep) sqlite3_stmt *row = NULL;
		const json_t *value = json_object_get(arguments, things[i].argument);
		const char *text = json_string_value(value);
		char number[24];
		int r;

		if (!value)
			continue;
		snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
		/* an integer column also accepts it as text */
		text = text ? text : number;
		r = statement_once(db, things[i].sql, text, &row);
		if (r == -ENOENT)
			return error_set(error, r,
				"%s \"%.96s\" is not on record: check how it is written, or look for it with the query %s",
				things[i].what, text, things[i].list);
		if (r < 0)
			return error_set(
				error, r, "whether it is on record cannot be read (%s)", strerror(-r));
	}
	return 0;
}
