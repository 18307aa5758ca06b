/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The object Session: the steps of a session and the properties that show it. It reads arguments and passes
 * them on. It must not decide whether a step may be taken: the station does.
 */

#include "bus/bus-private.h"

#include <errno.h>
#include <string.h>

#include "util/text.h"

/* ---- methods: each reads its arguments and hands them to the station ---- */

static int begin(Call *call, bool is_new_person)
{
	const char *subject, *protocol;
	uint32_t course_session;
	int r = call_read_strings(call, &subject, &protocol, NULL, NULL);

	if (r >= 0)
		r = sd_bus_message_read(call->message, "u", &course_session);
	if (r < 0)
		return call_bad_arguments(call, r);
	station_begin(
		call->bus->station, subject, protocol, course_session, is_new_person, call_answered, call);
	return 1;
}

static int run_begin(Call *call)
{
	return begin(call, false);
}

static int run_begin_new(Call *call)
{
	return begin(call, true);
}

static int reply_number(Call *call, const StationReply *reply)
{
	return sd_bus_reply_method_return(call->message, "t", reply->number);
}

static int read_answers(sd_bus_message *message, json_t *answers)
{
	const char *question;
	int answer, r = sd_bus_message_enter_container(message, 'a', "{sb}");

	while (r >= 0 && (r = sd_bus_message_read(message, "{sb}", &question, &answer)) > 0) {
		if (strlen(question) > BUS_TEXT_MAX || json_object_size(answers) >= BUS_FIELDS_MAX)
			return -E2BIG;
		if (json_object_get(answers, question) ||
			json_object_set_new(answers, question, json_boolean(answer)) < 0)
			return -EINVAL;
	}
	return r;
}

static int run_screening(Call *call)
{
	json_auto_t *answers = json_object();
	int r = answers ? read_answers(call->message, answers) : -ENOMEM;

	if (r < 0)
		return call_bad_arguments(call, r);
	station_screening(call->bus->station, answers, call_answered, call);
	return 1;
}

static int run_consent(Call *call)
{
	const char *consent, *version;
	int given, r = call_read_strings(call, &consent, &version, NULL, NULL);

	if (r >= 0)
		r = sd_bus_message_read(call->message, "b", &given);
	if (r < 0)
		return call_bad_arguments(call, r);
	station_consent(call->bus->station, consent, version, given, call_answered, call);
	return 1;
}

static int run_zone(Call *call)
{
	const char *zone, *skin_type;
	uint32_t area_mm2;
	int r = call_read_strings(call, &zone, &skin_type, NULL, NULL);

	if (r >= 0)
		r = sd_bus_message_read(call->message, "u", &area_mm2);
	if (r < 0)
		return call_bad_arguments(call, r);
	station_select_zone(call->bus->station, zone, skin_type, area_mm2, call_answered, call);
	return 1;
}

static int run_mount_code(Call *call, bool scanned)
{
	const char *code;
	int r = call_read_strings(call, &code, NULL, NULL, NULL);

	if (r < 0)
		return call_bad_arguments(call, r);
	station_mount_needle(call->bus->station, code, scanned, call_answered, call);
	return 1;
}

static int run_mount(Call *call)
{
	return run_mount_code(call, false);
}

static int run_mount_scanned(Call *call)
{
	return run_mount_code(call, true);
}

static int run_remove(Call *call)
{
	const char *reason;
	int r = call_read_strings(call, &reason, NULL, NULL, NULL);

	if (r < 0)
		return call_bad_arguments(call, r);
	station_remove_needle(call->bus->station, reason, call_answered, call);
	return 1;
}

static int run_pigment(Call *call)
{
	const char *brand, *colour, *lot, *expiry;
	int r = call_read_strings(call, &brand, &colour, &lot, &expiry);

	if (r < 0)
		return call_bad_arguments(call, r);
	station_load_pigment(call->bus->station, brand, colour, lot, expiry, call_answered, call);
	return 1;
}

static int run_capture(Call *call)
{
	const char *zone, *phase;
	int r = call_read_strings(call, &zone, &phase, NULL, NULL);

	if (r < 0)
		return call_bad_arguments(call, r);
	station_take_picture(call->bus->station, zone, phase, call_answered, call);
	return 1;
}

/** A reply of figures, after `detail` when the method has that result too. */
static int send_figures(Call *call, const char *detail, json_t *figures)
{
	sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_return(call->message, &reply);

	if (r >= 0 && detail)
		r = sd_bus_message_append(reply, "s", detail);
	if (r >= 0)
		r = append_fields(reply, figures);
	if (r >= 0)
		r = sd_bus_send(call->bus->bus, reply, NULL);
	sd_bus_message_unref(reply);
	return r;
}

static int reply_capture(Call *call, const StationReply *reply)
{
	return send_figures(call, reply->detail, reply->figures);
}

static int reply_figures(Call *call, const StationReply *reply)
{
	return send_figures(call, NULL, reply->figures);
}

static int run_open_picture(Call *call)
{
	StationCaller caller = peer_caller(call->peer);
	const char *file;
	int r = call_read_strings(call, &file, NULL, NULL, NULL);

	if (r < 0)
		return call_bad_arguments(call, r);
	if (!station_has_role(call->bus->station, "technician"))
		return call_refuse(call, interlock_error_name(INTERLOCK_OPERATOR),
			"nobody is signed in: sign in with badge and PIN first");
	if (!station_caller_signed_in(call->bus->station, &caller))
		return call_refuse(call, STATION_ERROR_NOT_YOURS, STATION_NOT_YOURS);
	if (!text_is_identifier(file, STATION_NAME_MAX - 1))
		return call_refuse(call, STATION_ERROR_INVALID, "this is no name of a photograph");
	station_open_picture(call->bus->station, file, call_answered, call);
	return 1;
}

static int reply_preview(Call *call, const StationReply *reply)
{
	return sd_bus_reply_method_return(call->message, "hss", reply->picture, reply->detail, reply->text);
}

static int run_preview(Call *call)
{
	const char *zone;
	int r = call_read_strings(call, &zone, NULL, NULL, NULL);

	if (r < 0)
		return call_bad_arguments(call, r);
	station_preview(call->bus->station, zone, call_answered, call);
	return 1;
}

static int reply_refusals(Call *call, const StationReply *done)
{
	Refusal refusals[INTERLOCK_MAX];
	size_t n = station_refusals(call->bus->station, refusals);
	sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_return(call->message, &reply);

	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(sss)");
	for (size_t i = 0; i < n && r >= 0; i++)
		r = sd_bus_message_append(reply, "(sss)", interlock_to_string(refusals[i].interlock),
			text_repair(refusals[i].text), interlock_error_name(refusals[i].interlock));
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r >= 0)
		r = sd_bus_send(call->bus->bus, reply, NULL);
	sd_bus_message_unref(reply);
	return r;
}

static int run_refusals(Call *call)
{
	call_answered(call, &(StationReply){ 0 });
	return 1;
}

static int run_arm(Call *call)
{
	station_arm(call->bus->station, call_answered, call);
	return 1;
}

static int run_disarm(Call *call)
{
	station_disarm(call->bus->station, call_answered, call);
	return 1;
}

static int run_pause(Call *call)
{
	station_pause(call->bus->station, call_answered, call);
	return 1;
}

static int run_resume(Call *call)
{
	station_resume(call->bus->station, call_answered, call);
	return 1;
}

static int run_finish(Call *call)
{
	station_finish(call->bus->station, call_answered, call);
	return 1;
}

static int run_sign(Call *call)
{
	const char *pin, *meaning;
	int r = call_read_strings(call, &pin, &meaning, NULL, NULL);

	if (r < 0)
		return call_bad_arguments(call, r);
	station_sign(call->bus->station, pin, meaning, call_answered, call);
	return 1;
}

static int run_abandon(Call *call)
{
	const char *reason;
	int r = call_read_strings(call, &reason, NULL, NULL, NULL);

	if (r < 0)
		return call_bad_arguments(call, r);
	station_abandon(call->bus->station, reason, call_answered, call);
	return 1;
}

/** One handler for all: the member names its row. */
static int method(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	static const struct {
		const char *member;
		int (*run)(Call *call);
		int (*reply)(Call *call, const StationReply *reply);
	} methods[] = {
		{ "Begin", run_begin, reply_number },
		{ "BeginNew", run_begin_new, reply_number },
		{ "AnswerScreening", run_screening, NULL },
		{ "RecordConsent", run_consent, NULL },
		{ "SelectZone", run_zone, NULL },
		{ "MountNeedle", run_mount, reply_detail },
		{ "MountScanned", run_mount_scanned, reply_detail },
		{ "RemoveNeedle", run_remove, NULL },
		{ "LoadPigment", run_pigment, NULL },
		{ "Capture", run_capture, reply_capture },
		{ "Preview", run_preview, reply_preview },
		{ "OpenPicture", run_open_picture, call_reply_picture },
		{ "Refusals", run_refusals, reply_refusals },
		{ "Arm", run_arm, NULL },
		{ "Disarm", run_disarm, NULL },
		{ "Pause", run_pause, NULL },
		{ "Resume", run_resume, NULL },
		{ "Finish", run_finish, reply_figures },
		{ "Sign", run_sign, NULL },
		{ "Abandon", run_abandon, NULL },
	};

	for (size_t i = 0; i < ELEMENTS(methods); i++)
		if (sd_bus_message_is_method_call(message, INTERFACE_SESSION, methods[i].member) > 0)
			return call_start(userdata, message, methods[i].run, methods[i].reply, error);
	return 0;
}

/* ---- properties ---- */

static int get_text(sd_bus *sd, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const State *now = station_state(((Bus *)userdata)->station);
	const StationView *view = station_view(((Bus *)userdata)->station);
	bool zoned = (int)now->session.zone >= 0;
	const struct {
		const char *name, *value;
	} properties[] = {
		{ "State", session_state_to_string(view->state) },
		{ "Subject", now->session.subject },
		{ "Protocol", now->session.protocol_name },
		{ "Zone", zoned ? zone_to_string(now->session.zone) : "" },
		{ "SkinType", zoned ? skin_type_to_string(now->session.skin) : "" },
		{ "Unit", now->needle.mounted.unit },
		{ "Lot", now->needle.mounted.lot },
		{ "Pigment", now->session.pigment },
	};

	for (size_t i = 0; i < ELEMENTS(properties); i++)
		if (strcmp(properties[i].name, property) == 0)
			return append_text(reply, properties[i].value);
	return -ENOENT;
}

static int get_count(sd_bus *sd, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	static const ZonePlan no_plan;
	const State *now = station_state(((Bus *)userdata)->station);
	const StationView *view = station_view(((Bus *)userdata)->station);
	const SessionZone *zone = session_zone(&now->session);
	const SessionRecovery *recovery = &now->session.recovery;
	const ZonePlan *plan = now->session.plan ? now->session.plan : &no_plan;
	const struct {
		const char *name, *type;
		uint64_t value;
	} properties[] = {
		{ "Session", "t", now->session.number },
		{ "CourseSession", "u", now->session.course_session },
		{ "AreaMm2", "u", zone->area_mm2 },
		{ "Dots", "t", zone->statistics.dots },
		{ "Strokes", "t", zone->statistics.strokes },
		{ "SessionDots", "t", now->session.dots },
		{ "SessionStrokes", "t", now->session.strokes },
		{ "NeedleStrokes", "t", now->needle.mounted.strokes },
		{ "LastDepthUm", "u", now->session.last_dot.depth_mean_um },
		{ "LastResistanceMn", "u", now->session.last_dot.resistance_peak_mn },
		{ "StoppedAt", "x", recovery->waits ? (uint64_t)recovery->since_us : 0 },
		{ "LackingMs", "u", recovery->waits ? recovery->lacking_ms : 0 },
		{ "DepthMinUm", "u", plan->depth_min_um },
		{ "DepthMaxUm", "u", plan->depth_max_um },
		{ "DepthLimitUm", "u", plan->depth_limit_um },
		{ "ForceWarnMn", "u", plan->force_warn_mn },
		{ "ForceLimitMn", "u", plan->force_limit_mn },
		{ "DwellMs", "u", plan->dwell_ms },
		{ "Elapsed", "x", (uint64_t)view->elapsed_s },
		{ "BreakIn", "x", (uint64_t)view->break_in_s },
	};

	for (size_t i = 0; i < ELEMENTS(properties); i++) {
		if (strcmp(properties[i].name, property) != 0)
			continue;
		if (properties[i].type[0] == 'u')
			return sd_bus_message_append(reply, "u", (uint32_t)properties[i].value);
		return sd_bus_message_append_basic(reply, properties[i].type[0], &properties[i].value);
	}
	return -ENOENT;
}

static int get_figure(sd_bus *sd, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const State *now = station_state(((Bus *)userdata)->station);
	const SessionZone *zone = session_zone(&now->session);
	const ZoneStatistics *statistics = &zone->statistics;
	const struct {
		const char *name;
		double value;
	} properties[] = {
		{ "Density", zone_statistics_density(statistics, zone->area_mm2) },
		{ "TargetDensity", now->session.plan ? now->session.plan->density : 0 },
		{ "OutsideShare", zone_statistics_outside(statistics) },
		{ "DepthMeanUm", zone_statistics_depth_mean_um(statistics) },
		{ "DwellMeanMs", zone_statistics_dwell_mean_ms(statistics) },
	};

	for (size_t i = 0; i < ELEMENTS(properties); i++)
		if (strcmp(properties[i].name, property) == 0)
			return sd_bus_message_append(reply, "d", properties[i].value);
	return -ENOENT;
}

static int get_flag(sd_bus *sd, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const State *now = station_state(((Bus *)userdata)->station);
	const struct {
		const char *name;
		bool value;
	} properties[] = {
		{ "ConsentTreatment", now->session.consent_treatment },
		{ "ConsentPhotographs", now->session.consent_photographs },
		{ "ScreeningDone", now->session.screening_done },
	};

	for (size_t i = 0; i < ELEMENTS(properties); i++)
		if (strcmp(properties[i].name, property) == 0)
			return sd_bus_message_append(reply, "b", properties[i].value);
	return -ENOENT;
}

static int append_protocol(sd_bus_message *reply, const Protocol *protocol)
{
	int r = sd_bus_message_open_container(reply, 'r', "ssuas");

	if (r >= 0)
		r = sd_bus_message_append(reply, "ssu", protocol->name, protocol->title, protocol->sessions);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "s");
	for (size_t i = 0; i < protocol->n_screening && r >= 0; i++)
		r = sd_bus_message_append(reply, "s", protocol->screening[i]);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_protocols(sd_bus *sd, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const Protocols *protocols = &station_state(((Bus *)userdata)->station)->protocols;
	int r = sd_bus_message_open_container(reply, 'a', "(ssuas)");

	for (size_t i = 0; r >= 0 && i < protocols->n; i++)
		r = append_protocol(reply, protocols->list[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_zones(sd_bus *sd, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const Session *session = &station_state(((Bus *)userdata)->station)->session;
	int r = sd_bus_message_open_container(reply, 'a', "(sutddss)");

	for (int i = 0; i < ZONE_MAX && r >= 0; i++) {
		const SessionZone *zone = &session->zones[i];

		if (zone->area_mm2 || zone->before_photo[0] || zone->after_photo[0])
			r = sd_bus_message_append(reply, "(sutddss)", zone_to_string((Zone)i), zone->area_mm2,
				zone->statistics.dots,
				zone_statistics_density(&zone->statistics, zone->area_mm2),
				(double)zone->target, zone->before_photo, zone->after_photo);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_aftercare(sd_bus *sd, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const Protocol *protocol = station_state(((Bus *)userdata)->station)->session.protocol;
	int r = sd_bus_message_open_container(reply, 'a', "s");

	for (size_t i = 0; r >= 0 && protocol && i < protocol->n_aftercare; i++)
		r = sd_bus_message_append(reply, "s", protocol->aftercare[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

#define PROPERTY(name, type, getter) \
	SD_BUS_PROPERTY(name, type, getter, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)

const sd_bus_vtable bus_session_vtable[] = {
	SD_BUS_VTABLE_START(0),
	BUS_FORM_MEMBERS,
	SD_BUS_METHOD_WITH_ARGS("Begin", SD_BUS_ARGS("s", subject, "s", protocol, "u", course_session),
		SD_BUS_RESULT("t", session), method, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("BeginNew", SD_BUS_ARGS("s", subject, "s", protocol, "u", course_session),
		SD_BUS_RESULT("t", session), method, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("AnswerScreening", SD_BUS_ARGS("a{sb}", answers), SD_BUS_NO_RESULT, method,
		SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("RecordConsent", SD_BUS_ARGS("s", consent, "s", version, "b", given),
		SD_BUS_NO_RESULT, method, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("SelectZone", SD_BUS_ARGS("s", zone, "s", skin_type, "u", area_mm2),
		SD_BUS_NO_RESULT, method, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("MountNeedle", SD_BUS_ARGS("s", code), SD_BUS_RESULT("s", unit), method,
		SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("MountScanned", SD_BUS_ARGS("s", code), SD_BUS_RESULT("s", unit), method,
		SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("RemoveNeedle", SD_BUS_ARGS("s", reason), SD_BUS_NO_RESULT, method,
		SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("LoadPigment", SD_BUS_ARGS("s", brand, "s", colour, "s", lot, "s", expiry),
		SD_BUS_NO_RESULT, method, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Capture", SD_BUS_ARGS("s", zone, "s", phase),
		SD_BUS_RESULT("s", file, "a{sv}", figures), method, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Preview", SD_BUS_ARGS("s", zone),
		SD_BUS_RESULT("h", picture, "s", verdict, "s", text), method, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("OpenPicture", SD_BUS_ARGS("s", file), SD_BUS_RESULT("h", picture), method,
		SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Refusals", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sss)", refusals), method,
		SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Arm", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS(
		"Disarm", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS(
		"Pause", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS(
		"Resume", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Finish", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", figures), method,
		SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Sign", SD_BUS_ARGS("s", pin, "s", meaning), SD_BUS_NO_RESULT, method,
		SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_SENSITIVE),
	SD_BUS_METHOD_WITH_ARGS(
		"Abandon", SD_BUS_ARGS("s", reason), SD_BUS_NO_RESULT, method, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("Protocols", "a(ssuas)", get_protocols, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	PROPERTY("State", "s", get_text),
	PROPERTY("Session", "t", get_count),
	PROPERTY("Subject", "s", get_text),
	PROPERTY("Protocol", "s", get_text),
	PROPERTY("CourseSession", "u", get_count),
	PROPERTY("ConsentTreatment", "b", get_flag),
	PROPERTY("ConsentPhotographs", "b", get_flag),
	PROPERTY("ScreeningDone", "b", get_flag),
	PROPERTY("StoppedAt", "x", get_count),
	PROPERTY("LackingMs", "u", get_count),
	PROPERTY("Zones", "a(sutddss)", get_zones),
	PROPERTY("Aftercare", "as", get_aftercare),
	PROPERTY("Zone", "s", get_text),
	PROPERTY("SkinType", "s", get_text),
	PROPERTY("AreaMm2", "u", get_count),
	PROPERTY("DepthMinUm", "u", get_count),
	PROPERTY("DepthMaxUm", "u", get_count),
	PROPERTY("DepthLimitUm", "u", get_count),
	PROPERTY("ForceWarnMn", "u", get_count),
	PROPERTY("ForceLimitMn", "u", get_count),
	PROPERTY("DwellMs", "u", get_count),
	PROPERTY("Unit", "s", get_text),
	PROPERTY("Lot", "s", get_text),
	PROPERTY("Pigment", "s", get_text),
	PROPERTY("Dots", "t", get_count),
	PROPERTY("Strokes", "t", get_count),
	PROPERTY("SessionDots", "t", get_count),
	PROPERTY("SessionStrokes", "t", get_count),
	PROPERTY("NeedleStrokes", "t", get_count),
	PROPERTY("Density", "d", get_figure),
	PROPERTY("TargetDensity", "d", get_figure),
	PROPERTY("OutsideShare", "d", get_figure),
	PROPERTY("DepthMeanUm", "d", get_figure),
	PROPERTY("LastDepthUm", "u", get_count),
	PROPERTY("LastResistanceMn", "u", get_count),
	PROPERTY("DwellMeanMs", "d", get_figure),
	PROPERTY("Elapsed", "x", get_count),
	PROPERTY("BreakIn", "x", get_count),
	SD_BUS_VTABLE_END,
};
