// SPDX-License-Identifier: Apache-2.0
/** The page's own config.json: {title, broker, clinic, user, keys}; "server" is added by stipple-clinicd, which serves it. */

import { isObject, text } from "./messages.js";

/** WebSocket port of configs/mosquitto-example.conf. */
const PORT = 8884;

export function parseConfig(value, location) {
	const config = isObject(value) ? value : {};
	const broker = text(config.broker) || `wss://${location.hostname}:${PORT}`;
	if (!/^wss?:\/\//.test(broker))
		throw new Error(`config.json: broker "${broker}" does not begin with wss:// or ws://`);
	const clinic = text(config.clinic, 64) || "+";
	if (!/^(\+|[A-Za-z0-9._-]+)$/.test(clinic))
		throw new Error(`config.json: clinic "${clinic}" is no identifier; use "+" for all`);
	return { broker, clinic, title: text(config.title, 80) || (clinic === "+" ? "" : clinic), user: text(config.user, 64),
		keys: isObject(config.keys) ? config.keys : {}, server: serverOf(config.server) };
}

/** A path below this page, or "": what is signed in to there is sent nowhere else. */
function serverOf(value) {
	return /^[a-z]+\/$/.test(text(value, 32)) ? value : "";
}

export async function loadConfig() {
	const answer = await fetch("config.json", { cache: "no-cache" });
	if (!answer.ok)
		throw new Error(`config.json: the web server answered ${answer.status}`);
	return parseConfig(await answer.json(), globalThis.location);
}
