/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The real-time thread that drives the needle board: its loop and its priority. While the needle is armed it
 * must not allocate, take a lock, log, or wait for anything but one transfer and its own poll.
 */

#include "control/control-private.h"

#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <time.h>

/** Stops the needle when the main thread is silent: it then could not receive a person's order to stop. */
static void watch_main(Control *control)
{
	uint32_t beats = atomic_load_explicit(&control->main_beats, memory_order_relaxed);
	int64_t now = control_now_ns(), silence;

	if (beats != control->main_seen || control->main_heard_ns == 0) {
		control->main_seen = beats;
		control->main_heard_ns = now;
	}
	silence = now - control->main_heard_ns;
	if (control->options.main_silent_ms && control->armed &&
		silence > control->options.main_silent_ms * NS_PER_MS)
		control_latch(control, CONTROL_FAULT_MAIN_SILENT, (int32_t)(silence / NS_PER_MS));
}

static void wait_for_something(Control *control)
{
	struct pollfd fds[2] = { { .fd = ring_fd(control->commands), .events = POLLIN }, { .fd = -1 } };
	int64_t now = control_now_ns(), until = control->board ? control->beat_ns : control->reopen_ns;
	struct timespec timeout;

	if (control->board) {
		fds[1] = (struct pollfd){ .fd = control->options.board->poll_fd(control->board),
			.events = POLLIN };
		if (link_wants_transfer(&control->link) && until > now + NS_PER_MS)
			until = now + NS_PER_MS;
	}
	if (until > now + CONTROL_ROUND_MS * NS_PER_MS)
		until = now + CONTROL_ROUND_MS * NS_PER_MS; /* a sign of life even without a board */
	if (control->board && until > control_next_flash(control, now))
		until = control_next_flash(control, now);
	until = until > now ? until - now : 0;
	timeout = (struct timespec){ until / NS_PER_S, until % NS_PER_S };
	(void)ppoll(fds, 2, &timeout, NULL);
	/* edges first: one of them may be the emergency stop */
	if (control->board && fds[1].revents)
		control_take_edges(control);
	if (fds[0].revents)
		ring_clear(control->commands);
}

/**
 * Faults in and locks the part of its stack that the loop will need; the kernel allocates it page by page.
 */
static void __attribute__((noinline)) lock_stack(void)
{
	volatile char used[CONTROL_STACK_USED];

	for (size_t i = 0; i < sizeof used; i += 1024)
		used[i] = 0;
	(void)!mlock((const void *)used, sizeof used);
}

static void become_realtime(Control *control)
{
	struct sched_param parameters = { .sched_priority = CONTROL_PRIORITY };
	int r;

	if (!control->options.realtime)
		return;
	r = pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters);
	atomic_store(&control->realtime, r == 0);
	atomic_store(&control->realtime_error, r);
	/* for a daemon that may not lock its whole memory; also makes it present before it is needed */
	(void)!mlock(control, sizeof *control);
	ring_lock(control->commands);
	ring_lock(control->facts);
	lock_stack();
}

void *control_thread(void *userdata)
{
	Control *control = userdata;

	(void)pthread_setname_np(pthread_self(), "control");
	become_realtime(control);
	while (!atomic_load(&control->leave)) {
		atomic_fetch_add_explicit(&control->rounds, 1, memory_order_relaxed);
		if (!control->board && control_now_ns() >= control->reopen_ns)
			control_open_board(control);
		wait_for_something(control);
		control_take_orders(control);
		if (control->board && control_now_ns() >= control->beat_ns)
			control_transfer(control);
		control_drain(control);
		watch_main(control);
		if (control->board)
			control_watch_link(control);
		control_close_broken(control);
		control_tell_fault(control);
		control_tell_lines(control);
		control_update_lamps(control, control_now_ns());
	}
	if (control->board)
		control_stop_needle(control);
	atomic_store(&control->cuttable, NULL);
	if (control->board)
		control->options.board->close(control->board);
	return NULL;
}
