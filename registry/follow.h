/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Follows the registry's log: asks for what is new and waits with the server until there is something. A
 * registry that lost leaves, because its database was restored, is given them back.
 */

#include "hub.h"

typedef struct Follow Follow;

typedef struct FollowHandler {
	void (*grown)(void *userdata);    /* leaves were added that count */
	void (*restored)(void *userdata); /* the server has less than it had */
	void *userdata;
} FollowHandler;

/** Begins to follow. */
int follow_new(Hub *hub, const FollowHandler *handler, Follow **ret) _must_check_;
/** Accepts NULL; returns NULL. */
Follow *follow_free(Follow *follow);
DEFINE_CLEANUP(Follow *, follow_free, follow_freep);

/** Whether all was here that the server had at the last answer, which came in this run. */
bool follow_caught_up(const Follow *follow);
