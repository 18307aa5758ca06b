// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import test from "node:test";

import { consistencyProof, leavesOf, treeHash } from "./ledger.js";
import { toHex } from "../src/bytes.js";
import { emptyRoot, isConsistent, leafHash } from "../src/merkle.js";

/* The eight leaves of the certificate-transparency test data. */
const LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
	.map((hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16)));

test("hashes are those of the published vectors", async () => {
	assert.equal(toHex(await emptyRoot()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert.equal(toHex(await leafHash(LEAVES[0])), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
	assert.equal(toHex(await treeHash(LEAVES)), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
});

test("every proof between trees of up to 18 leaves holds, and only for its own", async () => {
	const leaves = leavesOf(18);
	const roots = await Promise.all(Array.from({ length: 19 }, (_, n) => treeHash(leaves.slice(0, n))));
	for (let n = 0; n <= 18; n++)
		for (let m = 0; m <= n; m++) {
			const proof = await consistencyProof(m, leaves.slice(0, n));
			assert.ok(await isConsistent(m, roots[m], n, roots[n], proof), `${m} to ${n}`);
			if (proof.length === 0)
				continue;
			for (const [a, b] of [[m - 1, n], [m, n + 1], [m + 1, n], [m, n - 1]])
				if (a > 0 && b <= 18 && a <= b)
					assert.ok(!await isConsistent(a, roots[a], b, roots[b], proof), `${m} to ${n} for ${a} to ${b}`);
		}
});

test("a changed proof, root or order does not hold", async () => {
	const leaves = leavesOf(13);
	const [old, now] = [await treeHash(leaves.slice(0, 6)), await treeHash(leaves)];
	const proof = await consistencyProof(6, leaves);
	assert.ok(await isConsistent(6, old, 13, now, proof));
	for (let i = 0; i < proof.length; i++) {
		const changed = proof.map((hash) => hash.slice());
		changed[i][7] ^= 1;
		assert.ok(!await isConsistent(6, old, 13, now, changed));
		assert.ok(!await isConsistent(6, old, 13, now, proof.filter((_, at) => at !== i)));
	}
	assert.ok(!await isConsistent(6, old, 13, now, [...proof, proof[0]]));
	assert.ok(!await isConsistent(6, old, 13, now, []));
	assert.ok(!await isConsistent(6, now, 13, old, proof));
	assert.ok(!await isConsistent(13, now, 6, old, proof));
	assert.ok(!await isConsistent(6.5, old, 13, now, proof));
	assert.ok(!await isConsistent(6, old, 13, now, null));
	assert.ok(!await isConsistent(6, old, 13, now, proof.map((hash) => hash.slice(1))));
});

test("a ledger rewritten before the old end is not consistent", async () => {
	const leaves = leavesOf(9);
	const old = await treeHash(leaves.slice(0, 5));
	const rewritten = [...leaves];
	rewritten[2] = new TextEncoder().encode("another");
	assert.ok(!await isConsistent(5, old, 9, await treeHash(rewritten), await consistencyProof(5, rewritten)));
});
