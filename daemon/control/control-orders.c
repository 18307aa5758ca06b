/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Carries out the main thread's orders one at a time: the next one goes to the board when the previous one
 * was answered. Orders to stop and to disarm do not wait for their turn.
 */

#include "control/control-private.h"

static void send_command(Control *control, const ControlCommand *command, const Frame *frame)
{
	control->current = *command;
	control->ticketed = true;
	control_send(control, frame);
}

static void acknowledge(Control *control, const ControlCommand *command)
{
	Frame frame = { 0 };

	if (control->estop) {
		control_answer(control, command, FRAME_CLEAR_FAULT, -EBUSY);
		return;
	}
	if (control->link.fault == BOARD_FAULT_NONE) {
		control->fault = CONTROL_FAULT_NONE;
		control->link.stop = false;
		control_answer(control, command, FRAME_CLEAR_FAULT, 0);
		return;
	}
	payload_put_clear_fault(&frame, control->link.fault);
	send_command(control, command, &frame);
}

static void carry_out(Control *control, const ControlCommand *command)
{
	Frame frame = { 0 };

	switch (command->verb) {
	case CONTROL_CONFIGURE:
		payload_put_settings(&frame, &command->settings);
		break;
	case CONTROL_ARM:
		payload_put_arm(&frame, &command->arm);
		if (control_is_stopped(control) || control->pedal) {
			control_answer(control, command, FRAME_ARM, -EBUSY);
			return;
		}
		break;
	case CONTROL_DISARM:
		payload_put_command(&frame, FRAME_DISARM);
		atomic_fetch_sub(&control->disarms, 1);
		control->armed = false;
		control_set_enable(control, false);
		break;
	case CONTROL_QUERY:
		payload_put_command(&frame, command->query);
		break;
	case CONTROL_ACKNOWLEDGE:
		break;
	case CONTROL_LAMPS:
		control->lamps = command->lamps;
		return;
	}
	if (!control->board || !control->up)
		control_answer(control, command, (FrameType)frame.type, -ENOTCONN);
	else if (command->verb == CONTROL_ACKNOWLEDGE)
		acknowledge(control, command);
	else
		send_command(control, command, &frame);
}

void control_take_orders(Control *control)
{
	ControlCommand command;

	if (atomic_exchange(&control->stop, false))
		control_latch(control, CONTROL_FAULT_HOST, 0);
	if (atomic_load(&control->disarms) > 0) {
		control->armed = false;
		control_set_enable(control, false);
	}
	/* without a link each order is refused at once: an unanswered HELLO must not delay them */
	while ((!control->link.waiting || !control->up) &&
		ring_count(control->facts) < CONTROL_FACTS - CONTROL_FACTS_ANSWERS &&
		ring_pop(control->commands, &command))
		carry_out(control, &command);
}
