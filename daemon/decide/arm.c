/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Decides whether the needle may move: arming, disarming and stopping. Nothing is armed while an interlock
 * refuses. A stop needs no decision: it has already happened.
 */

#include "decide/decision.h"

#include <strings.h>

/* ---- arm: configure, arm, record ---- */

static bool require_no_stop(const State *state, const Command *command, Decision *ret)
{
	const char *fault = state->board.fault.text;

	if (state->work.arming == command->id)
		return true;
	decide_refusal(ret, STATION_ERROR_STATE, "the needle was stopped while it was being armed%s%s",
		fault[0] ? ": " : "", fault);
	return false;
}

static void decide_first(const State *state, const Command *command, Decision *ret)
{
	const ZonePlan *plan = state->session.plan;

	if (!require_signed_in(state, command, "technician", ret))
		return;
	if (state->work.stopping) {
		decide_refusal(ret, STATION_ERROR_BUSY,
			"that the needle was stopped is being recorded: try again when it is done");
		return;
	}
	if (!require_no_interlock(state, ret) || !require_event(state, SESSION_EVENT_ARM, ret))
		return;
	decide_effect(ret, EFFECT_CONFIGURE);
	ret->settings = (BoardSettings){
		.depth_um = (plan->depth_min_um + plan->depth_max_um) / 2,
		.depth_limit_um = plan->depth_limit_um,
		.rate_hz = plan->rate_hz,
		.dwell_ms = plan->dwell_ms,
		.force_limit_mn = plan->force_limit_mn,
	};
}

/** Whoever arms is the practitioner from now on; a change of hands precedes the first stroke on record. */
static void add_hand_over(const State *state, const Command *command, Decision *ret)
{
	const Session *session = &state->session;
	json_t *body;

	if (!session->practitioner[0] || strcasecmp(session->practitioner, command->actor) == 0)
		return;
	body = body_with_session(
		state, json_pack("{s:s, s:s}", "from", session->practitioner, "to", command->actor));
	if (body && (int)session->zone >= 0)
		body_set_optional(body, "zone", zone_to_string(session->zone));
	body_set_optional(body, "unit", state->needle.mounted.unit);
	ret->first = "session.handed-over";
	ret->first_body = body;
}

/** Conditions may have changed while the board was answering: everything is checked again. */
static void decide_arm(const State *state, const Command *command, Decision *ret)
{
	if (command->stage == 0) {
		decide_first(state, command, ret);
		return;
	}
	if (!require_no_stop(state, command, ret))
		return;
	if (command->stage == 3) {
		decide_done(ret);
		return;
	}
	if (!require_board(state, command, command->stage == 1 ? "take the settings" : "arm", ret) ||
		!require_no_interlock(state, ret))
		return;
	if (command->stage == 1) {
		decide_effect(ret, EFFECT_ARM);
		ret->arm = (ArmPayload){ state->needle.mounted.claim, state->needle.mounted.chip };
		return;
	}
	decide_record_and_go_on(ret, "session.state",
		session_step_body(state, state->work.phase, SESSION_READY, SESSION_EVENT_ARM));
	ret->arms = true;
	add_hand_over(state, command, ret);
}

const CommandSpec command_arm = { decide_arm, .is_step = true };

/* ---- disarm ---- */

/** The record says who asked for the stop; finding that out may take longer than the board's stop. */
static void decide_stopped(const State *state, const Command *command, Decision *ret)
{
	if (!command->stopped)
		decide_effect(ret, EFFECT_STOP);
	else if (command->caller[0] && !command->user[0] && !command->caller_known)
		decide_effect(ret, EFFECT_AWAIT_CALLER);
	else if (command->from == SESSION_PREPARING)
		decide_done(ret); /* it had not become ready */
	else
		decide_record(ret, "session.state",
			session_step_body(state, command->from, SESSION_PREPARING, SESSION_EVENT_DISARM));
}

const CommandSpec command_stopped = { .decide = decide_stopped };

/** Returns to the state before an arming that was not recorded. */
static void decide_stop_again(const State *state, const Command *command, Decision *ret)
{
	if (command->stopped)
		decide_done(ret);
	else
		decide_effect(ret, EFFECT_STOP);
}

const CommandSpec command_stop_again = { .decide = decide_stop_again };

/** Not a session step, so that it never waits for other recording. */
static void decide_disarm(const State *state, const Command *command, Decision *ret)
{
	if (state->work.stopping)
		decide_effect(ret, EFFECT_AWAIT_STOP);
	else if (state->session.number || require_event(state, SESSION_EVENT_DISARM, ret))
		decide_done(ret);
}

const CommandSpec command_disarm = { decide_disarm, .stops = true };

/* ---- leaving ---- */

static void decide_shutdown(const State *state, const Command *command, Decision *ret)
{
	decide_record(ret, "station.stopped", json_object());
}

const CommandSpec command_shutdown = { .decide = decide_shutdown };
