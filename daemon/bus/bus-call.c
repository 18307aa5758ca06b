/* SPDX-License-Identifier: Apache-2.0 */

/**
 * A method call from its arrival to its reply: limits, arguments, results. A call that stops the needle must
 * do so on arrival, before it is judged. Other callers must not keep the signed-in operator from stopping the
 * needle or acknowledging a fault.
 */

#include "bus/bus-private.h"

#include <fcntl.h>
#include <string.h>

#include "util/log.h"
#include "util/text.h"

static void call_free(Call *call)
{
	Call **link = &call->bus->calls;

	while (*link && *link != call)
		link = &(*link)->next;
	if (*link)
		*link = call->next;
	sd_bus_slot_unref(call->question.asked);
	sd_bus_message_unref(call->message);
	free(call);
}

void calls_free(Bus *bus)
{
	while (bus->calls)
		call_free(bus->calls);
}

static bool call_is_from(const Call *call, const char *sender)
{
	return strcmp(sd_bus_message_get_sender(call->message), sender) == 0;
}

void calls_drop(Bus *bus, const char *sender)
{
	for (Call *call = bus->calls, *next; call; call = next) {
		next = call->next;
		if (!call_is_from(call, sender))
			continue;
		call->peer = NULL;
		if (call->runs)
			continue;
		polkit_cancel(bus, &call->question);
		call_free(call);
	}
}

/* ---- the row of a message ---- */

/**
 * Finds the row of a call's member; NULL when no table has it, so it is denied. A call without an interface
 * may mean any of ours.
 */
static const Member *find_member(const Bus *bus, sd_bus_message *message, const BusObject **ret_object)
{
	const char *name = sd_bus_message_get_member(message),
		   *interface = sd_bus_message_get_interface(message);

	if (!name || !sd_bus_message_is_method_call(message, NULL, NULL))
		return NULL;
	for (const BusObject *const *object = bus->objects; *object; object++) {
		if (interface && strcmp((*object)->interface, interface) != 0)
			continue;
		for (const Member *member = (*object)->members; member->name; member++)
			if (strcmp(member->name, name) == 0) {
				*ret_object = *object;
				return member;
			}
	}
	return NULL;
}

/* ---- what stops the needle does so when it arrives ---- */

/** Giving consent does not stop the needle. Arguments that cannot be read are refused later. */
static bool is_withdrawal(sd_bus_message *message)
{
	const char *consent, *version;
	int given = true;
	bool read = sd_bus_message_has_signature(message, "ssb") &&
		    sd_bus_message_read(message, "ssb", &consent, &version, &given) >= 0;

	(void)!sd_bus_message_rewind(message, true);
	return read && !given;
}

static bool asks_to_stop(const Member *member, sd_bus_message *message)
{
	switch (member->kind) {
	case MEMBER_STOPS:
		return true;
	case MEMBER_WITHDRAWS:
		return is_withdrawal(message);
	case MEMBER_ORDINARY:
	case MEMBER_RESERVED:
		break;
	}
	return false;
}

/**
 * Nothing is checked before the stop: not the arguments, which may be incomplete, no limit, no polkit, not
 * who is signed in. A caller who lacks the right for the call has still stopped the needle, and the record
 * says so.
 */
int calls_filter(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	Bus *bus = userdata;
	const BusObject *object;
	const Member *member = find_member(bus, message, &object);
	const char *path = sd_bus_message_get_path(message), *sender = sd_bus_message_get_sender(message);
	StationCaller caller = { .name = sender, .user = "unknown", .is_known = true };
	const Peer *peer;

	if (!member || !sender || !path || strncmp(path, PATH_STATION, strlen(PATH_STATION)) != 0 ||
		!asks_to_stop(member, message))
		return 0;
	peer = peer_of(bus, sender);
	if (peer)
		caller = peer_caller(peer);
	station_set_caller(bus->station, &caller);
	station_stop_now(bus->station);
	station_set_caller(bus->station, NULL);
	return 0;
}

/* ---- limits ---- */

typedef struct Load {
	unsigned own, all, questions; /* the sender's calls; all calls; those that wait for polkit */
} Load;

static Load count_calls(const Bus *bus, const char *sender)
{
	Load load = { 0 };

	for (const Call *call = bus->calls; call; call = call->next) {
		load.all++;
		load.own += call_is_from(call, sender);
		load.questions += !call->is_answered;
	}
	return load;
}

static bool is_signed_in(Bus *bus, const char *sender)
{
	const Peer *peer = peer_of(bus, sender);
	StationCaller caller;

	if (!peer)
		return false;
	caller = peer_caller(peer);
	return station_caller_signed_in(bus->station, &caller);
}

/**
 * A reserved call replaces an earlier one of the same caller that still waits. So there are few of them, and
 * there is always room for one.
 */
static bool take_place_of_earlier(Bus *bus, const char *sender, const Member *member)
{
	Call *call = bus->calls;

	while (call && (call->member != member || !call_is_from(call, sender)))
		call = call->next;
	if (!call)
		return true;
	if (call->runs)
		return false;
	polkit_cancel(bus, &call->question);
	call_refuse(call, SD_BUS_ERROR_LIMITS_EXCEEDED, "a later call took the place of this one");
	return true;
}

static bool has_room(Bus *bus, const char *sender, const Member *member)
{
	Load load = count_calls(bus, sender);

	if (load.own < BUS_CALLS_MAX && load.all < BUS_ALL_CALLS_MAX && load.questions < BUS_QUESTIONS_MAX)
		return true;
	if (member->kind == MEMBER_ORDINARY)
		return false;
	if (load.questions >= BUS_RESERVED_QUESTIONS_MAX && !is_signed_in(bus, sender))
		return false;
	return take_place_of_earlier(bus, sender, member);
}

/* ---- replies ---- */

void call_refuse(Call *call, const char *error, const char *text)
{
	char valid[STATION_TEXT_MAX];
	int r;

	snprintf(valid, sizeof valid, "%s", text);
	r = sd_bus_reply_method_errorf(call->message, error, "%s", text_repair(valid));
	if (r < 0)
		log_debug("a caller could not be told: %s", strerror(-r));
	call_free(call);
}

static int send_reply(Call *call, const StationReply *reply)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	int r = sd_bus_message_new_method_return(call->message, &message);

	if (r >= 0 && call->member->results)
		r = call->member->results(call, message, reply);
	return r < 0 ? r : sd_bus_message_send(message);
}

void call_answered(void *userdata, const StationReply *reply)
{
	Call *call = userdata;
	int r;

	if (reply->error) {
		call_refuse(call, reply->error, reply->text);
		return;
	}
	r = send_reply(call, reply);
	if (r < 0)
		log_debug("a caller could not be answered: %s", strerror(-r));
	call_free(call);
}

/* ---- from polkit's answer to the station ---- */

static void call_deny(Call *call)
{
	char text[256];

	log_notice("%s of %s is denied to %s", sd_bus_message_get_member(call->message),
		sd_bus_message_get_interface(call->message), sd_bus_message_get_sender(call->message));
	snprintf(text, sizeof text, "%s is not allowed to you: ask the station's administrator for the right",
		sd_bus_message_get_member(call->message));
	call_refuse(call, SD_BUS_ERROR_ACCESS_DENIED, text);
}

/** Asks the station for the row's command, with the named arguments. */
static void call_ask(Call *call, Arguments *arguments)
{
	const Member *member = call->member;
	StationRequest request = {
		.spec = member->command,
		.pin = arguments->pin,
		.new_pin = arguments->new_pin,
		.code = arguments->code,
		.place = call->object->place,
		.data = arguments->data,
		.size = arguments->size,
		/* the message owns its descriptor, but the stream needs one that outlives the message */
		.fd = arguments->fd < 0 ? -1 : fcntl(arguments->fd, F_DUPFD_CLOEXEC, 3),
		.done = call_answered,
		.userdata = call,
	};

	if (arguments->fd >= 0 && request.fd < 0) {
		call_refuse(call, STATION_ERROR_INVALID, "the output cannot be used: pass a pipe or a file");
		return;
	}
	if (member->with)
		(void)!json_object_set_new(arguments->asked, member->with, json_true());
	request.asked = TAKE_PTR(arguments->asked);
	station_ask(call->bus->station, &request);
}

static void call_run(Call *call)
{
	Arguments arguments;
	int r = arguments_read(call->message, call->object, &arguments);

	if (r < 0)
		call_refuse(call, STATION_ERROR_INVALID,
			r == -E2BIG ? "an argument is too long or a dictionary has too many entries"
				    : "the arguments cannot be read: see the interface's description");
	else if (call->member->run)
		call->member->run(call, call->bus->station, &arguments);
	else
		call_ask(call, &arguments);
	arguments_free(&arguments);
}

/** Without polkit on the bus, only root and the daemon's own user may call. */
static bool call_may_run(const Call *call)
{
	const Peer *peer = call->peer;

	return peer->is_known && (!call->without_polkit || peer->uid == 0 || peer->uid == geteuid());
}

/** Runs the call as soon as the caller is known. */
static void call_go_on(Call *call)
{
	StationCaller caller;
	Bus *bus = call->bus;

	call->is_answered = true;
	if (!call->peer->is_known && !call->peer->is_unknown)
		return; /* calls_of_peer_known() calls this again */
	if (!call_may_run(call)) {
		call_deny(call);
		return;
	}
	call->runs = true;
	caller = peer_caller(call->peer);
	station_set_caller(bus->station, &caller);
	call_run(call);
	station_set_caller(bus->station, NULL);
}

static void call_judged(PolkitQuestion *question, PolkitAnswer answer)
{
	Call *call = (Call *)question;
	char text[256];

	switch (answer) {
	case POLKIT_NO:
		call_deny(call);
		return;
	case POLKIT_NEEDS_PERSON:
		snprintf(text, sizeof text,
			"%s needs somebody who authenticates: call it from a session with an authentication agent",
			sd_bus_message_get_member(call->message));
		call_refuse(call, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, text);
		return;
	case POLKIT_ABSENT:
		call->without_polkit = true;
		break;
	case POLKIT_YES:
		break;
	}
	call_go_on(call);
}

void calls_of_peer_known(Bus *bus, const Peer *peer)
{
	Call *call = bus->calls;

	while (call) {
		if (call->peer != peer || !call->is_answered || call->runs) {
			call = call->next;
			continue;
		}
		call_go_on(call);
		call = bus->calls; /* the list may have changed */
	}
}

/* ---- the handlers of every vtable ---- */

static int call_start(
	Bus *bus, sd_bus_message *message, const BusObject *object, const Member *member, sd_bus_error *error)
{
	const char *sender = sd_bus_message_get_sender(message);
	Call *call;
	int r;

	if (!has_room(bus, sender, member))
		return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
			"too many calls wait for their answer: wait for some of them");
	call = calloc(1, sizeof *call);
	if (!call)
		return -ENOMEM;
	call->bus = bus;
	call->object = object;
	call->member = member;
	call->peer = peer_of(bus, sender);
	call->message = sd_bus_message_ref(message);
	call->question.answered = call_judged;
	call->next = bus->calls;
	bus->calls = call;
	r = call->peer ? polkit_ask(bus, &call->question, message, member->action) : -ENOMEM;
	if (r < 0) {
		call_free(call);
		return sd_bus_error_set_errno(error, r);
	}
	return 1;
}

int bus_method(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	Bus *bus = userdata;
	const BusObject *object;
	const Member *member = find_member(bus, message, &object);

	if (member && member->at_once)
		return member->at_once(bus, message, error);
	if (!member || !member->action)
		return sd_bus_error_set(
			error, SD_BUS_ERROR_ACCESS_DENIED, "this member is not offered to anybody");
	return call_start(bus, message, object, member, error);
}

int bus_property(sd_bus *sd, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const Bus *bus = userdata;

	station_look(bus->station);
	for (const BusObject *const *object = bus->objects; *object; object++)
		if (strcmp((*object)->interface, interface) == 0)
			return (*object)->append_property(bus, property, reply);
	return -ENOENT;
}
