// SPDX-License-Identifier: Apache-2.0
/**
 * The clinic's server, where there is one: who is signed in, and tables of what the stations recorded. It asks and never
 * guesses: what the server does not answer is not shown as if it were known.
 */

import { isObject, text } from "./messages.js";

const PATIENCE_MS = 15000;
const RETRY_MS = 2000;
const RETRY_MAX_MS = 30000;
const ROWS_MAX = 100000;

export const NONE = "none"; // this page has no server
export const ASKING = "asking"; // not known yet
export const SIGNED_OUT = "signed-out";
export const SIGNED_IN = "signed-in";
export const AWAY = "away";

/** The sentence is the server's, or says that it does not answer. */
export class ClinicError extends Error {
	constructor(message, status = 0, body = null) {
		super(message);
		Object.assign(this, { status, body });
	}
}

/** Rows as objects, by the names of the columns. */
export function parseTable(value) {
	if (!isObject(value) || !Array.isArray(value.columns) || !Array.isArray(value.rows))
		throw new ClinicError("the server's answer was not understood");
	return value.rows.slice(0, ROWS_MAX).filter(Array.isArray)
		.map((row) => Object.fromEntries(value.columns.map((name, i) => [String(name), row[i] ?? null])));
}

/** The key of a station, "clinic/name", by the origin of its log; null for one that is named otherwise. */
export function stationKey(origin) {
	const match = /^stipple\/([A-Za-z0-9._-]{1,64})\/([A-Za-z0-9._-]{1,64})/.exec(String(origin));
	return match && `${match[1]}/${match[2]}`;
}

export class Clinic extends EventTarget {
	/** `base`: where the server is, such as "page/"; "" none. Events: "status". */
	constructor({ base, fetch = (...words) => globalThis.fetch(...words) }) {
		super();
		Object.assign(this, { base, fetch, status: base ? ASKING : NONE, person: null, reason: "", retry: RETRY_MS, timer: null });
	}

	get manager() {
		return this.status === SIGNED_IN && this.person?.role === "manager";
	}

	/** Finds out who is signed in, and asks again until the server answers. */
	async start() {
		clearTimeout(this.timer);
		if (this.status === NONE)
			return;
		try {
			const who = await this.#ask("session");
			this.retry = RETRY_MS;
			this.#be(who.name ? SIGNED_IN : SIGNED_OUT, who.name ? { name: text(who.name, 64), role: text(who.role, 16) } : null);
		} catch {
			this.#again();
		}
	}

	#again() {
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.start(), this.retry);
		this.retry = Math.min(this.retry * 1.5, RETRY_MAX_MS);
	}

	#be(status, person, reason = "") {
		const changed = status !== this.status || person?.name !== this.person?.name;
		Object.assign(this, { status, person, reason });
		if (changed)
			this.dispatchEvent(new Event("status"));
	}

	async signIn(name, password) {
		await this.#ask("sign-in", { name, password });
		await this.start();
	}

	async signOut() {
		await this.#ask("sign-out", {});
		this.#be(SIGNED_OUT, null);
	}

	/** Rows of a table. `words`: arguments of the address. */
	async table(name, words = {}) {
		return parseTable(await this.#ask(`table/${name}${query(words)}`));
	}

	/** The address of the same table as a file. */
	csv(name, words = {}) {
		return `${this.base}table/${name}.csv${query(words)}`;
	}

	/** {by, at, first}; ClinicError with status 409 and that as its body when another person was first. */
	acknowledge(what, station, number, note) {
		return this.#ask("acknowledge", { what, station, number, note });
	}

	async #ask(path, body) {
		const options = { cache: "no-store", credentials: "same-origin", redirect: "error", signal: AbortSignal.timeout(PATIENCE_MS) };
		let answer, value;
		try {
			answer = await this.fetch(this.base + path, body === undefined ? options
				: { ...options, method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
			value = await answer.json();
		} catch {
			this.#lost();
			throw new ClinicError("the clinic's server does not answer");
		}
		if (answer.ok)
			return value;
		const sentence = text(value?.detail) || `the server answered ${answer.status}`;
		if (answer.status === 401 && path !== "sign-in")
			this.#be(SIGNED_OUT, null, "Your session has ended: sign in again.");
		throw new ClinicError(sentence, answer.status, value);
	}

	#lost() {
		this.#be(AWAY, this.person);
		this.#again();
	}
}

function query(words) {
	const given = Object.entries(words).filter(([, value]) => value !== "" && value !== undefined && value !== null);
	return given.length > 0 ? `?${new URLSearchParams(given)}` : "";
}
