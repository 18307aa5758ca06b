/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What a program beside the daemon has in common with the others: its options, the daemon's configuration, an
 * event loop that ends on SIGTERM, and starting over with SIGHUP or when the daemon has come back with
 * another configuration. One thread; companion_open() blocks on the disk.
 */

#include <systemd/sd-event.h>

#include "config/config.h"

typedef struct Companion {
	const char *name;                 /* of the program */
	const char *config_path, *folder; /* defaults, until companion_read_options() */
	const char *without; /* what does not happen without a configuration: "nothing is published" */
	Config *config;      /* from companion_open() on */
	sd_event *event;
	char *text;    /* the configuration, as it was read */
	bool rejected; /* the configuration was: these are defaults */
	bool again;    /* the program is to start over */
} Companion;

/**
 * Reads --config, --state, --debug, --help and --version; without --state, $STATE_DIRECTORY counts before the
 * default. -1: go on, with the words from `optind` on; else the exit status.
 */
int companion_read_options(
	Companion *companion, int argc, char **argv, void (*print_help)(void)) _must_check_;

/** Reads the configuration, makes the folder and the event loop. What fails has been logged. */
int companion_open(Companion *companion) _must_check_;

/** Call when the daemon has started: starts over if the configuration is another one. `companion`: a
 * Companion. */
void companion_daemon_came(void *companion);

/** `r`: a negative errno, which is logged, when the program's own parts could not be made; else runs until
 * told. */
int companion_run(Companion *companion, int r) _must_check_;

/** Call when the program's own parts are freed. The exit status for `r`; does not return if the program
 * starts over. */
int companion_close(Companion *companion, int r, char **argv);
