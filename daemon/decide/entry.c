/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Decides about a form: a record that people enter besides the steps of a session. Here are the additional
 * requirements of some kinds. decide/form.c and the ledger check the fields themselves.
 */

#include "decide/decision.h"

#include <string.h>
#include <strings.h>

#include "code/pack-code.h"
#include "decide/cartridge.h"
#include "decide/chair-entry.h"
#include "decide/interlock-facts.h"
#include "decide/screening-facts.h"

/* ---- the body ---- */

/** Adds the number of the open session if the record is about that session. */
static void add_session(const State *state, const Form *form, json_t *body)
{
	const char *subject = row_text(body, "subject");
	bool other = json_object_get(body, "session") ||
		     (subject[0] && strcasecmp(subject, state->session.subject) != 0);

	if (form->session != FORM_ANYTIME && !(form->session == FORM_SESSION_NAMED && other))
		body_with_session(state, body);
}

/** The retention periods of the groups of records, in the form of the ledger's queries. */
static json_t *terms_of(const Profile *profile)
{
	json_auto_t *figures = profile_arguments(profile);

	return json_incref(json_object_get(figures, "keep"));
}

/** Texts of the profile about the report of an incident. */
static const struct {
	const char *field;
	size_t offset;
} reporting[] = {
	{ "report_to", offsetof(Profile, report_to) },
	{ "report_of", offsetof(Profile, report_of) },
	{ "report_from", offsetof(Profile, report_from) },
	{ "report_form", offsetof(Profile, report_form) },
};

static json_t *profile_value(const Profile *profile, const char *field)
{
	char proofs[PROFILE_PROOFS_MAX];

	if (strcmp(field, "profile") == 0)
		return json_string(profile->name);
	if (strcmp(field, "keep") == 0)
		return terms_of(profile);
	if (strcmp(field, "reprocess") == 0)
		return json_boolean(profile->reprocess);
	if (strcmp(field, "sterile_days") == 0)
		return json_integer(profile->sterile_days);
	if (strcmp(field, "biological_days") == 0)
		return json_integer(profile->biological_days);
	if (strcmp(field, "biological_cycles") == 0)
		return json_integer(profile->biological_cycles);
	if (strcmp(field, "after_installation") == 0)
		return json_boolean(profile->after_installation);
	if (strcmp(field, "after_repair") == 0)
		return json_boolean(profile->after_repair);
	if (strcmp(field, "in_a_row") == 0)
		return json_integer(profile->in_a_row);
	if (strcmp(field, "in_a_row_after") == 0)
		return json_string(profile->in_a_row_after);
	if (strcmp(field, "unused_days") == 0)
		return json_integer(profile->unused_days);
	if (strcmp(field, "penetration_test") == 0)
		return json_boolean(profile->penetration_test);
	if (strcmp(field, "leak_test_days") == 0)
		return json_integer(profile->leak_test_days);
	if (strcmp(field, "free_percent") == 0)
		return json_integer(profile->lidocaine_free_percent);
	if (strcmp(field, "report_days") == 0)
		return json_integer(profile->report_days);
	if (strcmp(field, "report_hours") == 0)
		return json_integer(profile->report_hours);
	if (strcmp(field, "report_of") == 0 && !profile->reports)
		return json_string("");
	for (size_t i = 0; i < ELEMENTS(reporting); i++)
		if (strcmp(field, reporting[i].field) == 0)
			return json_string((const char *)profile + reporting[i].offset);
	profile_proofs(profile, proofs, sizeof proofs);
	return json_string(proofs);
}

/** Adds the fields of the kind that are FROM_PROFILE. -ENOMEM. */
static int add_profile(const Profile *profile, const Form *form, json_t *body)
{
	const RecordField *fields = record_fields(form->kind);

	for (; fields && fields->name; fields++)
		if (fields->origin == FROM_PROFILE &&
			json_object_set_new(body, fields->name, profile_value(profile, fields->name)) < 0)
			return -ENOMEM;
	return 0;
}

/** A handpiece may be named by the scanned label of its pack; the record then says which load that is of. */
static bool fill_from_pack(const Form *form, json_t *fields, Decision *ret)
{
	const char *code = row_text(fields, "handpiece");
	json_auto_t *said = NULL;
	PackRead read;
	Error error;

	if (strcmp(form->kind, "handpiece.mounted") != 0 || !pack_code_is(code))
		return true;
	if (pack_code_read(code, &read, &error) < 0) {
		decide_refusal(ret, STATION_ERROR_INVALID, "%s", error.text);
		return false;
	}
	said = json_pack("{s:s, s:s, s:I, s:I}", "handpiece", read.pack.item, "sterilizer",
		read.pack.sterilizer, "cycle", (json_int_t)read.pack.cycle, "series",
		(json_int_t)read.pack.series);
	if (said && json_object_update(fields, said) == 0)
		return true;
	decide_no_memory(ret);
	return false;
}

/** False, with the refusal in `ret`, when the entries cannot make a record. */
static bool form_fill(
	const State *state, const Command *command, json_t **ret_body, json_t **ret_personal, Decision *ret)
{
	json_auto_t *fields = json_copy(json_object_get(command->asked, "fields"));
	Error error = { .text = STATION_NO_MEMORY };
	int r = fields ? 0 : -ENOMEM;

	if (r == 0 && (!label_fill_form(state, command->form, fields, ret) ||
			      !fill_from_pack(command->form, fields, ret)))
		return false;
	if (r == 0)
		r = form_read(command->form, fields, ret_body, ret_personal, &error);
	if (r < 0) {
		decide_refusal(
			ret, r == -ENOMEM ? STATION_ERROR_LEDGER : STATION_ERROR_INVALID, "%s", error.text);
		return false;
	}
	add_session(state, command->form, *ret_body);
	if (add_profile(&state->rules.profile, command->form, *ret_body) == 0)
		return true;
	decide_no_memory(ret);
	return false;
}

/* ---- what some kinds need beside their fields ---- */

static bool require_known_roles(const State *state, json_t *body, Decision *ret)
{
	return require_roles(json_object_get(body, "roles"), ret);
}

static bool refuses_now(const State *state, Interlock interlock)
{
	Refusal refusals[INTERLOCK_MAX];
	size_t n = refusals_of(state, refusals);

	for (size_t i = 0; i < n; i++)
		if (refusals[i].interlock == interlock)
			return true;
	return false;
}

static bool require_overridable(const State *state, json_t *body, Decision *ret)
{
	Interlock interlock = interlock_from_string(row_text(body, "interlock"));

	if ((int)interlock < 0)
		decide_refusal(ret, STATION_ERROR_INVALID, "there is no such interlock: see `session check`");
	else if (!interlock_is_overridable(interlock))
		decide_refusal(ret, STATION_ERROR_INVALID,
			"the interlock %s can be set aside by nobody: do what it asks for",
			interlock_to_string(interlock));
	else if (!refuses_now(state, interlock))
		decide_refusal(ret, STATION_ERROR_STATE,
			"the interlock %s refuses nothing now: there is nothing to set aside",
			interlock_to_string(interlock));
	else
		return true;
	return false;
}

/** Whether the answer stops a treatment, only the ledger can say. */
static bool require_change(const State *state, json_t *body, Decision *ret)
{
	if (json_object_set_new(body, "was", json_true()) == 0 &&
		json_object_set_new(body, "answer", json_false()) == 0)
		return true;
	decide_no_memory(ret);
	return false;
}

static bool require_noteless(const State *state, json_t *body, Decision *ret)
{
	const char *question = row_text(body, "question");
	const ScreeningStop *stop = screening_stop(&state->session.screening, question);

	if (!stop)
		decide_refusal(ret, STATION_ERROR_INVALID,
			"no answer to \"%.40s\" needs a physician's note now: `session questions` lists the answers",
			question);
	else if (stop->effect != ANSWER_PHYSICIAN)
		decide_refusal(ret, STATION_ERROR_INVALID,
			"the answer to \"%.40s\" rules the treatment out, whatever a physician says: abandon the session",
			question);
	else
		return true;
	return false;
}

static bool require_pseudonym(const State *state, json_t *body, Decision *ret)
{
	return !json_object_get(body, "subject") || require_subject(row_text(body, "subject"), ret);
}

static bool require_plan(const State *state, json_t *body, Decision *ret)
{
	const char *name = row_text(body, "protocol");
	json_int_t sessions = json_integer_value(json_object_get(body, "sessions"));
	const Protocol *protocol = protocols_find(&state->protocols, name);

	if (!require_pseudonym(state, body, ret))
		return false;
	if (!protocol)
		decide_refusal(ret, STATION_ERROR_UNKNOWN, "there is no protocol \"%.48s\" in %s", name,
			state->rules.config->protocol_folder);
	else if (sessions < 1 || sessions > protocol->sessions)
		decide_refusal(ret, STATION_ERROR_INVALID, "protocol %s has 1 to %u sessions, not %lld", name,
			protocol->sessions, (long long)sessions);
	else
		return true;
	return false;
}

static bool require_extension(const State *state, json_t *body, Decision *ret)
{
	const char *name = row_text(body, "protocol");

	if (!require_pseudonym(state, body, ret))
		return false;
	if (protocols_find(&state->protocols, name))
		return true;
	decide_refusal(ret, STATION_ERROR_UNKNOWN, "there is no protocol \"%.48s\" in %s", name,
		state->rules.config->protocol_folder);
	return false;
}

/** The newest time according to the record, and the clock's time instead. */
static bool require_wrong_time(const State *state, json_t *body, Decision *ret)
{
	int64_t now = state->host.now.utc_us, newest = state->host.newest_utc_us;
	char now_text[CLOCK_UTC_TEXT_MAX], newest_text[CLOCK_UTC_TEXT_MAX];

	clock_format_utc(now, now_text);
	clock_format_utc(newest, newest_text);
	if (now < CLOCK_UNSET_BEFORE_US)
		decide_refusal(ret, STATION_ERROR_STATE,
			"the clock says %.19sZ, which cannot be: set it first, then correct", now_text);
	else if (now + CLOCK_SLACK_US >= newest)
		decide_refusal(ret, STATION_ERROR_STATE,
			"no record is of a time after the clock's, %.19sZ: there is nothing to correct",
			now_text);
	else if (json_object_set_new(body, "now", json_string(now_text)) < 0 ||
		 json_object_set_new(body, "newest", json_string(newest_text)) < 0)
		decide_no_memory(ret);
	else
		return true;
	return false;
}

/** The names must be those in [station] of the configuration at the next start. */
static bool require_names(const State *state, json_t *body, Decision *ret)
{
	const char *clinic = json_string_value(json_object_get(body, "clinic"));
	const char *name = json_string_value(json_object_get(body, "station"));

	if (!clinic || !name || (text_is_identifier(clinic, 48) && text_is_identifier(name, 48)))
		return true;
	decide_refusal(ret, STATION_ERROR_INVALID,
		"clinic and station are 1 to 48 letters, digits, '-', '_' or '.' each");
	return false;
}

static bool require_of_kind(const State *state, const char *kind, json_t *body, Decision *ret)
{
	static const struct {
		const char *kind;
		bool (*require)(const State *state, json_t *body, Decision *ret);
	} kinds[] = {
		{ "subject.registered", require_pseudonym },
		{ "subject.described", require_pseudonym },
		{ "recipe.noted", require_pseudonym },
		{ "course.planned", require_plan },
		{ "course.extended", require_extension },
		{ "incident.reported", require_pseudonym },
		{ "zone.area", require_pseudonym },
		{ "interlock.overridden", require_overridable },
		{ "anaesthetic.applied", require_anaesthetic },
		{ "clock.corrected", require_wrong_time },
		{ "station.renamed", require_names },
		{ "operator.roles", require_known_roles },
		{ "screening.changed", require_change },
		{ "physician.cleared", require_noteless },
	};

	for (size_t i = 0; i < ELEMENTS(kinds); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].require(state, body, ret);
	return true;
}

/** The pseudonym by which the record names a person; NULL none. */
static const char *named_person(const char *kind, const json_t *body)
{
	if (strcmp(kind, "record.corrected") == 0)
		return strcmp(row_text(body, "field"), "subject") == 0
			       ? json_string_value(json_object_get(body, "new"))
			       : NULL;
	if (strcmp(kind, "course.planned") != 0 && strcmp(kind, "incident.reported") != 0 &&
		strcmp(kind, "zone.area") != 0)
		return NULL;
	return json_string_value(json_object_get(body, "subject"));
}

/* ---- its way to the record ---- */

static bool require_form(const State *state, const Command *command, Decision *ret)
{
	const Form *form = command->form;

	/* whoever has left signs nothing */
	if (command->pin_verdict != PIN_UNCHECKED && !require_pin(state, command, ret))
		return false;
	if (!require_own(state, command, ret))
		return false;
	if (!form) {
		decide_refusal(ret, STATION_ERROR_UNKNOWN,
			"no record of kind %.64s is entered here: see the property Forms",
			asked_text(command, "kind"));
		return false;
	}
	if (!require_signed_in(state, command, form->roles, ret))
		return false;
	if (form->session != FORM_SESSION_ONLY || state->session.number)
		return true;
	decide_refusal(ret, STATION_ERROR_STATE, "no session is open: begin one first");
	return false;
}

/**
 * Only those who may enter a record may correct it. A record that does not exist is left to the ledger, which
 * refuses it.
 */
static bool require_corrector(const State *state, const Command *command, const json_t *body, Decision *ret)
{
	json_int_t number = json_integer_value(json_object_get(body, "corrects"));
	const json_t *row = found_row(command, "records");
	const Form *form;

	if (strcmp(command->form->kind, "record.corrected") != 0)
		return true;
	if (!found_rows(command, "records")) {
		decide_look_up(ret, "records", json_pack("{s:I, s:i}", "after", number - 1, "limit", 1),
			"the record to be corrected");
		return false;
	}
	form = json_integer_value(json_object_get(row, "seq")) == number ? form_of_kind(row_text(row, "kind"))
									 : NULL;
	return !form || require_signed_in(state, command, form->roles, ret);
}

/** Checks the signature, then the person who is named; true when both are valid. */
static bool require_signer_and_person(const State *state, const Command *command, json_t *body, Decision *ret)
{
	const Form *form = command->form;
	const char *person = named_person(form->kind, body);

	if (form->signs && command->pin_verdict == PIN_UNCHECKED) {
		decide_effect(ret, EFFECT_CHECK_PIN);
		return false;
	}
	if (!person)
		return true;
	if (!found_rows(command, "person")) {
		decide_look_up(ret, "person", json_pack("{s:s}", "subject", person), "the people on record");
		return false;
	}
	return require_person(person, found_row(command, "person"),
		json_is_true(json_object_get(body, "new_person")), "new_person=yes", "leave `new_person` out",
		ret);
}

static void decide_recorded(const Command *command, Decision *ret)
{
	const CommandAnswer *answer = &command->answer;

	ret->number = answer->number;
	if (answer->lingers)
		decide_refusal(ret, STATION_ERROR_LEDGER,
			"the erasure is record %llu, but a reader of the ledger (another program, such as a verification by stipplectl) still keeps what was"
			" erased in its log: end it; the station goes on trying, also after a restart",
			(unsigned long long)answer->number);
	else if (command->refreshed)
		decide_done(ret);
	else
		decide_effect(ret, EFFECT_REFRESH_FACTS);
}

static void decide_form(const State *state, const Command *command, Decision *ret)
{
	json_auto_t *body = NULL, *personal = NULL;

	if (command->recorded > 0) {
		decide_recorded(command, ret);
		return;
	}
	if (!require_form(state, command, ret) || !form_fill(state, command, &body, &personal, ret) ||
		!require_of_kind(state, command->form->kind, body, ret) ||
		!require_corrector(state, command, body, ret) ||
		!require_signer_and_person(state, command, body, ret))
		return;
	if (command->form->signs &&
		json_object_set_new(body, "signed", json_string(command->form->signs)) < 0) {
		decide_no_memory(ret);
		return;
	}
	decide_record_and_go_on(ret, command->form->kind, json_incref(body));
	ret->personal = json_incref(personal);
}

const CommandSpec command_form = { .decide = decide_form };
