/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Decides about cartridges and pigment. When the ledger takes the claim, it decides whether a cartridge may
 * be used and was never used before. A refusal is also evidence, and is recorded.
 */

#include "decide/cartridge.h"

#include <string.h>

#include "decide/clinic.h"

enum { MOUNT_ASKED = 3 }; /* the stage of a mount after the registry's answer: label, claim, answer */

/* ---- labels ---- */

NeedleCodeOptions label_options(const State *state)
{
	return (NeedleCodeOptions){
		.today_utc_us = host_today_us(&state->host),
		.fnc1 = state->rules.config->scanner_fnc1[0],
	};
}

void label_printable(const char *code, char *ret, size_t size)
{
	size_t used = 0;

	for (; *code && used + 6 < size; code++) {
		if ((unsigned char)*code < 0x20)
			used += (size_t)snprintf(ret + used, size - used, "<%02X>", (unsigned char)*code);
		else
			ret[used++] = *code;
	}
	ret[used] = '\0';
}

static void set_chip(json_t *body, const ChipId *chip)
{
	char hex[2 * FRAME_CHIP_ID_MAX + 1];

	hex_encode(chip->bytes, chip->length, hex);
	body_set_optional(body, "chip", hex);
}

/**
 * A unit that is entered without its code must be a unit name and not free text, because it may be published.
 */
static bool require_units(const json_t *fields, Decision *ret)
{
	static const char *const names[] = { "unit", "other" };

	for (size_t i = 0; i < ELEMENTS(names); i++) {
		if (!strpbrk(row_text(fields, names[i]), " \t"))
			continue;
		decide_refusal(ret, STATION_ERROR_INVALID,
			"the field %s is a cartridge as the record names it, such as (01)...(21)...: scan its code instead",
			names[i]);
		return false;
	}
	return true;
}

bool label_fill_form(const State *state, const Form *form, json_t *fields, Decision *ret)
{
	const char *code = json_string_value(json_object_get(fields, "code"));
	NeedleCodeOptions options = label_options(state);
	char kept[2 * NEEDLE_CODE_MAX];
	Error error = { .text = "it is too long" };
	NeedleCode read;

	if (strncmp(form->kind, "needle.", strlen("needle.")) != 0)
		return true;
	if (!require_units(fields, ret))
		return false;
	if (!code)
		return true;
	if (strlen(code) > NEEDLE_CODE_MAX || needle_code_parse(code, &options, &read, &error) < 0) {
		decide_refusal(ret, STATION_ERROR_NEEDLE, "the code cannot be read: %s", error.text);
		return false;
	}
	label_printable(code, kept, sizeof kept);
	body_set_optional(fields, "code", kept);
	body_set_optional(fields, "unit", read.unit);
	if (strcmp(form->kind, "needle.damaged") != 0)
		return true;
	body_set_optional(fields, "lot", read.lot);
	body_set_optional(fields, "gtin", read.product);
	body_set_optional(fields, "expiry", read.expiry);
	if (clinic_is_configured(state))
		json_object_set_new(fields, "held", json_true()); /* it takes a number of its lot, too */
	return true;
}

/* ---- mounting ---- */

static bool require_label(const CommandLabel *label, Decision *ret)
{
	Error error;

	if (label->too_long) {
		decide_refusal(ret, STATION_ERROR_INVALID, "the code is longer than %d bytes: scan it again",
			NEEDLE_CODE_MAX);
		return false;
	}
	if (needle_code_check(&label->code, &error) == 0)
		return true;
	decide_refusal(ret, STATION_ERROR_NEEDLE, "the code cannot be read: %s", error.text);
	return false;
}

static bool require_free_handpiece(const State *state, Decision *ret)
{
	if (state->session.recovery.waits)
		decide_refusal(ret, interlock_error_name(INTERLOCK_RECOVERY),
			"the session waits since the station stopped: resume it first, then mount the cartridge");
	else if (state->needle.mounted.claim)
		decide_refusal(ret, STATION_ERROR_STATE,
			"cartridge %s is still mounted: remove it first, then mount the next",
			state->needle.mounted.unit);
	else
		return true;
	return false;
}

/**
 * The only exception to "no reuse": the same chip is put back in the same session and within the time limit.
 */
static bool is_same_again(const State *state, const NeedleCode *code, int64_t away_us)
{
	const Cartridge *removed = &state->needle.removed;

	return removed->claim && code->unique && chip_is_same(&state->board.chip, &removed->chip) &&
	       strcmp(code->unit, removed->unit) == 0 &&
	       away_us <= (int64_t)state->rules.config->reseat_max_s * USEC_PER_SEC;
}

/** Puts the rules in force into the claim, so that the ledger enforces them. */
static void ask_for_evidence(json_t *body, const Profile *profile)
{
	static const ProfileProof of_lots[] = { PROFILE_CERTIFICATE, PROFILE_MEMBRANE };
	json_auto_t *evidence = json_array();

	for (size_t i = 0; i < ELEMENTS(of_lots); i++)
		if (profile->proofs[of_lots[i]])
			json_array_append_new(evidence, json_string(profile_proof_to_string(of_lots[i])));
	if (json_array_size(evidence) > 0)
		json_object_set(body, "evidence", evidence);
}

static json_t *claim_body(const State *state, const CommandLabel *label)
{
	const NeedleCode *code = &label->code;
	char kept[2 * NEEDLE_CODE_MAX];
	json_t *body;

	label_printable(label->text, kept, sizeof kept);
	body = body_with_session(
		state, json_pack("{s:s, s:s, s:s}", "unit", code->unit, "lot", code->lot, "code", kept));
	if (!body)
		return NULL;
	body_set_optional(body, "gtin", code->product);
	body_set_optional(body, "serial", code->serial);
	body_set_optional(body, "expiry", code->expiry);
	body_set_optional(body, "source", label->scanned ? "scanner" : "keyboard");
	set_chip(body, &state->board.chip);
	ask_for_evidence(body, &state->rules.profile);
	if (clinic_is_configured(state))
		json_object_set_new(body, "held", json_true()); /* and the ledger enforces it */
	return body;
}

/** A refused claim is recorded before the technician is told. */
static void decide_refused_claim(const State *state, const Command *command, Decision *ret)
{
	static const struct {
		int error;
		const char *refusal;
	} refusals[] = {
		{ -EEXIST, "used" },
		{ -ENOENT, "unknown-lot" },
		{ -ESTALE, "expired" },
		{ -EKEYREVOKED, "barred" },
		{ -ENOTUNIQ, "ambiguous" },
		{ -EBADMSG, "contradiction" },
		{ -EREMOTE, "not-held" },
		{ -ENOLINK, "boot-unconfirmed" },
		{ -EKEYREJECTED, "quarantined" },
	};
	const CommandAnswer *answer = &command->answer;
	char kept[2 * NEEDLE_CODE_MAX], text[DECISION_TEXT_MAX];
	size_t i = 0;

	while (i < ELEMENTS(refusals) && refusals[i].error != answer->error)
		i++;
	if (i == ELEMENTS(refusals)) {
		decide_refusal(ret, STATION_ERROR_LEDGER, "nothing was recorded: %s", answer->text);
		return;
	}
	label_printable(command->label.text, kept, sizeof kept);
	clinic_explain_refusal(state, command, text);
	decide_refusal(
		ret, answer->error == -ENOTUNIQ ? STATION_ERROR_AMBIGUOUS : STATION_ERROR_NEEDLE, "%s", text);
	decide_record(ret, "needle.refused",
		body_with_session(state, json_pack("{s:s, s:s, s:s}", "code", kept, "refusal",
						 refusals[i].refusal, "text", text)));
	body_set_optional(ret->body, "unit", command->label.code.unit);
}

static void decide_claim(const State *state, const Command *command, Decision *ret)
{
	int64_t away_us = state->host.now.monotonic_us - state->work.removed_us;
	json_t *body;

	if (!is_same_again(state, &command->label.code, away_us)) {
		decide_record_and_go_on(ret, "needle.claimed", claim_body(state, &command->label));
		ret->judged = true;
		return;
	}
	body = body_with_session(state, json_pack("{s:s, s:I}", "unit", state->needle.removed.unit, "away_s",
						(json_int_t)(away_us / USEC_PER_SEC)));
	set_chip(body, &state->board.chip);
	decide_record_and_go_on(ret, "needle.reseated", body);
}

static bool require_mountable(const State *state, const Command *command, Decision *ret)
{
	return require_signed_in(state, command, "technician", ret) &&
	       require_phase(state, OPEN_PHASES, ret) && require_free_handpiece(state, ret) &&
	       require_clock(state, ret);
}

/**
 * The station does not hold the cartridge: the clinic's registry is asked once whether it may. Its answer
 * permits nothing: the ledger judges the claim once more, by the leaf that came before the answer. False:
 * nothing was decided.
 */
static bool decide_by_registry(const State *state, const Command *command, Decision *ret)
{
	if (command->answer.error != -EREMOTE || !clinic_is_configured(state))
		return false;
	if (command->registry_asked == 0) {
		clinic_ask_for_needle(&command->label.code, ret);
		return true;
	}
	if (command->stage != MOUNT_ASKED || command->registry != REGISTRY_DONE)
		return false;
	if (require_mountable(state, command, ret))
		decide_claim(state, command, ret);
	return true;
}

static void decide_mount(const State *state, const Command *command, Decision *ret)
{
	switch (command->stage) {
	case 0:
		if (require_mountable(state, command, ret))
			decide_effect(ret, EFFECT_READ_LABEL);
		break;
	case 1:
		if (require_label(&command->label, ret))
			decide_claim(state, command, ret);
		break;
	default:
		if (decide_by_registry(state, command, ret))
			break;
		if (command->answer.error < 0) {
			decide_refused_claim(state, command, ret);
			break;
		}
		decide_done(ret);
		snprintf(ret->detail, sizeof ret->detail, "%s", state->needle.mounted.unit);
		break;
	}
}

const CommandSpec command_mount = { decide_mount, .is_step = true };

/* ---- removing ---- */

json_t *needle_removed_body(const State *state, const char *reason)
{
	const Cartridge *mounted = &state->needle.mounted;
	int64_t worked_us =
		work_time_us(&state->work, state->host.now.monotonic_us) - state->work.needle_since_us;

	return body_with_session(
		state, json_pack("{s:s, s:I, s:I, s:I, s:s}", "unit", mounted->unit, "strokes",
			       (json_int_t)mounted->strokes, "dots", (json_int_t)mounted->dots, "worked_s",
			       (json_int_t)(worked_us / USEC_PER_SEC), "reason", reason));
}

static void decide_remove(const State *state, const Command *command, Decision *ret)
{
	const char *reason = asked_text(command, "reason");

	if (!command->stopped && (!require_signed_in(state, command, "technician", ret) ||
					 !require_text("the reason", reason, SESSION_NAME_MAX - 1, ret)))
		return;
	if (!state->needle.mounted.claim)
		decide_refusal(ret, STATION_ERROR_STATE, "no cartridge is mounted");
	else if (!command->stopped)
		decide_effect(ret, EFFECT_STOP);
	else
		decide_record(ret, "needle.removed", needle_removed_body(state, reason));
}

const CommandSpec command_remove = { decide_remove, .is_step = true, .stops = true };

/* ---- pigment ---- */

static void decide_pigment(const State *state, const Command *command, Decision *ret)
{
	const char *brand = asked_text(command, "brand"), *colour = asked_text(command, "colour"),
		   *lot = asked_text(command, "lot"), *expiry = asked_text(command, "expiry");
	int64_t end;
	json_t *body;

	if (!require_signed_in(state, command, "technician", ret) ||
		!require_phase(state, OPEN_PHASES, ret) || !require_text("the brand", brand, 40, ret) ||
		!require_text("the colour", colour, 24, ret) || !require_text("the lot", lot, 20, ret))
		return;
	if (date_end_utc_us(expiry, &end) < 0) {
		decide_refusal(ret, STATION_ERROR_INVALID,
			"the expiry \"%.20s\" is no date: write YYYY-MM-DD", expiry);
		return;
	}
	if (!require_clock(state, ret))
		return;
	if (end < host_today_us(&state->host)) {
		decide_refusal(ret, interlock_error_name(INTERLOCK_PIGMENT),
			"pigment %s %s, lot %s, expired on %s: open another bottle", brand, colour, lot,
			expiry);
		return;
	}
	body = body_with_session(state, json_pack("{s:s, s:s, s:s, s:s}", "brand", brand, "colour", colour,
						"lot", lot, "expiry", expiry));
	if ((int)state->session.zone >= 0)
		body_set_optional(body, "zone", zone_to_string(state->session.zone));
	if (body && state->rules.profile.proofs[PROFILE_PIGMENT])
		json_object_set_new(body, "received", json_true()); /* and the ledger enforces it */
	if (body && state->rules.profile.proofs[PROFILE_INK_LABEL])
		json_object_set_new(body, "label", json_true()); /* likewise */
	decide_record(ret, "pigment.loaded", body);
}

const CommandSpec command_pigment = { decide_pigment, .is_step = true };
