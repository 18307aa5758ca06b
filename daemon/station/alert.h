/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Alerts: recorded, and shown as alarms until they are over. Each kind is rate-limited, so that alerts do not
 * fill the record. What is only shown, and on no record, is an alarm of the group "station".
 */

#include "station/station.h"

enum { ALERT_PACE_US = 30 * USEC_PER_SEC }; /* minimum time between two alerts of the same kind */

typedef enum StationAlert {
	ALERT_DEPTH,
	ALERT_FORCE,
	ALERT_ANGLE,
	ALERT_DENSITY_NEAR,
	ALERT_DENSITY,
	ALERT_BREAK,
	ALERT_LENGTH,
	ALERT_ANAESTHETIC,
	ALERT_CLOCK,
	ALERT_JUMP,
	ALERT_LEDGER,
	ALERT_DISK,
	ALERT_RELOAD,
	ALERT_STOCK,
	ALERT_BARRED,
	ALERT_WEAR,
	ALERT_WORN,
	ALERT_TEST_DUE,
	ALERT_TEST_OVERDUE,
	ALERT_REPORT_DUE,
	ALERT_REPORT_OVERDUE,
	ALERT_DAMAGED,
	ALERT_PHOTOGRAPHS,
	ALERT_WITHHELD,
	ALERT_NAME,
	ALERT_CERTIFICATE,
	ALERT_QUARANTINED,
	ALERT_REGISTRY,
	ALERT_SHARED,
	ALERT_MAX,
	ALERT_INVALID = -EINVAL,
} StationAlert;

DECLARE_STRING_TABLE(
	station_alert, StationAlert); /* "depth-outside", ...: each has a row in alarms/alarms.toml */

typedef struct Alerts {
	int64_t raised_us[ALERT_MAX];         /* monotonic; 0: it may be raised at once */
	unsigned broker_trouble;              /* StationTrouble bits of the last report */
	int64_t broker_away_us, unsounded_us; /* since when, monotonic; 0: it is not so */
	char reload_refused[RULES_TEXT_MAX], reload_advice[STIPPLE_ERROR_MAX]; /* "": none was rejected */
} Alerts;

/** Shows and records an alert, but each kind at most once in ALERT_PACE_US. */
void station_alert(Station *station, StationAlert alert, const char *format, ...) _printf_(3, 4);
/** The same with a constant text, and with the fields of `about` (taken; NULL none) beside it. */
void station_alert_about(Station *station, StationAlert alert, const char *text, json_t *about);
/** Whether it was raised so short a time ago, in microseconds, and is not over since. */
bool alert_was_raised_within(const Station *station, StationAlert alert, int64_t pace_us);
/**
 * Lets the alert be raised again at once: it concerns another thing than last time, or was over in between.
 */
void alert_again(Alerts *alerts, StationAlert alert);
/** The reason for an alert has gone: it may be raised again at once, and its alarm ends unless that latches.
 */
void station_alert_over(Station *station, StationAlert alert);
/** The alerts about a session are over when another session begins or ends. */
void alerts_new_session(Station *station);

/** Shows the alarm "station.NAME" while `is_there`. Nothing is recorded. `text`: what happened, what to do.
 */
void station_condition(Station *station, const char *name, bool is_there, const char *text);
/** Every second: looks at how the station is, and shows it as alarms. */
void alert_tick(Station *station);
/** A program has left the bus: perhaps the one that sounds the alarms. */
void alert_sounder_vanished(Station *station, const char *name);
