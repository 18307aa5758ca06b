/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Asks polkit whether a caller may do something. It must not wait for polkit, and makes no decision itself.
 */

#include "bus/bus-private.h"

#include "util/log.h"

#define POLKIT           "org.freedesktop.PolicyKit1"
#define POLKIT_PATH      "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"

enum {
	POLKIT_TIMEOUT_US = 25 * USEC_PER_SEC,
	POLKIT_PERSON_TIMEOUT_US = 120 * USEC_PER_SEC, /* a person may have to type a password */
};

static PolkitAnswer read_polkit_answer(sd_bus_message *message)
{
	int authorized = 0, challenge = 0;

	if (sd_bus_message_is_method_error(message, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
		sd_bus_message_is_method_error(message, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
		return POLKIT_ABSENT;
	if (sd_bus_message_is_method_error(message, NULL)) {
		log_warning("polkit did not decide: %s", sd_bus_message_get_error(message)->message);
		return POLKIT_NO;
	}
	if (sd_bus_message_enter_container(message, 'r', "bba{ss}") < 0 ||
		sd_bus_message_read(message, "bb", &authorized, &challenge) < 0)
		return POLKIT_NO;
	if (authorized)
		return POLKIT_YES;
	return challenge ? POLKIT_NEEDS_PERSON : POLKIT_NO;
}

static int polkit_answered(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	PolkitQuestion *question = userdata;

	question->asked = sd_bus_slot_unref(question->asked);
	question->answered(question, read_polkit_answer(message));
	return 1;
}

int polkit_ask(Bus *bus, PolkitQuestion *question, sd_bus_message *call, const char *action)
{
	bool person = sd_bus_message_get_allow_interactive_authorization(call) > 0;
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	int r;

	snprintf(question->cancellation, sizeof question->cancellation, "stipple-%u", ++bus->questions);
	r = sd_bus_message_new_method_call(
		bus->bus, &message, POLKIT, POLKIT_PATH, POLKIT_INTERFACE, "CheckAuthorization");
	if (r < 0)
		return r;
	r = sd_bus_message_append(message, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s",
		sd_bus_message_get_sender(call), action, 0, (uint32_t)person, question->cancellation);
	if (r < 0)
		return r;
	return sd_bus_call_async(bus->bus, &question->asked, message, polkit_answered, question,
		person ? POLKIT_PERSON_TIMEOUT_US : POLKIT_TIMEOUT_US);
}

void polkit_cancel(Bus *bus, PolkitQuestion *question)
{
	if (!question->asked)
		return;
	question->asked = sd_bus_slot_unref(question->asked);
	/* the answer is not needed; without this call a dialogue would stay on the screen */
	(void)!sd_bus_call_method_async(bus->bus, NULL, POLKIT, POLKIT_PATH, POLKIT_INTERFACE,
		"CancelCheckAuthorization", NULL, NULL, "s", question->cancellation);
}
