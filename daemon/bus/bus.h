/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The station on D-Bus: org.stipple.Station1 and its four objects (dbus/ has the contract). Each object has
 * one file with a table of its members; a member that is not in the table is denied. Main thread only.
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
	/** Makes the checks that the core cannot make (camera, broker); returns how many it added. */
	size_t (*doctor)(void *userdata, StationCheck *ret, size_t max);
	bool (*broker_connected)(void *userdata);
	/**
	 * The connection to the bus is lost, and nobody can reach the daemon any more: it must exit and be
	 * restarted.
	 */
	void (*lost)(void *userdata);
	void *userdata;
} BusOptions;

/** Connects to the configured bus, exports the objects and takes the name; fails if it is taken. */
int bus_new(sd_event *event, const BusOptions *options, Bus **ret, Error *error) _must_check_;
/**
 * Every second: signals changes in the parts that the station does not observe, and from time to time asks
 * the time service whether the clock is synchronised.
 */
void bus_tick(Bus *bus);
/** Signals what the station's scanner read; nothing is mounted. */
void bus_scanned(Bus *bus, const char *code);
/** Pending callers get no answer. Accepts NULL; returns NULL. */
Bus *bus_free(Bus *bus);
DEFINE_CLEANUP(Bus *, bus_free, bus_freep);
