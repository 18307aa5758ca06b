// SPDX-License-Identifier: Apache-2.0
/** Makes elements. Whatever comes from outside is put in as a text node or a checked attribute, never as markup. */

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
	for (const [name, value] of Object.entries(attributes)) {
		if (name === "class")
			node.setAttribute("class", value);
		else if (value === true)
			node.setAttribute(name, "");
		else if (value !== false && value !== null && value !== undefined)
			node.setAttribute(name, String(value));
	}
	node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
	return node;
}

/** An HTML element; children are elements or texts. */
export function h(tag, attributes = {}, ...children) {
	return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
	return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Only touches the page when there is something new, so that screen readers and layout are left alone. */
export function setText(node, value) {
	if (node.textContent !== value)
		node.textContent = value;
}

export function setAttribute(node, name, value) {
	if (node.getAttribute(name) !== value)
		node.setAttribute(name, value);
}

export function show(node, visible) {
	if (node.hidden === visible)
		node.hidden = !visible;
}

/** Gives `parent` these children, keeping those that are there already and where they stand. */
export function arrange(parent, children) {
	children.forEach((child, i) => {
		if (parent.children[i] !== child)
			parent.insertBefore(child, parent.children[i] ?? null);
	});
	while (parent.children.length > children.length)
		parent.lastElementChild.remove();
}

/** Rewrites a list only when its lines changed. `lines`: arrays of [class, text]. */
export function setLines(list, lines) {
	const signature = JSON.stringify(lines);
	if (list.signature === signature)
		return;
	list.signature = signature;
	list.replaceChildren(...lines.map(([kind, words]) => h("li", { class: kind }, words)));
	show(list, lines.length > 0);
}

export function stationLink(station) {
	return `#/station/${encodeURIComponent(station.clinic)}/${encodeURIComponent(station.name)}`;
}
