// SPDX-License-Identifier: Apache-2.0
/**
 * A witness of each station's ledger: keeps the last checkpoint whose signature it checked and that followed
 * from the one before, and says so, loudly and lastingly, when another does not.
 *
 * The first checkpoint and key of a station are taken on trust, unless its key is given. Without any key
 * signatures are not checked, but trees are. What is kept outlives the page, in `storage` (localStorage), so
 * that all windows of a browser are one witness.
 *
 * A message is {checkpoint: signed note, size, previous: {size} or null, consistency: [base64 hash, ...]} and
 * may have the verifier key, {vkey}, and what the key before signed about it, {statement}; see
 * docs/stipple-mqtt.asyncapi.yaml.
 */

import { equal, fromBase64, toBase64 } from "./bytes.js";
import { isConsistent } from "./merkle.js";
import { NoteError, isSigned, parseCheckpoint, parseNote, parseStatement, parseVerifier } from "./note.js";

/** Earlier checkpoints that are recognised when the broker sends them again. */
const HISTORY_MAX = 64;

export const STATUS = Object.freeze({
	NONE: "none", /* no checkpoint seen */
	FIRST: "first", /* signature checked; nothing to compare with yet */
	VERIFIED: "verified", /* follows from the one kept */
	UNSIGNED: "unsigned", /* nothing is known to be wrong, but no key is known to check signatures with */
	GAP: "gap", /* signed, but the proof does not begin at the one kept */
	UNREADABLE: "unreadable", /* not a checkpoint at all */
	UNAVAILABLE: "unavailable", /* this browser, or this page without TLS, cannot check signatures */
	ALARM: "alarm", /* signature, key or tree are not what they were */
});

function proofOf(hashes) {
	return Array.isArray(hashes) ? hashes.map((hash) => fromBase64(hash)) : null;
}

/** What the ledger of "clinic/station" calls itself, unless its clinic gave it a name of its own. */
function originOf(station) {
	return `stipple/${station}`;
}

/** A ledger's name without the number of the restored backup that it goes on from. */
function logOf(origin) {
	return origin.replace(/\/epoch-[1-9][0-9]*$/, "");
}

/** Whether a ledger of this name may be this station's, when nothing was seen of it before. `formerly`: its name of before, or undefined. */
function mayBeOf(station, origin, formerly) {
	if (typeof formerly === "string" && logOf(origin) === originOf(formerly))
		return true;
	return !origin.startsWith("stipple/") || logOf(origin) === originOf(station);
}

export class Witness {
	/** `keys`: verifier keys by "clinic/station", known by another way. `now`: milliseconds of UTC. */
	constructor(storage, { keys = {}, now = () => Date.now() } = {}) {
		this.storage = storage;
		this.keys = new Map(Object.entries(keys));
		this.now = now;
		this.last = new Map();
		this.payloads = new Map();
		this.queue = Promise.resolve();
	}

	/** What is known of a station: {status, reason, size, at (first seen), alarm, gap}; `alarm` and `gap` stay until accepted. */
	verdict(station) {
		return this.last.get(station) ?? this.#verdict(STATUS.NONE, "no checkpoint has arrived", this.#kept(station));
	}

	/** Checks a checkpoint message. One after the other, in the order of the calls. */
	check(station, payload) {
		const result = this.queue.then(() => this.#check(station, payload));
		this.queue = result.catch(() => undefined);
		return result;
	}

	/** A person has looked into an alarm or a gap: forget what was kept and begin with the newest checkpoint. */
	accept(station) {
		this.storage.removeItem(this.#name(station));
		this.last.delete(station);
		const newest = this.payloads.get(station);
		return newest === undefined ? Promise.resolve(this.verdict(station)) : this.check(station, newest);
	}

	async #check(station, payload) {
		this.payloads.set(station, payload);
		const verdict = await this.#judge(station, payload).catch((error) => {
			if (!(error instanceof NoteError))
				throw error;
			return this.#verdict(STATUS.UNREADABLE, error.message, this.#kept(station));
		});
		this.last.set(station, verdict);
		return verdict;
	}

	async #judge(station, payload) {
		const before = this.#kept(station);
		/* an alarm may be all that was kept */
		const kept = before?.root ? before : this.#keptFormerly(payload);
		if (!globalThis.crypto?.subtle)
			return this.#verdict(STATUS.UNAVAILABLE, "this page was not opened over HTTPS, so the browser cannot check signatures", before);
		const epoch = await this.#epoch(kept, payload);
		if (epoch)
			return this.#restored(station, kept, epoch, payload);
		const vkey = this.keys.get(station) ?? kept?.vkey ?? payload?.vkey ?? null;
		const verifier = vkey === null ? null : await parseVerifier(vkey);
		const note = parseNote(payload?.checkpoint);
		const tree = parseCheckpoint(note.text);
		if (payload.size !== tree.size)
			throw new NoteError("the size beside the checkpoint is another than that in it");
		const fresh = { vkey, size: tree.size, root: tree.root, origin: tree.origin, note: payload.checkpoint };

		if (typeof payload.vkey === "string" && payload.vkey !== vkey)
			return this.#alarm(station, kept, fresh, "the station's key is not the one known");
		try {
			if (verifier && !await isSigned(note, verifier))
				return this.#alarm(station, kept, fresh, "the signature is not that of the station's key");
		} catch (error) {
			if (error.name !== "NotSupportedError")
				throw error;
			return this.#verdict(STATUS.UNAVAILABLE, "this browser cannot check Ed25519 signatures", before);
		}
		if (kept ? fresh.origin !== kept.origin : !mayBeOf(station, fresh.origin, payload.formerly))
			return this.#alarm(station, kept, fresh, `it is of the ledger ${fresh.origin}, and not of this station's`);
		if (verifier && fresh.origin !== verifier.name)
			return this.#alarm(station, kept, fresh, `it is of the ledger ${fresh.origin}, which the key of ${verifier.name} cannot sign for`);
		if (!kept)
			return this.#keep(station, null, fresh, STATUS.FIRST, "signed; the first one seen here, nothing to compare it with");
		return this.#compare(station, kept, fresh, payload);
	}

	/** What is kept of a station that was renamed: its log has the name and the key of before, and has to go on from there. */
	#keptFormerly(payload) {
		const kept = typeof payload?.formerly === "string" ? this.#kept(payload.formerly) : null;
		return kept?.root && kept.vkey && kept.vkey === payload.vkey ? kept : null;
	}

	/** The key of a ledger that goes on from a restored backup, when the key kept vouches for it; else null. */
	async #epoch(kept, payload) {
		if (!kept?.vkey || typeof payload?.statement !== "string" || payload.vkey === kept.vkey)
			return null;
		try {
			const note = parseNote(payload.statement);
			const { origin, vkey } = parseStatement(note.text);
			const next = await parseVerifier(vkey);
			const known = origin === kept.origin && vkey === payload.vkey && await isSigned(note, await parseVerifier(kept.vkey));
			return known && next.name !== kept.origin && logOf(next.name) === logOf(kept.origin) ? next : null;
		} catch (error) {
			if (error instanceof NoteError || error.name === "NotSupportedError")
				return null;
			throw error;
		}
	}

	/** It is no forgery, but what the backup had not is lost: a person has to know. */
	async #restored(station, kept, verifier, payload) {
		const note = parseNote(payload.checkpoint);
		const tree = parseCheckpoint(note.text);
		const fresh = { vkey: payload.vkey, size: tree.size, root: tree.root, origin: tree.origin, note: payload.checkpoint };
		if (payload.size !== tree.size)
			throw new NoteError("the size beside the checkpoint is another than that in it");
		if (tree.origin !== verifier.name || !await isSigned(note, verifier))
			return this.#alarm(station, kept, fresh, "the signature is not that of the station's key");
		const gap = { from: kept.size, to: fresh.size, at: this.now(), note: kept.note, restored: fresh.origin };
		return this.#keep(station, { ...kept, size: null, history: [], gap: kept.gap ?? gap }, fresh, STATUS.GAP, "");
	}

	async #compare(station, kept, fresh, { previous, consistency }) {
		if (fresh.size < kept.size)
			return this.#older(station, kept, fresh);
		const known = "signed, and follows from the one before";
		if (fresh.size === kept.size) {
			if (!equal(fresh.root, kept.root))
				return this.#alarm(station, kept, fresh, `another ledger with the same ${kept.size} records`);
			return this.#keep(station, kept, fresh, STATUS.VERIFIED, known);
		}
		if (previous?.size !== kept.size) {
			const gap = { from: kept.size, to: fresh.size, at: this.now(), note: kept.note };
			return this.#keep(station, { ...kept, gap: kept.gap ?? gap }, fresh, STATUS.GAP, known);
		}
		if (!await isConsistent(kept.size, kept.root, fresh.size, fresh.root, proofOf(consistency)))
			return this.#alarm(station, kept, fresh, `its ${fresh.size} records do not begin with the ${kept.size} seen before`);
		return this.#keep(station, kept, fresh, STATUS.VERIFIED, known);
	}

	/** Smaller than what is kept: sent again by the broker, or a ledger cut short. */
	#older(station, kept, fresh) {
		const seen = kept.history.some(([size, root]) => size === fresh.size && root === toBase64(fresh.root));
		if (!seen)
			return this.#alarm(station, kept, fresh, `the ledger had ${kept.size} records, and now has ${fresh.size}`);
		return this.#verdict(STATUS.VERIFIED, "an earlier one, seen before", kept);
	}

	#keep(station, kept, fresh, status, reason) {
		const past = kept && kept.size !== null && kept.size !== fresh.size ? [...kept.history, [kept.size, toBase64(kept.root)]] : kept?.history ?? [];
		const record = { ...fresh, at: kept?.size === fresh.size ? kept.at : this.now(), since: kept?.since ?? this.now(), history: past.slice(-HISTORY_MAX),
			alarm: (kept ?? this.#kept(station))?.alarm ?? null, gap: kept?.gap ?? null };
		this.#store(station, record);
		return this.#verdict(status, reason, record);
	}

	#alarm(station, kept, fresh, reason) {
		const alarm = (kept ?? this.#kept(station))?.alarm ??
			{ reason, at: this.now(), size: fresh.size, note: fresh.note, kept: kept?.note ?? null };
		this.#store(station, { ...kept, alarm });
		return this.#verdict(STATUS.ALARM, alarm.reason, { ...kept, alarm });
	}

	#verdict(status, reason, kept) {
		const verdict = { status, reason, size: kept?.size ?? null, at: kept?.at ?? null, since: kept?.since ?? null,
			note: kept?.note ?? null, vkey: kept?.vkey ?? null, alarm: kept?.alarm ?? null, gap: kept?.gap ?? null };
		if (verdict.alarm)
			return { ...verdict, status: STATUS.ALARM, reason: verdict.alarm.reason };
		if (kept && !kept.vkey && (status === STATUS.FIRST || status === STATUS.VERIFIED))
			return { ...verdict, status: STATUS.UNSIGNED, reason: `${status === STATUS.FIRST ? "the first one seen here" : "follows from the one before"}, but its signature was not checked: no key of this station is known` };
		if (verdict.gap?.restored)
			return { ...verdict, status: STATUS.GAP, reason: `a backup was restored: the ledger had ${verdict.gap.from} records, and goes on as ${verdict.gap.restored}; what the backup had not is lost` };
		if (verdict.gap)
			return { ...verdict, status: STATUS.GAP, reason: `signed, but not proved from ${verdict.gap.from} to ${verdict.gap.to} records: this page was not there for what lay between` };
		return verdict;
	}

	/* ---- what is kept ---- */

	#name(station) {
		return `stipple.witness.v1/${station}`;
	}

	#kept(station) {
		try {
			const kept = JSON.parse(this.storage.getItem(this.#name(station)));
			return kept && { ...kept, root: kept.root ? fromBase64(kept.root) : null };
		} catch {
			return null;
		}
	}

	#store(station, record) {
		this.storage.setItem(this.#name(station), JSON.stringify({ ...record, root: record.root ? toBase64(record.root) : null }));
	}
}
