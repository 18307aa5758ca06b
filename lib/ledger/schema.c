/* SPDX-License-Identifier: Apache-2.0 */

/** The file's tables: made, brought to the newest version, compared with what they must be, opened to be
 * written. */

#include "ledger/area.h"
#include "ledger/reader.h"
#include "ledger/sql.h"
#include "ledger/tree.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* "STIP": tells file(1) and us whose database this is */
enum { APPLICATION_ID = 1398034768, VERSION_WITH_TREE = 2, VERSION_WITH_TWINS = 4 };

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

/* ---- making ---- */

int schema_make(sqlite3 *db, int64_t from, int64_t to)
{
	int r = SQLITE_OK;

	for (int64_t version = from; version < to && r == SQLITE_OK; version++)
		r = sqlite3_exec(db, sql_schema[version], NULL, NULL, NULL);
	if (r == SQLITE_OK && from < VERSION_WITH_TWINS && to >= VERSION_WITH_TWINS)
		r = sqlite3_exec(db, "UPDATE unit SET twin = twin(unit)", NULL, NULL, NULL);
	if (r == SQLITE_OK && from < VERSION_WITH_TREE && to >= VERSION_WITH_TREE)
		r = tree_build(db);
	return r;
}

static int migrate(sqlite3 *db, int64_t from)
{
	_cleanup_(freep) char *set_version = NULL;
	int r;

	if (asprintf(&set_version, "PRAGMA application_id=%d; PRAGMA user_version=%d", APPLICATION_ID,
		    LEDGER_SCHEMA_VERSION) < 0)
		return SQLITE_NOMEM;
	r = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (r == SQLITE_OK)
		r = schema_make(db, from, LEDGER_SCHEMA_VERSION);
	if (r == SQLITE_OK)
		r = sqlite3_exec(db, set_version, NULL, NULL, NULL);
	return r == SQLITE_OK ? sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) : r;
}

int schema_harden(sqlite3 *db)
{
	static const struct {
		int setting, value;
	} settings[] = {
		/* nobody writes what is SQLite's own: its table of tables, the shadows of virtual tables */
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		/* what a file brings along calls no function that does more than compute */
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

	if (r == SQLITE_OK)
		r = functions_add(db);
	if (r == SQLITE_OK)
		r = migrate(db, 0);
	if (r == SQLITE_OK)
		*ret = TAKE_PTR(db);
	return r;
}

/* ---- comparing ---- */

/** An entry of a schema: type, name, table and text, as one text; the text without its layout. */
typedef struct SchemaEntries {
	char **texts;
	size_t n;
} SchemaEntries;

enum { SCHEMA_ENTRIES_MAX = 4096 };

/** A cleanup function. */
static void entries_done(SchemaEntries *entries)
{
	for (size_t i = 0; i < entries->n; i++)
		free(entries->texts[i]);
	free(entries->texts);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_of_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || (c && strchr("_$@.#?'\"", c));
}

/**
 * Leaves out white space but between two words or within quotes, so that one statement laid out in two ways
 * is one text. Of ours none has a comment or another kind of quotes: what has them differs from ours in any
 * case.
 */
static void drop_layout(char *sql)
{
	const char *at = sql, *next;
	char quote = '\0', *to = sql;

	for (; *at; at = next) {
		next = at + (quote ? 0 : strspn(at, " \t\n\f\r"));
		if (next > at) {
			if (to > sql && is_of_word(to[-1]) && is_of_word(*next))
				*to++ = ' ';
			continue;
		}
		if (quote ? *at == quote : *at == '\'' || *at == '"')
			quote = quote ? '\0' : *at;
		*to++ = *at;
		next = at + 1;
	}
	*to = '\0';
}

static int keep_entry(SchemaEntries *entries, sqlite3_stmt *row)
{
	size_t n = entries->n;
	char **grown = entries->texts;
	int length;

	if (n >= SCHEMA_ENTRIES_MAX)
		return -EUCLEAN;
	if ((n & (n - 1)) == 0) /* doubles at powers of two */
		grown = reallocarray(entries->texts, n ? 2 * n : 1, sizeof *grown);
	if (!grown)
		return -ENOMEM;
	entries->texts = grown;
	length = asprintf(&grown[n], "%s\n%s\n%s\n%s", column_string(row, 0), column_string(row, 1),
		column_string(row, 2), column_string(row, 3));
	if (length < 0)
		return -ENOMEM;
	drop_layout(grown[n] + (size_t)length - strlen(column_string(row, 3)));
	entries->n++;
	return 0;
}

/** Sorted here: an index of the file may be damaged. */
static int read_entries(sqlite3 *db, const char *schema, SchemaEntries *ret)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *rows = NULL;
	char sql[96];
	int result, r;

	snprintf(sql, sizeof sql, "SELECT type, name, tbl_name, sql FROM %s.sqlite_master", schema);
	r = ledger_errno(sqlite3_prepare_v2(db, sql, -1, &rows, NULL));
	while (r == 0 && (result = sqlite3_step(rows)) != SQLITE_DONE)
		r = result == SQLITE_ROW ? keep_entry(ret, rows) : ledger_errno(result);
	if (r == 0 && ret->n > 0)
		qsort(ret->texts, ret->n, sizeof *ret->texts, compare_texts);
	return r;
}

/** A line of an entry: 0 type, 1 name, 2 table. */
static size_t line_of(const char *entry, unsigned line, const char **ret)
{
	for (; line > 0; line--)
		entry = strchr(entry, '\n') + 1;
	*ret = entry;
	return strcspn(entry, "\n");
}

static bool is_type(const char *entry, const char *type)
{
	return strncmp(entry, type, strlen(type)) == 0 && entry[strlen(type)] == '\n';
}

static bool has_table(const SchemaEntries *ours, const char *name, size_t length)
{
	const char *other;

	for (size_t i = 0; i < ours->n; i++)
		if (is_type(ours->texts[i], "table") && line_of(ours->texts[i], 1, &other) == length &&
			strncasecmp(other, name, length) == 0)
			return true;
	return false;
}

static void add_name(SchemaDifference *difference, const char *entry)
{
	const char *name, *at;
	size_t length = line_of(entry, 1, &name), used = strlen(difference->names);

	/* what was changed differs on both sides */
	for (at = difference->names; (at = memmem(at, strlen(at), name, length)); at += length ? length : 1)
		if ((at == difference->names || at[-1] == ' ') && (at[length] == '\0' || at[length] == ','))
			return;
	snprintf(difference->names + used, sizeof difference->names - used, "%s%.*s", used ? ", " : "",
		(int)(length < 64 ? length : 64), length ? name : "?");
}

/** `ours`: what this program makes; an entry of one side that the other lacks. */
static void differs(SchemaDifference *difference, const SchemaEntries *ours, const char *entry, bool is_ours)
{
	const char *table;
	size_t length = line_of(entry, 2, &table);
	bool of_table = is_type(entry, "table") || is_type(entry, "index");

	add_name(difference, entry);
	/* anything that is no view or trigger may change how rows of its table are read */
	if (is_ours ? of_table : !is_type(entry, "trigger") && !is_type(entry, "view")) {
		if (is_ours || has_table(ours, table, length))
			difference->ours_changed = true;
		else
			difference->tables_surplus = true;
	} else if (!is_ours && is_type(entry, "view") && has_table(ours, table, length)) {
		difference->ours_changed = true;
	}
}

/** What this program makes of a version. */
static int make_entries(int64_t version, SchemaEntries *ret)
{
	_cleanup_(sqlite3_closep) sqlite3 *made = NULL;
	int r = ledger_errno(sqlite3_open_v2(
		":memory:", &made, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL));

	if (r == 0)
		r = ledger_errno(functions_add(made));
	if (r == 0)
		r = ledger_errno(schema_make(made, 0, version));
	return r < 0 ? r : read_entries(made, "main", ret);
}

/** The same, made once: each question of an auditor opens the file anew. *ret is borrowed for good. */
static int our_entries(int64_t version, const SchemaEntries **ret)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static SchemaEntries made[LEDGER_SCHEMA_VERSION + 1];
	SchemaEntries entries = { 0 };
	int r = 0;

	pthread_mutex_lock(&lock);
	if (made[version].n == 0) {
		r = make_entries(version, &entries);
		if (r == 0)
			made[version] = entries;
		else
			entries_done(&entries);
	}
	pthread_mutex_unlock(&lock);
	if (r == 0)
		*ret = &made[version];
	return r;
}

static int digest_entries(const SchemaEntries *entries, char ret[DIGEST_HEX_MAX])
{
	_cleanup_(freep) DigestPart *parts = calloc(entries->n + 1, sizeof *parts);
	_cleanup_(digester_freep) Digester *digester = NULL;
	uint8_t digest[DIGEST_BYTES];
	int r = parts ? digester_new(&digester) : -ENOMEM;

	if (r < 0)
		return r;
	for (size_t i = 0; i < entries->n; i++)
		parts[i] = (DigestPart){ entries->texts[i], strlen(entries->texts[i]) + 1 };
	r = digester_compute(digester, parts, entries->n, digest);
	if (r == 0)
		hex_encode(digest, sizeof digest, ret);
	return r;
}

int schema_digest(sqlite3 *db, const char *schema, char ret[DIGEST_HEX_MAX])
{
	_cleanup_(entries_done) SchemaEntries entries = { 0 };
	int r = read_entries(db, schema, &entries);

	return r < 0 ? r : digest_entries(&entries, ret);
}

int schema_compare(sqlite3 *db, const char *schema, int64_t version, SchemaDifference *ret)
{
	_cleanup_(entries_done) SchemaEntries theirs = { 0 };
	SchemaDifference difference = { 0 };
	const SchemaEntries *ours = NULL;
	char digest[DIGEST_HEX_MAX];
	int r = read_entries(db, schema, &theirs);

	if (r != 0)
		return r;
	if (version == LEDGER_SCHEMA_VERSION) {
		r = digest_entries(&theirs, digest);
		if (r != 0)
			return r;
		if (strcmp(digest, LEDGER_SCHEMA_SHA256) == 0) {
			*ret = difference;
			return 0;
		}
	}
	r = our_entries(version, &ours);
	if (r != 0)
		return r;
	for (size_t i = 0, k = 0; i < ours->n || k < theirs.n;) {
		int order = i == ours->n ? 1 : k == theirs.n ? -1 : strcmp(ours->texts[i], theirs.texts[k]);

		if (order < 0)
			differs(&difference, ours, ours->texts[i], true);
		else if (order > 0)
			differs(&difference, ours, theirs.texts[k], false);
		i += order <= 0;
		k += order >= 0;
	}
	*ret = difference;
	return 0;
}

static int read_number(sqlite3 *db, const char *sql, int64_t *ret)
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
	return read_number(db, sql, ret);
}

/** Version and number of tables. `oldest`: from which version on a file is taken. */
static int check_version(sqlite3 *db, const char *schema, const char *path, int64_t oldest,
	int64_t *ret_version, int64_t *ret_tables, Error *error)
{
	int64_t version = 0, tables = 0, id = 0;
	char sql[64];
	int r = read_pragma(db, schema, "user_version", &version);

	snprintf(sql, sizeof sql, "SELECT count(*) FROM %s.sqlite_master", schema);
	if (r == SQLITE_OK)
		r = read_pragma(db, schema, "application_id", &id);
	if (r == SQLITE_OK)
		r = read_number(db, sql, &tables);
	if (r != SQLITE_OK)
		return schema_explain_open(db, path, r, error);
	if (tables > 0 && id != APPLICATION_ID)
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
	int r = check_version(db, schema, path, older ? VERSION_WITH_TREE : LEDGER_SCHEMA_VERSION,
		ret_version, &tables, error);

	if (r == 0 && tables == 0)
		return no_ledger(path, -EPROTO,
			"is an empty database: no ledger, or one copied without the -wal beside it; copy it anew",
			error);
	return r;
}

/* ---- to be written ---- */

/**
 * SQLite would let the umask decide who reads it; its -wal and -shm get the mode of the file. The group
 * reads: it is that of who publishes. By name alone: to close a descriptor of the file would end SQLite's
 * locks on it.
 */
static void create_file(const char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	_cleanup_(closep) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);

	/* that they exist already is the usual case; any other trouble SQLite meets and explains */
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
	if (r == SQLITE_OK)
		r = schema_harden(*ret);
	if (r == SQLITE_OK)
		r = functions_add(*ret);
	if (r == SQLITE_OK)
		r = sqlite3_exec(*ret,
			/* recursive_triggers: what INSERT OR REPLACE would delete meets the delete trigger */
			"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
			"PRAGMA recursive_triggers=ON;"
			/* what is deleted is overwritten: personal data that was erased */
			"PRAGMA secure_delete=ON;"
			/* a small cache: a station's memory is for other things, and the file system caches
			   too */
			"PRAGMA cache_size=-512; PRAGMA temp_store=MEMORY;",
			NULL, NULL, NULL);
	return r == SQLITE_OK ? sqlite3_busy_timeout(*ret, LEDGER_BUSY_MS) : r;
}

/** The schema is compared before anything of it can run, and before it is brought to the newest version. */
static int check_schema(sqlite3 *db, const char *path, int64_t *ret_version, Error *error)
{
	SchemaDifference difference = { 0 };
	int64_t tables = 0;
	int r = check_version(db, "main", path, 1, ret_version, &tables, error);

	if (r < 0 || tables == 0)
		return r;
	r = schema_compare(db, "main", *ret_version, &difference);
	if (r < 0)
		return schema_explain(db, path, sqlite3_errcode(db), error);
	return difference.names[0] ? schema_explain_difference(path, &difference, error) : 0;
}

int schema_open(const char *path, sqlite3 **ret, Error *error)
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	int64_t version = 0;
	int result, r;

	result = open_writable(path, &db);
	if (result != SQLITE_OK)
		return schema_explain(db, path, result, error);
	r = check_schema(db, path, &version, error);
	if (r < 0)
		return r;
	/* they are ours: records are append-only by them, and some fill tables */
	result = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, NULL);
	if (result == SQLITE_OK && version < LEDGER_SCHEMA_VERSION)
		result = migrate(db, version);
	if (result != SQLITE_OK)
		return schema_explain(db, path, result, error);
	*ret = TAKE_PTR(db);
	return 0;
}

/** The newest record's hash is that of its bytes: a cheap look at whether the file is what it was. */
static int check_newest(sqlite3 *db, Error *error)
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
		return schema_explain(db, "file", r, error);
	parts[1] = column_bytes(statement, 1);
	r = digester_new(&digester);
	if (r == 0)
		r = digester_compute(digester, parts, 2, hash);
	if (r < 0)
		return r;
	if (parts[1].data && column_is_digest(statement, 2, hash))
		return 0;
	return error_set(error, -EUCLEAN,
		"record %lld of the ledger does not match its hash: keep the file as evidence and "
		"bring back a backup",
		(long long)column_integer(statement, 0));
}

/** What the station is called, as the record says. Found by kind and by number: no ledger is read for it. */
static int read_names(sqlite3 *db, char ret[LEDGER_NAMES_MAX])
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	int r = sqlite3_prepare_v2(db,
		"SELECT coalesce((SELECT json_extract(CAST(leaf AS TEXT), '$.body.clinic') || '/' ||"
		"  json_extract(CAST(leaf AS TEXT), '$.body.station') FROM record WHERE kind = 'station.renamed'"
		"  ORDER BY seq DESC LIMIT 1), (SELECT json_extract(CAST(leaf AS TEXT), '$.station') FROM record"
		"  ORDER BY seq DESC LIMIT 1))",
		-1, &statement, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_step(statement);
	if (r != SQLITE_ROW)
		return r == SQLITE_DONE ? SQLITE_ERROR : r;
	snprintf(ret, LEDGER_NAMES_MAX, "%s", column_string(statement, 0));
	return SQLITE_OK;
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
		{ "SELECT count(*) FROM operator WHERE revoked_us IS NULL AND " IS_ADMINISTRATOR,
			offsetof(LedgerInfo, administrators) },
	};
	LedgerInfo info = { 0 };
	int64_t value = 0;
	int r;

	for (size_t i = 0; i < ELEMENTS(numbers); i++) {
		r = read_number(db, numbers[i].sql, &value);
		if (r != SQLITE_OK)
			return schema_explain(db, "file", r, error);
		memcpy((char *)&info + numbers[i].offset, &value, sizeof value);
	}
	r = check_newest(db, error);
	if (r < 0)
		return r;
	r = read_names(db, info.names);
	if (r != SQLITE_OK)
		return schema_explain(db, "file", r, error);
	info.schema = LEDGER_SCHEMA_VERSION;
	info.clock_behind = clock && clock_read(clock).utc_us < info.newest_utc_us;
	*ret = info;
	return 0;
}
