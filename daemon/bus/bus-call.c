/* SPDX-License-Identifier: Apache-2.0 */

/**
 * A method call from its arrival to its reply: limits, arguments, results. A call that stops the needle must
 * do so on arrival, before it is judged. Other callers must not keep out whoever is signed in from stopping
 * the needle or acknowledging a fault.
 */

#include "bus/bus-private.h"

#include <errno.h>
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
	sd_bus_slot_unref(call->asked);
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
		authorize_cancel(call);
		call_free(call);
	}
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
		call = bus->calls; /* the list may be another one now */
	}
}

/* ---- what stops the needle does so when it arrives ---- */

/** A consent that is given stops nothing. What cannot be read is refused later. */
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
 * Nothing comes before it: not the arguments, of which there may be too few, no limit, no polkit, not who is
 * signed in. A caller who may not do what is asked has stopped the needle all the same, and that is on
 * record.
 */
int calls_filter(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	Bus *bus = userdata;
	const Member *member = authorize_message(message);
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
	unsigned own, all, questions; /* calls of the sender, of all; those that polkit has not answered */
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
 * A call that nobody keeps out takes the place of an earlier one of the same caller, if that waits still: so
 * there are few of them, and always room for one.
 */
static bool take_place(Bus *bus, const char *sender, const Member *member)
{
	Call *call = bus->calls;

	while (call && (call->member != member || !call_is_from(call, sender)))
		call = call->next;
	if (!call)
		return true;
	if (call->runs)
		return false;
	authorize_cancel(call);
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
	return take_place(bus, sender, member);
}

int call_start(Bus *bus, sd_bus_message *message, int (*run)(Call *call),
	int (*reply)(Call *call, const StationReply *reply), sd_bus_error *error)
{
	const char *sender = sd_bus_message_get_sender(message);
	const Member *member = authorize_message(message);
	Call *call;
	int r;

	if (!member || !member->action)
		return sd_bus_error_set(
			error, SD_BUS_ERROR_ACCESS_DENIED, "this member is not offered to anybody");
	if (!has_room(bus, sender, member))
		return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
			"too many calls wait for their answer: wait for some of them");
	call = calloc(1, sizeof *call);
	if (!call)
		return -ENOMEM;
	call->bus = bus;
	call->member = member;
	call->peer = peer_of(bus, sender);
	call->message = sd_bus_message_ref(message);
	call->run = run;
	call->reply = reply;
	call->next = bus->calls;
	bus->calls = call;
	r = call->peer ? authorize_call(call, member->action) : -ENOMEM;
	if (r < 0) {
		call_free(call);
		return sd_bus_error_set_errno(error, r);
	}
	return 1;
}

int call_refuse(Call *call, const char *error, const char *text)
{
	char valid[STATION_TEXT_MAX];
	int r;

	snprintf(valid, sizeof valid, "%s", text);
	r = sd_bus_reply_method_errorf(call->message, error, "%s", text_repair(valid));
	if (r < 0)
		log_debug("a caller could not be told: %s", strerror(-r));
	call_free(call);
	return 1;
}

int call_bad_arguments(Call *call, int r)
{
	return call_refuse(call, STATION_ERROR_INVALID,
		r == -E2BIG ? "an argument is too long or a dictionary has too many entries"
			    : "the arguments cannot be read: see the interface's description");
}

void call_answered(void *userdata, const StationReply *reply)
{
	Call *call = userdata;
	int r;

	if (reply->error) {
		call_refuse(call, reply->error, reply->text);
		return;
	}
	r = call->reply ? call->reply(call, reply) : sd_bus_reply_method_return(call->message, NULL);
	if (r < 0)
		log_debug("a caller could not be answered: %s", strerror(-r));
	call_free(call);
}

int reply_detail(Call *call, const StationReply *reply)
{
	return sd_bus_reply_method_return(call->message, "s", reply->detail);
}

int call_reply_picture(Call *call, const StationReply *reply)
{
	return sd_bus_reply_method_return(call->message, "h", reply->picture);
}

int call_read_strings(
	Call *call, const char **first, const char **second, const char **third, const char **fourth)
{
	const char **each[] = { first, second, third, fourth };

	for (size_t i = 0; i < ELEMENTS(each) && each[i]; i++) {
		int r = sd_bus_message_read(call->message, "s", each[i]);

		if (r < 0)
			return r;
		if (strlen(*each[i]) > BUS_TEXT_MAX)
			return -E2BIG;
	}
	return 0;
}

/** One variant as a JSON value; NULL when it holds something that a record has no use for. */
static json_t *read_variant(sd_bus_message *message)
{
	const char *contents, *text;
	json_t *value = NULL;
	char type;
	union {
		uint32_t u;
		int32_t i;
		uint64_t t;
		int64_t x;
		double d;
		int b;
	} number;

	if (sd_bus_message_peek_type(message, &type, &contents) <= 0 || type != 'v' ||
		sd_bus_message_enter_container(message, 'v', contents) < 0)
		return NULL;
	if (strcmp(contents, "s") == 0) {
		if (sd_bus_message_read(message, "s", &text) >= 0 && strlen(text) <= BUS_TEXT_MAX)
			value = json_string(text);
	} else if (strlen(contents) == 1 && strchr("uitxdb", contents[0])) {
		if (sd_bus_message_read_basic(message, contents[0], &number) < 0)
			return NULL;
		if (contents[0] == 't' && number.t > INT64_MAX)
			return NULL;
		value = contents[0] == 'u'   ? json_integer(number.u)
			: contents[0] == 'i' ? json_integer(number.i)
			: contents[0] == 't' ? json_integer((json_int_t)number.t)
			: contents[0] == 'x' ? json_integer(number.x)
			: contents[0] == 'd' ? json_real(number.d)
					     : json_boolean(number.b);
	}
	if (value && sd_bus_message_exit_container(message) < 0) {
		json_decref(value);
		return NULL;
	}
	return value;
}

/** One entry of a dictionary. A key that comes twice is refused: which of the two is meant? */
static int read_field(sd_bus_message *message, json_t *fields)
{
	const char *key;
	int r = sd_bus_message_read(message, "s", &key);

	if (r < 0)
		return r;
	if (strlen(key) > BUS_TEXT_MAX || json_object_size(fields) >= BUS_FIELDS_MAX)
		return -E2BIG;
	if (json_object_get(fields, key) || json_object_set_new(fields, key, read_variant(message)) < 0)
		return -EINVAL;
	return sd_bus_message_exit_container(message);
}

int read_fields(sd_bus_message *message, json_t **ret)
{
	json_auto_t *fields = json_object();
	int r = fields ? sd_bus_message_enter_container(message, 'a', "{sv}") : -ENOMEM;

	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
		r = read_field(message, fields);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	r = sd_bus_message_exit_container(message);
	if (r >= 0)
		*ret = json_incref(fields);
	return r < 0 ? r : 0;
}

static int append_list(sd_bus_message *message, const char *key, json_t *list)
{
	json_t *item;
	size_t i;
	int r = sd_bus_message_open_container(message, 'e', "sv");

	if (r >= 0)
		r = sd_bus_message_append(message, "s", key);
	if (r >= 0)
		r = sd_bus_message_open_container(message, 'v', "aa{sv}");
	if (r >= 0)
		r = sd_bus_message_open_container(message, 'a', "a{sv}");
	json_array_foreach (list, i, item)
		if (r >= 0)
			r = append_fields(message, item);
	for (int level = 0; r >= 0 && level < 3; level++)
		r = sd_bus_message_close_container(message);
	return r;
}

int append_fields(sd_bus_message *message, json_t *fields)
{
	const char *key;
	json_t *value;
	int r = sd_bus_message_open_container(message, 'a', "{sv}");

	json_object_foreach (fields, key, value) {
		if (r < 0)
			return r;
		if (json_is_string(value))
			r = sd_bus_message_append(message, "{sv}", key, "s", json_string_value(value));
		else if (json_is_integer(value))
			r = sd_bus_message_append(
				message, "{sv}", key, "x", (int64_t)json_integer_value(value));
		else if (json_is_real(value))
			r = sd_bus_message_append(message, "{sv}", key, "d", json_real_value(value));
		else if (json_is_boolean(value))
			r = sd_bus_message_append(message, "{sv}", key, "b", json_is_true(value));
		else if (json_is_array(value))
			r = append_list(message, key, value);
	}
	return r < 0 ? r : sd_bus_message_close_container(message);
}

int append_text(sd_bus_message *message, const char *text)
{
	char valid[STATION_TEXT_MAX];

	snprintf(valid, sizeof valid, "%s", text ? text : "");
	return sd_bus_message_append(message, "s", text_repair(valid));
}
