// SPDX-License-Identifier: Apache-2.0
/** A table of rows that people sort by its heads, with a link to the same as a file. Cells are texts or elements. */

import { h, setAttribute, setText, show } from "../dom.js";

export class DataTable {
	/**
	 * `columns`: [head, cell(row) -> text, element or [class, text], sort key(row) or null, "number" or nothing].
	 * `none`: what is said where there are no rows; `rowClass(row)`: class of a row.
	 */
	constructor({ label, columns, none, rowClass = () => "", limit = 200 }) {
		Object.assign(this, { columns, none, rowClass, limit, rows: [], order: null, down: false });
		this.heads = columns.map(([words, , key, kind], i) => this.#head(words, key, kind, i));
		this.body = h("tbody");
		this.table = h("table", { class: "data" }, h("thead", {}, h("tr", {}, this.heads)), this.body);
		this.box = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, this.table);
		this.empty = h("p", { class: "empty" }, none);
		this.more = h("p", { class: "empty" });
		this.node = h("div", { class: "data-table" }, this.box, this.empty, this.more);
		this.#draw();
	}

	#head(words, key, kind, i) {
		const head = h("th", { scope: "col", class: kind === "number" ? "number" : "" });
		if (!key)
			return head.append(words), head;
		const button = h("button", { type: "button" }, words);
		button.addEventListener("click", () => this.#sort(i));
		head.append(button);
		return head;
	}

	#sort(i) {
		this.down = this.order === i ? !this.down : this.columns[i][3] === "number";
		this.order = i;
		this.heads.forEach((head, j) => (j === i ? setAttribute(head, "aria-sort", this.down ? "descending" : "ascending")
			: head.removeAttribute("aria-sort")));
		this.#draw();
	}

	update(rows) {
		this.rows = rows;
		this.#draw();
	}

	#draw() {
		const key = this.order === null ? null : this.columns[this.order][2];
		const sorted = key ? [...this.rows].sort((a, b) => compare(key(a), key(b)) * (this.down ? -1 : 1)) : this.rows;
		const focus = this.body.contains(document.activeElement);
		/* somebody types in a cell: the rows wait */
		if (focus && document.activeElement.matches("input"))
			return;
		this.body.replaceChildren(...sorted.slice(0, this.limit).map((row) => h("tr", { class: this.rowClass(row) || null },
			this.columns.map(([, cell, , kind], i) => this.#cell(cell(row), kind, i)))));
		show(this.box, this.rows.length > 0);
		show(this.empty, this.rows.length === 0);
		setText(this.more, this.rows.length > this.limit ? `${this.rows.length - this.limit} more are in the CSV file.` : "");
		show(this.more, this.rows.length > this.limit);
	}

	#cell(value, kind, i) {
		const [className, content] = Array.isArray(value) ? value : ["", value];
		const classes = [kind === "number" ? "number" : "", className].filter(Boolean).join(" ") || null;
		return i === 0 ? h("th", { scope: "row", class: classes }, content) : h("td", { class: classes }, content);
	}
}

function compare(a, b) {
	if (a === b)
		return 0;
	if (a === null || a === undefined || b === null || b === undefined)
		return a === null || a === undefined ? 1 : -1;
	return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
}

/** A link to a table as a file. */
export function csvLink(words = "CSV") {
	return h("a", { class: "button", download: "" }, words);
}
