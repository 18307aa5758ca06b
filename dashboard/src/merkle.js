// SPDX-License-Identifier: Apache-2.0
/** Hashes and consistency proofs of RFC 6962 trees (SHA-256), checked as RFC 9162, 2.1.4.2 says. */

import { equal, sha256 } from "./bytes.js";

export const HASH_SIZE = 32;
/** A path has at most two hashes for each level of a tree of 2^53 leaves. */
const PROOF_MAX = 2 * 53;

export function leafHash(data) {
	return sha256(Uint8Array.of(0), data);
}

export function nodeHash(left, right) {
	return sha256(Uint8Array.of(1), left, right);
}

export function emptyRoot() {
	return sha256();
}

/** Whether a proof has the form of one: so many hashes, each of 32 bytes. */
export function isProof(proof) {
	return Array.isArray(proof) && proof.length <= PROOF_MAX &&
		proof.every((hash) => hash instanceof Uint8Array && hash.length === HASH_SIZE);
}

/**
 * Whether the tree of `newSize` leaves with `newRoot` begins with that of `oldSize` leaves and `oldRoot`:
 * nothing was changed or taken away. Sizes are whole numbers up to 2^53, roots and hashes of the proof are
 * of 32 bytes.
 */
export async function isConsistent(oldSize, oldRoot, newSize, newRoot, proof) {
	if (!Number.isSafeInteger(oldSize) || !Number.isSafeInteger(newSize) || oldSize < 0 || oldSize > newSize)
		return false;
	if (!isProof(proof))
		return false;
	if (oldSize === newSize)
		return proof.length === 0 && equal(oldRoot, newRoot);
	if (oldSize === 0)
		return proof.length === 0 && equal(oldRoot, await emptyRoot());
	return climb(BigInt(oldSize), oldRoot, BigInt(newSize), newRoot, proof);
}

async function climb(oldSize, oldRoot, newSize, newRoot, proof) {
	const path = [...proof];
	let fn = oldSize - 1n;
	let sn = newSize - 1n;
	/* A complete old tree is a node of the new one, and the proof leaves it out. */
	if ((oldSize & (oldSize - 1n)) === 0n)
		path.unshift(oldRoot);
	if (path.length === 0)
		return false;
	while (fn & 1n) {
		fn >>= 1n;
		sn >>= 1n;
	}
	let fr = path[0];
	let sr = path[0];
	for (const hash of path.slice(1)) {
		if (sn === 0n)
			return false;
		if ((fn & 1n) || fn === sn) {
			fr = await nodeHash(hash, fr);
			sr = await nodeHash(hash, sr);
			while (!(fn & 1n) && fn !== 0n) {
				fn >>= 1n;
				sn >>= 1n;
			}
		} else {
			sr = await nodeHash(sr, hash);
		}
		fn >>= 1n;
		sn >>= 1n;
	}
	return sn === 0n && equal(fr, oldRoot) && equal(sr, newRoot);
}
