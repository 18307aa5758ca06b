/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The station on D-Bus: org.stipple.Station1 and its four objects (dbus/ has the contract). One file an
 * object, with one table of its members; one that is not in the table is denied. Main thread only.
 */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "config/config.h"
#include "station/station.h"
#include "util/cleanup.h"
#include "util/error.h"

typedef struct Bus Bus;

typedef struct BusOptions {
	const Config *config;
	Station *station;
	Ledger *ledger; /* NULL: could not be opened */
	/** Checks of what the core does not know (camera, broker); returns how many it added. */
	size_t (*doctor)(void *userdata, StationCheck *ret, size_t max);
	bool (*broker_connected)(void *userdata);
	/** The bus itself is gone, and nobody can reach the daemon any more: it must leave, and be started
	 * again. */
	void (*lost)(void *userdata);
	void *userdata;
} BusOptions;

/** Connects to the configured bus, exports the objects and takes the name; fails if it is taken. */
int bus_new(sd_event *event, const BusOptions *options, Bus **ret, Error *error) _must_check_;
/** Each second: tells listeners what changed in the parts that the station does not observe, and now and then
 * asks the time service whether the clock is synchronised. */
void bus_tick(Bus *bus);
/** Tells listeners what the station's scanner read; nothing is mounted. */
void bus_scanned(Bus *bus, const char *code);
/** Callers that still wait are not answered. Accepts NULL; returns NULL. */
Bus *bus_free(Bus *bus);
DEFINE_CLEANUP(Bus *, bus_free, bus_freep);
