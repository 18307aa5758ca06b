// SPDX-License-Identifier: Apache-2.0
/** The zone map: density reached against target, as a drawing and as a table that says the same. */

import { h, setText, svg } from "../dom.js";
import { OUTLINES, SCARS, VIEW_BOX, ZONES } from "../scalp.js";
import { densities, figure, progress, zoneName } from "../sentences.js";

/** Beyond this share of the target a zone is shown as too dense. */
const OVER_PERCENT = 100;

function reached({ density, target, before }) {
	const percent = progress(density, target, before);
	return percent === null ? "–" : `${percent} %`;
}

export class ScalpMap {
	constructor() {
		this.shapes = new Map();
		this.drawing = svg("svg", { viewBox: VIEW_BOX, class: "scalp", role: "img", "aria-label": "Zone map; the table below has the figures" });
		this.#draw();
		this.rows = h("tbody");
		const heads = ["Zone", "Dots today", "Dots/cm², before + today of target", "Reached", "Dots over", "Outside depth"].map((words) => h("th", { scope: "col" }, words));
		this.table = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Zones, table" },
			h("table", {}, h("thead", {}, h("tr", {}, heads)), this.rows));
		this.node = h("div", {}, this.drawing, this.table);
	}

	#draw() {
		for (const [view, paths] of Object.entries(OUTLINES)) {
			this.drawing.append(svg("clipPath", { id: `outline-${view}` }, paths.map((d) => svg("path", { d }))));
			const group = svg("g", { "clip-path": `url(#outline-${view})` }, paths.map((d) => svg("path", { d, class: "skin" })));
			const labels = svg("g");
			for (const [zone, , d, x, y] of ZONES.filter(([, where]) => where === view)) {
				const shape = svg("path", { d, class: "zone" });
				group.append(shape);
				this.#remember(zone, shape, labels, x, y);
			}
			this.drawing.append(group, ...paths.map((d) => svg("path", { d, class: "outline" })), labels);
		}
		for (const [zone, x, y] of SCARS) {
			const shape = svg("rect", { x: x - 50, y: y - 14, width: 100, height: 26, rx: 8, class: "zone scar" });
			const labels = svg("g");
			this.drawing.append(shape, labels);
			this.#remember(zone, shape, labels, x, y + 4, zoneName(zone));
		}
		this.drawing.append(svg("text", { x: 22, y: 20, class: "caption" }, "top"), svg("text", { x: 232, y: 20, class: "caption" }, "back"));
	}

	#remember(zone, shape, labels, x, y, name = "") {
		const title = svg("title", {}, zoneName(zone));
		const label = svg("text", { x, y, class: name ? "label scar-label" : "label" }, name);
		shape.append(title);
		labels.append(label);
		this.shapes.set(zone, [...this.shapes.get(zone) ?? [], { shape, label, title, name }]);
	}

	/** `zones`: by name {dots, before, density, target, over, outside}; `current`: the zone at work. */
	update(zones, current) {
		for (const [zone, parts] of this.shapes) {
			const { density, target, before } = zones.get(zone) ?? {};
			const percent = progress(density, target, before);
			for (const { shape, label, title, name } of parts) {
				shape.style.fillOpacity = percent === null ? "0" : String(0.12 + 0.78 * Math.min(percent, 100) / 100);
				shape.classList.toggle("over", percent > OVER_PERCENT);
				this.#mark(shape, zone === current);
				setText(label, [name, percent === null ? "" : `${percent} %`].filter(Boolean).join(" "));
				setText(title, `${zoneName(zone)}: ${percent === null ? "not begun" : `${percent} % of target`}`);
			}
		}
		this.#fill(zones, current);
	}

	/* The one at work is drawn last, so that its neighbours do not cover its edge. */
	#mark(shape, current) {
		if (shape.classList.contains("current") === current)
			return;
		shape.classList.toggle("current", current);
		if (current)
			shape.parentNode.append(shape);
	}

	#fill(zones, current) {
		const lines = [...zones].map(([zone, z]) => [zone === current ? `${zoneName(zone)} (now)` : zoneName(zone), figure(z.dots),
			densities(z), reached(z), z.over ? figure(z.over) : "–",
			z.outside === null ? "–" : `${figure(z.outside * 100, 1)} %`]);
		if (lines.length === 0)
			lines.push(["No zone worked on in this session", "", "", "", "", ""]);
		const signature = JSON.stringify(lines);
		if (this.signature === signature)
			return;
		this.signature = signature;
		this.rows.replaceChildren(...lines.map(([first, ...rest]) =>
			h("tr", {}, h("th", { scope: "row" }, first), rest.map((words) => h("td", {}, words)))));
	}
}
