// SPDX-License-Identifier: Apache-2.0
/** All stations at a glance. */

import { ALARMS } from "../alarms.js";
import { AWAY, NONE, SIGNED_OUT } from "../clinic.js";
import { arrange, h, setAttribute, setLines, setText, show, stationLink } from "../dom.js";
import { text } from "../messages.js";
import { STATE_WORDS, figure, minute, moment, progress, unitName, zoneName } from "../sentences.js";
import { STATUS } from "../witness.js";

/** From so many stations on, cards are small, so that a wall screen shows all of them. */
const COMPACT_FROM = 17;

/** Where a station stands, worst first: [tone, word]. */
export function standing(station, verdict) {
	if (verdict.status === STATUS.ALARM || station.rewound)
		return ["medium", "Ledger alarm"];
	if (station.server?.state === "quarantined")
		return ["medium", "Quarantined"];
	if (!station.state && station.present)
		return ["information", "Connected"];
	if (!station.state && !station.server)
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
	if (station.awaySince)
		lines.push(["plain", `${station.vanished || station.server?.seen ? "Offline since" : "Last record"} ${moment(station.awaySince, now)}`]);
	if (station.server?.state === "quarantined")
		lines.push(["medium", "Quarantined by the clinic's server: enrol it anew"]);
	if (station.server?.witness === "behind")
		lines.push(["low", "Not mirrored completely"]);
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

const RANKS = ["high", "medium", "offline", "low"];

/** How much a station needs somebody: 0 at once, up to RANKS.length not at all. */
export function trouble(station, verdict, now) {
	const kinds = new Set(flags(station, verdict, now).map(([kind]) => kind));
	kinds.add(standing(station, verdict)[0]);
	const rank = RANKS.findIndex((kind) => kinds.has(kind));
	return rank < 0 ? RANKS.length : rank;
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
		this.title = h("h3", {}, this.name);
		this.rank = RANKS.length;
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
		this.node = h("li", { class: "card" }, h("article", {}, h("header", {}, this.title, this.state),
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
		this.rank = trouble(station, verdict, now);
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
	["offline", "Offline", (station) => !station.present],
];

/** Orders: what is compared, the smallest first; stations of one value stand by name. */
const ORDERS = new Map([
	["trouble", ["Trouble first", (card) => card.rank]],
	["name", ["Name", () => 0]],
	["heard", ["Longest away first", ({ station }) => (station.present ? Infinity : station.awaySince ?? 0)]],
]);
const CONDITIONS = ["Needs attention", "Offline", "Working", "Others"];
const GROUPS = new Map([
	["none", ["No groups", () => ""]],
	["condition", ["Condition", ({ station, rank }) => CONDITIONS[rank < 2 ? 0 : !station.present ? 1 : station.state?.state === "working" ? 2 : 3]]],
	["clinic", ["Clinic", ({ station }) => station.clinic]],
]);
const CHOICES = "stipple.overview";

/** What somebody may look for: all words of a card that name something. */
function matches(station, words) {
	const { clinic, name, state, cartridge, pigment } = station;
	const all = [clinic, name, state?.operator, state?.subject, state?.zone, cartridge?.unit, cartridge?.lot, pigment, state?.fault].filter(Boolean).join(" ").toLowerCase();
	return words.every((word) => all.includes(word));
}

export class Overview {
	title = "Stations";

	/** `kept`: where choices stay (localStorage). */
	constructor({ store, witness, clinic, kept }) {
		Object.assign(this, { store, witness, clinic, kept, cards: new Map(), groups: new Map(), filter: "all" });
		this.heading = h("h2", { tabindex: -1 }, "Stations");
		this.buttons = FILTERS.map(([name, words]) => this.#button(name, words));
		const chosen = readChoices(kept);
		this.search = h("input", { type: "search", placeholder: "Search", "aria-label": "Search stations" });
		this.search.addEventListener("input", () => this.update(null));
		this.order = this.#select("Order", ORDERS, chosen.order);
		this.group = this.#select("Group", GROUPS, chosen.group);
		this.stations = h("div", { class: "groups" });
		this.empty = h("p", { class: "empty" });
		this.missing = h("p", { class: "missing" });
		this.refused = h("p", { class: "refused" });
		this.node = h("div", { class: "overview" }, h("div", { class: "bar" }, this.heading,
			h("div", { class: "filters", role: "group", "aria-label": "Show" }, this.buttons),
			h("div", { class: "tools" }, this.search, this.order, this.group)), this.stations, this.empty, this.missing, this.refused);
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

	#select(label, choices, chosen) {
		const field = h("select", { "aria-label": label, name: label.toLowerCase() }, [...choices].map(([value, [words]]) => h("option", { value, selected: value === chosen }, words)));
		field.addEventListener("change", () => {
			this.kept.setItem(CHOICES, JSON.stringify({ order: this.order.value, group: this.group.value }));
			this.update(null);
		});
		return field;
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
		const kept = FILTERS.map(([, , keep]) => stations.filter((one) => keep(one, this.witness.verdict(one.key), now)));
		this.buttons.forEach((button, i) => setText(button.number, String(kept[i].length)));
		const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
		const shown = kept[FILTERS.findIndex(([name]) => name === this.filter)].filter((station) => matches(station, words));
		this.#arrange(shown.map((station) => this.cards.get(station.key)));
		setText(this.empty, shown.length > 0 ? "" : stations.length > 0 ? "None of the stations." : "No station has published anything yet.");
		this.#sayWhatIsMissing();
		const [last] = this.store.refused;
		setText(this.refused, last ? `${this.store.refusedCount} messages were not understood; the last on ${last.topic}: ${last.reason}` : "");
	}

	/* A card that moves keeps the focus. */
	#arrange(cards) {
		const [, value] = ORDERS.get(this.order.value) ?? ORDERS.get("trouble");
		const [, groupOf] = GROUPS.get(this.group.value) ?? GROUPS.get("none");
		const values = new Map(cards.map((card) => [card, value(card)]));
		const sorted = [...cards].sort((a, b) => (values.get(a) < values.get(b) ? -1 : values.get(a) > values.get(b) ? 1 : 0));
		const names = [...new Set(sorted.map(groupOf))].sort((a, b) => CONDITIONS.indexOf(a) - CONDITIONS.indexOf(b) || a.localeCompare(b, "en"));
		const focused = document.activeElement;
		arrange(this.stations, names.map((name) => this.#group(name).node));
		for (const name of names)
			this.#group(name).show(sorted.filter((card) => groupOf(card) === name), cards.length >= COMPACT_FROM);
		if (focused !== document.activeElement && this.stations.contains(focused))
			focused.focus({ preventScroll: true });
	}

	#group(name) {
		if (!this.groups.has(name))
			this.groups.set(name, new Group(name));
		return this.groups.get(name);
	}

	#sayWhatIsMissing() {
		const { status } = this.clinic;
		setText(this.missing, status === NONE ? "Live only: history, stock of the whole clinic, due tests and acknowledgements come with the clinic's server, which this page has none of."
			: status === SIGNED_OUT ? "Sign in to see when stations were last there, their history, stock and alarms."
				: status === AWAY ? "The clinic's server does not answer: history, stock and acknowledgements have to wait. Live figures go on." : "");
		show(this.missing, this.missing.textContent !== "");
	}

	destroy() {}
}

function readChoices(kept) {
	try {
		const { order, group } = JSON.parse(kept.getItem(CHOICES));
		return { order: text(order, 16), group: text(group, 16) };
	} catch {
		return { order: "trouble", group: "none" };
	}
}

/** Cards under a heading, or without one where there are no groups. */
class Group {
	constructor(name) {
		this.heading = h("h3", { class: "group" }, name);
		this.number = h("span");
		this.heading.append(" ", this.number);
		this.grid = h("ul", { class: "grid", "aria-label": name ? `Stations: ${name}` : "Stations" });
		this.node = h("section", {}, name ? this.heading : null, this.grid);
		this.level = name ? "4" : "3";
	}

	show(cards, compact) {
		for (const card of cards)
			setAttribute(card.title, "aria-level", this.level);
		setText(this.number, String(cards.length));
		arrange(this.grid, cards.map((card) => card.node));
		this.grid.classList.toggle("compact", compact);
	}
}
