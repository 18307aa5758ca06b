/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** How often one address may ask what needs no certificate. Any thread. */

#include <stdbool.h>
#include <stdint.h>

#include "util/cleanup.h"

enum {
	RATE_LIMIT_REQUESTS = 20,   /* of one address within RATE_LIMIT_PERIOD_S */
	RATE_LIMIT_PERIOD_S = 60,   /* seconds */
	RATE_LIMIT_ADDRESSES = 256, /* that are remembered; the oldest is forgotten for a new one */
};

typedef struct RateLimit RateLimit;

/** NULL: no memory. */
RateLimit *rate_limit_new(void);
/** Accepts NULL; returns NULL. */
RateLimit *rate_limit_free(RateLimit *limit);
/** Whether the address, as text, may ask now. `now_us`: monotonic. IPv6 addresses of one /64 count as one. */
bool rate_limit_admits(RateLimit *limit, const char *address, int64_t now_us);
