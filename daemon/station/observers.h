/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Watches the machine, and reports changes to observers and lamps. It decides nothing. */

#include "station/station.h"

enum { STATION_OBSERVERS_MAX = 4 };

typedef struct Notice {
	StationObserver observers[STATION_OBSERVERS_MAX];
	size_t n;
} Notice;

/** Monotonic microseconds of the injected clock. */
int64_t station_now_us(const Station *station);
/** Reports changes to observers: STATION_CHANGED_ bits. */
void station_notify(Station *station, unsigned changes);
void station_notify_alert(Station *station, const char *alert, const char *text);
void station_lamps(Station *station);
