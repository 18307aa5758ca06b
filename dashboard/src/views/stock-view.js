// SPDX-License-Identifier: Apache-2.0
/** Stock with the days that it lasts, tests of sterilisers that are due, and handpieces. */

import { h, setAttribute } from "../dom.js";
import { zone } from "../history.js";
import { text, time } from "../messages.js";
import { date, figure } from "../sentences.js";
import { ClinicView, part } from "./clinic-view.js";
import { DataTable, csvLink } from "./data-table.js";

const SHORT_DAYS = 7;
const LOW_DAYS = 14;

function chip(kind, words) {
	return h("span", { class: `chip ${kind}` }, words);
}

/** A cell is an element, because a class alone would say nothing to whoever does not see colours. */
function daysLeft(row) {
	if (row.remaining === 0)
		return chip("medium", "none left");
	if (row.days_left === null)
		return "–";
	return row.days_left < SHORT_DAYS ? chip("medium", `${figure(row.days_left)} days, order now`)
		: row.days_left < LOW_DAYS ? chip("low", `${figure(row.days_left)} days`) : `${figure(row.days_left)} days`;
}

function lotState(row) {
	if (row.status === "recalled" || row.status === "quarantined")
		return chip("medium", row.status);
	return row.expired ? chip("medium", "expired") : "usable";
}

function day(value) {
	const at = time(value);
	return at === null ? "–" : date(at);
}

const TABLES = {
	stock: ["Cartridges", { label: "Cartridges, table", none: "No lot of cartridges is on record.", columns: [
		["Product", (row) => text(row.product, 80), (row) => row.product],
		["Lasts", daysLeft, (row) => row.days_left, "number"],
		["Left", (row) => figure(row.remaining), (row) => row.remaining, "number"],
		["Used a day", (row) => figure(row.used_per_day, 1), (row) => row.used_per_day, "number"],
		["Next expiry", (row) => day(row.next_expiry), (row) => row.next_expiry],
		["Lots", (row) => figure(row.lots), (row) => row.lots, "number"],
		["Set aside or expired", (row) => figure(row.barred), (row) => row.barred, "number"],
	] }],
	tests: ["Tests of sterilisers", { label: "Tests of sterilisers, table", none: "No steriliser is on record.", columns: [
		["Steriliser", (row) => text(row.sterilizer, 80), (row) => row.sterilizer],
		["Due", (row) => (row.overdue ? chip("medium", row.result === "fail" ? "failed: test again" : `overdue since ${day(row.due)}`) : day(row.due)), (row) => row.due],
		["Test", (row) => text(row.test, 40), (row) => row.test],
		["Last", (row) => day(row.tested), (row) => row.tested],
		["Result", (row) => text(row.result, 16) || "never tested", (row) => row.result],
		["Clinic", (row) => text(row.site, 64), (row) => row.site],
	] }],
	handpieces: ["Handpieces", { label: "Handpieces, table", none: "No reusable handpiece is on record.", columns: [
		["Handpiece", (row) => text(row.handpiece, 80), (row) => row.handpiece],
		["State", (row) => (row.condition === "sterile" ? chip("good", "sterile") : chip("low", text(row.condition, 32))), (row) => row.condition],
		["Sterile until", (row) => day(row.sterile_until), (row) => row.sterile_until],
		["Last used", (row) => day(row.mounted), (row) => row.mounted],
		["Model", (row) => text(row.model, 64) || "–", (row) => row.model],
		["Clinic", (row) => text(row.site, 64), (row) => row.site],
	] }],
	lots: ["Lots", { label: "Lots, table", none: "No lot of cartridges is on record.", columns: [
		["Lot", (row) => text(row.lot, 80), (row) => row.lot],
		["Product", (row) => text(row.product, 80) || "–", (row) => row.product],
		["State", lotState, (row) => row.status],
		["Left", (row) => figure(row.remaining), (row) => row.remaining, "number"],
		["Received", (row) => figure(row.received), (row) => row.received, "number"],
		["Used", (row) => figure(row.used), (row) => row.used, "number"],
		["Expires", (row) => day(row.expiry), (row) => row.expiry],
		["Maker", (row) => text(row.maker, 64) || "–", (row) => row.maker],
	] }],
};

export class StockView extends ClinicView {
	constructor(parts) {
		super({ ...parts, title: "Stock and tests" });
		this.tables = Object.entries(TABLES).map(([name, [title, what]]) => {
			const table = new DataTable(what);
			const link = csvLink();
			return { name, table, link, node: part(title, link, table.node) };
		});
		this.parts = this.tables.map(({ node }) => node);
	}

	async load() {
		for (const { name, table, link } of this.tables) {
			setAttribute(link, "href", this.clinic.csv(name, { zone: zone() }));
			table.update(await this.clinic.table(name, { zone: zone() }));
		}
	}
}
