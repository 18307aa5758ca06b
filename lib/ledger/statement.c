/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The prepared statements of one connection, found by the address of their text. SQL that is made at run time
 * must not be kept here: other SQL may later have the same address.
 */

#include "ledger/ledger-private.h"

#include <stdarg.h>

int ledger_errno(int result)
{
	switch (result & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_TOOBIG: /* no row of ours exceeds the reader's limit */
		return -EUCLEAN;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CONSTRAINT:
		return -EEXIST;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return -EACCES;
	case SQLITE_INTERRUPT:
		/* from a reader, which knows the reason */
		return -ETIME;
	}
	return -EIO;
}

int statement_get(Statements *statements, const char *sql, sqlite3_stmt **ret)
{
	int r;

	for (size_t i = 0; i < statements->n; i++)
		if (statements->kept[i].sql == sql) {
			*ret = statements->kept[i].statement;
			return SQLITE_OK;
		}
	/* room for every text in this folder; a test would reach the limit */
	if (statements->n == ELEMENTS(statements->kept))
		return SQLITE_MISUSE;
	r = sqlite3_prepare_v3(statements->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL);
	if (r != SQLITE_OK)
		return r;
	statements->kept[statements->n].sql = sql;
	statements->kept[statements->n++].statement = *ret;
	return SQLITE_OK;
}

int statement_row(Statements *statements, const char *sql, uint64_t argument, sqlite3_stmt **ret)
{
	int r = statement_get(statements, sql, ret);

	if (r != SQLITE_OK)
		return ledger_errno(r);
	if (sqlite3_bind_parameter_count(*ret) > 0)
		sqlite3_bind_int64(*ret, 1, (int64_t)argument);
	r = sqlite3_step(*ret);
	if (r == SQLITE_DONE)
		return -ENOENT;
	return r == SQLITE_ROW ? 0 : ledger_errno(r);
}

int statement_once(sqlite3 *db, const char *sql, const char *argument, sqlite3_stmt **ret)
{
	int r = sqlite3_prepare_v2(db, sql, -1, ret, NULL);

	if (r != SQLITE_OK)
		return ledger_errno(r);
	if (argument)
		sqlite3_bind_text(*ret, 1, argument, -1, SQLITE_STATIC);
	r = sqlite3_step(*ret);
	if (r == SQLITE_DONE)
		return -ENOENT;
	return r == SQLITE_ROW ? 0 : ledger_errno(r);
}

int64_t statement_number(sqlite3 *db, const char *sql, int64_t argument)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *select = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &select, NULL) != SQLITE_OK)
		return 0;
	if (sqlite3_bind_parameter_count(select) > 0)
		sqlite3_bind_int64(select, 1, argument);
	return sqlite3_step(select) == SQLITE_ROW ? column_integer(select, 0) : 0;
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

int statement_execute(Statements *statements, const char *sql, const char *types, ...)
{
	_cleanup_(statement_donep) sqlite3_stmt *statement = NULL;
	va_list arguments;
	int r = statement_get(statements, sql, &statement);

	if (r != SQLITE_OK)
		return ledger_errno(r);
	va_start(arguments, types);
	for (int i = 1; types[i - 1]; i++) {
		if (types[i - 1] == 'i') {
			sqlite3_bind_int64(statement, i, va_arg(arguments, int64_t));
		} else if (types[i - 1] == 't') {
			sqlite3_bind_text(statement, i, va_arg(arguments, const char *), -1, SQLITE_STATIC);
		} else {
			const void *data = va_arg(arguments, const void *);

			sqlite3_bind_blob64(statement, i, data, va_arg(arguments, size_t), SQLITE_STATIC);
		}
	}
	va_end(arguments);
	return ledger_errno(statement_step(statement));
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

int statement_script(sqlite3 *db, const char *sql, int64_t argument)
{
	while (*sql) {
		_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
		int r = sqlite3_prepare_v2(db, sql, -1, &statement, &sql);

		if (r != SQLITE_OK)
			return ledger_errno(r);
		if (sqlite3_bind_parameter_count(statement) > 0)
			sqlite3_bind_int64(statement, 1, argument);
		r = statement ? sqlite3_step(statement) : SQLITE_DONE;
		if (r != SQLITE_DONE)
			return ledger_errno(r);
	}
	return 0;
}
