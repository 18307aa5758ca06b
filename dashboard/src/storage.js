// SPDX-License-Identifier: Apache-2.0
/** localStorage or sessionStorage where the browser has it and room in it; else the page's own memory. */

export class SafeStorage {
	/** `open`: gives the storage; it may throw, as browsers do. */
	constructor(open) {
		this.memory = new Map();
		try {
			this.storage = open();
		} catch {
			this.storage = null;
		}
	}

	getItem(name) {
		if (this.memory.has(name))
			return this.memory.get(name);
		try {
			return this.storage?.getItem(name) ?? null;
		} catch {
			return null;
		}
	}

	setItem(name, value) {
		this.memory.delete(name);
		try {
			if (this.storage)
				return this.storage.setItem(name, value);
		} catch {
			/* full: what does not fit is kept as long as the page */
		}
		this.memory.set(name, value);
		return undefined;
	}

	removeItem(name) {
		this.memory.delete(name);
		try {
			this.storage?.removeItem(name);
		} catch {
			/* then there is nothing to remove */
		}
	}
}
