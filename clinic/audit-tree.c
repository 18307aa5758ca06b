/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Proves that a record is in the log of its station. The nodes over blocks of 256 records are made of the
 * records when the first proof needs them, and kept. They must give the root that the station signed:
 * otherwise the records in the database are not what was mirrored.
 */

#include <string.h>

#include "audit.h"
#include "clinic-sql.h"
#include "tlog/proof.h"

enum { KEPT_LEVEL = MERKLE_BLOCK_LEVEL_MAX, BLOCK = 1 << KEPT_LEVEL, NUMBER_MAX = 24 };

/** Where nodes come from and go to. */
typedef struct Tree {
	PGconn *connection;
	const char *station;
	Error *error;
} Tree;

static const char *tree_number(uint64_t value, char text[NUMBER_MAX])
{
	snprintf(text, NUMBER_MAX, "%llu", (unsigned long long)value);
	return text;
}

static int take_bytea(const PGresult *rows, int row, int column, unsigned char **ret, size_t *ret_size)
{
	*ret = PQunescapeBytea((unsigned char *)PQgetvalue(rows, row, column), ret_size);
	return *ret ? 0 : -ENOMEM;
}

static int read_mirror_node(void *userdata, unsigned level, uint64_t index, MerkleHash *ret)
{
	Tree *tree = userdata;
	_cleanup_(PQclearp) PGresult *row = NULL;
	char levels[NUMBER_MAX], number[NUMBER_MAX];
	const DatabaseValue values[] = { { tree->station, 0 }, { tree_number(level, levels), 0 },
		{ tree_number(index, number), 0 } };
	unsigned char *hash;
	size_t size;
	int r = database_run(tree->connection, sql_audit_node, values, ELEMENTS(values), &row, tree->error);

	if (r < 0)
		return r;
	if (PQntuples(row) != 1 || take_bytea(row, 0, 0, &hash, &size) < 0)
		return error_set(tree->error, -EIO, "the mirror lacks node %llu of level %u of a log's tree",
			(unsigned long long)index, level);
	if (size == sizeof ret->bytes)
		memcpy(ret->bytes, hash, size);
	PQfreemem(hash);
	return size == sizeof ret->bytes ? 0
					 : error_set(tree->error, -EIO, "a node of a log's tree is no hash");
}

static int read_leaf_hashes(void *userdata, uint64_t first, size_t n, MerkleHash *ret)
{
	Tree *tree = userdata;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	char begin[NUMBER_MAX], end[NUMBER_MAX];
	const DatabaseValue values[] = { { tree->station, 0 }, { tree_number(first, begin), 0 },
		{ tree_number(first + n, end), 0 } };
	int r = database_run(tree->connection, sql_leaves, values, ELEMENTS(values), &rows, tree->error);

	if (r < 0)
		return r;
	if ((size_t)PQntuples(rows) != n)
		return error_set(tree->error, -EIO, "the mirror lacks records between %llu and %llu",
			(unsigned long long)first + 1, (unsigned long long)first + n);
	for (int i = 0; i < PQntuples(rows); i++) {
		unsigned char *leaf;
		size_t size;

		if (take_bytea(rows, i, 0, &leaf, &size) < 0)
			return error_set(tree->error, -EIO, "no memory for records");
		merkle_hash_leaf(leaf, size, &ret[i]);
		PQfreemem(leaf);
	}
	return 0;
}

static int keep_mirror_node(void *userdata, unsigned level, uint64_t index, const MerkleHash *hash)
{
	Tree *tree = userdata;
	char levels[NUMBER_MAX], number[NUMBER_MAX];
	const DatabaseValue values[] = { { tree->station, 0 }, { tree_number(level, levels), 0 },
		{ tree_number(index, number), 0 }, { hash->bytes, sizeof hash->bytes } };

	return level < KEPT_LEVEL ? 0
				  : database_do(tree->connection, sql_audit_keep_node, values,
					    ELEMENTS(values), tree->error);
}

/** How many blocks have their node. */
static int count_blocks(Tree *tree, uint64_t *ret)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	int r = database_run(tree->connection, sql_audit_nodes_kept, &(DatabaseValue){ tree->station, 0 }, 1,
		&row, tree->error);

	if (r >= 0)
		*ret = strtoull(PQgetvalue(row, 0, 0), NULL, 10);
	return r;
}

/** Makes the nodes of the blocks that are complete at `size` records. */
static int make_nodes(Tree *tree, const MerkleReader *reader, uint64_t size)
{
	MerkleHash hashes[BLOCK];
	MerkleTree grown;
	uint64_t blocks = 0;
	int r = count_blocks(tree, &blocks);

	if (r < 0 || blocks >= size / BLOCK)
		return r;
	r = merkle_tree_read(reader, blocks * BLOCK, &grown);
	for (; r >= 0 && blocks < size / BLOCK; blocks++) {
		r = read_leaf_hashes(tree, blocks * BLOCK, BLOCK, hashes);
		for (size_t i = 0; i < BLOCK && r >= 0; i++)
			r = merkle_append(&grown, &hashes[i], keep_mirror_node, tree);
	}
	return r;
}

static int audit_check_root(const MerkleReader *reader, uint64_t size, const char *note, Error *error)
{
	Checkpoint checkpoint;
	MerkleTree tree;
	MerkleHash root;
	size_t text_size;
	int r = note_read(note, strlen(note), &text_size, error);

	r = r < 0 ? r : checkpoint_parse(note, text_size, &checkpoint, error);
	r = r < 0 ? r : merkle_tree_read(reader, size, &tree);
	if (r < 0)
		return r;
	merkle_tree_root(&tree, &root);
	return checkpoint.size == size && merkle_hash_equal(&root, &checkpoint.root)
		       ? 0
		       : error_set(error, -EIO,
				 "the records in the database are not those that %.100s signed: keep the database as it is, "
				 "and compare it with a backup",
				 checkpoint.origin);
}

static int audit_write_proof(
	Tree *tree, const MerkleReader *reader, uint64_t entry, uint64_t size, const char *note, char **ret)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	char begin[NUMBER_MAX], end[NUMBER_MAX];
	const DatabaseValue values[] = { { tree->station, 0 }, { tree_number(entry, begin), 0 },
		{ tree_number(entry + 1, end), 0 } };
	InclusionProof proof = { .index = entry, .checkpoint = note, .checkpoint_size = strlen(note) };
	unsigned char *leaf;
	int r = merkle_prove_inclusion(reader, entry, size, &proof.path);

	r = r < 0 ? r
		  : database_run(tree->connection, sql_leaves, values, ELEMENTS(values), &row, tree->error);
	if (r < 0)
		return r;
	if (PQntuples(row) != 1 || take_bytea(row, 0, 0, &leaf, &proof.extra_size) < 0)
		return error_set(tree->error, -EIO, "the mirror lacks the record");
	proof.extra = leaf;
	r = inclusion_proof_write(&proof, ret);
	PQfreemem(leaf);
	return r < 0 ? error_set(tree->error, -EIO, "the proof cannot be written: %s", strerror(-r)) : 0;
}

/** Nodes are kept only once they give the root that was signed. */
int audit_prove_record(PGconn *connection, const char *station, uint64_t entry, uint64_t size,
	const char *note, char **ret, Error *error)
{
	Tree tree = { connection, station, error };
	const MerkleReader reader = { .kept_level = KEPT_LEVEL,
		.node = read_mirror_node,
		.leaves = read_leaf_hashes,
		.userdata = &tree };
	int r = database_do(connection, "BEGIN", NULL, 0, error);

	r = r < 0 ? r : make_nodes(&tree, &reader, size);
	r = r < 0 ? r : audit_check_root(&reader, size, note, error);
	r = r < 0 ? r : database_do(connection, "COMMIT", NULL, 0, error);
	r = r < 0 ? r : audit_write_proof(&tree, &reader, entry, size, note, ret);
	return r == -EINVAL ? error_set(error, -EIO, "the log's tree has no such record") : r;
}
