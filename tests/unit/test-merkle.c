/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The Merkle tree of the log: roots and proofs are those of RFC 6962, for every small tree and for samples of
 * large ones, and a changed proof is refused.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <openssl/sha.h>

#include "tlog/merkle.h"

/* All trees up to this size are held against the definition; larger ones by samples. */
enum { SMALL = 300, LARGE = 70000 };

static MerkleHash leaves[LARGE];

static MerkleHash from_hex(const char *text)
{
	MerkleHash hash;

	assert_int_equal(hex_decode(text, hash.bytes, sizeof hash.bytes), 0);
	return hash;
}

static void assert_hash(const MerkleHash *hash, const MerkleHash *expected)
{
	assert_memory_equal(hash->bytes, expected->bytes, sizeof hash->bytes);
}

static void assert_path(const MerklePath *path, const MerklePath *expected)
{
	assert_int_equal(path->n, expected->n);
	assert_memory_equal(path->hashes, expected->hashes, path->n * sizeof path->hashes[0]);
}

/* ---- the definitions of RFC 6962 section 2.1, word for word ---- */

static MerkleHash known[SMALL + 1][SMALL + 1];
static bool is_known[SMALL + 1][SMALL + 1];

static uint64_t largest_power_below(uint64_t n)
{
	uint64_t k = 1;

	while (k * 2 < n)
		k *= 2;
	return k;
}

/** MTH(D[begin:end]); results for small trees are remembered. */
static MerkleHash naive_hash(uint64_t begin, uint64_t end)
{
	uint8_t joined[65] = { 1 };
	MerkleHash left, right, hash;
	uint64_t k;

	if (end - begin == 1)
		return leaves[begin];
	if (end <= SMALL && is_known[begin][end])
		return known[begin][end];
	k = largest_power_below(end - begin);
	left = naive_hash(begin, begin + k);
	right = naive_hash(begin + k, end);
	memcpy(joined + 1, left.bytes, 32);
	memcpy(joined + 33, right.bytes, 32);
	SHA256(joined, sizeof joined, hash.bytes);
	if (end <= SMALL) {
		known[begin][end] = hash;
		is_known[begin][end] = true;
	}
	return hash;
}

static MerkleHash naive_root(uint64_t size)
{
	MerkleHash nothing;

	if (size > 0)
		return naive_hash(0, size);
	SHA256(NULL, 0, nothing.bytes);
	return nothing;
}

/** PATH(m, D[begin:end]) appended to `path`. */
static void naive_path(uint64_t m, uint64_t begin, uint64_t end, MerklePath *path)
{
	uint64_t k;

	if (end - begin == 1)
		return;
	k = largest_power_below(end - begin);
	if (m < k)
		naive_path(m, begin, begin + k, path);
	else
		naive_path(m - k, begin + k, end, path);
	path->hashes[path->n++] = m < k ? naive_hash(begin + k, end) : naive_hash(begin, begin + k);
}

/** SUBPROOF(m, D[begin:end], whole) appended to `path`. */
static void naive_subproof(uint64_t m, uint64_t begin, uint64_t end, bool whole, MerklePath *path)
{
	uint64_t k;

	if (m == end - begin) {
		if (!whole)
			path->hashes[path->n++] = naive_hash(begin, end);
		return;
	}
	k = largest_power_below(end - begin);
	if (m <= k)
		naive_subproof(m, begin, begin + k, whole, path);
	else
		naive_subproof(m - k, begin + k, end, false, path);
	path->hashes[path->n++] = m <= k ? naive_hash(begin + k, end) : naive_hash(begin, begin + k);
}

/**
 * SUBTREE_SUBPROOF(start, end, D[begin:stop], whole) of draft-ietf-plants-merkle-tree-certs-02 section 4.4.1,
 * appended to `path`; start and end count from `begin`.
 */
static void naive_subtree_proof(
	uint64_t start, uint64_t end, uint64_t begin, uint64_t stop, bool whole, MerklePath *path)
{
	uint64_t k;

	if (start == 0 && end == stop - begin) {
		if (!whole)
			path->hashes[path->n++] = naive_hash(begin, stop);
		return;
	}
	k = largest_power_below(stop - begin);
	if (end <= k) {
		naive_subtree_proof(start, end, begin, begin + k, whole, path);
		path->hashes[path->n++] = naive_hash(begin + k, stop);
	} else if (k <= start) {
		naive_subtree_proof(start - k, end - k, begin + k, stop, whole, path);
		path->hashes[path->n++] = naive_hash(begin, begin + k);
	} else {
		assert_int_equal(start, 0);
		naive_subtree_proof(0, end - k, begin + k, stop, false, path);
		path->hashes[path->n++] = naive_hash(begin, begin + k);
	}
}

/* ---- a store, as a ledger would be one ---- */

typedef struct Store {
	MerkleTree tree;
	unsigned kept_level;
	MerkleHash *nodes[MERKLE_LEVELS]; /* [level][index] */
	uint64_t kept[MERKLE_LEVELS];
	unsigned nodes_read, blocks_read;
	int fail; /* returned by the next read, when negative */
} Store;

static int store_keep(void *userdata, unsigned level, uint64_t index, const MerkleHash *hash)
{
	Store *store = userdata;

	assert_int_equal(index, store->kept[level]); /* each node once, and in order */
	assert_true(level > 0);
	store->kept[level]++;
	if (level < store->kept_level)
		return 0;
	if (!store->nodes[level])
		store->nodes[level] = calloc(LARGE >> level, sizeof *hash);
	assert_non_null(store->nodes[level]);
	store->nodes[level][index] = *hash;
	return 0;
}

static int store_node(void *userdata, unsigned level, uint64_t index, MerkleHash *ret)
{
	Store *store = userdata;

	store->nodes_read++;
	if (store->fail < 0)
		return store->fail;
	assert_true(level >= store->kept_level);
	if (level == 0) {
		assert_true(index < store->tree.size);
		*ret = leaves[index];
		return 0;
	}
	assert_true(index < store->kept[level]);
	*ret = store->nodes[level][index];
	return 0;
}

static int store_leaves(void *userdata, uint64_t first, size_t n, MerkleHash *ret)
{
	Store *store = userdata;

	store->blocks_read++;
	if (store->fail < 0)
		return store->fail;
	assert_int_equal(first % (1u << store->kept_level), 0);
	assert_true(n > 0 && n <= 1u << store->kept_level);
	assert_true(first + n <= store->tree.size);
	memcpy(ret, &leaves[first], n * sizeof *ret);
	return 0;
}

static MerkleReader store_reader(Store *store)
{
	return (MerkleReader){ store->kept_level, store_node, store_leaves, store };
}

static void store_append(Store *store)
{
	assert_int_equal(merkle_append(&store->tree, &leaves[store->tree.size], store_keep, store), 0);
}

static Store *store_new(unsigned kept_level, uint64_t size)
{
	Store *store = calloc(1, sizeof *store);

	assert_non_null(store);
	store->kept_level = kept_level;
	while (store->tree.size < size)
		store_append(store);
	return store;
}

static void store_free(Store *store)
{
	for (unsigned level = 0; level < MERKLE_LEVELS; level++)
		free(store->nodes[level]);
	free(store);
}

static int set_up(void **state)
{
	for (size_t i = 0; i < LARGE; i++) {
		char text[32];

		(void)snprintf(text, sizeof text, "record %zu", i);
		merkle_hash_leaf(text, strlen(text), &leaves[i]);
	}
	return 0;
}

/* ---- published values: the reference tree of Certificate Transparency ---- */

static const char *const reference_leaves[] = { "", "00", "10", "2021", "3031", "40414243",
	"5051525354555657", "606162636465666768696a6b6c6d6e6f" };

static const char *const reference_roots[] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static MerkleHash reference_hashes[ELEMENTS(reference_leaves)];

static int reference_leaf_hashes(void *userdata, uint64_t first, size_t n, MerkleHash *ret)
{
	memcpy(ret, &reference_hashes[first], n * sizeof *ret);
	return 0;
}

static const MerkleReader reference_reader = { .kept_level = 4, .leaves = reference_leaf_hashes };

static void make_reference_hashes(void)
{
	for (size_t i = 0; i < ELEMENTS(reference_leaves); i++) {
		size_t size = strlen(reference_leaves[i]) / 2;
		uint8_t leaf[16];

		assert_int_equal(hex_decode(reference_leaves[i], leaf, size), 0);
		merkle_hash_leaf(leaf, size, &reference_hashes[i]);
	}
}

static void test_reference_roots(void **state)
{
	MerkleTree tree = { 0 };

	make_reference_hashes();
	for (size_t size = 0; size < ELEMENTS(reference_roots); size++) {
		MerkleHash root, expected = from_hex(reference_roots[size]);

		merkle_tree_root(&tree, &root);
		assert_hash(&root, &expected);
		if (size < ELEMENTS(reference_leaves))
			assert_int_equal(merkle_append(&tree, &reference_hashes[size], NULL, NULL), 0);
	}
}

static MerklePath path_of(const char *const hashes[3])
{
	MerklePath path = { 0 };

	while (path.n < 3 && hashes[path.n]) {
		path.hashes[path.n] = from_hex(hashes[path.n]);
		path.n++;
	}
	return path;
}

static void test_reference_inclusion(void **state)
{
	static const struct {
		uint64_t index, size;
		const char *hashes[3];
	} rows[] = {
		{ 0, 1, { NULL } },
		{ 0, 8,
			{ "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
				"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
				"6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4" } },
		{ 5, 8,
			{ "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
				"ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
				"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" } },
		{ 2, 3, { "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" } },
		{ 1, 5,
			{ "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
				"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
				"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b" } },
	};

	make_reference_hashes();
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		MerklePath path, expected = path_of(rows[i].hashes);
		MerkleHash root = from_hex(reference_roots[rows[i].size]);

		assert_int_equal(
			merkle_prove_inclusion(&reference_reader, rows[i].index, rows[i].size, &path), 0);
		assert_path(&path, &expected);
		assert_int_equal(merkle_verify_inclusion(&reference_hashes[rows[i].index], rows[i].index,
					 rows[i].size, &expected, &root),
			0);
	}
}

static void test_reference_consistency(void **state)
{
	static const struct {
		uint64_t old_size, size;
		const char *hashes[3];
	} rows[] = {
		{ 1, 1, { NULL } },
		{ 1, 8,
			{ "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
				"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
				"6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4" } },
		{ 6, 8,
			{ "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
				"ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
				"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" } },
		{ 2, 5,
			{ "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
				"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b" } },
		{ 6, 7,
			{ "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
				"b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
				"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" } },
	};

	make_reference_hashes();
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		MerklePath path, expected = path_of(rows[i].hashes);
		MerkleHash old_root = from_hex(reference_roots[rows[i].old_size]),
			   root = from_hex(reference_roots[rows[i].size]);

		assert_int_equal(
			merkle_prove_consistency(&reference_reader, rows[i].old_size, rows[i].size, &path),
			0);
		assert_path(&path, &expected);
		assert_int_equal(merkle_verify_consistency(
					 rows[i].old_size, &old_root, rows[i].size, &root, &expected),
			0);
	}
}

/* ---- against the definitions ---- */

static void check_inclusion(Store *store, uint64_t index, uint64_t size, const MerkleHash *root)
{
	MerkleReader reader = store_reader(store);
	MerklePath path, expected = { 0 };

	naive_path(index, 0, size, &expected);
	assert_int_equal(merkle_prove_inclusion(&reader, index, size, &path), 0);
	assert_path(&path, &expected);
	assert_int_equal(merkle_verify_inclusion(&leaves[index], index, size, &path, root), 0);
}

static void check_consistency(Store *store, uint64_t old_size, uint64_t size, const MerkleHash *root)
{
	MerkleReader reader = store_reader(store);
	MerkleHash old_root = naive_root(old_size);
	MerklePath path, expected = { 0 };

	if (old_size > 0)
		naive_subproof(old_size, 0, size, true, &expected);
	assert_int_equal(merkle_prove_consistency(&reader, old_size, size, &path), 0);
	assert_path(&path, &expected);
	assert_int_equal(merkle_verify_consistency(old_size, &old_root, size, root, &path), 0);
}

static void check_tree(Store *store)
{
	MerkleReader reader = store_reader(store);
	MerkleHash root, expected = naive_root(store->tree.size);
	MerkleTree again;

	merkle_tree_root(&store->tree, &root);
	assert_hash(&root, &expected);
	assert_int_equal(merkle_tree_read(&reader, store->tree.size, &again), 0);
	merkle_tree_root(&again, &root);
	assert_hash(&root, &expected);
}

static void check_all_sizes(unsigned kept_level, unsigned step)
{
	Store *store = store_new(kept_level, 0);

	for (uint64_t size = 0; size <= SMALL; size++) {
		MerkleHash root = naive_root(size);

		check_tree(store);
		for (uint64_t index = size % step; index < size; index += step)
			check_inclusion(store, index, size, &root);
		for (uint64_t old_size = size % step; old_size <= size; old_size += step)
			check_consistency(store, old_size, size, &root);
		if (size < SMALL)
			store_append(store);
	}
	store_free(store);
}

static void test_every_small_tree(void **state)
{
	check_all_sizes(2, 1);
	check_all_sizes(0, 5);
	check_all_sizes(8, 11);
}

static void check_subtree(Store *store, uint64_t start, uint64_t end)
{
	MerkleReader reader = store_reader(store);
	uint64_t size = store->tree.size;
	MerkleHash root = naive_root(size), part = naive_hash(start, end);
	MerklePath path, expected = { 0 };

	naive_subtree_proof(start, end, 0, size, true, &expected);
	assert_int_equal(merkle_prove_subtree(&reader, start, end, size, &path), 0);
	assert_path(&path, &expected);
	assert_int_equal(merkle_verify_subtree(start, end, &part, size, &root, &path), 0);
	assert_int_equal(merkle_verify_subtree(start, end, &leaves[290], size, &root, &path), -EBADMSG);
	assert_int_equal(merkle_verify_subtree(start, end, &part, size, &leaves[290], &path), -EBADMSG);
	assert_int_equal(merkle_verify_subtree(start, end, &part, end - 1, &root, &path), -EBADMSG);
	for (size_t i = 0; i < path.n; i++) {
		path.hashes[i].bytes[i] ^= 1;
		assert_int_equal(merkle_verify_subtree(start, end, &part, size, &root, &path), -EBADMSG);
		path.hashes[i].bytes[i] ^= 1;
	}
	path.hashes[path.n++] = root;
	assert_int_equal(merkle_verify_subtree(start, end, &part, size, &root, &path), -EBADMSG);
	path.n -= path.n > 1 ? 2 : 1;
	assert_int_equal(
		merkle_verify_subtree(start, end, &part, size, &root, &path), expected.n == 0 ? 0 : -EBADMSG);
}

static void test_every_subtree_of_small_trees(void **state)
{
	Store *store = store_new(2, 1);
	size_t checked = 0;

	for (; store->tree.size <= 100; store_append(store))
		for (uint64_t start = 0; start < store->tree.size; start++)
			for (uint64_t end = start + 1; end <= store->tree.size; end++)
				if (merkle_is_subtree(start, end)) {
					check_subtree(store, start, end);
					checked++;
				}
	assert_true(checked > 10000);
	store_free(store);
}

/** The draft's own examples, and the packages of tlog-mirror, which begin at multiples of 256. */
static void test_what_is_a_subtree(void **state)
{
	static const struct {
		uint64_t start, end;
		bool is;
	} rows[] = { { 4, 8, true }, { 8, 13, true }, { 0, 14, true }, { 2, 5, false }, { 4, 9, false },
		{ 3, 3, false }, { 5, 4, false }, { 7, 8, true }, { 256, 300, true }, { 256, 512, true },
		{ 256, 513, false }, { 0, MERKLE_SIZE_MAX, true }, { 0, UINT64_MAX, false },
		{ UINT64_MAX - 1, UINT64_MAX, false } };

	for (size_t i = 0; i < ELEMENTS(rows); i++)
		assert_int_equal(merkle_is_subtree(rows[i].start, rows[i].end), rows[i].is);
}

/** Numerical Recipes' linear congruential generator: the same numbers on every run. */
static uint64_t any(uint32_t *random, uint64_t below)
{
	*random = *random * 1664525u + 1013904223u;
	return (uint64_t)*random * below >> 32;
}

static void test_large_trees(void **state)
{
	static const uint64_t sizes[] = { 255, 256, 257, 511, 512, 65535, 65536, 65537, 69999, LARGE };
	Store *store = store_new(8, LARGE);
	uint32_t random = 1;

	for (size_t i = 0; i < ELEMENTS(sizes); i++) {
		MerkleHash root = naive_root(sizes[i]);

		for (int round = 0; round < 4; round++) {
			store->nodes_read = store->blocks_read = 0;
			check_inclusion(store, any(&random, sizes[i]), sizes[i], &root);
			assert_true(store->blocks_read <= 2);
			assert_true(store->nodes_read <= 2 * 17);
			store->nodes_read = store->blocks_read = 0;
			check_consistency(store, any(&random, sizes[i]), sizes[i], &root);
			assert_true(store->blocks_read <= 2);
			assert_true(store->nodes_read <= 2 * 17);
		}
	}
	store_free(store);
}

/** Kept from level 8, nodes are one for 128 leaves. */
static void test_nodes_handed_out(void **state)
{
	Store *store = store_new(8, LARGE);

	for (unsigned level = 1; level < MERKLE_LEVELS; level++)
		assert_int_equal(store->kept[level], (uint64_t)LARGE >> level);
	store_free(store);
}

/* ---- refusals ---- */

static void assert_included(bool expected, uint64_t index, uint64_t leaf, uint64_t size,
	const MerklePath *path, const MerkleHash *root)
{
	int r = merkle_verify_inclusion(&leaves[leaf], index, size, path, root);

	assert_int_equal(r, expected ? 0 : -EBADMSG);
}

static void refuse_changed_inclusion(Store *store, uint64_t index, uint64_t size)
{
	MerkleHash root = naive_root(size), wrong = naive_root(size + 1);
	MerkleReader reader = store_reader(store);
	MerklePath path;

	assert_int_equal(merkle_prove_inclusion(&reader, index, size, &path), 0);
	assert_included(true, index, index, size, &path, &root);
	assert_included(false, index, index + 1, size, &path, &root);
	assert_included(false, index, index, size, &path, &wrong);
	assert_included(false, index + 1, index, size, &path, &root);
	assert_included(false, index ^ 1, index, size, &path, &root);
	assert_included(false, index, index, index, &path, &root);
	assert_included(false, UINT64_MAX, index, size, &path, &root);
	assert_included(false, index, index, 0, &path, &root);
	for (size_t bit = 0; bit < path.n * DIGEST_BYTES * 8; bit++) {
		path.hashes[bit / 256].bytes[bit / 8 % 32] ^= (uint8_t)(1u << bit % 8);
		assert_included(false, index, index, size, &path, &root);
		path.hashes[bit / 256].bytes[bit / 8 % 32] ^= (uint8_t)(1u << bit % 8);
	}
	path.hashes[path.n++] = root;
	assert_included(false, index, index, size, &path, &root);
	path.n--;
	if (path.n > 0) {
		path.n--;
		assert_included(false, index, index, size, &path, &root);
	}
}

static void test_changed_inclusion_is_refused(void **state)
{
	Store *store = store_new(3, SMALL);

	for (uint64_t size = 1; size <= 20; size++)
		for (uint64_t index = 0; index < size; index++)
			refuse_changed_inclusion(store, index, size);
	store_free(store);
}

static void assert_grown(bool expected, uint64_t old_size, const MerkleHash *old_root, uint64_t size,
	const MerkleHash *root, const MerklePath *path)
{
	int r = merkle_verify_consistency(old_size, old_root, size, root, path);

	assert_int_equal(r, expected ? 0 : -EBADMSG);
}

static void refuse_changed_consistency(Store *store, uint64_t old_size, uint64_t size)
{
	MerkleHash old_root = naive_root(old_size), root = naive_root(size);
	MerkleReader reader = store_reader(store);
	MerklePath path;

	assert_int_equal(merkle_prove_consistency(&reader, old_size, size, &path), 0);
	assert_grown(true, old_size, &old_root, size, &root, &path);
	assert_grown(false, old_size, &root, size, &old_root, &path);
	assert_grown(false, old_size, &leaves[290], size, &root, &path);
	assert_grown(false, old_size, &old_root, size, &leaves[290], &path);
	assert_grown(false, old_size - 1, &old_root, size, &root, &path);
	assert_grown(false, old_size + 1, &old_root, size, &root, &path);
	assert_grown(false, size, &old_root, old_size, &root, &path);
	for (size_t bit = 0; bit < path.n * DIGEST_BYTES * 8; bit++) {
		path.hashes[bit / 256].bytes[bit / 8 % 32] ^= (uint8_t)(1u << bit % 8);
		assert_grown(false, old_size, &old_root, size, &root, &path);
		path.hashes[bit / 256].bytes[bit / 8 % 32] ^= (uint8_t)(1u << bit % 8);
	}
	path.hashes[path.n++] = root;
	assert_grown(false, old_size, &old_root, size, &root, &path);
	path.n -= 2;
	assert_grown(false, old_size, &old_root, size, &root, &path);
	path.n = 0;
	assert_grown(false, old_size, &old_root, size, &root, &path);
}

static void test_changed_consistency_is_refused(void **state)
{
	Store *store = store_new(3, SMALL);

	for (uint64_t size = 2; size <= 20; size++)
		for (uint64_t old_size = 1; old_size < size; old_size++)
			refuse_changed_consistency(store, old_size, size);
	store_free(store);
}

static void test_trivial_consistency(void **state)
{
	MerkleHash nothing = naive_root(0), root = naive_root(5);
	MerklePath none = { 0 }, one = { 1, { root } };

	assert_grown(true, 0, &nothing, 5, &root, &none);
	assert_grown(false, 0, &root, 5, &root, &none);
	assert_grown(false, 0, &nothing, 5, &root, &one);
	assert_grown(true, 0, &nothing, 0, &nothing, &none);
	assert_grown(false, 0, &root, 0, &root, &none);
	assert_grown(true, 5, &root, 5, &root, &none);
	assert_grown(false, 5, &root, 5, &root, &one);
	assert_grown(false, 5, &root, 5, &nothing, &none);
	assert_grown(false, 6, &root, 5, &root, &none);
}

static void test_arguments_out_of_range(void **state)
{
	Store *store = store_new(3, 20);
	MerkleReader reader = store_reader(store), wide = reader;
	MerkleTree tree, full = { .size = MERKLE_SIZE_MAX };
	MerklePath path;

	assert_int_equal(merkle_prove_inclusion(&reader, 20, 20, &path), -EINVAL);
	assert_int_equal(merkle_prove_inclusion(&reader, 0, 0, &path), -EINVAL);
	assert_int_equal(merkle_prove_inclusion(&reader, 0, MERKLE_SIZE_MAX + 1, &path), -EINVAL);
	assert_int_equal(merkle_prove_consistency(&reader, 21, 20, &path), -EINVAL);
	assert_int_equal(merkle_prove_consistency(&reader, 0, MERKLE_SIZE_MAX + 1, &path), -EINVAL);
	assert_int_equal(merkle_prove_subtree(&reader, 2, 5, 20, &path), -EINVAL);
	assert_int_equal(merkle_prove_subtree(&reader, 16, 21, 20, &path), -EINVAL);
	assert_int_equal(merkle_tree_read(&reader, UINT64_MAX, &tree), -EINVAL);
	wide.kept_level = MERKLE_BLOCK_LEVEL_MAX + 1;
	assert_int_equal(merkle_tree_read(&wide, 20, &tree), -EINVAL);
	assert_int_equal(merkle_append(&full, &leaves[0], NULL, NULL), -EOVERFLOW);
	assert_int_equal(merkle_append_node(&store->tree, 3, &leaves[0], NULL, NULL), -EINVAL);
	assert_int_equal(merkle_append_node(&store->tree, MERKLE_LEVELS, &leaves[0], NULL, NULL), -EINVAL);
	store_free(store);
}

static int refuse_to_keep(void *userdata, unsigned level, uint64_t index, const MerkleHash *hash)
{
	return level == *(unsigned *)userdata ? -ENOSPC : 0;
}

static void test_callbacks_may_fail(void **state)
{
	Store *store = store_new(3, 15);
	MerkleReader reader = store_reader(store);
	MerklePath path = { .n = 60 };
	MerkleTree before = store->tree, tree = before;

	for (unsigned level = 1; level <= 4; level++) {
		assert_int_equal(merkle_append(&tree, &leaves[15], refuse_to_keep, &level), -ENOSPC);
		assert_memory_equal(&tree, &before, sizeof tree);
	}
	store->fail = -EIO;
	assert_int_equal(merkle_prove_inclusion(&reader, 3, 15, &path), -EIO);
	assert_int_equal(merkle_prove_consistency(&reader, 8, 15, &path), -EIO);
	assert_int_equal(path.n, 60);
	assert_int_equal(merkle_tree_read(&reader, 15, &tree), -EIO);
	assert_memory_equal(&tree, &before, sizeof tree);
	store_free(store);
}

/** A tree of 600 leaves from nodes of 256 that others computed, and the rest one by one. */
static void test_nodes_computed_apart(void **state)
{
	MerkleTree parts[2] = { 0 };
	Store *store = store_new(9, 0);
	MerkleHash root, expected = naive_root(600);

	for (uint64_t i = 0; i < 512; i++)
		assert_int_equal(merkle_append(&parts[i / 256], &leaves[i], NULL, NULL), 0);
	/* the store counts nodes of all levels; what it is not told of is taken as kept */
	for (unsigned level = 1; level < 8; level++)
		store->kept[level] = 512 >> level;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
			merkle_append_node(&store->tree, 8, &parts[i].edge[8], store_keep, store), 0);
	assert_int_equal(store->kept[8], 2);
	assert_int_equal(store->kept[9], 1);
	while (store->tree.size < 600)
		store_append(store);
	merkle_tree_root(&store->tree, &root);
	assert_hash(&root, &expected);
	store_free(store);
}

/** A tree that is read back goes on as if it had never been put away. */
static void test_growing_on_after_reading(void **state)
{
	Store *store = store_new(8, 0);

	while (store->tree.size < 1000) {
		MerkleReader reader = store_reader(store);

		for (int i = 0; i < 37 && store->tree.size < 1000; i++)
			store_append(store);
		assert_int_equal(merkle_tree_read(&reader, store->tree.size, &store->tree), 0);
		check_tree(store);
	}
	store_free(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reference_roots),
		cmocka_unit_test(test_reference_inclusion),
		cmocka_unit_test(test_reference_consistency),
		cmocka_unit_test(test_every_small_tree),
		cmocka_unit_test(test_every_subtree_of_small_trees),
		cmocka_unit_test(test_what_is_a_subtree),
		cmocka_unit_test(test_large_trees),
		cmocka_unit_test(test_nodes_handed_out),
		cmocka_unit_test(test_changed_inclusion_is_refused),
		cmocka_unit_test(test_changed_consistency_is_refused),
		cmocka_unit_test(test_trivial_consistency),
		cmocka_unit_test(test_arguments_out_of_range),
		cmocka_unit_test(test_callbacks_may_fail),
		cmocka_unit_test(test_nodes_computed_apart),
		cmocka_unit_test(test_growing_on_after_reading),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
