/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The registry's own log: an RFC 6962 tree in PostgreSQL, whose checkpoints the registry signs. A station
 * checks what it was granted against the registry's pinned key, so it need not trust the way that the answer
 * came.
 */

#include <jansson.h>

#include "database.h"
#include "tlog/note.h"

/** What a transaction that appends knows of the head. */
typedef struct RegistryHead {
	uint64_t size;   /* the number of the next leaf */
	char edge[8192]; /* as text of a bytea */
} RegistryHead;

/** Locks the head until the transaction ends. Errors as in database.h. */
int registry_lock(PGconn *connection, RegistryHead *ret, Error *error) _must_check_;
/** Appends `leaf` (taken) as number head->size and signs the new checkpoint. Within the same transaction. */
int registry_append(PGconn *connection, const RegistryHead *head, const NoteSigner *signer, json_t *leaf,
	Error *error) _must_check_;
/**
 * A leaf with the proof that it is in the log: {"seq", "leaf", "proof"}, leaf in base64, proof as tlog-proof.
 * The caller owns it. Also within the transaction that appended it.
 */
int registry_prove(PGconn *connection, uint64_t seq, json_t **ret, Error *error) _must_check_;
