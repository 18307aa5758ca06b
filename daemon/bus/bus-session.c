/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The object Session: methods for the steps of a session, and properties that show it. It passes arguments
 * on. The station decides whether a step may be taken.
 */

#include "bus/bus-private.h"

#include <string.h>

#include "decide/client-card.h"
#include "decide/screening-facts.h"
#include "state/density.h"
#include "util/text.h"

/* ---- methods ---- */

static int append_capture(Call *call, sd_bus_message *message, const StationReply *reply)
{
	int r = append_detail(call, message, reply);

	return r < 0 ? r : append_fields(message, reply->figures);
}

static void run_session_picture(Call *call, Station *station, Arguments *arguments)
{
	const char *file = json_string_value(json_object_get(arguments->asked, "file"));
	StationCaller caller = peer_caller(call->peer);

	if (!station_has_role(station, "technician"))
		call_refuse(call, interlock_error_name(INTERLOCK_OPERATOR),
			"nobody is signed in: sign in with badge and PIN first");
	else if (!station_caller_signed_in(station, &caller))
		call_refuse(call, STATION_ERROR_NOT_YOURS, STATION_NOT_YOURS);
	else if (!text_is_identifier(file ? file : "", STATION_NAME_MAX - 1))
		call_refuse(call, STATION_ERROR_INVALID, "this is no name of a photograph");
	else
		station_ask(station, &(StationRequest){
					     .spec = &command_open_picture,
					     .asked = json_incref(arguments->asked),
					     .done = call_answered,
					     .userdata = call,
				     });
}

static int append_preview(Call *call, sd_bus_message *message, const StationReply *reply)
{
	return sd_bus_message_append(message, "hss", reply->picture, reply->detail, reply->text);
}

/** For methods whose results say what the station already knows. */
static void run_reading(Call *call, Station *station, Arguments *arguments)
{
	call_answered(call, &(StationReply){ 0 });
}

static int append_refusals(Call *call, sd_bus_message *message, const StationReply *reply)
{
	Refusal refusals[INTERLOCK_MAX];
	size_t n = station_refusals(call->bus->station, refusals);
	int r = sd_bus_message_open_container(message, 'a', "(sss)");

	for (size_t i = 0; i < n && r >= 0; i++)
		r = sd_bus_message_append(message, "(sss)", interlock_to_string(refusals[i].interlock),
			text_repair(refusals[i].text), interlock_error_name(refusals[i].interlock));
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_consent_texts(Call *call, sd_bus_message *message, const StationReply *reply)
{
	const ConsentTexts *texts = &station_state(call->bus->station)->consents;
	int r = sd_bus_message_open_container(message, 'a', "(sssss)");

	for (size_t i = 0; i < texts->n && r >= 0; i++)
		r = sd_bus_message_append(message, "(sssss)", consent_form_to_string(texts->list[i].form),
			texts->list[i].version, texts->list[i].language, texts->list[i].text,
			texts->list[i].sha256);
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static const Member session_members[] = {
	{ "Record", ACTION_OPERATE, .command = &command_form, .results = append_number },
	{ "Client", ACTION_OPERATE, .command = &command_client, .results = append_figures },
	{ "Begin", ACTION_OPERATE, .command = &command_begin, .results = append_number },
	{ "BeginNew", ACTION_OPERATE, .command = &command_begin, .with = "new", .results = append_number },
	{ "ShowClient", ACTION_OPERATE, .command = &command_show_client, .results = append_figures },
	{ "Questions", ACTION_OPERATE, .command = &command_questions, .results = append_figures },
	{ "AnswerScreening", ACTION_OPERATE, .command = &command_screening },
	{ "RecordConsent", ACTION_OPERATE, MEMBER_WITHDRAWS, .command = &command_consent },
	{ "SignConsent", ACTION_OPERATE, .command = &command_signature },
	{ "ConsentTexts", ACTION_STATION, .run = run_reading, .results = append_consent_texts },
	{ "SelectZone", ACTION_OPERATE, .command = &command_zone },
	{ "MountNeedle", ACTION_OPERATE, .command = &command_mount, .results = append_detail },
	{ "MountScanned", ACTION_OPERATE, .command = &command_mount, .with = "scanned",
		.results = append_detail },
	{ "RemoveNeedle", ACTION_OPERATE, MEMBER_STOPS, .command = &command_remove },
	{ "LoadPigment", ACTION_OPERATE, .command = &command_pigment },
	{ "Capture", ACTION_OPERATE, .command = &command_picture, .results = append_capture },
	{ "Preview", ACTION_OPERATE, .command = &command_preview, .results = append_preview },
	{ "OpenPicture", ACTION_OPERATE, .run = run_session_picture, .results = append_picture },
	{ "Refusals", ACTION_STATION, .run = run_reading, .results = append_refusals },
	{ "Arm", ACTION_OPERATE, .command = &command_arm },
	{ "Disarm", ACTION_OPERATE, MEMBER_STOPS, .command = &command_disarm },
	{ "Pause", ACTION_OPERATE, MEMBER_STOPS, .command = &command_pause },
	{ "Resume", ACTION_OPERATE, .command = &command_resume },
	{ "Finish", ACTION_OPERATE, MEMBER_STOPS, .command = &command_finish, .results = append_figures },
	{ "Sign", ACTION_OPERATE, .command = &command_sign },
	{ "Abandon", ACTION_OPERATE, MEMBER_STOPS, .command = &command_abandon },
	{ 0 },
};

/* ---- properties ---- */

/** The state of the session, and what it is about. */
static int append_session_step(const Bus *bus, const char *name, sd_bus_message *message)
{
	const State *now = station_state(bus->station);
	const Session *session = &station_state(bus->station)->session;
	const SessionRecovery *recovery = &session->recovery;
	const BusValue values[] = {
		{ "State", 's', session_state_to_string(now->work.phase) },
		{ "Session", 't', .number = session->number },
		{ "Subject", 's', session->subject },
		{ "Practitioner", 's', session->practitioner },
		{ "PractitionerName", 's', session->practitioner_name },
		{ "Protocol", 's', session->protocol_name },
		{ "ClientLanguage", 's', client_language(now) },
		{ "CourseSession", 'u', .number = session->course_session },
		{ "ConsentTreatment", 'b', .number = session->consent_treatment },
		{ "ConsentPhotographs", 'b', .number = session->consent_photographs },
		{ "AftercareReceived", 'b', .number = session->aftercare_received },
		{ "NeedlesSealed", 'b', .number = session->needles_sealed },
		{ "ScreeningDone", 'b', .number = screening_is_complete(now) },
		{ "StoppedAt", 'x', .number = recovery->waits ? (uint64_t)recovery->since_us : 0 },
		{ "LackingMs", 'u', .number = recovery->waits ? recovery->lacking_ms : 0 },
		{ "Elapsed", 'x', .number = (uint64_t)session_elapsed_s(now) },
		{ "BreakIn", 'x', .number = (uint64_t)break_in_s(now) },
	};

	return append_value(message, values, ELEMENTS(values), name);
}

/** The zone, its plan, and what is mounted. */
static int append_zone_property(const Bus *bus, const char *name, sd_bus_message *message)
{
	static const ZonePlan no_plan;
	const State *now = station_state(bus->station);
	const Session *session = &now->session;
	const ZonePlan *plan = session->plan ? session->plan : &no_plan;
	bool zoned = (int)session->zone >= 0;
	const BusValue values[] = {
		{ "Zone", 's', zoned ? zone_to_string(session->zone) : "" },
		{ "SkinType", 's', zoned ? skin_type_to_string(session->skin) : "" },
		{ "AreaMm2", 'u', .number = session_zone(session)->area_mm2 },
		{ "DepthMinUm", 'u', .number = plan->depth_min_um },
		{ "DepthMaxUm", 'u', .number = plan->depth_max_um },
		{ "DepthLimitUm", 'u', .number = plan->depth_limit_um },
		{ "AngleMinDeg", 'u', .number = plan->angle_min_deg },
		{ "AngleMaxDeg", 'u', .number = plan->angle_max_deg },
		{ "ForceWarnMn", 'u', .number = plan->force_warn_mn },
		{ "ForceLimitMn", 'u', .number = plan->force_limit_mn },
		{ "DwellMs", 'u', .number = plan->dwell_ms },
		{ "TargetDensity", 'd', .figure = plan->density },
		{ "Unit", 's', now->needle.mounted.unit },
		{ "Lot", 's', now->needle.mounted.lot },
		{ "Needles", 's', now->needle.mounted.configuration },
		{ "NeedlesAllowed", 's', plan->needles },
		{ "Pigment", 's', session->pigment },
		{ "NeedleStrokes", 't', .number = now->needle.mounted.strokes },
	};

	return append_value(message, values, ELEMENTS(values), name);
}

/** What has been done so far. */
static int append_count(const Bus *bus, const char *name, sd_bus_message *message)
{
	const Session *session = &station_state(bus->station)->session;
	const SessionZone *zone = session_zone(session);
	const ZoneStatistics *statistics = &zone->statistics;
	bool senses_angle = board_senses_angle(&station_state(bus->station)->board);
	const BusValue values[] = {
		{ "Dots", 't', .number = statistics->dots },
		{ "Strokes", 't', .number = statistics->strokes },
		{ "SessionDots", 't', .number = session->dots },
		{ "SessionStrokes", 't', .number = session->strokes },
		{ "LastDepthUm", 'u', .number = session->last_dot.depth_mean_um },
		{ "LastAngleDeg", 'u',
			.number = senses_angle && session->last_dot.strokes
					  ? dot_angle_deg(&session->last_dot)
					  : 0 },
		{ "LastResistanceMn", 'u', .number = session->last_dot.resistance_peak_mn },
		{ "Density", 'd', .figure = zone_statistics_density(statistics, zone->area_mm2) },
		{ "OutsideShare", 'd', .figure = zone_statistics_outside(statistics) },
		{ "DepthMeanUm", 'd', .figure = zone_statistics_depth_mean_um(statistics) },
		{ "DensityBefore", 'd', .figure = zone_density_before(zone) },
		{ "DotsOver", 't', .number = zone_dots_over(zone) },
		{ "DwellMeanMs", 'd', .figure = zone_statistics_dwell_mean_ms(statistics) },
	};

	return append_value(message, values, ELEMENTS(values), name);
}

static int append_protocol(sd_bus_message *message, const Protocol *protocol)
{
	int r;

	if ((r = sd_bus_message_open_container(message, 'r', "ssuas")) < 0 ||
		(r = sd_bus_message_append(
			 message, "ssu", protocol->name, protocol->title, protocol->sessions)) < 0 ||
		(r = sd_bus_message_open_container(message, 'a', "s")) < 0)
		return r;
	for (size_t i = 0; i < protocol->n_screening && r >= 0; i++)
		r = sd_bus_message_append(message, "s", protocol->screening[i]);
	if (r < 0 || (r = sd_bus_message_close_container(message)) < 0)
		return r;
	return sd_bus_message_close_container(message);
}

static int append_protocols(const Bus *bus, sd_bus_message *message)
{
	const Protocols *protocols = &station_state(bus->station)->protocols;
	int r = sd_bus_message_open_container(message, 'a', "(ssuas)");

	for (size_t i = 0; r >= 0 && i < protocols->n; i++)
		r = append_protocol(message, protocols->list[i]);
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_zones(const Bus *bus, sd_bus_message *message)
{
	const Session *session = &station_state(bus->station)->session;
	int r = sd_bus_message_open_container(message, 'a', "(sutddss)");

	for (int i = 0; i < ZONE_MAX && r >= 0; i++) {
		const SessionZone *zone = &session->zones[i];

		if (zone->area_mm2 || zone->before_photo[0] || zone->after_photo[0])
			r = sd_bus_message_append(message, "(sutddss)", zone_to_string((Zone)i),
				zone->area_mm2, zone->statistics.dots,
				zone_statistics_density(&zone->statistics, zone->area_mm2),
				(double)zone->target, zone->before_photo, zone->after_photo);
	}
	return r < 0 ? r : sd_bus_message_close_container(message);
}

/** What the client's zones had before this session. */
static int append_scalp(const Bus *bus, sd_bus_message *message)
{
	const Session *session = &station_state(bus->station)->session;
	int r = sd_bus_message_open_container(message, 'a', "(subtdx)");

	for (int i = 0; i < ZONE_MAX && r >= 0; i++) {
		const SessionZone *zone = &session->zones[i];

		if (zone->known_area_mm2 || zone->before_dots)
			r = sd_bus_message_append(message, "(subtdx)", zone_to_string((Zone)i),
				zone->known_area_mm2, (int)zone->area_was_measured, zone->before_dots,
				zone_density_before(zone), zone->last_dots_utc_us);
	}
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_aftercare(const Bus *bus, sd_bus_message *message)
{
	const Protocol *protocol = station_state(bus->station)->session.protocol;
	int r = sd_bus_message_open_container(message, 'a', "s");

	for (size_t i = 0; r >= 0 && protocol && i < protocol->n_aftercare; i++)
		r = sd_bus_message_append(message, "s", protocol->aftercare[i]);
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_session_property(const Bus *bus, const char *name, sd_bus_message *message)
{
	int r;

	if (strcmp(name, "Forms") == 0)
		return append_forms(message, FORM_SESSION);
	if (strcmp(name, "Protocols") == 0)
		return append_protocols(bus, message);
	if (strcmp(name, "Zones") == 0)
		return append_zones(bus, message);
	if (strcmp(name, "Scalp") == 0)
		return append_scalp(bus, message);
	if (strcmp(name, "Aftercare") == 0)
		return append_aftercare(bus, message);
	r = append_session_step(bus, name, message);
	if (r == -ENOENT)
		r = append_zone_property(bus, name, message);
	return r == -ENOENT ? append_count(bus, name, message) : r;
}

const BusObject bus_session_object = {
	.path = PATH_SESSION,
	.interface = INTERFACE_SESSION,
	.place = FORM_SESSION,
	.vtable = bus_session_vtable,
	.members = session_members,
	.append_property = append_session_property,
};
