/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Leaves that one transaction appends to the registry's log: they are collected in memory, one checkpoint
 * covers them, and one statement stores all.
 */

#include "registry-log.h"

/** Whether leaves may be appended; -EKEYEXPIRED with the sentence. */
int registry_may_append(const RegistryHead *head, Error *error) _must_check_;

typedef struct RegistryBatch RegistryBatch;

int registry_batch_new(const RegistryHead *head, RegistryBatch **ret) _must_check_;
/** Accepts NULL; returns NULL. */
RegistryBatch *registry_batch_free(RegistryBatch *batch);
DEFINE_CLEANUP(RegistryBatch *, registry_batch_free, registry_batch_freep);

/** The number that the next leaf will have. */
uint64_t registry_batch_size(const RegistryBatch *batch);
/** Adds a leaf (taken). -EIO: no memory. */
int registry_batch_add(RegistryBatch *batch, json_t *leaf, Error *error) _must_check_;
/** The same for a leaf's bytes. */
int registry_batch_add_bytes(RegistryBatch *batch, const void *leaf, size_t size, Error *error) _must_check_;
bool registry_batch_is_empty(const RegistryBatch *batch);

/** Signs the checkpoint that covers all. None is added after that. */
int registry_batch_sign(RegistryBatch *batch, const NoteSigner *signer, Error *error) _must_check_;
/** The same with a checkpoint that the registry signed before, for leaves that are brought back. */
int registry_batch_take_note(RegistryBatch *batch, const char *note, Error *error) _must_check_;
void registry_batch_root(const RegistryBatch *batch, MerkleHash *ret);
/** Proves a leaf of this batch, as registry_prove() does. */
int registry_batch_prove(const RegistryBatch *batch, uint64_t seq, json_t **ret, Error *error) _must_check_;
/** The statement that stores it. Its values are valid as long as the batch is. */
int registry_batch_step(RegistryBatch *batch, DatabaseStep *ret, Error *error) _must_check_;

/** Packs a leaf with its proof; for registry-log.c. */
int registry_pack_proof(uint64_t seq, const void *leaf, size_t size, const MerkleReader *reader,
	uint64_t log_size, const char *note, json_t **ret) _must_check_;
