/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The ledger as its publisher reads it, over its own connection to a file that a daemon is writing. It
 * changes nothing, not even the memory shared with the writer. Each call is one short transaction: a snapshot
 * held for long would let the write-ahead log grow. Blocks on the disk; one thread.
 */

#include <stdint.h>

#include <jansson.h>

#include "ledger/ledger.h"
#include "tlog/merkle.h"
#include "tlog/note.h"
#include "util/cleanup.h"
#include "util/digest.h"

typedef struct LedgerOutbox LedgerOutbox;

/** A record to be published. Texts are valid only during the call. */
typedef struct LedgerMessage {
	uint64_t seq;
	int64_t utc_us;
	const char *kind;
	const char *body;    /* JSON text of an object */
	const char *zone;    /* of zone.statistics; else NULL */
	const uint8_t *hash; /* DIGEST_BYTES */
} LedgerMessage;

/** A non-zero result ends the reading and is returned. */
typedef int (*LedgerMessageDone)(void *userdata, const LedgerMessage *message);

typedef struct LedgerOutboxInfo {
	uint64_t newest;                 /* number of the newest record; 0 none */
	uint64_t checkpoint;             /* records that the newest checkpoint covers; 0 none */
	uint64_t restored;               /* number of the newest ledger.restored record; 0 none */
	char formerly[LEDGER_NAMES_MAX]; /* "<clinic>/<station>" before the newest station.renamed; "" when it
					    was never renamed */
	/* how far the daemons of earlier versions, which published by themselves, had come */
	uint64_t published, checkpoint_published;
} LedgerOutboxInfo;

/**
 * -ENOENT, -EACCES, ...: missing, not readable for us, or no daemon is writing it now; -EPROTO: another
 * schema version, so its daemon must be started first; `error` gets a sentence.
 */
int ledger_outbox_open(const char *path, LedgerOutbox **ret, Error *error) _must_check_;
/** Accepts NULL; returns NULL. */
LedgerOutbox *ledger_outbox_free(LedgerOutbox *outbox);
DEFINE_CLEANUP(LedgerOutbox *, ledger_outbox_free, ledger_outbox_freep);

int ledger_outbox_info(LedgerOutbox *outbox, LedgerOutboxInfo *ret) _must_check_;

/**
 * Passes at most `limit` published records after number `after` to `done`, in order. Returns 0, what `done`
 * returned, or -errno.
 */
int ledger_outbox_read(LedgerOutbox *outbox, uint64_t after, uint32_t limit, LedgerMessageDone done,
	void *userdata) _must_check_;

/** Counts the published records after number `after`. */
int ledger_outbox_count(LedgerOutbox *outbox, uint64_t after, uint64_t *ret) _must_check_;

/** The hash of record `seq`, of any kind. -ENOENT: there is no such record. */
int ledger_outbox_hash(LedgerOutbox *outbox, uint64_t seq, uint8_t ret[DIGEST_BYTES]) _must_check_;

/** The rows of the query newest-stock, as an array that the caller owns. */
int ledger_outbox_stock(LedgerOutbox *outbox, json_t **ret) _must_check_;

/** As ledger_checkpoint(); the caller owns the object. -ENODATA: there is none yet. */
int ledger_outbox_checkpoint(LedgerOutbox *outbox, uint64_t since, json_t **ret) _must_check_;

/* ---- the log as it is, for a mirror ---- */

/** The newest checkpoint. */
typedef struct LedgerSealed {
	uint64_t size;          /* records that it covers */
	char *note;             /* signed; owned by whoever asked */
	char key[NOTE_KEY_MAX]; /* public key of the log, as text */
} LedgerSealed;

/** The public key of the log as text. -ENODATA: there is none yet. */
int ledger_outbox_key(LedgerOutbox *outbox, char ret[NOTE_KEY_MAX]) _must_check_;

/** -ENODATA: there is none yet. The caller frees `note`. */
int ledger_outbox_sealed(LedgerOutbox *outbox, LedgerSealed *ret) _must_check_;

/** `number`: of the leaf in the log, from 0. A non-zero result ends the reading and is returned. */
typedef int (*LedgerLeafDone)(void *userdata, uint64_t number, DigestPart leaf);

/**
 * Passes the `n` leaves from number `first` to `done`, in order, of all kinds and as they are in the log.
 * Returns 0, what `done` returned, or -errno; -EUCLEAN when one is missing.
 */
int ledger_outbox_leaves(
	LedgerOutbox *outbox, uint64_t first, uint32_t n, LedgerLeafDone done, void *userdata) _must_check_;

/** As merkle_prove_consistency() of the log's tree. -EUCLEAN when a record is missing. */
int ledger_outbox_consistency(
	LedgerOutbox *outbox, uint64_t old_size, uint64_t size, MerklePath *ret) _must_check_;
/** As merkle_prove_subtree() of the log's tree. -EUCLEAN when a record is missing. */
int ledger_outbox_subtree(
	LedgerOutbox *outbox, uint64_t start, uint64_t end, uint64_t size, MerklePath *ret) _must_check_;

/** The rows of the query escrow for what was used since then, as an array that the caller owns. */
int ledger_outbox_escrow(LedgerOutbox *outbox, int64_t since_us, json_t **ret) _must_check_;
