/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The station's record: append-only rows in SQLite, written by one thread in groups, and projections of
 * them (operator, lot, unit, session, ...) written in the same transaction. docs/ledger.md lists the
 * record kinds and their bodies.
 *
 * ledger_open() and ledger_free() block on the disk. Everything else is called on the main thread, never
 * blocks and answers through a callback from ledger_dispatch(), in the order of the calls. An append is
 * answered with success only after its commit is durable.
 */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "record/record.h"
#include "tlog/note.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/text.h"

typedef struct Ledger Ledger;

enum { LEDGER_TEXT_MAX = ERROR_TEXT_MAX, LEDGER_NAMES_MAX = 128 };

typedef struct LedgerOptions {
	const char *path;    /* ":memory:" is refused; the folder must exist */
	const char *station; /* "<clinic>/<station>", kept in every record; a ledger with another name keeps
				it until station.renamed is on record */
	const Clock *clock;  /* read on the ledger thread; must outlive the ledger */
	const char *keys;    /* folder of the signing key, created with the first key; NULL: no checkpoints */
	const char *key;     /* NULL, or the private key as text, used in place of the folder's: a systemd
				credential */
	const char *images;  /* folder of the photographs, for verifications; NULL: not verified */
	const char *origin;  /* name of a new log; NULL or "": stipple/<station> */
	bool shares; /* other stations wait for records of shared kinds: each makes a checkpoint at once */
	uint32_t checkpoint_records; /* a checkpoint after this many records at the latest, from 1 */
	uint32_t checkpoint_s;       /* ... and after this many seconds, from 1 */
	uint32_t commit_limit_ms;    /* after this time nobody waits any longer for a commit; 0: 2000 */
	bool read_only; /* no lock, no thread, only ledger_..._now(): for a copied file, or beside the daemon.
			   `station` and `clock` may be NULL */
} LedgerOptions;

/** What ledger_open() found. */
typedef struct LedgerInfo {
	uint64_t newest_seq;   /* 0 in an empty ledger */
	int64_t newest_utc_us; /* highest time of any record; 0 in an empty ledger */
	uint64_t open_session; /* a session that was begun but not closed: the station went down during it; 0
				  none */
	uint64_t next_session; /* number for the next session */
	uint64_t checkpoint;   /* size of the newest checkpoint; 0 none */
	char names[LEDGER_NAMES_MAX]; /* "<clinic>/<station>": of the newest record station.renamed, else of
					 the  newest record; "" in an empty ledger */
	uint64_t administrators;      /* enrolled and not revoked */
	uint32_t schema;              /* version of its tables */
	bool clock_behind;            /* the clock reads earlier than newest_utc_us */
} LedgerInfo;

/**
 * Opens or creates the file, checks its schema version and takes its lock. Checks the newest records, and the
 * newest checkpoint against the tree, in time that does not grow with the ledger. -EWOULDBLOCK: another
 * daemon holds it; -EPROTO: unknown schema version; -EUCLEAN: damaged; else the errno of the failed call.
 * `error` gets one sentence with the next step.
 */
int ledger_open(const LedgerOptions *options, Ledger **ret, LedgerInfo *ret_info, Error *error) _must_check_;

/**
 * Limits the memory that SQLite uses in this process to `bytes`: for programs that read files from others.
 * What needs more fails with -ENOMEM. Never use it in the daemon, because its writer would fail too.
 */
void ledger_limit_memory(int64_t bytes);

/** Commits what is queued, answers nobody, joins the thread. Accepts NULL; returns NULL. */
Ledger *ledger_free(Ledger *ledger);
DEFINE_CLEANUP(Ledger *, ledger_free, ledger_freep);

/** Hours that a steriliser's clock may be ahead of the station's; more is taken for a typing error. */
enum { LEDGER_AHEAD_MAX_H = 1 };

/** All pointers are read before ledger_append() returns; none is kept. */
typedef struct LedgerRecord {
	const char *kind;  /* "needle.claimed" */
	const char *actor; /* operator's badge, or "station" */
	json_t *body;      /* object */
	json_t *personal;  /* object or NULL: kept beside the leaf (the record's stored bytes), which has a
			      salted commitment to it */
	const void *attachment; /* bytes kept beside the leaf; the caller puts their SHA-256 into the body */
	size_t attachment_size;
} LedgerRecord;

typedef struct LedgerAnswer {
	int error;    /* 0; a refusal, see ledger_is_refusal(); or -ENOSPC, -EIO, ... of the disk */
	uint64_t seq; /* sequence number of the new record; of -EEXIST for a leaf of the registry, a note, or
			 a record of another station: that of the one on record */
	char text[LEDGER_TEXT_MAX]; /* one sentence when error */
	bool lingers;           /* of a recorded erasure: the erased data is still in the write-ahead log */
	char detail[96];        /* of needle.claimed: the unit, with its number within the lot */
	char configuration[40]; /* ... and the configuration of its needles; "": unknown */
	json_t *columns;        /* of ledger_stream(): the column names in order; borrowed */
} LedgerAnswer;

/**
 * Whether the record itself was refused, and would be refused again. -EINVAL: a field is missing or does not
 * fit; -EEXIST: a uniqueness rule (a needle claimed before); -ENOENT: it names something unknown; -ESTALE:
 * expired; -EKEYREVOKED: barred by an earlier record (recalled, not sterile); -EPERM: the actor lacks a role.
 * In a clinic with a registry also -EREMOTE ("not-held"): the station does not hold the cartridge; -ENOLINK
 * ("boot-unconfirmed"): the registry has not confirmed this start of the station, or the station belongs to
 * no clinic; -EKEYREJECTED ("quarantined"): the registry quarantined the station.
 */
bool ledger_is_refusal(int error);

typedef void (*LedgerDone)(void *userdata, const LedgerAnswer *answer);

/**
 * Queues a record. `done` may be NULL. A refused record does not affect the others of its group. When the
 * disk fails for a record, all records queued before its answer fail too: no record overtakes one that
 * failed. Returns -EAGAIN when 4096 requests wait, -ETIMEDOUT at once while LEDGER_SILENT, -ENOMEM, -EROFS.
 */
int ledger_append(Ledger *ledger, const LedgerRecord *record, LedgerDone done, void *userdata) _must_check_;

/** The rows are valid only during the call unless a reference is taken. NULL when `error`. */
typedef void (*LedgerRows)(void *userdata, int error, json_t *rows);

/**
 * Runs a named query of docs/ledger.md on the ledger thread, after all appends queued before it; `arguments`
 * NULL: none. The answer is an array of at most 1000 objects. -EINVAL: no such query.
 */
int ledger_lookup(
	Ledger *ledger, const char *query, json_t *arguments, LedgerRows rows, void *userdata) _must_check_;

/**
 * Runs a named query on a reader thread with its own connection. Writes one JSON object a line to `fd`, in
 * constant memory; it owns `fd` from here on and closes it at the end. A slow or vanished reader delays
 * nobody else. A reader that takes nothing for a minute is given up (-ETIMEDOUT), and so is a slow one whose
 * snapshot still has data that is being erased. `done` gets the number of rows in `seq` and the names of the
 * columns; -ENOENT when there are no rows because what the arguments name is not on record. -EBUSY: four
 * streams are running. -EINVAL: no such query, or one for ledger_lookup() only.
 */
int ledger_stream(Ledger *ledger, const char *query, json_t *arguments, int fd, LedgerDone done,
	void *userdata) _must_check_;

/**
 * The same on a read-only ledger, without a thread: for programs that read a copied file. They block on the
 * disk. -EBUSY on a ledger that is open for writing.
 */
int ledger_lookup_now(
	Ledger *ledger, const char *query, json_t *arguments, json_t **ret, Error *error) _must_check_;
int ledger_stream_now(Ledger *ledger, const char *query, json_t *arguments, int fd, uint64_t *ret_rows,
	Error *error) _must_check_;
/** The column names of such an answer, in order, as an array that the caller owns. */
int ledger_columns_now(Ledger *ledger, const char *query, json_t **ret, Error *error) _must_check_;

/** Whether the query `query` takes the argument `argument`. */
bool ledger_query_takes(const char *query, const char *argument);
/**
 * Describes the queries: an object from each query's name to {arguments, columns}, arrays of texts. A
 * mandatory argument is "NAME (needed)"; arguments that a compliance profile fills in are left out. Needs no
 * ledger. -ENOMEM, -EIO.
 */
int ledger_describe_queries(json_t **ret) _must_check_;
/** Names of the queries that ledger_stream() takes; ends with NULL. */
const char *const *ledger_query_names(void);

/* ---- proofs (docs/transparency-log.md) ---- */

/** Size of the newest durable checkpoint; 0 none. */
uint64_t ledger_checkpoint_size(const Ledger *ledger);

/**
 * Gives the checkpoint that follows the one at `since` leaves, with the proof that it continues it: an object
 * {checkpoint, size, previous: {size} or null, consistency, vkey, statement?: of the previous key about this
 * one}. No checkpoint is skipped: a kill between a publication and its cursor repeats one. When `since` is
 * the newest, gives that one again. When `since` is 0 or beyond the newest, gives the newest, and previous is
 * null. -ENODATA: there is none yet.
 */
int ledger_checkpoint(Ledger *ledger, uint64_t since, LedgerRows done, void *userdata) _must_check_;

/**
 * Gives the proof that record `seq` is in the log: an object {seq, size, proof, key}; `proof` is a tlog-proof
 * whose extra data is the record. First makes a checkpoint if none covers the record. -ENOENT: no such
 * record; -ENODATA: no checkpoint, and no key to make one.
 */
int ledger_prove(Ledger *ledger, uint64_t seq, LedgerRows done, void *userdata) _must_check_;

/** The same for a read-only ledger, from the checkpoints that it has. */
int ledger_prove_now(Ledger *ledger, uint64_t seq, json_t **ret, Error *error) _must_check_;

/**
 * Gives the proof that a read-only ledger's newest checkpoint continues its state at `size` records: an
 * object {root, proof}; `root` is the tree's at `size` as checkpoints write it, `proof` as
 * consistency_proof_write() makes it. -ENODATA: no checkpoint covers that many records.
 */
int ledger_prove_growth_now(Ledger *ledger, uint64_t size, json_t **ret, Error *error) _must_check_;

/**
 * Verifies the whole file (ledger/verify.h) on a thread of its own, with the lowest priority. It starts again
 * when its snapshot is in the way of an erasure. `done` gets 0 when all is sound; -EUCLEAN with the first
 * finding in `text` and the number of findings in `seq`; -ENOMEDIUM with the same when the ledger is sound
 * and only photographs are missing or were replaced; or why it could not be done. Findings about the ledger
 * itself are kept beside the file, so that it is not opened again until a person has looked. -EBUSY: one is
 * running already.
 */
int ledger_verify_start(Ledger *ledger, LedgerDone done, void *userdata) _must_check_;
/** Records and photographs checked so far, and their total; both 0 while no verification runs. */
void ledger_verify_progress(const Ledger *ledger, uint64_t *ret_done, uint64_t *ret_total);

/** The current public key as text; "" without one. Any thread. */
void ledger_key(Ledger *ledger, char ret[NOTE_KEY_MAX]);

/**
 * Whether the log may be called `origin` at the next start; "" leaves the choice to the log. -EINVAL: not a
 * valid log name; -EXDEV: this log has another name, which it keeps. Any thread.
 */
int ledger_check_origin(Ledger *ledger, const char *origin, Error *error) _must_check_;

/**
 * Makes a new key, records it signed by the old one, and signs with the new one from then on. The checkpoint
 * in between has both signatures. -EPERM when the key is a credential.
 */
int ledger_rotate_key(Ledger *ledger, const char *actor, LedgerDone done, void *userdata) _must_check_;

/** Why the ledger cannot be written. */
typedef enum LedgerAilment {
	LEDGER_WELL,
	LEDGER_FAILING, /* from the first failed commit until one succeeds; retried every second */
	LEDGER_SILENT,  /* its thread has worked on one thing for over `commit_limit_ms`: the disk hangs */
	LEDGER_MOVED, /* its file was deleted or replaced: what is written now is lost when the daemon ends */
	LEDGER_AILMENT_MAX,
	LEDGER_AILMENT_INVALID = -EINVAL,
} LedgerAilment;

/** Never blocks; does not access the disk. Any thread. */
LedgerAilment ledger_ailment(const Ledger *ledger);
/**
 * Checks that the files are still there, as each commit does before and after. Main thread, every second. It
 * looks up names only, and does nothing while the disk does not respond.
 */
void ledger_look(Ledger *ledger);
/** Describes the ailment and the next step: one static sentence; "" for LEDGER_WELL. */
const char *ledger_ailment_text(LedgerAilment ailment);
/** Whether the ledger is LEDGER_WELL. */
bool ledger_healthy(const Ledger *ledger);
/**
 * How long the ledger's thread has shown no progress although it has work, in microseconds; 0 while it sleeps
 * or answers. Seconds mean that the disk hangs. Killing the daemon would not help then, and would lose what
 * waits in memory. Any thread.
 */
int64_t ledger_silent_us(const Ledger *ledger);
/** True until the restore of a backup (ledger/copy.h) is on record. Main thread. */
bool ledger_owes_restoration(const Ledger *ledger);

int ledger_fd(const Ledger *ledger);
void ledger_dispatch(Ledger *ledger);

/** Time of the newest record, for checks that must never use an earlier time. UTC microseconds. */
int64_t ledger_newest_utc(const Ledger *ledger);
