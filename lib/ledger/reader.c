/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Opens ledgers for reading. It must not write a file, run code from a file, or close a descriptor of a
 * ledger behind SQLite's back (that would release the locks that this process holds on it).
 */

#include "ledger/reader.h"

#include <string.h>
#include <sys/stat.h>

#include "ledger/scratch.h"

enum {
	SQLITE_HEADER_BYTES = 100,
	INSTRUCTIONS_A_LOOK = 10000,
	/* larger than any row of ours: the largest attachment is a certificate's file of 16 MiB */
	LENGTH_MAX = 64 << 20,
};

/*
 * A limit of work, in instructions of SQLite's virtual machine. The slowest query on a sound ledger takes
 * about ten per byte of the file; 10^10 take an ordinary processor minutes.
 */
#define INSTRUCTIONS_LEAST  UINT64_C(20000000000)
#define INSTRUCTIONS_A_BYTE UINT64_C(1000)

/* ---- what ends it ---- */

int reader_check(Reader *reader)
{
	if (reader->given_up < 0)
		return reader->given_up;
	if (reader->options.leave && atomic_load(reader->options.leave))
		reader->given_up = -ECANCELED;
	else if (reader->looks > reader->looks_most ||
		 (reader->deadline_us != INT64_MAX && clock_monotonic_us() > reader->deadline_us))
		reader->given_up = -ETIME;
	return reader->given_up;
}

/** SQLite calls this while a statement runs; a result other than 0 ends it with SQLITE_INTERRUPT. */
static int reader_on_instructions(void *userdata)
{
	Reader *reader = userdata;

	reader->looks++;
	return reader_check(reader) < 0;
}

/* ---- the file's name ---- */

/** "file:PATH" and `parameters`, with the special characters of URIs escaped. */
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
 * A file with a -wal beside it is in use, or was copied with it: then the -wal is read too. A file without
 * one is a lone copy that nobody writes, and can be read where no file can be created.
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

/**
 * Catches what SQLite would open silently, or explain only in its own words. It looks up names only: closing
 * a descriptor of the file would release the locks that this process may hold on it.
 */
static int check_readable(const char *path, Error *error)
{
	struct stat status;
	int r = stat(path, &status) < 0 || access(path, R_OK) < 0 ? -errno : 0;

	if (r == -EACCES)
		return error_set(
			error, r, "%.140s may not be read by you: use sudo, or a copy that is yours", path);
	if (r < 0)
		return error_set(error, r, "%.140s %s", path,
			r == -ENOENT ? "is not there: check the path, or name the ledger's file"
				     : strerror(-r));
	if (S_ISDIR(status.st_mode))
		return error_set(error, -EISDIR,
			"%.140s is a folder: name the ledger's file in it, such as ledger.db", path);
	if (!S_ISREG(status.st_mode))
		return error_set(error, -EINVAL, "%.140s is no ordinary file: name the ledger's file", path);
	if (status.st_size == 0)
		return error_set(error, -EUCLEAN,
			"%.140s is empty: no ledger, or one that was cut to nothing; take another copy",
			path);
	if (status.st_size < SQLITE_HEADER_BYTES)
		return error_set(error, -EUCLEAN,
			"%.140s is too short for a database: no ledger, or one that was cut off; take another copy",
			path);
	return 0;
}

/* ---- opening ---- */

static int attach(sqlite3 *db, const char *uri)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	int r = sqlite3_prepare_v2(db, "ATTACH ? AS kept", -1, &statement, NULL);

	if (r != SQLITE_OK)
		return r;
	sqlite3_bind_text(statement, 1, uri, -1, SQLITE_STATIC);
	return statement_step(statement);
}

/** Call before anything of the file is read. */
static int set_up_reader(Reader *reader)
{
	sqlite3 *db = reader->db;
	int r = schema_harden(db);

	sqlite3_progress_handler(db, INSTRUCTIONS_A_LOOK, reader_on_instructions, reader);
	(void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, LENGTH_MAX);
	if (r != SQLITE_OK)
		return r;
	r = functions_add(db);
	if (r != SQLITE_OK)
		return r;
	r = sqlite3_busy_timeout(db, LEDGER_BUSY_MS);
	if (r != SQLITE_OK)
		return r;
	/* large sorts use a file, so that memory stays bounded */
	r = sqlite3_exec(db, "PRAGMA temp_store=FILE; PRAGMA cell_size_check=ON;", NULL, NULL, NULL);
	if (r != SQLITE_OK)
		return r;
	if (!reader->options.scratch)
		/*
		 * small, because a station needs its memory for other things, and the file system caches too
		 */
		r = sqlite3_exec(db, "PRAGMA cache_size=-512;", NULL, NULL, NULL);
	return r;
}

static int open_connection(Reader *reader, const char *uri)
{
	const int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
	int r;

	if (!reader->options.scratch) {
		reader->schema = "main";
		r = sqlite3_open_v2(uri, &reader->db, flags | SQLITE_OPEN_READONLY, NULL);
		return r == SQLITE_OK ? set_up_reader(reader) : r;
	}
	reader->schema = "kept";
	/* an empty name: a private file that vanishes with the connection, without syncing */
	r = sqlite3_open_v2("", &reader->db, flags | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
	if (r != SQLITE_OK)
		return r;
	r = set_up_reader(reader);
	if (r != SQLITE_OK)
		return r;
	r = sqlite3_exec(reader->db,
		"PRAGMA main.journal_mode=MEMORY; PRAGMA main.synchronous=OFF; PRAGMA main.cache_size=-16000;",
		NULL, NULL, NULL);
	if (r != SQLITE_OK)
		return r;
	r = attach(reader->db, uri);
	return r == SQLITE_OK ? sqlite3_exec(reader->db, "PRAGMA kept.cache_size=-512;", NULL, NULL, NULL)
			      : r;
}

/** Compares the whole schema each time: whoever can change the file may have done so since the last time. */
static int compare_reader_schema(Reader *reader, const char *path, Error *error)
{
	int r = schema_check_version(
		reader->db, reader->schema, path, reader->options.older, &reader->version, error);

	if (r < 0)
		return r;
	r = schema_compare(reader->db, reader->schema, reader->version, &reader->difference);
	if (r < 0)
		return schema_explain(reader->db, path, SQLITE_ERROR, error);
	if (!reader->difference.names[0] || reader->options.differing)
		return 0;
	return schema_explain_difference(path, &reader->difference, error);
}

int reader_open(const char *path, const ReaderOptions *options, Reader **ret, Error *error)
{
	_cleanup_(reader_freep) Reader *reader = calloc(1, sizeof *reader);
	_cleanup_(freep) char *uri = NULL;
	int r = check_readable(path, error);

	if (r < 0)
		return r;
	if (reader && !options->followed && scratch_is_needed(path)) {
		r = scratch_take(path, &reader->scratch_copy, error);
		if (r < 0)
			return r;
		uri = file_uri(scratch_path(reader->scratch_copy), "?mode=ro");
	} else {
		uri = options->followed ? file_uri(path, "?mode=ro&readonly_shm=1") : readable_uri(path);
	}
	if (!reader || !uri)
		return schema_explain(NULL, path, SQLITE_NOMEM, error);
	reader->options = *options;
	reader->deadline_us = INT64_MAX;
	reader->looks_most = UINT64_MAX;
	r = open_connection(reader, uri);
	if (r != SQLITE_OK)
		return schema_explain_open(reader->db, path, r, error);
	r = reader_begin(reader);
	if (r < 0)
		return schema_explain_open(reader->db, path, sqlite3_errcode(reader->db), error);
	r = compare_reader_schema(reader, path, error);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(reader);
	return 0;
}

Reader *reader_free(Reader *reader)
{
	if (!reader)
		return NULL;
	reader_end(reader);
	sqlite3_close_v2(reader->db);
	(void)scratch_free(reader->scratch_copy);
	free(reader);
	return NULL;
}

void ledger_limit_memory(int64_t bytes)
{
	(void)sqlite3_hard_heap_limit64(bytes);
}

/* ---- snapshots ---- */

static int64_t reader_pragma(const Reader *reader, const char *pragma)
{
	char sql[64];

	snprintf(sql, sizeof sql, "PRAGMA %s.%s", reader->schema, pragma);
	return statement_number(reader->db, sql, 0);
}

int reader_begin(Reader *reader)
{
	char sql[64];
	int r;

	reader->looks = 0;
	reader->looks_most = UINT64_MAX;
	reader->given_up = 0;
	reader->deadline_us = INT64_MAX;
	/* reading the first page takes the snapshot */
	snprintf(sql, sizeof sql, "BEGIN; SELECT count(*) FROM %s.sqlite_master", reader->schema);
	r = ledger_errno(sqlite3_exec(reader->db, sql, NULL, NULL, NULL));
	if (r < 0)
		return r;
	if (reader->options.deadline_s > 0)
		reader->deadline_us =
			clock_monotonic_us() + (int64_t)reader->options.deadline_s * USEC_PER_SEC;
	reader->looks_most = (INSTRUCTIONS_LEAST + (uint64_t)reader_pragma(reader, "page_count") *
							   (uint64_t)reader_pragma(reader, "page_size") *
							   INSTRUCTIONS_A_BYTE) /
			     INSTRUCTIONS_A_LOOK;
	return 0;
}

void reader_end(Reader *reader)
{
	if (reader->db && !sqlite3_get_autocommit(reader->db))
		(void)sqlite3_exec(reader->db, "ROLLBACK", NULL, NULL, NULL);
}

/* ---- of a ledger that is open to be read ---- */

int ledger_read_begin(Ledger *ledger, Error *error)
{
	int r = !ledger->read_only ? -EBUSY : ledger->held ? 0 : reader_begin(ledger->reader);

	if (r < 0)
		return error_set(error, r, "the ledger %.120s cannot be read (%s): try again", ledger->path,
			strerror(-r));
	return 0;
}

void ledger_read_end(Ledger *ledger)
{
	if (ledger->read_only && !ledger->held)
		reader_end(ledger->reader);
}
