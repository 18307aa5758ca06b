/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The steps of a session, from its begin to its signature. A step must not count as taken before its record
 * is committed. A step that ends the work stops the needle first.
 */

#include "core/station-private.h"

#include <string.h>

#include "util/log.h"

#define ZONES                                                                                             \
	"frontal-hairline, frontal, left-temple, right-temple, mid-scalp, crown, left-side, right-side, " \
	"occipital, nape, scar-1 to scar-4"

/* ---- begin ---- */

static void begin_committed(Operation *operation, const LedgerAnswer *answer)
{
	Station *station = operation->station;

	station_session_reset(station);
	station->begun_us = station->last_break_us = station_now_us(station);
	operation->reply.number = station->state.session.number;
	station_arrive(station, SESSION_PREPARING);
	station_notify(station, STATION_CHANGED_ZONE);
	operation_done(operation);
}

#define UNREADABLE "the earlier sessions could not be read (%s): try again"

/** Ends the operation unless the session is the one that the course has next, or one before. */
static bool fits_course(Operation *operation, const json_t *course)
{
	const char *subject = json_string_value(json_object_get(operation->body, "subject"));
	const char *wanted = json_string_value(json_object_get(operation->body, "protocol"));
	const char *protocol = json_string_value(json_object_get(course, "protocol"));
	json_int_t session = json_integer_value(json_object_get(operation->body, "course_session"));
	json_int_t planned = json_integer_value(json_object_get(course, "sessions"));
	json_int_t done = json_integer_value(json_object_get(course, "done"));

	if (strcmp(wanted, protocol) != 0)
		operation_fail(operation, STATION_ERROR_INVALID,
			"the course of %s is planned with protocol %s, not %s: begin that, or plan anew",
			subject, protocol, wanted);
	else if (session > planned)
		operation_fail(operation, STATION_ERROR_INVALID,
			"the course of %s is planned with %lld sessions: plan more before session %lld",
			subject, (long long)planned, (long long)session);
	else if (session > done + 1)
		operation_fail(operation, STATION_ERROR_INVALID,
			"session %lld of the course of %s has not taken place: begin that one",
			(long long)done + 1, subject);
	else
		return true;
	return false;
}

static void course_found(void *userdata, int error, json_t *rows)
{
	Operation *operation = userdata;
	Station *station = operation->station;
	const json_t *course = json_array_get(rows, 0);

	if (error < 0) {
		operation_fail(operation, STATION_ERROR_LEDGER, UNREADABLE, strerror(-error));
		return;
	}
	if (course && !fits_course(operation, course))
		return;
	json_object_set_new(operation->body, "interval_days",
		json_integer(json_integer_value(json_object_get(course, "interval_days"))));
	json_object_set_new(operation->body, "session", json_integer((json_int_t)station->next_session++));
	operation_record_prepared(operation, "session.begun", begin_committed);
}

static void add_last_session(json_t *body, int64_t utc_us)
{
	char time[CLOCK_UTC_TEXT_MAX];

	if (utc_us == 0)
		return;
	clock_format_utc(utc_us, time);
	json_object_set_new(body, "last_session", json_sprintf("%.19sZ", time));
}

/** The row is the subject's newest session: the interlock measures the interval from it. */
static void subject_found(void *userdata, int error, json_t *rows)
{
	Operation *operation = userdata;
	Station *station = operation->station;
	json_auto_t *arguments = json_pack("{s:O}", "subject", json_object_get(operation->body, "subject"));
	int r = error;

	if (operation_given_up(operation))
		return;
	add_last_session(
		operation->body, json_integer_value(json_object_get(json_array_get(rows, 0), "utc_us")));
	if (r >= 0)
		r = ledger_lookup(station->options.ledger, "courses", arguments, course_found, operation);
	operation->at_ledger = r >= 0;
	if (r < 0)
		operation_fail(operation, STATION_ERROR_LEDGER, UNREADABLE, strerror(-r));
}

/** With what the person is told for afterwards: the file may say something else when somebody asks. */
static json_t *begin_body(const Protocol *protocol, const char *subject, uint32_t course_session)
{
	json_t *aftercare = json_array();

	for (size_t i = 0; aftercare && i < protocol->n_aftercare; i++)
		json_array_append_new(aftercare, json_string(protocol->aftercare[i]));
	return json_pack("{s:s, s:s, s:i, s:s, s:i, s:o}", "subject", subject, "protocol", protocol->name,
		"course_session", (int)course_session, "title", protocol->title, "sessions",
		(int)protocol->sessions, "aftercare", aftercare);
}

/** The row is the person's, in the spelling on record. */
static void person_found(void *userdata, int error, json_t *rows)
{
	Operation *operation = userdata;
	Station *station = operation->station;
	const char *subject = json_string_value(json_object_get(operation->body, "subject"));
	json_t *known = json_object_get(json_array_get(rows, 0), "subject");
	json_auto_t *arguments =
		json_pack("{s:O}", "subject", known ? known : json_object_get(operation->body, "subject"));
	int r = error;

	if (operation_given_up(operation))
		return;
	if (r >= 0 && !operation_person_ok(
			      operation, subject, rows, "session begin ... new", "begin without `new`"))
		return;
	if (r >= 0)
		r = arguments && (!known || json_object_set(operation->body, "subject", known) == 0)
			    ? ledger_lookup(
				      station->options.ledger, "treated", arguments, subject_found, operation)
			    : -ENOMEM;
	operation->at_ledger = r >= 0;
	if (r < 0)
		operation_fail(operation, STATION_ERROR_LEDGER, UNREADABLE, strerror(-r));
}

void station_begin(Station *station, const char *subject, const char *protocol, uint32_t course_session,
	bool is_new_person, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, true, done, userdata);
	json_auto_t *arguments = NULL;
	const Protocol *found;
	int r;

	if (!operation || !operation_signed_in(operation, "technician") ||
		!operation_allowed(operation, SESSION_EVENT_BEGIN))
		return;
	if (!text_is_identifier(subject, 64)) {
		operation_fail(operation, STATION_ERROR_INVALID, STATION_BAD_SUBJECT);
		return;
	}
	found = protocols_find(&station->state.protocols, protocol);
	if (!found) {
		operation_fail(operation, STATION_ERROR_UNKNOWN, "there is no protocol \"%.48s\" in %s",
			protocol, station->options.config->protocol_folder);
		return;
	}
	if (course_session < 1 || course_session > found->sessions) {
		operation_fail(operation, STATION_ERROR_INVALID, "protocol %s has sessions 1 to %u, not %u",
			protocol, found->sessions, course_session);
		return;
	}
	operation->is_new_person = is_new_person;
	operation->body = begin_body(found, subject, course_session);
	arguments = json_pack("{s:s}", "subject", subject);
	r = operation->body && arguments
		    ? ledger_lookup(station->options.ledger, "person", arguments, person_found, operation)
		    : -ENOMEM;
	operation->at_ledger = r >= 0;
	if (r < 0)
		operation_fail(operation, STATION_ERROR_LEDGER, UNREADABLE, strerror(-r));
}

/* ---- screening and consent ---- */

static void step_committed(Operation *operation, const LedgerAnswer *answer)
{
	station_notify(operation->station, STATION_CHANGED_STATE);
	operation_done(operation);
}

static bool screening_complete(Operation *operation, json_t *answers)
{
	const Protocol *protocol = operation->station->state.session.protocol;

	for (size_t i = 0; i < protocol->n_screening; i++) {
		if (json_is_boolean(json_object_get(answers, protocol->screening[i])))
			continue;
		operation_fail(operation, interlock_error_name(INTERLOCK_SCREENING),
			"the screening question \"%s\" is not answered: answer all %zu with yes or no",
			protocol->screening[i], protocol->n_screening);
		return false;
	}
	if (json_object_size(answers) == protocol->n_screening)
		return true;
	operation_fail(operation, STATION_ERROR_INVALID, "protocol %s asks %zu screening questions, not %zu",
		protocol->name, protocol->n_screening, json_object_size(answers));
	return false;
}

void station_screening(Station *station, json_t *answers, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, true, done, userdata);
	json_auto_t *refused = json_array();

	if (!operation || !operation_signed_in(operation, "technician") ||
		!operation_in_states(operation, STATE_BIT(SESSION_PREPARING) | STATE_BIT(SESSION_PAUSED)) ||
		!screening_complete(operation, answers))
		return;
	for (size_t i = 0; i < station->state.session.protocol->n_screening; i++) {
		const char *question = station->state.session.protocol->screening[i];

		if (station->state.session.protocol->screening_refuses[i] &&
			json_is_true(json_object_get(answers, question)))
			json_array_append_new(refused, json_string(question));
	}
	operation_record(operation, "session.screening",
		station_with_session(
			station, json_pack("{s:O, s:O}", "answers", answers, "refused", refused)),
		NULL, step_committed);
}

static void consent_disarmed(Operation *operation)
{
	operation_record_prepared(operation, "session.consent", step_committed);
}

void station_consent(Station *station, const char *consent, const char *version, bool given, StationDone done,
	void *userdata)
{
	Operation *operation = given ? operation_new(station, true, done, userdata)
				     : operation_new_stop(station, done, userdata);

	if (!operation || !operation_signed_in(operation, "technician") ||
		!operation_in_states(operation, ~(STATE_BIT(SESSION_IDLE) | STATE_BIT(SESSION_FAULT))) ||
		!operation_text_ok(operation, "the version of the consent form", version, 32))
		return;
	if (strcmp(consent, "treatment") != 0 && strcmp(consent, "photographs") != 0) {
		operation_fail(operation, STATION_ERROR_INVALID,
			"there are consents to \"treatment\" and to \"photographs\", not to \"%.32s\"",
			consent);
		return;
	}
	operation->body = station_with_session(station,
		json_pack("{s:s, s:s, s:b}", "consent", consent, "version", version, "given", given));
	/* a withdrawn consent stops the treatment before it is written down */
	if (given)
		consent_disarmed(operation);
	else
		operation_disarm_then(operation, consent_disarmed);
}

/* ---- zone ---- */

static void zone_committed(Operation *operation, const LedgerAnswer *answer)
{
	Station *station = operation->station;

	station_strokes_reset(station);
	station_notify(station, STATION_CHANGED_ZONE | STATION_CHANGED_COUNTS);
	operation_done(operation);
}

/** What was done in the zone before comes before the new one on record. */
static void zone_disarmed(Operation *operation)
{
	station_end_contact(operation->station);
	station_flush_strokes(operation->station);
	if (operation->station->chunk.samples > 0)
		operation_fail(operation, STATION_ERROR_LEDGER,
			"the last strokes of the zone before cannot be recorded now: try again");
	else
		operation_record_prepared(operation, "session.zone", zone_committed);
}

void station_select_zone(Station *station, const char *zone, const char *skin_type, uint32_t area_mm2,
	StationDone done, void *userdata)
{
	Zone z = zone_from_string(zone);
	SkinType skin = skin_type_from_string(skin_type);
	Operation *operation = operation_new(station, true, done, userdata);
	const ZonePlan *plan;

	if (!operation || !operation_signed_in(operation, "technician") ||
		!operation_in_states(operation,
			STATE_BIT(SESSION_PREPARING) | STATE_BIT(SESSION_READY) | STATE_BIT(SESSION_PAUSED)))
		return;
	if ((int)z < 0 || (int)skin < 0) {
		operation_fail(operation, STATION_ERROR_INVALID,
			(int)z < 0 ? "there is no zone \"%.32s\": " ZONES
				   : "there is no skin type \"%.32s\": normal, scar, atrophic, plug",
			(int)z < 0 ? zone : skin_type);
		return;
	}
	if (area_mm2 < 1 || area_mm2 > 100000) {
		operation_fail(operation, STATION_ERROR_INVALID, "the area must be 1 to 100000 mm2, not %u",
			area_mm2);
		return;
	}
	plan = protocol_plan(station->state.session.protocol, station->state.session.course_session, z, skin);
	if (!plan) {
		operation_fail(operation, STATION_ERROR_INVALID, "protocol %s has no plan for %s",
			station->state.session.protocol->name, zone);
		return;
	}
	operation->body = station_with_session(
		station, json_pack("{s:s, s:s, s:i, s:i, s:i, s:i}", "zone", zone, "skin_type", skin_type,
				 "area_mm2", (int)area_mm2, "target", plan->density, "depth_min_um",
				 plan->depth_min_um, "depth_max_um", plan->depth_max_um));
	operation_disarm_then(operation, zone_disarmed);
}

/* ---- pictures ---- */

static json_t *picture_body(const Operation *operation, const StationPicture *picture)
{
	return json_pack("{s:O, s:O, s:f, s:f}", "zone", json_object_get(operation->body, "zone"), "phase",
		json_object_get(operation->body, "phase"), "focus", picture->focus, "exposure",
		picture->exposure);
}

/** What the camera tells; it need not. */
static void add_camera(json_t *body, const StationPicture *picture)
{
	if (picture->camera && picture->camera[0])
		json_object_set_new(body, "camera", json_string(picture->camera));
	if (picture->exposure_us > 0)
		json_object_set_new(body, "exposure_us", json_integer(picture->exposure_us));
	if (picture->gain_milli > 0)
		json_object_set_new(body, "gain_milli", json_integer(picture->gain_milli));
}

/** A photograph that is not on record would be out of reach of an erasure. */
static void capture_ended(void *userdata, const StationReply *reply)
{
	Operation *operation = userdata;
	const char *file = json_string_value(json_object_get(operation->body, "file"));

	if (reply->error && file)
		station_discard_images(operation->station, json_pack("[{s:s}]", "file", file));
	operation->capture_done(operation->capture_userdata, reply);
}

static void picture_committed(Operation *operation, const LedgerAnswer *answer)
{
	const char *file = json_string_value(json_object_get(operation->body, "file"));

	station_notify(operation->station, STATION_CHANGED_ZONE);
	snprintf(operation->reply.detail, sizeof operation->reply.detail, "%s", file);
	operation->reply.figures = json_incref(operation->body);
	operation_done(operation);
}

static void picture_refused(Operation *operation, const LedgerAnswer *answer)
{
	char text[STATION_TEXT_MAX];

	snprintf(text, sizeof text, "%s", json_string_value(json_object_get(operation->body, "text")));
	operation_fail(operation, STATION_ERROR_PICTURE, "%s", text);
}

static void preview_done(Operation *operation, const StationPicture *picture)
{
	StationReply *reply = &operation->reply;

	snprintf(reply->detail, sizeof reply->detail, "%s", picture->verdict ? picture->verdict : "good");
	snprintf(reply->text, sizeof reply->text, "%s", picture->text);
	reply->picture = picture->preview;
	operation_done(operation);
}

void station_picture(Station *station, const StationPicture *picture)
{
	Operation *operation = operation_by_ticket(station, picture->ticket);
	json_t *body;

	if (!operation)
		return;
	operation->ticket = 0;
	if (picture->error < 0) {
		operation_fail(operation, STATION_ERROR_CAMERA, "%s", picture->text);
		return;
	}
	if (operation->is_preview) {
		preview_done(operation, picture);
		return;
	}
	body = station_with_session(station, picture_body(operation, picture));
	if (picture->verdict) {
		if (body)
			json_object_update_new(body,
				json_pack("{s:s, s:s}", "verdict", picture->verdict, "text", picture->text));
		operation_record(operation, "image.refused", body, NULL, picture_refused);
		return;
	}
	if (body)
		json_object_update_new(
			body, json_pack("{s:s, s:s, s:I, s:i, s:i}", "file", picture->file, "sha256",
				      picture->sha256, "bytes", (json_int_t)picture->bytes, "width",
				      (int)picture->width, "height", (int)picture->height));
	add_camera(body, picture);
	operation->capture_done = operation->done;
	operation->capture_userdata = operation->userdata;
	operation->done = capture_ended;
	operation->userdata = operation;
	operation_record(operation, "image.captured", body, NULL, picture_committed);
}

static void describe_scene(const Station *station, Zone zone, StippleScene *ret)
{
	const Session *session = &station->state.session;

	snprintf(ret->zone, sizeof ret->zone, "%s", zone_to_string(zone));
	snprintf(ret->skin_type, sizeof ret->skin_type, "%s", skin_type_to_string(session->skin));
	ret->area_mm2 = session_zone(session)->area_mm2;
	ret->dots = session->zones[zone].statistics.dots;
	for (const char *s = session->subject; *s; s++)
		ret->seed = ret->seed * 31 + (unsigned char)*s;
}

/** Whether pictures may be taken now; otherwise the operation is over. */
static bool may_look(Operation *operation, Zone zone, bool phase_known)
{
	if (!operation_signed_in(operation, "technician") ||
		!operation_in_states(operation, STATE_BIT(SESSION_PREPARING) | STATE_BIT(SESSION_PAUSED) |
							STATE_BIT(SESSION_CLOSING)))
		return false;
	if ((int)zone < 0 || !phase_known) {
		operation_fail(operation, STATION_ERROR_INVALID,
			(int)zone < 0 ? "a picture is of one of the zones: " ZONES
				      : "a picture is taken \"before\" or \"after\"");
		return false;
	}
	if (operation->station->state.session.consent_photographs)
		return true;
	operation_fail(operation, interlock_error_name(INTERLOCK_CONSENT),
		"the client has not consented to photographs: record the consent first");
	return false;
}

/** What is photographed after the first stroke shows no skin from before. */
static bool is_in_time(Operation *operation, Zone zone, const char *phase)
{
	const ZoneStatistics *statistics = &operation->station->state.session.zones[zone].statistics;

	if (strcmp(phase, "before") != 0 || statistics->strokes == 0)
		return true;
	operation_fail(operation, STATION_ERROR_STATE,
		"zone %s has had %llu strokes in this session: what is photographed now is \"after\"",
		zone_to_string(zone), (unsigned long long)statistics->strokes);
	return false;
}

static void start_capture(Operation *operation, Zone zone, StationCapture *capture)
{
	Station *station = operation->station;
	int r;

	operation->ticket = ++station->next_ticket;
	capture->ticket = operation->ticket;
	describe_scene(station, zone, &capture->scene);
	r = station->options.capture ? station->options.capture(station->options.capture_userdata, capture)
				     : -ENODEV;
	if (r < 0)
		operation_fail(operation, STATION_ERROR_CAMERA,
			r == -EAGAIN
				? "the camera is busy with another picture: try again"
				: "there is no camera: connect one and set [camera] plugin, then run `stipplectl doctor`");
}

void station_take_picture(
	Station *station, const char *zone, const char *phase, StationDone done, void *userdata)
{
	Zone z = zone_from_string(zone);
	bool known = strcmp(phase, "before") == 0 || strcmp(phase, "after") == 0;
	Operation *operation = operation_new(station, true, done, userdata);
	StationCapture capture = { 0 };

	if (!operation || !may_look(operation, z, known) || !is_in_time(operation, z, phase))
		return;
	operation->body = json_pack("{s:s, s:s}", "zone", zone, "phase", phase);
	image_name_make(
		&(ImageName){ station->state.session.number, clock_read(station->options.clock).utc_us },
		zone, phase, capture.name);
	start_capture(operation, z, &capture);
}

void station_preview(Station *station, const char *zone, StationDone done, void *userdata)
{
	Zone z = zone_from_string(zone);
	Operation *operation = operation_new(station, false, done, userdata);
	StationCapture capture = { .preview = true };

	if (!operation || !may_look(operation, z, true))
		return;
	operation->is_preview = true;
	start_capture(operation, z, &capture);
}

/* ---- break, end ---- */

static void pause_disarmed(Operation *operation)
{
	operation_transition(operation, SESSION_EVENT_PAUSE);
}

void station_pause(Station *station, StationDone done, void *userdata)
{
	Operation *operation = operation_new_stop(station, done, userdata);

	if (operation && operation_allowed(operation, SESSION_EVENT_PAUSE))
		operation_disarm_then(operation, pause_disarmed);
}

void station_resume(Station *station, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, true, done, userdata);

	if (operation && operation_signed_in(operation, "technician") &&
		operation_allowed(operation, SESSION_EVENT_RESUME) && operation_goes_on(operation))
		operation_transition(operation, SESSION_EVENT_RESUME);
}

static void finish_committed(Operation *operation, const LedgerAnswer *answer)
{
	station_arrive(operation->station, SESSION_CLOSING);
	operation->reply.figures = json_incref(operation->body);
	operation_done(operation);
}

static void finish_disarmed(Operation *operation)
{
	Station *station = operation->station;
	const Session *session = &station->state.session;

	station_end_contact(station);
	station_flush_strokes(station);
	station_needle_removed(station, "session finished");
	operation_record(operation, "session.finished",
		station_with_session(station,
			json_pack("{s:I, s:I, s:i, s:I}", "dots", (json_int_t)session->dots, "strokes",
				(json_int_t)session->strokes, "needles", (int)session->needles, "worked_s",
				(json_int_t)(station->worked_us / USEC_PER_SEC))),
		NULL, finish_committed);
}

void station_finish(Station *station, StationDone done, void *userdata)
{
	Operation *operation = operation_new_stop(station, done, userdata);

	if (operation && operation_signed_in(operation, "technician") &&
		operation_allowed(operation, SESSION_EVENT_FINISH))
		operation_disarm_then(operation, finish_disarmed);
}

static void session_ended(Operation *operation, const LedgerAnswer *answer)
{
	Station *station = operation->station;

	station_session_reset(station);
	station_lamps(station);
	station_notify(station, STATION_CHANGED_STATE | STATION_CHANGED_ZONE | STATION_CHANGED_COUNTS);
	operation_done(operation);
}

/* what the signature stands for, whatever its signer says of it: that is personal, and may be erased */
#define SIGNED_FOR "the session was done as recorded"

static void sign_accepted(Operation *operation)
{
	operation_record(operation, "session.signed",
		station_with_session(operation->station,
			json_pack("{s:s, s:s}", "meaning", operation->query, "signed", SIGNED_FOR)),
		NULL, session_ended);
}

void station_sign(Station *station, const char *pin, const char *meaning, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, true, done, userdata);

	if (!operation || !operation_signed_in(operation, "technician") ||
		!operation_allowed(operation, SESSION_EVENT_SIGN) ||
		!operation_text_ok(operation, "the meaning of the signature", meaning, STATION_NAME_MAX - 1))
		return;
	snprintf(operation->query, sizeof operation->query, "%s", meaning);
	operation_sign(operation, pin, sign_accepted);
}

static void abandon_disarmed(Operation *operation)
{
	Station *station = operation->station;

	station_end_contact(station);
	station_flush_strokes(station);
	station_needle_removed(station, "session abandoned");
	operation_record(operation, "session.abandoned",
		station_with_session(station, json_pack("{s:s}", "reason", operation->query)), NULL,
		session_ended);
}

void station_abandon(Station *station, const char *reason, StationDone done, void *userdata)
{
	Operation *operation = operation_new_stop(station, done, userdata);

	if (!operation || !operation_signed_in(operation, "technician") ||
		!operation_allowed(operation, SESSION_EVENT_ABANDON) ||
		!operation_text_ok(operation, "the reason", reason, STATION_NAME_MAX - 1))
		return;
	snprintf(operation->query, sizeof operation->query, "%s", reason);
	operation_disarm_then(operation, abandon_disarmed);
}
