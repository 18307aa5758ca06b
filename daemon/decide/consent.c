/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Decides about what the client says before the treatment: screening answers and consent. Withdrawing consent
 * first stops the needle and is then recorded.
 */

#include "decide/decision.h"

#include <string.h>

static bool require_answers(const Protocol *protocol, const json_t *answers, Decision *ret)
{
	for (size_t i = 0; i < protocol->n_screening; i++) {
		if (json_is_boolean(json_object_get(answers, protocol->screening[i])))
			continue;
		decide_refusal(ret, interlock_error_name(INTERLOCK_SCREENING),
			"the screening question \"%s\" is not answered: answer all %zu with yes or no",
			protocol->screening[i], protocol->n_screening);
		return false;
	}
	if (json_object_size(answers) == protocol->n_screening)
		return true;
	decide_refusal(ret, STATION_ERROR_INVALID, "protocol %s asks %zu screening questions, not %zu",
		protocol->name, protocol->n_screening, json_object_size(answers));
	return false;
}

static void decide_screening(const State *state, const Command *command, Decision *ret)
{
	const Protocol *protocol = state->session.protocol;
	json_t *answers = json_object_get(command->asked, "answers"), *refused;

	if (!require_signed_in(state, command, "technician", ret) ||
		!require_phase(state, OPEN_PHASES, ret) || !require_answers(protocol, answers, ret))
		return;
	refused = json_array();
	for (size_t i = 0; i < protocol->n_screening; i++)
		if (protocol->screening_refuses[i] &&
			json_is_true(json_object_get(answers, protocol->screening[i])))
			json_array_append_new(refused, json_string(protocol->screening[i]));
	decide_record(ret, "session.screening",
		body_with_session(state, json_pack("{s:O, s:o}", "answers", answers, "refused", refused)));
}

const CommandSpec command_screening = { decide_screening, .is_step = true };

static bool require_consent(const State *state, const Command *command, Decision *ret)
{
	const char *consent = asked_text(command, "consent");

	if (!require_signed_in(state, command, "technician", ret) ||
		!require_phase(state, ~(PHASE_BIT(SESSION_IDLE) | PHASE_BIT(SESSION_FAULT)), ret) ||
		!require_text("the version of the consent form", asked_text(command, "version"), 32, ret))
		return false;
	if (strcmp(consent, "treatment") == 0 || strcmp(consent, "photographs") == 0)
		return true;
	decide_refusal(ret, STATION_ERROR_INVALID,
		"there are consents to \"treatment\" and to \"photographs\", not to \"%.32s\"", consent);
	return false;
}

/** Withdrawing consent first stops the treatment and is then recorded. */
static void decide_consent(const State *state, const Command *command, Decision *ret)
{
	bool given = asked_yes(command, "given");

	if (!command->stopped && !require_consent(state, command, ret))
		return;
	if (!given && !command->stopped) {
		decide_effect(ret, EFFECT_STOP);
		return;
	}
	decide_record(ret, "session.consent",
		body_with_session(
			state, json_pack("{s:s, s:s, s:b}", "consent", asked_text(command, "consent"),
				       "version", asked_text(command, "version"), "given", given)));
}

const CommandSpec command_consent = { decide_consent, .is_step = true, .stops = true,
	.stops_unless = "given" };
