// SPDX-License-Identifier: Apache-2.0
/**
 * From what came over the network to messages of known form. Whoever may publish may publish anything:
 * what does not fit is refused as a whole, text is cut to a length, and numbers are numbers.
 */

/** Bytes: a checkpoint may bear sixteen signatures that withstand quantum computers. */
export const PAYLOAD_MAX = 160 * 1024;
const TEXT_MAX = 300;
const NAME = /^[A-Za-z0-9._-]{1,64}$/;
const TOPICS = new Set(["state", "session", "zone", "needle", "image", "alert", "telemetry", "sterilization", "checkpoint"]);
/** What turns the direction of text around, or is not to be seen, has no place between other text. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

export class MessageError extends Error {}

/** {clinic, station, key, kind, zone} of a topic of a station, or null. */
export function parseTopic(topic) {
	const [root, version, clinic, station, kind, zone, ...rest] = String(topic).split("/");
	if (root !== "stipple" || version !== "v1" || !NAME.test(clinic ?? "") || !NAME.test(station ?? "") || !TOPICS.has(kind))
		return null;
	if (rest.length > 0 || (kind === "zone") !== (zone !== undefined) || zone === "")
		return null;
	return { clinic, station, key: `${clinic}/${station}`, kind, zone };
}

/** The JSON object that is a payload. */
export function parsePayload(bytes) {
	if (bytes.length > PAYLOAD_MAX)
		throw new MessageError(`longer than ${PAYLOAD_MAX} bytes`);
	let value;
	try {
		value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
	} catch {
		throw new MessageError("not JSON in UTF-8");
	}
	if (!isObject(value))
		throw new MessageError("not a JSON object");
	return value;
}

export function isObject(value) {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A text that can be shown, of at most `max` characters; "" for what is none. */
export function text(value, max = TEXT_MAX) {
	if (typeof value !== "string")
		return "";
	const clean = value.replace(CONTROL, "\u00b7");
	return clean.length > max ? `${clean.slice(0, max - 1)}\u2026` : clean;
}

/** A number not below 0, or null. */
export function amount(value) {
	return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}

export function count(value) {
	return Number.isSafeInteger(value) && value >= 0 ? value : null;
}

/** Milliseconds of a UTC time or date of a message, or null. */
export function time(value) {
	if (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}(T[0-9:.]+Z)?$/.test(value))
		return null;
	const at = Date.parse(value);
	return Number.isNaN(at) ? null : at;
}

/** A record of the ledger: {seq, kind, at, body, late}; late: it comes after records with higher numbers. */
export function parseRecord(topic, value) {
	const record = { seq: count(value.seq), kind: text(value.kind, 64), at: time(value.utc), body: value.body,
		late: value.late === true };
	if (!record.seq || !/^[a-z][a-z-]*(\.[a-z-]+)+$/.test(record.kind) || record.at === null || !isObject(record.body))
		throw new MessageError("not a record of the ledger");
	if (value.id !== `${topic.key}/${record.seq}`)
		throw new MessageError("its id is not that of its station");
	return record;
}

const STOCK_MAX = 100;

/** Lots in stock, or null from a station that does not say. */
function parseStock(value) {
	if (!Array.isArray(value))
		return null;
	return value.slice(0, STOCK_MAX).filter((lot) => isObject(lot) && count(lot.left) !== null)
		.map((lot) => ({ lot: text(lot.lot, 64), product: text(lot.product, 64), expiry: text(lot.expiry, 16), left: lot.left }));
}

const STATES = new Set(["idle", "preparing", "ready", "working", "paused", "closing", "fault"]);

export function parseState(topic, value) {
	if (typeof value.online !== "boolean" || value.clinic !== topic.clinic || value.station !== topic.station)
		throw new MessageError("not the state of its station");
	if (value.online && !STATES.has(value.state))
		throw new MessageError("no state that is known");
	return {
		online: value.online,
		state: value.online ? value.state : "",
		session: count(value.session) ?? 0,
		subject: text(value.subject, 64),
		operator: text(value.operator, 64),
		zone: text(value.zone, 64),
		unit: typeof value.unit === "string" ? text(value.unit, 128) : null,
		lot: text(value.lot, 64),
		pigment: typeof value.pigment === "string" ? text(value.pigment, 128) : null,
		stock: parseStock(value.stock),
		fault: text(value.fault, 64),
		board: value.board === true,
		waits: value.waits === true,
		version: text(value.version, 32),
	};
}

export function parseTelemetry(value) {
	if (!STATES.has(value.state) || count(value.session) === null)
		throw new MessageError("no live figures");
	return {
		state: value.state,
		session: value.session,
		zone: text(value.zone, 64),
		dots: count(value.dots),
		strokes: count(value.strokes),
		sessionDots: count(value.session_dots),
		sessionStrokes: count(value.session_strokes),
		density: amount(value.density),
		before: amount(value.before),
		over: count(value.over),
		target: amount(value.target),
		outside: amount(value.outside),
		depth: amount(value.depth_um),
		resistance: amount(value.resistance_mn),
		dwell: amount(value.dwell_ms),
		pedal: value.pedal === true,
		stop: value.emergency_stop === true,
		elapsed: amount(value.elapsed_s),
		breakIn: Number.isSafeInteger(value.break_in_s) ? value.break_in_s : null,
	};
}
