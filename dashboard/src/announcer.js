// SPDX-License-Identifier: Apache-2.0
/** Says what changed to those who listen to the page; what comes at once is said as one. */

const COLLECT_MS = 400;
const EACH_MAX = 3;

export class Announcer {
	constructor(polite, assertive) {
		this.regions = { polite, assertive };
		this.waiting = { polite: [], assertive: [] };
		this.timer = null;
	}

	say(words, how = "polite") {
		this.waiting[how].push(words);
		this.timer ??= setTimeout(() => this.#speak(), COLLECT_MS);
	}

	#speak() {
		this.timer = null;
		for (const [how, lines] of Object.entries(this.waiting)) {
			if (lines.length > 0)
				this.regions[how].textContent = [...lines.slice(0, EACH_MAX), ...lines.length > EACH_MAX ? [`and ${lines.length - EACH_MAX} more`] : []].join("; ");
			this.waiting[how] = [];
		}
	}
}
