/* SPDX-License-Identifier: Apache-2.0 */

/** Helpers that write decisions, and requirements that many commands share. It decides no command itself. */

#include "decide/decision.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "decide/interlock-facts.h"

enum { ATTACHED_FILE_MAX = 4 << 20 };

/* ---- decisions ---- */

void decide_refusal(Decision *ret, const char *error, const char *format, ...)
{
	va_list arguments;

	ret->kind = DECISION_REFUSED;
	ret->error = error;
	va_start(arguments, format);
	vsnprintf(ret->text, sizeof ret->text, format, arguments);
	va_end(arguments);
}

const char *name_of_refusal(int error)
{
	switch (error) {
	case -EEXIST:
		return STATION_ERROR_EXISTS;
	case -ENOENT:
		return STATION_ERROR_UNKNOWN;
	case -EINVAL:
		return STATION_ERROR_INVALID;
	case -EPERM:
		return STATION_ERROR_ROLE;
	case -ENOTUNIQ:
		return STATION_ERROR_AMBIGUOUS;
	case -ESTALE:
	case -EKEYREVOKED:
		return STATION_ERROR_BARRED;
	case -EREMOTE:
	case -ENOLINK:
	case -EKEYREJECTED:
		return STATION_ERROR_REGISTRY;
	default:
		return NULL;
	}
}

void decide_no_memory(Decision *ret)
{
	decide_refusal(ret, STATION_ERROR_LEDGER, STATION_NO_MEMORY);
}

void decide_done(Decision *ret)
{
	ret->kind = DECISION_DONE;
}

void decide_effect(Decision *ret, EffectKind effect)
{
	ret->kind = DECISION_EFFECT;
	ret->effect = effect;
}

void decide_look_up(Decision *ret, const char *question, json_t *arguments, const char *unread)
{
	if (!arguments) {
		decide_no_memory(ret);
		return;
	}
	decide_effect(ret, EFFECT_LOOK_UP);
	ret->question = question;
	ret->arguments = arguments;
	ret->unread = unread;
}

void decide_record(Decision *ret, const char *kind, json_t *body)
{
	if (!body) {
		decide_no_memory(ret);
		return;
	}
	ret->kind = DECISION_RECORD;
	ret->record = kind;
	ret->body = body;
}

void decide_record_and_go_on(Decision *ret, const char *kind, json_t *body)
{
	decide_record(ret, kind, body);
	ret->again = true;
}

bool require_file(const Command *command, const char *what, const char *otherwise, Decision *ret)
{
	if (command->attachment_size > 0 && command->attachment_size <= ATTACHED_FILE_MAX)
		return true;
	decide_refusal(ret, STATION_ERROR_INVALID, "%s must have 1 byte to %d MB: %s", what,
		ATTACHED_FILE_MAX >> 20, otherwise);
	return false;
}

void decide_attached(const Command *command, const char *kind, json_t *body, Decision *ret)
{
	char digest[DIGEST_HEX_MAX];

	digest_hex(command->attachment, command->attachment_size, digest);
	if (body && json_object_update_new(body, json_pack("{s:s, s:I}", "sha256", digest, "bytes",
							 (json_int_t)command->attachment_size)) < 0) {
		json_decref(body);
		body = NULL;
	}
	decide_record(ret, kind, body);
	if (ret->kind != DECISION_RECORD)
		return;
	ret->attachment = command->attachment;
	ret->attachment_size = command->attachment_size;
}

void decide_access(const Command *command, const char *query, json_t *arguments, Decision *ret)
{
	json_t *rows = json_object_get(command->asked, "records");
	json_t *body = json_pack("{s:s, s:o, s:I, s:s*}", "query", query, "arguments", arguments, "uid",
		(json_int_t)command->uid, "user", command->account[0] ? command->account : NULL);

	if (body && rows)
		json_object_set(body, "rows", rows);
	decide_record_and_go_on(ret, "audit.read", body);
	/* a program other than the one that signed in may belong to anybody */
	ret->is_nobodys = command->is_stranger;
}

/* ---- what was asked, and found ---- */

const char *asked_text(const Command *command, const char *field)
{
	return row_text(command->asked, field);
}

int64_t asked_number(const Command *command, const char *field)
{
	return json_integer_value(json_object_get(command->asked, field));
}

bool asked_yes(const Command *command, const char *field)
{
	return json_is_true(json_object_get(command->asked, field));
}

json_t *found_rows(const Command *command, const char *question)
{
	return json_object_get(command->rows, question);
}

json_t *found_row(const Command *command, const char *question)
{
	return json_array_get(found_rows(command, question), 0);
}

json_t *found_row_with(const Command *command, const char *question, const char *key, const char *value)
{
	json_t *row;
	size_t i;

	json_array_foreach (found_rows(command, question), i, row)
		if (strcmp(row_text(row, key), value) == 0)
			return row;
	return NULL;
}

/* ---- bodies ---- */

json_t *body_with_session(const State *state, json_t *body)
{
	if (body && state->session.number)
		json_object_set_new(body, "session", json_integer((json_int_t)state->session.number));
	return body;
}

json_t *session_step_body(const State *state, SessionState from, SessionState to, SessionEvent event)
{
	return body_with_session(
		state, json_pack("{s:s, s:s, s:s}", "from", session_state_to_string(from), "to",
			       session_state_to_string(to), "event", session_event_to_string(event)));
}

void body_set_optional(json_t *body, const char *key, const char *value)
{
	if (body && value[0])
		json_object_set_new(body, key, json_string(value));
}

/* ---- requirements ---- */

bool require_own(const State *state, const Command *command, Decision *ret)
{
	if (!state->people.signed_in.badge[0] || !command->is_stranger)
		return true;
	decide_refusal(ret, STATION_ERROR_NOT_YOURS, STATION_NOT_YOURS);
	return false;
}

/** "supervisor administrator" reads as "supervisor or administrator". */
static void join_roles(const char *roles, char ret[SESSION_NAME_MAX])
{
	size_t used = 0;

	ret[0] = '\0';
	for (size_t length; *roles && used < SESSION_NAME_MAX;
		roles += length + strspn(roles + length, " ")) {
		length = strcspn(roles, " ");
		used += (size_t)snprintf(ret + used, SESSION_NAME_MAX - used, "%s%.*s", used ? " or " : "",
			(int)length, roles);
	}
}

bool require_signed_in(const State *state, const Command *command, const char *roles, Decision *ret)
{
	char wanted[SESSION_NAME_MAX];

	if (!state->people.signed_in.badge[0]) {
		decide_refusal(ret, interlock_error_name(INTERLOCK_OPERATOR),
			"nobody is signed in: sign in with badge and PIN first");
		return false;
	}
	if (!require_own(state, command, ret))
		return false;
	if (people_have_role(&state->people, roles))
		return true;
	join_roles(roles, wanted);
	decide_refusal(ret, STATION_ERROR_ROLE, "%s is not enrolled as %s: sign in with another badge",
		state->people.signed_in.name, wanted);
	return false;
}

bool require_phase(const State *state, unsigned phases, Decision *ret)
{
	if (phases & PHASE_BIT(state->work.phase))
		return true;
	if (state->session.number == 0)
		decide_refusal(ret, STATION_ERROR_STATE, "no session is open: begin one first");
	else if (state->work.phase == SESSION_FAULT)
		decide_refusal(ret, STATION_ERROR_STATE, "a fault is latched (%s): acknowledge it first",
			state->board.fault.text);
	else
		decide_refusal(ret, STATION_ERROR_STATE, "not possible while the session is %s",
			session_state_to_string(state->work.phase));
	return false;
}

bool require_event(const State *state, SessionEvent event, Decision *ret)
{
	if ((int)session_next(state->work.phase, event, state->work.resume_to) >= 0)
		return true;
	decide_refusal(ret, STATION_ERROR_STATE, "cannot %s now: the station is %s",
		session_event_to_string(event), session_state_to_string(state->work.phase));
	return false;
}

bool require_text(const char *what, const char *text, size_t limit, Decision *ret)
{
	if (text && text_is_printable(text, limit))
		return true;
	decide_refusal(ret, STATION_ERROR_INVALID,
		"%s must be 1 to %zu bytes of UTF-8 text without control characters", what, limit);
	return false;
}

bool require_clock(const State *state, Decision *ret)
{
	char now[CLOCK_UTC_TEXT_MAX];

	if (host_today_us(&state->host) >= CLOCK_UNSET_BEFORE_US)
		return true;
	clock_format_utc(state->host.now.utc_us, now);
	decide_refusal(ret, interlock_error_name(INTERLOCK_CLOCK),
		"the clock says %.19sZ, which cannot be: set the clock", now);
	return false;
}

bool require_pin(const State *state, const Command *command, Decision *ret)
{
	if (command->revoked[0])
		decide_refusal(ret, STATION_ERROR_SIGN_IN, "%s", command->revoked);
	else if (command->pin_verdict == PIN_WRONG)
		decide_refusal(ret, STATION_ERROR_SIGN_IN,
			"this is not the PIN of %s: nothing was signed, try again", command->who.name);
	else if (state->people.is_leaving ||
		 strcasecmp(state->people.signed_in.badge, command->who.badge) != 0)
		decide_refusal(ret, STATION_ERROR_SIGN_IN, "%s is not signed in any more: nothing was signed",
			command->who.name);
	else
		return true;
	return false;
}

bool require_board(const State *state, const Command *command, const char *verb, Decision *ret)
{
	const CommandAnswer *answer = &command->answer;

	if (answer->error == 0 && answer->result == BOARD_RESULT_OK)
		return true;
	if (answer->error == 0 && answer->result == BOARD_RESULT_CHIP)
		decide_refusal(ret, STATION_ERROR_NEEDLE,
			"the cartridge in the handpiece is not the claimed one: seat %s, or remove it and mount another",
			state->needle.mounted.unit);
	else
		decide_refusal(ret, STATION_ERROR_BOARD,
			"the needle-driver board refused to %s (%s): run `stipplectl doctor`", verb,
			answer->error < 0 ? strerror(-answer->error)
					  : board_result_to_string(answer->result));
	return false;
}

bool require_person(const char *subject, const json_t *known, bool is_new, const char *say, const char *leave,
	Decision *ret)
{
	const char *name = json_string_value(json_object_get(known, "subject"));

	if (!name && !is_new)
		decide_refusal(ret, STATION_ERROR_NEW_PERSON,
			"nobody is on record as %s: a new person? Then say so (`%s`), or correct the pseudonym",
			subject, say);
	else if (name && is_new)
		decide_refusal(ret, STATION_ERROR_EXISTS,
			"%s is on record: a new person needs another pseudonym, %s for this one", name,
			leave);
	else
		return true;
	return false;
}

bool require_subject(const char *subject, Decision *ret)
{
	if (text_is_identifier(subject, 64))
		return true;
	decide_refusal(ret, STATION_ERROR_INVALID,
		"the subject must be a pseudonym of 1 to 64 letters, digits, '-', '_' or '.'");
	return false;
}

bool require_no_interlock(const State *state, Decision *ret)
{
	Refusal refusals[INTERLOCK_MAX];
	size_t n = refusals_of(state, refusals), used = 0;

	if (n == 0)
		return true;
	decide_refusal(
		ret, n == 1 ? interlock_error_name(refusals[0].interlock) : STATION_ERROR_REFUSED, "%s", "");
	for (size_t i = 0; i < n && used < sizeof ret->text; i++)
		used += (size_t)snprintf(
			ret->text + used, sizeof ret->text - used, "%s%s", i ? "; " : "", refusals[i].text);
	return false;
}
