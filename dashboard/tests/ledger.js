// SPDX-License-Identifier: Apache-2.0
/** A ledger to test with: the tree as RFC 6962 defines it, by recursion, and checkpoints signed by a key of its own. */

import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto;

const { concat, toBase64 } = await import("../src/bytes.js");
const { emptyRoot, leafHash, nodeHash } = await import("../src/merkle.js");
const { formatVerifier } = await import("../src/note.js");

/** The largest power of two below n. */
function split(n) {
	return 2 ** Math.ceil(Math.log2(n) - 1);
}

export async function treeHash(leaves) {
	if (leaves.length === 0)
		return emptyRoot();
	if (leaves.length === 1)
		return leafHash(leaves[0]);
	const k = split(leaves.length);
	return nodeHash(await treeHash(leaves.slice(0, k)), await treeHash(leaves.slice(k)));
}

/** SUBPROOF of RFC 6962, 2.1.2. */
async function subproof(m, leaves, whole) {
	if (m === leaves.length)
		return whole ? [] : [await treeHash(leaves)];
	const k = split(leaves.length);
	if (m <= k)
		return [...await subproof(m, leaves.slice(0, k), whole), await treeHash(leaves.slice(k))];
	return [...await subproof(m - k, leaves.slice(k), false), await treeHash(leaves.slice(0, k))];
}

export function consistencyProof(m, leaves) {
	return m === 0 ? Promise.resolve([]) : subproof(m, leaves, true);
}

export function leavesOf(n, text = "record") {
	return Array.from({ length: n }, (_, i) => new TextEncoder().encode(`${text} ${i}`));
}

export class Ledger {
	/** The same private key under another name, as after a restoring, and its word about that. */
	async renamed(name) {
		const ledger = await Ledger.make(name, this.keys);
		ledger.statement = await this.sign(`${this.name}\nthe next key of this log\n${ledger.vkey}\n`);
		return ledger;
	}

	static async make(name = "stipple/clinic/chair-1", keys = null) {
		const ledger = new Ledger();
		ledger.name = name;
		ledger.keys = keys ?? await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"]);
		const raw = new Uint8Array(await crypto.subtle.exportKey("raw", ledger.keys.publicKey));
		Object.assign(ledger, await formatVerifier(name, raw));
		return ledger;
	}

	async sign(text) {
		const data = new TextEncoder().encode(text);
		const signature = new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, this.keys.privateKey, data));
		return `${text}\n\u2014 ${this.name} ${toBase64(concat(this.id, signature))}\n`;
	}

	/** The message of a checkpoint over `leaves`, with its proof from the first `from` of them. */
	async checkpoint(leaves, from = null) {
		const root = toBase64(await treeHash(leaves));
		const proof = from === null ? [] : await consistencyProof(from, leaves);
		return { checkpoint: await this.sign(`${this.name}\n${leaves.length}\n${root}\n`), size: leaves.length,
			previous: from === null ? null : { size: from }, consistency: proof.map(toBase64), vkey: this.vkey,
			...this.statement && { statement: this.statement } };
	}
}

/** What localStorage is to the page. */
export class Storage {
	items = new Map();
	getItem(name) { return this.items.get(name) ?? null; }
	setItem(name, value) { this.items.set(name, String(value)); }
	removeItem(name) { this.items.delete(name); }
}
