/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The daemon's end of the live socket. It tells telemetry about new records, the station's state and the live
 * figures. It must not wait: what the other end does not read is dropped. No record is lost, because the
 * other end reads records from the ledger. What comes back is one fixed structure, which is only shown.
 *
 * Main thread only; nothing blocks.
 */

#include <systemd/sd-event.h>

#include "config/config.h"
#include "station/station.h"
#include "ledger/ledger.h"
#include "frame/live-frame.h"
#include "util/cleanup.h"

typedef struct Live Live;

/**
 * Listens in `config`'s run folder, which is created if missing, and observes `station`. It accepts root, the
 * daemon's own user, and processes of its group; a new connection replaces the one before. -errno of the
 * socket.
 */
int live_new(
	sd_event *event, const Config *config, Station *station, Ledger *ledger, Live **ret) _must_check_;
/**
 * Ends the connection and removes the socket. Call it before the ledger is freed. Accepts NULL; returns NULL.
 */
Live *live_free(Live *live);
DEFINE_CLEANUP(Live *, live_free, live_freep);

/** The last report of telemetry; NULL while it is not connected or has not reported yet. Owned by `live`. */
const LiveReport *live_report(const Live *live);

/**
 * Makes the check of publishing for `doctor`: level, text and advice. `live` is NULL when the socket could
 * not be made.
 */
void live_check(const Live *live, const Config *config, StationCheck *check);
