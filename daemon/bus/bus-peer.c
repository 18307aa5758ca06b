/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The connections that call: the user of each, and the sign-in whose token it has presented. A connection's
 * user never changes, so the bus is asked only once. Nothing here may wait, so account names come only from
 * this machine's own list.
 */

#include "bus/bus-private.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "util/digest.h"
#include "util/log.h"
#include "util/text.h"

static Peer *peer_free(Peer *peer)
{
	if (!peer)
		return NULL;
	sd_bus_slot_unref(peer->asked);
	free(peer->name);
	free(peer);
	return NULL;
}

static Peer *find_peer(const Bus *bus, const char *name)
{
	Peer *peer = bus->peers;

	while (peer && strcmp(peer->name, name) != 0)
		peer = peer->next;
	return peer;
}

/** The account's name, "" when it is not in this machine's own list: asking elsewhere could block. */
static void name_of_user(uint32_t uid, char ret[STATION_NAME_MAX])
{
	_cleanup_(fclosep) FILE *accounts = fopen("/etc/passwd", "re");
	struct passwd account, *found = NULL;
	char text[BUS_TEXT_MAX];

	ret[0] = '\0';
	while (accounts && fgetpwent_r(accounts, &account, text, sizeof text, &found) == 0)
		if (account.pw_uid == uid) {
			snprintf(ret, STATION_NAME_MAX, "%s", text_repair(account.pw_name));
			return;
		}
}

/** Without `found` the user is unknown, and the connection may not do anything. */
static void settle_peer(Peer *peer, bool found)
{
	Bus *bus = peer->bus;
	StationCaller caller;

	peer->asked = sd_bus_slot_unref(peer->asked);
	peer->is_known = found;
	peer->is_unknown = !found;
	if (!found)
		log_notice("the bus did not say whose connection %s was", peer->name);
	if (found)
		name_of_user(peer->uid, peer->user);
	caller = peer_caller(peer);
	station_caller_known(bus->station, &caller);
	bus->peer_known(bus, peer);
}

static int user_answered(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	Peer *peer = userdata;

	settle_peer(peer, !sd_bus_message_is_method_error(message, NULL) &&
				  sd_bus_message_read(message, "u", &peer->uid) >= 0);
	return 1;
}

static Peer *peer_new(Bus *bus, const char *name)
{
	Peer *peer = calloc(1, sizeof *peer);

	if (peer)
		peer->name = strdup(name);
	if (!peer || !peer->name)
		return peer_free(peer);
	peer->bus = bus;
	peer->next = bus->peers;
	bus->peers = peer;
	return peer;
}

/** Asks once; asks again only if the bus could not answer for this connection. */
static void ask_for_user(Peer *peer)
{
	int r;

	if (peer->asked || peer->is_known)
		return;
	peer->is_unknown = false;
	r = sd_bus_call_method_async(peer->bus->bus, &peer->asked, "org.freedesktop.DBus",
		"/org/freedesktop/DBus", "org.freedesktop.DBus", "GetConnectionUnixUser", user_answered, peer,
		"s", peer->name);
	if (r < 0)
		peer->is_unknown = true;
}

Peer *peer_of(Bus *bus, const char *name)
{
	Peer *peer = find_peer(bus, name);

	if (!peer)
		peer = peer_new(bus, name);
	if (peer)
		ask_for_user(peer);
	return peer;
}

StationCaller peer_caller(const Peer *peer)
{
	return (StationCaller){
		.name = peer->name,
		.user = peer->is_unknown ? "unknown" : peer->user,
		.uid = peer->uid,
		.sign_in = peer->sign_in,
		.is_known = peer->is_known || peer->is_unknown,
	};
}

void peer_left(Bus *bus, const char *name)
{
	Peer **link = &bus->peers, *peer;

	while (*link && strcmp((*link)->name, name) != 0)
		link = &(*link)->next;
	peer = *link;
	if (!peer)
		return;
	if (peer->asked)
		settle_peer(peer, false);
	*link = peer->next;
	peer_free(peer);
}

void peers_free(Bus *bus)
{
	while (bus->peers) {
		Peer *peer = bus->peers;

		bus->peers = peer->next;
		peer_free(peer);
	}
	explicit_bzero(bus->token, sizeof bus->token);
}

/* ---- the token of a sign-in ---- */

int token_of_sign_in(Bus *bus, uint64_t sign_in, const char **ret)
{
	uint8_t random[BUS_TOKEN_BYTES];

	if (bus->token_sign_in != sign_in) {
		if (getrandom(random, sizeof random, 0) != sizeof random)
			return -EIO;
		hex_encode(random, sizeof random, bus->token);
		explicit_bzero(random, sizeof random);
		bus->token_sign_in = sign_in;
	}
	*ret = bus->token;
	return 0;
}

/** Compares in constant time, so that the time does not reveal how much of the token was right. */
static bool is_token(const Bus *bus, const char *token)
{
	unsigned difference = 0;

	if (strlen(token) != 2 * BUS_TOKEN_BYTES)
		return false;
	for (size_t i = 0; i < 2 * BUS_TOKEN_BYTES; i++)
		difference |= (unsigned char)token[i] ^ (unsigned char)bus->token[i];
	return difference == 0;
}

bool token_presented(Peer *peer, const char *token)
{
	const Bus *bus = peer->bus;
	uint64_t sign_in = station_state(bus->station)->people.sign_in;

	if (sign_in == 0 || bus->token_sign_in != sign_in || !is_token(bus, token))
		return false;
	peer->sign_in = sign_in;
	return true;
}
