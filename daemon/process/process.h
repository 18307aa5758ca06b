/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The process stippled: its parts, what drives them from the event loop, and what `doctor` says of those that
 * the station does not know. What a session may do is left to station/station.h.
 */

#include <systemd/sd-event.h>

#include "bus/bus.h"
#include "config/config.h"
#include "control/control.h"
#include "station/station.h"
#include "imaging/imaging.h"
#include "ledger/ledger.h"
#include "live/live.h"
#include "plugin/plugin-loader.h"
#include "process/watchdog.h"
#include "scanner/scanner.h"
#include "util/error.h"

typedef struct Process {
	const char *config_path;
	Config *config;
	char *images;   /* the folder of photographs */
	Error rejected; /* why the station is inert; no code: it is not */
	char board_error[STIPPLE_ERROR_MAX], camera_error[STIPPLE_ERROR_MAX];
	char scanner_text[STIPPLE_ERROR_MAX]; /* how the scanner is */
	bool scanner_present;
	sd_event *event;
	sd_event_source *tick, *watch;
	Ledger *ledger;
	LedgerInfo ledger_info;
	Plugin *board, *camera, *scanner_plugin;
	Control *control;
	Imaging *imaging;
	Scanner *scanner;
	Station *station;
	Live *live; /* NULL: nothing is published */
	Bus *bus;
	Watchdog *watchdog;
	bool leaving, reload; /* reload: to start over */
	int status;           /* what to leave with */
	int memory_error;     /* why the memory could not be locked; 0: it was, or was not asked to */
} Process;

/* ---- parts.c ---- */

/**
 * Starts all parts, from `config_path` on. A configuration or a ledger that cannot be used leaves the station
 * up and inert. Negative errno, which was logged: the process has to end, by process_stop(). Blocks.
 */
int process_start(Process *process) _must_check_;
/** The needle first: ENABLE falls before anything else is taken down. Takes what was started in part, too. */
void process_stop(Process *process);

/* ---- loop.c ---- */

/** Connects the parts to the event loop. */
int process_connect(Process *process) _must_check_;
/** A BusOptions.lost: ends the loop as a failure, so that systemd starts the daemon again. */
void process_lose_bus(void *userdata);
/**
 * Reads everything that starting over would read, so that what is accepted does not leave the station inert.
 * `station`: NULL, or the one whose record it has to fit. Negative errno with the reason. Blocks on the disk.
 */
int process_check_configuration(const char *path, const Station *station, Error *error) _must_check_;

/* ---- doctor.c ---- */

/** A BusOptions.doctor. */
size_t process_doctor(void *userdata, StationCheck *ret, size_t max);
