/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** How long to wait before something that failed is tried again: twice as long each time, and never in step.
 */

#include <stdint.h>

#include "util/clock.h"
#include "util/digest.h"

#define BACKOFF_LEAST_US (USEC_PER_SEC / 4)
#define BACKOFF_MOST_US  (30 * USEC_PER_SEC)

/** A zeroed one has not failed yet. */
typedef struct Backoff {
	unsigned failures;
} Backoff;

/**
 * Counts a failure; microseconds to wait: between the half and the whole of 0.25 s, 0.5 s, 1 s, ..., 30 s.
 */
static inline uint64_t backoff_fail(Backoff *backoff)
{
	uint64_t most = (uint64_t)BACKOFF_LEAST_US << (backoff->failures < 7 ? backoff->failures : 7);
	uint64_t chance = 0;

	if (most > BACKOFF_MOST_US)
		most = BACKOFF_MOST_US;
	backoff->failures++;
	if (random_bytes(&chance, sizeof chance) < 0)
		return most;
	return most / 2 + chance % (most / 2);
}

static inline void backoff_succeed(Backoff *backoff)
{
	backoff->failures = 0;
}
