/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Publishes over MQTT v5: the durable outbox (feed.h), the retained state and checkpoint, and the live
 * stream, which is dropped when stale. It never acts on anything that arrives over MQTT: it subscribes to
 * nothing, and tells the daemon only the state of the connection to the broker.
 *
 * One thread. libmosquitto's socket lives in the caller's sd-event loop; name resolution and the connect
 * call run on a short-lived thread.
 */

#include <systemd/sd-event.h>

#include "config/config.h"
#include "frame/live-frame.h"
#include "util/cleanup.h"

typedef struct Publisher Publisher;

/**
 * `folder` is where progress is kept; `folder` and `config` must outlive the publisher. It is no error when
 * the daemon, the ledger or the broker is away. `up` is called each time the daemon appears: it may have
 * restarted with another configuration.
 */
int publisher_new(sd_event *event, const Config *config, const char *folder, void (*up)(void *userdata),
	void *userdata, Publisher **ret) _must_check_;
/** Publishes the "offline" state if connected and disconnects, without waiting. Accepts NULL; returns NULL.
 */
Publisher *publisher_free(Publisher *publisher);
DEFINE_CLEANUP(Publisher *, publisher_free, publisher_freep);

/** Telemetry's state, as the daemon gets it. */
void publisher_report(const Publisher *publisher, LiveReport *ret);
