// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import test from "node:test";

import { Ledger } from "./ledger.js";
import { NoteError, isSigned, parseCheckpoint, parseNote, parseVerifier } from "../src/note.js";

/* The example of the C2SP signed-note specification. */
const VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const NOTE = "If you think cryptography is the answer to your problem,\n" +
	"then you don't know what your problem is.\n\n" +
	"\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

test("the published example is verified", async () => {
	assert.ok(await isSigned(parseNote(NOTE), await parseVerifier(VKEY)));
});

test("one changed character is noticed", async () => {
	const verifier = await parseVerifier(VKEY);
	assert.ok(!await isSigned(parseNote(NOTE.replace("answer", "Answer")), verifier));
	assert.ok(!await isSigned(parseNote(NOTE.replace("x08go/ZJk", "x08go/ZJl")), verifier));
	assert.ok(!await isSigned(parseNote(NOTE.replace("\u2014 Peter", "\u2014 Petra")), verifier));
});

test("another signature beside it does not matter", async () => {
	const other = await Ledger.make("witness.example");
	const line = (await other.sign(NOTE.split("\n\n")[0] + "\n")).split("\n").at(-2);
	const verifier = await parseVerifier(VKEY);
	assert.ok(await isSigned(parseNote(`${NOTE}${line}\n`), verifier));
	assert.ok(!await isSigned(parseNote(NOTE.split("\n\n")[0] + `\n\n${line}\n`), verifier));
});

test("sixteen signatures and more are read, also those that withstand quantum computers", async () => {
	const line = `\u2014 witness.example ${Buffer.alloc(4 + 5000, 7).toString("base64")}\n`;
	const note = parseNote(NOTE + line.repeat(16));
	assert.equal(note.signatures.length, 17);
	assert.ok(await isSigned(note, await parseVerifier(VKEY)));
	assert.throws(() => parseNote(NOTE + line.repeat(60)), NoteError);
});

test("a signature of the key that does not verify spoils the note", async () => {
	const [text, line] = NOTE.split("\n\n");
	const broken = line.replace("BS9UG", "BS9UH");
	for (const lines of [line + broken, broken + line])
		assert.ok(!await isSigned(parseNote(`${text}\n\n${lines}`), await parseVerifier(VKEY)));
});

test("malformed keys are refused", async () => {
	const wrong = ["", "a", "a+b", "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "PeterNeumann+c74f20a3+ARpc",
		"Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", undefined, null, 7, {}];
	for (const vkey of wrong)
		await assert.rejects(parseVerifier(vkey), NoteError, String(vkey));
});

test("malformed notes and checkpoints are refused", () => {
	for (const note of ["", "text", "text\n", "text\n\n", "text\n\nno dash\n", "text\n\n\u2014 name !!!\n", NOTE.slice(0, -1),
		NOTE.replace("crypto", "crypto\r"), "x".repeat(20000), null, 3, ["a"]])
		assert.throws(() => parseNote(note), /note/, JSON.stringify(note));
	const root = "q".repeat(43) + "=";
	for (const text of ["", "\n1\n", `o\n-1\n${root}\n`, `o\n01\n${root}\n`, `o\n1e3\n${root}\n`, "o\n1\nAAAA\n", "o\n1\n",
		`o\n99999999999999999999\n${root}\n`])
		assert.throws(() => parseCheckpoint(text), /checkpoint/, JSON.stringify(text));
});
