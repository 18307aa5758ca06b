/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Mirrors the station's log to the clinic's server (c2sp.org/tlog-mirror): the newest checkpoint with the
 * proof that the log has only grown, then the leaves in packages. It goes on wherever the mirror is, and ends
 * with the mirror's cosignature: all records are durably there.
 */

#include "hub.h"

typedef struct Uplink Uplink;

typedef struct UplinkHandler {
	bool (*may_send)(void *userdata); /* false: wake it later */
	void (*mirrored)(void *userdata); /* a checkpoint was cosigned */
	void *userdata;
} UplinkHandler;

/** Begins with a look at where the mirror is. */
int uplink_new(Hub *hub, const UplinkHandler *handler, Uplink **ret) _must_check_;
/** Accepts NULL; returns NULL. */
Uplink *uplink_free(Uplink *uplink);
DEFINE_CLEANUP(Uplink *, uplink_free, uplink_freep);

/** Records were committed. */
void uplink_wake(Uplink *uplink);
/** The server may have lost what it had: asks where the mirror is. */
void uplink_doubt(Uplink *uplink);
