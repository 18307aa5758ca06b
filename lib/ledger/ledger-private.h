/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Shared by the files of the ledger. Only they and their tests may include it. */

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

/* of the checkpoint file beside the ledger, and in the folder of its keys: exists from the first record on */
#define CHECKPOINT_SUFFIX ".checkpoint"
#define RESTORED_SUFFIX   ".restored" /* a restore that is not on record yet */

enum { RESTORED_MAX = 64 * 1024 }; /* size limit of that file, in bytes */
#define DAMAGED_SUFFIX ".damaged"
#define CLEARED_SUFFIX ".cleared"
#define KEY_NAME       "station.key"

/* how record bodies are written; 15 digits are what a double preserves of any decimal number */
#define LEDGER_JSON (JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(15))

/*
 * SHA-256 of the newest version's schema (schema_digest()); a test keeps it current. Making the schema takes
 * longer than the rest of a start. If this SQLite words the schema differently, the schema is made and
 * compared entry by entry.
 */
#define LEDGER_SCHEMA_SHA256 "be7bce92ec9f322234042e10e05e168d68001ed3e3e73256d6fcd5cd913ba184"

enum {
	LEDGER_SCHEMA_VERSION = 7,
	LEDGER_VERSION_WITH_TREE = 2,
	LEDGER_VERSION_WITH_TWINS = 4,
	LEDGER_VERSION_WITH_CORRECTED = 6,  /* the tables have what was corrected */
	LEDGER_APPLICATION_ID = 1398034768, /* "STIP": tells file(1) and us that this database is a ledger */
	LEDGER_REQUESTS = 4096,
	LEDGER_GROUP_MAX = 512, /* requests in one transaction */
	LEDGER_STREAMS_MAX = 4,
	LEDGER_PLACES = 4,
	LEDGER_LOOKUP_ROWS = 1000,
	LEDGER_CHECKPOINT_PAGES = 1000,  /* pages in the write-ahead log that are worth an SQLite checkpoint
					    when the station is quiet */
	LEDGER_CHECKPOINT_FORCE = 20000, /* ... and when it is not */
	LEDGER_QUIET_MS = 200,
	LEDGER_BUSY_MS = 2000,
	LEDGER_ERASING_MS = 300, /* left to a reader whose snapshot keeps data that is being erased */
	LEDGER_SCRUB_MS = 900,   /* how long an erasure waits for the log: less than a commit may take */
	LEDGER_PROBE_MS = 1000,
	LEDGER_COMMIT_LIMIT_MS = 2000,
	LEAF_BYTES_MAX = 4 << 20, /* larger than any record: an erasure of an earlier version lists half a
				     million numbers */
	LEAF_NEW_MAX = 65535, /* of a new record: a mirror's lengths have 16 bits (c2sp.org/tlog-mirror) */
	LEDGER_STALLED_MS = 60000, /* a stream's reader that takes nothing for this long counts as gone */
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

/** Travels to the ledger thread and back; whoever holds it owns it. */
typedef struct Request {
	RequestKind what;
	const RecordKind *kind;
	const struct Projection *projection; /* NULL: none */
	bool erased;                         /* its projection has deleted personal data */
	bool more;                           /* one record does not hold all of it: another one follows */
	char *actor, *body, *personal;       /* JSON text: a string, an object, and an object or NULL */
	json_t *fields;                      /* the parsed body, for kinds with a projection */
	uint64_t session;                    /* the body's session; 0 none */
	void *attachment;
	size_t attachment_size;
	const struct LedgerQuery *query;
	json_t *arguments, *rows;
	uint64_t number; /* for proofs: the record, or the size from which growth is to be proved */
	LedgerDone done;
	LedgerRows rows_done;
	void *userdata;
	uint64_t failures; /* in a request: failed groups that the sender knew of; in an answer: failed groups
			      so far */
	LedgerAnswer answer; /* has an error already when the record was refused before it was queued */
} Request;

Request *request_free(Request *request);
DEFINE_CLEANUP(Request *, request_free, request_freep);
/** Quotes `text` as JSON; owned by the caller. */
char *request_quote(const char *text) _must_check_;

/** A query that a thread of its own writes to a caller's descriptor. */
typedef struct LedgerStream {
	Ledger *ledger;
	pthread_t thread;
	bool running;      /* main thread only: from the start until the answer was given */
	atomic_bool ended; /* the last thing that the thread sets */
	const struct LedgerQuery *query;
	json_t *arguments, *columns;
	int fd;
	uint64_t rows;
	Error error;
	LedgerDone done;
	void *userdata;
} LedgerStream;

/** Kept prepared statements of one connection, found by the address of their text. */
typedef struct Statements {
	sqlite3 *db;
	size_t n;
	struct {
		const char *sql;
		sqlite3_stmt *statement;
	} kept[256];
} Statements;

/** Maps an SQLite result to a negative errno; a violated constraint is -EEXIST. */
int ledger_errno(int sqlite_result);
/**
 * Gets a statement that is ready for binding. Release it with _cleanup_(statement_donep). Returns an SQLite
 * result.
 */
int statement_get(Statements *statements, const char *sql, sqlite3_stmt **ret);
/**
 * Gets a statement with at most one parameter, bound to `argument` and stepped to its first row. Release it
 * in the same way. 0; -ENOENT: it has no row; else the error.
 */
int statement_row(
	Statements *statements, const char *sql, uint64_t argument, sqlite3_stmt **ret) _must_check_;
/**
 * The same for SQL that is made at run time, or without kept statements; the parameter is a text, NULL: none.
 * Finalize the statement.
 */
int statement_once(sqlite3 *db, const char *sql, const char *argument, sqlite3_stmt **ret) _must_check_;
/**
 * Runs statements that give no rows, one after another, each with `argument` as its parameter, if it has one.
 */
int statement_script(sqlite3 *db, const char *sql, int64_t argument) _must_check_;
/** The number that `sql`, with at most one parameter, gives; 0 when it gives none. */
int64_t statement_number(sqlite3 *db, const char *sql, int64_t argument);
void statement_done(sqlite3_stmt *statement);
DEFINE_CLEANUP(sqlite3_stmt *, statement_done, statement_donep);
/**
 * Runs a statement that gives no rows. `types` lists what is bound: 'i' an int64_t, 't' a text, 'b' bytes and
 * their size_t. 0, or a negative errno; -EEXIST: a constraint was violated.
 */
int statement_execute(Statements *statements, const char *sql, const char *types, ...) _must_check_;
/** Runs a statement without parameters and without rows. Returns an SQLite result. */
int statement_run(Statements *statements, const char *sql);
/** Steps a bound statement that gives no rows. Returns SQLITE_OK or the error. */
int statement_step(sqlite3_stmt *statement);
void statements_clear(Statements *statements);

/** Writes leaves, one after another, into memory that it reuses. Zero it first. */
typedef struct LeafWriter {
	char *text; /* the first `size` bytes are the leaf */
	size_t size, capacity;
	char *before_kind, *after_kind, *end; /* parts that all leaves of the group share */
} LeafWriter;

/** A verification in the background. */
typedef struct Check {
	pthread_t thread;
	bool running;      /* main thread only: from the start until the answer was given */
	atomic_bool ended; /* the last thing that the thread sets */
	_Atomic uint64_t done, total;
	uint64_t findings;
	Error error; /* text: the first finding, or why the verification could not be done */
	LedgerDone answer;
	void *userdata;
} Check;

/** The signing key, and when it signs. */
typedef struct Sealer {
	NoteSigner *signer; /* NULL: no checkpoints */
	NoteSigner *next;   /* the next key, while its record is being written */
	char *folder;       /* NULL: the key is a systemd credential */
	char *origin;       /* origin of a new log; NULL: made from the station's name */
	uint32_t records;
	int64_t patience_us;
	uint64_t size;  /* size of the newest checkpoint */
	uint64_t saved; /* size of the checkpoint in the file beside the ledger */
	int64_t due_us; /* monotonic; INT64_MAX while all records are covered */
	bool shares;    /* records of shared kinds make one at once */
	bool now;       /* make a checkpoint with this group */
	bool prompt;    /* ... and write it to the file before the group is answered */
} Sealer;

/**
 * Bounds the newest time while the clock is not synchronised: `utc_us` + `ahead_us` + the time passed since.
 */
typedef struct NewestMark {
	int64_t utc_us, monotonic_us, ahead_us;
} NewestMark;

/** Identifies the file that a name led to when it was opened. */
typedef struct Place {
	char *path;
	dev_t device;
	ino_t inode;
} Place;

struct Ledger {
	char *path, *images, *station; /* station: quoted as JSON */
	const Clock *clock;
	int lock_fd;
	bool read_only;
	sqlite3 *db; /* belongs to the ledger thread while it runs; of a read-only ledger, that of `reader` */
	struct Reader *reader;
	bool held; /* the reader's snapshot is kept until the end */
	Ring *requests, *answers;
	pthread_t thread;
	bool started;
	size_t waiting; /* main thread's count of unanswered requests */
	bool restored; /* main thread only: a backup took the ledger's place, and this is not on record yet */
	bool restored_sent; /* ... and the record of it is under way, or was refused */
	uint64_t told_of;   /* main thread only: failed groups that it has been told of */
	atomic_bool leave, healthy;
	Place places[LEDGER_PLACES]; /* not written once the thread runs */
	atomic_bool moved;           /* one of them is not at its place any more */
	atomic_bool erasing; /* the thread waits for readers that keep erased data in the write-ahead log */
	int64_t commit_limit_us;
	_Atomic int64_t busy_since_us; /* monotonic, when the thread's current work began; 0 while it waits */
	_Atomic int64_t waiting_since_us; /* ... since when the main thread has waited for the next answer; 0
					     when it does not */
	atomic_bool asleep;               /* the thread waits, or is about to: a new request must wake it */
	_Atomic int64_t newest_utc_us;
	LedgerStream streams[LEDGER_STREAMS_MAX];
	int stalled_ms; /* how long a stream waits for its reader */
	Check check;
	atomic_bool check_leave; /* ends the verification early; it then starts again by itself */

	/* used by the ledger thread only */
	Statements statements;
	uint64_t seq;
	uint64_t failures; /* groups that could not be committed */
	int failure;       /* ... and why the last of them failed */
	LeafWriter leaf;
	int wal_pages;
	MerkleTree tree; /* of the records up to `seq` */
	Sealer sealer;
	NewestMark mark;

	bool impersonal; /* streams leave out personal data */
	_Atomic uint64_t sealed;
	pthread_mutex_t key_lock;
	char key[NOTE_KEY_MAX];
	atomic_bool scrub; /* the write-ahead log may still hold erased data; written by the thread */
};

/* schema.c */
/** Opens the station's own file for writing, and migrates one of an older version. */
int schema_open(const char *path, sqlite3 **ret, Error *error) _must_check_;
int schema_info(sqlite3 *db, const Clock *clock, LedgerInfo *ret, Error *error) _must_check_;

/* schema-make.c */
/**
 * Turns tables, views and triggers of version `from` (0: none) in the database "main" into those of version
 * `to`, in the caller's transaction. Returns an SQLite result.
 */
int schema_make(sqlite3 *db, int64_t from, int64_t to) _must_check_;
/** Opens a temporary database with the newest tables and views but no records. Returns an SQLite result. */
int schema_open_empty(sqlite3 **ret) _must_check_;
/**
 * Migrates tables of version `from` (0: none) to the newest, in its own transaction, and in it calls `finish`
 * (may be NULL). Both return an SQLite result.
 */
int schema_migrate(sqlite3 *db, int64_t from, int (*finish)(sqlite3 *db, int64_t from)) _must_check_;

/* reader.c */
/**
 * Starts a snapshot of a read-only ledger, which lasts until ledger_read_end(), unless one is held for good.
 */
int ledger_read_begin(Ledger *ledger, Error *error) _must_check_;
void ledger_read_end(Ledger *ledger);

/* append.c */
/**
 * Writes everything that belongs to one record. Also returns 0 when the record was refused; any other result
 * is the failure of the whole group.
 */
int append_record(Ledger *ledger, Request *request, const ClockReading *now, int64_t newest_us) _must_check_;
/** Raises the mark, and never lowers it. */
int append_mark(Ledger *ledger, const char *name, int64_t value) _must_check_;
/** Enters the records after `before` under their day; all records of a group have one time. */
int append_day(Ledger *ledger, uint64_t before, int64_t utc_us) _must_check_;

/* writer.c */
void *ledger_thread(void *userdata);
void writer_prepare(Ledger *ledger);
void writer_finish(Ledger *ledger);

/** Commits what is queued in one transaction; on failure none of it has happened. */
int writer_commit(Ledger *ledger, Request **group, size_t n) _must_check_;

/* mark.c */
void mark_open(Ledger *ledger, int64_t newest_us);
/** `newest_us`, or the later time that this reading raises it to. */
int64_t mark_raised(const Ledger *ledger, const ClockReading *now, int64_t newest_us);
/** Call after a group with this reading and this newest time was committed. */
void mark_settle(Ledger *ledger, const ClockReading *now, int64_t newest_us);

/* place.c */
/** Remembers which files are open. -EUCLEAN: they were replaced in the meantime; else the errno of stat(). */
int place_open(Ledger *ledger) _must_check_;
/** Call before the connection is closed. */
void place_close(Ledger *ledger);
/** -EUCLEAN when a file is missing or replaced; the ledger is then LEDGER_MOVED. Main and ledger thread. */
int place_check(Ledger *ledger) _must_check_;

/* health.c */
/** Ledger thread: it starts a new piece of work (health_begin), or waits for some. */
void health_begin(Ledger *ledger);
void health_end(Ledger *ledger);
/** Main thread: it is about to queue a request (health_asked), or has taken an answer. */
void health_asked(Ledger *ledger);
void health_answered(Ledger *ledger);

/* key.c */
/**
 * Finds the station's key or makes the first one. `ret_record` gets the body of the key.created record, or
 * NULL.
 */
int key_open(Ledger *ledger, const LedgerOptions *options, json_t **ret_record, Error *error) _must_check_;
/** Makes the next key and completes the record about it. */
int key_rotate(Ledger *ledger, Request *request) _must_check_;
/** Call when the group with that record was committed, or failed. */
void key_settle(Ledger *ledger, bool committed);
void key_close(Ledger *ledger);

/* seal.c */
/**
 * Compares the newest checkpoint, and the one in the file beside the ledger, with the tree; loads the tree.
 */
int seal_open(Ledger *ledger, LedgerInfo *info, Error *error) _must_check_;
/** Makes a checkpoint in the group's transaction when one is due. */
int seal_if_due(Ledger *ledger, const ClockReading *now) _must_check_;
/** Call after the commit. */
void seal_settle(Ledger *ledger, const ClockReading *now);
/** Milliseconds until a checkpoint is due; -1: none will be. */
int seal_timeout(Ledger *ledger);
/**
 * Writes the newest checkpoint durably to the file beside the ledger, unless it is there already. Without
 * this file, only the clinic would notice that an older copy of the ledger was put in place. 0, or why it is
 * still not there.
 */
int seal_save(Ledger *ledger) _must_check_;
bool seal_unsaved(const Ledger *ledger);

/* prove.c */
/** Answers a request for a checkpoint or a proof, reading through `statements`. */
int prove_checkpoint(Statements *statements, uint64_t since, json_t **ret) _must_check_;
/** By the checkpoint that witnesses cosigned, if the one beside the ledger at `path` covers the record. */
int prove_record(Statements *statements, const char *path, uint64_t seq, json_t **ret) _must_check_;
int prove_growth(Statements *statements, uint64_t size, json_t **ret) _must_check_;

/* leaf.c */
/**
 * A stored leaf as a JSON object, owned by the caller. NULL when the cell holds none: the file may have been
 * tampered with.
 */
json_t *leaf_parse(sqlite3_stmt *row, int column) _must_check_;
/** The opening brace of the body within a stored leaf; NULL when `leaf` is not a leaf. */
const char *leaf_body_begin(DigestPart leaf) _must_check_;
/**
 * The text of a stored leaf's body, as a part of `leaf`, without parsing; empty `data` when it is not a leaf.
 */
DigestPart leaf_body(DigestPart leaf) _must_check_;
/** Writes the parts that all leaves of a group share. 0 or -ENOMEM. */
int leaf_begin_group(LeafWriter *writer, const char *station, const ClockReading *now) _must_check_;
void leaf_end(LeafWriter *writer);
void leaf_clear(LeafWriter *writer);
/**
 * Writes the stored bytes of a record into `writer`, exactly as json_dumps() would with LEDGER_JSON.
 * `station`, `actor` and `body` are JSON text already. 0 or -ENOMEM.
 */
int leaf_write(LeafWriter *writer, const Request *request, uint64_t seq, const char *commitment) _must_check_;

/* projection.c */
typedef struct ProjectionContext {
	Statements *statements;
	const char *kind;
	uint64_t seq;
	int64_t utc_us, newest_us;
	const char *actor;
	const char *boot_id;     /* NULL in a replay */
	json_t *body, *personal; /* personal: NULL when erased or none */
	LedgerAnswer *answer;
	bool replay;           /* the record is history: nothing is decided again */
	bool first_alone;      /* only the first statement of its kind runs */
	bool erased;           /* set when personal data was deleted */
	bool goes_on;          /* records of the same request come before it */
	bool more;             /* set when another record must follow, because one does not hold all of it */
	bool personal_changed; /* set when the projection moved a text from the body to the personal data
				  beside it */
	bool body_changed;     /* set when the projection completed the body (a lot's unit number) */
} ProjectionContext;

typedef int (*Project)(ProjectionContext *context);

/** What a record of a kind must satisfy, and how it changes the tables. */
typedef struct Projection {
	const char *kind;
	Project accept, exists;        /* as in Acceptance */
	const char *const *statements; /* bind_context() binds their parameters; ends with NULL. NULL: none */
} Projection;

/**
 * NULL when records of this kind (one of record_kinds) change nothing; only kinds with a projection can
 * refuse.
 */
const Projection *projection_find(const RecordKind *kind);
/**
 * Applies the projection. A refusal (-EEXIST, -ENOENT, -EINVAL, -ESTALE) has its sentence in answer->text;
 * the caller rolls back what was written until then. Any other error comes from the disk.
 */
int projection_apply(const Projection *projection, ProjectionContext *context) _must_check_;
/** Empties the projections and fills them again from the records. -EUCLEAN when a record does not fit. */
int projection_rebuild(sqlite3 *db) _must_check_;
/** The same inside a transaction, which the caller rolls back on an error. */
int projection_refill(sqlite3 *db) _must_check_;
/**
 * Fills the projections from the records after number `after` (0: all, into empty ones), as a ledger of the
 * schema `version` has them; `record_day` must be empty. `leave` (may be NULL) ends it with -ECANCELED. On
 * -EUCLEAN `ret_failed` is the record that does not fit.
 */
int projection_replay(sqlite3 *db, int64_t version, uint64_t after, const atomic_bool *leave,
	uint64_t *ret_failed) _must_check_;

/* query.c */
typedef struct LedgerQuery LedgerQuery;

const LedgerQuery *query_find(const char *name);
bool query_is_streamable(const LedgerQuery *query);

/** What the `row` callback of query_run() gets. */
typedef enum QueryForm {
	QUERY_COLUMNS,
	QUERY_JSON,       /* one column with a JSON object */
	QUERY_IMPERSONAL, /* the same without columns of personal data */
} QueryForm;

/** Runs a query; `row` gets each row, and ends the query by returning non-zero. */
int query_run(sqlite3 *db, const LedgerQuery *query, json_t *arguments, QueryForm form, int64_t limit,
	int (*row)(void *userdata, sqlite3_stmt *row), void *userdata, Error *error) _must_check_;
/** Collects the rows in an array of at most LEDGER_LOOKUP_ROWS. */
int query_rows(
	sqlite3 *db, const LedgerQuery *query, json_t *arguments, json_t **ret, Error *error) _must_check_;

/**
 * The names of the query's columns in order, as an array of texts. -EIO with a sentence when SQLite cannot
 * prepare it.
 */
int query_columns(sqlite3 *db, const LedgerQuery *query, json_t **ret, Error *error) _must_check_;

/* functions.c */
/** Adds the SQL function that formats answers to a connection. Returns an SQLite result. */
int functions_add(sqlite3 *db) _must_check_;

/* twin.c */
/** Fills in the twins of all units: the step from schema version 3 to 4. Returns an SQLite result. */
int twin_fill(sqlite3 *db) _must_check_;

/* known.c */
/** -ENOENT with a sentence when something that `arguments` name (a lot, a session, ...) is not on record. */
int query_check_known(sqlite3 *db, json_t *arguments, Error *error) _must_check_;

/* check.c */
void check_dispatch(Ledger *ledger);
void check_join(Ledger *ledger);
/** Refuses a ledger that a verification found damaged: -EUCLEAN with the finding. */
int check_remembered(const char *path, Error *error) _must_check_;

/* clear.c */
/** Whether an administrator has lifted the findings of a verification. */
bool clear_is_lifted(const char *path);
/**
 * The body of the record about the lifting, and the badge of who lifted the findings; the caller owns both.
 * -ENOENT: nobody did.
 */
int clear_word(const char *path, json_t **ret_body, char **ret_badge) _must_check_;
/** A LedgerDone; userdata: the ledger's path. Removes the findings once that record is durable. */
void clear_recorded(void *userdata, const LedgerAnswer *answer);

/* stream.c */
/** Gives the answers of streams that have ended. */
void streams_dispatch(Ledger *ledger);
/** Ends running streams; their readers see the end of the file. */
void streams_join(Ledger *ledger);
