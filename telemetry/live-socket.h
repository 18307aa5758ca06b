/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The connection to the daemon's live socket (lib/frame/live-frame.h). While the daemon is away, it is
 * looked for again; nothing waits for it.
 */

#include <systemd/sd-event.h>

#include "frame/live-frame.h"
#include "util/cleanup.h"

typedef struct LiveSocket LiveSocket;

typedef struct LiveSocketHandler {
	void (*up)(void *userdata);
	void (*heard)(void *userdata, const LiveFrame *frame); /* any kind except LIVE_REPORT */
	void (*down)(void *userdata);                          /* also called when it was never up */
	void *userdata;
} LiveSocketHandler;

/** `folder`: where the socket is; copied. */
int live_socket_new(
	sd_event *event, const char *folder, const LiveSocketHandler *handler, LiveSocket **ret) _must_check_;
/** Calls no handler. Accepts NULL; returns NULL. */
LiveSocket *live_socket_free(LiveSocket *live);
DEFINE_CLEANUP(LiveSocket *, live_socket_free, live_socket_freep);

/** Sends a frame made by live_frame_init(). False when the daemon is away or is not reading at the moment. */
bool live_socket_say(LiveSocket *live, const LiveFrame *frame);
