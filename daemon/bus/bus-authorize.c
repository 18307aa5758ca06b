/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Who may call which member: the one table of members, and polkit. A member that the table does not list must
 * be denied. It must not wait for polkit: a call goes on when the answer has come.
 */

#include "bus/bus-private.h"

#include <string.h>

#include "util/log.h"

#define ACTION_OPERATE     "org.stipple.session.operate"
#define ACTION_ACKNOWLEDGE "org.stipple.session.acknowledge"
#define ACTION_RECEIVE     "org.stipple.inventory.receive"
#define ACTION_STOCK       "org.stipple.inventory.record"
#define ACTION_MANAGE      "org.stipple.station.record"
#define ACTION_INVENTORY   "org.stipple.inventory.read"
#define ACTION_AUDIT       "org.stipple.audit.read"
#define ACTION_ENROL       "org.stipple.station.enrol"
#define ACTION_KEY         "org.stipple.station.key"
#define ACTION_STATION     "org.stipple.station.read"

#define POLKIT           "org.freedesktop.PolicyKit1"
#define POLKIT_PATH      "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"

enum {
	POLKIT_TIMEOUT_US = 25 * USEC_PER_SEC,
	POLKIT_PERSON_TIMEOUT_US = 120 * USEC_PER_SEC, /* somebody types a password */
};

/*
 * The one table. A member that is not here is denied; dbus/org.stipple.policy describes the actions.
 * Properties change nothing: whoever the bus policy lets in may read those that the objects list.
 */
static const Member table[] = {
	{ INTERFACE_STATION, "Login", ACTION_OPERATE },
	{ INTERFACE_STATION, "Token", ACTION_OPERATE },
	{ INTERFACE_STATION, "Present", NULL },
	{ INTERFACE_STATION, "Logout", ACTION_OPERATE, MEMBER_STOPS },
	{ INTERFACE_STATION, "Enrol", ACTION_ENROL },
	{ INTERFACE_STATION, "EnrolFirst", ACTION_ENROL },
	{ INTERFACE_STATION, "ChangePin", ACTION_OPERATE },
	{ INTERFACE_STATION, "AcknowledgeFault", ACTION_ACKNOWLEDGE, MEMBER_RESERVED },
	{ INTERFACE_STATION, "SelfTest", ACTION_OPERATE },
	{ INTERFACE_STATION, "Doctor", ACTION_STATION },
	{ INTERFACE_STATION, "Record", ACTION_MANAGE },
	{ INTERFACE_SESSION, "Record", ACTION_OPERATE },
	{ INTERFACE_INVENTORY, "Record", ACTION_STOCK },
	{ INTERFACE_SESSION, "Begin", ACTION_OPERATE },
	{ INTERFACE_SESSION, "BeginNew", ACTION_OPERATE },
	{ INTERFACE_SESSION, "AnswerScreening", ACTION_OPERATE },
	{ INTERFACE_SESSION, "RecordConsent", ACTION_OPERATE, MEMBER_WITHDRAWS },
	{ INTERFACE_SESSION, "SelectZone", ACTION_OPERATE },
	{ INTERFACE_SESSION, "MountNeedle", ACTION_OPERATE },
	{ INTERFACE_SESSION, "MountScanned", ACTION_OPERATE },
	{ INTERFACE_SESSION, "RemoveNeedle", ACTION_OPERATE, MEMBER_STOPS },
	{ INTERFACE_SESSION, "LoadPigment", ACTION_OPERATE },
	{ INTERFACE_SESSION, "Capture", ACTION_OPERATE },
	{ INTERFACE_SESSION, "Preview", ACTION_OPERATE },
	{ INTERFACE_SESSION, "OpenPicture", ACTION_OPERATE },
	{ INTERFACE_SESSION, "Refusals", ACTION_STATION },
	{ INTERFACE_SESSION, "Arm", ACTION_OPERATE },
	{ INTERFACE_SESSION, "Disarm", ACTION_OPERATE, MEMBER_STOPS },
	{ INTERFACE_SESSION, "Pause", ACTION_OPERATE, MEMBER_STOPS },
	{ INTERFACE_SESSION, "Resume", ACTION_OPERATE },
	{ INTERFACE_SESSION, "Finish", ACTION_OPERATE, MEMBER_STOPS },
	{ INTERFACE_SESSION, "Sign", ACTION_OPERATE },
	{ INTERFACE_SESSION, "Abandon", ACTION_OPERATE, MEMBER_STOPS },
	{ INTERFACE_INVENTORY, "ReceiveLot", ACTION_RECEIVE },
	{ INTERFACE_INVENTORY, "AttachCertificate", ACTION_RECEIVE },
	{ INTERFACE_INVENTORY, "ParseCode", ACTION_INVENTORY },
	{ INTERFACE_AUDIT, "Query", ACTION_AUDIT },
	{ INTERFACE_AUDIT, "OpenPicture", ACTION_AUDIT },
	{ INTERFACE_AUDIT, "Prove", ACTION_AUDIT },
	{ INTERFACE_AUDIT, "RecordCopy", ACTION_AUDIT },
	{ INTERFACE_AUDIT, "Verify", ACTION_AUDIT },
	{ INTERFACE_STATION, "RotateKey", ACTION_KEY },
};

const Member *authorize_member(const char *interface, const char *name)
{
	for (size_t i = 0; i < ELEMENTS(table); i++)
		if ((!interface || strcmp(table[i].interface, interface) == 0) &&
			strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

const Member *authorize_message(sd_bus_message *message)
{
	const char *name = sd_bus_message_get_member(message);

	if (!name || !sd_bus_message_is_method_call(message, NULL, NULL))
		return NULL;
	return authorize_member(sd_bus_message_get_interface(message), name);
}

static int deny(Call *call)
{
	char text[256];

	log_notice("%s of %s is denied to %s", sd_bus_message_get_member(call->message),
		sd_bus_message_get_interface(call->message), sd_bus_message_get_sender(call->message));
	snprintf(text, sizeof text, "%s is not allowed to you: ask the station's administrator for the right",
		sd_bus_message_get_member(call->message));
	return call_refuse(call, SD_BUS_ERROR_ACCESS_DENIED, text);
}

/* ---- polkit ---- */

static int refuse_without_agent(Call *call)
{
	char text[256];

	snprintf(text, sizeof text,
		"%s needs somebody who authenticates: call it from a session with an authentication agent",
		sd_bus_message_get_member(call->message));
	return call_refuse(call, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, text);
}

static int polkit_answered(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	Call *call = userdata;
	int authorized = 0, challenge = 0;

	call->asked = sd_bus_slot_unref(call->asked);
	if (sd_bus_message_is_method_error(message, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
		sd_bus_message_is_method_error(message, SD_BUS_ERROR_NAME_HAS_NO_OWNER)) {
		call->without_polkit = true;
		call_go_on(call);
		return 1;
	}
	if (sd_bus_message_is_method_error(message, NULL)) {
		log_warning("polkit did not decide on %s: %s", sd_bus_message_get_member(call->message),
			sd_bus_message_get_error(message)->message);
		return deny(call);
	}
	if (sd_bus_message_enter_container(message, 'r', "bba{ss}") < 0 ||
		sd_bus_message_read(message, "bb", &authorized, &challenge) < 0)
		return deny(call);
	if (!authorized)
		return challenge ? refuse_without_agent(call) : deny(call);
	call_go_on(call);
	return 1;
}

/** Without polkit on the bus only root and the daemon's own user are let in. */
static bool may_run(const Call *call)
{
	const Peer *peer = call->peer;

	return peer->is_known && (!call->without_polkit || peer->uid == 0 || peer->uid == geteuid());
}

void call_go_on(Call *call)
{
	StationCaller caller;
	Bus *bus = call->bus;

	call->is_answered = true;
	if (!call->peer->is_known && !call->peer->is_unknown)
		return; /* calls_of_peer_known() comes back */
	if (!may_run(call)) {
		deny(call);
		return;
	}
	call->runs = true;
	caller = peer_caller(call->peer);
	station_set_caller(bus->station, &caller);
	(void)!call->run(call);
	station_set_caller(bus->station, NULL);
}

int authorize_call(Call *call, const char *action)
{
	bool person = sd_bus_message_get_allow_interactive_authorization(call->message) > 0;
	sd_bus_message *question = NULL;
	int r = sd_bus_message_new_method_call(
		call->bus->bus, &question, POLKIT, POLKIT_PATH, POLKIT_INTERFACE, "CheckAuthorization");

	snprintf(call->cancellation, sizeof call->cancellation, "stipple-%u", ++call->bus->questions);
	if (r >= 0)
		r = sd_bus_message_append(question, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s",
			sd_bus_message_get_sender(call->message), action, 0, (uint32_t)person,
			call->cancellation);
	if (r >= 0)
		r = sd_bus_call_async(call->bus->bus, &call->asked, question, polkit_answered, call,
			person ? POLKIT_PERSON_TIMEOUT_US : POLKIT_TIMEOUT_US);
	sd_bus_message_unref(question);
	return r;
}

void authorize_cancel(Call *call)
{
	if (!call->asked)
		return;
	call->asked = sd_bus_slot_unref(call->asked);
	/* nobody waits for the answer; without this a dialogue would stay on the screen */
	(void)!sd_bus_call_method_async(call->bus->bus, NULL, POLKIT, POLKIT_PATH, POLKIT_INTERFACE,
		"CancelCheckAuthorization", NULL, NULL, "s", call->cancellation);
}
