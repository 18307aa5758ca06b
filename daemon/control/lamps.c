/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The lamps, as the table of alarms says: it flashes them by the clock, in the rounds that the control thread
 * makes anyway, and sets a line only when its lamp changes. They depend on no other thread: a latched fault
 * is shown even while the main thread hangs. Nothing here may keep ENABLE from being dropped.
 */

#include "control/control-private.h"

#include <assert.h>
#include <string.h>

static_assert(STIPPLE_LINE_LAMP_CAUTION - STIPPLE_LINE_LAMP_READY == CONTROL_LAMPS_N - 1,
	"the lamps are side by side");

AlarmPriority control_fault_alarm(ControlFault fault, BoardFault board_fault)
{
	const AlarmCause *cause = fault == CONTROL_FAULT_BOARD && board_fault > BOARD_FAULT_NONE &&
						  board_fault < BOARD_FAULT_MAX
					  ? alarm_cause("board-fault", board_fault_to_string(board_fault))
					  : alarm_cause("fault", control_fault_to_string(fault));

	return cause ? cause->priority : ALARM_HIGH;
}

/** What the lamps are to show now: a latched fault hides the state, which ended with it. */
static LampOrder current_order(const Control *control)
{
	LampOrder order = control->lamps;

	if (control->fault == CONTROL_FAULT_NONE)
		return order;
	return (LampOrder){ .alarm =
				    control->fault_alarm > order.alarm ? control->fault_alarm : order.alarm };
}

void control_forget_lamps(Control *control)
{
	memset(control->lit, 0, sizeof control->lit);
}

void control_update_lamps(Control *control, int64_t now_ns)
{
	LampOrder order = current_order(control);
	bool flash = alarm_is_lit(order.alarm, now_ns / NS_PER_MS);
	/* in the order of the lines, from STIPPLE_LINE_LAMP_READY on */
	const bool wanted[CONTROL_LAMPS_N] = {
		order.ready,
		order.working,
		order.alarm == ALARM_HIGH && flash,
		(order.alarm == ALARM_MEDIUM || order.alarm == ALARM_LOW) && flash,
	};

	for (int i = 0; i < CONTROL_LAMPS_N && control->board; i++) {
		if (control->lit[i] == wanted[i])
			continue;
		/* a line that could not be set is set in the next round */
		if (control->options.board->set_line(
			    control->board, (StippleLine)(STIPPLE_LINE_LAMP_READY + i), wanted[i]) >= 0)
			control->lit[i] = wanted[i];
	}
}

int64_t control_next_flash(const Control *control, int64_t now_ns)
{
	const AlarmSignal *signal = &alarm_signals[current_order(control).alarm];
	int64_t period_ns = signal->period_ms * NS_PER_MS, lit_ns = signal->lit_ms * NS_PER_MS, phase_ns;

	if (period_ns == 0)
		return INT64_MAX;
	phase_ns = now_ns % period_ns;
	return now_ns - phase_ns + (phase_ns < lit_ns ? lit_ns : period_ns);
}
