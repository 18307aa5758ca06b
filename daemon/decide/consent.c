/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Decides about what the client signs on paper or on the screen: consents and statements. Withdrawing consent
 * first stops the needle and is then recorded. It must not decide what a session lacks: the interlocks do.
 */

#include "decide/decision.h"

#include <string.h>

#include "config/consent-text.h"
#include "util/signature.h"

static bool require_signing(const State *state, const Command *command, Decision *ret)
{
	const char *form = asked_text(command, "consent");

	if (!require_signed_in(state, command, "technician", ret) ||
		!require_phase(state, ~(PHASE_BIT(SESSION_IDLE) | PHASE_BIT(SESSION_FAULT)), ret) ||
		!require_text("the version of the consent form", asked_text(command, "version"),
			CONSENT_VERSION_MAX - 1, ret))
		return false;
	if ((int)consent_form_from_string(form) >= 0)
		return true;
	decide_refusal(ret, STATION_ERROR_INVALID,
		"clients sign the forms \"treatment\", \"photographs\", \"aftercare\" and "
		"\"needles-sealed\", not \"%.32s\"",
		form);
	return false;
}

/** Only a consent can be withdrawn: what happened stays so. */
static bool require_withdrawable(ConsentForm form, Decision *ret)
{
	if (consent_form_is_given(form))
		return true;
	decide_refusal(ret, STATION_ERROR_INVALID,
		"\"%s\" says what happened and cannot be withdrawn: correct its record if it is wrong",
		consent_form_to_string(form));
	return false;
}

/** Decides the record of what was signed; `text`: on the screen, with its words beside the record; NULL: on
 * paper. */
static void record_signed(const State *state, ConsentForm form, const char *version, const ConsentText *text,
	const char *signature, Decision *ret)
{
	const char *name = consent_form_to_string(form);
	bool is_consent = consent_form_is_given(form);
	json_t *body = json_pack("{s:s, s:s, s:s}", is_consent ? "consent" : "statement", name, "version",
		version, "signed_on", text ? "screen" : "paper");

	if (body && is_consent)
		json_object_set_new(body, "given", json_true());
	if (body && text) {
		json_object_set_new(body, "language", json_string(text->language));
		json_object_set_new(body, "text_sha256", json_string(text->sha256));
		json_object_set_new(body, "text_bytes", json_integer((json_int_t)strlen(text->text)));
	}
	decide_record(
		ret, is_consent ? "session.consent" : "session.statement", body_with_session(state, body));
	if (!text || ret->kind != DECISION_RECORD)
		return;
	ret->attachment = text->text;
	ret->attachment_size = strlen(text->text);
	ret->personal = json_pack("{s:s}", "signature", signature);
	if (!ret->personal)
		decide_no_memory(ret);
}

/** Withdrawing consent first stops the treatment and is then recorded. */
static void decide_consent(const State *state, const Command *command, Decision *ret)
{
	ConsentForm form = consent_form_from_string(asked_text(command, "consent"));
	const char *version = asked_text(command, "version");

	if (asked_yes(command, "given")) {
		if (require_signing(state, command, ret))
			record_signed(state, form, version, NULL, NULL, ret);
		return;
	}
	if (!command->stopped) {
		if (require_signing(state, command, ret) && require_withdrawable(form, ret))
			decide_effect(ret, EFFECT_STOP);
		return;
	}
	decide_record(ret, "session.consent",
		body_with_session(state, json_pack("{s:s, s:s, s:b}", "consent", consent_form_to_string(form),
						 "version", version, "given", 0)));
}

const CommandSpec command_consent = { decide_consent, .is_step = true, .stops = true,
	.stops_unless = "given" };

static void decide_signature(const State *state, const Command *command, Decision *ret)
{
	ConsentForm form = consent_form_from_string(asked_text(command, "consent"));
	const char *version = asked_text(command, "version"), *language = asked_text(command, "language"),
		   *signature = asked_text(command, "signature");
	SignaturePoint points[SIGNATURE_POINTS_MAX];
	const ConsentText *text;
	Error flaw;

	if (!require_signing(state, command, ret))
		return;
	text = consent_texts_find(&state->consents, form, version, language);
	if (!text) {
		decide_refusal(ret, STATION_ERROR_INVALID,
			"there is no text \"%s\" of version \"%s\" in the language \"%.7s\": sign one that is shown",
			consent_form_to_string(form), version, language);
		return;
	}
	if (strcmp(text->sha256, asked_text(command, "sha256")) != 0) {
		decide_refusal(ret, STATION_ERROR_INVALID,
			"the text \"%s\" of version \"%s\" is not the one that was shown: let the client read it again",
			consent_form_to_string(form), version);
		return;
	}
	if (signature_read(signature, points, &flaw) < 0) {
		decide_refusal(ret, STATION_ERROR_INVALID, "%s", flaw.text);
		return;
	}
	record_signed(state, form, version, text, signature, ret);
}

const CommandSpec command_signature = { decide_signature, .is_step = true };
