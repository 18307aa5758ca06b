/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Badges that a ledger enrols and revokes, records with personal data, and their erasure, for the tests of
 * the ledger. */

#include "ledger-fixture.h"

/** Takes ownership of `body`; `personal` is one field. */
static inline LedgerAnswer append_personal(
	Ledger *ledger, const char *kind, json_t *body, const char *field, const char *value)
{
	json_auto_t *personal = json_pack("{s:s}", field, value);
	LedgerRecord record = { .kind = kind, .actor = "b1", .body = body, .personal = personal };
	LedgerAnswer answer = { .error = 1 };

	assert_int_equal(ledger_append(ledger, &record, keep_answer, &answer), 0);
	json_decref(body);
	serve(ledger);
	return answer;
}

static inline LedgerAnswer enrol(Ledger *ledger, const char *badge, const char *role)
{
	return append_personal(ledger, "operator.enrolled",
		json_pack("{s:s, s:[s]}", "badge", badge, "roles", role), "pin", "$y$hash");
}

static inline LedgerAnswer end_badge(Ledger *ledger, const char *badge)
{
	return append(ledger, "operator.revoked", json_pack("{s:s, s:s}", "badge", badge, "reason", "left"));
}

static inline json_t *erasure(const char *by, const char *whose)
{
	return json_pack("{s:s, s:s}", by, whose, "reason", "asked for it");
}

static inline int64_t count(sqlite3 *db, const char *sql)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	return sqlite3_column_int64(statement, 0);
}
