// SPDX-License-Identifier: Apache-2.0
/** Puts the page together: configuration, connection, store, witness and the view that the address names. */

import { Announcer } from "./announcer.js";
import { Clinic, NONE, SIGNED_IN, SIGNED_OUT, stationKey } from "./clinic.js";
import { loadConfig } from "./config.js";
import { Connection } from "./connection.js";
import { arrange, h, setAttribute, setText, show, stationLink } from "./dom.js";
import { clock } from "./sentences.js";
import { SafeStorage } from "./storage.js";
import { Store } from "./store.js";
import { AlarmsView } from "./views/alarms-view.js";
import { ClinicView } from "./views/clinic-view.js";
import { HistoryView } from "./views/history-view.js";
import { Overview } from "./views/overview.js";
import { SignIn } from "./views/sign-in.js";
import { StationPage } from "./views/station-page.js";
import { StockView } from "./views/stock-view.js";
import { STATUS, Witness } from "./witness.js";

const SAVED = "stipple.stations";
const PASSWORD = "stipple.password";
const SAVE_MS = 5000;
const DRAW_MS = 100;
const TICK_MS = 1000;
const STATIONS_MS = 10000;
/** Views of the clinic's server, by the address. */
const VIEWS = new Map([["#/history", HistoryView], ["#/stock", StockView], ["#/alarms", AlarmsView]]);
const SIGN_IN = "#/sign-in";

const element = (id) => document.getElementById(id);

class Page {
	constructor(config) {
		this.config = config;
		this.kept = new SafeStorage(() => localStorage);
		this.window = new SafeStorage(() => sessionStorage);
		this.announcer = new Announcer(element("polite"), element("assertive"));
		this.witness = new Witness(this.kept, { keys: config.keys });
		this.store = new Store({ onCheckpoint: (key, payload) => this.#checkpoint(key, payload) });
		this.store.restore(this.kept.getItem(SAVED));
		this.store.addEventListener("change", (event) => this.#changed(event));
		this.connection = new Connection({ url: config.broker, clinic: config.clinic, storage: this.window });
		this.clinic = new Clinic({ base: config.server });
		this.changed = new Set();
		this.unsaved = false;
		this.view = null;
		this.since = Date.now();
	}

	start() {
		setText(element("clinic"), this.config.title);
		addEventListener("hashchange", () => this.#route(true));
		addEventListener("pagehide", () => this.#save());
		this.connection.onMessage = (topic, payload) => this.store.receive(topic, payload);
		this.connection.addEventListener("up", () => this.#status("live", "Live"));
		this.connection.addEventListener("down", (event) => this.#down(event.reason));
		this.connection.addEventListener("refused", (event) => this.#refused(event.reason));
		this.clinic.addEventListener("status", () => this.#signedIn());
		this.#signedIn();
		this.#route(false);
		this.clinic.start();
		setInterval(() => this.#askForStations(), STATIONS_MS);
		this.#status("down", "Connecting");
		this.connection.start({ user: this.config.user, password: this.window.getItem(PASSWORD) ?? "" });
		setInterval(() => this.#tick(), TICK_MS);
		setInterval(() => this.#save(), SAVE_MS);
	}

	/* ---- connection ---- */

	#status(name, words) {
		setAttribute(document.documentElement, "data-connection", name);
		setText(element("connection-text"), words);
		if (name === "live" && this.view instanceof SignIn)
			this.#route(true);
	}

	#down(reason) {
		if (document.documentElement.dataset.connection === "live") {
			this.since = Date.now();
			this.announcer.say("Connection to the broker lost", "assertive");
		}
		this.#status("down", `Not connected since ${clock(this.since)}: ${reason}; what is shown may be old`);
	}

	#refused(reason) {
		this.window.removeItem(PASSWORD);
		this.#status("refused", "Not signed in");
		if (!(this.view instanceof SignIn))
			this.#show(new SignIn({ user: this.config.user, what: "the broker", explains: `The broker ${this.config.broker} wants to know who is looking.`,
				onSubmit: (login) => this.#signIn(login) }), true);
		else
			this.view.because(`The broker refused: ${reason}.`);
	}

	#signIn(login) {
		this.window.setItem(PASSWORD, login.password);
		this.config.user = login.user;
		this.#status("down", "Connecting");
		this.connection.start(login);
	}

	/* ---- the clinic's server ---- */

	/** Who is signed in there, beside the views that come from it. */
	#signedIn() {
		const { status, person } = this.clinic;
		show(element("views"), status !== NONE);
		const out = h("button", { type: "button" }, "Sign out");
		out.addEventListener("click", () => this.clinic.signOut().catch(() => undefined));
		element("account").replaceChildren(...(person ? [h("span", {}, person.name), out] : status === SIGNED_OUT ? [h("a", { href: SIGN_IN }, "Sign in")] : []));
		if (status === SIGNED_OUT)
			this.store.setServer(new Map());
		if (status === SIGNED_IN && location.hash === SIGN_IN)
			location.replace("#/");
		this.#askForStations();
	}

	async #askForStations() {
		if (this.clinic.status !== SIGNED_IN || document.hidden)
			return;
		let rows;
		try {
			rows = await this.clinic.table("stations");
		} catch (error) {
			if (!("status" in error))
				throw error;
			return;
		}
		const found = new Map();
		for (const row of rows) {
			const key = stationKey(row.origin);
			/* one that was enrolled anew stands twice: the one that is answered counts */
			if (key && (row.state === "active" || !found.has(key)))
				found.set(key, row);
		}
		this.store.setServer(found);
	}

	/* ---- what arrives ---- */

	#changed({ what, station, before, record }) {
		this.changed.add(station?.key ?? "");
		this.unsaved ||= what !== "telemetry";
		this.timer ??= setTimeout(() => requestAnimationFrame(() => this.#draw()), DRAW_MS);
		if (what === "state" && before && before.online !== station.online)
			this.announcer.say(`${station.name} is ${station.online ? "online" : "offline"}`);
		if (what === "record" && record?.kind === "fault.latched")
			this.announcer.say(`Fault at ${station.name}`, "assertive");
	}

	async #checkpoint(key, payload) {
		const verdict = await this.witness.check(key, payload);
		if (verdict.status === STATUS.ALARM)
			this.announcer.say(`Ledger alarm at ${key}: ${verdict.reason}`, "assertive");
		this.changed.add(key);
		this.#draw();
	}

	#draw() {
		this.timer = null;
		const changed = this.changed;
		this.changed = new Set();
		this.view.update(changed);
		this.#alarms();
	}

	/* Other things are the business of a card; a ledger that does not follow is everybody's. */
	#alarms() {
		const lines = this.store.sorted().flatMap((station) => {
			const verdict = this.witness.verdict(station.key);
			if (verdict.status === STATUS.ALARM)
				return [[station, verdict.reason]];
			return station.rewound ? [[station, "its record numbers went back: another ledger"]] : [];
		});
		const signature = JSON.stringify(lines.map(([station, reason]) => [station.key, reason]));
		if (this.alarmed === signature)
			return;
		this.alarmed = signature;
		arrange(element("alarms"), lines.map(([station, reason]) => h("p", {}, h("strong", {}, "LEDGER ALARM "),
			h("a", { href: stationLink(station) }, station.name), `: ${reason}.`)));
		show(element("alarms"), lines.length > 0);
	}

	#tick() {
		setText(element("clock"), clock(Date.now()));
		this.changed.clear();
		this.view.update(null);
		this.#alarms();
	}

	#save() {
		const saved = this.unsaved ? this.store.save() : null;
		this.unsaved = false;
		if (saved !== null)
			this.kept.setItem(SAVED, saved);
	}

	/* ---- views ---- */

	#route(focus) {
		const match = /^#\/station\/([^/]+)\/([^/]+)$/.exec(location.hash);
		const parts = { store: this.store, witness: this.witness, clinic: this.clinic, kept: this.kept, announcer: this.announcer };
		let key = null;
		try {
			key = match && `${decodeURIComponent(match[1])}/${decodeURIComponent(match[2])}`;
		} catch {
			/* not an address this page made */
		}
		const View = VIEWS.get(location.hash);
		for (const link of element("views").querySelectorAll("a"))
			setAttribute(link, "aria-current", link.getAttribute("href") === (location.hash || "#/") ? "page" : "false");
		if (location.hash === SIGN_IN && this.clinic.status === SIGNED_IN)
			location.replace("#/");
		else if (location.hash === SIGN_IN)
			this.#show(new ClinicView({ ...parts, title: "Sign in" }), focus);
		else
			this.#show(View ? new View(parts) : key ? new StationPage({ ...parts, key }) : new Overview(parts), focus);
	}

	#show(view, focus) {
		this.view?.destroy();
		this.view = view;
		element("main").replaceChildren(view.node);
		document.title = [view.title, "Stipple", this.config.title].filter(Boolean).join(" – ");
		view.update(null);
		view.refresh?.();
		if (focus) {
			scrollTo(0, 0);
			(view.first ?? view.heading).focus({ preventScroll: true });
		}
	}
}

try {
	new Page(await loadConfig()).start();
} catch (error) {
	setText(element("connection-text"), `The page could not start: ${error.message}`);
	throw error;
}
