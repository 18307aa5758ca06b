/* SPDX-License-Identifier: Apache-2.0 */

/**
 * A form on its way to the record: what some kinds of record need before, and what they change after. Nothing
 * of the station may change before the record is committed. The fields themselves are left to form.c and to
 * the ledger.
 */

#include "core/form.h"
#include "core/station-private.h"

#include <string.h>
#include <strings.h>

static bool session_ok(Operation *operation, const Form *form)
{
	if (form->session != FORM_SESSION_ONLY || operation->station->state.session.number)
		return true;
	operation_fail(operation, STATION_ERROR_STATE, "no session is open: begin one first");
	return false;
}

/** Of the session that is open, where the record is about that. */
static void add_session(Station *station, const Form *form, json_t *body)
{
	const char *subject = json_string_value(json_object_get(body, "subject"));
	bool other = json_object_get(body, "session") ||
		     (subject && strcasecmp(subject, station->state.session.subject) != 0);

	if (form->session != FORM_ANYTIME && !(form->session == FORM_SESSION_NAMED && other))
		station_with_session(station, body);
}

/* ---- what some kinds need beside their fields ---- */

static bool roles_before(Operation *operation)
{
	return operation_roles_ok(operation, json_object_get(operation->body, "roles"));
}

static void roles_after(Operation *operation)
{
	station_roles_changed(operation->station,
		json_string_value(json_object_get(operation->body, "badge")),
		json_object_get(operation->body, "roles"));
}

static void revoked_after(Operation *operation)
{
	station_badge_revoked(
		operation->station, json_string_value(json_object_get(operation->body, "badge")));
}

static bool refuses_now(Station *station, Interlock interlock)
{
	Refusal refusals[INTERLOCK_MAX];
	size_t n = station_refusals(station, refusals);

	for (size_t i = 0; i < n; i++)
		if (refusals[i].interlock == interlock)
			return true;
	return false;
}

static Interlock named_interlock(const Operation *operation)
{
	return interlock_from_string(json_string_value(json_object_get(operation->body, "interlock")));
}

static bool override_before(Operation *operation)
{
	Interlock interlock = named_interlock(operation);

	if ((int)interlock < 0)
		operation_fail(
			operation, STATION_ERROR_INVALID, "there is no such interlock: see `session check`");
	else if (!interlock_is_overridable(interlock))
		operation_fail(operation, STATION_ERROR_INVALID,
			"the interlock %s can be set aside by nobody: do what it asks for",
			interlock_to_string(interlock));
	else if (!refuses_now(operation->station, interlock))
		operation_fail(operation, STATION_ERROR_STATE,
			"the interlock %s refuses nothing now: there is nothing to set aside",
			interlock_to_string(interlock));
	else
		return true;
	return false;
}

static void override_after(Operation *operation)
{
	station_notify(operation->station, STATION_CHANGED_STATE);
}

static bool subject_before(Operation *operation)
{
	const char *subject = json_string_value(json_object_get(operation->body, "subject"));

	if (!subject || text_is_identifier(subject, 64))
		return true;
	operation_fail(operation, STATION_ERROR_INVALID, STATION_BAD_SUBJECT);
	return false;
}

static bool course_before(Operation *operation)
{
	const char *name = json_string_value(json_object_get(operation->body, "protocol"));
	json_int_t sessions = json_integer_value(json_object_get(operation->body, "sessions"));
	const Protocol *protocol = name ? protocols_find(&operation->station->state.protocols, name) : NULL;

	if (!subject_before(operation))
		return false;
	if (!protocol)
		operation_fail(operation, STATION_ERROR_UNKNOWN, "there is no protocol \"%.48s\" in %s",
			name ? name : "", operation->station->options.config->protocol_folder);
	else if (sessions < 1 || sessions > protocol->sessions)
		operation_fail(operation, STATION_ERROR_INVALID, "protocol %s has 1 to %u sessions, not %lld",
			name, protocol->sessions, (long long)sessions);
	else
		return true;
	return false;
}

/** What the record held for the newest time, and what the clock says instead. */
static bool clock_before(Operation *operation)
{
	const Station *station = operation->station;
	int64_t now = clock_read(station->options.clock).utc_us,
		newest = ledger_newest_utc(station->options.ledger);
	char now_text[CLOCK_UTC_TEXT_MAX], newest_text[CLOCK_UTC_TEXT_MAX];

	clock_format_utc(now, now_text);
	clock_format_utc(newest, newest_text);
	if (now < CLOCK_UNSET_BEFORE_US)
		operation_fail(operation, STATION_ERROR_STATE,
			"the clock says %.19sZ, which cannot be: set it first, then correct", now_text);
	else if (now + STATION_CLOCK_SLACK_US >= newest)
		operation_fail(operation, STATION_ERROR_STATE,
			"no record is of a time after the clock's, %.19sZ: there is nothing to correct",
			now_text);
	else if (json_object_set_new(operation->body, "now", json_string(now_text)) < 0 ||
		 json_object_set_new(operation->body, "newest", json_string(newest_text)) < 0)
		operation_fail(operation, STATION_ERROR_LEDGER, "the station is out of memory: restart it");
	else
		return true;
	return false;
}

/** As in [station] of the configuration, which has to say the same at the next start. */
static bool renamed_before(Operation *operation)
{
	const char *clinic = json_string_value(json_object_get(operation->body, "clinic"));
	const char *name = json_string_value(json_object_get(operation->body, "station"));

	if (!clinic || !name || (text_is_identifier(clinic, 48) && text_is_identifier(name, 48)))
		return true;
	operation_fail(operation, STATION_ERROR_INVALID,
		"clinic and station are 1 to 48 letters, digits, '-', '_' or '.' each");
	return false;
}

static void renamed_after(Operation *operation)
{
	Station *station = operation->station;

	snprintf(station->names, sizeof station->names, "%s/%s",
		json_string_value(json_object_get(operation->body, "clinic")),
		json_string_value(json_object_get(operation->body, "station")));
}

static void erased_after(Operation *operation)
{
	station_erase_images(operation->station);
}

static const struct {
	const char *kind;
	bool (*before)(Operation *operation); /* false: it has failed the operation */
	void (*after)(Operation *operation);  /* the record is committed */
} steps[] = {
	{ "subject.registered", subject_before, NULL },
	{ "course.planned", course_before, NULL },
	{ "incident.reported", subject_before, NULL },
	{ "interlock.overridden", override_before, override_after },
	{ "clock.corrected", clock_before, NULL },
	{ "personal.erased", NULL, erased_after },
	{ "station.renamed", renamed_before, renamed_after },
	{ "operator.roles", roles_before, roles_after },
	{ "operator.revoked", NULL, revoked_after },
};

static bool allowed_before(Operation *operation)
{
	for (size_t i = 0; i < ELEMENTS(steps); i++)
		if (strcmp(steps[i].kind, operation->form->kind) == 0 && steps[i].before)
			return steps[i].before(operation);
	return true;
}

static void form_recorded(Operation *operation, const LedgerAnswer *answer)
{
	for (size_t i = 0; i < ELEMENTS(steps); i++)
		if (strcmp(steps[i].kind, operation->form->kind) == 0 && steps[i].after)
			steps[i].after(operation);
	if (answer->lingers) {
		operation_fail(operation, STATION_ERROR_LEDGER,
			"the erasure is record %llu, but a reader of the ledger (another program, such as a verification by stipplectl) still keeps what was"
			" erased in its log: end it; the station goes on trying, also after a restart",
			(unsigned long long)answer->seq);
		return;
	}
	station_facts_then_done(operation);
}

static void record_form(Operation *operation)
{
	const Form *form = operation->form;

	operation_record(
		operation, form->kind, TAKE_PTR(operation->body), operation->personal, form_recorded);
}

/** The pseudonym by which the record would name somebody, NULL none. */
static const char *named_person(const Operation *operation)
{
	const char *kind = operation->form->kind;
	const char *field = json_string_value(json_object_get(operation->body, "field"));

	if (strcmp(kind, "record.corrected") == 0)
		return field && strcmp(field, "subject") == 0
			       ? json_string_value(json_object_get(operation->body, "new"))
			       : NULL;
	if (strcmp(kind, "course.planned") != 0 && strcmp(kind, "incident.reported") != 0)
		return NULL;
	return json_string_value(json_object_get(operation->body, "subject"));
}

static void form_person_found(void *userdata, int error, json_t *rows)
{
	Operation *operation = userdata;

	if (operation_given_up(operation))
		return;
	operation->is_new_person = json_is_true(json_object_get(operation->body, "new_person"));
	if (error < 0)
		operation_fail(operation, STATION_ERROR_LEDGER,
			"the people on record could not be read (%s): try again", strerror(-error));
	else if (operation_person_ok(operation, named_person(operation), rows, "new_person=yes",
			 "leave `new_person` out"))
		record_form(operation);
}

static void enter(Operation *operation)
{
	const char *person = named_person(operation);
	json_auto_t *arguments = person ? json_pack("{s:s}", "subject", person) : NULL;
	int r;

	if (!person) {
		record_form(operation);
		return;
	}
	r = arguments ? ledger_lookup(operation->station->options.ledger, "person", arguments,
				form_person_found, operation)
		      : -ENOMEM;
	operation->at_ledger = r >= 0;
	if (r < 0)
		operation_fail(operation, STATION_ERROR_LEDGER,
			"the people on record could not be read (%s): try again", strerror(-r));
}

static void enter_signed(Operation *operation)
{
	if (json_object_set_new(operation->body, "signed", json_string(operation->form->signs)) < 0) {
		operation_fail(operation, STATION_ERROR_LEDGER, "the station is out of memory: restart it");
		return;
	}
	enter(operation);
}

void station_enter(Station *station, FormPlace place, const char *kind, json_t *fields, const char *pin,
	StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, false, done, userdata);
	const Form *form = form_find(place, kind);
	json_auto_t *entered = NULL;
	char error[FORM_ERROR_MAX] = "the station is out of memory: restart it";
	int r;

	if (!operation || !operation_is_own(operation))
		return;
	if (!form) {
		operation_fail(operation, STATION_ERROR_UNKNOWN,
			"no record of kind %.64s is entered here: see the property Forms", kind);
		return;
	}
	if (!operation_signed_in(operation, form->roles) || !session_ok(operation, form))
		return;
	operation->form = form;
	entered = json_copy(fields);
	if (entered && !station_identify_needle(operation, entered))
		return;
	r = form_read(form, entered ? entered : fields, &operation->body, &operation->personal, error);
	if (r < 0) {
		operation_fail(
			operation, r == -ENOMEM ? STATION_ERROR_LEDGER : STATION_ERROR_INVALID, "%s", error);
		return;
	}
	add_session(station, form, operation->body);
	if (station_with_profile(station, form, operation->body) < 0) {
		operation_fail(operation, STATION_ERROR_LEDGER, "the station is out of memory: restart it");
		return;
	}
	if (!allowed_before(operation))
		return;
	if (form->signs)
		operation_sign(operation, pin, enter_signed);
	else
		enter(operation);
}
