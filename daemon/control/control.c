/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The main thread's side of the control link: sends orders, takes facts. The board belongs to the control
 * thread; this side may only cut ENABLE, when that thread hangs. It waits for the thread only in
 * control_free().
 */

#include "control/control-private.h"

#include <string.h>

static int start_thread(Control *control)
{
	pthread_attr_t attributes;
	int r;

	r = pthread_attr_init(&attributes);
	if (r != 0)
		return -r;
	pthread_attr_setstacksize(&attributes, CONTROL_STACK_BYTES);
	r = pthread_create(&control->thread, &attributes, control_thread, control);
	pthread_attr_destroy(&attributes);
	control->started = r == 0;
	return -r;
}

int control_new(const ControlOptions *options, Control **ret)
{
	_cleanup_(control_freep) Control *control = calloc(1, sizeof *control);
	int r;

	if (!control)
		return -ENOMEM;
	control->options = *options;
	r = ring_new(CONTROL_COMMANDS, sizeof(ControlCommand), &control->commands);
	if (r < 0)
		return r;
	r = ring_new(CONTROL_FACTS, sizeof(ControlFact), &control->facts);
	if (r < 0)
		return r;
	r = start_thread(control);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(control);
	return 0;
}

Control *control_free(Control *control)
{
	if (!control)
		return NULL;
	if (control->started) {
		atomic_store(&control->leave, true);
		ring_wake(control->commands);
		pthread_join(control->thread, NULL);
	}
	ring_free(control->commands);
	ring_free(control->facts);
	free(control);
	return NULL;
}

static int push_command(Control *control, const ControlCommand *command)
{
	return ring_push(control->commands, command) ? 0 : -EAGAIN;
}

int control_configure(Control *control, uint32_t ticket, const BoardSettings *settings)
{
	return push_command(control,
		&(ControlCommand){ .verb = CONTROL_CONFIGURE, .ticket = ticket, .settings = *settings });
}

int control_arm(Control *control, uint32_t ticket, const ArmPayload *arm)
{
	return push_command(control, &(ControlCommand){ .verb = CONTROL_ARM, .ticket = ticket, .arm = *arm });
}

int control_disarm(Control *control, uint32_t ticket)
{
	int r;

	/* a counter, so that finishing an earlier order does not cancel this one */
	atomic_fetch_add(&control->disarms, 1);
	r = push_command(control, &(ControlCommand){ .verb = CONTROL_DISARM, .ticket = ticket });
	if (r < 0) {
		control_stop(control); /* the needle must stop even without room for the order */
		atomic_fetch_sub(&control->disarms, 1);
	}
	return r;
}

int control_query(Control *control, uint32_t ticket, FrameType command)
{
	return push_command(
		control, &(ControlCommand){ .verb = CONTROL_QUERY, .ticket = ticket, .query = command });
}

int control_acknowledge(Control *control, uint32_t ticket)
{
	return push_command(control, &(ControlCommand){ .verb = CONTROL_ACKNOWLEDGE, .ticket = ticket });
}

int control_lamps(Control *control, bool ready, bool working, AlarmPriority alarm)
{
	return push_command(
		control, &(ControlCommand){ .verb = CONTROL_LAMPS, .lamps = { ready, working, alarm } });
}

void control_stop(Control *control)
{
	atomic_store(&control->stop, true);
	ring_wake(control->commands);
}

uint32_t control_beat(Control *control)
{
	atomic_fetch_add_explicit(&control->main_beats, 1, memory_order_relaxed);
	return atomic_load_explicit(&control->rounds, memory_order_relaxed);
}

void control_cut(Control *control)
{
	void *board = atomic_load(&control->cuttable);

	if (board)
		control->options.board->cut_enable(board);
}

bool control_has_board(const Control *control)
{
	return atomic_load(&control->cuttable) != NULL;
}

int control_fd(const Control *control)
{
	return ring_fd(control->facts);
}

void control_clear(Control *control)
{
	ring_clear(control->facts);
}

bool control_take(Control *control, ControlFact *ret)
{
	return ring_pop(control->facts, ret);
}

ControlCounters control_counters(const Control *control)
{
	return (ControlCounters){
		.transfers = atomic_load(&control->transfers),
		.bad_frames = atomic_load(&control->bad_frames),
		.resends = atomic_load(&control->resends),
		.samples = atomic_load(&control->samples),
		.edges = atomic_load(&control->edges),
		.realtime = atomic_load(&control->realtime),
		.realtime_error = atomic_load(&control->realtime_error),
	};
}
