// SPDX-License-Identifier: Apache-2.0
/** All stations of the clinic. Takes messages as they arrive, and tells whoever listens which station changed. */

import { MessageError, parsePayload, parseRecord, parseState, parseTelemetry, parseTopic, text } from "./messages.js";
import { Station } from "./station.js";

export const STATIONS_MAX = 500;
const REFUSED_MAX = 20;
const SAVED_VERSION = 2;
/** Characters; what the witness keeps has to find room beside it. */
const SAVED_MAX = 2000000;

export class Store extends EventTarget {
	/** `now`: milliseconds of UTC. `onCheckpoint(key, payload)`: where checkpoints go. */
	constructor({ now = () => Date.now(), onCheckpoint = () => undefined } = {}) {
		super();
		Object.assign(this, { now, onCheckpoint, stations: new Map(), refused: [], refusedCount: 0 });
	}

	/** Takes one message; false when it was refused, which is remembered, and harms nothing else. */
	receive(topic, bytes) {
		try {
			this.#take(topic, bytes);
			return true;
		} catch (error) {
			if (!(error instanceof MessageError))
				throw error;
			this.refusedCount++;
			this.refused.unshift({ topic: text(topic, 120), reason: error.message, at: this.now() });
			this.refused.length = Math.min(this.refused.length, REFUSED_MAX);
			this.#tell("refused", null);
			return false;
		}
	}

	/** Stations in the order of their names, numbers by their value. */
	sorted() {
		return [...this.stations.values()].sort((a, b) => a.key.localeCompare(b.key, "en", { numeric: true }));
	}

	#take(name, bytes) {
		const topic = parseTopic(name);
		if (!topic)
			throw new MessageError("not a topic of a station");
		/* a retained message that was deleted */
		if (bytes.length === 0)
			return;
		const value = parsePayload(bytes);
		switch (topic.kind) {
		case "state": {
			const state = parseState(topic, value);
			const station = this.#station(topic);
			const before = station.state;
			station.setState(state, this.now());
			return this.#tell("state", station, { before });
		}
		case "telemetry": {
			const telemetry = parseTelemetry(value);
			const station = this.#station(topic);
			station.setTelemetry(telemetry, this.now());
			return this.#tell("telemetry", station);
		}
		case "checkpoint":
			this.onCheckpoint(this.#station(topic).key, value);
			return undefined;
		default: {
			const record = parseRecord(topic, value);
			const station = this.#station(topic);
			const fresh = station.addRecord(record);
			return fresh || station.rewound ? this.#tell("record", station, { record: fresh ? record : null }) : undefined;
		}
		}
	}

	/** What the clinic's server knows of stations: rows by key. Those that nobody has heard are stations, too. */
	setServer(rows) {
		for (const station of this.stations.values())
			station.server = rows.get(station.key) ?? null;
		for (const [key, row] of rows) {
			const [clinic, name] = key.split("/");
			if (this.stations.has(key) || this.stations.size < STATIONS_MAX)
				this.#station({ key, clinic, station: name }).server = row;
		}
		this.#tell("server", null);
	}

	#station(topic) {
		let station = this.stations.get(topic.key);
		if (station)
			return station;
		if (this.stations.size >= STATIONS_MAX)
			throw new MessageError(`more than ${STATIONS_MAX} stations`);
		station = new Station(topic.clinic, topic.station);
		this.stations.set(topic.key, station);
		return station;
	}

	#tell(what, station, more = {}) {
		this.dispatchEvent(Object.assign(new Event("change"), { what, station, ...more }));
	}

	/* ---- across a reload of the page ---- */

	/** null when it would take more room than a page has. */
	save() {
		const saved = JSON.stringify({ version: SAVED_VERSION, stations: this.sorted().map((station) => station.save()) });
		return saved.length > SAVED_MAX ? null : saved;
	}

	/** False when there is nothing that can be used. */
	restore(saved) {
		try {
			const { version, stations } = JSON.parse(saved);
			if (version !== SAVED_VERSION)
				return false;
			this.stations = new Map(stations.map((one) => [`${one.clinic}/${one.name}`, Station.restore(one)]));
			return true;
		} catch {
			return false;
		}
	}
}
