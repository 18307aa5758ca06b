/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The connection to the daemon's socket (lib/frame/registry-frame.h). It sends the leaves that concern the
 * station in order, a few ahead of what the daemon has on record, and answers to what the daemon asked only
 * after the leaves before them. While the daemon is away, it is looked for again; nothing waits for it.
 */

#include "hub.h"

typedef struct StationLink StationLink;

typedef struct StationLinkHandler {
	void (*up)(void *userdata);
	void (*news)(void *userdata);
	/** `body`: an object of JSON; borrowed. */
	void (*ask)(void *userdata, uint64_t number, RegistryWhat what, json_t *body);
	void *userdata;
} StationLinkHandler;

int station_link_new(Hub *hub, const StationLinkHandler *handler, StationLink **ret) _must_check_;
/** Accepts NULL; returns NULL. */
StationLink *station_link_free(StationLink *link);
DEFINE_CLEANUP(StationLink *, station_link_free, station_link_freep);

/** Who the daemon is; NULL while it is away. */
const RegistryHello *station_link_daemon(const StationLink *link);

/** The registry's log has grown: sends what concerns the station. */
void station_link_advance(StationLink *link);

/**
 * Answers an ask of this connection once the leaves before number `next` were sent. An ask of an earlier
 * connection is forgotten.
 */
void station_link_answer(
	StationLink *link, uint64_t number, uint64_t next, RegistryStatus status, const char *text);

/** Sends a cosigned checkpoint. One that is not taken is lost: the next one covers what it covers. */
void station_link_cosigned(StationLink *link, const char *note);

/** Sends the report when it differs from the last one. */
void station_link_report(StationLink *link, const RegistryFrame *report);
