// SPDX-License-Identifier: Apache-2.0
/** Bars over days, weeks or months, with the same in words for those who do not see a canvas. */

import uPlot from "../../vendor/uplot.js";
import { h, setText } from "../dom.js";
import { figure } from "../sentences.js";

const HEIGHT = 170;
const BAR_SHARE = 0.7;
const BAR_MAX_PX = 60;

function colour(name) {
	return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** "30 Nov", or "Nov 2026" of a month. */
export function bucketName(day, unit) {
	const at = new Date(`${day}T00:00:00Z`);
	return at.toLocaleDateString("en-GB", unit === "month" ? { month: "short", year: "numeric", timeZone: "UTC" }
		: { day: "numeric", month: "short", timeZone: "UTC" });
}

export class Bars {
	constructor({ label, unit, decimals = 0 }) {
		Object.assign(this, { label, unit, decimals, plot: null, names: [], values: [], bucket: "day" });
		this.value = h("output", {}, "–");
		this.range = h("span", { class: "range" });
		this.canvas = h("div", { class: "canvas", "aria-hidden": "true" });
		this.node = h("figure", { class: "chart" }, h("figcaption", {}, h("span", { class: "label" }, label),
			h("span", { class: "value" }, this.value, ` ${unit}`), this.range), this.canvas);
		this.observer = new ResizeObserver(() => (this.plot ? this.plot.setSize({ width: this.canvas.clientWidth, height: HEIGHT }) : this.#make()));
		this.observer.observe(this.canvas);
		this.scheme = matchMedia("(prefers-color-scheme: dark)");
		this.redraw = () => this.#make();
		this.scheme.addEventListener("change", this.redraw);
	}

	/** `names`: first days of the buckets; `bucket`: "day", "week" or "month". */
	update(names, values, bucket) {
		Object.assign(this, { names, values, bucket });
		const sum = values.reduce((a, b) => a + b, 0);
		const most = values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
		setText(this.value, figure(sum, this.decimals));
		setText(this.range, sum > 0 ? `most: ${figure(values[most], this.decimals)} ${this.bucket === "day" ? "on" : "from"} ${bucketName(names[most], bucket)}` : "nothing recorded");
		this.#make();
	}

	#make() {
		this.plot?.destroy();
		this.plot = null;
		if (!this.canvas.isConnected || this.canvas.clientWidth === 0 || this.names.length === 0)
			return;
		const axis = { stroke: colour("--quiet"), ticks: { show: false }, font: "12px sans-serif" };
		const last = this.names.length - 1;
		this.plot = new uPlot({
			width: this.canvas.clientWidth,
			height: HEIGHT,
			padding: [8, 12, null, null],
			legend: { show: false },
			cursor: { show: false },
			scales: { x: { time: false, range: () => [-0.6, last + 0.6] }, y: { range: (u, least, most) => [0, Math.max(most ?? 0, 1) * 1.08] } },
			axes: [{ ...axis, grid: { show: false }, space: 64, size: 28, incrs: [1, 2, 3, 4, 7, 14, 28],
				values: (u, splits) => splits.map((i) => (Number.isInteger(i) && this.names[i] ? bucketName(this.names[i], this.bucket) : "")) },
			{ ...axis, grid: { stroke: colour("--line"), width: 1 }, size: 52, space: 32, values: (u, splits) => splits.map((value) => short(value)) }],
			series: [{}, { stroke: colour("--accent"), fill: colour("--accent"), width: 0, points: { show: false },
				paths: uPlot.paths.bars({ size: [BAR_SHARE, BAR_MAX_PX] }) }],
		}, [this.names.map((_, i) => i), this.values], this.canvas);
	}

	destroy() {
		this.scheme.removeEventListener("change", this.redraw);
		this.observer.disconnect();
		this.plot?.destroy();
	}
}

function short(value) {
	return value >= 1000 ? `${figure(value / 1000, value % 1000 ? 1 : 0)} k` : figure(value, value % 1 ? 1 : 0);
}
