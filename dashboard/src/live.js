// SPDX-License-Identifier: Apache-2.0
/** The live stream of one station: what is now, and the last minutes of it for the charts. */

/** Figures older than this are not shown: the broker drops them then as well. */
export const STALE_MS = 5000;
const KEEP_MS = 10 * 60 * 1000;
/** A faster stream is thinned to this. */
const STEP_MS = 450;
const RATE_MS = 60 * 1000;
const RATE_LEAST_MS = 2000;

export class Live {
	constructor() {
		this.clear();
	}

	clear() {
		this.now = null;
		this.at = -Infinity;
		/** Columns as the charts want them: seconds, dots a minute, mm, mN. */
		this.columns = [[], [], [], []];
		this.dots = [];
		this.rate = null;
	}

	/** `at`: milliseconds when it arrived. */
	add(telemetry, at) {
		if (this.now && (telemetry.session !== this.now.session || telemetry.sessionDots < this.now.sessionDots))
			this.dots = [];
		const gap = at - this.at > STALE_MS && this.now;
		this.now = telemetry;
		this.at = at;
		const [times] = this.columns;
		if (times.length > 0 && at - times.at(-1) * 1000 < STEP_MS)
			return;
		this.#count(telemetry.sessionDots, at);
		if (gap)
			this.#push([at / 1000 - 0.001, null, null, null]);
		this.#push([at / 1000, this.rate, telemetry.depth === null ? null : telemetry.depth / 1000, telemetry.resistance]);
	}

	/** What is now, or null when it is no longer. */
	current(now) {
		return now - this.at <= STALE_MS ? this.now : null;
	}

	#count(dots, at) {
		if (dots === null)
			return;
		this.dots.push([at, dots]);
		while (at - this.dots[0][0] > RATE_MS)
			this.dots.shift();
		const [since, first] = this.dots[0];
		this.rate = at - since >= RATE_LEAST_MS ? (dots - first) * 60000 / (at - since) : null;
	}

	#push(row) {
		const oldest = row[0] - KEEP_MS / 1000;
		this.columns.forEach((column, i) => column.push(row[i]));
		while (this.columns[0][0] < oldest)
			this.columns.forEach((column) => column.shift());
	}
}
