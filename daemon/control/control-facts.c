/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What the control thread reports to the main thread: answers, faults, edges of the lines. It must not wait
 * for room: what finds none is reported later, or not at all.
 */

#include "control/control-private.h"

#include <time.h>

int64_t control_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec; /* also where tv_sec has 32 bits */
}

bool control_tell(Control *control, ControlFact *fact)
{
	if (fact->monotonic_ns == 0)
		fact->monotonic_ns = control_now_ns();
	return ring_push(control->facts, fact);
}

void control_tell_fault(Control *control)
{
	if (control->fault_untold && control_tell(control, &control->fault_fact))
		control->fault_untold = false;
}

void control_answer(Control *control, const ControlCommand *command, FrameType type, int error)
{
	ControlFact fact = { .kind = CONTROL_FACT_ANSWER };

	fact.answer.ticket = command->ticket;
	fact.answer.command = type;
	fact.answer.error = error;
	(void)!control_tell(control, &fact);
}

/**
 * Leaves the spare room to answers. A bouncing line without room is reported later, in its state at that
 * time.
 */
static bool tell_line(Control *control, StippleLine line, bool active)
{
	ControlFact fact = { .kind = CONTROL_FACT_LINE };

	fact.line.line = line;
	fact.line.active = active;
	return ring_count(control->facts) < CONTROL_FACTS - CONTROL_FACTS_SPARE / 2 &&
	       control_tell(control, &fact);
}

void control_tell_lines(Control *control)
{
	if (control->told_estop != control->estop &&
		tell_line(control, STIPPLE_LINE_EMERGENCY_STOP, control->estop))
		control->told_estop = control->estop;
	if (control->told_pedal != control->pedal && tell_line(control, STIPPLE_LINE_PEDAL, control->pedal))
		control->told_pedal = control->pedal;
}

bool control_have_room(Control *control, int64_t now)
{
	if (ring_count(control->facts) < CONTROL_FACTS - CONTROL_FACTS_SPARE) {
		control->full_ns = 0;
		return true;
	}
	if (control->full_ns == 0)
		control->full_ns = now;
	return false;
}
