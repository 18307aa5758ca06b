/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The threads watch each other, and systemd watches them all.
 *
 * A timer of the main loop gives control the main thread's sign of life, checks the other threads' signs of
 * life, and feeds systemd's watchdog only while all threads live. It must not wait. Its only decision is to
 * stop a needle that is no longer watched.
 */

#include <systemd/sd-event.h>

#include "control/control.h"
#include "station/station.h"
#include "ledger/ledger.h"
#include "util/cleanup.h"

enum {
	WATCHDOG_BEAT_MS = 100,
	WATCHDOG_MAIN_SILENT_MS = 1000,    /* after which control stops an armed needle */
	WATCHDOG_CONTROL_SILENT_MS = 1000, /* limit while a needle may move; then the daemon ends */
	WATCHDOG_CONTROL_IDLE_MS = 5000, /* otherwise: a board's open() and close() may take a second each */
	/*
	 * Limit after which systemd's watchdog is no longer fed. The needle was stopped long before. A slow
	 * disk that comes back within this time finds all waiting data in memory; a thread that never comes
	 * back needs a restart.
	 */
	WATCHDOG_LEDGER_SILENT_MS = 30000,
};

typedef struct Watchdog Watchdog;

typedef struct WatchdogOptions {
	Control *control; /* NULL: no board is used */
	Ledger *ledger;   /* NULL: none is open */
	Station *station;
} WatchdogOptions;

/** Starts at once. -ENOMEM, or the error of sd-event. */
int watchdog_new(sd_event *event, const WatchdogOptions *options, Watchdog **ret) _must_check_;

/**
 * Call when the loop has ended: stops the needle and waits until the control thread has seen that. If that
 * thread hangs, drops ENABLE without it and ends the process with status 1. `control` may be NULL.
 */
void watchdog_stop_control(Control *control);

/** Accepts NULL; returns NULL. */
Watchdog *watchdog_free(Watchdog *watchdog);
DEFINE_CLEANUP(Watchdog *, watchdog_free, watchdog_freep);
