/* SPDX-License-Identifier: Apache-2.0 */

/** Moves the work at the chair from phase to phase. It must not undo a latched fault. */

#include "apply/work.h"

void work_arrive(State *state, SessionState to)
{
	if (state->work.phase == SESSION_FAULT)
		state->work.resume_to = session_after_fault(to);
	else
		state->work.phase = to;
}

void work_clear(State *state)
{
	state->work = (Work){
		.phase = state->board.fault.fault == CONTROL_FAULT_NONE ? SESSION_IDLE : SESSION_FAULT,
		.resume_to = SESSION_IDLE,
		.stopping = state->work.stopping,
	};
}

void work_go(State *state, int64_t now_us)
{
	Work *work = &state->work;

	if (work_stretch_us(work, now_us) == 0)
		work->stretch_us = now_us;
	work->working_since_us = now_us;
}

void work_pause(State *state, int64_t now_us)
{
	if (state->work.phase != SESSION_WORKING)
		return;
	state->work.worked_us += now_us - state->work.working_since_us;
	state->work.rest_us = now_us;
}
