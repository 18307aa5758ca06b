/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What leaves the station over MQTT v5: the durable outbox (records of the ledger, in order, each with its
 * station and sequence number as id) and the live stream (dropped when stale). Nothing that arrives over
 * MQTT is ever acted on: the station subscribes to nothing.
 *
 * Main thread only. libmosquitto's socket lives in the caller's sd-event loop; name resolution and the
 * connect call run on a short-lived thread so that nothing here blocks.
 */

#include <stdbool.h>

#include <systemd/sd-event.h>

#include "config/config.h"
#include "core/station.h"
#include "ledger/ledger.h"
#include "util/cleanup.h"

typedef struct Telemetry Telemetry;

typedef struct TelemetryStatus {
	bool enabled, connected;
	bool stalled;       /* connected, but nothing sent was acknowledged for telemetry_expiry_s */
	char text[256];     /* "connected to ...", or what is wrong */
	uint64_t waiting;   /* messages kept until the broker takes them; 0 while it does */
	uint64_t published; /* outbox cursor */
} TelemetryStatus;

/** Observes `station`. A broker that is away is not an error. */
int telemetry_new(sd_event *event, const Config *config, Station *station, Ledger *ledger,
	const LedgerInfo *info, Telemetry **ret) _must_check_;
/**
 * Publishes the "offline" state if connected and disconnects, without waiting. The ledger must not be
 * dispatched afterwards: it may still have answers for telemetry. Accepts NULL; returns NULL.
 */
Telemetry *telemetry_free(Telemetry *telemetry);
DEFINE_CLEANUP(Telemetry *, telemetry_free, telemetry_freep);

void telemetry_status(const Telemetry *telemetry, TelemetryStatus *ret);
