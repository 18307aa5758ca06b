// SPDX-License-Identifier: Apache-2.0
/** Days, weeks, months, and the answers of the clinic's server. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { AWAY, Clinic, ClinicError, SIGNED_IN, SIGNED_OUT, parseTable, stationKey } from "../src/clinic.js";
import { addDays, bucketOf, buckets, summarise, unitOf } from "../src/history.js";

test("a day belongs to its week and month", () => {
	assert.equal(bucketOf("2026-11-30", "day"), "2026-11-30");
	assert.equal(bucketOf("2026-11-30", "week"), "2026-11-30", "a Monday");
	assert.equal(bucketOf("2026-11-29", "week"), "2026-11-23", "a Sunday");
	assert.equal(bucketOf("2027-01-01", "week"), "2026-12-28");
	assert.equal(bucketOf("2026-11-30", "month"), "2026-11-01");
	assert.equal(addDays("2026-02-28", 1), "2026-03-01");
	assert.deepEqual(buckets("2026-10-30", "2026-12-01", "month"), ["2026-10-01", "2026-11-01", "2026-12-01"]);
	assert.equal(buckets("2026-11-03", "2026-11-30", "day").length, 28);
	assert.deepEqual([unitOf(28), unitOf(91), unitOf(365)], ["day", "week", "month"]);
});

test("rows are added up by station and bucket", () => {
	const row = (day, station, more) => ({ day, station, sessions: 1, occupied_s: 3600, dots: 10, ...more });
	const found = summarise([row("2026-11-02", "a"), row("2026-11-02", "b"), row("2026-11-03", "a", { dots: -5, sessions: "x" }),
		row("1999-01-01", "a"), { day: null, station: null }], { from: "2026-11-01", to: "2026-11-28" });
	assert.equal(found.buckets.length, 28);
	assert.equal(found.totals.get("2026-11-02").occupied_s, 7200);
	assert.equal(found.totals.get("2026-11-02").dots, 20);
	assert.equal(found.stations.get("a").total.dots, 10, "what is no number does not count");
	assert.equal(found.stations.get("a").days, 1);
});

test("a table is what it says, or an error", () => {
	assert.deepEqual(parseTable({ columns: ["a", "__proto__"], rows: [[1, 2], "no row", [3]] }).map((row) => row.a), [1, 3]);
	assert.equal({}.polluted, undefined);
	for (const value of [null, [], {}, { columns: [] }, { columns: "a", rows: [] }])
		assert.throws(() => parseTable(value), ClinicError);
	assert.equal(stationKey("stipple/clinic/chair-1"), "clinic/chair-1");
	assert.equal(stationKey("stipple/clinic/chair-1/2"), "clinic/chair-1", "a log that goes on after a restore");
	for (const origin of ["", null, "other", "stipple/a", "stipple/<b>/c", "stipple/../x/"].slice(0, 5))
		assert.equal(stationKey(origin), null);
});

function serving(answers) {
	const asked = [];
	return { asked, fetch: async (path, options) => {
		asked.push([path, options.method ?? "GET"]);
		const next = answers.shift();
		if (!next)
			throw new TypeError("no network");
		return { ok: next[0] < 400, status: next[0], json: async () => next[1] };
	} };
}

test("who is signed in, and that a session ends", async () => {
	const server = serving([[200, { name: null }], [200, {}], [200, { name: "Ann", role: "manager" }],
		[200, { columns: ["x"], rows: [[1]] }], [401, { detail: "sign in" }]]);
	const clinic = new Clinic({ base: "page/", fetch: server.fetch });
	await clinic.start();
	assert.equal(clinic.status, SIGNED_OUT);
	await clinic.signIn("Ann", "p");
	assert.deepEqual([clinic.status, clinic.manager], [SIGNED_IN, true]);
	assert.deepEqual(await clinic.table("days", { from: "1", station: "" }), [{ x: 1 }]);
	assert.equal(server.asked.at(-1)[0], "page/table/days?from=1");
	await assert.rejects(clinic.table("days"), (error) => error.status === 401);
	assert.equal(clinic.status, SIGNED_OUT);
	assert.match(clinic.reason, /ended/);
});

test("a server that does not answer is away, and asked again", async () => {
	const server = serving([[200, { name: "Ann", role: "viewer" }]]);
	const clinic = new Clinic({ base: "page/", fetch: server.fetch });
	await clinic.start();
	await assert.rejects(clinic.table("days"), /does not answer/);
	assert.equal(clinic.status, AWAY);
	clearTimeout(clinic.timer);
	assert.ok(clinic.retry > 2000);
	const none = new Clinic({ base: "", fetch: server.fetch });
	await none.start();
	assert.equal(none.status, "none");
});
