/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The process stippled: its parts, how the event loop drives them, and the `doctor` checks of parts that the
 * station does not know. station/station.h decides what a session may do.
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
#include "registry/registry.h"
#include "scanner/scanner.h"
#include "util/error.h"

typedef struct Process {
	const char *config_path;
	const Clock *clock; /* of records and of everything that is due; a test sets another day */
	Config *config;
	char *images;   /* the folder of photographs */
	Error rejected; /* why the station is inert; no code: it is not inert */
	char board_error[STIPPLE_ERROR_MAX], camera_error[STIPPLE_ERROR_MAX];
	char scanner_text[STIPPLE_ERROR_MAX]; /* state of the scanner */
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
	Live *live;         /* NULL: nothing is published */
	Registry *registry; /* NULL: no clinic, or its registry is not listened to */
	Bus *bus;
	Watchdog *watchdog;
	bool leaving, reload; /* reload: to start again */
	int status;           /* exit status */
	int memory_error;     /* why the memory could not be locked; 0: it was, or was not to be */
} Process;

/* ---- run.c ---- */

/**
 * The whole life of the process, from start to end. Returns its exit status; starts itself over with `argv`,
 * and then does not return, when a new configuration was accepted.
 */
int process_run(Process *process, char **argv);

/* ---- parts.c ---- */

/**
 * Starts all parts, beginning with the configuration at `config_path`. With an unusable configuration or
 * ledger the station starts inert. A negative errno, already logged: the process must end, through
 * process_stop(). Blocks.
 */
int process_start(Process *process) _must_check_;
/**
 * Stops the needle first: ENABLE drops before anything else is taken down. Also works after a partial start.
 */
void process_stop(Process *process);

/* ---- loop.c ---- */

/** Connects the parts to the event loop. */
int process_connect(Process *process) _must_check_;
/** A BusOptions.lost: ends the loop with a failure, so that systemd restarts the daemon. */
void process_lose_bus(void *userdata);
/**
 * Reads everything that a restart would read, so that an accepted configuration does not leave the station
 * inert. `station`: NULL, or the station whose records must fit. Negative errno with the reason. Blocks on
 * the disk.
 */
int process_check_configuration(const char *path, const Station *station, Error *error) _must_check_;

/* ---- doctor.c ---- */

/** Whether telemetry has reported that it reaches the broker; a BusOptions.broker_connected. */
bool process_broker_connected(void *userdata);
/** A BusOptions.doctor. */
size_t process_doctor(void *userdata, StationCheck *ret, size_t max);
