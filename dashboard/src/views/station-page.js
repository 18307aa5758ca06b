// SPDX-License-Identifier: Apache-2.0
/** One station: what is now, charts, zone map, what to see to, ledger, timeline. */

import { SIGNED_IN } from "../clinic.js";
import { h, setAttribute, setLines, setText, show } from "../dom.js";
import { text, time } from "../messages.js";
import { breakTime, date, duration, figure, moment, severity, zoneName } from "../sentences.js";
import { isExpired } from "../station.js";
import { Chart } from "./chart.js";
import { StationHistory } from "./history-view.js";
import { LedgerPanel } from "./ledger-panel.js";
import { flags, standing, zoneFigures } from "./overview.js";
import { ScalpMap } from "./scalp-map.js";

const FACTS = [
	["Operator", (s) => s.state?.operator || "nobody signed in"],
	["Client", (s) => s.state?.subject || "–"],
	["Session", (s) => (s.state?.session ? String(s.state.session) : "none open")],
	["Zone", (s, live) => zoneName(live?.zone || s.state?.zone || "")],
	["Dots", (s, live) => figure(live?.sessionDots ?? null)],
	["Elapsed", (s, live) => duration(live?.elapsed ?? null)],
	["Break", (s, live) => breakTime(live?.breakIn ?? null)],
	["Pedal", (s, live) => (live ? (live.pedal ? "pressed" : "released") : "–")],
	["Emergency stop", (s, live) => (live ? (live.stop ? "PRESSED" : "clear") : "–")],
	["Cartridge", (s) => (s.cartridge ? [s.cartridge.unit, s.cartridge.lot && `lot ${s.cartridge.lot}`, s.cartridge.expiry && `expires ${s.cartridge.expiry}`].filter(Boolean).join(", ") : "none")],
	["Pigment", (s) => s.pigment || "–"],
	["Board", (s) => (s.online ? (s.state.board ? "answers" : "does not answer") : "–")],
	["Software", (s) => s.state?.version || "–"],
];

const HISTORY_MS = 60000;
const WITNESS = new Map([["cosigned", "all records mirrored and cosigned"], ["behind", "records are missing at the server"], ["none", "nothing mirrored yet"]]);
const SERVER_FACTS = [
	["Last heard at the server", (row, now) => (time(row.seen) ? moment(time(row.seen), now) : "never")],
	["Connection", (row) => (row.connected === true ? "connected" : "not connected")],
	["Newest record", (row, now) => (time(row.newest_record) ? moment(time(row.newest_record), now) : "none")],
	["Mirrored", (row) => `${figure(row.mirrored)} of ${figure(row.signed)} records`],
	["Mirror", (row) => WITNESS.get(row.witness) ?? "–"],
	["Standing", (row) => (row.state === "active" ? "enrolled" : text(row.state, 32) || "–")],
];

function panel(title, ...children) {
	const id = `panel-${title.toLowerCase().replaceAll(" ", "-")}`;
	return h("section", { class: "panel", "aria-labelledby": id, "data-panel": id }, h("h3", { id }, title), children);
}

export class StationPage {
	constructor({ store, witness, clinic, key }) {
		Object.assign(this, { store, witness, clinic, key, title: key.split("/")[1], history: null, historyAt: -Infinity });
		this.heading = h("h2", { tabindex: -1 }, this.title);
		this.state = h("span", { class: "state" });
		this.missing = h("p", { class: "empty" }, "Nothing has been heard of this station.");
		this.facts = FACTS.map(() => h("dd", {}, "–"));
		this.flags = h("ul", { class: "flags" });
		this.alerts = h("ul", { class: "alerts", tabindex: 0, "aria-label": "Alerts" });
		this.stock = h("ul", { class: "lines" });
		this.tests = h("ul", { class: "lines" });
		this.timeline = h("ol", { class: "timeline", tabindex: 0, "aria-label": "Timeline" });
		this.serverFacts = SERVER_FACTS.map(() => h("dd", {}, "–"));
		this.historyBox = h("div");
		this.serverPanel = panel("History", h("dl", {}, SERVER_FACTS.map(([name], i) => h("div", {}, h("dt", {}, name), this.serverFacts[i]))), this.historyBox);
		this.map = new ScalpMap();
		this.ledger = new LedgerPanel(witness, key, store);
		this.charts = this.#charts();
		this.body = h("div", { class: "columns" },
			panel("Now", h("dl", {}, FACTS.map(([name], i) => h("div", {}, h("dt", {}, name), this.facts[i]))), this.flags),
			panel("Alerts", this.alerts), panel("Live", this.charts.map((chart) => chart.node)), panel("Zones", this.map.node),
			this.serverPanel, panel("Stock", this.stock), panel("Sterilisation", this.tests), panel("Ledger", this.ledger.node), panel("Timeline", this.timeline));
		this.node = h("div", { class: "station" }, h("nav", { "aria-label": "Back" }, h("a", { href: "#/" }, "‹ All stations")),
			h("div", { class: "bar" }, this.heading, this.state), this.missing, this.body);
	}

	#charts() {
		const band = () => {
			const plan = this.store.stations.get(this.key)?.plan;
			return plan?.least && plan.most ? [plan.least / 1000, plan.most / 1000] : null;
		};
		return [
			new Chart({ label: "Dots a minute", unit: "/min", decimals: 0, column: 1, least: 60 }),
			new Chart({ label: "Depth", unit: "mm", decimals: 2, column: 2, least: 1, band }),
			new Chart({ label: "Resistance", unit: "mN", decimals: 0, column: 3, least: 500 }),
		];
	}

	update(changed) {
		if (changed && !changed.has(this.key))
			return;
		const station = this.store.stations.get(this.key);
		show(this.missing, !station);
		show(this.body, Boolean(station));
		if (!station)
			return;
		const now = this.store.now();
		const verdict = this.witness.verdict(this.key);
		const live = station.live.current(now);
		const [tone, word] = standing(station, verdict);
		setAttribute(this.node, "data-tone", tone);
		setText(this.state, word);
		FACTS.forEach(([, value], i) => setText(this.facts[i], value(station, live)));
		setLines(this.flags, flags(station, verdict, now));
		this.charts[0].update(station.live.columns, live && station.live.rate);
		this.charts[1].update(station.live.columns, live && live.depth !== null ? live.depth / 1000 : null);
		this.charts[2].update(station.live.columns, live ? live.resistance : null);
		const { zone, before, density, target, over } = zoneFigures(station, now);
		const zones = new Map(station.zones);
		if (zone && live)
			zones.set(zone, { dots: live.dots, before, density, target, over, outside: live.outside });
		this.map.update(zones, zone);
		this.#lists(station, now);
		this.#server(station, now);
		this.ledger.update();
	}

	/** What the clinic's server knows of it; nothing where there is no server, or nobody is signed in. */
	#server(station, now) {
		const row = station.server;
		show(this.serverPanel, Boolean(row));
		if (!row)
			return;
		SERVER_FACTS.forEach(([, value], i) => setText(this.serverFacts[i], value(row, now)));
		if (!this.history) {
			this.history = new StationHistory(this.clinic, text(row.origin, 200));
			this.historyBox.append(this.history.node);
		}
		if (now - this.historyAt < HISTORY_MS || this.clinic.status !== SIGNED_IN)
			return;
		this.historyAt = now;
		this.history.load(now).catch((error) => {
			if (!("status" in error))
				throw error;
			this.historyAt = now - HISTORY_MS + 5000;
		});
	}

	#lists(station, now) {
		setLines(this.alerts, station.alerts.length === 0 ? [["plain", "None."]] : station.alerts.map((alert) => {
			const acknowledged = alert.severity !== "fault" && !alert.acknowledged ? "" : alert.acknowledged
				? ` – acknowledged ${moment(alert.acknowledged.at, now)} ${alert.acknowledged.note}` : " – NOT ACKNOWLEDGED";
			return [alert.acknowledged ? "plain" : alert.priority ?? alert.severity, `${moment(alert.at, now)} ${alert.words}${acknowledged}`];
		}));
		const lots = [...station.lots].map(([lot, { product, expiry, left }]) => [isExpired(expiry, now) ? "warning" : "plain",
			`Lot ${lot}, ${product || "cartridges"}: ${left} left, ${isExpired(expiry, now) ? "EXPIRED" : "expires"} ${expiry || "?"}`]);
		const low = station.shortages(now).map(([product, left]) => ["warning", `${product || "cartridges"}: ${left || "none"} left, order`]);
		setLines(this.stock, [...low, ...lots].length > 0 ? [...low, ...lots] : [["plain", "Not known to this page."]]);
		const overdue = new Set(station.overdue(now).map(([name]) => name));
		const tests = [...station.tests].map(([name, test]) => [overdue.has(name) ? "warning" : "plain",
			`${name}: ${test.result || "recorded"} ${date(test.at)}${test.due === null ? "" : `, due ${date(test.due)}`}${overdue.has(name) ? " – OVERDUE" : ""}`]);
		setLines(this.tests, tests.length > 0 ? tests : [["plain", "Nothing was recorded while this page was watching."]]);
		this.#writeTimeline(station, now);
	}

	#writeTimeline(station, now) {
		const signature = `${station.seq} ${station.timeline.length} ${new Date(now).toDateString()}`;
		if (this.written === signature)
			return;
		this.written = signature;
		this.timeline.replaceChildren(...station.timeline.map((record) => h("li", { class: severity(record.kind) },
			h("time", { datetime: new Date(record.at).toISOString() }, moment(record.at, now)), h("span", {}, record.words))));
	}

	destroy() {
		this.charts.forEach((chart) => chart.destroy());
		this.history?.destroy();
	}
}
