/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The tree of the registry's log. It must not sign a checkpoint whose leaves are not stored by the same
 * transaction.
 */

#include "registry-log.h"

#include <string.h>

#include "clinic-sql.h"
#include "tlog/checkpoint.h"
#include "tlog/proof.h"
#include "tlog/tlog-text.h"

enum { NUMBER_MAX = 24 };

static const char *number(uint64_t value, char text[NUMBER_MAX])
{
	snprintf(text, NUMBER_MAX, "%llu", (unsigned long long)value);
	return text;
}

/** A bytea's text, \x..., to exactly `size` bytes. */
static int read_bytes(const char *text, void *ret, size_t size, Error *error)
{
	if (strncmp(text, "\\x", 2) != 0 || hex_decode(text + 2, ret, size) < 0)
		return error_set(error, -EIO, "the registry's log in the database is damaged");
	return 0;
}

int registry_lock(PGconn *connection, RegistryHead *ret, Error *error)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	int r = database_run(connection, sql_lock_registry, NULL, 0, &row, error);

	if (r < 0)
		return r;
	if (PQntuples(row) != 1 || strlen(PQgetvalue(row, 0, 1)) >= sizeof ret->edge)
		return error_set(error, -EIO, "the registry's log in the database is damaged");
	ret->size = strtoull(PQgetvalue(row, 0, 0), NULL, 10);
	snprintf(ret->edge, sizeof ret->edge, "%s", PQgetvalue(row, 0, 1));
	return 0;
}

static int read_edge(const RegistryHead *head, MerkleTree *ret, Error *error)
{
	MerkleHash hashes[MERKLE_LEVELS];
	size_t n = (size_t)__builtin_popcountll(head->size), at = 0;
	int r = read_bytes(head->edge, hashes, n * sizeof hashes[0], error);

	if (r < 0)
		return r;
	*ret = (MerkleTree){ .size = head->size };
	for (unsigned level = 0; level < MERKLE_LEVELS; level++)
		if (head->size >> level & 1)
			ret->edge[level] = hashes[at++];
	return 0;
}

/** Where nodes go: a connection and the reason of a failure. */
typedef struct Keeping {
	PGconn *connection;
	Error *error;
} Keeping;

static int keep_node(void *userdata, unsigned level, uint64_t index, const MerkleHash *hash)
{
	Keeping *keeping = userdata;
	char levels[NUMBER_MAX], index_text[NUMBER_MAX];
	const DatabaseValue values[] = { { number(level, levels), 0 }, { number(index, index_text), 0 },
		{ hash->bytes, sizeof hash->bytes } };

	return database_do(
		keeping->connection, sql_add_registry_node, values, ELEMENTS(values), keeping->error);
}

static int sign_head(const MerkleTree *tree, const NoteSigner *signer, char **ret, Error *error)
{
	Checkpoint checkpoint = { .size = tree->size };
	int r;

	snprintf(checkpoint.origin, sizeof checkpoint.origin, "%s", note_signer_verifier(signer)->name);
	merkle_tree_root(tree, &checkpoint.root);
	r = checkpoint_sign(&checkpoint, signer, ret);
	return r < 0 ? error_set(error, -EIO, "the registry's checkpoint cannot be signed: %s", strerror(-r))
		     : 0;
}

static int store_head(PGconn *connection, const MerkleTree *tree, const char *note, Error *error)
{
	MerkleHash hashes[MERKLE_LEVELS];
	char size[NUMBER_MAX];
	size_t n = 0;

	for (unsigned level = 0; level < MERKLE_LEVELS; level++)
		if (tree->size >> level & 1)
			hashes[n++] = tree->edge[level];
	const DatabaseValue values[] = { { number(tree->size, size), 0 }, { hashes, n * sizeof hashes[0] },
		{ note, 0 } };

	return database_do(connection, sql_advance_registry, values, ELEMENTS(values), error);
}

int registry_append(
	PGconn *connection, const RegistryHead *head, const NoteSigner *signer, json_t *leaf, Error *error)
{
	_cleanup_(freep) char *text = leaf ? json_dumps(leaf, JSON_COMPACT | JSON_SORT_KEYS) : NULL,
			      *note = NULL;
	Keeping keeping = { connection, error };
	char seq[NUMBER_MAX];
	const DatabaseValue values[] = { { number(head->size, seq), 0 }, { text, text ? strlen(text) : 0 } };
	MerkleTree tree;
	MerkleHash hash;
	int r;

	json_decref(leaf);
	if (!text)
		return error_set(error, -EIO, "no memory for the registry's record");
	r = read_edge(head, &tree, error);
	if (r < 0)
		return r;
	merkle_hash_leaf(text, strlen(text), &hash);
	r = database_do(connection, sql_add_registry_leaf, values, ELEMENTS(values), error);
	if (r < 0)
		return r;
	r = keep_node(&keeping, 0, head->size, &hash);
	if (r < 0)
		return r;
	r = merkle_append(&tree, &hash, keep_node, &keeping);
	if (r < 0)
		return r == -EOVERFLOW ? error_set(error, -EIO, "the registry's log is full") : r;
	r = sign_head(&tree, signer, &note, error);
	return r < 0 ? r : store_head(connection, &tree, note, error);
}

static int read_node(void *userdata, unsigned level, uint64_t index, MerkleHash *ret)
{
	Keeping *keeping = userdata;
	_cleanup_(PQclearp) PGresult *row = NULL;
	char levels[NUMBER_MAX], index_text[NUMBER_MAX];
	const DatabaseValue values[] = { { number(level, levels), 0 }, { number(index, index_text), 0 } };
	int r = database_run(
		keeping->connection, sql_registry_node, values, ELEMENTS(values), &row, keeping->error);

	if (r < 0)
		return r;
	if (PQntuples(row) != 1)
		return error_set(keeping->error, -EIO, "the registry's tree lacks node %llu of level %u",
			(unsigned long long)index, level);
	return read_bytes(PQgetvalue(row, 0, 0), ret->bytes, sizeof ret->bytes, keeping->error);
}

static int pack_proof(uint64_t seq, const void *leaf, size_t size, const InclusionProof *proof, json_t **ret)
{
	_cleanup_(freep) char *text = NULL, *encoded = base64_encode(leaf, size);

	if (!encoded || inclusion_proof_write(proof, &text) < 0)
		return -EIO;
	*ret = json_pack("{s:I, s:s, s:s}", "seq", (json_int_t)seq, "leaf", encoded, "proof", text);
	return *ret ? 0 : -EIO;
}

int registry_prove(PGconn *connection, uint64_t seq, json_t **ret, Error *error)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	Keeping keeping = { connection, error };
	const MerkleReader reader = { .node = read_node, .userdata = &keeping };
	InclusionProof proof = { .index = seq };
	unsigned char *leaf;
	char text[NUMBER_MAX];
	size_t size;
	int r = database_run(
		connection, sql_registry_head, &(DatabaseValue){ number(seq, text), 0 }, 1, &row, error);

	if (r < 0)
		return r;
	if (PQntuples(row) != 1)
		return error_set(error, -EIO, "the registry's log has no leaf %llu", (unsigned long long)seq);
	proof.checkpoint = PQgetvalue(row, 0, 1);
	proof.checkpoint_size = strlen(proof.checkpoint);
	r = merkle_prove_inclusion(&reader, seq, strtoull(PQgetvalue(row, 0, 0), NULL, 10), &proof.path);
	if (r < 0)
		return error_set(error, -EIO, "the registry cannot prove leaf %llu", (unsigned long long)seq);
	leaf = PQunescapeBytea((unsigned char *)PQgetvalue(row, 0, 2), &size);
	r = leaf ? pack_proof(seq, leaf, size, &proof, ret) : -EIO;
	PQfreemem(leaf);
	return r < 0 ? error_set(error, r, "no memory for a proof") : 0;
}
