/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The object Station: sign-in, people, faults, the self-test and `doctor`. It passes calls on to the station.
 * The token of a sign-in must not go to a connection that does not have that sign-in.
 */

#include "bus/bus-private.h"

#include <string.h>

#include "util/text.h"

/* ---- methods ---- */

static int run_login(Call *call)
{
	const char *badge, *pin;
	int r = call_read_strings(call, &badge, &pin, NULL, NULL);

	if (r < 0)
		return call_bad_arguments(call, r);
	station_sign_in(call->bus->station, badge, pin, sd_bus_message_get_sender(call->message),
		call_answered, call);
	return 1;
}

static int method_login(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_start(userdata, message, run_login, reply_detail, error);
}

/** For other connections of whoever signed in. Borrowed by nobody: it goes to those that have the sign-in. */
static int run_token(Call *call)
{
	Station *station = call->bus->station;
	StationCaller caller = peer_caller(call->peer);
	StationReply reply = { 0 };
	const char *token;

	if (!station_view(station)->sign_in)
		return call_refuse(call, interlock_error_name(INTERLOCK_OPERATOR),
			"nobody is signed in: sign in with badge and PIN first");
	if (!station_caller_signed_in(station, &caller))
		return call_refuse(call, STATION_ERROR_NOT_YOURS, STATION_NOT_YOURS);
	if (token_of_sign_in(call->bus, station_view(station)->sign_in, &token) < 0)
		return call_refuse(
			call, STATION_ERROR_BUSY, "the system has no random numbers now: try again");
	snprintf(reply.detail, sizeof reply.detail, "%s", token);
	call_answered(call, &reply);
	explicit_bzero(&reply, sizeof reply);
	return 1;
}

static int method_token(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_start(userdata, message, run_token, reply_detail, error);
}

/** At once, so that a call which follows it on the same connection finds it done. The token is what it asks
 * for. */
static int method_present(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	Peer *peer = peer_of(userdata, sd_bus_message_get_sender(message));
	const char *token;
	int r = sd_bus_message_read(message, "s", &token);

	if (r < 0 || !peer)
		return r < 0 ? r : -ENOMEM;
	if (!token_presented(peer, token))
		return sd_bus_error_set(error, STATION_ERROR_NOT_YOURS,
			"this token is of no sign-in, or of one that is over: sign in");
	return sd_bus_reply_method_return(message, NULL);
}

static int run_logout(Call *call)
{
	station_sign_out(call->bus->station, call_answered, call);
	return 1;
}

static int method_logout(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_start(userdata, message, run_logout, NULL, error);
}

static int run_enrol(Call *call)
{
	const char *badge, *name, *pin, *roles;
	int r = call_read_strings(call, &badge, &name, &pin, &roles);

	if (r < 0)
		return call_bad_arguments(call, r);
	station_enrol(call->bus->station, badge, name, pin, roles, call_answered, call);
	return 1;
}

static int method_enrol(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_start(userdata, message, run_enrol, NULL, error);
}

static int run_enrol_first(Call *call)
{
	const char *code, *badge, *name, *pin;
	int r = call_read_strings(call, &code, &badge, &name, &pin);

	if (r < 0)
		return call_bad_arguments(call, r);
	station_enrol_first(call->bus->station, code, badge, name, pin, call_answered, call);
	return 1;
}

static int method_enrol_first(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_start(userdata, message, run_enrol_first, NULL, error);
}

static int run_change_pin(Call *call)
{
	const char *badge, *pin, *new_pin;
	int r = call_read_strings(call, &badge, &pin, &new_pin, NULL);

	if (r < 0)
		return call_bad_arguments(call, r);
	station_change_pin(call->bus->station, badge, pin, new_pin, call_answered, call);
	return 1;
}

static int method_change_pin(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_start(userdata, message, run_change_pin, NULL, error);
}

static int run_acknowledge(Call *call)
{
	const char *note, *pin;
	int r = call_read_strings(call, &note, &pin, NULL, NULL);

	if (r < 0)
		return call_bad_arguments(call, r);
	station_acknowledge(call->bus->station, note, pin, call_answered, call);
	return 1;
}

static int method_acknowledge(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_start(userdata, message, run_acknowledge, NULL, error);
}

static int run_self_test(Call *call)
{
	station_self_test(call->bus->station, call_answered, call);
	return 1;
}

static int method_self_test(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_start(userdata, message, run_self_test, reply_detail, error);
}

static int append_checks(sd_bus_message *reply, StationCheck *checks, size_t n)
{
	int r = sd_bus_message_open_container(reply, 'a', "(suss)");

	for (size_t i = 0; i < n && r >= 0; i++)
		r = sd_bus_message_append(reply, "(suss)", checks[i].check, (uint32_t)checks[i].level,
			text_repair(checks[i].text), text_repair(checks[i].advice));
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int reply_doctor(Call *call, const StationReply *done)
{
	Bus *bus = call->bus;
	StationCheck checks[2 * STATION_CHECKS_MAX];
	size_t n = station_doctor(bus->station, checks);
	sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_return(call->message, &reply);

	if (bus->options.doctor)
		n += bus->options.doctor(bus->options.userdata, checks + n, ELEMENTS(checks) - n);
	if (r >= 0)
		r = append_checks(reply, checks, n);
	if (r >= 0)
		r = sd_bus_send(bus->bus, reply, NULL);
	sd_bus_message_unref(reply);
	return r;
}

static int run_rotate_key(Call *call)
{
	station_rotate_key(call->bus->station, call_answered, call);
	return 1;
}

static int method_rotate_key(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_start(userdata, message, run_rotate_key, NULL, error);
}

static int run_doctor(Call *call)
{
	call_answered(call, &(StationReply){ 0 });
	return 1;
}

static int method_doctor(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_start(userdata, message, run_doctor, reply_doctor, error);
}

/* ---- properties ---- */

static const char *text_property(const Bus *bus, const StationView *view, const char *name)
{
	const struct {
		const char *name, *value;
	} properties[] = {
		{ "Version", STIPPLE_VERSION },
		{ "Clinic", bus->options.config->clinic },
		{ "Station", bus->options.config->station },
		{ "Inert", view->inert ? view->inert : "" },
		{ "Operator", view->badge },
		{ "OperatorName", view->operator_name },
		{ "Roles", view->roles },
		{ "Fault", view->fault == CONTROL_FAULT_NONE ? "" : control_fault_to_string(view->fault) },
		{ "FaultText", view->fault_text },
		{ "BoardSerial", view->board.serial },
		{ "BoardError", view->board_error },
	};

	for (size_t i = 0; i < ELEMENTS(properties); i++)
		if (strcmp(properties[i].name, name) == 0)
			return properties[i].value;
	return "";
}

static int get_text(sd_bus *sd, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	Bus *bus = userdata;

	return append_text(reply, text_property(bus, station_view(bus->station), property));
}

static int get_flag(sd_bus *sd, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	Bus *bus = userdata;
	const StationView *view = station_view(bus->station);
	const struct {
		const char *name;
		bool value;
	} properties[] = {
		{ "BoardConnected", view->board_connected },
		{ "EmergencyStop", view->emergency_stop },
		{ "Pedal", view->pedal },
		{ "LedgerHealthy", view->ledger_healthy },
		{ "BrokerConnected", bus_broker_connected(bus) },
	};

	for (size_t i = 0; i < ELEMENTS(properties); i++)
		if (strcmp(properties[i].name, property) == 0)
			return sd_bus_message_append(reply, "b", properties[i].value);
	return -ENOENT;
}

#define TEXT(name)  SD_BUS_PROPERTY(name, "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)
#define FIXED(name) SD_BUS_PROPERTY(name, "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST)
#define FLAG(name)  SD_BUS_PROPERTY(name, "b", get_flag, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)

const sd_bus_vtable bus_station_vtable[] = {
	SD_BUS_VTABLE_START(0),
	BUS_FORM_MEMBERS,
	SD_BUS_METHOD_WITH_ARGS("Login", SD_BUS_ARGS("s", badge, "s", pin), SD_BUS_RESULT("s", name),
		method_login, SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_SENSITIVE),
	SD_BUS_METHOD_WITH_ARGS("Token", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", token), method_token,
		SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_SENSITIVE),
	SD_BUS_METHOD_WITH_ARGS("Present", SD_BUS_ARGS("s", token), SD_BUS_NO_RESULT, method_present,
		SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_SENSITIVE),
	SD_BUS_METHOD_WITH_ARGS(
		"Logout", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_logout, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Enrol", SD_BUS_ARGS("s", badge, "s", name, "s", pin, "s", roles),
		SD_BUS_NO_RESULT, method_enrol, SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_SENSITIVE),
	SD_BUS_METHOD_WITH_ARGS("EnrolFirst", SD_BUS_ARGS("s", code, "s", badge, "s", name, "s", pin),
		SD_BUS_NO_RESULT, method_enrol_first, SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_SENSITIVE),
	SD_BUS_METHOD_WITH_ARGS("ChangePin", SD_BUS_ARGS("s", badge, "s", pin, "s", new_pin),
		SD_BUS_NO_RESULT, method_change_pin, SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_SENSITIVE),
	SD_BUS_METHOD_WITH_ARGS("AcknowledgeFault", SD_BUS_ARGS("s", note, "s", pin), SD_BUS_NO_RESULT,
		method_acknowledge, SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_SENSITIVE),
	SD_BUS_METHOD_WITH_ARGS("SelfTest", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", failed), method_self_test,
		SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Doctor", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(suss)", checks), method_doctor,
		SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS(
		"RotateKey", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_rotate_key, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL_WITH_ARGS("Alert", SD_BUS_ARGS("s", alert, "s", text), 0),
	FIXED("Version"),
	FIXED("Clinic"),
	FIXED("Station"),
	TEXT("Inert"),
	TEXT("Operator"),
	TEXT("OperatorName"),
	TEXT("Roles"),
	TEXT("Fault"),
	TEXT("FaultText"),
	FLAG("BoardConnected"),
	TEXT("BoardSerial"),
	TEXT("BoardError"),
	FLAG("EmergencyStop"),
	FLAG("Pedal"),
	FLAG("LedgerHealthy"),
	FLAG("BrokerConnected"),
	SD_BUS_VTABLE_END,
};
