/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/bus-private.h"

#include <string.h>

#include "util/log.h"

#define ACTION_OPERATE     "org.stipple.session.operate"
#define ACTION_ACKNOWLEDGE "org.stipple.session.acknowledge"
#define ACTION_RECEIVE     "org.stipple.inventory.receive"
#define ACTION_INVENTORY   "org.stipple.inventory.read"
#define ACTION_AUDIT       "org.stipple.audit.read"
#define ACTION_ENROL       "org.stipple.station.enrol"
#define ACTION_STATION     "org.stipple.station.read"

/* The one table. A member that is not here is denied; dbus/org.stipple.policy describes the actions. */
static const struct {
	const char *interface, *member, *action;
} table[] = {
	{ INTERFACE_STATION, "Login", ACTION_OPERATE },
	{ INTERFACE_STATION, "Logout", ACTION_OPERATE },
	{ INTERFACE_STATION, "Enrol", ACTION_ENROL },
	{ INTERFACE_STATION, "AcknowledgeFault", ACTION_ACKNOWLEDGE },
	{ INTERFACE_STATION, "SelfTest", ACTION_OPERATE },
	{ INTERFACE_STATION, "Doctor", ACTION_STATION },
	{ INTERFACE_SESSION, "Begin", ACTION_OPERATE },
	{ INTERFACE_SESSION, "AnswerScreening", ACTION_OPERATE },
	{ INTERFACE_SESSION, "RecordConsent", ACTION_OPERATE },
	{ INTERFACE_SESSION, "SelectZone", ACTION_OPERATE },
	{ INTERFACE_SESSION, "MountNeedle", ACTION_OPERATE },
	{ INTERFACE_SESSION, "RemoveNeedle", ACTION_OPERATE },
	{ INTERFACE_SESSION, "LoadPigment", ACTION_OPERATE },
	{ INTERFACE_SESSION, "Capture", ACTION_OPERATE },
	{ INTERFACE_SESSION, "Refusals", ACTION_STATION },
	{ INTERFACE_SESSION, "Arm", ACTION_OPERATE },
	{ INTERFACE_SESSION, "Disarm", ACTION_OPERATE },
	{ INTERFACE_SESSION, "Pause", ACTION_OPERATE },
	{ INTERFACE_SESSION, "Resume", ACTION_OPERATE },
	{ INTERFACE_SESSION, "Finish", ACTION_OPERATE },
	{ INTERFACE_SESSION, "Sign", ACTION_OPERATE },
	{ INTERFACE_SESSION, "Abandon", ACTION_OPERATE },
	{ INTERFACE_INVENTORY, "ReceiveLot", ACTION_RECEIVE },
	{ INTERFACE_INVENTORY, "ParseCode", ACTION_INVENTORY },
	{ INTERFACE_AUDIT, "Query", ACTION_AUDIT },
};

const char *authorize_action(const char *interface, const char *member)
{
	for (size_t i = 0; i < ELEMENTS(table); i++)
		if (strcmp(table[i].interface, interface) == 0 && strcmp(table[i].member, member) == 0)
			return table[i].action;
	return NULL;
}

static int deny(Call *call)
{
	char text[256];

	snprintf(text, sizeof text, "%s is not allowed to you: ask the station's administrator for the right",
		sd_bus_message_get_member(call->message));
	return call_refuse(call, SD_BUS_ERROR_ACCESS_DENIED, text);
}

/** Without polkit on the bus only root and the daemon's own user are let in. */
static int without_polkit(Call *call)
{
	sd_bus_creds *creds = NULL;
	uid_t uid = (uid_t)-1;
	bool let_in;

	if (sd_bus_query_sender_creds(call->message, SD_BUS_CREDS_EUID, &creds) >= 0)
		(void)!sd_bus_creds_get_euid(creds, &uid);
	let_in = uid == 0 || uid == geteuid();
	sd_bus_creds_unref(creds);
	if (!let_in)
		return deny(call);
	call_run(call);
	return 1;
}

static int polkit_answered(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	Call *call = userdata;
	int authorized = 0, challenge = 0;

	call->polkit = sd_bus_slot_unref(call->polkit);
	if (sd_bus_message_is_method_error(message, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
		sd_bus_message_is_method_error(message, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
		return without_polkit(call);
	if (sd_bus_message_is_method_error(message, NULL)) {
		log_warning("polkit did not decide on %s: %s", sd_bus_message_get_member(call->message),
			sd_bus_message_get_error(message)->message);
		return deny(call);
	}
	if (sd_bus_message_enter_container(message, 'r', "bba{ss}") < 0 ||
		sd_bus_message_read(message, "bb", &authorized, &challenge) < 0 || !authorized)
		return deny(call);
	call_run(call);
	return 1;
}

int authorize_call(Call *call, const char *action)
{
	bool interactive = sd_bus_message_get_allow_interactive_authorization(call->message) > 0;

	return sd_bus_call_method_async(call->bus->bus, &call->polkit, "org.freedesktop.PolicyKit1",
		"/org/freedesktop/PolicyKit1/Authority", "org.freedesktop.PolicyKit1.Authority",
		"CheckAuthorization", polkit_answered, call, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name",
		"s", sd_bus_message_get_sender(call->message), action, 0, (uint32_t)interactive, "");
}
