/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/area.h"
#include "ledger/tree.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* "STIP": tells file(1) and us whose database this is */
enum { APPLICATION_ID = 1398034768, VERSION_WITH_TREE = 2, SQLITE_HEADER_BYTES = 100 };

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
	}
	return -EIO;
}

static int explain(sqlite3 *db, const char *path, int result, char error[LEDGER_TEXT_MAX])
{
	int r = ledger_errno(result);

	if (r == -EUCLEAN)
		snprintf(error, LEDGER_TEXT_MAX,
			"the ledger %.120s is damaged (%s): keep the file as evidence and bring "
			"back a backup",
			path, db ? sqlite3_errmsg(db) : "");
	else
		snprintf(error, LEDGER_TEXT_MAX,
			"the ledger %.120s cannot be opened (%s): check folder, rights and disk", path,
			db ? sqlite3_errmsg(db) : strerror(-r));
	return r < 0 ? r : -EIO;
}

static int no_ledger(const char *path, int r, const char *what, char error[LEDGER_TEXT_MAX])
{
	snprintf(error, LEDGER_TEXT_MAX, "%.140s %s", path, what);
	return r;
}

/** Of a file that is named to be read: it may be any file. */
static int explain_open(
	sqlite3 *db, const char *path, bool read_only, int result, char error[LEDGER_TEXT_MAX])
{
	if (!read_only || result != SQLITE_NOTADB)
		return explain(db, path, result, error);
	return no_ledger(path, -EUCLEAN,
		"is no SQLite database: no ledger, or one whose beginning was destroyed; check the path",
		error);
}

static int read_number(sqlite3 *db, const char *sql, int64_t *ret)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	int r = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_step(statement);
	if (r != SQLITE_ROW)
		return r == SQLITE_DONE ? SQLITE_ERROR : r;
	*ret = sqlite3_column_int64(statement, 0);
	return SQLITE_OK;
}

static int migrate(sqlite3 *db, int64_t from)
{
	_cleanup_(freep) char *set_version = NULL;
	int r;

	if (asprintf(&set_version, "PRAGMA application_id=%d; PRAGMA user_version=%d", APPLICATION_ID,
		    LEDGER_SCHEMA_VERSION) < 0)
		return SQLITE_NOMEM;
	r = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	for (int64_t version = from; version < LEDGER_SCHEMA_VERSION && r == SQLITE_OK; version++)
		for (const LedgerArea *const *area = ledger_areas; *area && r == SQLITE_OK; area++)
			if ((*area)->schema[version])
				r = sqlite3_exec(db, (*area)->schema[version], NULL, NULL, NULL);
	if (r == SQLITE_OK && from < VERSION_WITH_TREE)
		r = tree_build(db);
	if (r == SQLITE_OK)
		r = sqlite3_exec(db, set_version, NULL, NULL, NULL);
	return r == SQLITE_OK ? sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) : r;
}

/** `oldest`: from which version on a file that is only read is taken as it is. */
static int check_version(sqlite3 *db, const char *path, bool read_only, int64_t oldest, int64_t *ret_version,
	char error[LEDGER_TEXT_MAX])
{
	const int64_t newest = LEDGER_SCHEMA_VERSION;
	int64_t version = 0, tables = 0, id = 0;
	int r = read_number(db, "PRAGMA user_version", &version);

	if (r == SQLITE_OK)
		r = read_number(db, "PRAGMA application_id", &id);
	if (r == SQLITE_OK)
		r = read_number(db, "SELECT count(*) FROM sqlite_master", &tables);
	if (r != SQLITE_OK)
		return explain_open(db, path, read_only, r, error);
	if (tables == 0 && read_only)
		return no_ledger(path, -EPROTO,
			"is an empty database: no ledger, or one copied without the -wal beside it; copy it anew",
			error);
	if (tables > 0 && id != APPLICATION_ID)
		return no_ledger(
			path, -EPROTO, "is a database, but no ledger of Stipple: check the path", error);
	if (version < 0 || version > newest || (version < oldest && read_only)) {
		snprintf(error, LEDGER_TEXT_MAX,
			"the ledger %.120s has schema version %lld, this program knows %lld: use the program that wrote it",
			path, (long long)version, (long long)newest);
		return -EPROTO;
	}
	*ret_version = version;
	r = version < newest && !read_only ? migrate(db, version) : SQLITE_OK;
	return r == SQLITE_OK ? 0 : explain(db, path, r, error);
}

/** SQLite would let the umask decide who reads it; its -wal and -shm get the mode of the file. */
static void create_file(const char *path)
{
	_cleanup_(closep) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);

	(void)fd; /* that it exists already is the usual case; any other trouble SQLite meets and explains */
}

static int open_writable(const char *path, sqlite3 **ret)
{
	int r;

	create_file(path);
	r = sqlite3_open_v2(path, ret, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (r == SQLITE_OK)
		r = sqlite3_exec(*ret,
			/* recursive_triggers: what INSERT OR REPLACE would delete meets the delete trigger */
			"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
			"PRAGMA recursive_triggers=ON;"
			/* what is deleted is overwritten: personal data that was erased */
			"PRAGMA secure_delete=ON;",
			NULL, NULL, NULL);
	return r;
}

/** "file:PATH" and `parameters`, with what a URI gives a meaning escaped. */
static char *file_uri(const char *path, const char *parameters)
{
	char *uri = NULL;
	size_t size;
	FILE *text = open_memstream(&uri, &size);

	if (!text)
		return NULL;
	fputs("file:", text);
	for (; *path; path++)
		fprintf(text, strchr("%?#", *path) ? "%%%02X" : "%c", (unsigned char)*path);
	fputs(parameters, text);
	if (fclose(text) == 0)
		return uri;
	free(uri);
	return NULL;
}

/**
 * A file with a -wal beside it is in use, or was copied with it: that is read too. Without one it is a lone
 * copy, which nobody writes, and can be read where nothing can be created.
 */
static char *readable_uri(const char *path)
{
	_cleanup_(freep) char *wal = NULL;
	struct stat status;

	if (asprintf(&wal, "%s-wal", path) < 0)
		return NULL;
	if (stat(wal, &status) == 0 && (status.st_size > 0 || access(wal, W_OK) == 0))
		return file_uri(path, "?mode=ro");
	return file_uri(path, "?immutable=1");
}

static int open_readable(const char *path, sqlite3 **ret)
{
	_cleanup_(freep) char *uri = readable_uri(path);

	if (!uri)
		return SQLITE_NOMEM;
	return sqlite3_open_v2(uri, ret, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
}

static int attach(sqlite3 *db, const char *path)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	_cleanup_(freep) char *uri = readable_uri(path);
	int r = uri ? sqlite3_prepare_v2(db, "ATTACH ? AS kept", -1, &statement, NULL) : SQLITE_NOMEM;

	if (r != SQLITE_OK)
		return r;
	sqlite3_bind_text(statement, 1, uri, -1, SQLITE_STATIC);
	r = sqlite3_step(statement);
	return r == SQLITE_DONE ? SQLITE_OK : r;
}

int schema_open_empty(sqlite3 **ret)
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	/* no name: a file of its own that is gone with the connection, and no syncing */
	int r = sqlite3_open_v2("", &db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_exec(db,
			"PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; PRAGMA cache_size=-16000;", NULL,
			NULL, NULL);
	if (r == SQLITE_OK)
		r = migrate(db, 0);
	if (r == SQLITE_OK)
		*ret = TAKE_PTR(db);
	return r;
}

int schema_open_scratch(const char *path, sqlite3 **ret, char error[LEDGER_TEXT_MAX])
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	int r = schema_open_empty(&db);

	if (r == SQLITE_OK)
		r = attach(db, path);
	if (r != SQLITE_OK)
		return explain(db, path, r, error);
	*ret = TAKE_PTR(db);
	return 0;
}

/**
 * What SQLite would open without a word, or explain in words of its own. By name only: to close a descriptor
 * of the file would end the locks that this process may have on it.
 */
static int check_readable(const char *path, char error[LEDGER_TEXT_MAX])
{
	struct stat status;
	int r = stat(path, &status) < 0 || access(path, R_OK) < 0 ? -errno : 0;

	if (r == -EACCES)
		return no_ledger(path, r, "may not be read by you: use sudo, or a copy that is yours", error);
	if (r < 0)
		return no_ledger(path, r,
			r == -ENOENT ? "is not there: check the path, or name the ledger's file"
				     : strerror(-r),
			error);
	if (S_ISDIR(status.st_mode))
		return no_ledger(
			path, -EISDIR, "is a folder: name the ledger's file in it, such as ledger.db", error);
	if (!S_ISREG(status.st_mode))
		return no_ledger(path, -EINVAL, "is no ordinary file: name the ledger's file", error);
	if (status.st_size == 0)
		return no_ledger(path, -EUCLEAN,
			"is empty: no ledger, or one that was cut to nothing; take another copy", error);
	if (status.st_size < SQLITE_HEADER_BYTES)
		return no_ledger(path, -EUCLEAN,
			"is too short for a database: no ledger, or one that was cut off; take another copy",
			error);
	return 0;
}

static int open_version(const char *path, bool read_only, int64_t oldest, sqlite3 **ret, int64_t *ret_version,
	char error[LEDGER_TEXT_MAX])
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	int r = read_only ? check_readable(path, error) : 0;

	if (r < 0)
		return r;
	r = read_only ? open_readable(path, &db) : open_writable(path, &db);
	if (r == SQLITE_OK)
		r = query_add_functions(db);
	/* a small cache: a station's memory is for other things, and the file system caches too */
	if (r == SQLITE_OK)
		r = sqlite3_exec(db,
			"PRAGMA cache_size=-512; PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF;", NULL,
			NULL, NULL);
	if (r == SQLITE_OK)
		r = sqlite3_busy_timeout(db, LEDGER_BUSY_MS);
	if (r != SQLITE_OK)
		return explain_open(db, path, read_only, r, error);
	r = check_version(db, path, read_only, oldest, ret_version, error);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(db);
	return 0;
}

int schema_open(const char *path, bool read_only, sqlite3 **ret, char error[LEDGER_TEXT_MAX])
{
	int64_t version;

	return open_version(path, read_only, LEDGER_SCHEMA_VERSION, ret, &version, error);
}

int schema_open_kept(const char *path, sqlite3 **ret, bool *ret_older, char error[LEDGER_TEXT_MAX])
{
	int64_t version;
	int r = open_version(path, true, VERSION_WITH_TREE, ret, &version, error);

	if (r == 0)
		*ret_older = version < LEDGER_SCHEMA_VERSION;
	return r;
}

/** The newest record's hash is that of its bytes: a cheap look at whether the file is what it was. */
static int check_newest(sqlite3 *db, char error[LEDGER_TEXT_MAX])
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	_cleanup_(digester_freep) Digester *digester = NULL;
	uint8_t hash[DIGEST_BYTES];
	DigestPart parts[2] = { { "\0", 1 } };
	int r = sqlite3_prepare_v2(
		db, "SELECT seq, leaf, hash FROM record ORDER BY seq DESC LIMIT 1", -1, &statement, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_step(statement);
	if (r == SQLITE_DONE)
		return 0;
	if (r != SQLITE_ROW)
		return explain(db, "file", r, error);
	parts[1] =
		(DigestPart){ sqlite3_column_blob(statement, 1), (size_t)sqlite3_column_bytes(statement, 1) };
	r = digester_new(&digester);
	if (r == 0)
		r = digester_compute(digester, parts, 2, hash);
	if (r < 0)
		return r;
	if (sqlite3_column_bytes(statement, 2) == DIGEST_BYTES &&
		memcmp(sqlite3_column_blob(statement, 2), hash, DIGEST_BYTES) == 0)
		return 0;
	snprintf(error, LEDGER_TEXT_MAX,
		"record %lld of the ledger does not match its hash: keep the file as evidence and "
		"bring back a backup",
		(long long)sqlite3_column_int64(statement, 0));
	return -EUCLEAN;
}

int schema_info(sqlite3 *db, const Clock *clock, LedgerInfo *ret, char error[LEDGER_TEXT_MAX])
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
		{ "SELECT coalesce(max(value), 0) FROM meta WHERE name = 'published'",
			offsetof(LedgerInfo, published) },
		{ "SELECT coalesce(max(value), 0) FROM meta WHERE name = 'checkpoint_published'",
			offsetof(LedgerInfo, checkpoint_published) },
		{ "SELECT coalesce(max(size), 0) FROM checkpoint", offsetof(LedgerInfo, checkpoint) },
		{ "SELECT count(*) FROM operator WHERE revoked_us IS NULL AND " IS_ADMINISTRATOR,
			offsetof(LedgerInfo, administrators) },
	};
	LedgerInfo info = { 0 };
	int64_t value = 0;
	int r;

	for (size_t i = 0; i < ELEMENTS(numbers); i++) {
		r = read_number(db, numbers[i].sql, &value);
		if (r != SQLITE_OK)
			return explain(db, "file", r, error);
		memcpy((char *)&info + numbers[i].offset, &value, sizeof value);
	}
	r = check_newest(db, error);
	if (r < 0)
		return r;
	info.clock_behind = clock && clock_read(clock).utc_us < info.newest_utc_us;
	*ret = info;
	return 0;
}
