/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The daemon's end of the link to the clinic's registry, which stipple-registryd carries. Leaves of the
 * registry's log become records here once their proof is checked with the pinned key; requests of people go
 * out, and answers only let them go on. A peer that floods, hangs or lies costs bounded work and nothing
 * else: what it says can neither start, arm nor configure anything, and no stop waits for it.
 *
 * Main thread only; nothing blocks.
 */

#include <systemd/sd-event.h>

#include "config/config.h"
#include "ledger/ledger.h"
#include "station/station.h"
#include "util/cleanup.h"

typedef struct Registry Registry;

/**
 * Listens in `config`'s run folder, which is created if missing, and observes `station`. Only with [registry]
 * server. It accepts root, the daemon's own user, and processes of its group; a new connection replaces the
 * one before. -EINVAL when the registry's key cannot be read; -errno of the socket; with a sentence.
 */
int registry_new(sd_event *event, const Config *config, Station *station, Ledger *ledger, Registry **ret,
	Error *error) _must_check_;
/**
 * Ends the connection and removes the socket. Call it before station and ledger are freed. Accepts NULL;
 * returns NULL.
 */
Registry *registry_free(Registry *registry);
DEFINE_CLEANUP(Registry *, registry_free, registry_freep);

/** A StationOptions.ask_registry. -ENOTCONN, or -EAGAIN when the other end does not read. */
int registry_ask(Registry *registry, const StationAsk *ask) _must_check_;
