/* SPDX-License-Identifier: Apache-2.0 */

/** Makes the tables of a version from those of the version before. sql/schema and sql/views define them. */

#include "ledger/reader.h"
#include "ledger/sql.h"
#include "ledger/tree.h"

int schema_make(sqlite3 *db, int64_t from, int64_t to)
{
	for (int64_t version = from + 1; version <= to; version++) {
		int r = sqlite3_exec(db, sql_schema[version - 1], NULL, NULL, NULL);

		if (r == SQLITE_OK && version == LEDGER_VERSION_WITH_TWINS)
			r = twin_fill(db);
		if (r != SQLITE_OK)
			return r;
	}
	return from < LEDGER_VERSION_WITH_TREE && to >= LEDGER_VERSION_WITH_TREE ? tree_build(db) : SQLITE_OK;
}

int schema_migrate(sqlite3 *db, int64_t from, int (*finish)(sqlite3 *db, int64_t from))
{
	_cleanup_(freep) char *set_version = NULL;
	int r;

	if (asprintf(&set_version, "PRAGMA application_id=%d; PRAGMA user_version=%d", LEDGER_APPLICATION_ID,
		    LEDGER_SCHEMA_VERSION) < 0)
		return SQLITE_NOMEM;
	r = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (r != SQLITE_OK)
		return r;
	r = schema_make(db, from, LEDGER_SCHEMA_VERSION);
	if (r != SQLITE_OK)
		return r;
	r = finish ? finish(db, from) : SQLITE_OK;
	if (r != SQLITE_OK)
		return r;
	r = sqlite3_exec(db, set_version, NULL, NULL, NULL);
	return r == SQLITE_OK ? sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) : r;
}

int schema_harden(sqlite3 *db)
{
	static const struct {
		int setting, value;
	} settings[] = {
		/* nobody may write SQLite's own tables: its schema table, shadow tables of virtual tables */
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		/* functions called from the file's schema may only compute */
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
	};
	int r = SQLITE_OK;

	for (size_t i = 0; i < ELEMENTS(settings) && r == SQLITE_OK; i++)
		r = sqlite3_db_config(db, settings[i].setting, settings[i].value, NULL);
	return r;
}

int schema_open_empty(sqlite3 **ret)
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	int r = sqlite3_open_v2(
		":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

	if (r != SQLITE_OK)
		return r;
	r = schema_migrate(db, 0, NULL);
	if (r != SQLITE_OK)
		return r;
	*ret = TAKE_PTR(db);
	return SQLITE_OK;
}
