// SPDX-License-Identifier: Apache-2.0
/**
 * What the views of the clinic's server have in common: they ask for tables, say what is missing, and ask somebody to
 * sign in where nobody is. A view that is shown while the server is away keeps what it had and says so.
 */

import { AWAY, NONE, SIGNED_IN, SIGNED_OUT } from "../clinic.js";
import { arrange, h, setText, show } from "../dom.js";
import { clock } from "../sentences.js";
import { SignIn } from "./sign-in.js";

const FRESH_MS = 30000;
const BUSY_MS = 2000;

export class ClinicView {
	constructor({ clinic, announcer, title, now = () => Date.now() }) {
		Object.assign(this, { clinic, announcer, title, now, parts: [], loaded: 0, running: false, gone: false });
		this.heading = h("h2", { tabindex: -1 }, title);
		this.bar = h("div", { class: "bar" }, this.heading);
		this.notice = h("p", { class: "notice", role: "status" });
		this.body = h("div", { class: "clinic-body" });
		this.node = h("div", { class: "clinic-view" }, this.bar, this.notice, this.body);
		this.onStatus = () => this.refresh();
		clinic.addEventListener("status", this.onStatus);
		this.timer = setInterval(() => !document.hidden && this.refresh(), FRESH_MS);
	}

	/** Asks for everything anew. Derived views have load(), which asks, and parts, which are shown to whoever is signed in. */
	async refresh() {
		if (this.gone)
			return;
		this.#frame();
		if (this.clinic.status !== SIGNED_IN || this.running) {
			this.again = this.running;
			return;
		}
		this.running = true;
		try {
			await this.load();
			this.loaded = this.now();
			this.#say("");
		} catch (error) {
			this.#failed(error);
		}
		this.running = false;
		if (this.again) {
			this.again = false;
			this.refresh();
		}
	}

	#failed(error) {
		if (error.status === 503)
			setTimeout(() => this.refresh(), BUSY_MS);
		if (error.status !== 401)
			this.#say(this.loaded ? `Not up to date since ${clock(this.loaded)}: ${error.message}.` : `${sentence(error.message)}.`);
		if (!("status" in error))
			throw error;
	}

	#say(words) {
		setText(this.notice, words);
		show(this.notice, words !== "");
	}

	/** Who may see what. */
	#frame() {
		const { status } = this.clinic;
		if (status === SIGNED_OUT && !this.signIn)
			this.signIn = new SignIn({ user: "", what: "the clinic's server", explains: "History, stock, tests and alarms are for people who are on record at the clinic's server.",
				onSubmit: (login) => this.#signInWith(login) });
		if (status !== SIGNED_OUT)
			this.signIn = null;
		if (this.signIn)
			this.signIn.because(this.clinic.reason);
		arrange(this.body, this.signIn ? [this.signIn.node] : status === NONE ? [] : this.parts);
		if (status === NONE)
			this.#say("This page has no server: it shows what the stations publish now. History, stock and tests of the whole clinic, and acknowledgements, come with stipple-clinicd.");
		else if (status === AWAY)
			this.#say(this.loaded ? `The clinic's server does not answer: what is shown is from ${clock(this.loaded)}.` : "The clinic's server does not answer. Live figures go on.");
		else if (status === SIGNED_OUT)
			this.#say("");
	}

	/** Asks for what is shown; ClinicError where that cannot be had. */
	async load() {}

	async #signInWith(login) {
		try {
			await this.clinic.signIn(login.user, login.password);
		} catch (error) {
			this.signIn?.because(`${sentence(error.message)}.`);
			return;
		}
		this.heading.focus({ preventScroll: true });
	}

	update() {}

	destroy() {
		this.gone = true;
		clearInterval(this.timer);
		this.clinic.removeEventListener("status", this.onStatus);
	}
}

export function sentence(words) {
	return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A heading with what belongs to it. */
export function part(title, side, ...children) {
	const id = `part-${title.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`;
	return h("section", { class: "panel", "aria-labelledby": id, "data-part": id.slice(5) }, h("div", { class: "panel-head" }, h("h3", { id }, title), side), children);
}
