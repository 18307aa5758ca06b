// SPDX-License-Identifier: Apache-2.0
/**
 * C2SP signed notes, their Ed25519 verifier keys, and the checkpoints in them (tlog-checkpoint).
 * What is wrong with one is thrown as a NoteError whose message is for people.
 */

import { concat, equal, fromBase64, sha256 } from "./bytes.js";
import { HASH_SIZE } from "./merkle.js";

const ED25519 = 1;
const ID_SIZE = 4;
const KEY_SIZE = 32;
const SIGNATURE_SIZE = 64;
/** Characters: the specification asks for 16 signatures, of up to nearly 5 kB with ML-DSA. */
const NOTE_MAX = 128 * 1024;
const NAME = /^[^\s+]+$/u;

export class NoteError extends Error {}

function need(condition, what) {
	if (!condition)
		throw new NoteError(what);
}

/** The verifier key "NAME+HASH+BASE64" as {name, id, key}. Its hash has to be that of its name and key. */
export async function parseVerifier(vkey) {
	need(typeof vkey === "string", "there is no verifier key");
	const [name, hash, ...rest] = vkey.split("+");
	const data = fromBase64(rest.join("+"));
	need(NAME.test(name) && /^[0-9a-f]{8}$/.test(hash ?? "") && data, "the verifier key is not NAME+HASH+BASE64");
	need(data[0] === ED25519 && data.length === 1 + KEY_SIZE, "the verifier key is not one of Ed25519");
	const id = (await sha256(new TextEncoder().encode(`${name}\n`), data)).slice(0, ID_SIZE);
	const claimed = Uint8Array.from(hash.match(/../g), (pair) => parseInt(pair, 16));
	need(equal(id, claimed), "the verifier key does not have the hash it names");
	return { name, id, key: data.slice(1) };
}

/** A note as {text, signatures: [{name, id, signature}]}; the text ends with its newline. */
export function parseNote(note) {
	need(typeof note === "string" && note.length <= NOTE_MAX, "there is no signed note, or it is too long");
	need(!/[\u0000-\u0009\u000b-\u001f]/.test(note), "the note has control characters");
	const split = note.lastIndexOf("\n\n");
	need(split >= 0 && note.endsWith("\n"), "the note has no signatures");
	const lines = note.slice(split + 2, -1).split("\n");
	const signatures = lines.map((line) => {
		const match = /^\u2014 (\S+) (\S+)$/u.exec(line);
		const data = match && fromBase64(match[2]);
		need(data && NAME.test(match[1]) && data.length > ID_SIZE, "a signature line of the note is malformed");
		return { name: match[1], id: data.slice(0, ID_SIZE), signature: data.slice(ID_SIZE) };
	});
	return { text: note.slice(0, split + 1), signatures };
}

/** The checkpoint that is the text of a note: {origin, size, root}. */
export function parseCheckpoint(text) {
	const [origin, size, root] = text.split("\n");
	need(origin, "the checkpoint has no origin");
	need(/^(0|[1-9][0-9]*)$/.test(size ?? "") && Number.isSafeInteger(Number(size)), "the checkpoint has no size");
	const hash = fromBase64(root ?? "");
	need(hash && hash.length === HASH_SIZE, "the checkpoint has no root hash");
	return { origin, size: Number(size), root: hash };
}

/** Whether a parsed note bears a signature of this verifier. */
export async function isSigned(note, verifier) {
	const key = await crypto.subtle.importKey("raw", verifier.key, { name: "Ed25519" }, false, ["verify"]);
	const text = new TextEncoder().encode(note.text);
	let found = false;
	for (const { name, id, signature } of note.signatures) {
		const ours = name === verifier.name && equal(id, verifier.id) && signature.length === SIGNATURE_SIZE;
		/* one that does not verify spoils the note, whatever else it bears */
		if (ours && !await crypto.subtle.verify({ name: "Ed25519" }, key, signature, text))
			return false;
		found = found || ours;
	}
	return found;
}

/** What a key signed about the next: {origin, vkey}. It is a note of three lines. */
export function parseStatement(text) {
	const [origin, what, vkey, ...rest] = text.split("\n");
	need(origin && what === "the next key of this log" && vkey && rest.length === 1 && rest[0] === "", "it is no statement about a key");
	return { origin, vkey };
}

/** The text of a verifier key, for whoever makes one. */
export async function formatVerifier(name, key) {
	const data = concat(Uint8Array.of(ED25519), key);
	const id = (await sha256(new TextEncoder().encode(`${name}\n`), data)).slice(0, ID_SIZE);
	const hex = Array.from(id, (b) => b.toString(16).padStart(2, "0")).join("");
	return { vkey: `${name}+${hex}+${btoa(String.fromCharCode(...data))}`, id };
}
