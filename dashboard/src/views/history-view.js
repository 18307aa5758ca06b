// SPDX-License-Identifier: Apache-2.0
/** Trends: hours, sessions and dots of the chairs, by day, week or month. */

import { arrange, h, setAttribute, setText } from "../dom.js";
import { PERIODS, lastDays, summarise } from "../history.js";
import { text, time } from "../messages.js";
import { date, duration, figure, moment } from "../sentences.js";
import { Bars, bucketName } from "./bars.js";
import { ClinicView, part } from "./clinic-view.js";
import { DataTable, csvLink } from "./data-table.js";

const HOUR_S = 3600;
/** Hours a day that fill a cell of the map. */
const FULL_DAY_H = 8;

export function select(label, options, onChange) {
	const field = h("select", {}, options.map(([value, words]) => h("option", { value }, words)));
	field.addEventListener("change", onChange);
	return [field, h("label", { class: "field" }, h("span", {}, label), field)];
}

export function sessionsTable() {
	return new DataTable({ label: "Sessions, table", none: "No session in this time.", columns: [
		["Begun", (row) => moment(time(row.begun) ?? 0, Date.now()), (row) => row.begun],
		["Station", (row) => text(row.station, 64), (row) => row.station],
		["Session", (row) => figure(row.session), (row) => row.session, "number"],
		["Protocol", (row) => text(row.protocol, 64) || "–", (row) => row.protocol],
		["Visit", (row) => figure(row.visit), (row) => row.visit, "number"],
		["Lasted", (row) => duration(seconds(row)), (row) => seconds(row), "number"],
		["Dots", (row) => figure(row.dots), (row) => row.dots, "number"],
		["Cartridges", (row) => figure(row.cartridges), (row) => row.cartridges, "number"],
		["Ended", (row) => (row.outcome === "signed" ? "signed" : ["warning", text(row.outcome, 32)]), (row) => row.outcome],
	] });
}

function seconds(row) {
	const begun = time(row.begun), ended = time(row.ended);
	return begun === null || ended === null ? null : (ended - begun) / 1000;
}

export class HistoryView extends ClinicView {
	constructor(parts) {
		super({ ...parts, title: "History" });
		const ask = () => this.refresh();
		[this.period, this.periodField] = select("Time", PERIODS, ask);
		[this.station, this.stationField] = select("Station", [["", "All stations"]], ask);
		this.bar.append(h("div", { class: "tools" }, this.periodField, this.stationField));
		this.charts = [new Bars({ label: "Treatment", unit: "h", decimals: 1 }), new Bars({ label: "Sessions", unit: "" }), new Bars({ label: "Dots", unit: "" })];
		this.map = new DataTable({ label: "Hours by station, table", none: "Nothing was recorded in this time.", limit: 500, columns: [["Station", (row) => row.name, (row) => row.name]] });
		this.mapBox = h("div");
		this.sessions = sessionsTable();
		this.daysCsv = csvLink();
		this.sessionsCsv = csvLink();
		this.parts = [
			h("div", { class: "trends" }, this.charts.map((chart) => h("section", { class: "panel" }, chart.node))),
			part("Hours of treatment by station", this.daysCsv, this.mapBox),
			part("Sessions", this.sessionsCsv, this.sessions.node),
		];
	}

	async load() {
		const words = { ...lastDays(Number(this.period.value), this.now()), station: this.station.value };
		setAttribute(this.daysCsv, "href", this.clinic.csv("days", words));
		setAttribute(this.sessionsCsv, "href", this.clinic.csv("sessions", words));
		const [stations, days, sessions] = [await this.clinic.table("stations"), await this.clinic.table("days", words), await this.clinic.table("sessions", words)];
		this.#offer(stations);
		const found = summarise(days, words);
		const by = (pick) => found.buckets.map((name) => pick(found.totals.get(name)));
		this.charts[0].update(found.buckets, by((total) => total.occupied_s / HOUR_S), found.unit);
		this.charts[1].update(found.buckets, by((total) => total.sessions), found.unit);
		this.charts[2].update(found.buckets, by((total) => total.dots), found.unit);
		this.#drawMap(found);
		this.sessions.update(sessions);
	}

	#offer(stations) {
		const options = [["", "All stations"], ...stations.map((row) => [text(row.origin, 200), text(row.name, 64)])];
		const signature = JSON.stringify(options);
		if (this.offered === signature)
			return;
		this.offered = signature;
		const chosen = this.station.value;
		this.station.replaceChildren(...options.map(([value, words]) => h("option", { value, selected: value === chosen }, words)));
	}

	/* The columns follow the time that is chosen, so the table is made anew when that changes. */
	#drawMap({ unit, buckets, stations }) {
		const signature = `${unit} ${buckets[0]} ${buckets.length}`;
		if (this.mapped !== signature) {
			this.mapped = signature;
			const full = FULL_DAY_H * { day: 1, week: 5, month: 21 }[unit];
			this.map = new DataTable({ label: "Hours by station, table", none: "Nothing was recorded in this time.", limit: 500, columns: [
				["Station", (row) => text(row.name, 64), (row) => row.name],
				["Hours", (row) => figure(row.total.occupied_s / HOUR_S, 1), (row) => row.total.occupied_s, "number"],
				["Needle hours", (row) => figure(row.total.worked_s / HOUR_S, 1), (row) => row.total.worked_s, "number"],
				["Sessions", (row) => figure(row.total.sessions), (row) => row.total.sessions, "number"],
				["Dots", (row) => figure(row.total.dots), (row) => row.total.dots, "number"],
				...buckets.map((name) => [head(name, unit), (row) => shade(row.buckets.get(name), full)]),
			] });
			arrange(this.mapBox, [this.map.node]);
		}
		this.map.update([...stations.values()].sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true })));
	}

	destroy() {
		super.destroy();
		this.charts.forEach((chart) => chart.destroy());
	}
}

function head(name, unit) {
	return h("span", { class: "day", title: date(`${name}T00:00:00Z`) }, bucketName(name, unit));
}

/** Hours, in a cell that is the darker the more there are: five steps. */
function shade(total, full) {
	const hours = (total?.occupied_s ?? 0) / HOUR_S;
	return hours === 0 ? ["shade-0", ""] : [`shade-${Math.min(4, 1 + Math.floor(hours / full * 4))}`, figure(hours, 1)];
}

/** The history of one station, for its page. */
export class StationHistory {
	constructor(clinic, origin) {
		Object.assign(this, { clinic, origin });
		this.words = h("p", { class: "empty" });
		this.charts = [new Bars({ label: "Treatment, 4 weeks", unit: "h", decimals: 1 }), new Bars({ label: "Dots, 4 weeks", unit: "" })];
		this.csv = csvLink("Sessions as CSV");
		this.node = h("div", { class: "station-history" }, this.words, this.charts.map((chart) => chart.node), h("p", {}, this.csv));
	}

	async load(now) {
		const words = { ...lastDays(28, now), station: this.origin };
		setAttribute(this.csv, "href", this.clinic.csv("sessions", words));
		const found = summarise(await this.clinic.table("days", words), words);
		const by = (pick) => found.buckets.map((name) => pick(found.totals.get(name)));
		this.charts[0].update(found.buckets, by((total) => total.occupied_s / HOUR_S), found.unit);
		this.charts[1].update(found.buckets, by((total) => total.dots), found.unit);
		const total = [...found.stations.values()][0];
		setText(this.words, total ? `${figure(total.total.sessions)} sessions on ${figure(total.days)} days, ${figure(total.total.cartridges)} cartridges.` : "Nothing was recorded in the last four weeks.");
	}

	destroy() {
		this.charts.forEach((chart) => chart.destroy());
	}
}
