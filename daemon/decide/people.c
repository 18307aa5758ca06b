/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Decides about people: enrolment, new PINs, sign-in and sign-out. The first administrator must show the code
 * that was printed at the start. After that, only an administrator may enrol a supervisor or an
 * administrator. A PIN must not go on record, only its hash.
 */

#include "decide/decision.h"

#include <string.h>
#include <strings.h>

#include "util/enrolment-code.h"

#define ADMINISTRATOR "administrator"
#define EVERYBODY     "technician supervisor auditor " ADMINISTRATOR
#define UNKNOWN_ROLES \
	"roles must be some of technician, supervisor, auditor, administrator, separated by commas"

bool require_roles(const json_t *roles, Decision *ret)
{
	bool known = json_array_size(roles) > 0;
	json_t *role;
	size_t i;

	json_array_foreach ((json_t *)roles, i, role) {
		const char *name = json_string_value(role);

		known = known && name && !strpbrk(name, ", ") && text_list_has(EVERYBODY, name);
	}
	if (!known)
		decide_refusal(ret, STATION_ERROR_INVALID, UNKNOWN_ROLES);
	return known;
}

/** A comma-separated list as a JSON array. NULL when out of memory. */
static json_t *split_roles(const char *roles)
{
	json_t *array = json_array();

	for (roles += strspn(roles, ", "); *roles; roles += strspn(roles, ", ")) {
		size_t length = strcspn(roles, ", ");

		json_array_append_new(array, json_stringn(roles, length));
		roles += length;
	}
	return array;
}

static bool require_new_pin(const char *pin, Decision *ret)
{
	if (pin_is_valid(pin))
		return true;
	decide_refusal(ret, STATION_ERROR_INVALID, "the PIN must be %d to %d digits", PIN_DIGITS_MIN,
		PIN_DIGITS_MAX);
	return false;
}

/* ---- enrolment ---- */

static bool require_newcomer(const Command *command, const char *roles, Decision *ret)
{
	json_auto_t *list = split_roles(roles);

	if (!text_is_identifier(asked_text(command, "badge"), 32)) {
		decide_refusal(ret, STATION_ERROR_INVALID,
			"the badge must be 1 to 32 letters, digits, '-', '_' or '.'");
		return false;
	}
	if (!require_text("the name", asked_text(command, "name"), SESSION_NAME_MAX - 1, ret) ||
		!require_new_pin(command->pin, ret))
		return false;
	if (strlen(roles) < SESSION_NAME_MAX)
		return require_roles(list, ret);
	decide_refusal(ret, STATION_ERROR_INVALID, UNKNOWN_ROLES);
	return false;
}

static void decide_hashed(const Command *command, const char *roles, Decision *ret)
{
	if (!command->hash[0]) {
		decide_refusal(ret, STATION_ERROR_LEDGER, "the PIN could not be hashed: try again");
		return;
	}
	decide_record(ret, "operator.enrolled",
		json_pack("{s:s, s:o}", "badge", asked_text(command, "badge"), "roles", split_roles(roles)));
	ret->personal = json_pack("{s:s, s:s}", "name", asked_text(command, "name"), "pin", command->hash);
}

/** Only an administrator may give roles with power over others. */
static bool require_may_give(const State *state, const char *roles, Decision *ret)
{
	if (!text_lists_meet(roles, "supervisor " ADMINISTRATOR) ||
		people_have_role(&state->people, ADMINISTRATOR))
		return true;
	decide_refusal(ret, STATION_ERROR_ROLE,
		"%s is no administrator: only an administrator enrols a supervisor or an administrator",
		state->people.signed_in.name);
	return false;
}

static void decide_enrol(const State *state, const Command *command, Decision *ret)
{
	const char *roles = asked_text(command, "roles");

	if (command->stage > 0) {
		decide_hashed(command, roles, ret);
		return;
	}
	if (!require_own(state, command, ret) || !require_newcomer(command, roles, ret))
		return;
	if (state->people.code[0] && !state->people.signed_in.badge[0])
		decide_refusal(ret, STATION_ERROR_SIGN_IN,
			"no administrator is enrolled yet: enrol one with `stipplectl enrol --code` and the code in the "
			"journal");
	else if (require_signed_in(state, command, "supervisor " ADMINISTRATOR, ret) &&
		 require_may_give(state, roles, ret))
		decide_effect(ret, EFFECT_HASH_PIN);
}

const CommandSpec command_enrol = { .decide = decide_enrol };

/** Compares the code only if there is one and everything else is right, because each wrong attempt counts. */
static void decide_enrol_first(const State *state, const Command *command, Decision *ret)
{
	if (command->stage == 2)
		decide_hashed(command, ADMINISTRATOR, ret);
	else if (command->code_verdict == PIN_RIGHT)
		decide_effect(ret, EFFECT_HASH_PIN);
	else if (command->code_verdict == PIN_WRONG)
		decide_refusal(ret, STATION_ERROR_SIGN_IN,
			"this is not the enrolment code: it stands in the journal, see `journalctl -u stippled`");
	else if (!require_newcomer(command, ADMINISTRATOR, ret))
		return;
	else if (state->people.code[0])
		decide_effect(ret, EFFECT_COMPARE_CODE);
	else
		decide_refusal(ret, STATION_ERROR_STATE, "%s",
			state->people.wrong_codes > 0
				? "too many wrong codes: restart stippled, which prints a new one"
				: "an administrator is enrolled already: ask to be enrolled by one");
}

/* a session step, so that two cannot both become the first */
const CommandSpec command_enrol_first = { decide_enrol_first, .is_step = true };

/* ---- another PIN ---- */

static void decide_new_hash(const State *state, const Command *command, const char *badge, Decision *ret)
{
	if (!command->hash[0]) {
		decide_refusal(ret, STATION_ERROR_LEDGER, "the PIN could not be hashed: try again");
		return;
	}
	decide_record(ret, "operator.pin-changed",
		json_pack("{s:s, s:b}", "badge", badge, "reset", strcasecmp(badge, command->who.badge) != 0));
	ret->personal = json_pack("{s:s}", "pin", command->hash);
}

static void decide_change_pin(const State *state, const Command *command, Decision *ret)
{
	const char *own = state->people.signed_in.badge, *asked = asked_text(command, "badge");
	bool is_own = !asked[0] || strcasecmp(asked, own) == 0;

	if (command->stage == 2) {
		decide_new_hash(state, command, asked[0] ? asked : command->who.badge, ret);
		return;
	}
	if (command->stage == 1) {
		if (require_pin(state, command, ret))
			decide_effect(ret, EFFECT_HASH_PIN);
		return;
	}
	if (!require_own(state, command, ret) || !require_new_pin(command->new_pin, ret))
		return;
	if (asked[0] && !text_is_identifier(asked, 32))
		decide_refusal(ret, STATION_ERROR_INVALID, "a badge has letters, digits, '-', '_' and '.'");
	else if (require_signed_in(state, command, is_own ? EVERYBODY : ADMINISTRATOR, ret))
		decide_effect(ret, EFFECT_CHECK_PIN);
}

const CommandSpec command_change_pin = { .decide = decide_change_pin };

/* ---- sign-in and sign-out ---- */

/** The program that asked may have gone in the meantime: then the steps after the record sign out again. */
static void decide_signed_in(const Command *command, Decision *ret)
{
	if (command->caller_left) {
		decide_refusal(ret, STATION_ERROR_SIGN_IN, HOLDER_GONE);
		return;
	}
	decide_done(ret);
	snprintf(ret->detail, sizeof ret->detail, "%s", command->who.name);
}

static void decide_sign_in(const State *state, const Command *command, Decision *ret)
{
	const char *badge = asked_text(command, "badge");

	if (command->stage == 2) {
		decide_signed_in(command, ret);
	} else if (state->people.signed_in.badge[0]) {
		decide_refusal(ret, STATION_ERROR_STATE, "%s is signed in: sign out first",
			state->people.signed_in.name);
	} else if (command->stage == 0) {
		decide_effect(ret, EFFECT_CHECK_PIN);
		snprintf(ret->detail, sizeof ret->detail, "%s", badge);
	} else if (command->revoked[0]) {
		decide_refusal(ret, STATION_ERROR_SIGN_IN, "%s", command->revoked);
	} else if (command->pin_verdict != PIN_RIGHT) {
		decide_refusal(ret, STATION_ERROR_SIGN_IN,
			"badge %s and this PIN do not belong together: try again", command->who.badge);
	} else {
		decide_record_and_go_on(
			ret, "operator.signed-in", json_pack("{s:s}", "badge", command->who.badge));
	}
}

const CommandSpec command_sign_in = { decide_sign_in, .is_step = true };

static void decide_sign_out(const State *state, const Command *command, Decision *ret)
{
	if (!state->people.signed_in.badge[0]) {
		/* signed out in the meantime, which is on record */
		if (command->stopped)
			decide_done(ret);
		else
			decide_refusal(ret, STATION_ERROR_STATE, "nobody is signed in");
		return;
	}
	if (!command->stopped) {
		if (require_own(state, command, ret))
			decide_effect(ret, EFFECT_STOP);
		return;
	}
	decide_record(ret, "operator.signed-out", json_pack("{s:s}", "badge", command->actor));
	ret->leaves = true;
}

const CommandSpec command_sign_out = { decide_sign_out, .is_step = true, .stops = true };
