/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The registry's own log: an RFC 6962 tree in PostgreSQL, whose checkpoints the registry signs. A station
 * checks what it was granted against the registry's pinned key, so it need not trust the way that the answer
 * came.
 *
 * Errors are as in database.h, and -EKEYEXPIRED: the database is older than what a station has seen of the
 * log, or another: nothing is appended until that is healed (registry-replay.h).
 */

#include <stdbool.h>

#include <jansson.h>

#include "database.h"
#include "tlog/merkle.h"
#include "tlog/note.h"

/** The head as it was when a transaction locked it. */
typedef struct RegistryHead {
	uint64_t size;   /* the number of the next leaf */
	uint64_t seen;   /* the newest size that a station says it saw */
	bool forked;     /* a station showed another log that the registry signed */
	MerkleTree tree; /* of that size */
} RegistryHead;

/** Locks the head until the transaction ends. */
int registry_lock(PGconn *connection, RegistryHead *ret, Error *error) _must_check_;
/** Reads the head from what sql_lock_registry gave. */
int registry_read_head(const PGresult *row, RegistryHead *ret, Error *error) _must_check_;

/** Appends `leaf` (taken) as number head->size and signs the new checkpoint. Within the same transaction. */
int registry_append(PGconn *connection, const RegistryHead *head, const NoteSigner *signer, json_t *leaf,
	Error *error) _must_check_;
/**
 * A leaf with the proof that it is in the log: {"seq", "leaf", "proof"}, leaf in base64, proof as tlog-proof.
 * The caller owns it. Also within the transaction that appended it.
 */
int registry_prove(PGconn *connection, uint64_t seq, json_t **ret, Error *error) _must_check_;

/**
 * A leaf of `kind` about the station whose log is `origin`, asked for by request number `request`, with the
 * time; the caller adds the rest. NULL: no memory. Takes `more`; NULL when that had no memory.
 */
json_t *registry_leaf(const char *kind, const char *origin, const char *request, json_t *more);
/** A random number of a request, for leaves that nobody asked for. */
enum { REGISTRY_REQUEST_MAX = 37 };
void registry_request(char ret[REGISTRY_REQUEST_MAX]);
