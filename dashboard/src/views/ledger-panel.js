// SPDX-License-Identifier: Apache-2.0
/** What this browser, as a witness, found out about a station's ledger. */

import { h, setAttribute, setText, show } from "../dom.js";
import { figure, moment } from "../sentences.js";
import { STATUS } from "../witness.js";

const WORDS = new Map([
	[STATUS.NONE, "No checkpoint has arrived."],
	[STATUS.FIRST, "Signed. The first checkpoint this browser saw; the next will be compared with it."],
	[STATUS.UNSIGNED, "Not checked for its signature: put the station's key into this page's config.json."],
	[STATUS.VERIFIED, "Signed, and it follows from all that this browser saw before."],
]);

export class LedgerPanel {
	constructor(witness, key, store) {
		Object.assign(this, { witness, key, store });
		this.verdict = h("p", { class: "verdict" });
		this.rewound = h("p", { class: "reason" }, "The numbers of its records went back: this is another ledger, or an older copy of it.");
		this.figures = h("p");
		this.evidence = h("pre", { tabindex: 0, "aria-label": "Signed checkpoints" });
		this.details = h("details", {}, h("summary", {}, "Signed checkpoints"), this.evidence);
		this.accept = h("button", { type: "button" }, "Begin anew with the newest checkpoint");
		this.accept.addEventListener("click", () => this.#ask());
		this.question = h("p", { class: "question", role: "alert" });
		this.node = h("div", { class: "ledger" }, this.verdict, this.rewound, this.figures, this.details, this.question, this.accept);
	}

	update() {
		const now = this.store.now();
		const verdict = this.witness.verdict(this.key);
		const station = this.store.stations.get(this.key);
		const bad = verdict.status === STATUS.ALARM;
		const rewound = station?.rewound === true;
		setAttribute(this.node, "data-status", verdict.status);
		setText(this.verdict, bad ? `ALARM: ${verdict.reason}. Keep both checkpoints and run "stipplectl audit witness" at the station.`
			: WORDS.get(verdict.status) ?? `${verdict.reason[0].toUpperCase()}${verdict.reason.slice(1)}.`);
		show(this.rewound, rewound);
		setText(this.figures, verdict.size === null ? "" : `${figure(verdict.size)} records, published ${moment(verdict.at, now)}; watching since ${moment(verdict.since, now)}.`);
		const notes = [verdict.alarm && `What arrived ${new Date(verdict.alarm.at).toISOString()}:\n${verdict.alarm.note}`,
			verdict.gap && `What was kept before the gap:\n${verdict.gap.note}`,
			verdict.note && `What is kept:\n${verdict.note}`, verdict.vkey && `Key: ${verdict.vkey}`].filter(Boolean);
		setText(this.evidence, notes.join("\n"));
		show(this.details, notes.length > 0);
		show(this.accept, bad || rewound || verdict.status === STATUS.GAP);
		show(this.question, Boolean(this.asked) && !this.accept.hidden);
	}

	/* What is thrown away is evidence: it takes two presses. */
	#ask() {
		if (!this.asked) {
			this.asked = true;
			setText(this.question, "The checkpoints kept here will be forgotten. Press again when somebody has looked into it.");
			return this.update();
		}
		this.asked = false;
		setText(this.question, "");
		this.store.stations.get(this.key)?.acceptLedger();
		return this.witness.accept(this.key).then(() => this.update());
	}
}
