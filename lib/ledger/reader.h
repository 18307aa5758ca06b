/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The one way to read a ledger's file: one connection, one snapshot. Everything that is read between
 * reader_open() (or reader_begin()) and reader_end() is of one moment, whatever a daemon writes meanwhile.
 *
 * The file may have been made to harm whoever reads it. Nothing in it may run: its schema is compared with
 * the one that this program makes, its views and triggers are off, and a question that takes more work than
 * the file's size can ask for is given up. A reader never writes the file, and never holds a snapshot longer
 * than its deadline. Only files of the ledger include this.
 */

#include "ledger/ledger-private.h"

/** Where the file's own schema differs from the one that this program makes. */
typedef struct SchemaDifference {
	char names[160];     /* what was added, changed or removed, separated by ", "; "" nothing */
	bool ours_changed;   /* a table of ours, or an index of one: its rows cannot be trusted to be read */
	bool tables_surplus; /* tables that are not ours */
} SchemaDifference;

typedef struct ReaderOptions {
	bool older;   /* a file of an older version is taken, too, for what all versions have */
	bool scratch; /* the file is attached as "kept" to an empty database of our own, which can be written
		       */
	bool differing; /* a file whose schema differs is opened all the same: for who tells of it */
	bool followed;  /* a daemon is writing it: what it adds is seen, and the memory that readers and
			   writers share is only read, too */
	const atomic_bool *leave; /* NULL, or what ends it early: -ECANCELED */
	uint32_t deadline_s;      /* how long a snapshot may be held, in seconds; 0: as long as it takes */
} ReaderOptions;

typedef struct Reader {
	sqlite3 *db;
	const char *schema; /* that the ledger is in this connection: "main", "kept" */
	int64_t version;    /* of the file */
	SchemaDifference difference;
	ReaderOptions options;
	struct Scratch *scratch_copy; /* what is read in place of a file whose log cannot be; or NULL */
	/* of the snapshot */
	int64_t deadline_us;        /* CLOCK_MONOTONIC; INT64_MAX none */
	uint64_t looks, looks_most; /* at INSTRUCTIONS_A_LOOK instructions of SQLite's machine each */
	int given_up;               /* 0, or why: -ECANCELED, -ETIME */
} Reader;

/**
 * Opens the file and takes its first snapshot. -ENOENT, -EACCES, ...: it cannot be read; -EPROTO: no ledger,
 * or of a version that is not taken; -EUCLEAN: damaged, or its schema differs. `error` gets one sentence with
 * the next step. The reader is used by one thread at a time.
 */
int reader_open(const char *path, const ReaderOptions *options, Reader **ret, Error *error) _must_check_;
/** Accepts NULL; returns NULL. Statements must be finalized before. */
Reader *reader_free(Reader *reader);
DEFINE_CLEANUP(Reader *, reader_free, reader_freep);

/** Takes a new snapshot, after reader_end(). Deadline and bound of work begin anew. */
int reader_begin(Reader *reader) _must_check_;
/** Lets the snapshot go, so that the write-ahead log can be cut. */
void reader_end(Reader *reader);

/** Whether the reader must end now: 0, -ECANCELED or -ETIME. For loops that SQLite does not see. */
int reader_check(Reader *reader) _must_check_;

/* schema.c */
/** Before anything of a file is read: it runs nothing of its own, and nobody writes what is SQLite's. Returns
 * an SQLite result. */
int schema_harden(sqlite3 *db) _must_check_;
/** -EPROTO with a sentence unless it is a ledger of this version, or with `older` of one that had a tree
 * already. */
int schema_check_version(sqlite3 *db, const char *schema, const char *path, bool older, int64_t *ret_version,
	Error *error) _must_check_;
/** Of all entries of a schema. 0 or -errno. */
int schema_digest(sqlite3 *db, const char *schema, char ret[DIGEST_HEX_MAX]) _must_check_;
/** Compares the whole schema, whatever its names begin with, with the one that this program makes. */
int schema_compare(sqlite3 *db, const char *schema, int64_t version, SchemaDifference *ret) _must_check_;
/** Sentences; these return a negative errno. `schema_explain_open`: of what may be any file. */
int schema_explain(sqlite3 *db, const char *path, int result, Error *error);
int schema_explain_open(sqlite3 *db, const char *path, int result, Error *error);
int schema_explain_difference(const char *path, const SchemaDifference *difference, Error *error);
