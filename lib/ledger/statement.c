/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The prepared statements of one connection, kept by the address of their text. A text that is made at run
 * time must not come here: another one may later have the same address.
 */

#include "ledger/ledger-private.h"

int statement_get(Statements *statements, const char *sql, sqlite3_stmt **ret)
{
	int r;

	for (size_t i = 0; i < statements->n; i++)
		if (statements->kept[i].sql == sql) {
			*ret = statements->kept[i].statement;
			return SQLITE_OK;
		}
	/* as many as there are texts in this folder; a test would meet the limit */
	if (statements->n == ELEMENTS(statements->kept))
		return SQLITE_MISUSE;
	r = sqlite3_prepare_v3(statements->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL);
	if (r != SQLITE_OK)
		return r;
	statements->kept[statements->n].sql = sql;
	statements->kept[statements->n++].statement = *ret;
	return SQLITE_OK;
}

void statement_done(sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}

int statement_step(sqlite3_stmt *statement)
{
	int r = sqlite3_step(statement);

	return r == SQLITE_DONE || r == SQLITE_ROW ? SQLITE_OK : r;
}

int statement_run(Statements *statements, const char *sql)
{
	_cleanup_(statement_donep) sqlite3_stmt *statement = NULL;
	int r = statement_get(statements, sql, &statement);

	return r == SQLITE_OK ? statement_step(statement) : r;
}

void statements_clear(Statements *statements)
{
	while (statements->n > 0)
		sqlite3_finalize(statements->kept[--statements->n].statement);
}
