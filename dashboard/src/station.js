// SPDX-License-Identifier: Apache-2.0
/** What a page knows of one station, folded from its messages. No clock of its own, no page. */

import { ALARMS, PRIORITIES } from "./alarms.js";
import { Live } from "./live.js";
import { amount, count, text, time } from "./messages.js";
import { sentence } from "./sentences.js";

const TIMELINE_MAX = 200;
const ALERTS_MAX = 50;
const MAP_MAX = 200;
/** Cartridges of a product of which so few are left are worth an order. */
const LOW_STOCK = 5;

/** Sets an entry and drops the oldest beyond what one station can reasonably have. */
function put(map, name, value) {
	map.delete(name);
	map.set(name, value);
	if (map.size > MAP_MAX)
		map.delete(map.keys().next().value);
}

export class Station {
	constructor(clinic, name) {
		Object.assign(this, { clinic, name, key: `${clinic}/${name}`, state: null, seq: 0, newest: 0, rewound: false,
			stocked: false, session: 0, plan: null, cartridge: null, pigment: "", live: new Live(),
			/* what the clinic's server says: a row of its table of stations; and when this page saw it vanish */
			server: null, vanished: null });
		this.zones = new Map();
		this.lots = new Map();
		this.tests = new Map();
		this.alerts = [];
		this.timeline = [];
	}

	get online() {
		return this.state?.online === true;
	}

	/** There, as far as anybody knows: by the broker, or, where that says nothing, by the clinic's server. */
	get present() {
		return this.online || (this.state === null && this.server?.connected === true);
	}

	/** Since when it is away, in milliseconds; null when nobody knows. */
	get awaySince() {
		if (this.present)
			return null;
		return this.vanished ?? (time(this.server?.seen) || this.newest || null);
	}

	/** Faults nobody has acknowledged. */
	get open() {
		return this.alerts.filter((alert) => alert.severity === "fault" && !alert.acknowledged);
	}

	/** The priority of a fault by the name that the station's state gives it: the newest record knows more. */
	faultPriority(fault) {
		return this.open.find((alert) => alert.name === fault)?.priority ?? priorityOf(`fault.${fault}`, null);
	}

	/** Tests whose due date is past, as [name, test]. `today`: milliseconds. */
	overdue(today) {
		return [...this.tests].filter(([, test]) => test.overdue || (test.due !== null && test.due + 86400000 <= today));
	}

	/** `at`: milliseconds when it arrived. */
	setState(state, at = null) {
		if (state.online)
			this.vanished = null;
		else if (this.online)
			this.vanished = at;
		this.state = state;
		if (!state.online)
			this.live.clear();
		if (state.online && state.session !== this.session)
			this.#newSession(state.session);
		/* a page that was just opened has not seen the records of what is mounted and loaded */
		if (state.online && state.unit !== null && state.unit !== (this.cartridge?.unit ?? ""))
			this.cartridge = state.unit ? { unit: state.unit, lot: state.lot, expiry: "", at: null } : null;
		if (state.online && state.pigment !== null)
			this.pigment = state.pigment;
		if (state.online && state.stock !== null) {
			this.stocked = true;
			this.lots = new Map(state.stock.map(({ lot, ...rest }) => [lot, rest]));
		}
	}

	setTelemetry(telemetry, at) {
		this.live.add(telemetry, at);
	}

	/** False when the record is one that was seen. */
	addRecord(record) {
		if (record.late && record.seq <= this.seq)
			return this.#addLate(record);
		if (record.seq <= this.seq) {
			/* a message sent twice is no newer than what was seen; one that is belongs to another ledger */
			if (record.at > this.newest)
				this.rewound = true;
			return false;
		}
		this.seq = record.seq;
		this.newest = Math.max(this.newest, record.at);
		/* not the body, which may be long: the browser keeps few megabytes for a page */
		this.timeline.unshift({ seq: record.seq, kind: record.kind, at: record.at, words: sentence(record) });
		this.timeline.length = Math.min(this.timeline.length, TIMELINE_MAX);
		const fold = FOLDS.get(record.kind) ?? FOLDS.get(record.kind.split(".")[0]);
		fold?.(this, record.body, record);
		return true;
	}

	/** The broker did not take it in its time: it is history, and changes nothing of what is now but that a person is told. */
	#addLate(record) {
		if (this.timeline.some(({ seq }) => seq === record.seq))
			return false;
		this.timeline.push({ seq: record.seq, kind: record.kind, at: record.at, words: sentence(record) });
		this.timeline.sort((a, b) => b.seq - a.seq);
		this.timeline.length = Math.min(this.timeline.length, TIMELINE_MAX);
		if (record.kind.startsWith("alert."))
			(FOLDS.get(record.kind) ?? foldAlert)(this, record.body, record);
		return true;
	}

	/** A person has looked into it: from here on another ledger is this station's. */
	acceptLedger() {
		Object.assign(this, { rewound: false, seq: 0, newest: 0 });
	}

	/** `id`: of the table of alarms; what is no alarm there is shown as a low one. */
	addAlert(severity, name, words, record, id = "") {
		const priority = priorityOf(id, record.body.priority);
		this.alerts.unshift({ severity, name, words, id, priority, seq: record.seq, at: record.at, acknowledged: null });
		this.alerts.length = Math.min(this.alerts.length, ALERTS_MAX);
	}

	#newSession(session) {
		this.session = session;
		this.zones.clear();
		this.plan = null;
		this.pigment = "";
		if (session === 0)
			this.cartridge = null;
	}

	begin(body) {
		const session = count(body.session);
		if (session && session !== this.session)
			this.#newSession(session);
	}

	setZone(body) {
		this.begin(body);
		const name = text(body.zone, 64);
		if (!name)
			return;
		put(this.zones, name, { dots: count(body.dots), strokes: count(body.strokes), density: amount(body.density),
			before: amount(body.density_before), over: count(body.dots_over), target: amount(body.target), outside: amount(body.outside), depth: amount(body.depth_mean_um),
			dwell: amount(body.dwell_mean_ms) });
	}

	/* A station that says what it has in stock says so after each claim: counting along would count twice. */
	useLot(body) {
		const lot = this.lots.get(lotName(body));
		if (lot && !this.stocked)
			lot.left = Math.max(lot.left - 1, 0);
	}

	/** Products of which few cartridges are left that may still be used, as [product, number]. */
	shortages(now) {
		const products = new Map();
		for (const { product, expiry, left } of this.lots.values())
			products.set(product, (products.get(product) ?? 0) + (isExpired(expiry, now) ? 0 : left));
		if (this.stocked && products.size === 0)
			products.set("cartridges", 0);
		return [...products].filter(([, left]) => left <= LOW_STOCK);
	}

	/* ---- across a reload of the page ---- */

	save() {
		const { clinic, name, seq, newest, rewound, stocked, session, plan, cartridge, pigment, alerts, timeline } = this;
		return { clinic, name, seq, newest, rewound, stocked, session, plan, cartridge, pigment, alerts,
			timeline: timeline.slice(0, 40), zones: [...this.zones], lots: [...this.lots], tests: [...this.tests] };
	}

	static restore(saved) {
		const { zones, lots, tests, ...rest } = saved;
		const station = Object.assign(new Station(saved.clinic, saved.name), rest);
		/* how it is now only the broker can say */
		Object.assign(station, { state: null, zones: new Map(zones), lots: new Map(lots), tests: new Map(tests) });
		return station;
	}
}

/** Whether a day is past; `expiry` as in messages. */
export function isExpired(expiry, now) {
	const at = time(expiry);
	return at !== null && at + 86400000 <= now;
}

/**
 * The priority of an alarm: as it is on record, or, of an older station, by the table. A fault that the table does
 * not know comes from a newer station: it is high, because it stopped the needle.
 */
function priorityOf(id, recorded) {
	if (PRIORITIES.includes(recorded))
		return recorded;
	return ALARMS.get(id)?.[0] ?? (id.startsWith("fault.") || id.startsWith("board-fault.") ? "high" : "low");
}

function lotName(body) {
	return text(body.lot, 64) || "without lot";
}

/** What a test is called. */
function testName(body) {
	return `${text(body.sterilizer, 64) || "steriliser"}: biological test`;
}

/** One that failed has the next due at once; one that proves nothing changes nothing. */
function foldTest(station, body, record) {
	const name = testName(body);
	const known = station.tests.get(name);
	const result = text(body.result, 64);
	put(station.tests, name, {
		at: record.at,
		result,
		due: result === "pass" ? time(body.due) : known?.due ?? null,
		overdue: result === "fail" || (result !== "pass" && known?.overdue === true),
	});
	if (result === "fail")
		station.addAlert("warning", "sterilization-failed", `${name} failed`, record);
}

function foldAlert(station, body, record) {
	const name = text(body.alert, 64) || record.kind;
	station.addAlert("warning", name, text(body.text) || name, record, `alert.${name}`);
	if (name.startsWith("sterilization-")) {
		const known = station.tests.get(testName(body));
		put(station.tests, testName(body), { at: known?.at ?? record.at, result: known?.result ?? "", due: time(body.due),
			overdue: name.endsWith("overdue") });
	}
}

/** By kind, or by what stands before its dot. */
const FOLDS = new Map(Object.entries({
	"operator.refused": (s, body, record) => s.addAlert("warning", "PIN",
		`wrong PIN for badge ${text(body.badge, 64)}, attempt ${count(body.attempts) ?? "unknown"}`, record),
	"clock.backwards": (s, body, record) => s.addAlert("warning", "clock", "the station's clock ran backwards", record),
	"alert.acknowledged": (s, body, record) => {
		for (const alert of s.alerts)
			if (alert.id === text(body.alarm, 64) && !alert.acknowledged)
				alert.acknowledged = { at: record.at, note: "" };
	},
	"alert": foldAlert,
	"interlock.overridden": (s, body, record) => s.addAlert("warning", "override",
		`${text(body.interlock, 64)} set aside: ${text(body.reason)}`, record),
	"fault.latched": (s, body, record) => {
		const cause = text(body.cause, 64);
		const named = text(body.board_fault, 64);
		const id = cause === "board" && named ? `board-fault.${named}` : `fault.${cause}`;
		s.addAlert("fault", cause, [ALARMS.get(id)?.[1] ?? cause, text(body.detail)].filter(Boolean).join(": "), record, id);
	},
	"fault.acknowledged": (s, body, record) => {
		const cause = text(body.cause, 64);
		for (const alert of s.open)
			if (!cause || alert.name === cause)
				alert.acknowledged = { at: record.at, note: text(body.note) };
	},
	"session.recovered": (s, body, record) => {
		const lacking = amount(body.lacking_ms) ?? 0;
		s.addAlert("warning", "restart", lacking > 0
			? `the station stopped in a session: strokes of up to ${(lacking / 1000).toFixed(1)} s are not on record`
			: "the station stopped in a session; by its record the needle was not armed", record);
	},
	"session.begun": (s, body) => s.begin(body),
	"session.zone": (s, body) => {
		s.begin(body);
		s.plan = { zone: text(body.zone, 64), target: amount(body.target), least: amount(body.depth_min_um), most: amount(body.depth_max_um) };
	},
	"zone.statistics": (s, body) => s.setZone(body),
	"pigment.loaded": (s, body) => {
		s.pigment = [text(body.brand, 64), text(body.colour, 64)].filter(Boolean).join(" ");
	},
	"lot.received": (s, body) => {
		const name = lotName(body);
		put(s.lots, name, { product: text(body.product, 64), expiry: text(body.expiry, 16),
			left: (s.lots.get(name)?.left ?? 0) + (count(body.quantity) ?? 0) });
	},
	"needle.claimed": (s, body, record) => {
		s.begin(body);
		s.cartridge = { unit: text(body.unit, 128), lot: text(body.lot, 64), expiry: text(body.expiry, 16), at: record.at };
		s.useLot(body);
	},
	"needle.removed": (s) => {
		s.cartridge = null;
	},
	"indicator.tested": foldTest,
}));
