/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What the files of the ledger share. Nothing else includes it. */

#include <pthread.h>
#include <stdatomic.h>

#include <sqlite3.h>

#include "ledger/ledger.h"
#include "util/digest.h"
#include "util/ring.h"

enum {
	LEDGER_REQUESTS = 4096,
	LEDGER_GROUP_MAX = 512, /* requests in one transaction */
	LEDGER_STREAMS_MAX = 4,
	LEDGER_LOOKUP_ROWS = 1000,
	LEDGER_SCHEMA_VERSION = 1,
	LEDGER_CHECKPOINT_PAGES = 1000,  /* worth a checkpoint when it is quiet */
	LEDGER_CHECKPOINT_FORCE = 20000, /* even when it is not */
	LEDGER_QUIET_MS = 200,
	LEDGER_PROBE_MS = 1000,
};

DEFINE_CLEANUP(sqlite3 *, sqlite3_close_v2, sqlite3_closep);
DEFINE_CLEANUP(sqlite3_stmt *, sqlite3_finalize, sqlite3_finalizep);

typedef enum RequestKind {
	REQUEST_APPEND,
	REQUEST_LOOKUP,
	REQUEST_PUBLISHED,
} RequestKind;

/** Travels to the ledger thread and back; owned by whoever holds it. */
typedef struct Request {
	RequestKind what;
	char *kind, *actor, *body, *personal; /* body and personal: JSON text */
	void *attachment;
	size_t attachment_size;
	const struct LedgerQuery *query;
	json_t *arguments, *rows;
	uint64_t published;
	LedgerDone done;
	LedgerRows rows_done;
	void *userdata;
	LedgerAnswer answer;
} Request;

Request *request_free(Request *request);
DEFINE_CLEANUP(Request *, request_free, request_freep);

/** One query that is being written to somebody's descriptor by a thread of its own. */
typedef struct LedgerStream {
	Ledger *ledger;
	pthread_t thread;
	bool running;      /* main thread's: from the start until the answer was given */
	atomic_bool ended; /* the thread's last word */
	const struct LedgerQuery *query;
	json_t *arguments;
	int fd;
	uint64_t rows;
	int error;
	char text[LEDGER_TEXT_MAX];
	LedgerDone done;
	void *userdata;
} LedgerStream;

struct Ledger {
	char *path, *station;
	const Clock *clock;
	int lock_fd;
	sqlite3 *db; /* the ledger thread's, once it runs */
	Ring *requests, *answers;
	pthread_t thread;
	bool started;
	size_t waiting; /* main thread's count of unanswered requests */
	atomic_bool leave, healthy;
	_Atomic int64_t newest_utc_us;
	LedgerStream streams[LEDGER_STREAMS_MAX];

	/* the thread's own */
	Digester *digester;
	sqlite3_stmt *insert, *insert_personal, *insert_attachment;
	uint64_t seq;
	int wal_pages;
};

/* schema.c */
/** `read_only`: an existing file, for one reader thread. */
int schema_open(const char *path, bool read_only, sqlite3 **ret, char error[LEDGER_TEXT_MAX]);
int schema_info(sqlite3 *db, const Clock *clock, LedgerInfo *ret, char error[LEDGER_TEXT_MAX]);
/** Maps an SQLite result to a negative errno. */
int ledger_errno(int sqlite_result);

/* writer.c */
void *ledger_thread(void *userdata);
int writer_prepare(Ledger *ledger);
void writer_finish(Ledger *ledger);

/* leaf.c */
/** The stored bytes of a record; NULL when out of memory. */
char *leaf_write(const Ledger *ledger, const Request *request, const ClockReading *now, uint64_t seq,
	const char *commitment);

/* projection.c */
typedef struct ProjectionContext {
	sqlite3 *db;
	uint64_t seq;
	int64_t utc_us, newest_us;
	const char *actor;
	json_t *body, *personal; /* personal: NULL when erased or none */
	LedgerAnswer *answer;
	bool body_changed; /* set when the projection completed the body (a lot's unit number) */
} ProjectionContext;

/** True when records of this kind have a projection, and may then be refused. */
bool projection_wanted(const char *kind);
/** Whether records of this kind go to the outbox. */
bool projection_published(const char *kind);
/** Checks the body and writes the projection. On refusal a negative errno with answer->text. */
int projection_apply(const char *kind, ProjectionContext *context);
/** Empties the projections and writes them again from the records. */
int projection_rebuild(sqlite3 *db) _must_check_;

/* query.c */
typedef struct LedgerQuery {
	const char *name;
	const char *sql; /* NULL ends the table */
	bool streamable;
} LedgerQuery;

const LedgerQuery *query_find(const char *name);
/** Runs a query; `row` gets each row (borrowed) and ends it by returning non-zero. */
int query_run(sqlite3 *db, const LedgerQuery *query, json_t *arguments, int64_t limit,
	int (*row)(void *userdata, json_t *row), void *userdata, char error[LEDGER_TEXT_MAX]);
/** The same into an array. */
int query_rows(sqlite3 *db, const LedgerQuery *query, json_t *arguments, json_t **ret);

/* stream.c */
/** Gives the answers of streams that have ended. */
void streams_dispatch(Ledger *ledger);
/** Waits for those that run; their readers see the end of the file. */
void streams_join(Ledger *ledger);
