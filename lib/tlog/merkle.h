/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The Merkle tree of RFC 6962 section 2.1 (the same as RFC 9162 section 2.1) over SHA-256: growing it leaf by
 * leaf, its root at any size, and proofs. Nothing here does I/O. The caller stores the hashes: a growing tree
 * passes it the nodes worth storing, and proofs request a few of them through a MerkleReader.
 *
 * A node (level, index) is the root over the 2^level leaves from index * 2^level; level 0 are the leaf
 * hashes. Such a complete node never changes again, however the tree grows.
 *
 * A function that can fail returns 0, or what a callback returned. Outputs are untouched on failure.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/digest.h"

#define MERKLE_SIZE_MAX ((uint64_t)INT64_MAX) /* number of leaves that a database can count */

enum {
	MERKLE_LEVELS = 63,         /* of complete nodes in a tree of MERKLE_SIZE_MAX leaves */
	MERKLE_PATH_MAX = 64,       /* hashes of the longest proof: levels, and one more for consistency */
	MERKLE_HASH_TEXT_MAX = 45,  /* base64 of a hash with its NUL */
	MERKLE_BLOCK_LEVEL_MAX = 8, /* largest MerkleReader.kept_level */
};

typedef struct MerkleHash {
	uint8_t bytes[DIGEST_BYTES];
} MerkleHash;

bool merkle_hash_equal(const MerkleHash *a, const MerkleHash *b);

/** Writes a hash as in checkpoints and proofs: base64, NUL-terminated. */
void merkle_write_hash(const MerkleHash *hash, char ret[MERKLE_HASH_TEXT_MAX]);

/** SHA-256(0x00 || leaf). */
void merkle_hash_leaf(const void *leaf, size_t size, MerkleHash *ret);

/** SHA-256(0x01 || left || right). */
void merkle_hash_node(const MerkleHash *left, const MerkleHash *right, MerkleHash *ret);

/**
 * A growing tree. A zeroed one is the empty tree. `edge[level]` holds a hash if bit `level` of `size` is set:
 * the complete nodes, largest first, that make up the tree. It is a plain value: copy it to be able to go
 * back.
 */
typedef struct MerkleTree {
	uint64_t size;
	MerkleHash edge[MERKLE_LEVELS];
} MerkleTree;

/** Takes a node, of any level from 1, that has just become complete; a negative errno ends the append. */
typedef int (*MerkleKeep)(void *userdata, unsigned level, uint64_t index, const MerkleHash *hash);

/**
 * Appends a leaf hash; computes one hash on average. `keep` (may be NULL) gets the nodes that this completes,
 * lowest first. The tree is untouched on failure, though `keep` may have been called. -EOVERFLOW when it is
 * full.
 */
int merkle_append(MerkleTree *tree, const MerkleHash *leaf, MerkleKeep keep, void *userdata) _must_check_;

/**
 * Appends 2^level leaves for which only their common node is known, such as one computed by another thread.
 * -EINVAL unless `level` < MERKLE_LEVELS and the tree's size is a multiple of 2^level.
 */
int merkle_append_node(MerkleTree *tree, unsigned level, const MerkleHash *node, MerkleKeep keep,
	void *userdata) _must_check_;

/** The root of the tree; SHA-256 of nothing when it is empty. */
void merkle_tree_root(const MerkleTree *tree, MerkleHash *ret);

/**
 * Where proofs get the hashes of a tree. Nodes of `kept_level` (0 to MERKLE_BLOCK_LEVEL_MAX) and above are
 * requested one by one; lower ones are computed from leaf hashes, which are requested in blocks. With
 * `kept_level` 8 there is one kept node for 128 leaves, and a proof reads at most two blocks of 256 leaf
 * hashes and one node for each level above. Both functions return 0 or a negative errno, which ends the
 * computation.
 */
typedef struct MerkleReader {
	unsigned kept_level;
	int (*node)(void *userdata, unsigned level, uint64_t index, MerkleHash *ret);
	/** `n` leaf hashes from number `first`, at most 2^kept_level; not used when `kept_level` is 0. */
	int (*leaves)(void *userdata, uint64_t first, size_t n, MerkleHash *ret);
	void *userdata;
} MerkleReader;

/**
 * The tree as it was at `size` leaves, for its root or for further growth. It makes as many reads as `size`
 * has bits set. -EINVAL above MERKLE_SIZE_MAX. The values read are not verified; compare the root with a
 * signed one.
 */
int merkle_tree_read(const MerkleReader *reader, uint64_t size, MerkleTree *ret) _must_check_;

/** Hashes of a proof, in the order of RFC 6962. */
typedef struct MerklePath {
	size_t n;
	MerkleHash hashes[MERKLE_PATH_MAX];
} MerklePath;

/**
 * Whether the leaves from `start` up to, not including, `end` are a subtree that a proof can be about: not
 * empty, and `start` is a multiple of the smallest power of two that is not below their number
 * (draft-ietf-plants-merkle-tree-certs-02 section 4.1).
 */
bool merkle_is_subtree(uint64_t start, uint64_t end);

/**
 * SUBTREE_PROOF(start, end, D[size]) of draft-ietf-plants-merkle-tree-certs-02 section 4.4.1, as tlog-mirror
 * sends it with each package of entries. Inclusion is the case of one leaf, consistency that of `start` 0.
 * -EINVAL unless it is a subtree and end <= size <= MERKLE_SIZE_MAX.
 */
int merkle_prove_subtree(const MerkleReader *reader, uint64_t start, uint64_t end, uint64_t size,
	MerklePath *ret) _must_check_;

/** PATH(index, D[size]) of RFC 6962 section 2.1.1. -EINVAL unless index < size <= MERKLE_SIZE_MAX. */
int merkle_prove_inclusion(
	const MerkleReader *reader, uint64_t index, uint64_t size, MerklePath *ret) _must_check_;

/**
 * PROOF(old_size, D[size]) of RFC 6962 section 2.1.2; empty when old_size is 0 or `size`. -EINVAL unless
 * old_size <= size <= MERKLE_SIZE_MAX.
 */
int merkle_prove_consistency(
	const MerkleReader *reader, uint64_t old_size, uint64_t size, MerklePath *ret) _must_check_;

/**
 * Checks that the leaves from `start` up to, not including, `end`, whose hash is `subtree`, are those of the
 * tree of `size` leaves and this root (section 4.4.3 of the draft). -EBADMSG when that is not proved.
 */
int merkle_verify_subtree(uint64_t start, uint64_t end, const MerkleHash *subtree, uint64_t size,
	const MerkleHash *root, const MerklePath *path) _must_check_;

/**
 * Checks that the leaf with this hash is number `index` in the tree of `size` leaves and this root (RFC 9162
 * section 2.1.3.2). -EBADMSG when that is not proved.
 */
int merkle_verify_inclusion(const MerkleHash *leaf, uint64_t index, uint64_t size, const MerklePath *path,
	const MerkleHash *root) _must_check_;

/**
 * Checks that the tree of `size` leaves begins with the tree of `old_size` leaves (RFC 9162 section 2.1.4.2);
 * every tree begins with the empty one, whose root must be that of no leaves. -EBADMSG when that is not
 * proved.
 */
int merkle_verify_consistency(uint64_t old_size, const MerkleHash *old_root, uint64_t size,
	const MerkleHash *root, const MerklePath *path) _must_check_;
