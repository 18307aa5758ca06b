// SPDX-License-Identifier: Apache-2.0
/** Bytes, base64 and hex. Nothing here accepts what is almost right: it is used on evidence. */

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The bytes of padded standard base64, or null when it is anything else. */
export function fromBase64(text) {
	if (typeof text !== "string" || !BASE64.test(text))
		return null;
	return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

export function toBase64(bytes) {
	return btoa(String.fromCharCode(...bytes));
}

export function toHex(bytes) {
	return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

export function equal(a, b) {
	return a.length === b.length && a.every((value, i) => value === b[i]);
}

export function concat(...parts) {
	const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
	let at = 0;
	for (const part of parts) {
		all.set(part, at);
		at += part.length;
	}
	return all;
}

export async function sha256(...parts) {
	return new Uint8Array(await crypto.subtle.digest("SHA-256", concat(...parts)));
}
