/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Collects leaves and the nodes that they complete. It must not sign a checkpoint whose leaves are not stored
 * by the same transaction.
 */

#include "registry-batch.h"

#include <string.h>

#include "clinic-sql.h"
#include "database-array.h"
#include "tlog/checkpoint.h"
#include "tlog/proof.h"
#include "tlog/tlog-text.h"

enum { NUMBER_MAX = 24 };

/** The nodes of one level that this batch completes: a run without gaps. */
typedef struct Level {
	uint64_t first;
	size_t n, capacity;
	MerkleHash *hashes;
} Level;

struct RegistryBatch {
	RegistryHead head;
	MerkleTree tree; /* with what was added */
	Level levels[MERKLE_LEVELS];
	DigestPart *leaves; /* owned bytes */
	size_t n_leaves, capacity;
	char *note;
	DatabaseArray leaf_array, level_array, number_array, hash_array;
	MerkleHash edge[MERKLE_LEVELS];
	char old_size[NUMBER_MAX], new_size[NUMBER_MAX];
	DatabaseValue values[8];
};

int registry_may_append(const RegistryHead *head, Error *error)
{
	if (head->forked)
		return error_set(error, -EKEYEXPIRED,
			"the registry's log is another than what a station has seen of it: the administrator must see "
			"\"stipple-clinicd findings\" and restore the right backup");
	if (head->seen > head->size)
		return error_set(error, -EKEYEXPIRED,
			"restored: leaves must be replayed: the registry's log ends at %llu here, and stations have "
			"seen it up to %llu",
			(unsigned long long)head->size, (unsigned long long)head->seen);
	return 0;
}

int registry_batch_new(const RegistryHead *head, RegistryBatch **ret)
{
	RegistryBatch *batch = calloc(1, sizeof *batch);

	if (!batch)
		return -ENOMEM;
	batch->head = *head;
	batch->tree = head->tree;
	*ret = batch;
	return 0;
}

RegistryBatch *registry_batch_free(RegistryBatch *batch)
{
	if (!batch)
		return NULL;
	for (unsigned i = 0; i < MERKLE_LEVELS; i++)
		free(batch->levels[i].hashes);
	for (size_t i = 0; i < batch->n_leaves; i++)
		free((void *)batch->leaves[i].data);
	free(batch->leaves);
	free(batch->note);
	array_clear(&batch->leaf_array);
	array_clear(&batch->level_array);
	array_clear(&batch->number_array);
	array_clear(&batch->hash_array);
	free(batch);
	return NULL;
}

uint64_t registry_batch_size(const RegistryBatch *batch)
{
	return batch->tree.size;
}

bool registry_batch_is_empty(const RegistryBatch *batch)
{
	return batch->n_leaves == 0;
}

void registry_batch_root(const RegistryBatch *batch, MerkleHash *ret)
{
	merkle_tree_root(&batch->tree, ret);
}

/* ---- adding ---- */

static int keep_new_node(void *userdata, unsigned level, uint64_t index, const MerkleHash *hash)
{
	Level *at = &((RegistryBatch *)userdata)->levels[level];

	if (at->n == at->capacity) {
		size_t capacity = at->capacity ? 2 * at->capacity : 16;
		MerkleHash *hashes = reallocarray(at->hashes, capacity, sizeof *hashes);

		if (!hashes)
			return -ENOMEM;
		at->hashes = hashes;
		at->capacity = capacity;
	}
	if (at->n == 0)
		at->first = index;
	at->hashes[at->n++] = *hash;
	return 0;
}

/** Makes room for one more leaf, and copies it. */
static int registry_keep_leaf(RegistryBatch *batch, const void *leaf, size_t size)
{
	void *copy;

	if (batch->n_leaves == batch->capacity) {
		size_t capacity = batch->capacity ? 2 * batch->capacity : 16;
		DigestPart *leaves = reallocarray(batch->leaves, capacity, sizeof *leaves);

		if (!leaves)
			return -ENOMEM;
		batch->leaves = leaves;
		batch->capacity = capacity;
	}
	copy = malloc(size ? size : 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, leaf, size);
	batch->leaves[batch->n_leaves++] = (DigestPart){ copy, size };
	return 0;
}

int registry_batch_add_bytes(RegistryBatch *batch, const void *leaf, size_t size, Error *error)
{
	MerkleHash hash;
	int r = registry_may_append(&batch->head, error);

	if (r < 0)
		return r;
	merkle_hash_leaf(leaf, size, &hash);
	r = registry_keep_leaf(batch, leaf, size);
	r = r < 0 ? r : keep_new_node(batch, 0, batch->tree.size, &hash);
	r = r < 0 ? r : merkle_append(&batch->tree, &hash, keep_new_node, batch);
	return r < 0 ? error_set(error, -EIO, "the registry's log takes no leaf: %s", strerror(-r)) : 0;
}

int registry_batch_add(RegistryBatch *batch, json_t *leaf, Error *error)
{
	_cleanup_(freep) char *text = leaf ? json_dumps(leaf, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	json_decref(leaf);
	return text ? registry_batch_add_bytes(batch, text, strlen(text), error)
		    : error_set(error, -EIO, "no memory for the registry's record");
}

/* ---- signing ---- */

int registry_batch_sign(RegistryBatch *batch, const NoteSigner *signer, Error *error)
{
	Checkpoint checkpoint = { .size = batch->tree.size };
	int r;

	snprintf(checkpoint.origin, sizeof checkpoint.origin, "%s", note_signer_verifier(signer)->name);
	merkle_tree_root(&batch->tree, &checkpoint.root);
	r = checkpoint_sign(&checkpoint, signer, &batch->note);
	return r < 0 ? error_set(error, -EIO, "the registry's checkpoint cannot be signed: %s", strerror(-r))
		     : 0;
}

int registry_batch_take_note(RegistryBatch *batch, const char *note, Error *error)
{
	batch->note = strdup(note);
	return batch->note ? 0 : error_set(error, -EIO, "no memory for a checkpoint");
}

/* ---- proving ---- */

/** A node that the batch completed, or one of the head's edge: a proof of a new leaf needs no others. */
static int read_batch_node(void *userdata, unsigned level, uint64_t index, MerkleHash *ret)
{
	const RegistryBatch *batch = userdata;
	const Level *at = &batch->levels[level];
	uint64_t size = batch->head.size;

	if (at->n > 0 && index >= at->first && index < at->first + at->n)
		*ret = at->hashes[index - at->first];
	else if (size >> level & 1 && index == (size >> level) - 1)
		*ret = batch->head.tree.edge[level];
	else
		return -ENOENT;
	return 0;
}

int registry_pack_proof(uint64_t seq, const void *leaf, size_t size, const MerkleReader *reader,
	uint64_t log_size, const char *note, json_t **ret)
{
	_cleanup_(freep) char *text = NULL, *encoded = base64_encode(leaf, size);
	InclusionProof proof = { .index = seq, .checkpoint = note, .checkpoint_size = strlen(note) };
	int r = merkle_prove_inclusion(reader, seq, log_size, &proof.path);

	if (r < 0)
		return r;
	if (!encoded || inclusion_proof_write(&proof, &text) < 0)
		return -ENOMEM;
	*ret = json_pack("{s:I, s:s, s:s}", "seq", (json_int_t)seq, "leaf", encoded, "proof", text);
	return *ret ? 0 : -ENOMEM;
}

int registry_batch_prove(const RegistryBatch *batch, uint64_t seq, json_t **ret, Error *error)
{
	const MerkleReader reader = { .node = read_batch_node, .userdata = (void *)batch };
	const DigestPart *leaf = &batch->leaves[seq - batch->head.size];
	int r = registry_pack_proof(seq, leaf->data, leaf->size, &reader, batch->tree.size, batch->note, ret);

	return r < 0 ? error_set(error, -EIO, "the registry cannot prove leaf %llu: %s",
			       (unsigned long long)seq, strerror(-r))
		     : 0;
}

/* ---- storing ---- */

static int fill_arrays(RegistryBatch *batch)
{
	if (array_begin(&batch->leaf_array) < 0 || array_begin(&batch->level_array) < 0 ||
		array_begin(&batch->number_array) < 0 || array_begin(&batch->hash_array) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < batch->n_leaves; i++)
		array_add_bytes(&batch->leaf_array, batch->leaves[i].data, batch->leaves[i].size);
	for (unsigned level = 0; level < MERKLE_LEVELS; level++)
		for (size_t i = 0; i < batch->levels[level].n; i++) {
			array_add_number(&batch->level_array, level);
			array_add_number(
				&batch->number_array, (long long)batch->levels[level].first + (long long)i);
			array_add_bytes(
				&batch->hash_array, batch->levels[level].hashes[i].bytes, sizeof(MerkleHash));
		}
	if (array_end(&batch->leaf_array, &batch->values[1]) < 0 ||
		array_end(&batch->level_array, &batch->values[2]) < 0 ||
		array_end(&batch->number_array, &batch->values[3]) < 0 ||
		array_end(&batch->hash_array, &batch->values[4]) < 0)
		return -ENOMEM;
	return 0;
}

int registry_batch_step(RegistryBatch *batch, DatabaseStep *ret, Error *error)
{
	size_t n = 0;

	for (unsigned level = 0; level < MERKLE_LEVELS; level++)
		if (batch->tree.size >> level & 1)
			batch->edge[n++] = batch->tree.edge[level];
	if (fill_arrays(batch) < 0)
		return error_set(error, -EIO, "no memory for the registry's records");
	snprintf(batch->old_size, NUMBER_MAX, "%llu", (unsigned long long)batch->head.size);
	snprintf(batch->new_size, NUMBER_MAX, "%llu", (unsigned long long)batch->tree.size);
	batch->values[0] = (DatabaseValue){ batch->old_size, 0 };
	batch->values[5] = (DatabaseValue){ batch->new_size, 0 };
	batch->values[6] = (DatabaseValue){ batch->edge, n * sizeof batch->edge[0] };
	batch->values[7] = (DatabaseValue){ batch->note, 0 };
	*ret = (DatabaseStep){ sql_append_registry, batch->values, ELEMENTS(batch->values) };
	return 0;
}
