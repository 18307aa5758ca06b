// SPDX-License-Identifier: Apache-2.0
/** Days, weeks and months out of the server's rows. No page, no clock of its own. */

import { amount, text } from "./messages.js";

export const PERIODS = [["28", "4 weeks"], ["91", "13 weeks"], ["365", "A year"]];
const DAY_MS = 86400000;
const DAYS_AS_DAYS = 31;
const DAYS_AS_WEEKS = 120;

/** The time zone of whoever looks: days are theirs. */
export function zone() {
	return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** "2026-11-30" of a moment, here. */
export function dayOf(at) {
	const day = new Date(at);
	return `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, "0")}-${String(day.getDate()).padStart(2, "0")}`;
}

/** The last `days` days until today, as the server's arguments. */
export function lastDays(days, now) {
	return { zone: zone(), from: addDays(dayOf(now), 1 - days), to: dayOf(now) };
}

export function addDays(day, n) {
	return new Date(Date.parse(day) + n * DAY_MS).toISOString().slice(0, 10);
}

/** The first day of what a day belongs to: the day, its week (Monday) or its month. */
export function bucketOf(day, unit) {
	if (unit === "month")
		return `${day.slice(0, 7)}-01`;
	return unit === "week" ? addDays(day, -((new Date(day).getUTCDay() + 6) % 7)) : day;
}

export function unitOf(days) {
	return days <= DAYS_AS_DAYS ? "day" : days <= DAYS_AS_WEEKS ? "week" : "month";
}

/** Every bucket from one day to another. */
export function buckets(from, to, unit) {
	const found = [];
	for (let day = from; day <= to; day = addDays(day, 1)) {
		const bucket = bucketOf(day, unit);
		if (found.at(-1) !== bucket)
			found.push(bucket);
	}
	return found;
}

const FIGURES = ["sessions", "occupied_s", "worked_s", "dots", "strokes", "cartridges"];

function empty() {
	return Object.fromEntries(FIGURES.map((name) => [name, 0]));
}

function add(to, row) {
	for (const name of FIGURES)
		to[name] += amount(row[name]) ?? 0;
}

/** {buckets, totals: by bucket, stations: by name {total, days, by bucket}} of the rows of the table "days". */
export function summarise(rows, { from, to }) {
	const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
	const unit = unitOf(days);
	const names = buckets(from, to, unit);
	const totals = new Map(names.map((name) => [name, empty()]));
	const stations = new Map();
	for (const row of rows) {
		const bucket = totals.get(bucketOf(text(row.day, 10), unit));
		if (!bucket)
			continue;
		const name = text(row.station, 64);
		if (!stations.has(name))
			stations.set(name, { name, total: empty(), days: 0, buckets: new Map() });
		const station = stations.get(name);
		const key = bucketOf(text(row.day, 10), unit);
		if (!station.buckets.has(key))
			station.buckets.set(key, empty());
		add(bucket, row);
		add(station.total, row);
		add(station.buckets.get(key), row);
		station.days += row.sessions > 0 ? 1 : 0;
	}
	return { unit, buckets: names, totals, stations };
}
