// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import test from "node:test";

import { parseConfig } from "../src/config.js";

const HERE = { hostname: "stations.clinic.example" };

test("what is left out has its default", () => {
	assert.deepEqual(parseConfig({}, HERE), { broker: "wss://stations.clinic.example:8884", clinic: "+", title: "", user: "", keys: {}, server: "" });
	assert.deepEqual(parseConfig(null, HERE), parseConfig({}, HERE));
	assert.equal(parseConfig({ clinic: "north" }, HERE).title, "north");
});

test("what is given is taken", () => {
	const given = { broker: "wss://broker.example:443/mqtt", clinic: "north", title: "North", user: "wall", keys: { "north/chair-1": "k" }, server: "page/" };
	assert.deepEqual(parseConfig(given, HERE), given);
});

test("a server elsewhere is none", () => {
	for (const server of ["https://evil.example/", "//evil.example/", "../", "/", 7, null])
		assert.equal(parseConfig({ server }, HERE).server, "");
});

test("what cannot be is refused by its name", () => {
	for (const broker of ["http://x", "x", "mqtt://x"])
		assert.throws(() => parseConfig({ broker }, HERE), /config\.json: broker/);
	for (const clinic of ["#", "a/b", "a b", "+/+"])
		assert.throws(() => parseConfig({ clinic }, HERE), /config\.json: clinic/);
});
