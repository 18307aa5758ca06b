/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Alerts: shown and recorded. Each kind is rate-limited, so that alerts do not fill the record. */

#include "station/station.h"

enum { ALERT_PACE_US = 30 * USEC_PER_SEC }; /* minimum time between two alerts of the same kind */

typedef enum StationAlert {
	ALERT_DEPTH,
	ALERT_FORCE,
	ALERT_BREAK,
	ALERT_LENGTH,
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
	ALERT_DAMAGED,
	ALERT_PHOTOGRAPHS,
	ALERT_WITHHELD,
	ALERT_NAME,
	ALERT_CERTIFICATE,
	ALERT_MAX,
} StationAlert;

typedef struct Alerts {
	int64_t raised_us[ALERT_MAX]; /* monotonic; 0: it may be raised at once */
	unsigned broker_trouble;      /* StationTrouble bits of the last report */
	char reload_refused[RULES_TEXT_MAX], reload_advice[STIPPLE_ERROR_MAX]; /* "": none was rejected */
} Alerts;

/** Shows and records an alert, but each kind at most once in ALERT_PACE_US. */
void station_alert(Station *station, StationAlert alert, const char *format, ...) _printf_(3, 4);
/** The same with a constant text, and with the fields of `about` (taken; NULL none) beside it. */
void station_alert_about(Station *station, StationAlert alert, const char *text, json_t *about);
/**
 * Lets the alert be raised again at once: it concerns another thing than last time, or was over in between.
 */
void alert_again(Alerts *alerts, StationAlert alert);
/** Lets the alerts about a session be raised again, when another session begins or ends. */
void alerts_new_session(Alerts *alerts);
