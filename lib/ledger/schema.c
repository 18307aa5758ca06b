/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The file's tables: checking their version, opening the file for writing, and what must be known of it then.
 */

#include "ledger/reader.h"
#include "ledger/statements.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

int schema_explain(sqlite3 *db, const char *path, int result, Error *error)
{
	int r = ledger_errno(result);

	if (r == -EUCLEAN)
		return error_set(error, r,
			"the ledger %.120s is damaged (%s): keep the file as evidence and bring "
			"back a backup",
			path, db ? sqlite3_errmsg(db) : "");
	return error_set(error, r < 0 ? r : -EIO,
		"the ledger %.120s cannot be opened (%s): check folder, rights and disk", path,
		db ? sqlite3_errmsg(db) : strerror(-r));
}

static int no_ledger(const char *path, int r, const char *what, Error *error)
{
	return error_set(error, r, "%.140s %s", path, what);
}

int schema_explain_open(sqlite3 *db, const char *path, int result, Error *error)
{
	if (result != SQLITE_NOTADB)
		return schema_explain(db, path, result, error);
	return no_ledger(path, -EUCLEAN,
		"is no SQLite database: no ledger, or one whose beginning was destroyed; check the path",
		error);
}

int schema_explain_difference(const char *path, const SchemaDifference *difference, Error *error)
{
	return error_set(error, -EUCLEAN,
		"tables, views or triggers of the ledger were added, changed or removed (%.64s): keep %.64s as evidence"
		" and bring back a backup",
		difference->names, path);
}

/* ---- versions ---- */

static int read_scalar(sqlite3 *db, const char *sql, int64_t *ret)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	int r = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_step(statement);
	if (r != SQLITE_ROW)
		return r == SQLITE_DONE ? SQLITE_ERROR : r;
	*ret = column_integer(statement, 0);
	return SQLITE_OK;
}

static int read_pragma(sqlite3 *db, const char *schema, const char *pragma, int64_t *ret)
{
	char sql[64];

	snprintf(sql, sizeof sql, "PRAGMA %s.%s", schema, pragma);
	return read_scalar(db, sql, ret);
}

/** Checks the version and the number of tables. `oldest`: the first version that is accepted. */
static int check_schema_version(sqlite3 *db, const char *schema, const char *path, int64_t oldest,
	int64_t *ret_version, int64_t *ret_tables, Error *error)
{
	int64_t version = 0, tables = 0, id = 0;
	char sql[64];
	int r = read_pragma(db, schema, "user_version", &version);

	if (r != SQLITE_OK)
		return schema_explain_open(db, path, r, error);
	r = read_pragma(db, schema, "application_id", &id);
	if (r != SQLITE_OK)
		return schema_explain_open(db, path, r, error);
	snprintf(sql, sizeof sql, "SELECT count(*) FROM %s.sqlite_master", schema);
	r = read_scalar(db, sql, &tables);
	if (r != SQLITE_OK)
		return schema_explain_open(db, path, r, error);
	if (tables > 0 && id != LEDGER_APPLICATION_ID)
		return no_ledger(
			path, -EPROTO, "is a database, but no ledger of Stipple: check the path", error);
	if (version < (tables > 0 ? oldest : 0) || version > LEDGER_SCHEMA_VERSION)
		return error_set(error, -EPROTO,
			"the ledger %.120s has schema version %lld, this program knows %d: use the program that wrote it",
			path, (long long)version, LEDGER_SCHEMA_VERSION);
	*ret_version = version;
	*ret_tables = tables;
	return 0;
}

int schema_check_version(
	sqlite3 *db, const char *schema, const char *path, bool older, int64_t *ret_version, Error *error)
{
	int64_t tables = 0;
	int r = check_schema_version(db, schema, path,
		older ? LEDGER_VERSION_WITH_TREE : LEDGER_SCHEMA_VERSION, ret_version, &tables, error);

	if (r < 0 || tables > 0)
		return r;
	return no_ledger(path, -EPROTO,
		"is an empty database: no ledger, or one copied without the -wal beside it; copy it anew",
		error);
}

/* ---- to be written ---- */

/**
 * Creates the file with a fixed mode, because SQLite would leave that to the umask; its -wal and -shm files
 * get the same mode. The group may read: telemetry belongs to it. Uses names only: closing a descriptor of
 * the file would release SQLite's locks on it.
 */
static void create_file(const char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	_cleanup_(closep) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);

	/* usually they exist already; SQLite meets and explains any other trouble */
	for (size_t i = 0; i < ELEMENTS(suffixes); i++) {
		_cleanup_(freep) char *name = NULL;
		struct stat status;

		if (asprintf(&name, "%s%s", path, suffixes[i]) >= 0 && lstat(name, &status) == 0 &&
			S_ISREG(status.st_mode) && status.st_uid == geteuid() && !(status.st_mode & S_IRGRP))
			(void)chmod(name, (status.st_mode & 0700) | S_IRGRP);
	}
}

static int open_writable(const char *path, sqlite3 **ret)
{
	int r;

	create_file(path);
	r = sqlite3_open_v2(path, ret, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (r != SQLITE_OK)
		return r;
	r = schema_harden(*ret);
	if (r != SQLITE_OK)
		return r;
	r = functions_add(*ret);
	if (r != SQLITE_OK)
		return r;
	r = sqlite3_exec(*ret, sql_open_to_write, NULL, NULL, NULL);
	return r == SQLITE_OK ? sqlite3_busy_timeout(*ret, LEDGER_BUSY_MS) : r;
}

/** Compares the schema before anything in it can run, and before it is migrated. */
static int check_schema_known(sqlite3 *db, const char *path, int64_t *ret_version, Error *error)
{
	SchemaDifference difference = { 0 };
	int64_t tables = 0;
	int r = check_schema_version(db, "main", path, 1, ret_version, &tables, error);

	if (r < 0 || tables == 0)
		return r;
	r = schema_compare(db, "main", *ret_version, &difference);
	if (r < 0)
		return schema_explain(db, path, sqlite3_errcode(db), error);
	return difference.names[0] ? schema_explain_difference(path, &difference, error) : 0;
}

/**
 * Before version 6 a correction left the tables as they were, and what failed tests said of the loads
 * depended on the order of their records. Where there is either, the tables are filled anew from the records.
 */
static int count_corrections(sqlite3 *db, int64_t from)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *any = NULL;
	int r;

	if (from == 0 || from >= LEDGER_VERSION_WITH_CORRECTED)
		return SQLITE_OK;
	r = sqlite3_prepare_v2(db,
		"SELECT 1 FROM correction UNION ALL SELECT 1 FROM indicator_test WHERE result = 'fail' LIMIT 1",
		-1, &any, NULL);
	if (r != SQLITE_OK)
		return r;
	r = sqlite3_step(any);
	if (r != SQLITE_ROW)
		return r == SQLITE_DONE ? SQLITE_OK : r;
	(void)sqlite3_reset(any);
	return projection_refill(db) < 0 ? SQLITE_CORRUPT : SQLITE_OK;
}

int schema_open(const char *path, sqlite3 **ret, Error *error)
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	int64_t version = 0;
	int result, r;

	result = open_writable(path, &db);
	if (result != SQLITE_OK)
		return schema_explain(db, path, result, error);
	r = check_schema_known(db, path, &version, error);
	if (r < 0)
		return r;
	/* these are our triggers: they keep records append-only, and some fill tables */
	result = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, NULL);
	if (result == SQLITE_OK && version < LEDGER_SCHEMA_VERSION)
		result = schema_migrate(db, version, count_corrections);
	if (result != SQLITE_OK)
		return schema_explain(db, path, result, error);
	*ret = TAKE_PTR(db);
	return 0;
}

/** Checks that the newest record's hash matches its bytes: a cheap check whether the file is intact. */
static int check_newest_hash(sqlite3 *db, Error *error)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *row = NULL;
	uint8_t hash[DIGEST_BYTES];
	DigestPart parts[2] = { { "\0", 1 } };
	int r = statement_once(
		db, "SELECT seq, leaf, hash FROM record ORDER BY seq DESC LIMIT 1", NULL, &row);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return schema_explain(db, "file", sqlite3_errcode(db), error);
	parts[1] = column_bytes(row, 1);
	digest_compute(parts, 2, hash);
	if (parts[1].data && column_is_digest(row, 2, hash))
		return 0;
	return error_set(error, -EUCLEAN,
		"record %lld of the ledger does not match its hash: keep the file as evidence and "
		"bring back a backup",
		(long long)column_integer(row, 0));
}

int schema_info(sqlite3 *db, const Clock *clock, LedgerInfo *ret, Error *error)
{
	static const struct {
		const char *sql;
		size_t offset;
	} numbers[] = {
		{ "SELECT coalesce(max(seq), 0) FROM record", offsetof(LedgerInfo, newest_seq) },
		{ "SELECT coalesce(max(value), 0) FROM meta WHERE name = 'newest_utc_us'",
			offsetof(LedgerInfo, newest_utc_us) },
		{ "SELECT coalesce(max(session), 0) FROM session WHERE outcome = 'open'",
			offsetof(LedgerInfo, open_session) },
		{ "SELECT coalesce(max(session), 0) + 1 FROM session", offsetof(LedgerInfo, next_session) },
		{ "SELECT coalesce(max(size), 0) FROM checkpoint", offsetof(LedgerInfo, checkpoint) },
		{ sql_administrators, offsetof(LedgerInfo, administrators) },
	};
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *names = NULL;
	LedgerInfo info = { 0 };
	int64_t value = 0;
	int r;

	for (size_t i = 0; i < ELEMENTS(numbers); i++) {
		r = read_scalar(db, numbers[i].sql, &value);
		if (r != SQLITE_OK)
			return schema_explain(db, "file", r, error);
		memcpy((char *)&info + numbers[i].offset, &value, sizeof value);
	}
	r = check_newest_hash(db, error);
	if (r < 0)
		return r;
	r = statement_once(db, sql_names_of_station, NULL, &names);
	if (r < 0)
		return schema_explain(db, "file", sqlite3_errcode(db), error);
	snprintf(info.names, sizeof info.names, "%s", column_string(names, 0));
	info.schema = LEDGER_SCHEMA_VERSION;
	info.clock_behind = clock && clock_read(clock).utc_us < info.newest_utc_us;
	*ret = info;
	return 0;
}
