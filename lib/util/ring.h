/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A bounded single-producer single-consumer queue of fixed-size elements with an eventfd that becomes
 * readable when there is something to take. Lock-free: neither side ever waits for the other, and
 * nothing is allocated after ring_new().
 */

#include <stdbool.h>
#include <stddef.h>

#include "util/cleanup.h"

typedef struct Ring Ring;

/** `capacity` is rounded up to a power of two. Returns -ENOMEM or the error of eventfd(). */
int ring_new(size_t capacity, size_t element_size, Ring **ret) _must_check_;

/** Accepts NULL; returns NULL. Both threads must be done with it. */
Ring *ring_free(Ring *ring);
DEFINE_CLEANUP(Ring *, ring_free, ring_freep);

/** Locks the elements in memory for a real-time thread; without permission it has no effect. */
void ring_lock(Ring *ring);

/** Producer: copies one element in. False when the ring is full; nothing is overwritten. */
bool ring_push(Ring *ring, const void *element) _must_check_;

/** Producer: like ring_push() without waking the consumer; call ring_wake() once after a batch. */
bool ring_push_quiet(Ring *ring, const void *element) _must_check_;
void ring_wake(Ring *ring);

/** Consumer: copies the oldest element out. False when the ring is empty. */
bool ring_pop(Ring *ring, void *ret_element) _must_check_;

/** Consumer: non-blocking eventfd, owned by the ring; readable after a push. */
int ring_fd(const Ring *ring);

/** Consumer: clears the eventfd. Call before emptying the ring, so that no wake-up is lost. */
void ring_clear(Ring *ring);

/** Number of waiting elements; only a snapshot. */
size_t ring_count(const Ring *ring);
