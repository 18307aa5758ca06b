/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Decides about a latched fault (such as an emergency stop) and the board's self-test. Acknowledging a fault
 * arms nothing.
 */

#include "decide/decision.h"

static void decide_cleared(const State *state, const Command *command, Decision *ret)
{
	const Fault *fault = &state->board.fault;

	if (command->answer.error == -EBUSY) {
		decide_refusal(ret, STATION_ERROR_STATE,
			"the cause still holds (%s): release the emergency stop, cool or change what is named, then "
			"acknowledge again",
			fault->text);
		return;
	}
	if (!require_board(state, command, "clear the fault", ret))
		return;
	decide_record_and_go_on(ret, "fault.acknowledged",
		body_with_session(
			state, json_pack("{s:s, s:s, s:s*}", "cause", control_fault_to_string(fault->fault),
				       "note", asked_text(command, "note"), "signed",
				       command->pin_verdict == PIN_UNSEEN ? NULL : "the cause is gone")));
	ret->fault = fault->number;
}

static void decide_acknowledge(const State *state, const Command *command, Decision *ret)
{
	const Fault *fault = &state->board.fault;

	switch (command->stage) {
	case 0:
		if (!require_signed_in(state, command, "technician", ret) ||
			!require_text("the note", asked_text(command, "note"), SESSION_NAME_MAX - 1, ret))
			return;
		if (fault->fault == CONTROL_FAULT_NONE)
			decide_refusal(ret, STATION_ERROR_STATE, "no fault is latched");
		else
			decide_effect(ret, EFFECT_CHECK_PIN_URGENT);
		break;
	case 1:
		if (require_pin(state, command, ret))
			decide_effect(ret, EFFECT_ACKNOWLEDGE);
		break;
	case 2:
		decide_cleared(state, command, ret);
		break;
	default:
		if (fault->fault == CONTROL_FAULT_NONE)
			decide_done(ret);
		else
			decide_refusal(ret, STATION_ERROR_STATE,
				"another fault was latched in the meantime: %s", fault->text);
		break;
	}
}

const CommandSpec command_acknowledge = { decide_acknowledge, .is_step = true };

/* ---- self-test ---- */

static void name_failed_parts(uint32_t failed, char *ret, size_t size)
{
	static const struct {
		SelfTestBit bit;
		const char *name;
	} parts[] = {
		{ SELF_TEST_MOTOR, "motor" },
		{ SELF_TEST_DEPTH_SENSOR, "depth sensor" },
		{ SELF_TEST_FORCE_SENSOR, "force sensor" },
		{ SELF_TEST_TEMPERATURE, "temperature sensor" },
		{ SELF_TEST_MEMORY, "memory" },
	};
	size_t used = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < ELEMENTS(parts); i++)
		if ((failed & parts[i].bit) && used < size)
			used += (size_t)snprintf(
				ret + used, size - used, "%s%s", used ? ", " : "", parts[i].name);
}

static void decide_self_test(const State *state, const Command *command, Decision *ret)
{
	if (command->stage == 0 && work_may_move(&state->work)) {
		decide_refusal(
			ret, STATION_ERROR_STATE, "the needle is armed: disarm it before the self-test");
	} else if (command->stage == 0) {
		decide_effect(ret, EFFECT_SELF_TEST);
	} else if (require_board(state, command, "test itself", ret)) {
		decide_done(ret);
		name_failed_parts(command->answer.self_test, ret->detail, sizeof ret->detail);
	}
}

const CommandSpec command_self_test = { decide_self_test, .is_step = true };
