// SPDX-License-Identifier: Apache-2.0
/** Alarms of all stations, what the server found, and who took note of it. Taking note changes nothing at a station. */

import { ALARMS } from "../alarms.js";
import { arrange, h, setAttribute, setText, show } from "../dom.js";
import { lastDays } from "../history.js";
import { text, time } from "../messages.js";
import { moment } from "../sentences.js";
import { ClinicView, part, sentence } from "./clinic-view.js";
import { csvLink } from "./data-table.js";
import { select } from "./history-view.js";

const SHOWN_MAX = 200;
const NOTE_MAX = 200;
const OTHERS = new Map([["clock.backwards", "The station's clock ran backwards"], ["operator.refused", "A wrong PIN was entered"]]);
const RANK = ["high", "medium", "low"];

function words(row) {
	const name = text(row.alarm, 200);
	return text(row.words) || (ALARMS.get(name)?.[1] ?? OTHERS.get(name) ?? name);
}

/** Of a row of either table what a list shows. */
function fromAlert(row) {
	return { ...noted(row), what: "alert", station: row.station_id, words: words(row), priority: RANK.includes(row.priority) ? row.priority : "low", cleared: time(row.cleared) };
}

function fromFinding(row) {
	return { ...noted(row), what: "finding", station: 0, words: text(row.says), priority: "medium", cleared: null };
}

function noted(row) {
	return { number: row.number, where: text(row.station, 64), at: time(row.at) ?? 0, by: text(row.acknowledged_by, 64), byAt: time(row.acknowledged_at) ?? 0, note: text(row.note) };
}

/** Nobody has seen to it, here or at the station. */
function isOpen(entry) {
	return !entry.cleared && !entry.by;
}

class Item {
	constructor(view, entry) {
		Object.assign(this, { view });
		this.note = h("input", { type: "text", maxlength: NOTE_MAX, "aria-label": `Note on ${entry.words}`, placeholder: "Note (optional)" });
		this.button = h("button", { type: "submit" }, "Acknowledge");
		this.form = h("form", { class: "acknowledge" }, this.note, this.button);
		this.form.addEventListener("submit", (event) => {
			event.preventDefault();
			this.#send();
		});
		this.state = h("p", { class: "state-words" });
		this.node = h("li", { class: `alarm ${entry.priority}` }, h("span", { class: "chip" }, entry.priority),
			h("div", {}, h("p", { class: "alarm-words" }, entry.words), h("p", { class: "where" }, `${entry.where} · ${moment(entry.at, Date.now())}`), this.state), this.form);
		this.update(entry);
	}

	update(entry) {
		this.entry = entry;
		setText(this.state, [entry.cleared && `Acknowledged at the station ${moment(entry.cleared, Date.now())}`,
			entry.by && `${entry.by} took note ${moment(entry.byAt, Date.now())}${entry.note ? `: ${entry.note}` : ""}`].filter(Boolean).join(" · "));
		this.node.classList.toggle("seen", !isOpen(entry));
		show(this.form, !entry.by && this.view.clinic.manager);
	}

	async #send() {
		const { view, entry } = this;
		this.button.disabled = true;
		try {
			await view.clinic.acknowledge(entry.what, entry.station, entry.number, this.note.value.trim());
			this.note.value = "";
			view.tell("");
			view.announcer.say(`Acknowledged: ${entry.words}`);
		} catch (error) {
			const by = text(error.body?.by, 64);
			view.tell(error.status === 409 && by ? `${by} was first: took note ${moment(time(error.body.at) ?? 0, Date.now())}.` : `${sentence(error.message)}.`);
		}
		this.button.disabled = false;
		await view.refresh();
	}
}

/** A list that keeps the nodes of what it has shown, so that nobody loses what is being typed. */
class List {
	constructor(view, label) {
		Object.assign(this, { view, items: new Map() });
		this.list = h("ul", { class: "alarm-list", "aria-label": label });
		this.empty = h("p", { class: "empty" });
		this.nodes = [this.list, this.empty];
	}

	update(entries, onlyOpen) {
		const wanted = onlyOpen ? entries.filter(isOpen).sort((a, b) => RANK.indexOf(a.priority) - RANK.indexOf(b.priority)) : entries;
		const kept = new Map();
		for (const entry of wanted.slice(0, SHOWN_MAX)) {
			const key = `${entry.station}/${entry.number}`;
			const item = this.items.get(key) ?? new Item(this.view, entry);
			item.update(entry);
			kept.set(key, item);
		}
		this.items = kept;
		arrange(this.list, [...kept.values()].map((item) => item.node));
		setText(this.empty, wanted.length === 0 ? (onlyOpen ? "Nothing is open." : "Nothing in this time.")
			: wanted.length > SHOWN_MAX ? `${wanted.length - SHOWN_MAX} more are in the CSV file.` : "");
	}
}

export class AlarmsView extends ClinicView {
	constructor(parts) {
		super({ ...parts, title: "Alarms" });
		[this.shown, this.shownField] = select("Show", [["open", "Open"], ["all", "All"]], () => this.#draw());
		[this.period, this.periodField] = select("Time", [["7", "A week"], ["28", "4 weeks"], ["365", "A year"]], () => this.refresh());
		this.bar.append(h("div", { class: "tools" }, this.shownField, this.periodField));
		this.told = h("p", { class: "reason", role: "alert" });
		this.alerts = { rows: [], list: new List(this, "Alarms of the stations"), csv: csvLink() };
		this.findings = { rows: [], list: new List(this, "Found by the server"), csv: csvLink() };
		this.parts = [this.told,
			part("Found by the server", this.findings.csv, h("p", { class: "empty" }, "What does not agree between stations, or in the log of one."), this.findings.list.nodes),
			part("Alarms of the stations", this.alerts.csv, h("p", { class: "empty" }, "Taking note here tells colleagues that somebody sees to it. It changes nothing at the station."), this.alerts.list.nodes)];
	}

	tell(words) {
		setText(this.told, words);
	}

	async load() {
		const range = lastDays(Number(this.period.value), this.now());
		setAttribute(this.alerts.csv, "href", this.clinic.csv("alerts", range));
		setAttribute(this.findings.csv, "href", this.clinic.csv("findings"));
		this.alerts.rows = (await this.clinic.table("alerts", range)).map(fromAlert);
		this.findings.rows = (await this.clinic.table("findings")).map(fromFinding);
		this.#draw();
	}

	#draw() {
		for (const { rows, list } of [this.findings, this.alerts])
			list.update(rows, this.shown.value === "open");
	}
}
