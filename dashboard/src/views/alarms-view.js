// SPDX-License-Identifier: Apache-2.0
/** Alarms of all stations, and who has taken note of them. Acknowledging here changes nothing at a station. */

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

/** Nobody has seen to it, here or at the station. */
export function isOpen(row) {
	return !row.cleared && !row.acknowledged_by;
}

class Item {
	constructor(view, row) {
		Object.assign(this, { view, row });
		this.note = h("input", { type: "text", maxlength: NOTE_MAX, "aria-label": `Note on ${words(row)}`, placeholder: "Note (optional)" });
		this.button = h("button", { type: "submit" }, "Acknowledge");
		this.form = h("form", { class: "acknowledge" }, this.note, this.button);
		this.form.addEventListener("submit", (event) => {
			event.preventDefault();
			this.#send();
		});
		this.state = h("p", { class: "state-words" });
		this.node = h("li", { class: `alarm ${RANK.includes(row.priority) ? row.priority : "low"}`, "data-alarm": text(row.alarm, 200) }, h("span", { class: "chip" }, text(row.priority, 16)),
			h("div", {}, h("p", { class: "alarm-words" }, words(row)), h("p", { class: "where" }, `${text(row.station, 64)} · ${moment(time(row.at) ?? 0, Date.now())}`), this.state), this.form);
		this.update(row);
	}

	update(row) {
		this.row = row;
		const note = text(row.note);
		setText(this.state, [row.cleared && `Acknowledged at the station ${moment(time(row.cleared), Date.now())}`,
			row.acknowledged_by && `${text(row.acknowledged_by, 64)} took note ${moment(time(row.acknowledged_at) ?? 0, Date.now())}${note ? `: ${note}` : ""}`].filter(Boolean).join(" · "));
		this.node.classList.toggle("seen", !isOpen(row));
		show(this.form, !row.acknowledged_by && this.view.clinic.manager);
	}

	async #send() {
		const { view, row } = this;
		this.button.disabled = true;
		try {
			await view.clinic.acknowledge("alert", row.station_id, row.number, this.note.value.trim());
			view.announcer.say(`Acknowledged: ${words(row)}`);
		} catch (error) {
			const by = text(error.body?.by, 64);
			view.tell(error.status === 409 && by ? `${by} was first: took note ${moment(time(error.body.at) ?? 0, Date.now())}.` : `${sentence(error.message)}.`);
		}
		this.button.disabled = false;
		this.note.value = "";
		await view.refresh();
	}
}

export class AlarmsView extends ClinicView {
	constructor(parts) {
		super({ ...parts, title: "Alarms" });
		this.items = new Map();
		[this.shown, this.shownField] = select("Show", [["open", "Open"], ["all", "All"]], () => this.#draw());
		[this.period, this.periodField] = select("Time", [["7", "A week"], ["28", "4 weeks"], ["365", "A year"]], () => this.refresh());
		this.bar.append(h("div", { class: "tools" }, this.shownField, this.periodField));
		this.told = h("p", { class: "reason", role: "alert" });
		this.list = h("ul", { class: "alarm-list", "aria-label": "Alarms" });
		this.empty = h("p", { class: "empty" });
		this.csv = csvLink();
		this.rows = [];
		this.parts = [part("Alarms of the stations", this.csv, h("p", { class: "empty" }, "Taking note here tells colleagues that somebody sees to it. It changes nothing at the station."),
			this.told, this.list, this.empty)];
	}

	tell(sentence) {
		setText(this.told, sentence);
	}

	async load() {
		const range = lastDays(Number(this.period.value), this.now());
		setAttribute(this.csv, "href", this.clinic.csv("alerts", range));
		this.rows = await this.clinic.table("alerts", range);
		this.#draw();
	}

	#draw() {
		const rows = this.shown.value === "open" ? this.rows.filter(isOpen) : this.rows;
		const sorted = this.shown.value === "open" ? [...rows].sort((a, b) => RANK.indexOf(a.priority) - RANK.indexOf(b.priority)) : rows;
		const kept = new Map();
		for (const row of sorted.slice(0, SHOWN_MAX)) {
			const key = `${row.station_id}/${row.number}`;
			const item = this.items.get(key) ?? new Item(this, row);
			item.update(row);
			kept.set(key, item);
		}
		this.items = kept;
		arrange(this.list, [...kept.values()].map((item) => item.node));
		setText(this.empty, rows.length === 0 ? (this.shown.value === "open" ? "No alarm is open." : "No alarm in this time.")
			: rows.length > SHOWN_MAX ? `${rows.length - SHOWN_MAX} more are in the CSV file.` : "");
	}
}
