/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * GET /registry/leaves?from=N&wait=S: the leaves of the registry's log from N on, with its newest checkpoint;
 * when there are none yet, the answer waits until the log grows, at most S seconds. One thread looks at the
 * log's size for all who wait, so that another server on the same database is noticed as well.
 */

#include "registry.h"
#include "route.h"

enum {
	LEAVES_MAX = 256,           /* of one answer */
	LEAVES_BYTES_MAX = 1 << 20, /* in base64; one leaf is always sent */
	LEAVES_WAIT_MAX_S = 25,
	LEAVES_WAITING_MAX = 2000,
	LEAVES_LOOK_MS = 100,
};

int registry_watch_start(Database *database, RegistryWatch **ret) _must_check_;
/** Wakes all, and lets nobody wait any more. Accepts NULL. */
void registry_watch_end(RegistryWatch *watch);
/** Accepts NULL; returns NULL. */
RegistryWatch *registry_watch_stop(RegistryWatch *watch);

Answer registry_handle_leaves(const struct Clinic *clinic, Request *request);
