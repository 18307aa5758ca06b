/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Decides what is asked of the clinic's registry, and explains its answers. An answer permits nothing by
 * itself: the ledger judges each claim by the signed leaves on record.
 */

#include "decide/clinic.h"

#include <stdio.h>
#include <string.h>

enum { TOP_UP_COUNT = 10 }; /* numbers of a lot that a station asks for when it has none left */

bool clinic_is_configured(const State *state)
{
	return state->rules.config->registry_server[0];
}

/* ---- claims ---- */

void clinic_ask(Decision *ret, RegistryWhat what, json_t *body)
{
	if (!body) {
		decide_no_memory(ret);
		return;
	}
	decide_effect(ret, EFFECT_ASK_REGISTRY);
	ret->ask = what;
	ret->arguments = body;
}

void clinic_ask_for_needle(const NeedleCode *code, Decision *ret)
{
	json_t *body = json_pack("{s:s, s:s}", "unit", code->unit, "lot", code->lot);

	body_set_optional(body, "gtin", code->product);
	if (!code->unique && body)
		json_object_set_new(body, "count", json_integer(TOP_UP_COUNT));
	clinic_ask(ret, code->unique ? REGISTRY_CLAIM : REGISTRY_TOP_UP, body);
}

static const char *explain_boot(const State *state)
{
	return state->clinic.report.is_connected
		       ? "the clinic's registry has not confirmed this start of the station yet: try again in a moment; `stipplectl doctor` says what keeps it"
		       : "the clinic's registry has not confirmed this start of the station: connect it to the clinic's network, wait until `stipplectl doctor` says that the registry is connected, then try again";
}

void clinic_explain_refusal(const State *state, const Command *command, char ret[DECISION_TEXT_MAX])
{
	const char *unit = command->label.code.unit, *text = command->answer.text;
	int error = command->answer.error;

	if (error == -ENOLINK)
		text = explain_boot(state);
	else if (error == -EREMOTE && command->registry_asked > 0 && command->registry == REGISTRY_REFUSED &&
		 command->registry_text[0])
		text = command->registry_text;
	else if (error == -EREMOTE && command->registry_asked > 0 && command->registry == REGISTRY_AWAY) {
		snprintf(ret, DECISION_TEXT_MAX,
			"this station does not hold cartridge %s, and the clinic's registry cannot be asked now: open one that it holds (`stipplectl stock held`), or try again when the registry can be reached",
			unit);
		return;
	}
	snprintf(ret, DECISION_TEXT_MAX, "%s", text);
}

/* ---- how the link is ---- */

const char *clinic_sentence(const State *state)
{
	if (!clinic_is_configured(state))
		return "";
	if (state->clinic.is_quarantined)
		return "this station is quarantined: no cartridge can be claimed";
	if (!state->clinic.report.is_there)
		return "stipple-registryd, which asks the clinic's registry, does not run";
	return state->clinic.report.text[0] ? state->clinic.report.text
					    : "no word of the clinic's server yet";
}

static const char *link_advice(const State *state)
{
	const ClinicReport *report = &state->clinic.report;

	if (state->clinic.is_quarantined)
		return "ask the administrator to enrol it anew";
	if (!report->is_there)
		return "what this station holds can still be used; `systemctl status stipple-registryd` says how it is";
	if (!report->advice[0] && !state->clinic.confirmed[0])
		return "this start is not confirmed yet, so no cartridge can be claimed: connect it to the clinic's network";
	return report->advice;
}

void clinic_check(const State *state, StationCheck *check)
{
	const Clinic *clinic = &state->clinic;
	const ClinicReport *report = &clinic->report;

	if (clinic->is_quarantined)
		check->level = 2;
	else
		check->level = !report->is_connected || !clinic->confirmed[0] || report->warnings;
	snprintf(
		check->text, sizeof check->text, "%.*s", (int)sizeof check->text - 1, clinic_sentence(state));
	if (check->level)
		snprintf(check->advice, sizeof check->advice, "%.*s", (int)sizeof check->advice - 1,
			link_advice(state));
}
