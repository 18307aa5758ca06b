// SPDX-License-Identifier: Apache-2.0
/**
 * Prints checkpoint messages of one ledger, as a JSON array, for tests in other languages.
 *
 * Usage: node make-checkpoints.js SIZE[:FROM[:TEXT]] ...
 * One message for each: SIZE records, with a proof from the first FROM of them; another TEXT makes other records.
 */

import { Ledger, leavesOf } from "./ledger.js";

const ledger = await Ledger.make();
const messages = [];
for (const argument of process.argv.slice(2)) {
	const [size, from, text] = argument.split(":");
	messages.push(await ledger.checkpoint(leavesOf(Number(size), text || "record"), from ? Number(from) : null));
}
process.stdout.write(`${JSON.stringify(messages)}\n`);
