/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The object Station: sign-in, people, faults, the self-test and `doctor`. It passes calls on to the station.
 * The token of a sign-in must not go to a connection that does not have that sign-in.
 */

#include "bus/bus-private.h"

#include <string.h>

#include "decide/clinic.h"
#include "util/text.h"

/* ---- methods ---- */

/**
 * Gives the token for further connections of the signed-in operator. Only connections that have the sign-in
 * get it.
 */
static void run_token(Call *call, Station *station, Arguments *arguments)
{
	StationCaller caller = peer_caller(call->peer);
	StationReply reply = { 0 };
	const char *token;

	if (!station_state(station)->people.sign_in) {
		call_refuse(call, interlock_error_name(INTERLOCK_OPERATOR),
			"nobody is signed in: sign in with badge and PIN first");
		return;
	}
	if (!station_caller_signed_in(station, &caller)) {
		call_refuse(call, STATION_ERROR_NOT_YOURS, STATION_NOT_YOURS);
		return;
	}
	if (token_of_sign_in(call->bus, station_state(station)->people.sign_in, &token) < 0) {
		call_refuse(call, STATION_ERROR_BUSY, "the system has no random numbers now: try again");
		return;
	}
	snprintf(reply.detail, sizeof reply.detail, "%s", token);
	call_answered(call, &reply);
	explicit_bzero(&reply, sizeof reply);
}

/**
 * Runs at once, so that the next call on the same connection finds it done. The token itself is the
 * authorisation.
 */
static int accept_token(Bus *bus, sd_bus_message *message, sd_bus_error *error)
{
	Peer *peer = peer_of(bus, sd_bus_message_get_sender(message));
	const char *token;
	int r = sd_bus_message_read(message, "s", &token);

	if (r < 0 || !peer)
		return r < 0 ? r : -ENOMEM;
	if (!token_presented(peer, token))
		return sd_bus_error_set(error, STATION_ERROR_NOT_YOURS,
			"this token is of no sign-in, or of one that is over: sign in");
	return sd_bus_reply_method_return(message, NULL);
}

static void run_doctor(Call *call, Station *station, Arguments *arguments)
{
	call_answered(call, &(StationReply){ 0 });
}

static int append_checks(Call *call, sd_bus_message *message, const StationReply *reply)
{
	const BusOptions *options = &call->bus->options;
	StationCheck checks[2 * STATION_CHECKS_MAX];
	size_t n = station_doctor(call->bus->station, checks);
	int r = sd_bus_message_open_container(message, 'a', "(suss)");

	if (options->doctor)
		n += options->doctor(options->userdata, checks + n, ELEMENTS(checks) - n);
	for (size_t i = 0; i < n && r >= 0; i++)
		r = sd_bus_message_append(message, "(suss)", checks[i].check, (uint32_t)checks[i].level,
			text_repair(checks[i].text), text_repair(checks[i].advice));
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static const Member station_members[] = {
	{ "Record", ACTION_MANAGE, .command = &command_form, .results = append_number },
	{ "Login", ACTION_OPERATE, .command = &command_sign_in, .results = append_detail },
	{ "Token", ACTION_OPERATE, .run = run_token, .results = append_detail },
	{ "Present", NULL, .at_once = accept_token },
	{ "Logout", ACTION_OPERATE, MEMBER_STOPS, .command = &command_sign_out },
	{ "Enrol", ACTION_ENROL, .command = &command_enrol },
	{ "EnrolFirst", ACTION_ENROL, .command = &command_enrol_first },
	{ "ChangePin", ACTION_OPERATE, .command = &command_change_pin },
	{ "AcknowledgeFault", ACTION_ACKNOWLEDGE, MEMBER_RESERVED, .command = &command_acknowledge },
	{ "AcknowledgeAlarm", ACTION_ACKNOWLEDGE, MEMBER_RESERVED, .command = &command_acknowledge_alarm },
	{ "TestSound", ACTION_OPERATE, .run = run_test_sound },
	{ "ReportSound", ACTION_OPERATE, .run = run_report_sound },
	{ "SelfTest", ACTION_OPERATE, .command = &command_self_test, .results = append_detail },
	{ "Doctor", ACTION_STATION, .run = run_doctor, .results = append_checks },
	{ "RotateKey", ACTION_KEY, .command = &command_rotate_key },
	{ 0 },
};

/* ---- properties ---- */

bool bus_broker_connected(const Bus *bus)
{
	return bus->options.broker_connected && bus->options.broker_connected(bus->options.userdata);
}

static int append_station_property(const Bus *bus, const char *name, sd_bus_message *message)
{
	const State *now = station_state(bus->station);
	const BusValue values[] = {
		{ "Version", 's', STIPPLE_VERSION },
		{ "Clinic", 's', bus->options.config->clinic },
		{ "ClinicName", 's', bus->options.config->clinic_name },
		{ "ClinicAddress", 's', bus->options.config->clinic_address },
		{ "ClinicTelephone", 's', bus->options.config->clinic_telephone },
		{ "ClinicLogo", 's', bus->options.config->clinic_logo },
		{ "Station", 's', bus->options.config->station },
		{ "Inert", 's', rules_inert(&now->rules) },
		{ "Operator", 's', now->people.signed_in.badge },
		{ "OperatorName", 's', now->people.signed_in.name },
		{ "Roles", 's', now->people.signed_in.roles },
		{ "Fault", 's',
			now->board.fault.fault == CONTROL_FAULT_NONE
				? ""
				: control_fault_to_string(now->board.fault.fault) },
		{ "FaultText", 's', now->board.fault.text },
		{ "BoardSerial", 's', now->board.identity.serial },
		{ "BoardError", 's', now->board.error },
		{ "BoardConnected", 'b', .number = now->board.connected },
		{ "EmergencyStop", 'b', .number = now->board.emergency_stop },
		{ "Pedal", 'b', .number = now->board.pedal },
		{ "LedgerHealthy", 'b', .number = host_is_well(&now->host) },
		{ "BrokerConnected", 'b', .number = bus_broker_connected(bus) },
		{ "Registry", 's', clinic_sentence(now) },
		{ "RegistryConnected", 'b', .number = now->clinic.report.is_connected },
		{ "BootConfirmed", 's', now->clinic.confirmed },
		{ "Quarantined", 'b', .number = now->clinic.is_quarantined },
		{ "Mirrored", 't', .number = now->clinic.report.mirrored },
		{ "Unmirrored", 't', .number = now->clinic.report.waiting },
		{ "Cosigned", 's', now->clinic.report.cosigned },
	};

	if (strcmp(name, "Alarms") == 0)
		return append_alarms(bus, message);
	if (strcmp(name, "Forms") == 0)
		return append_forms(message, FORM_STATION);
	return append_value(message, values, ELEMENTS(values), name);
}

const BusObject bus_station_object = {
	.path = PATH_STATION,
	.interface = INTERFACE_STATION,
	.place = FORM_STATION,
	.vtable = bus_station_vtable,
	.members = station_members,
	.append_property = append_station_property,
};
