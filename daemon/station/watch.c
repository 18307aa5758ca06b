/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Checks regularly whether something must be reported or stopped: every second, and more often where strokes
 * of the needle could be lost. It must not wait for anything that it checks.
 */

#include "station/parts.h"

#include <string.h>

#include "decide/breaks.h"
#include "decide/cartridge-wear.h"
#include "decide/stock.h"
#include "util/file.h"
#include "util/log.h"

#define BREAK_AGAIN_US (600 * USEC_PER_SEC) /* between two reminders of a break that nobody takes */
#define CLOCK_JUMP_US  (60 * USEC_PER_SEC)  /* ahead of the monotonic clock; more is an event */
/* between two starts; more is an event unless a time server confirms it */
#define CLOCK_AWAY_US (4 * USEC_PER_DAY)

/* ---- the ledger ---- */

static void ledger_lost(Station *station)
{
	LedgerAilment ailment = ledger_ailment(station->options.ledger);
	const char *text = ledger_ailment_text(ailment);

	station->watch.unhealthy_since_us = station_now_us(station);
	if (work_may_move(&station->state.work))
		station_stop_by_host(station, text);
	if (ailment == LEDGER_SILENT) {
		log_line(LOG_ERR, LOG_ID_LEDGER_UNHEALTHY, "%s", text);
		runtime_give_up(station);
	}
	station_alert_about(station, ALERT_LEDGER, text, NULL);
}

static void ledger_back(Station *station)
{
	log_notice("records were kept in memory for %lld s and are written now",
		(long long)(station_now_us(station) - station->watch.unhealthy_since_us) / USEC_PER_SEC);
	station_alert_over(station, ALERT_LEDGER);
	station_flush_strokes(station);
}

static void watch_ledger(Station *station)
{
	bool healthy = station->options.ledger && ledger_healthy(station->options.ledger);

	if (!station->options.ledger || station->watch.ledger_was_healthy == healthy)
		return;
	station->watch.ledger_was_healthy = healthy;
	if (healthy)
		ledger_back(station);
	else
		ledger_lost(station);
	station_notify(station, STATION_CHANGED_STATE);
}

/**
 * A failure may be over before it was seen here: what it left behind is handled whenever the ledger is well.
 */
static void attend_ledger(Station *station)
{
	watch_ledger(station);
	if (!station->watch.ledger_was_healthy || !station->options.ledger)
		return;
	station_record_again(station);
	erase_tick(station);
}

void station_ledger_ready(Station *station)
{
	ledger_dispatch(station->options.ledger);
	attend_ledger(station);
}

/* ---- disk and clock ---- */

/** Alerts once each time the free space falls below the minimum. */
static void watch_disk(Station *station)
{
	unsigned least = station->options.config->disk_min_mb;
	Host host = station->state.host;

	if (file_free_bytes(station->options.config->state_folder, &host.disk_free) < 0)
		return;
	host_apply(&station->state, &host);
	if (host.disk_free >> 20 >= least)
		station_alert_over(station, ALERT_DISK);
	else if (!station->alerts.raised_us[ALERT_DISK])
		station_alert(station, ALERT_DISK,
			"the disk has %llu MB free and %u MB are needed: move old photographs away",
			(unsigned long long)(host.disk_free >> 20), least);
}

/** Alerts once each time the clock falls behind. */
static void watch_clock_behind(Station *station)
{
	int64_t now = station->state.host.now.utc_us, newest = station->state.host.newest_utc_us;
	char now_text[CLOCK_UTC_TEXT_MAX], newest_text[CLOCK_UTC_TEXT_MAX], text[STATION_TEXT_MAX];

	if (now + CLOCK_SLACK_US >= newest) {
		station_alert_over(station, ALERT_CLOCK);
		return;
	}
	if (station->alerts.raised_us[ALERT_CLOCK])
		return;
	clock_format_utc(now, now_text);
	clock_format_utc(newest, newest_text);
	snprintf(text, sizeof text,
		"the clock reads %s, but the newest record is of %s: set the clock, or, if it is right, have an "
		"administrator say so with `stipplectl clock correct`",
		now_text, newest_text);
	log_line(LOG_WARNING, LOG_ID_CLOCK_BACKWARDS, "%s", text);
	station_record(
		station, "clock.backwards", json_pack("{s:s, s:s}", "newest", newest_text, "now", now_text));
	station_alert_about(station, ALERT_CLOCK, text, NULL);
}

/** A clock that jumps ahead expires nothing by itself, but dates records wrongly: a person is told. */
static void watch_clock_ahead(Station *station)
{
	ClockReading *seen = &station->watch.clock_seen;
	const ClockReading *now = &station->state.host.now;
	int64_t expected = seen->utc_us + (now->monotonic_us - seen->monotonic_us),
		newest = station->state.host.newest_utc_us;
	char from[CLOCK_UTC_TEXT_MAX], to[CLOCK_UTC_TEXT_MAX];
	bool first = seen->utc_us == 0;

	if (first)
		expected = newest > 0 ? newest + CLOCK_AWAY_US : now->utc_us;
	*seen = *now;
	if (now->synchronized || now->utc_us - expected <= CLOCK_JUMP_US)
		return;
	clock_format_utc(first ? newest : expected, from);
	clock_format_utc(now->utc_us, to);
	station_alert(station, ALERT_JUMP,
		first ? "the newest record is of %s and the clock reads %s, which no time server confirms: check it"
		      : "the clock jumped ahead from %s to %s, which no time server confirms: check it",
		from, to);
}

/* ---- the session ---- */

/** Once when the break is due, and again while it is not taken. In a short rest the last one stays as it is.
 */
static void watch_break(Station *station)
{
	char text[REMINDER_TEXT_MAX];

	if (!break_is_overdue(&station->state))
		station_alert_over(station, ALERT_BREAK);
	else if (break_is_due(&station->state, text) &&
		 !alert_was_raised_within(station, ALERT_BREAK, BREAK_AGAIN_US))
		station_alert(station, ALERT_BREAK, "%s", text);
}

static void watch_session(Station *station)
{
	char text[REMINDER_TEXT_MAX];

	station_watch_contact(station);
	watch_break(station);
	/* once: it stays until the session ends, and whoever has seen it has seen it */
	if (session_is_long(&station->state, text) && !station->alerts.raised_us[ALERT_LENGTH])
		station_alert(station, ALERT_LENGTH, "%s", text);
}

/**
 * A worn cartridge is not a fault: nobody has to acknowledge it, but nothing can be armed until it is
 * changed.
 */
void watch_wear(Station *station)
{
	const State *state = &station->state;
	const Cartridge *mounted = &state->needle.mounted;
	Watch *watch = &station->watch;
	bool worn;
	unsigned long long strokes = mounted->strokes;
	long long minutes;

	station_look(station);
	if (watch->wear_claim != mounted->claim) {
		watch->wear_warned = watch->wear_stopped = false;
		station_alert_over(station, ALERT_WEAR);
		station_alert_over(station, ALERT_WORN);
	}
	watch->wear_claim = mounted->claim;
	minutes = needle_worked_us(state) / (60 * USEC_PER_SEC);
	worn = needle_is_worn(state, 100);
	if (worn && !watch->wear_stopped && work_may_move(&state->work)) {
		watch->wear_stopped = true;
		runtime_stop(station, false);
		alert_again(&station->alerts, ALERT_WORN);
		station_alert(station, ALERT_WORN,
			"cartridge %s is worn (%llu strokes, %lld minutes) and the needle was stopped: mount a new one",
			mounted->unit, strokes, minutes);
	} else if (!watch->wear_warned && needle_is_worn(state, station->options.config->life_warn_percent)) {
		watch->wear_warned = true;
		alert_again(&station->alerts, ALERT_WEAR); /* for another cartridge */
		station_alert(station, ALERT_WEAR,
			"cartridge %s is nearly worn (%llu strokes, %lld minutes): have a new one at hand",
			mounted->unit, strokes, minutes);
	}
}

void watch_barred(Station *station)
{
	if (!work_may_move(&station->state.work) || !stock_is_barred(&station->state))
		return;
	runtime_stop(station, false);
	station_alert(station, ALERT_BARRED,
		"what is mounted was barred just now: see what stands against arming, and change it");
}

/* ---- sterilisers ---- */

/**
 * Ends the alerts of a term when its reminder has changed, and keeps the new one in `told`, of `size` bytes.
 * True when it is to be raised: each reminder is raised once.
 */
static bool reminder_is_new(
	Station *station, const char *text, char *told, size_t size, StationAlert due, StationAlert overdue)
{
	if (strcmp(told, text) == 0)
		return false;
	snprintf(told, size, "%s", text);
	station_alert_over(station, due);
	station_alert_over(station, overdue);
	if (!text[0])
		return false;
	log_warning("%s", text);
	return true;
}

/** Raises the alert of a test that is due, and that of an overdue one, once each. */
static void watch_tests(Station *station)
{
	char text[SPORE_TEST_TEXT_MAX] = "";
	SporeTest test;

	if (spore_test_next(&station->state, &test))
		spore_test_reminder(&test, text);
	if (reminder_is_new(station, text, station->watch.told_of_test, sizeof station->watch.told_of_test,
		    ALERT_TEST_DUE, ALERT_TEST_OVERDUE))
		station_alert_about(station, test.overdue ? ALERT_TEST_OVERDUE : ALERT_TEST_DUE, text,
			json_pack("{s:s, s:s}", "sterilizer", test.sterilizer, "due", test.due));
}

/* ---- incidents ---- */

/** Raises the alert of a report that is due once, again on its last day, and that of an overdue one once. */
static void watch_reports(Station *station)
{
	char text[INCIDENT_REPORT_TEXT_MAX] = "";
	IncidentReport report;

	if (incident_report_next(&station->state, &report))
		incident_report_reminder(&report, text);
	if (reminder_is_new(station, text, station->watch.told_of_report,
		    sizeof station->watch.told_of_report, ALERT_REPORT_DUE, ALERT_REPORT_OVERDUE))
		station_alert_about(station, report.overdue ? ALERT_REPORT_OVERDUE : ALERT_REPORT_DUE, text,
			json_pack("{s:I, s:s}", "incident", (json_int_t)report.incident, "due", report.due));
}

/* ---- all of it ---- */

void station_watch(Station *station)
{
	watch_ledger(station);
	station_watch_strokes(station);
	clinic_watch(station);
}

void station_tick(Station *station)
{
	if (station->options.ledger)
		ledger_look(station->options.ledger);
	station_watch(station);
	watch_disk(station);
	attend_ledger(station);
	station_look(station);
	if (station->options.ledger) {
		watch_clock_behind(station);
		watch_clock_ahead(station);
	}
	watch_session(station);
	watch_wear(station);
	facts_tick(station);
	watch_tests(station);
	watch_reports(station);
	verify_tick(station);
	alert_tick(station);
	clinic_tick(station);
	if (station->state.session.number)
		station_notify(station, STATION_CHANGED_COUNTS);
}
