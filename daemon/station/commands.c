/* SPDX-License-Identifier: Apache-2.0 */

/** The commands as calls: each hands its arguments to the runtime. It judges none of them. */

#include <limits.h>

#include "decide/refusals.h"
#include "station/parts.h"
#include "util/enrolment-code.h"
#include "util/log.h"

enum { ENROLMENT_ATTEMPTS = 5 }; /* at the enrolment code, until the daemon starts over */

/** Takes `asked`. */
static void ask(Station *station, const CommandSpec *spec, json_t *asked, StationDone done, void *userdata)
{
	runtime_ask(station,
		&(StationRequest){ .spec = spec, .asked = asked, .done = done, .userdata = userdata });
}

/** The same with a PIN. */
static void ask_signed(Station *station, const CommandSpec *spec, json_t *asked, const char *pin,
	StationDone done, void *userdata)
{
	runtime_ask(station,
		&(StationRequest){
			.spec = spec, .asked = asked, .pin = pin, .done = done, .userdata = userdata });
}

/* ---- people ---- */

void station_enrol(Station *station, const char *badge, const char *name, const char *pin, const char *roles,
	StationDone done, void *userdata)
{
	ask_signed(station, &command_enrol,
		json_pack("{s:s, s:s, s:s}", "badge", badge, "name", name, "roles", roles), pin, done,
		userdata);
}

/** Compares the code that somebody gave with the one that was printed; several wrong ones end it. */
static const char *compare_code(Station *station, const char *code)
{
	State *state = &station->state;

	if (!state->people.code[0])
		return "no_code";
	if (enrolment_code_matches(state->people.code, code))
		return "right_code";
	wrong_code_apply(state, state->people.wrong_codes + 1 >= ENROLMENT_ATTEMPTS);
	log_warning("a wrong enrolment code was given, %u of at most %d", state->people.wrong_codes,
		ENROLMENT_ATTEMPTS);
	return "wrong_code";
}

void station_enrol_first(Station *station, const char *code, const char *badge, const char *name,
	const char *pin, StationDone done, void *userdata)
{
	ask_signed(station, &command_enrol_first,
		json_pack("{s:s, s:s, s:s, s:b}", "badge", badge, "name", name, "roles", "administrator",
			compare_code(station, code), 1),
		pin, done, userdata);
}

void station_change_pin(Station *station, const char *badge, const char *pin, const char *new_pin,
	StationDone done, void *userdata)
{
	runtime_ask(station, &(StationRequest){
				     .spec = &command_change_pin,
				     .asked = json_pack("{s:s}", "badge", badge),
				     .pin = pin,
				     .new_pin = new_pin,
				     .done = done,
				     .userdata = userdata,
			     });
}

void station_sign_in(Station *station, const char *badge, const char *pin, const char *holder,
	StationDone done, void *userdata)
{
	ask_signed(station, &command_sign_in, json_pack("{s:s, s:s}", "badge", badge, "holder", holder), pin,
		done, userdata);
}

void station_sign_out(Station *station, StationDone done, void *userdata)
{
	ask(station, &command_sign_out, NULL, done, userdata);
}

/* ---- the session ---- */

void station_begin(Station *station, const char *subject, const char *protocol, uint32_t course_session,
	bool is_new_person, StationDone done, void *userdata)
{
	ask(station, &command_begin,
		json_pack("{s:s, s:s, s:I, s:b}", "subject", subject, "protocol", protocol, "course_session",
			(json_int_t)course_session, "new", is_new_person),
		done, userdata);
}

void station_screening(Station *station, json_t *answers, StationDone done, void *userdata)
{
	ask(station, &command_screening, json_pack("{s:O}", "answers", answers), done, userdata);
}

void station_consent(Station *station, const char *consent, const char *version, bool given, StationDone done,
	void *userdata)
{
	/* a consent that is withdrawn stops the needle before anything else */
	if (!given)
		station_stop_now(station);
	ask(station, &command_consent,
		json_pack("{s:s, s:s, s:b}", "consent", consent, "version", version, "given", given), done,
		userdata);
}

void station_select_zone(Station *station, const char *zone, const char *skin_type, uint32_t area_mm2,
	StationDone done, void *userdata)
{
	ask(station, &command_zone,
		json_pack("{s:s, s:s, s:I}", "zone", zone, "skin_type", skin_type, "area_mm2",
			(json_int_t)area_mm2),
		done, userdata);
}

void station_mount_needle(Station *station, const char *code, bool scanned, StationDone done, void *userdata)
{
	CommandLabel label;

	label_take(station, code, scanned, &label);
	runtime_ask(station,
		&(StationRequest){
			.spec = &command_mount, .label = &label, .done = done, .userdata = userdata });
}

void station_remove_needle(Station *station, const char *reason, StationDone done, void *userdata)
{
	ask(station, &command_remove, json_pack("{s:s}", "reason", reason), done, userdata);
}

void station_load_pigment(Station *station, const char *brand, const char *colour, const char *lot,
	const char *expiry, StationDone done, void *userdata)
{
	ask(station, &command_pigment,
		json_pack("{s:s, s:s, s:s, s:s}", "brand", brand, "colour", colour, "lot", lot, "expiry",
			expiry),
		done, userdata);
}

void station_take_picture(
	Station *station, const char *zone, const char *phase, StationDone done, void *userdata)
{
	ask(station, &command_picture, json_pack("{s:s, s:s}", "zone", zone, "phase", phase), done, userdata);
}

void station_preview(Station *station, const char *zone, StationDone done, void *userdata)
{
	ask(station, &command_preview, json_pack("{s:s}", "zone", zone), done, userdata);
}

void station_self_test(Station *station, StationDone done, void *userdata)
{
	ask(station, &command_self_test, NULL, done, userdata);
}

size_t station_refusals(Station *station, Refusal ret[INTERLOCK_MAX])
{
	station_look(station);
	return refusals_of(&station->state, ret);
}

void station_arm(Station *station, StationDone done, void *userdata)
{
	ask(station, &command_arm, NULL, done, userdata);
}

void station_disarm(Station *station, StationDone done, void *userdata)
{
	ask(station, &command_disarm, NULL, done, userdata);
}

void station_pause(Station *station, StationDone done, void *userdata)
{
	ask(station, &command_pause, NULL, done, userdata);
}

void station_resume(Station *station, StationDone done, void *userdata)
{
	ask(station, &command_resume, NULL, done, userdata);
}

void station_finish(Station *station, StationDone done, void *userdata)
{
	ask(station, &command_finish, NULL, done, userdata);
}

void station_sign(Station *station, const char *pin, const char *meaning, StationDone done, void *userdata)
{
	ask_signed(station, &command_sign, json_pack("{s:s}", "meaning", meaning), pin, done, userdata);
}

void station_abandon(Station *station, const char *reason, StationDone done, void *userdata)
{
	ask(station, &command_abandon, json_pack("{s:s}", "reason", reason), done, userdata);
}

void station_acknowledge(
	Station *station, const char *note, const char *pin, StationDone done, void *userdata)
{
	ask_signed(station, &command_acknowledge, json_pack("{s:s}", "note", note), pin, done, userdata);
}

void station_shutdown(Station *station, StationDone done, void *userdata)
{
	StationReply reply = { 0 };

	/* nobody waits for the answer: the needle stands still before the board has even been asked */
	if (station->options.control)
		(void)!control_disarm(station->options.control, 0);
	if (!station->options.ledger) {
		done(userdata, &reply);
		return;
	}
	station_end_contact(station);
	station_flush_strokes(station);
	runtime_ask(station,
		&(StationRequest){
			.spec = &command_shutdown, .internal = true, .done = done, .userdata = userdata });
}

/* ---- forms and stock ---- */

void station_enter(Station *station, FormPlace place, const char *kind, json_t *fields, const char *pin,
	StationDone done, void *userdata)
{
	runtime_ask(station, &(StationRequest){
				     .spec = &command_form,
				     .asked = json_pack("{s:s, s:O}", "kind", kind, "fields", fields),
				     .form = form_find(place, kind),
				     .pin = pin,
				     .done = done,
				     .userdata = userdata,
			     });
}

void station_receive_lot(Station *station, json_t *lot, StationDone done, void *userdata)
{
	ask(station, &command_receive_lot, json_incref(lot), done, userdata);
}

void station_attach_certificate(
	Station *station, json_t *fields, const void *data, size_t size, StationDone done, void *userdata)
{
	runtime_ask(station, &(StationRequest){
				     .spec = &command_certificate,
				     .asked = json_incref(fields),
				     .attachment = data,
				     .attachment_size = size,
				     .done = done,
				     .userdata = userdata,
			     });
}

/* ---- auditors ---- */

/** Adds who reads, as the record of the access says. Takes and returns `asked`. */
static json_t *read_by(const Station *station, const StationCaller *caller, json_t *asked)
{
	if (asked)
		(void)!json_object_update_new(
			asked, json_pack("{s:I, s:s, s:b}", "uid", (json_int_t)caller->uid, "account",
				       caller->user, "signed_in", station_caller_signed_in(station, caller)));
	return asked;
}

static bool is_query(const char *query)
{
	for (const char *const *name = ledger_query_names(); *name; name++)
		if (strcmp(*name, query) == 0)
			return true;
	return false;
}

void station_audit(Station *station, const StationCaller *caller, const char *query, json_t *arguments,
	int fd, StationDone done, void *userdata)
{
	bool known = is_query(query);

	station_look(station);
	if (known && facts_profile_arguments(station, query, arguments) < 0)
		known = false;
	runtime_ask(station, &(StationRequest){
				     .spec = &command_audit,
				     .asked = read_by(station, caller,
					     json_pack("{s:s, s:O, s:b}", "query", query, "arguments",
						     arguments, "is_known", known)),
				     .fd = fd,
				     .done = done,
				     .userdata = userdata,
			     });
}

void station_open_picture(Station *station, const char *file, StationDone done, void *userdata)
{
	ask(station, &command_open_picture, json_pack("{s:s}", "file", file), done, userdata);
}

void station_audit_picture(
	Station *station, const StationCaller *caller, const char *file, StationDone done, void *userdata)
{
	ask(station, &command_audit_picture, read_by(station, caller, json_pack("{s:s}", "file", file)), done,
		userdata);
}

void station_audit_copy(Station *station, const StationCaller *caller, const char *copy, const char *file,
	uint64_t records, StationDone done, void *userdata)
{
	ask(station, &command_audit_copy,
		read_by(station, caller,
			json_pack("{s:s, s:s, s:I}", "copy", copy, "file", file, "records",
				records > INT64_MAX ? (json_int_t)-1 : (json_int_t)records)),
		done, userdata);
}

void station_prove(
	Station *station, const StationCaller *caller, uint64_t record, StationDone done, void *userdata)
{
	ask(station, &command_prove,
		read_by(station, caller, json_pack("{s:I}", "record", (json_int_t)record)), done, userdata);
}

void station_rotate_key(Station *station, StationDone done, void *userdata)
{
	ask(station, &command_rotate_key, NULL, done, userdata);
}

void station_verify(Station *station, const StationCaller *caller, StationDone done, void *userdata)
{
	ask(station, &command_verify, read_by(station, caller, json_object()), done, userdata);
}
