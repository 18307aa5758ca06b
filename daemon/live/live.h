/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The daemon's end of the live socket. Through it the program that publishes hears of new records, of the
 * station's state, and of the figures of now. It must not wait: what the other end does not read is dropped.
 * No record is lost by that, as the other end reads records from the ledger. What comes back is one fixed
 * structure, which is only shown.
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
 * Listens in `config`'s run folder, which is made where it is missing, and observes `station`. Let in are
 * root, the daemon's own user, and processes of its group; the newest replaces the one before. -errno of the
 * socket.
 */
int live_new(
	sd_event *event, const Config *config, Station *station, Ledger *ledger, Live **ret) _must_check_;
/** Ends the connection and removes the socket. Before the ledger goes. Accepts NULL; returns NULL. */
Live *live_free(Live *live);
DEFINE_CLEANUP(Live *, live_free, live_freep);

/** What telemetry reported last; NULL while none is connected, or it has not reported yet. Live's own. */
const LiveReport *live_report(const Live *live);

/** What `doctor` says of publishing: fills in level, text and advice. `live` NULL: the socket could not be
 * made. */
void live_check(const Live *live, const Config *config, StationCheck *check);
