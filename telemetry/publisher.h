/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What leaves the station over MQTT v5: the durable outbox (feed.h), the retained state and checkpoint, and
 * the live stream, which is dropped when stale. Nothing that arrives over MQTT is ever acted on: nothing is
 * subscribed to, and the daemon hears of the broker no more than how it stands with it.
 *
 * One thread. libmosquitto's socket lives in the caller's sd-event loop; name resolution and the connect call
 * run on a short-lived thread.
 */

#include <systemd/sd-event.h>

#include "config/config.h"
#include "frame/live-frame.h"
#include "util/cleanup.h"

typedef struct Publisher Publisher;

/**
 * `folder` is where progress is kept; both outlive the publisher. A daemon, ledger or broker that is away is
 * no error. `up` is called when the daemon is there, each time: it may have started over with another
 * configuration.
 */
int publisher_new(sd_event *event, const Config *config, const char *folder, void (*up)(void *userdata),
	void *userdata, Publisher **ret) _must_check_;
/** Publishes the "offline" state if connected and disconnects, without waiting. Accepts NULL; returns NULL.
 */
Publisher *publisher_free(Publisher *publisher);
DEFINE_CLEANUP(Publisher *, publisher_free, publisher_freep);

/** How it stands, as the daemon is told. */
void publisher_report(const Publisher *publisher, LiveReport *ret);
