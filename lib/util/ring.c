/* SPDX-License-Identifier: Apache-2.0 */

/**
 * A queue between one producer and one consumer. Neither side may wait for the other, take a lock or
 * allocate: one of them may be the real-time thread. Only ring_new() allocates.
 */

#include "util/ring.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

/** `head` and `tail` only increase; each is written by one side and has its own cache line. */
struct Ring {
	_Alignas(64) atomic_size_t head;
	_Alignas(64) atomic_size_t tail;
	_Alignas(64) size_t mask;
	size_t element_size;
	int fd;
	unsigned char *elements;
};

int ring_new(size_t capacity, size_t element_size, Ring **ret)
{
	_cleanup_(ring_freep) Ring *ring = NULL;
	size_t rounded = 1;

	while (rounded < capacity)
		rounded *= 2;
	ring = aligned_alloc(64, sizeof *ring);
	if (!ring)
		return -ENOMEM;
	memset(ring, 0, sizeof *ring);
	ring->fd = -1;
	ring->mask = rounded - 1;
	ring->element_size = element_size;
	ring->elements = calloc(rounded, element_size);
	if (!ring->elements)
		return -ENOMEM;
	ring->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ring->fd < 0)
		return -errno;
	*ret = TAKE_PTR(ring);
	return 0;
}

Ring *ring_free(Ring *ring)
{
	if (!ring)
		return NULL;
	closep(&ring->fd);
	free(ring->elements);
	free(ring);
	return NULL;
}

void ring_lock(Ring *ring)
{
	(void)!mlock(ring, sizeof *ring);
	(void)!mlock(ring->elements, (ring->mask + 1) * ring->element_size);
}

bool ring_push_quiet(Ring *ring, const void *element)
{
	size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	size_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);

	if (head - tail > ring->mask)
		return false;
	memcpy(ring->elements + (head & ring->mask) * ring->element_size, element, ring->element_size);
	atomic_store_explicit(&ring->head, head + 1, memory_order_release);
	return true;
}

void ring_wake(Ring *ring)
{
	/* EAGAIN means that the counter is full: the consumer is awake already */
	(void)eventfd_write(ring->fd, 1);
}

bool ring_push(Ring *ring, const void *element)
{
	if (!ring_push_quiet(ring, element))
		return false;
	ring_wake(ring);
	return true;
}

bool ring_pop(Ring *ring, void *ret_element)
{
	size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	size_t head = atomic_load_explicit(&ring->head, memory_order_acquire);

	if (head == tail)
		return false;
	memcpy(ret_element, ring->elements + (tail & ring->mask) * ring->element_size, ring->element_size);
	atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
	return true;
}

int ring_fd(const Ring *ring)
{
	return ring->fd;
}

void ring_clear(Ring *ring)
{
	eventfd_t count;

	(void)eventfd_read(ring->fd, &count);
}

size_t ring_count(const Ring *ring)
{
	return atomic_load(&ring->head) - atomic_load(&ring->tail);
}
