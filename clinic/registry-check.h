/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Whether the registry's log in a database is whole: its root, computed from all leaves, is the signed one.
 */

#include "database.h"
#include "tlog/checkpoint.h"

typedef struct RegistryFacts {
	uint64_t size;                   /* leaves; 0: nothing was granted yet, and there is no checkpoint */
	char root[MERKLE_HASH_TEXT_MAX]; /* "" without a checkpoint */
	uint64_t stations, records;
} RegistryFacts;

/**
 * Reads all leaves within the caller's transaction. -EBADMSG: the log is damaged, or signed by another key;
 * else as in database.h.
 */
int registry_check(
	PGconn *connection, const NoteVerifier *signer, RegistryFacts *ret, Error *error) _must_check_;
