/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The daemon, as heard over its live socket (lib/frame/live-frame.h). One that is not there is looked for
 * again; nothing waits for it.
 */

#include <systemd/sd-event.h>

#include "frame/live-frame.h"
#include "util/cleanup.h"

typedef struct Link Link;

typedef struct LinkHandler {
	void (*up)(void *userdata);
	void (*heard)(void *userdata, const LiveFrame *frame); /* any kind but LIVE_REPORT */
	void (*down)(void *userdata);                          /* also when it was never up */
	void *userdata;
} LinkHandler;

/** `folder`: where the socket stands; copied. */
int link_new(sd_event *event, const char *folder, const LinkHandler *handler, Link **ret) _must_check_;
/** Tells nobody. Accepts NULL; returns NULL. */
Link *link_free(Link *link);
DEFINE_CLEANUP(Link *, link_free, link_freep);

bool link_is_up(const Link *link);
/** Sends a frame made by live_frame_init(). False when the daemon is away or does not read just now. */
bool link_say(Link *link, const LiveFrame *frame);
