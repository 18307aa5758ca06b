// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import test from "node:test";

import { Ledger, Storage, leavesOf } from "./ledger.js";
import { STATUS, Witness } from "../src/witness.js";

const CHAIR = "clinic/chair-1";

async function scene(keys) {
	const storage = new Storage();
	return { ledger: await Ledger.make(), storage, leaves: leavesOf(40), witness: new Witness(storage, { keys, now: () => 1000 }) };
}

test("checkpoints that follow are verified, also by a page opened later", async () => {
	const { ledger, storage, leaves, witness } = await scene();
	assert.equal(witness.verdict(CHAIR).status, STATUS.NONE);
	assert.equal((await witness.check(CHAIR, await ledger.checkpoint(leaves.slice(0, 3)))).status, STATUS.FIRST);
	assert.equal((await witness.check(CHAIR, await ledger.checkpoint(leaves.slice(0, 9), 3))).status, STATUS.VERIFIED);
	const later = new Witness(storage);
	assert.equal(later.verdict(CHAIR).size, 9);
	assert.equal((await later.check(CHAIR, await ledger.checkpoint(leaves.slice(0, 9), 3))).status, STATUS.VERIFIED);
	assert.equal((await later.check(CHAIR, await ledger.checkpoint(leaves, 9))).size, 40);
});

test("stations do not mix", async () => {
	const { ledger, leaves, witness } = await scene();
	await witness.check(CHAIR, await ledger.checkpoint(leaves));
	const other = await Ledger.make("stipple/clinic/chair-2");
	assert.equal((await witness.check("clinic/chair-2", await other.checkpoint(leaves.slice(0, 5)))).status, STATUS.FIRST);
	assert.equal(witness.verdict(CHAIR).size, 40);
});

test("a renamed station's log goes on, by a page that knew it and by a new one", async () => {
	const { ledger, storage, leaves, witness } = await scene();
	const renamed = async (n, before) => ({ ...await ledger.checkpoint(leaves.slice(0, n), before), formerly: CHAIR });
	await witness.check(CHAIR, await ledger.checkpoint(leaves.slice(0, 9)));
	assert.equal((await witness.check("clinic/lounge", await renamed(12, 9))).status, STATUS.VERIFIED);
	assert.equal((await new Witness(storage).check("clinic/lounge", await renamed(20, 12))).status, STATUS.VERIFIED);
	assert.equal((await new Witness(new Storage()).check("clinic/lounge", await renamed(20, 12))).status, STATUS.FIRST);
	/* who rewrites it under the new name is seen */
	const forged = { ...await ledger.checkpoint(leavesOf(25, "forged"), 20), formerly: CHAIR };
	assert.equal((await witness.check("clinic/lounge", forged)).status, STATUS.ALARM);
	/* and the name of before has to be that of the log */
	const other = { ...await ledger.checkpoint(leaves.slice(0, 9)), formerly: "clinic/chair-3" };
	assert.equal((await new Witness(new Storage()).check("clinic/lounge", other)).status, STATUS.ALARM);
});

for (const [what, attack, reason] of [
	["rewritten", async (ledger) => {
		const other = leavesOf(12, "forged");
		return ledger.checkpoint(other, 9);
	}, /do not begin with the 9/],
	["cut short", (ledger, leaves) => ledger.checkpoint(leaves.slice(0, 4)), /had 9 records, and now has 4/],
	["replaced by one of the same size", (ledger) => ledger.checkpoint(leavesOf(9, "forged"), 3), /same 9 records/],
	["signed by another key", async (ledger, leaves) => (await Ledger.make()).checkpoint(leaves.slice(0, 12), 9), /key is not the one known/],
	["changed after signing", async (ledger, leaves) => {
		const message = await ledger.checkpoint(leaves.slice(0, 12), 9);
		return { ...message, size: 13, checkpoint: message.checkpoint.replace("\n12\n", "\n13\n") };
	}, /signature is not/],
	["given a false proof", async (ledger, leaves) => {
		const message = await ledger.checkpoint(leaves.slice(0, 12), 9);
		return { ...message, consistency: message.consistency.slice(1) };
	}, /do not begin/],
	["of another station", async (ledger, leaves) => {
		const message = await ledger.checkpoint(leaves.slice(0, 12), 9);
		const text = message.checkpoint.split("\n\n")[0].replace("chair-1", "chair-2");
		return { ...message, checkpoint: await ledger.sign(`${text}\n`) };
	}, /not of this station/],
])
	test(`a ledger ${what} raises an alarm that lasts`, async () => {
		const { ledger, storage, leaves, witness } = await scene();
		await witness.check(CHAIR, await ledger.checkpoint(leaves.slice(0, 3)));
		await witness.check(CHAIR, await ledger.checkpoint(leaves.slice(0, 9), 3));
		const verdict = await witness.check(CHAIR, await attack(ledger, leaves));
		assert.equal(verdict.status, STATUS.ALARM);
		assert.match(verdict.reason, reason);
		assert.ok(verdict.alarm.note && verdict.alarm.kept, "both notes are kept as evidence");
		assert.equal(verdict.size, 9, "what is kept stays");

		const later = new Witness(storage);
		assert.equal(later.verdict(CHAIR).status, STATUS.ALARM);
		const good = await later.check(CHAIR, await ledger.checkpoint(leaves, 9));
		assert.equal(good.status, STATUS.ALARM, "a good one afterwards takes nothing back");
		assert.equal((await later.accept(CHAIR)).status, STATUS.FIRST);
		assert.equal(later.verdict(CHAIR).size, 40);
	});

test("a proof from elsewhere is a gap until a person accepts it, and the rest is followed", async () => {
	const { ledger, leaves, witness } = await scene();
	await witness.check(CHAIR, await ledger.checkpoint(leaves.slice(0, 3)));
	const gap = await witness.check(CHAIR, await ledger.checkpoint(leaves.slice(0, 20), 11));
	assert.deepEqual([gap.status, gap.gap.from, gap.gap.to], [STATUS.GAP, 3, 20]);
	assert.match(gap.gap.note, /^stipple\/clinic\/chair-1\n3\n/, "what it has to be compared with is kept");
	assert.equal((await witness.check(CHAIR, await ledger.checkpoint(leaves.slice(0, 30), 20))).status, STATUS.GAP);
	assert.equal((await witness.check(CHAIR, await ledger.checkpoint(leavesOf(33, "forged"), 30))).status, STATUS.ALARM);
	assert.equal((await witness.accept(CHAIR)).status, STATUS.FIRST);
});

test("an alarm is remembered where nothing was kept before", async () => {
	const mine = await Ledger.make();
	const { ledger, storage, leaves } = await scene();
	const keys = { [CHAIR]: mine.vkey };
	const witness = new Witness(storage, { keys });
	assert.equal((await witness.check(CHAIR, await ledger.checkpoint(leaves))).status, STATUS.ALARM);
	const later = new Witness(storage, { keys });
	assert.equal(later.verdict(CHAIR).status, STATUS.ALARM, "the page was opened again");
	const good = await later.check(CHAIR, await mine.checkpoint(leaves.slice(0, 9)));
	assert.deepEqual([good.status, good.size], [STATUS.ALARM, 9], "a good one afterwards takes nothing back, and is followed");
	assert.match(new Witness(storage, { keys }).verdict(CHAIR).alarm.note, /^stipple\/clinic\/chair-1\n40\n/);
	assert.equal((await later.accept(CHAIR)).status, STATUS.FIRST);
});

test("a key signs for its own ledger only", async () => {
	const { ledger, leaves, witness } = await scene();
	const message = await ledger.checkpoint(leaves);
	const text = message.checkpoint.split("\n\n")[0].replace("stipple/clinic/chair-1", "example.com/log");
	const verdict = await witness.check(CHAIR, { ...message, checkpoint: await ledger.sign(`${text}\n`) });
	assert.deepEqual([verdict.status, /cannot sign for/.test(verdict.reason)], [STATUS.ALARM, true]);
});

test("a ledger with a name of its own is taken on trust once, and held to it", async () => {
	const { leaves, witness } = await scene();
	const named = await Ledger.make("example.com/clinic/chair-1");
	assert.equal((await witness.check(CHAIR, await named.checkpoint(leaves.slice(0, 9)))).status, STATUS.FIRST);
	assert.equal((await witness.check(CHAIR, await named.checkpoint(leaves, 9))).status, STATUS.VERIFIED);
	const other = await Ledger.make("example.com/clinic/chair-2");
	assert.equal((await witness.check(CHAIR, await other.checkpoint(leaves))).status, STATUS.ALARM);
});

test("a restored backup is told as that, and followed from there", async () => {
	const { ledger, storage, leaves, witness } = await scene();
	await witness.check(CHAIR, await ledger.checkpoint(leaves.slice(0, 30)));
	const second = await ledger.renamed("stipple/clinic/chair-1/epoch-2");
	const grown = [...leaves.slice(0, 9), ...leavesOf(30, "after")];
	const told = await witness.check(CHAIR, await second.checkpoint(grown.slice(0, 11)));
	assert.deepEqual([told.status, told.size], [STATUS.GAP, 11]);
	assert.match(told.reason, /a backup was restored: the ledger had 30 records, and goes on as .*epoch-2/);
	const later = new Witness(storage);
	assert.equal((await later.check(CHAIR, await second.checkpoint(grown.slice(0, 20), 11))).status, STATUS.GAP, "until a person has seen it");
	assert.equal((await later.accept(CHAIR)).status, STATUS.FIRST);
	assert.equal((await later.check(CHAIR, await second.checkpoint(grown, 20))).status, STATUS.VERIFIED);
	assert.equal((await later.check(CHAIR, await ledger.checkpoint(leaves))).status, STATUS.ALARM, "the old one does not come back");
});

test("a restored backup that the key before does not vouch for is an alarm", async () => {
	for (const forge of [
		async (ledger, second) => delete second.statement,
		async (ledger, second) => second.statement = await second.sign(second.statement.split("\n\n")[0] + "\n"),
		async (ledger, second) => second.statement = await ledger.sign(second.statement.split("\n\n")[0].replace("chair-1\n", "chair-2\n") + "\n"),
		async (ledger, second) => second.statement = (await (await Ledger.make()).renamed(second.name)).statement,
	]) {
		const { ledger, leaves, witness } = await scene();
		await witness.check(CHAIR, await ledger.checkpoint(leaves.slice(0, 30)));
		const second = await ledger.renamed("stipple/clinic/chair-1/epoch-2");
		await forge(ledger, second);
		assert.equal((await witness.check(CHAIR, await second.checkpoint(leaves.slice(0, 11)))).status, STATUS.ALARM, forge.toString());
	}
});

test("an earlier checkpoint sent again is no alarm", async () => {
	const { ledger, leaves, witness } = await scene();
	const first = await ledger.checkpoint(leaves.slice(0, 3));
	await witness.check(CHAIR, first);
	await witness.check(CHAIR, await ledger.checkpoint(leaves.slice(0, 9), 3));
	assert.equal((await witness.check(CHAIR, first)).status, STATUS.VERIFIED);
	assert.equal(witness.verdict(CHAIR).size, 9);
});

test("a key known by another way goes before the one that is sent", async () => {
	const mine = await Ledger.make();
	const { ledger, leaves, witness } = await scene({ [CHAIR]: mine.vkey });
	assert.equal((await witness.check(CHAIR, await ledger.checkpoint(leaves))).status, STATUS.ALARM);
	assert.equal((await witness.check(CHAIR, await mine.checkpoint(leaves))).status, STATUS.ALARM, "somebody tried");
	assert.equal((await witness.accept(CHAIR)).status, STATUS.FIRST);
});

test("what is no checkpoint is told apart and changes nothing", async () => {
	const { ledger, storage, leaves, witness } = await scene();
	const good = await ledger.checkpoint(leaves);
	await witness.check(CHAIR, good);
	for (const payload of [{}, { ...good, checkpoint: 7 }, { ...good, checkpoint: "x" }, { ...good, checkpoint: good.checkpoint.slice(0, 60) },
		{ ...good, size: 41 }, { ...good, size: "40" }, { ...good, size: undefined }, null, []])
		assert.equal((await witness.check(CHAIR, payload)).status, STATUS.UNREADABLE, JSON.stringify(payload));
	assert.equal(new Witness(storage).verdict(CHAIR).size, 40);
	const longer = await ledger.checkpoint(leavesOf(45), 40);
	for (const wrong of [{ consistency: 7 }, { consistency: "x" }, { consistency: [1] }, { consistency: null }, { previous: 7 },
		{ previous: { size: "40" } }, { previous: null }, { consistency: Array(200).fill(longer.consistency[0]) }]) {
		const other = new Witness(new Storage());
		await other.check(CHAIR, good);
		assert.notEqual((await other.check(CHAIR, { ...longer, ...wrong })).status, STATUS.VERIFIED, JSON.stringify(wrong));
	}
});

test("without a key trees are compared and nothing is called signed", async () => {
	const { ledger, leaves, witness } = await scene();
	const unkeyed = async (...arguments_) => ({ ...await ledger.checkpoint(...arguments_), vkey: undefined });
	assert.equal((await witness.check(CHAIR, await unkeyed(leaves.slice(0, 3)))).status, STATUS.UNSIGNED);
	assert.equal((await witness.check(CHAIR, await unkeyed(leaves.slice(0, 9), 3))).status, STATUS.UNSIGNED);
	assert.equal((await witness.check(CHAIR, await unkeyed(leavesOf(12, "forged"), 9))).status, STATUS.ALARM);
});

test("a key that becomes known later is used from then on", async () => {
	const { ledger, storage, leaves, witness } = await scene();
	await witness.check(CHAIR, { ...await ledger.checkpoint(leaves.slice(0, 3)), vkey: undefined });
	const later = new Witness(storage, { keys: { [CHAIR]: ledger.vkey } });
	const next = { ...await ledger.checkpoint(leaves.slice(0, 9), 3), vkey: undefined };
	assert.equal((await later.check(CHAIR, next)).status, STATUS.VERIFIED);
	const stranger = await (await Ledger.make()).checkpoint(leaves, 9);
	assert.equal((await later.check(CHAIR, { ...stranger, vkey: undefined })).status, STATUS.ALARM);
});

test("an unsigned checkpoint does not become one that follows", async () => {
	const { ledger, leaves, witness } = await scene();
	await witness.check(CHAIR, await ledger.checkpoint(leaves.slice(0, 3)));
	const next = await ledger.checkpoint(leaves.slice(0, 9), 3);
	const bare = { ...next, checkpoint: next.checkpoint.replace(/\u2014 .*\n/, "\u2014 other AAAAAAAA\n"), vkey: undefined };
	assert.equal((await witness.check(CHAIR, bare)).status, STATUS.ALARM);
	assert.equal(witness.verdict(CHAIR).size, 3);
});

test("there is something to accept only when something arrived", async () => {
	const { witness } = await scene();
	assert.equal((await witness.accept(CHAIR)).status, STATUS.NONE);
});

test("checks asked for at once are made in their order", async () => {
	const { ledger, leaves, witness } = await scene();
	const messages = [await ledger.checkpoint(leaves.slice(0, 2)), await ledger.checkpoint(leaves.slice(0, 5), 2),
		await ledger.checkpoint(leaves.slice(0, 8), 5)];
	const verdicts = await Promise.all(messages.map((message) => witness.check(CHAIR, message)));
	assert.deepEqual(verdicts.map((verdict) => verdict.status), [STATUS.FIRST, STATUS.VERIFIED, STATUS.VERIFIED]);
});
