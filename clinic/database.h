/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Connections to PostgreSQL. A connection that does not answer in time is dropped, never cancelled: under
 * synchronous replication a cancelled commit says that it is done when it is only local.
 *
 * Functions return 0 or a negative errno with a sentence in `error`: -EAGAIN the database cannot be reached,
 * or did not answer (ask again, what was asked may have happened), -EDEADLK another transaction was in the
 * way (begin this one anew), -EIO it refused a statement. They block for at most DATABASE_PATIENCE_S.
 */

#include <stdint.h>

#include <libpq-fe.h>

#include "util/error.h"

enum {
	DATABASE_PATIENCE_S = 10,
	DATABASE_STEPS_MAX = 32, /* of a pipeline */
};

typedef struct Database Database;

/** A pool of at most `n` connections, which are made when they are needed. -ENOMEM. */
int database_new(const char *conninfo, unsigned n, Database **ret) _must_check_;
/** All connections must have been given back. Accepts NULL; returns NULL. */
Database *database_free(Database *database);
DEFINE_CLEANUP(Database *, database_free, database_freep);

/** Takes a connection; waits until one is free. Any thread. */
int database_take(Database *database, PGconn **ret, Error *error) _must_check_;
/** Gives it back. One within a transaction, or broken, is closed: what was not committed did not happen. */
void database_give(Database *database, PGconn *connection);
/** Rolls back what is not committed, then gives it back. */
void database_abandon(Database *database, PGconn *connection);

/** An argument of a statement, as text, or as bytes when `size` is not 0. */
typedef struct DatabaseValue {
	const void *data; /* NULL: null */
	size_t size;
} DatabaseValue;

/**
 * The write timeline of the newest primary that the pool reached; 0: none yet. It grows by one when a standby
 * takes over. A connection to an older one is not used any more.
 */
unsigned database_timeline(Database *database);
/** The timeline of one connection's server. */
unsigned database_timeline_of(const PGconn *connection);

/** Runs one statement; rows come as text (bytes as bytea's text). The caller clears *ret (PQclear). */
int database_run(PGconn *connection, const char *sql, const DatabaseValue *values, size_t n, PGresult **ret,
	Error *error) _must_check_;
/** The same for one without rows: BEGIN, COMMIT, or several at once without values. */
int database_do(PGconn *connection, const char *sql, const DatabaseValue *values, size_t n,
	Error *error) _must_check_;

/** One of several statements that are sent at once. */
typedef struct DatabaseStep {
	const char *sql;
	const DatabaseValue *values;
	size_t n;
} DatabaseStep;

/**
 * Runs statements one after the other with one round trip; none is run after one that fails. `ret`: the
 * result of each, which the caller clears, NULL after a failure. Errors are as of database_run(), and
 * -EDEADLK: another transaction was in the way, begin this one anew.
 */
int database_pipeline(
	PGconn *connection, const DatabaseStep *steps, size_t n, PGresult **ret, Error *error) _must_check_;

/** Appends to a table with COPY in PostgreSQL's binary format: `data` is all of it. */
int database_copy(
	PGconn *connection, const char *sql, const void *data, size_t size, Error *error) _must_check_;

/** Makes the tables, or brings them from an older version to this one. */
int database_migrate(Database *database, Error *error) _must_check_;

DEFINE_CLEANUP(PGresult *, PQclear, PQclearp);
