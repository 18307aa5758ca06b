/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The Merkle tree of RFC 6962: growing, reading, proving, verifying. It does no I/O and stores no hashes: the
 * caller does. It must not accept a proof of the wrong length.
 */

#include "tlog/merkle.h"

#include <string.h>

#include <openssl/evp.h>

bool merkle_hash_equal(const MerkleHash *a, const MerkleHash *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

void merkle_write_hash(const MerkleHash *hash, char ret[MERKLE_HASH_TEXT_MAX])
{
	EVP_EncodeBlock((unsigned char *)ret, hash->bytes, sizeof hash->bytes);
}

void merkle_hash_leaf(const void *leaf, size_t size, MerkleHash *ret)
{
	static const uint8_t prefix = 0;
	const DigestPart parts[] = { { &prefix, 1 }, { leaf, size } };

	digest_compute(parts, size > 0 ? 2 : 1, ret->bytes);
}

void merkle_hash_node(const MerkleHash *left, const MerkleHash *right, MerkleHash *ret)
{
	uint8_t joined[1 + 2 * DIGEST_BYTES] = { 1 };

	memcpy(joined + 1, left->bytes, DIGEST_BYTES);
	memcpy(joined + 1 + DIGEST_BYTES, right->bytes, DIGEST_BYTES);
	digest_compute(&(DigestPart){ joined, sizeof joined }, 1, ret->bytes);
}

/* ---- growing ---- */

int merkle_append_node(
	MerkleTree *tree, unsigned level, const MerkleHash *node, MerkleKeep keep, void *userdata)
{
	MerkleHash hash = *node;
	uint64_t index;
	int r;

	if (level >= MERKLE_LEVELS || tree->size & (((uint64_t)1 << level) - 1))
		return -EINVAL;
	if (tree->size > MERKLE_SIZE_MAX - ((uint64_t)1 << level))
		return -EOVERFLOW;
	index = tree->size >> level;
	/* like the carry of an addition: a node that has a left neighbour joins it one level up */
	for (unsigned at = level;; at++) {
		if (at > 0 && keep && (r = keep(userdata, at, index, &hash)) < 0)
			return r;
		if (!(index & 1)) {
			tree->edge[at] = hash;
			break;
		}
		merkle_hash_node(&tree->edge[at], &hash, &hash);
		index >>= 1;
	}
	tree->size += (uint64_t)1 << level;
	return 0;
}

int merkle_append(MerkleTree *tree, const MerkleHash *leaf, MerkleKeep keep, void *userdata)
{
	return merkle_append_node(tree, 0, leaf, keep, userdata);
}

void merkle_tree_root(const MerkleTree *tree, MerkleHash *ret)
{
	MerkleHash hash;
	bool begun = false;

	if (tree->size == 0) {
		digest_compute(NULL, 0, ret->bytes);
		return;
	}
	for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
		if (!(tree->size >> level & 1))
			continue;
		if (begun)
			merkle_hash_node(&tree->edge[level], &hash, &hash);
		else
			hash = tree->edge[level];
		begun = true;
	}
	*ret = hash;
}

/* ---- reading ---- */

/** A reader with the last block of leaf hashes. */
typedef struct Source {
	const MerkleReader *reader;
	uint64_t size; /* of the tree: no leaf beyond it is requested */
	uint64_t first;
	size_t n;
	MerkleHash block[1 << MERKLE_BLOCK_LEVEL_MAX];
} Source;

/** Leaves from `begin` up to, not including, `end`. */
typedef struct Range {
	uint64_t begin, end;
} Range;

static int read_block(Source *source, uint64_t first)
{
	uint64_t n = (uint64_t)1 << source->reader->kept_level;
	int r;

	if (source->n > 0 && source->first == first)
		return 0;
	if (n > source->size - first)
		n = source->size - first;
	source->n = 0;
	r = source->reader->leaves(source->reader->userdata, first, n, source->block);
	if (r < 0)
		return r;
	source->first = first;
	source->n = n;
	return 0;
}

/** A complete node below the kept ones. */
static int compute_node(Source *source, unsigned level, uint64_t index, MerkleHash *ret)
{
	uint64_t first = index << level, mask = ((uint64_t)1 << source->reader->kept_level) - 1;
	MerkleTree tree = { 0 };
	int r;

	r = read_block(source, first & ~mask);
	if (r < 0)
		return r;
	for (size_t i = first & mask; i < (first & mask) + ((size_t)1 << level); i++) {
		r = merkle_append(&tree, &source->block[i], NULL, NULL);
		if (r < 0)
			return r;
	}
	*ret = tree.edge[level];
	return 0;
}

static int read_tree_node(Source *source, unsigned level, uint64_t index, MerkleHash *ret)
{
	if (level < source->reader->kept_level)
		return compute_node(source, level, index, ret);
	return source->reader->node(source->reader->userdata, level, index, ret);
}

/** The hash over a non-empty range that begins where a complete node of at least its length begins. */
static int read_range(Source *source, Range range, MerkleHash *ret)
{
	uint64_t length = range.end - range.begin, at = range.end;
	MerkleHash hash, left;
	bool begun = false;
	int r;

	/* from the right, where the smallest complete node is */
	for (unsigned level = 0; length >> level; level++) {
		if (!(length >> level & 1))
			continue;
		at -= (uint64_t)1 << level;
		r = read_tree_node(source, level, at >> level, begun ? &left : &hash);
		if (r < 0)
			return r;
		if (begun)
			merkle_hash_node(&left, &hash, &hash);
		begun = true;
	}
	*ret = hash;
	return 0;
}

static int source_init(Source *source, const MerkleReader *reader, uint64_t size)
{
	if (reader->kept_level > MERKLE_BLOCK_LEVEL_MAX || size > MERKLE_SIZE_MAX)
		return -EINVAL;
	source->reader = reader;
	source->size = size;
	source->n = 0;
	return 0;
}

int merkle_tree_read(const MerkleReader *reader, uint64_t size, MerkleTree *ret)
{
	MerkleTree tree = { .size = size };
	uint64_t at = size;
	Source source;
	int r;

	r = source_init(&source, reader, size);
	if (r < 0)
		return r;
	for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
		if (!(size >> level & 1))
			continue;
		at -= (uint64_t)1 << level;
		r = read_tree_node(&source, level, at >> level, &tree.edge[level]);
		if (r < 0)
			return r;
	}
	*ret = tree;
	return 0;
}

/* ---- proving ---- */

/** Where RFC 6962 splits a range of more than one leaf: the largest power of two below its length. */
static uint64_t largest_part(Range range)
{
	uint64_t length = range.end - range.begin;

	return range.begin + ((uint64_t)1 << (63 - __builtin_clzll(length - 1)));
}

/** The ranges whose hashes make a proof, from the root down. */
typedef struct Route {
	size_t n;
	Range ranges[MERKLE_PATH_MAX];
} Route;

/** Splits `range`, continues with the half that holds leaf `index` and notes the other one. */
static void descend(Route *route, Range *range, uint64_t index)
{
	uint64_t middle = largest_part(*range);
	Range left = { range->begin, middle }, right = { middle, range->end };

	*range = index < middle ? left : right;
	route->ranges[route->n++] = index < middle ? right : left;
}

static int read_route(Source *source, const Route *route, MerklePath *ret)
{
	MerklePath path = { .n = route->n };
	int r;

	for (size_t i = 0; i < route->n; i++) {
		r = read_range(source, route->ranges[route->n - 1 - i], &path.hashes[i]);
		if (r < 0)
			return r;
	}
	*ret = path;
	return 0;
}

bool merkle_is_subtree(uint64_t start, uint64_t end)
{
	uint64_t length = end - start;

	if (start >= end || end > MERKLE_SIZE_MAX)
		return false;
	return length == 1 || start % ((uint64_t)1 << (64 - __builtin_clzll(length - 1))) == 0;
}

int merkle_prove_subtree(
	const MerkleReader *reader, uint64_t start, uint64_t end, uint64_t size, MerklePath *ret)
{
	Range range = { 0, size };
	Route route = { 0 };
	Source source;
	int r;

	r = source_init(&source, reader, size);
	if (r < 0 || end > size || !merkle_is_subtree(start, end))
		return -EINVAL;
	while (range.end != end || range.begin < start)
		descend(&route, &range, end - 1);
	/* the verifier knows the subtree's hash, so the proof needs a hash only for a part of it */
	if (range.begin > start)
		route.ranges[route.n++] = range;
	return read_route(&source, &route, ret);
}

int merkle_prove_inclusion(const MerkleReader *reader, uint64_t index, uint64_t size, MerklePath *ret)
{
	return index < size ? merkle_prove_subtree(reader, index, index + 1, size, ret) : -EINVAL;
}

int merkle_prove_consistency(const MerkleReader *reader, uint64_t old_size, uint64_t size, MerklePath *ret)
{
	if (old_size > 0)
		return merkle_prove_subtree(reader, 0, old_size, size, ret);
	if (size > MERKLE_SIZE_MAX)
		return -EINVAL;
	ret->n = 0;
	return 0;
}

/* ---- verifying ---- */

/**
 * The walk from a node up to the root. fn, sn and tn are the draft's names for the numbers, on one level, of
 * the subtree's first and last node and of the tree's last node.
 */
typedef struct Walk {
	uint64_t fn, sn, tn;
} Walk;

static void walk_up(Walk *walk)
{
	walk->fn >>= 1;
	walk->sn >>= 1;
	walk->tn >>= 1;
}

/** Goes up to the largest node at the subtree's end that both trees have. */
static void walk_begin(Walk *walk)
{
	bool at_end = walk->sn == walk->tn;

	while (walk->fn != walk->sn && (at_end || walk->sn & 1))
		walk_up(walk);
}

/** Computes the hashes of the subtree and of the tree from the node that both have and the rest of the path.
 */
static int verify_walk(Walk walk, const MerkleHash *common, const MerkleHash *hashes, size_t n,
	const MerkleHash *subtree, const MerkleHash *root)
{
	MerkleHash part = *common, whole = *common;

	for (size_t i = 0; i < n; i++, walk_up(&walk)) {
		if (walk.tn == 0)
			return -EBADMSG;
		if (!(walk.sn & 1) && walk.sn != walk.tn) {
			merkle_hash_node(&whole, &hashes[i], &whole);
			continue;
		}
		if (walk.fn < walk.sn)
			merkle_hash_node(&hashes[i], &part, &part);
		merkle_hash_node(&hashes[i], &whole, &whole);
		while (!(walk.sn & 1)) /* past nodes without a sibling */
			walk_up(&walk);
	}
	return walk.tn == 0 && merkle_hash_equal(&part, subtree) && merkle_hash_equal(&whole, root)
		       ? 0
		       : -EBADMSG;
}

int merkle_verify_subtree(uint64_t start, uint64_t end, const MerkleHash *subtree, uint64_t size,
	const MerkleHash *root, const MerklePath *path)
{
	Walk walk = { start, end - 1, size - 1 };

	if (!merkle_is_subtree(start, end) || end > size || path->n > MERKLE_PATH_MAX)
		return -EBADMSG;
	walk_begin(&walk);
	if (walk.fn == walk.sn)
		return verify_walk(walk, subtree, path->hashes, path->n, subtree, root);
	if (path->n == 0)
		return -EBADMSG;
	return verify_walk(walk, &path->hashes[0], path->hashes + 1, path->n - 1, subtree, root);
}

int merkle_verify_inclusion(
	const MerkleHash *leaf, uint64_t index, uint64_t size, const MerklePath *path, const MerkleHash *root)
{
	return index < size ? merkle_verify_subtree(index, index + 1, leaf, size, root, path) : -EBADMSG;
}

static int verify_empty(const MerkleHash *old_root, const MerklePath *path)
{
	MerkleHash nothing;

	merkle_tree_root(&(MerkleTree){ 0 }, &nothing);
	return path->n == 0 && merkle_hash_equal(old_root, &nothing) ? 0 : -EBADMSG;
}

int merkle_verify_consistency(uint64_t old_size, const MerkleHash *old_root, uint64_t size,
	const MerkleHash *root, const MerklePath *path)
{
	if (old_size == 0 && (size > 0 || merkle_hash_equal(old_root, root)))
		return verify_empty(old_root, path);
	return merkle_verify_subtree(0, old_size, old_root, size, root, path);
}
