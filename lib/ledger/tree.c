/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The Merkle tree in the ledger's file: storing its nodes, and reading them for roots and proofs. It must not
 * trust the file: a missing or malformed node means damage.
 */

#include "ledger/tree.h"

#include <string.h>

/* ---- writing ---- */

static int keep_node(void *userdata, unsigned level, uint64_t index, const MerkleHash *hash)
{
	int r;

	if (level < TREE_KEPT_LEVEL)
		return 0;
	r = statement_execute(userdata, "INSERT INTO tree_node(level, number, hash) VALUES(?, ?, ?)", "iib",
		(int64_t)level, (int64_t)index, hash->bytes, sizeof hash->bytes);
	/* two nodes in one place: the file does not match the tree in memory */
	return r == -EEXIST ? -EUCLEAN : r;
}

int tree_append(Statements *statements, MerkleTree *tree, const MerkleHash *leaf)
{
	return merkle_append(tree, leaf, keep_node, statements);
}

/* ---- reading ---- */

static int tell_missing_hash(TreeReader *reader, const char *what, unsigned level, uint64_t number)
{
	if (what[0] == 'n')
		snprintf(reader->missing, sizeof reader->missing, "node %llu of level %u of its tree",
			(unsigned long long)number, level);
	else
		snprintf(reader->missing, sizeof reader->missing, "the hash of record %llu",
			(unsigned long long)number + 1);
	return -EUCLEAN;
}

static int take_hash(sqlite3_stmt *row, MerkleHash *ret)
{
	DigestPart hash = column_bytes(row, 0);

	if (hash.size != DIGEST_BYTES)
		return -EUCLEAN;
	memcpy(ret->bytes, hash.data, DIGEST_BYTES);
	return 0;
}

int tree_read_node(Statements *statements, unsigned level, uint64_t number, MerkleHash *ret)
{
	_cleanup_(statement_donep) sqlite3_stmt *select = NULL;
	int r = statement_get(
		statements, "SELECT hash FROM tree_node WHERE level = ? AND number = ?", &select);

	if (r != SQLITE_OK)
		return ledger_errno(r);
	sqlite3_bind_int(select, 1, (int)level);
	sqlite3_bind_int64(select, 2, (int64_t)number);
	r = sqlite3_step(select);
	if (r == SQLITE_DONE)
		return -ENOENT;
	if (r != SQLITE_ROW)
		return ledger_errno(r);
	return take_hash(select, ret) < 0 ? -EBADMSG : 0;
}

static int read_kept_node(void *userdata, unsigned level, uint64_t index, MerkleHash *ret)
{
	TreeReader *reader = userdata;
	int r = tree_read_node(reader->statements, level, index, ret);

	return r == -ENOENT || r == -EBADMSG ? tell_missing_hash(reader, "node", level, index) : r;
}

static int read_kept_leaves(void *userdata, uint64_t first, size_t n, MerkleHash *ret)
{
	TreeReader *reader = userdata;
	_cleanup_(statement_donep) sqlite3_stmt *select = NULL;
	int r = statement_get(reader->statements,
		"SELECT hash, seq FROM record WHERE seq > ? ORDER BY seq LIMIT ?", &select);

	if (r != SQLITE_OK)
		return ledger_errno(r);
	sqlite3_bind_int64(select, 1, (int64_t)first);
	sqlite3_bind_int64(select, 2, (int64_t)n);
	for (size_t i = 0; i < n; i++) {
		r = sqlite3_step(select);
		if (r != SQLITE_ROW && r != SQLITE_DONE)
			return ledger_errno(r);
		if (r == SQLITE_DONE || (uint64_t)column_integer(select, 1) != first + i + 1 ||
			take_hash(select, &ret[i]) < 0)
			return tell_missing_hash(reader, "record", 0, first + i);
	}
	return 0;
}

static MerkleReader merkle_reader(TreeReader *reader)
{
	return (MerkleReader){ TREE_KEPT_LEVEL, read_kept_node, read_kept_leaves, reader };
}

int tree_load(TreeReader *reader, uint64_t size, MerkleTree *ret)
{
	MerkleReader merkle = merkle_reader(reader);

	return merkle_tree_read(&merkle, size, ret);
}

int tree_root(TreeReader *reader, uint64_t size, MerkleHash *ret)
{
	MerkleTree tree;
	int r = tree_load(reader, size, &tree);

	if (r < 0)
		return r;
	merkle_tree_root(&tree, ret);
	return 0;
}

int tree_prove_inclusion(TreeReader *reader, uint64_t index, uint64_t size, MerklePath *ret)
{
	MerkleReader merkle = merkle_reader(reader);

	return merkle_prove_inclusion(&merkle, index, size, ret);
}

int tree_prove_consistency(TreeReader *reader, uint64_t old_size, uint64_t size, MerklePath *ret)
{
	MerkleReader merkle = merkle_reader(reader);

	return merkle_prove_consistency(&merkle, old_size, size, ret);
}

int tree_prove_subtree(TreeReader *reader, uint64_t start, uint64_t end, uint64_t size, MerklePath *ret)
{
	MerkleReader merkle = merkle_reader(reader);

	return merkle_prove_subtree(&merkle, start, end, size, ret);
}

/* ---- from the records ---- */

static int tree_grow(Statements *statements)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *rows = NULL;
	MerkleTree tree = { 0 };
	MerkleHash leaf;
	int r = sqlite3_prepare_v2(statements->db, "SELECT hash FROM record ORDER BY seq", -1, &rows, NULL);

	if (r != SQLITE_OK)
		return r;
	while ((r = sqlite3_step(rows)) == SQLITE_ROW)
		if (take_hash(rows, &leaf) < 0 || tree_append(statements, &tree, &leaf) < 0)
			return SQLITE_CORRUPT;
	return r == SQLITE_DONE ? SQLITE_OK : r;
}

int tree_build(sqlite3 *db)
{
	Statements statements = { .db = db };
	int r = sqlite3_exec(db, "DELETE FROM tree_node", NULL, NULL, NULL);

	if (r != SQLITE_OK)
		return r;
	r = tree_grow(&statements);
	statements_clear(&statements);
	return r;
}
