// SPDX-License-Identifier: Apache-2.0
/**
 * The connection to the broker: MQTT v5 over WebSockets. The broker keeps a session for this window, so that
 * records of QoS 1 which were published while it was away arrive afterwards, in their order.
 */

import mqtt from "../vendor/mqtt.js";
import { PAYLOAD_MAX } from "./messages.js";

/** Seconds that the broker keeps the session of a window that is away. */
const SESSION_S = 6 * 3600;
const KEEPALIVE_S = 10;
const RETRY_MS = 1000;
const RETRY_MAX_MS = 15000;
const SESSION_TAKEN_OVER = 142;
const BAD_PASSWORD = 134;
const NOT_AUTHORISED = 135;
const ID = "stipple.client";
const RECORDS = ["session", "zone/+", "needle", "image", "alert", "sterilization"];

function clientId(storage, renew) {
	let id = renew ? null : storage.getItem(ID);
	if (!id) {
		id = `dashboard-${Array.from(crypto.getRandomValues(new Uint8Array(8)), (b) => b.toString(16).padStart(2, "0")).join("")}`;
		storage.setItem(ID, id);
	}
	return id;
}

export class Connection extends EventTarget {
	/** `storage`: of this window alone (sessionStorage): two windows with one client id would throw each other out. */
	constructor({ url, clinic, storage }) {
		super();
		Object.assign(this, { url, clinic, storage, client: null, connected: false, retry: RETRY_MS, onMessage: () => undefined });
		globalThis.addEventListener?.("online", () => !this.connected && this.client?.reconnect());
	}

	/** Connects, and again whenever the connection is lost. Events: "up", "down" (reason), "refused" (reason). */
	start({ user, password } = {}) {
		this.stop();
		this.login = { user, password };
		this.#open(false);
	}

	stop() {
		this.client?.removeAllListeners();
		this.client?.on("error", () => undefined);
		this.client?.end(true);
		this.client = null;
		this.connected = false;
	}

	#open(renew) {
		const { user, password } = this.login;
		const client = mqtt.connect(this.url, {
			protocolVersion: 5,
			clientId: clientId(this.storage, renew),
			clean: false,
			username: user || undefined,
			password: password || undefined,
			keepalive: KEEPALIVE_S,
			reconnectPeriod: RETRY_MS,
			connectTimeout: 10000,
			resubscribe: false,
			/* the other kind runs in a worker made of a blob, which the page's policy forbids */
			timerVariant: "native",
			properties: { sessionExpiryInterval: SESSION_S, maximumPacketSize: PAYLOAD_MAX + 4096 },
		});
		this.client = client;
		client.on("connect", () => this.#up(client));
		client.on("message", (topic, payload) => this.onMessage(topic, payload));
		client.on("disconnect", (packet) => packet.reasonCode === SESSION_TAKEN_OVER && this.#again());
		client.on("close", () => this.#down("the connection was lost"));
		client.on("error", (error) => this.#failed(error));
	}

	#up(client) {
		this.connected = true;
		this.retry = RETRY_MS;
		client.options.reconnectPeriod = RETRY_MS;
		const below = `stipple/v1/${this.clinic}/+/`;
		const topics = Object.fromEntries(RECORDS.map((topic) => [below + topic, { qos: 1 }]));
		topics[`${below}state`] = topics[`${below}checkpoint`] = { qos: 1 };
		topics[`${below}telemetry`] = { qos: 0 };
		client.subscribe(topics, (error) => error && this.#down(`the broker refused the subscription: ${error.message}`));
		this.#tell("up");
	}

	#down(reason) {
		if (this.client)
			this.client.options.reconnectPeriod = this.retry = Math.min(this.retry * 1.5, RETRY_MAX_MS);
		this.connected = false;
		this.#tell("down", reason);
	}

	#failed(error) {
		if (error.code !== BAD_PASSWORD && error.code !== NOT_AUTHORISED)
			return;
		this.stop();
		this.#tell("refused", "user or password are not right, or this user may not connect");
	}

	/* A copy of this window has the same client id: the two part. */
	#again() {
		this.stop();
		this.#open(true);
	}

	#tell(what, reason = "") {
		this.dispatchEvent(Object.assign(new Event(what), { reason }));
	}
}
