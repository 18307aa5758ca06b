/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The one way to read a ledger's file: one connection, one snapshot. Everything read between reader_open()
 * (or reader_begin()) and reader_end() shows the same moment, whatever a daemon writes meanwhile.
 *
 * The file may be crafted to attack its reader, so nothing in it may run: its schema is compared with the one
 * that this program makes, its views and triggers are disabled, and a query is aborted when it takes more
 * work than the file's size justifies. A reader never writes the file, and never holds a snapshot beyond its
 * deadline. Only files of the ledger include this.
 */

#include "ledger/ledger-private.h"

/** How the file's schema differs from the one that this program makes. */
typedef struct SchemaDifference {
	char names[160];     /* what was added, changed or removed, separated by ", "; "" nothing */
	bool ours_changed;   /* one of our tables or indexes differs: its rows cannot be trusted */
	bool tables_surplus; /* there are tables that are not ours */
} SchemaDifference;

typedef struct ReaderOptions {
	bool older;     /* also accept a file of an older version, for the parts that all versions share */
	bool scratch;   /* attach the file as "kept" to an empty, writable database of our own */
	bool differing; /* also open a file whose schema differs: for callers that report it */
	bool followed;  /* a daemon is writing the file: see what it adds, and only read the memory that
			   readers and writers share */
	const atomic_bool *leave; /* NULL, or a flag that ends the reading early: -ECANCELED */
	uint32_t deadline_s;      /* how long a snapshot may be held, in seconds; 0: no limit */
} ReaderOptions;

typedef struct Reader {
	sqlite3 *db;
	const char *schema; /* the ledger's schema name in this connection: "main" or "kept" */
	int64_t version;    /* of the file */
	SchemaDifference difference;
	ReaderOptions options;
	struct Scratch *scratch_copy; /* read in place of a file whose log is unreadable; or NULL */
	/* of the current snapshot */
	int64_t deadline_us;        /* CLOCK_MONOTONIC; INT64_MAX none */
	uint64_t looks, looks_most; /* each after INSTRUCTIONS_A_LOOK instructions of SQLite */
	int given_up;               /* 0, or why: -ECANCELED, -ETIME */
} Reader;

/**
 * Opens the file and takes its first snapshot. -ENOENT, -EACCES, ...: it cannot be read; -EPROTO: not a
 * ledger, or an unsupported version; -EUCLEAN: damaged, or its schema differs. `error` gets one sentence with
 * the next step. Use a reader on one thread at a time.
 */
int reader_open(const char *path, const ReaderOptions *options, Reader **ret, Error *error) _must_check_;
/** Accepts NULL; returns NULL. Finalize all statements first. */
Reader *reader_free(Reader *reader);
DEFINE_CLEANUP(Reader *, reader_free, reader_freep);

/** Takes a new snapshot, after reader_end(). The deadline and the work limit start again. */
int reader_begin(Reader *reader) _must_check_;
/** Releases the snapshot, so that the write-ahead log can be truncated. */
void reader_end(Reader *reader);

/** Whether the reader must stop now: 0, -ECANCELED or -ETIME. For loops outside SQLite. */
int reader_check(Reader *reader) _must_check_;

/* schema.c */
/**
 * Call before reading anything: the file then cannot run code of its own, and nobody can write SQLite's own
 * tables. Returns an SQLite result.
 */
int schema_harden(sqlite3 *db) _must_check_;
/**
 * -EPROTO with a sentence unless this is a ledger of this version or, with `older`, of a version that has a
 * tree.
 */
int schema_check_version(sqlite3 *db, const char *schema, const char *path, bool older, int64_t *ret_version,
	Error *error) _must_check_;
/** Digest of all entries of a schema. 0 or -errno. */
int schema_digest(sqlite3 *db, const char *schema, char ret[DIGEST_HEX_MAX]) _must_check_;
/**
 * Compares every entry of the schema, whatever its name begins with, with the one that this program makes.
 */
int schema_compare(sqlite3 *db, const char *schema, int64_t version, SchemaDifference *ret) _must_check_;
/**
 * These write sentences and return a negative errno. `schema_explain_open` is for a file that may be of any
 * kind.
 */
int schema_explain(sqlite3 *db, const char *path, int result, Error *error);
int schema_explain_open(sqlite3 *db, const char *path, int result, Error *error);
int schema_explain_difference(const char *path, const SchemaDifference *difference, Error *error);
