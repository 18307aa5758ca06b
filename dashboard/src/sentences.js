// SPDX-License-Identifier: Apache-2.0
/** Words for people: records, states, figures and times. Only text, never markup. */

import { ALARMS } from "./alarms.js";
import { amount, count, text } from "./messages.js";

export const STATE_WORDS = new Map(Object.entries({
	idle: "Free", preparing: "Preparing", ready: "Ready", working: "Working", paused: "Paused", closing: "Closing", fault: "Fault",
}));

const t = (value) => text(value, 80) || "?";
// in somebody's own words: published by older stations only
const because = (words) => (words ? `: ${t(words)}` : "");
const n = (value) => count(value) ?? "?";

const SENTENCES = new Map(Object.entries({
	"operator.signed-in": (b) => `${t(b.badge)} signed in`,
	"operator.signed-out": (b) => `${t(b.badge)} signed out${b.reason ? `: ${t(b.reason)}` : ""}`,
	"operator.refused": (b) => `Wrong PIN for badge ${t(b.badge)}, attempt ${n(b.attempts)}`,
	"lot.received": (b) => `Lot ${t(b.lot)} received: ${n(b.quantity)} of ${t(b.product)}`,
	"lot.status": (b) => `Lot ${t(b.lot)} ${t(b.status)}${because(b.reason)}`,
	"pigment.status": (b) => `Pigment lot ${t(b.lot)} ${t(b.status)}${because(b.reason)}`,
	"handpiece.mounted": (b) => `Handpiece ${t(b.handpiece)} mounted`,
	"session.begun": (b) => `Session ${n(b.session)} begun for ${t(b.subject)}, ${t(b.protocol)}, visit ${n(b.course_session)}`,
	"session.handed-over": (b) => `Session ${n(b.session)}: ${t(b.to)} took over from ${t(b.from)}`,
	"session.zone": (b) => `Zone ${t(b.zone)} chosen, ${figure(b.area_mm2, 0)} mm², target ${figure(b.target, 0)} dots/cm²`,
	"session.state": (b) => `${STATE_WORDS.get(b.from) ?? t(b.from)} → ${STATE_WORDS.get(b.to) ?? t(b.to)}`,
	"session.finished": (b) => `Session ${n(b.session)} finished: ${n(b.dots)} dots, ${n(b.needles)} cartridges`,
	"session.signed": (b) => `Session ${n(b.session)} signed${because(b.meaning ?? b.signed)}`,
	"session.abandoned": (b) => `Session ${n(b.session)} abandoned${because(b.reason)}`,
	"session.interrupted": (b) => `Session ${n(b.session)} was interrupted`,
	"session.recovered": (b) => `The station stopped in session ${n(b.session)}, which ${b.to === "closing" ? "is to be signed" : "waits to be resumed"}`
		+ (b.lacking_ms > 0 ? `; strokes of up to ${figure(b.lacking_ms / 1000, 1)} s are not on record` : ""),
	"needle.claimed": (b) => `Cartridge ${t(b.unit)} claimed`,
	"needle.reseated": (b) => `Cartridge ${t(b.unit)} put back after ${figure(b.away_s, 0)} s`,
	"needle.refused": (b) => text(b.text) || `Cartridge refused: ${t(b.refusal)}`,
	"needle.removed": (b) => `Cartridge ${t(b.unit)} removed after ${n(b.dots)} dots${because(b.reason)}`,
	"needle.disposed": (b) => `${b.unit ? `Cartridge ${t(b.unit)}` : `Cartridges of session ${n(b.session)}`} disposed of in ${t(b.container)}`,
	"needle.damaged": (b) => `Cartridge ${t(b.unit)} damaged${because(b.reason)}`,
	"sterilizer.registered": (b) => `Steriliser ${t(b.sterilizer)} registered`,
	"sterilizer.serviced": (b) => `Steriliser ${t(b.sterilizer)}: ${t(b.work)}${b.by ? ` by ${t(b.by)}` : ""}${b.counter_reset === true ? ", its counter begins anew" : ""}`,
	"program.registered": (b) => `Steriliser ${t(b.sterilizer)}, program ${t(b.program)}: at least ${figure(b.temperature_c, 1)} °C for ${figure(b.exposure_s, 0)} s`,
	"cycle.recorded": (b) => `Steriliser ${t(b.sterilizer)}, cycle ${n(b.cycle)}: ${t(b.program)}${b.mechanical === "fail" ? ", FAILED" : ""}`,
	"cycle.released": (b) => `Steriliser ${t(b.sterilizer)}, cycle ${n(b.cycle)} released`,
	"cycle.rejected": (b) => `Steriliser ${t(b.sterilizer)}, cycle ${n(b.cycle)} rejected${because(b.reason)}`,
	"indicator.tested": (b) => `Biological test of steriliser ${t(b.sterilizer)}: ${t(b.result)}`,
	"penetration.tested": (b) => `Steam penetration test of steriliser ${t(b.sterilizer)} (${t(b.method)}): ${t(b.result)}`,
	"leak.tested": (b) => `Vacuum leak test of steriliser ${t(b.sterilizer)}: ${t(b.result)}, ${figure(b.rate_kpa_min, 2)} kPa/min`,
	"indicator.followed-up": (b) => `The biological test that failed was followed up${b.told === true ? ", and somebody was notified" : ""}${because(b.action)}`,
	"pigment.loaded": (b) => `Pigment ${t(b.brand)} ${t(b.colour)} loaded, lot ${t(b.lot)}`,
	"image.captured": (b) => `Picture of ${t(b.zone)} taken, ${t(b.phase)}`,
	"image.refused": (b) => text(b.text) || `Picture of ${t(b.zone)} refused: ${t(b.verdict)}`,
	"zone.statistics": (b) => `${t(b.zone)}: ${n(b.dots)} dots, ${densities({ ...b, before: b.density_before })} dots/cm²${b.dots_over ? `, ${n(b.dots_over)} dots over` : ""}`,
	"fault.latched": (b) => `Fault: ${[text(b.cause, 64), text(b.detail)].filter(Boolean).join(", ") || "?"}`,
	"fault.acknowledged": (b) => `Fault ${t(b.cause)} acknowledged${b.note ? `: ${t(b.note)}` : ""}`,
	"interlock.overridden": (b) => `Refusal ${t(b.interlock)} set aside in session ${n(b.session)}${because(b.reason)}`,
	"alert.raised": (b) => text(b.text) || t(b.alert),
	"alert.acknowledged": (b) => `Alarm acknowledged: ${ALARMS.get(text(b.alarm, 64))?.[1] ?? t(b.alarm)}`,
	"station.renamed": (b) => `The station is called ${t(b.clinic)}/${t(b.station)} from its next start on`,
	"clock.backwards": () => "The station's clock ran backwards",
}));

/** One sentence for a record. Kinds that are not known are shown by their name and the body's own text. */
export function sentence(record) {
	const say = SENTENCES.get(record.kind);
	if (say)
		return text(say(record.body));
	const said = ["text", "result", "sterilizer", "test", "lot", "reason"].map((name) => text(record.body[name])).filter(Boolean);
	return text([record.kind.replace(".", ": ").replaceAll("-", " "), ...said].join(", "));
}

export function severity(kind) {
	if (kind === "fault.latched")
		return "high";
	if (kind.endsWith("failed"))
		return "medium";
	return /refused|raised|backwards|abandoned|interrupted|recovered|overdue|overridden|low/.test(kind) ? "warning" : "plain";
}

/** A number with so many decimals, or a dash where there is none. */
export function figure(value, decimals = 0) {
	const number = amount(value);
	return number === null ? "–" : number.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** What people call a cartridge: its serial, chip or number in its lot, without the codes around them. */
export function unitName(unit) {
	const match = /\(21\)([^(]+)$|\(10\)([^(]+)$|^chip:(.+)$/.exec(unit);
	return match?.[1] ?? match?.[2] ?? match?.[3] ?? unit;
}

/** "before + today of target": all sessions count. Without a figure of before: "today of target". */
export function densities({ before, density, target }) {
	return `${amount(before) ? `${figure(before, 0)} + ` : ""}${figure(density, 0)} of ${figure(target, 0)}`;
}

/** Share of the target in whole percent, or null. `before`: the density of earlier sessions, if known. */
export function progress(density, target, before = 0) {
	return amount(density) === null || !amount(target) ? null : Math.round((density + (amount(before) ?? 0)) / target * 100);
}

export function clock(at) {
	return new Date(at).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
}

/** The time, with its day when that is not today's. */
export function moment(at, now) {
	const day = new Date(at).toDateString() === new Date(now).toDateString() ? "" : `${date(at)} `;
	return day + clock(at);
}

/** To the minute, or the day when that is not today's. */
export function minute(at, now) {
	return date(at) === date(now) ? clock(at).slice(0, 5) : date(at);
}

export function date(at) {
	return new Date(at).toISOString().slice(0, 10);
}

export function duration(seconds) {
	if (amount(seconds) === null)
		return "–";
	const minutes = Math.floor(seconds / 60);
	return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")} h`;
}

/** Until a break is due, or since when it is overdue. */
export function breakTime(seconds) {
	if (!Number.isSafeInteger(seconds))
		return "–";
	return seconds > 0 ? `in ${duration(seconds)}` : `overdue for ${duration(-seconds)}`;
}

export function zoneName(zone) {
	return zone ? zone.replaceAll("-", " ") : "no zone";
}
