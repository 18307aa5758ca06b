/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What the files of the bus share. Nothing else includes it. */

#include "bus/bus.h"

#define BUS_NAME            "org.stipple.Station1"
#define PATH_STATION        "/org/stipple/Station1"
#define PATH_SESSION        PATH_STATION "/Session"
#define PATH_INVENTORY      PATH_STATION "/Inventory"
#define PATH_AUDIT          PATH_STATION "/Audit"
#define INTERFACE_STATION   "org.stipple.Station1"
#define INTERFACE_SESSION   "org.stipple.Session1"
#define INTERFACE_INVENTORY "org.stipple.Inventory1"
#define INTERFACE_AUDIT     "org.stipple.Audit1"

/** Bounds on what callers may send: bytes of a text, entries of a dictionary. */
enum { BUS_TEXT_MAX = 4096, BUS_FIELDS_MAX = 64 };

/**
 * Bounds on calls under way: of one connection, of all, and of those that wait for polkit. The message bus
 * refuses a connection that waits for more than 128 replies (dbus-daemon's max_replies_per_connection): what
 * is left of these is for calls that nobody keeps out, and then for those of whoever is signed in.
 */
enum {
	BUS_CALLS_MAX = 32,
	BUS_ALL_CALLS_MAX = 512,
	BUS_QUESTIONS_MAX = 64,
	BUS_RESERVED_QUESTIONS_MAX = 96,
};

enum { BUS_TOKEN_BYTES = 16 };

typedef struct Call Call;
typedef struct Peer Peer;

/** A connection that has called. */
struct Peer {
	Bus *bus;
	Peer *next;
	char *name;
	sd_bus_slot *asked;        /* while the bus has not said whose it is */
	bool is_known, is_unknown; /* the bus has said, or cannot */
	uint32_t uid;
	char user[STATION_NAME_MAX]; /* the account's, "" unknown */
	uint64_t sign_in;            /* whose token it presented; 0 none */
};

struct Bus {
	sd_bus *bus;
	BusOptions options;
	Station *station;
	sd_bus_slot *owner_match;
	Call *calls; /* under way */
	Peer *peers;
	char token[2 * BUS_TOKEN_BYTES + 1]; /* of the sign-in of that number; 0 none was asked for yet */
	uint64_t token_sign_in;
	uint32_t questions; /* asked of polkit so far: each needs a name of its own */
	bool broker_connected;
	sd_bus_slot *clock_asked; /* while the time service has not answered */
	int clock_wait_s;         /* until it is asked again */
};

typedef enum MemberKind {
	MEMBER_ORDINARY,
	MEMBER_STOPS,     /* stops the needle when it arrives, whatever becomes of it */
	MEMBER_WITHDRAWS, /* the same when its third argument is false */
	MEMBER_RESERVED,  /* other callers do not keep it out */
} MemberKind;

typedef struct Member {
	const char *interface, *name;
	const char *action; /* of polkit; NULL: nobody is asked, the member itself judges */
	MemberKind kind;
} Member;

/** A method call between its arrival and its reply. */
struct Call {
	Bus *bus;
	Call *next;
	const Member *member;
	sd_bus_message *message;
	Peer *peer;          /* who calls; NULL once it has left */
	sd_bus_slot *asked;  /* while polkit has not said whether the caller may */
	bool is_answered;    /* it has: who it is, is all that may be open */
	bool without_polkit; /* there is none */
	bool runs;
	char cancellation[32]; /* of the open question to polkit */
	int (*run)(Call *call);
	int (*reply)(Call *call, const StationReply *reply); /* NULL: an empty reply */
};

/**
 * The way of every method: looks the member up in the authorisation table, asks polkit without blocking,
 * then runs `run`, which reads the arguments and starts the work with call_answered() as its callback.
 */
int call_start(Bus *bus, sd_bus_message *message, int (*run)(Call *call),
	int (*reply)(Call *call, const StationReply *reply), sd_bus_error *error);
/** A StationDone: replies and frees the call. */
void call_answered(void *userdata, const StationReply *reply);
/** A reply of the station's detail alone. */
int reply_detail(Call *call, const StationReply *reply);
/** Hands out the photograph whose path is the reply's detail, or says why it cannot be opened. */
int call_reply_picture(Call *call, const StationReply *reply);
/** Replies with an error and frees the call. Returns 1, as a message handler does. */
int call_refuse(Call *call, const char *error, const char *text);
/** Refuses a call whose arguments could not be read. */
int call_bad_arguments(Call *call, int r);
/** Reads strings that must not be longer than BUS_TEXT_MAX. Negative: refuse the call with it. */
int call_read_strings(
	Call *call, const char **first, const char **second, const char **third, const char **fourth);
void calls_free(Bus *bus);
/** Forgets what a caller that is gone was not yet allowed to do; what is being recorded goes on. */
void calls_drop(Bus *bus, const char *sender);
/** Goes on with what waited for the bus to say whose connection this is. */
void calls_of_peer_known(Bus *bus, const Peer *peer);
/** Sees each message before anything else does: stops the needle where it asks for that. */
int calls_filter(sd_bus_message *message, void *userdata, sd_bus_error *error);

/** A dictionary a{sv} of strings, numbers and booleans as an object. Negative errno when it holds others. */
int read_fields(sd_bus_message *message, json_t **ret);
/** The same the other way, for a reply. A list is one of objects; an object itself is left out. */
int append_fields(sd_bus_message *message, json_t *fields);
/** A text that may have been cut off or come from elsewhere; NULL is "". */
int append_text(sd_bus_message *message, const char *text);

/* bus-peer.c */
/** The connection of that unique name, until it leaves the bus. NULL when out of memory. */
Peer *peer_of(Bus *bus, const char *name);
/** As the station wants to know it; borrowed from the peer. */
StationCaller peer_caller(const Peer *peer);
void peer_left(Bus *bus, const char *name);
void peers_free(Bus *bus);
/** The token of that sign-in, which is now under way; made when it is first asked for. Borrowed. -EIO. */
int token_of_sign_in(Bus *bus, uint64_t sign_in, const char **ret);
/** False: this is not the token of the sign-in under way. */
bool token_presented(Peer *peer, const char *token);

/* bus-authorize.c */
/** NULL when it is not in the table and therefore denied. */
const Member *authorize_member(const char *interface, const char *name);
/** What a message asks for, NULL as above. Without an interface any of ours may be meant. */
const Member *authorize_message(sd_bus_message *message);
/** Asks polkit without blocking; continues with call_go_on() or an error. Negative errno: it cannot be asked.
 */
int authorize_call(Call *call, const char *action);
/** Takes the question back, if one is open. */
void authorize_cancel(Call *call);
/** What authorize_call() continues with: runs the call as soon as it is known who calls. */
void call_go_on(Call *call);

/* bus-clock.c */
/** Each second: asks the time service now and then whether the clock is synchronised, and passes it on. */
void bus_clock_tick(Bus *bus);

/* bus.c */
bool bus_broker_connected(const Bus *bus);

/* bus-form.c */
int bus_method_record(sd_bus_message *message, void *userdata, sd_bus_error *error);
int bus_get_forms(sd_bus *sd, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error);

#define BUS_FORM_MEMBERS                                                                     \
	SD_BUS_METHOD_WITH_ARGS("Record", SD_BUS_ARGS("s", kind, "a{sv}", fields, "s", pin), \
		SD_BUS_RESULT("t", number), bus_method_record, SD_BUS_VTABLE_UNPRIVILEGED),  \
		SD_BUS_PROPERTY("Forms", "a(sbssa(sbss))", bus_get_forms, 0, SD_BUS_VTABLE_PROPERTY_CONST)

/* one file an object */
extern const sd_bus_vtable bus_station_vtable[], bus_session_vtable[], bus_inventory_vtable[],
	bus_audit_vtable[];
