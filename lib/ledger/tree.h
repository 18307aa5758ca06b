/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The Merkle tree over record.hash in the ledger's file. Complete nodes from TREE_KEPT_LEVEL up are stored,
 * so a root or proof at any size reads at most two blocks of leaf hashes and one node for each level. Only
 * files of the ledger include this. All of it blocks on the disk; errors are negative errno, -EUCLEAN where a
 * hash is missing.
 */

#include "ledger/ledger-private.h"

enum { TREE_KEPT_LEVEL = MERKLE_BLOCK_LEVEL_MAX, TREE_BLOCK = 1 << TREE_KEPT_LEVEL };

/** A connection for reading the tree. `missing` names what was not found, for a person. */
typedef struct TreeReader {
	Statements *statements;
	char missing[96];
} TreeReader;

/** Appends a leaf's hash to `tree` and stores the nodes that this completes, in the caller's transaction. */
int tree_append(Statements *statements, MerkleTree *tree, const MerkleHash *leaf) _must_check_;

/** Reads a stored node. -ENOENT: it is missing; -EBADMSG: what is stored is not a hash. */
int tree_read_node(Statements *statements, unsigned level, uint64_t number, MerkleHash *ret) _must_check_;

/** Loads the tree at `size` leaves, ready to grow. */
int tree_load(TreeReader *reader, uint64_t size, MerkleTree *ret) _must_check_;
int tree_root(TreeReader *reader, uint64_t size, MerkleHash *ret) _must_check_;
int tree_prove_inclusion(TreeReader *reader, uint64_t index, uint64_t size, MerklePath *ret) _must_check_;
int tree_prove_consistency(
	TreeReader *reader, uint64_t old_size, uint64_t size, MerklePath *ret) _must_check_;

int tree_prove_subtree(
	TreeReader *reader, uint64_t start, uint64_t end, uint64_t size, MerklePath *ret) _must_check_;

/** Writes all nodes again from record.hash, in the caller's transaction. Returns an SQLite result. */
int tree_build(sqlite3 *db);
