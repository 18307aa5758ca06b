/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Alerts: shown, and on record. Each kind has its own pace, so that no record fills with them. */

#include "station/station.h"

enum { ALERT_PACE_US = 30 * USEC_PER_SEC }; /* between two of the same kind */

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
	unsigned broker_trouble;      /* StationTrouble bits that it was told of last */
	char reload_refused[RULES_TEXT_MAX], reload_advice[STIPPLE_ERROR_MAX]; /* "": none was */
} Alerts;

/** Shows and records an alert, at most every ALERT_PACE_US of its kind. */
void station_alert(Station *station, StationAlert alert, const char *format, ...) _printf_(3, 4);
/** The same each time, with the fields of `about` (taken; NULL none) beside its text. */
void station_alert_about(Station *station, StationAlert alert, const char *text, json_t *about);
/** It may be raised at once again: another thing than last time, or over in between. */
void alert_again(Alerts *alerts, StationAlert alert);
/** Those of a session, when another one begins or ends. */
void alerts_new_session(Alerts *alerts);
