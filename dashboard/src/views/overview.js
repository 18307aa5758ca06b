// SPDX-License-Identifier: Apache-2.0
/** All stations at a glance. */

import { ALARMS } from "../alarms.js";
import { arrange, h, setAttribute, setLines, setText, show, stationLink } from "../dom.js";
import { STATE_WORDS, figure, minute, progress, unitName, zoneName } from "../sentences.js";
import { STATUS } from "../witness.js";

/** From so many stations on, cards are small, so that a wall screen shows all of them. */
const COMPACT_FROM = 17;

/** Where a station stands, worst first: [tone, word]. */
export function standing(station, verdict) {
	if (verdict.status === STATUS.ALARM || station.rewound)
		return ["medium", "Ledger alarm"];
	if (!station.state)
		return ["offline", "Not heard"];
	if (!station.online)
		return ["offline", "Offline"];
	if (station.state.state === "fault" || station.state.fault)
		return [station.faultPriority(station.state.fault), "Fault"];
	if (station.state.waits)
		return ["paused", "Interrupted"];
	return [station.state.state, STATE_WORDS.get(station.state.state)];
}

const LEDGER = new Map([
	[STATUS.NONE, null],
	[STATUS.FIRST, ["good", "Ledger signed"]],
	[STATUS.VERIFIED, ["good", "Ledger proved"]],
	[STATUS.UNSIGNED, ["plain", "Ledger: no key known"]],
	[STATUS.GAP, ["low", "Ledger not proved throughout"]],
	[STATUS.UNREADABLE, ["low", "Checkpoint unreadable"]],
	[STATUS.UNAVAILABLE, ["plain", "Ledger not checked"]],
	[STATUS.ALARM, ["medium", "Ledger does not follow"]],
]);

/** What a person may have to see to: lines of [class, text]. */
export function flags(station, verdict, now) {
	const lines = [];
	const fault = station.online && station.state.fault;
	if (station.rewound)
		lines.push(["medium", "Record numbers went back: another ledger"]);
	if (fault)
		lines.push([station.faultPriority(fault), [`Fault: ${fault}`, ALARMS.get(`fault.${fault}`)?.[1]].filter(Boolean).join(" – ")]);
	const open = station.open.filter((alert) => alert.name !== fault);
	if (open.length > 0)
		lines.push([open[0].priority, `${open.length} not acknowledged: ${open[0].name}`]);
	if (station.online && !station.state.board)
		lines.push(["medium", "Board does not answer"]);
	if (station.live.current(now)?.stop)
		lines.push(["high", "Emergency stop pressed"]);
	for (const [name] of station.overdue(now))
		lines.push(["medium", `Test overdue: ${name}`]);
	for (const [product, left] of station.shortages(now))
		lines.push(["low", `Stock: ${product || "cartridges"}, ${left || "none"} left`]);
	const ledger = LEDGER.get(verdict.status);
	const at = verdict.alarm?.at ?? verdict.at;
	if (ledger)
		lines.push([ledger[0], at === null ? ledger[1] : `${ledger[1]} ${minute(at, now)}`]);
	return lines;
}

export function needsAttention(station, verdict, now) {
	return flags(station, verdict, now).some(([kind]) => kind !== "good" && kind !== "plain");
}

/** Density and target of the zone at work: live, or as last recorded. */
export function zoneFigures(station, now) {
	const zone = station.live.current(now)?.zone || station.state?.zone || "";
	const source = station.live.current(now) ?? station.zones.get(zone);
	return { zone, before: source?.before ?? null, density: source?.density ?? null, over: source?.over ?? null, target: source?.target ?? station.plan?.target ?? null };
}

class Card {
	constructor(station) {
		this.station = station;
		this.name = h("a", { href: stationLink(station) }, station.name);
		this.state = h("span", { class: "state" });
		this.who = h("p", { class: "who" });
		this.zone = h("span");
		this.percent = h("span", { class: "percent" });
		this.bar = h("progress", { max: 100, value: 0, "aria-label": "Density reached" });
		this.work = h("div", { class: "work" }, h("p", {}, this.zone, this.percent), this.bar);
		this.rate = h("span");
		this.gauges = h("span");
		this.live = h("p", { class: "live" }, this.rate, h("span", { class: "word" }, " dots"), this.gauges);
		this.cartridge = h("p", { class: "cartridge" });
		this.flags = h("ul", { class: "flags" });
		this.node = h("li", { class: "card" }, h("article", {}, h("header", {}, h("h3", {}, this.name), this.state),
			this.who, this.work, this.live, this.cartridge, this.flags));
	}

	update(verdict, now) {
		const { station } = this;
		const [tone, word] = standing(station, verdict);
		setAttribute(this.node, "data-tone", tone);
		setText(this.state, word);
		const state = station.online ? station.state : null;
		setText(this.who, [state?.operator || (state ? "nobody signed in" : ""), state?.subject].filter(Boolean).join(" · "));
		this.#updateWork(now);
		const live = station.live.current(now);
		show(this.live, Boolean(live));
		setText(this.rate, figure(station.live.rate));
		setText(this.gauges, live ? `/min · ${figure(live.depth === null ? null : live.depth / 1000, 2)} mm · ${figure(live.resistance)} mN` : "");
		const { unit, lot } = station.cartridge ?? {};
		setText(this.cartridge, unit ? [`Cartridge ${unitName(unit)}`, lot && `lot ${lot}`].filter(Boolean).join(" · ") : "");
		show(this.cartridge, Boolean(station.cartridge));
		setLines(this.flags, flags(station, verdict, now));
	}

	#updateWork(now) {
		const { zone, before, density, target } = zoneFigures(this.station, now);
		const percent = progress(density, target, before);
		show(this.work, this.station.online && zone !== "");
		setText(this.zone, zoneName(zone));
		setText(this.percent, percent === null ? "" : `${percent} %`);
		setAttribute(this.bar, "value", String(Math.min(percent ?? 0, 100)));
	}
}

const FILTERS = [
	["all", "All", () => true],
	["working", "Working", (station) => station.online && station.state.state === "working"],
	["attention", "Need attention", (station, verdict, now) => needsAttention(station, verdict, now)],
	["offline", "Offline", (station) => !station.online],
];

export class Overview {
	title = "Stations";

	constructor({ store, witness }) {
		Object.assign(this, { store, witness, cards: new Map(), filter: "all" });
		this.heading = h("h2", { tabindex: -1 }, "Stations");
		this.buttons = FILTERS.map(([name, words]) => this.#button(name, words));
		this.grid = h("ul", { class: "grid", "aria-label": "Stations" });
		this.empty = h("p", { class: "empty" });
		this.refused = h("p", { class: "refused" });
		this.node = h("div", { class: "overview" }, h("div", { class: "bar" }, this.heading,
			h("div", { class: "filters", role: "group", "aria-label": "Show" }, this.buttons)), this.grid, this.empty, this.refused);
	}

	#button(name, words) {
		const number = h("b", {}, "0");
		const button = h("button", { type: "button", "aria-pressed": String(name === this.filter), "data-filter": name }, `${words} `, number);
		button.number = number;
		button.addEventListener("click", () => {
			this.filter = name;
			this.buttons.forEach((other) => setAttribute(other, "aria-pressed", String(other === button)));
			this.update(null);
		});
		return button;
	}

	/** `changed`: keys of the stations whose cards to look at; null for all. */
	update(changed) {
		const now = this.store.now();
		const stations = this.store.sorted();
		for (const station of stations) {
			if (this.cards.get(station.key)?.station !== station)
				this.cards.set(station.key, new Card(station));
			else if (changed && !changed.has(station.key))
				continue;
			this.cards.get(station.key).update(this.witness.verdict(station.key), now);
		}
		const groups = FILTERS.map(([, , keep]) => stations.filter((one) => keep(one, this.witness.verdict(one.key), now)));
		this.buttons.forEach((button, i) => setText(button.number, String(groups[i].length)));
		const shown = groups[FILTERS.findIndex(([name]) => name === this.filter)];
		arrange(this.grid, shown.map((station) => this.cards.get(station.key).node));
		this.grid.classList.toggle("compact", shown.length >= COMPACT_FROM);
		setText(this.empty, shown.length > 0 ? "" : stations.length > 0 ? "None of the stations." : "No station has published anything yet.");
		const [last] = this.store.refused;
		setText(this.refused, last ? `${this.store.refusedCount} messages were not understood; the last on ${last.topic}: ${last.reason}` : "");
	}

	destroy() {}
}
