/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Applies what the needle-driver board reports, and the orders that it was given. The control thread has
 * already stopped the needle when a fault arrives here.
 */

#include "apply/apply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply/alarms.h"
#include "apply/work.h"

void board_up_apply(State *state, const BoardIdentity *identity)
{
	Board *board = &state->board;

	board->connected = true;
	board->identity = *identity;
	board->error[0] = '\0';
	board->self_test_done = false;
}

void board_down_apply(State *state, const char *why)
{
	Board *board = &state->board;

	board->connected = board->self_test_done = false;
	snprintf(board->error, sizeof board->error, "%s", why);
}

void self_test_apply(State *state, uint32_t failed)
{
	state->board.self_test_done = true;
	state->board.self_test_failed = failed;
}

void chip_apply(State *state, const ChipId *chip)
{
	state->board.chip = *chip;
}

static bool pedal_apply(State *state, bool down, int64_t now_us)
{
	Work *work = &state->work;
	SessionEvent event = down ? SESSION_EVENT_PEDAL_PRESS : SESSION_EVENT_PEDAL_RELEASE;
	SessionState to = session_next(work->phase, event, work->resume_to);

	state->board.pedal = down;
	if ((int)to < 0 || to == work->phase)
		return false;
	/* the needle coasts to a stop: strokes that touch the skin meanwhile belong to the same contact */
	if (down)
		work_go(state, now_us);
	else
		work_pause(state, now_us);
	work->phase = to;
	return true;
}

bool line_apply(State *state, StippleLine line, bool active, int64_t now_us)
{
	if (line == STIPPLE_LINE_PEDAL)
		return pedal_apply(state, active, now_us);
	if (line == STIPPLE_LINE_EMERGENCY_STOP)
		state->board.emergency_stop = active;
	return false;
}

/* ---- faults ---- */

/** Describes what happened and what to do about it. */
static void describe_fault(State *state, const ControlFact *fact)
{
	char *text = state->board.fault.text;
	size_t size = sizeof state->board.fault.text;
	int detail = fact->fault.detail;

	switch (fact->fault.fault) {
	case CONTROL_FAULT_EMERGENCY_STOP:
		snprintf(text, size, "emergency stop pressed: release it, then acknowledge");
		break;
	case CONTROL_FAULT_LINK_LOST:
		snprintf(text, size, "the board did not answer in time: check its cable, then acknowledge");
		break;
	case CONTROL_FAULT_CHIP_CHANGED:
		snprintf(text, size,
			"the cartridge was changed while armed: remove it, mount the next, acknowledge");
		break;
	case CONTROL_FAULT_FACTS_OVERRUN:
		snprintf(text, size,
			"the station could not keep up with the board: acknowledge, report if it recurs");
		break;
	case CONTROL_FAULT_CONTROL_SILENT:
		snprintf(text, size,
			"the thread that guides the needle hung: the station starts anew, report if it recurs");
		break;
	case CONTROL_FAULT_BOARD:
		snprintf(text, size, "the board stopped by itself: %s (%d); put it right, then acknowledge",
			board_fault_to_string(fact->fault.board_fault), detail);
		break;
	case CONTROL_FAULT_LINK_ERRORS:
		snprintf(text, size,
			"%d bad frames in a row from the board: check cable and shielding, then acknowledge",
			detail);
		break;
	case CONTROL_FAULT_DEPTH_LIMIT:
		snprintf(text, size,
			"a stroke went %d um deep, past the limit: check the cartridge, then acknowledge",
			detail);
		break;
	case CONTROL_FAULT_FORCE_LIMIT:
		snprintf(text, size,
			"a stroke met %d mN, past the limit: check needle and angle, then acknowledge",
			detail);
		break;
	case CONTROL_FAULT_BOARD_GONE:
		snprintf(text, size, "the board is gone (%s): reconnect it, then acknowledge",
			strerror(abs(detail)));
		break;
	case CONTROL_FAULT_HOST:
		snprintf(text, size, "the record could not be kept: %.900s; then acknowledge",
			state->board.stop_reason[0] ? state->board.stop_reason : "restart the step");
		break;
	case CONTROL_FAULT_MAIN_SILENT:
		snprintf(text, size,
			"the station's main thread hung for %d ms: acknowledge, report if it recurs", detail);
		break;
	case CONTROL_FAULT_NONE:
	case CONTROL_FAULT_MAX:
	case CONTROL_FAULT_INVALID:
		snprintf(text, size, "unknown fault: acknowledge, report if it recurs");
		break;
	}
}

void fault_latched_apply(State *state, const ControlFact *fact, int64_t now_us)
{
	Work *work = &state->work;
	Fault *fault = &state->board.fault;

	work_pause(state, now_us);
	/* a fault that comes while another is shown occurred after the board was told to clear that one */
	if (work->phase != SESSION_FAULT)
		work->resume_to = session_after_fault(work->phase);
	work->phase = SESSION_FAULT;
	work->arming = 0;
	fault->number++;
	fault->fault = fact->fault.fault;
	fault->board_fault = fact->fault.board_fault;
	describe_fault(state, fact);
	fault_alarm_apply(state, alarm_of_fault(fault->fault, fault->board_fault), fault->text, now_us);
	state->board.stop_reason[0] = '\0';
}

void stop_reason_apply(State *state, const char *reason)
{
	snprintf(state->board.stop_reason, sizeof state->board.stop_reason, "%s", reason);
}

/* ---- orders ---- */

void arming_apply(State *state, uint64_t command)
{
	state->work.arming = command;
	if (command)
		state->board.stop_reason[0] = '\0';
}

void stopping_apply(State *state, uint64_t command)
{
	state->work.stopping = command;
}

void armed_apply(State *state)
{
	work_arrive(state, SESSION_READY);
}

void disarmed_apply(State *state, int64_t now_us)
{
	SessionState phase = state->work.phase;

	state->work.arming = 0;
	work_pause(state, now_us);
	if (phase == SESSION_READY || phase == SESSION_WORKING)
		state->work.phase = SESSION_PREPARING;
}
