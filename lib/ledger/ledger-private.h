/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What the files of the ledger share. Nothing but these and their tests may include it. */

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include <sqlite3.h>

#include "ledger/column.h"
#include "ledger/ledger.h"
#include "tlog/checkpoint.h"
#include "tlog/merkle.h"
#include "util/digest.h"
#include "util/ring.h"

/* beside the ledger, and in the folder of its keys: from its first record on */
#define CHECKPOINT_SUFFIX ".checkpoint"
#define RESTORED_SUFFIX   ".restored" /* a restoring that is to be recorded */

enum { RESTORED_MAX = 64 * 1024 }; /* bytes of that file */
#define DAMAGED_SUFFIX ".damaged"
#define CLEARED_SUFFIX ".cleared"
#define KEY_NAME       "station.key"

/* how record bodies are written; 15 digits are what a double keeps of any decimal number */
#define LEDGER_JSON (JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(15))

/*
 * SHA-256 of the schema of the newest version (schema_digest()), which a test keeps true. To make the schema
 * takes longer than the rest of a start; where an SQLite words it otherwise, it is made, and compared entry
 * by entry.
 */
#define LEDGER_SCHEMA_SHA256 "ca735f05a45f7db934f18497d97a5a73e86ee67b0e587eb91cece2bdf66aba6f"

enum {
	LEDGER_SCHEMA_VERSION = 5,
	LEDGER_VERSION_WITH_TREE = 2,
	LEDGER_VERSION_WITH_TWINS = 4,
	LEDGER_APPLICATION_ID = 1398034768, /* "STIP": tells file(1) and us whose database this is */
	LEDGER_REQUESTS = 4096,
	LEDGER_GROUP_MAX = 512, /* requests in one transaction */
	LEDGER_STREAMS_MAX = 4,
	LEDGER_PLACES = 4,
	LEDGER_LOOKUP_ROWS = 1000,
	LEDGER_CHECKPOINT_PAGES = 1000,  /* worth a checkpoint when it is quiet */
	LEDGER_CHECKPOINT_FORCE = 20000, /* even when it is not */
	LEDGER_QUIET_MS = 200,
	LEDGER_BUSY_MS = 2000,
	LEDGER_ERASING_MS = 300, /* left to a stream's reader while its snapshot keeps what is being erased */
	LEDGER_SCRUB_MS = 900,   /* an erasure waits so long for the log: less than a commit may take */
	LEDGER_PROBE_MS = 1000,
	LEDGER_COMMIT_LIMIT_MS = 2000,
	LEAF_BYTES_MAX = 4 << 20,  /* beyond any record: an erasure lists half a million numbers */
	LEDGER_STALLED_MS = 60000, /* a stream's reader that takes nothing for so long has gone away */
};

DEFINE_CLEANUP(sqlite3 *, sqlite3_close_v2, sqlite3_closep);
DEFINE_CLEANUP(sqlite3_stmt *, sqlite3_finalize, sqlite3_finalizep);

typedef enum RequestKind {
	REQUEST_APPEND,
	REQUEST_LOOKUP,
	REQUEST_CHECKPOINT,
	REQUEST_PROVE,
	REQUEST_ROTATE,
} RequestKind;

/** Travels to the ledger thread and back; owned by whoever holds it. */
typedef struct Request {
	RequestKind what;
	const RecordKind *kind;
	const struct Projection *projection; /* NULL none */
	bool erased;                         /* its projection deleted personal data */
	char *actor, *body, *personal;       /* JSON text: a string, an object, an object or NULL */
	json_t *fields;                      /* the body once more, for kinds with a projection */
	uint64_t session;                    /* of the body; 0 none */
	void *attachment;
	size_t attachment_size;
	const struct LedgerQuery *query;
	json_t *arguments, *rows;
	uint64_t number; /* of proofs: the record, or the size from which growth is to be proved */
	LedgerDone done;
	LedgerRows rows_done;
	void *userdata;
	uint64_t failures; /* groups that failed, as far as its sender knew; answered: as far as there were */
	LedgerAnswer answer; /* an error is set already when the record was refused before it was queued */
} Request;

Request *request_free(Request *request);
DEFINE_CLEANUP(Request *, request_free, request_freep);
/** `text` as JSON; the caller's. */
char *request_quote(const char *text) _must_check_;

/** One query that is being written to somebody's descriptor by a thread of its own. */
typedef struct LedgerStream {
	Ledger *ledger;
	pthread_t thread;
	bool running;      /* main thread's: from the start until the answer was given */
	atomic_bool ended; /* the thread's last word */
	const struct LedgerQuery *query;
	json_t *arguments, *columns;
	int fd;
	uint64_t rows;
	Error error;
	LedgerDone done;
	void *userdata;
} LedgerStream;

/** Prepared statements of one connection, kept; known by the address of their text. */
typedef struct Statements {
	sqlite3 *db;
	size_t n;
	struct {
		const char *sql;
		sqlite3_stmt *statement;
	} kept[256];
} Statements;

/** Maps an SQLite result to a negative errno; a broken constraint is -EEXIST. */
int ledger_errno(int sqlite_result);
/** A statement ready to be bound. Hand it back with _cleanup_(statement_donep). Returns an SQLite result. */
int statement_get(Statements *statements, const char *sql, sqlite3_stmt **ret);
/**
 * A statement of one parameter at most, bound to `argument`, at its first row. Hand it back in the same way.
 * 0; -ENOENT: it has no row; else what went wrong.
 */
int statement_row(
	Statements *statements, const char *sql, uint64_t argument, sqlite3_stmt **ret) _must_check_;
/**
 * The same of a text that is made at run time, or without kept statements, and with a text as its parameter;
 * NULL: none. Finalize it.
 */
int statement_once(sqlite3 *db, const char *sql, const char *argument, sqlite3_stmt **ret) _must_check_;
/** Runs statements that give no rows, one after the other, each with `argument` for its parameter, if it has
 * one. */
int statement_script(sqlite3 *db, const char *sql, int64_t argument) _must_check_;
/** The one number that `sql`, of one parameter at most, gives; 0 where it gives none. */
int64_t statement_number(sqlite3 *db, const char *sql, int64_t argument);
void statement_done(sqlite3_stmt *statement);
DEFINE_CLEANUP(sqlite3_stmt *, statement_done, statement_donep);
/**
 * Runs a statement that gives no rows. `types` says what is bound: 'i' an int64_t, 't' a text, 'b' bytes and
 * their size_t. 0, or a negative errno; -EEXIST: a constraint was broken.
 */
int statement_execute(Statements *statements, const char *sql, const char *types, ...) _must_check_;
/** Runs a statement without parameters and rows. Returns an SQLite result. */
int statement_run(Statements *statements, const char *sql);
/** Steps a bound statement that gives no rows. SQLITE_OK or what went wrong. */
int statement_step(sqlite3_stmt *statement);
void statements_clear(Statements *statements);

/** Writes leaves, one after the other, into memory that it keeps. Zeroed at first. */
typedef struct LeafWriter {
	char *text; /* `size` bytes of it are the leaf */
	size_t size, capacity;
	char *before_kind, *after_kind, *end; /* of the group */
} LeafWriter;

/** A verification in the background. */
typedef struct Check {
	pthread_t thread;
	bool running;      /* main thread's: from the start until the answer was given */
	atomic_bool ended; /* the thread's last word */
	_Atomic uint64_t done, total;
	uint64_t findings;
	Error error; /* text: the first finding, or why it could not be done */
	LedgerDone answer;
	void *userdata;
} Check;

/** The key, and when it signs. */
typedef struct Sealer {
	NoteSigner *signer; /* NULL: no checkpoints */
	NoteSigner *next;   /* while its record is being written */
	char *folder;       /* NULL: the key is a credential */
	char *origin;       /* that a new log gets; NULL: by the station's name */
	uint32_t records;
	int64_t patience_us;
	uint64_t size;  /* of the newest checkpoint */
	uint64_t saved; /* of the one in the file beside the ledger */
	int64_t due_us; /* monotonic; INT64_MAX while all is sealed */
	bool now;       /* with this group */
	bool prompt;    /* ... and beside the file before the group is answered */
} Sealer;

/** From where the newest time is reckoned on: not later than `utc_us` + `ahead_us` + what has gone by since.
 */
typedef struct NewestMark {
	int64_t utc_us, monotonic_us, ahead_us;
} NewestMark;

/** Which file had a name when it was opened. */
typedef struct Place {
	char *path;
	dev_t device;
	ino_t inode;
} Place;

struct Ledger {
	char *path, *images, *station; /* station: as a JSON string */
	const Clock *clock;
	int lock_fd;
	bool read_only;
	sqlite3 *db; /* the ledger thread's, once it runs; of a read-only ledger that of `reader` */
	struct Reader *reader;
	bool held; /* the reader's snapshot stays until the end */
	Ring *requests, *answers;
	pthread_t thread;
	bool started;
	size_t waiting;     /* main thread's count of unanswered requests */
	bool restored;      /* main thread's: a backup took the ledger's place, which is not yet on record */
	bool restored_sent; /* ... its record is under way, or was refused */
	uint64_t told_of;   /* main thread's: groups that failed, of which it has been told */
	atomic_bool leave, healthy;
	Place places[LEDGER_PLACES]; /* not written to once the thread runs */
	atomic_bool moved;           /* one of them is not there any more */
	atomic_bool erasing;         /* the thread waits for readers that keep what was erased in the log */
	int64_t commit_limit_us;
	_Atomic int64_t busy_since_us; /* monotonic, when the thread began what it is at; 0 while it waits */
	_Atomic int64_t waiting_since_us; /* ... since when the main thread waits for its next answer; 0 it
					     does not */
	atomic_bool asleep;               /* the thread waits, or is about to: a request must wake it */
	_Atomic int64_t newest_utc_us;
	LedgerStream streams[LEDGER_STREAMS_MAX];
	int stalled_ms; /* patience of streams */
	Check check;
	atomic_bool check_leave; /* the verification ends early: of its own accord it begins anew */

	/* the thread's own */
	Statements statements;
	uint64_t seq;
	uint64_t failures; /* groups that could not be committed; */
	int failure;       /* ... why the last of them could not */
	LeafWriter leaf;
	int wal_pages;
	MerkleTree tree; /* of the records up to seq */
	Sealer sealer;
	NewestMark mark;

	bool impersonal; /* streams leave out personal data */
	_Atomic uint64_t sealed;
	pthread_mutex_t key_lock;
	char key[NOTE_KEY_MAX];
	atomic_bool scrub; /* erased data may still stand in the write-ahead log; written by the thread */
};

/* schema.c */
/** The station's own file, to be written; one of an older version is brought to this version. */
int schema_open(const char *path, sqlite3 **ret, Error *error) _must_check_;
int schema_info(sqlite3 *db, const Clock *clock, LedgerInfo *ret, Error *error) _must_check_;

/* schema-make.c */
/** Makes tables, views and triggers of version `to` out of `from` (0: none) in the database "main"; in the
 * caller's transaction. Returns an SQLite result. */
int schema_make(sqlite3 *db, int64_t from, int64_t to) _must_check_;
/** Tables and views of the newest version, without a record; temporary. Returns an SQLite result. */
int schema_open_empty(sqlite3 **ret) _must_check_;
/** Brings tables of version `from` (0: none) to the newest, in a transaction of its own. Returns an SQLite
 * result. */
int schema_migrate(sqlite3 *db, int64_t from) _must_check_;

/* reader.c */
/** Of a read-only ledger: one snapshot from here to ledger_read_end(), unless one is held for good. */
int ledger_read_begin(Ledger *ledger, Error *error) _must_check_;
void ledger_read_end(Ledger *ledger);

/* append.c */
/** All that one record writes. 0 also when it was refused; anything else is the group's failure. */
int append_record(Ledger *ledger, Request *request, const ClockReading *now, int64_t newest_us) _must_check_;
/** Only ever raises the number. */
int append_mark(Ledger *ledger, const char *name, int64_t value) _must_check_;
/** Puts the records after `before` into their day; a group has one time. */
int append_day(Ledger *ledger, uint64_t before, int64_t utc_us) _must_check_;

/* writer.c */
void *ledger_thread(void *userdata);
void writer_prepare(Ledger *ledger);
void writer_finish(Ledger *ledger);

/** Commits what is queued with one transaction; nothing of it has happened on failure. */
int writer_commit(Ledger *ledger, Request **group, size_t n) _must_check_;

/* mark.c */
void mark_open(Ledger *ledger, int64_t newest_us);
/** `newest_us`, or the later time to which this reading raises it. */
int64_t mark_raised(const Ledger *ledger, const ClockReading *now, int64_t newest_us);
/** A group with this reading was committed, and with it this newest time. */
void mark_settle(Ledger *ledger, const ClockReading *now, int64_t newest_us);

/* place.c */
/** Remembers which files are open. -EUCLEAN: they were replaced meanwhile; else the errno of stat(). */
int place_open(Ledger *ledger) _must_check_;
/** Before the connection is closed. */
void place_close(Ledger *ledger);
/** -EUCLEAN, and the ledger is LEDGER_MOVED, unless all are there. Main and ledger thread. */
int place_check(Ledger *ledger) _must_check_;

/* health.c */
/** The ledger thread: from here on it is at a new piece of work; it waits for some. */
void health_begin(Ledger *ledger);
void health_end(Ledger *ledger);
/** The main thread: it is about to queue a request; it has taken an answer. */
void health_asked(Ledger *ledger);
void health_answered(Ledger *ledger);

/* key.c */
/** Finds the station's key or makes the first. `ret_record` gets the key.created record's body, or NULL. */
int key_open(Ledger *ledger, const LedgerOptions *options, json_t **ret_record, Error *error) _must_check_;
/** Makes the next key and fills in the record that tells of it. */
int key_rotate(Ledger *ledger, Request *request) _must_check_;
/** The group with that record was committed, or was not. */
void key_settle(Ledger *ledger, bool committed);
void key_close(Ledger *ledger);

/* seal.c */
/** Compares the newest checkpoint, also the one kept beside the file, with the tree; loads the tree. */
int seal_open(Ledger *ledger, LedgerInfo *info, Error *error) _must_check_;
/** In the group's transaction: a checkpoint when one is due. */
int seal_if_due(Ledger *ledger, const ClockReading *now) _must_check_;
/** After the commit. */
void seal_settle(Ledger *ledger, const ClockReading *now);
/** Milliseconds until a checkpoint is due; -1: none. */
int seal_timeout(Ledger *ledger);
/**
 * Puts the newest checkpoint durably into the file beside the ledger, when it is not there yet: without it an
 * older copy of the ledger is noticed by the clinic only. 0, or why it is still not there.
 */
int seal_save(Ledger *ledger) _must_check_;
bool seal_unsaved(const Ledger *ledger);

/* prove.c */
/** Answers a request for a proof or a checkpoint out of `statements`. */
int prove_checkpoint(Statements *statements, uint64_t since, json_t **ret) _must_check_;
int prove_record(Statements *statements, uint64_t seq, json_t **ret) _must_check_;
int prove_growth(Statements *statements, uint64_t size, json_t **ret) _must_check_;

/* leaf.c */
/** A leaf that was stored, as an object; the caller's. NULL where the cell holds none: a file may have been
 * tampered with. */
json_t *leaf_parse(sqlite3_stmt *row, int column) _must_check_;
/** Where the body of a stored leaf begins, at its brace, within `leaf`; NULL where it is no leaf of ours. */
const char *leaf_body_begin(DigestPart leaf) _must_check_;
/** The text of a stored leaf's body, a part of `leaf`, without parsing; without data where it is no leaf of
 * ours. */
DigestPart leaf_body(DigestPart leaf) _must_check_;
/** What all leaves of a group have in common. 0 or -ENOMEM. */
int leaf_begin_group(LeafWriter *writer, const char *station, const ClockReading *now) _must_check_;
void leaf_end(LeafWriter *writer);
void leaf_clear(LeafWriter *writer);
/**
 * Puts the stored bytes of a record into `writer`: what json_dumps() makes of it with LEDGER_JSON. `station`,
 * `actor` and `body` are JSON text already. 0 or -ENOMEM.
 */
int leaf_write(LeafWriter *writer, const Request *request, uint64_t seq, const char *commitment) _must_check_;

/* projection.c */
typedef struct ProjectionContext {
	Statements *statements;
	const char *kind;
	uint64_t seq;
	int64_t utc_us, newest_us;
	const char *actor;
	json_t *body, *personal; /* personal: NULL when erased or none */
	LedgerAnswer *answer;
	bool replay;           /* the record is history: nothing is decided any more */
	bool erased;           /* set when personal data was deleted */
	bool personal_changed; /* set when the projection moved a text from the body to what is kept beside it
				*/
	bool body_changed;     /* set when the projection completed the body (a lot's unit number) */
} ProjectionContext;

typedef int (*Project)(ProjectionContext *context);

/** What a record of its kind must meet, and what it changes in the tables. */
typedef struct Projection {
	const char *kind;
	Project accept, exists;        /* as in Acceptance */
	const char *const *statements; /* as bind_context() fills them; ends with NULL. NULL: none */
} Projection;

/** NULL when records of this kind, one of record_kinds, change nothing. Those of others may be refused. */
const Projection *projection_find(const RecordKind *kind);
/**
 * Writes the projection. A refusal (-EEXIST, -ENOENT, -EINVAL, -ESTALE) has its sentence in answer->text;
 * what it wrote until then is the caller's to roll back. Any other error is the disk's.
 */
int projection_apply(const Projection *projection, ProjectionContext *context) _must_check_;
/** Empties the projections and writes them again from the records. -EUCLEAN when a record does not fit. */
int projection_rebuild(sqlite3 *db) _must_check_;
/** Writes the projections, which are empty, from the records. `leave` (may be NULL) ends it with -ECANCELED.
 * `ret_failed` is set on -EUCLEAN to the record that does not fit. */
int projection_replay(sqlite3 *db, const atomic_bool *leave, uint64_t *ret_failed) _must_check_;

/* query.c */
typedef struct LedgerQuery LedgerQuery;

const LedgerQuery *query_find(const char *name);
bool query_is_streamable(const LedgerQuery *query);

/** How `row` of query_run() gets a row. */
typedef enum QueryForm {
	QUERY_COLUMNS,
	QUERY_JSON,       /* one column that holds a JSON object */
	QUERY_IMPERSONAL, /* the same without columns of personal data */
} QueryForm;

/** Runs a query; `row` gets each row and ends it by returning non-zero. */
int query_run(sqlite3 *db, const LedgerQuery *query, json_t *arguments, QueryForm form, int64_t limit,
	int (*row)(void *userdata, sqlite3_stmt *row), void *userdata, Error *error) _must_check_;
/** The same into an array of at most LEDGER_LOOKUP_ROWS. */
int query_rows(
	sqlite3 *db, const LedgerQuery *query, json_t *arguments, json_t **ret, Error *error) _must_check_;

/** Names of the query's columns in their order, an array of texts. -EIO with a sentence when it cannot be
 * prepared. */
int query_columns(sqlite3 *db, const LedgerQuery *query, json_t **ret, Error *error) _must_check_;

/* functions.c */
/** Adds the SQL function that answers are written with to a connection. Returns an SQLite result. */
int functions_add(sqlite3 *db) _must_check_;

/* twin.c */
/** Fills in the twins of all units: a step from schema version 3 to 4. Returns an SQLite result. */
int twin_fill(sqlite3 *db) _must_check_;

/* known.c */
/** -ENOENT with a sentence when what `arguments` name (a lot, a session, ...) is nowhere on record. */
int query_check_known(sqlite3 *db, json_t *arguments, Error *error) _must_check_;

/* check.c */
void check_dispatch(Ledger *ledger);
void check_join(Ledger *ledger);
/** Refuses a ledger that a verification found damaged. -EUCLEAN with its words. */
int check_remembered(const char *path, Error *error) _must_check_;

/* clear.c */
/** Whether an administrator lifted what a verification found. */
bool clear_is_lifted(const char *path);
/** The body of the record that says so, and who lifted it: both the caller's. -ENOENT: nobody did. */
int clear_word(const char *path, json_t **ret_body, char **ret_badge) _must_check_;
/** A LedgerDone; userdata: the ledger's path. What was found is removed once that record is durable. */
void clear_recorded(void *userdata, const LedgerAnswer *answer);

/* stream.c */
/** Gives the answers of streams that have ended. */
void streams_dispatch(Ledger *ledger);
/** Ends those that run; their readers see the end of the file. */
void streams_join(Ledger *ledger);
