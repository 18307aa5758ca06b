// SPDX-License-Identifier: Apache-2.0
/** One live chart with its figure in words. uPlot draws on a canvas; the words are for those who do not see it. */

import uPlot from "../../vendor/uplot.js";
import { h, setText } from "../dom.js";
import { clock, figure } from "../sentences.js";

const HEIGHT = 150;
const SPAN_S = 10 * 60;

function colour(name) {
	return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** From first to last, a minute at least and ten at most; the minute that is now when there is nothing. */
function span(least, most) {
	const end = most ?? Date.now() / 1000;
	return [end - Math.min(SPAN_S, Math.max(end - (least ?? end), 60)), end];
}

export class Chart {
	/** `column`: which of the stream's columns; `band`: gives [least, most] that is right, or null. */
	constructor({ label, unit, decimals, column, least, band = () => null }) {
		Object.assign(this, { label, unit, decimals, column, least, band, plot: null, columns: [[], []] });
		this.value = h("output", {}, "–");
		this.range = h("span", { class: "range" });
		this.canvas = h("div", { class: "canvas", "aria-hidden": "true" });
		this.node = h("figure", { class: "chart" }, h("figcaption", {}, h("span", { class: "label" }, label),
			h("span", { class: "value" }, this.value, ` ${unit}`), this.range), this.canvas);
		this.observer = new ResizeObserver(() => this.plot?.setSize({ width: this.canvas.clientWidth, height: HEIGHT }));
		this.scheme = matchMedia("(prefers-color-scheme: dark)");
		this.redraw = () => this.#make();
		this.scheme.addEventListener("change", this.redraw);
	}

	update(columns, current) {
		this.columns = [columns[0], columns[this.column]];
		setText(this.value, figure(current, this.decimals));
		const seen = this.columns[1].filter((value) => value !== null);
		setText(this.range, seen.length > 0 ? `${figure(seen.reduce((a, b) => Math.min(a, b)), this.decimals)} to ${figure(seen.reduce((a, b) => Math.max(a, b)), this.decimals)}` : "no figures");
		if (!this.plot)
			this.#make();
		this.plot?.setData(this.columns);
	}

	#make() {
		this.plot?.destroy();
		this.plot = null;
		if (!this.canvas.isConnected || this.canvas.clientWidth === 0)
			return;
		const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px sans-serif" };
		this.plot = new uPlot({
			width: this.canvas.clientWidth,
			height: HEIGHT,
			padding: [null, 28, null, null],
			legend: { show: false },
			cursor: { show: false },
			scales: {
				x: { time: true, range: (u, least, most) => span(least, most) },
				y: { range: (u, least, most) => [0, Math.max(most ?? 0, this.band()?.[1] ?? 0, this.least) * 1.1] },
			},
			axes: [{ ...axis, space: 80, size: 28, values: (u, splits) => splits.map((at) => clock(at * 1000)) }, { ...axis, size: 44, space: 28 }],
			series: [{}, { stroke: colour("--accent"), width: 2, points: { show: false } }],
			hooks: { drawClear: [(u) => this.#drawBand(u)] },
		}, this.columns, this.canvas);
		this.observer.observe(this.canvas);
	}

	#drawBand(u) {
		const band = this.band();
		if (!band)
			return;
		const [low, high] = band.map((value) => u.valToPos(value, "y", true));
		u.ctx.save();
		u.ctx.fillStyle = colour("--band");
		u.ctx.fillRect(u.bbox.left, high, u.bbox.width, low - high);
		u.ctx.restore();
	}

	destroy() {
		this.scheme.removeEventListener("change", this.redraw);
		this.observer.disconnect();
		this.plot?.destroy();
	}
}
