/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads from a consistency proof (RFC 9162 section 2.1.4.2) which old root it is about. It must not take a
 * broken proof for evidence.
 */

#include "mirror-fork.h"

/** The roots that a proof leads to; false when its length is not that of such a proof. */
static bool compute_roots(uint64_t old_size, const MerkleHash *first, const MerkleHash *rest, size_t n,
	uint64_t size, MerkleHash *ret_old, MerkleHash *ret_new)
{
	uint64_t fn = old_size - 1, sn = size - 1;

	for (; fn & 1; fn >>= 1)
		sn >>= 1;
	*ret_old = *ret_new = *first;
	for (size_t i = 0; i < n; i++) {
		if (sn == 0)
			return false;
		if (fn & 1 || fn == sn) {
			merkle_hash_node(&rest[i], ret_old, ret_old);
			merkle_hash_node(&rest[i], ret_new, ret_new);
			for (; !(fn & 1) && fn != 0; fn >>= 1)
				sn >>= 1;
		} else {
			merkle_hash_node(ret_new, &rest[i], ret_new);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0;
}

bool mirror_is_fork(const Checkpoint *old, const Checkpoint *new_one, const MerklePath *proof)
{
	bool whole = (old->size & (old->size - 1)) == 0;
	MerkleHash old_root, new_root;

	if (old->size == 0 || old->size >= new_one->size || (!whole && proof->n == 0))
		return false;
	if (!compute_roots(old->size, whole ? &old->root : &proof->hashes[0], proof->hashes + !whole,
		    proof->n - !whole, new_one->size, &old_root, &new_root))
		return false;
	return whole ? !merkle_hash_equal(&new_root, &new_one->root)
		     : merkle_hash_equal(&new_root, &new_one->root) &&
			       !merkle_hash_equal(&old_root, &old->root);
}
