// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import test from "node:test";

import { PAYLOAD_MAX, parseTopic, text } from "../src/messages.js";
import { STATIONS_MAX, Store } from "../src/store.js";

const bytes = (value) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const DAY = 86400000;

class Scene {
	constructor() {
		this.at = Date.parse("2026-03-02T09:00:00Z");
		this.checkpoints = [];
		this.seq = 0;
		this.store = new Store({ now: () => this.at, onCheckpoint: (...what) => this.checkpoints.push(what) });
	}
	send(topic, value, station = "chair-1") {
		return this.store.receive(`stipple/v1/clinic/${station}/${topic}`, bytes(value));
	}
	state(more = {}, station = "chair-1") {
		return this.send("state", { online: true, clinic: "clinic", station, state: "idle", session: 0, subject: "", operator: "",
			zone: "", fault: "", board: true, ...more }, station);
	}
	record(topic, kind, body, more = {}) {
		const seq = more.seq ?? ++this.seq;
		this.seq = seq;
		return this.send(topic, { id: `clinic/chair-1/${seq}`, seq, kind, utc: new Date(this.at).toISOString(), body, ...more });
	}
	live(more = {}) {
		return this.send("telemetry", { state: "working", session: 1, zone: "crown", dots: 5, strokes: 50, session_dots: 5,
			session_strokes: 50, density: 10, target: 100, outside: 0, depth_um: 900, resistance_mn: 300, dwell_ms: 60,
			pedal: true, emergency_stop: false, elapsed_s: 60, ...more });
	}
	get chair() {
		return this.store.stations.get("clinic/chair-1");
	}
}

test("what the broker did not take in its time is shown where it belongs, once", () => {
	const scene = new Scene();
	scene.record("session", "session.begun", { session: 1, subject: "P-1" });
	scene.record("session", "session.state", { session: 1, from: "ready", to: "working", event: "x" }, { seq: 5 });
	const late = () => scene.record("alert", "alert.raised", { alert: "disk-low", text: "the disk is nearly full" }, { seq: 3, late: true });
	late();
	late();
	assert.deepEqual(scene.chair.timeline.map(({ seq }) => seq), [5, 3, 1]);
	assert.equal(scene.chair.alerts.filter(({ words }) => words.includes("nearly full")).length, 1);
	assert.equal(scene.chair.seq, 5);
	scene.record("alert", "alert.raised", { alert: "disk-low", text: "sent twice" }, { seq: 2 });
	assert.equal(scene.chair.timeline.length, 3);
});

test("topics of stations are taken apart, others refused", () => {
	assert.deepEqual(parseTopic("stipple/v1/clinic/chair-1/zone/crown"),
		{ clinic: "clinic", station: "chair-1", key: "clinic/chair-1", kind: "zone", zone: "crown" });
	for (const topic of ["", "stipple/v1/clinic/chair-1", "stipple/v2/clinic/chair-1/state", "stipple/v1/clinic/chair-1/arm",
		"stipple/v1/clinic/chair-1/zone", "stipple/v1/clinic/chair-1/zone/", "stipple/v1/clinic/chair-1/state/x",
		"stipple/v1/<b>/chair-1/state", "stipple/v1//chair-1/state", "stipple/v1/clinic/chair-1/zone/a/b"])
		assert.equal(parseTopic(topic), null, topic);
});

test("a last will takes a station offline and its live figures away", () => {
	const scene = new Scene();
	scene.state({ state: "working", session: 1, operator: "b1" });
	scene.live();
	assert.equal(scene.chair.live.current(scene.at).depth, 900);
	scene.send("state", { online: false, clinic: "clinic", station: "chair-1" });
	assert.equal(scene.chair.online, false);
	assert.equal(scene.chair.live.current(scene.at), null);
});

test("live figures go stale, and dots a minute come from their differences", () => {
	const scene = new Scene();
	for (let i = 0; i <= 40; i++) {
		scene.live({ session_dots: i });
		scene.at += 500;
	}
	assert.equal(Math.round(scene.chair.live.rate), 120);
	assert.equal(scene.chair.live.columns[0].length, 41);
	scene.at += 5000;
	assert.equal(scene.chair.live.current(scene.at), null);
	scene.live({ session: 2, session_dots: 0 });
	assert.equal(scene.chair.live.rate, null);
	assert.ok(scene.chair.live.columns[1].includes(null), "the pause is a gap in the chart");
});

test("the charts keep ten minutes, whatever the rate", () => {
	const scene = new Scene();
	for (let i = 0; i < 20000; i++) {
		scene.live({ session_dots: i });
		scene.at += 100;
	}
	const [times] = scene.chair.live.columns;
	assert.ok(times.length <= 1334 && times.at(-1) - times[0] <= 600, `${times.length}`);
});

test("a record counts once, in whatever number it arrives", () => {
	const scene = new Scene();
	scene.record("needle", "lot.received", { lot: "L1", product: "1RL", quantity: 20, expiry: "2031-12-31", gtin: "0" });
	scene.record("needle", "lot.received", { lot: "L1", product: "1RL", quantity: 20, expiry: "2031-12-31", gtin: "0" }, { seq: 1 });
	scene.record("needle", "needle.claimed", { session: 1, unit: "(01)0(21)A", lot: "L1", code: "c" });
	assert.equal(scene.chair.lots.get("L1").left, 19);
	assert.equal(scene.chair.timeline.length, 2);
	assert.equal(scene.chair.rewound, false);
});

test("a new record with an old number shows that the ledger was replaced", () => {
	const scene = new Scene();
	scene.record("session", "operator.signed-in", { badge: "b" }, { seq: 50 });
	scene.at += 1000;
	scene.record("session", "operator.signed-in", { badge: "b" }, { seq: 2 });
	assert.equal(scene.chair.rewound, true);
	assert.equal(scene.chair.seq, 50);
});

test("alarms have the priority of the record, or else that of the table", () => {
	const scene = new Scene();
	const station = () => scene.store.stations.get("clinic/chair-1");
	const first = () => [station().alerts[0].priority, station().alerts[0].words];
	scene.record("alert", "fault.latched", { cause: "emergency-stop", detail: 0 });
	assert.deepEqual(first(), ["high", "Emergency stop"]);
	scene.record("alert", "fault.latched", { cause: "board", board_fault: "self-test", detail: 0 });
	assert.deepEqual(first(), ["medium", "The board failed its self-test"]);
	scene.record("alert", "fault.latched", { cause: "of-next-year", detail: 0 });
	assert.deepEqual(first(), ["high", "of-next-year"], "what stopped a needle is high");
	scene.record("alert", "alert.raised", { alert: "stock-low", text: "lot L1 has 3 cartridges left" });
	assert.deepEqual(first(), ["low", "lot L1 has 3 cartridges left"]);
	scene.record("alert", "alert.raised", { alert: "stock-low", text: "none left", priority: "medium" });
	assert.deepEqual(first(), ["medium", "none left"]);
	scene.record("alert", "alert.raised", { alert: "of-next-year", text: "?", priority: "loud" });
	assert.equal(station().alerts[0].priority, "low");
	scene.record("alert", "alert.acknowledged", { alarm: "alert.stock-low", priority: "low" });
	assert.deepEqual(station().alerts.map(({ name, acknowledged }) => [name, acknowledged !== null]).slice(0, 3),
		[["of-next-year", false], ["stock-low", true], ["stock-low", true]]);
});

test("faults stay open until they are acknowledged", () => {
	const scene = new Scene();
	scene.record("alert", "fault.latched", { session: 1, cause: "emergency-stop", detail: "button" });
	scene.record("alert", "alert.raised", { alert: "depth-outside", text: "too deep" });
	assert.deepEqual(scene.chair.open.map((alert) => alert.name), ["emergency-stop"]);
	scene.record("alert", "fault.acknowledged", { cause: "other", note: "" });
	assert.equal(scene.chair.open.length, 1);
	scene.record("alert", "fault.acknowledged", { cause: "emergency-stop", note: "released" });
	assert.equal(scene.chair.open.length, 0);
	assert.equal(scene.chair.alerts.at(-1).acknowledged.note, "released");
});

test("zone, cartridge and pigment belong to their session", () => {
	const scene = new Scene();
	scene.record("session", "session.begun", { session: 4, subject: "P", protocol: "x", course_session: 1 });
	scene.record("needle", "needle.claimed", { session: 4, unit: "u", lot: "L" });
	scene.record("session", "pigment.loaded", { session: 4, brand: "B", colour: "c", lot: "l", expiry: "2030-01-01" });
	scene.record("zone/crown", "zone.statistics", { session: 4, zone: "crown", dots: 5, strokes: 9, area_mm2: 100, density: 50, target: 100, outside: 0.1, histogram: [] });
	scene.state({ state: "working", session: 4 });
	assert.equal(scene.chair.zones.get("crown").density, 50);
	assert.equal(scene.chair.pigment, "B c");
	scene.state({ state: "idle", session: 0 });
	assert.equal(scene.chair.zones.size, 0);
	assert.equal(scene.chair.cartridge, null);
});

test("what is mounted is known from the state alone, and records say more of it", () => {
	const scene = new Scene();
	scene.state({ state: "working", session: 4, unit: "chip:0a", lot: "L", pigment: "B c" });
	assert.deepEqual([scene.chair.cartridge.unit, scene.chair.cartridge.lot, scene.chair.pigment], ["chip:0a", "L", "B c"]);
	scene.record("needle", "needle.claimed", { session: 4, unit: "chip:0b", lot: "L", expiry: "2030-01-01" });
	scene.state({ state: "working", session: 4, unit: "chip:0b", lot: "L", pigment: "B c" });
	assert.equal(scene.chair.cartridge.expiry, "2030-01-01");
	scene.state({ state: "paused", session: 4, unit: "", lot: "", pigment: "B c" });
	assert.equal(scene.chair.cartridge, null);
});

test("a session that waits after its station stopped is told", () => {
	const scene = new Scene();
	scene.state({ state: "paused", session: 4, waits: true });
	assert.equal(scene.chair.state.waits, true);
	scene.record("session", "session.recovered", { session: 4, to: "paused", since: "2026-03-02T10:00:00Z", lacking_ms: 2000 });
	assert.match(scene.chair.alerts[0].words, /strokes of up to 2\.0 s are not on record/);
	scene.state({ state: "preparing", session: 4, waits: false });
	assert.equal(scene.chair.state.waits, false);
});

test("a sterilisation test is overdue once its day is past", () => {
	const scene = new Scene();
	scene.record("sterilization", "indicator.tested", { sterilizer: "S1", result: "pass", due: "2026-03-02" });
	assert.equal(scene.chair.overdue(scene.at).length, 0, "not on the day itself");
	assert.deepEqual(scene.chair.overdue(scene.at + DAY).map(([name]) => name), ["S1: biological test"]);
	scene.record("sterilization", "indicator.tested", { sterilizer: "S1", result: "pass", due: "2026-04-02" });
	assert.equal(scene.chair.overdue(scene.at + DAY).length, 0);
	scene.record("sterilization", "indicator.tested", { sterilizer: "S1", result: "fail" });
	assert.equal(scene.chair.overdue(scene.at).length, 1);
	assert.equal(scene.chair.alerts[0].name, "sterilization-failed");
	scene.record("sterilization", "indicator.tested", { sterilizer: "S1", result: "invalid" });
	scene.record("sterilization", "indicator.followed-up", { test: 4, action: "repacked" });
	assert.equal(scene.chair.overdue(scene.at).length, 1, "what proves nothing changes nothing");
	scene.record("sterilization", "indicator.tested", { sterilizer: "S1", result: "pass", due: "2026-04-02" });
	assert.equal(scene.chair.overdue(scene.at).length, 0);
	scene.record("alert", "alert.raised", { alert: "sterilization-due", text: "x", sterilizer: "S1", due: "2026-03-05" });
	assert.equal(scene.chair.overdue(scene.at).length, 0);
	scene.record("alert", "alert.raised", { alert: "sterilization-overdue", text: "x", sterilizer: "S1", due: "2026-03-01" });
	assert.deepEqual([...scene.chair.tests.keys()], ["S1: biological test"]);
	assert.equal(scene.chair.overdue(scene.at).length, 1);
});

test("numbers that go back are an alarm until a person accepts the new ledger", () => {
	const scene = new Scene();
	scene.record("alert", "alert.raised", { alert: "x", text: "x" }, { seq: 9 });
	scene.record("alert", "alert.raised", { alert: "x", text: "x" }, { seq: 9 });
	assert.equal(scene.chair.rewound, false, "sent twice is not back");
	scene.at += 1000;
	scene.record("alert", "alert.raised", { alert: "x", text: "x" }, { seq: 1 });
	assert.equal(scene.chair.rewound, true);
	scene.chair.acceptLedger();
	assert.equal(scene.record("alert", "alert.raised", { alert: "x", text: "x" }, { seq: 2 }), true);
	assert.deepEqual([scene.chair.rewound, scene.chair.seq], [false, 2]);
});

test("stock is counted along until the station says what it has", () => {
	const scene = new Scene();
	scene.record("needle", "lot.received", { lot: "L2", product: "1RL", quantity: 7, expiry: "2031-12-31" });
	assert.deepEqual(scene.chair.shortages(scene.at), []);
	for (const unit of ["a", "b"])
		scene.record("needle", "needle.claimed", { session: 1, unit, lot: "L2" });
	assert.deepEqual(scene.chair.shortages(scene.at), [["1RL", 5]]);
	scene.state({ stock: [{ lot: "L2", product: "1RL", expiry: "2031-12-31", left: 4 }, { lot: "L3", product: "3RL", expiry: "2026-03-01", left: 9 }] });
	scene.record("needle", "needle.claimed", { session: 1, unit: "c", lot: "L2" });
	assert.deepEqual(scene.chair.shortages(scene.at), [["1RL", 4], ["3RL", 0]], "what is expired is not left");
	scene.state({ stock: [] });
	assert.deepEqual(scene.chair.shortages(scene.at), [["cartridges", 0]]);
	scene.state({ stock: [7, null, { left: -1 }, { left: "x" }, { lot: 3, left: 6 }] });
	assert.deepEqual(scene.chair.shortages(scene.at), []);
});

test("a checkpoint is handed on as it is", () => {
	const scene = new Scene();
	scene.send("checkpoint", { v: 1, note: "n" });
	assert.deepEqual(scene.checkpoints, [["clinic/chair-1", { v: 1, note: "n" }]]);
});

test("what is malformed is refused and remembered, and changes nothing", () => {
	const scene = new Scene();
	scene.state();
	const before = scene.store.save();
	const wrong = [["state", "{"], ["state", "7"], ["state", "null"], ["state", "[]"], ["state", { online: "yes" }],
		["state", { online: true, clinic: "clinic", station: "chair-2", state: "idle" }],
		["state", { online: true, clinic: "clinic", station: "chair-1", state: "<b>" }],
		["alert", {}], ["alert", { id: "clinic/chair-1/1", seq: 1, kind: "fault.latched", utc: "now", body: {} }],
		["alert", { id: "clinic/chair-1/1", seq: -1, kind: "fault.latched", utc: "2026-03-02T09:00:00Z", body: {} }],
		["alert", { id: "clinic/other/1", seq: 1, kind: "fault.latched", utc: "2026-03-02T09:00:00Z", body: {} }],
		["alert", { id: "clinic/chair-1/1", seq: 1, kind: "__proto__", utc: "2026-03-02T09:00:00Z", body: {} }],
		["alert", { id: "clinic/chair-1/1", seq: 1, kind: "fault.latched", utc: "2026-03-02T09:00:00Z", body: [] }],
		["alert", { id: "clinic/chair-1/1e99", seq: 1e99, kind: "fault.latched", utc: "2026-03-02T09:00:00Z", body: {} }],
		["telemetry", { state: "working" }], ["telemetry", { state: 7, session: 1 }], ["arm", {}], ["state", "x".repeat(PAYLOAD_MAX + 1)]];
	for (const [topic, value] of wrong)
		assert.equal(scene.send(topic, value), false, `${topic} ${JSON.stringify(value).slice(0, 80)}`);
	assert.equal(scene.store.receive("stipple/v1/clinic/chair-1/state", Uint8Array.of(0x7b, 0xff, 0x7d)), false);
	assert.equal(scene.store.refusedCount, wrong.length + 1);
	assert.ok(scene.store.refused.length <= 20);
	assert.equal(scene.store.save(), before);
});

test("bodies of any shape are folded and put in words without harm", () => {
	const scene = new Scene();
	const kinds = ["operator.refused", "lot.received", "session.begun", "session.zone", "session.state", "needle.claimed",
		"needle.refused", "needle.removed", "pigment.loaded", "zone.statistics", "fault.latched", "fault.acknowledged",
		"alert.raised", "indicator.tested", "indicator.result", "sterilization.cycle", "constructor.of", "lot.low", "stock.low", "other.kind"];
	const values = [null, true, -1, 1e308, "x".repeat(2000), "<img src=x onerror=alert(1)>", [], {}, "\u202egnp.exe", { toString: 7 }];
	const names = ["session", "zone", "unit", "lot", "text", "cause", "alert", "badge", "due", "test", "sterilizer", "quantity",
		"__proto__", "constructor", "density", "target", "product", "result", "from", "to", "attempts"];
	for (const kind of kinds)
		for (const value of values) {
			const body = JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()}}`);
			assert.ok(scene.record(kind === "zone.statistics" ? "zone/x" : "alert", kind, body), kind);
			const said = scene.chair.timeline[0].words;
			assert.ok(said.length < 1000 && !said.includes("\u202e"), said);
		}
	assert.equal({}.polluted, undefined);
});

test("numbers of things are bounded", () => {
	const scene = new Scene();
	for (let i = 0; i < STATIONS_MAX + 5; i++)
		scene.state({}, `s-${i}`);
	assert.equal(scene.store.stations.size, STATIONS_MAX);
	scene.store.stations.delete("clinic/s-0");
	for (let i = 0; i < 500; i++) {
		scene.record("zone/z", "zone.statistics", { session: 1, zone: `z${i}` });
		scene.record("alert", "alert.raised", { alert: `stock-${i}`, text: "x" });
	}
	assert.ok(scene.chair.timeline.length <= 200 && scene.chair.alerts.length <= 50);
	assert.ok(scene.chair.zones.size <= 200);
});

test("what would fill the browser's storage is not saved", () => {
	const scene = new Scene();
	for (let i = 0; i < 100; i++)
		for (let j = 0; j < 45; j++)
			scene.send("alert", { id: `clinic/s-${i}/${j + 1}`, seq: j + 1, kind: "alert.raised", utc: "2026-03-02T09:00:00Z",
				body: { alert: "x", text: "y".repeat(60000) } }, `s-${i}`);
	assert.equal(scene.store.save(), null);
	assert.ok(JSON.stringify(scene.store.stations.get("clinic/s-1").save()).length < 50000);
});

test("text is cut, and what hides or turns other text is taken out", () => {
	assert.equal(text("a\u202eb\u0000c"), "a\u00b7b\u00b7c");
	assert.equal(text("x".repeat(400)).length, 300);
	assert.equal(text(7), "");
});

test("what is known outlives the page, but not how a station is now", () => {
	const scene = new Scene();
	scene.state({ state: "working", session: 1 });
	scene.record("alert", "fault.latched", { cause: "board" });
	scene.record("zone/crown", "zone.statistics", { session: 1, zone: "crown", density: 5, target: 10 });
	const later = new Store();
	assert.ok(later.restore(scene.store.save()));
	const chair = later.stations.get("clinic/chair-1");
	assert.deepEqual([chair.state, chair.seq, chair.open.length, chair.zones.get("crown").density], [null, 2, 1, 5]);
	for (const saved of [null, "", "{", "{}", '{"version":99,"stations":[]}', '{"version":2,"stations":7}'])
		assert.equal(new Store().restore(saved), false);
});

test("stations are sorted as people count", () => {
	const scene = new Scene();
	for (const name of ["chair-10", "chair-2", "chair-1"])
		scene.state({}, name);
	assert.deepEqual(scene.store.sorted().map((station) => station.name), ["chair-1", "chair-2", "chair-10"]);
});
