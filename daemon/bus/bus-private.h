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

/* dbus/org.stipple.policy describes them. */
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
typedef struct BusObject BusObject;

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
	const BusObject *const *objects; /* NULL after the last */
	sd_bus_slot *owner_match;
	Call *calls; /* under way */
	Peer *peers;
	void (*peer_known)(Bus *bus, const Peer *peer); /* the bus has said whose it is, or cannot */
	char token[2 * BUS_TOKEN_BYTES + 1]; /* of the sign-in of that number; 0 none was asked for yet */
	uint64_t token_sign_in;
	uint32_t questions; /* asked of polkit so far: each needs a name of its own */
	bool broker_connected;
	sd_bus_slot *clock_asked; /* while the time service has not answered */
	int clock_wait_s;         /* until it is asked again */
};

/* ---- the tables of members: the XML describes each, one row handles it ----------------------------- */

/** The arguments of a call, named as in the XML. Texts and bytes are the message's. */
typedef struct Arguments {
	json_t *asked;             /* an object of those that are not apart below; owned */
	const char *pin, *new_pin; /* kept apart, so that they are nowhere but in the message; NULL: none */
	const char *code;          /* of a label, or one that enrols; NULL: none */
	const void *data;          /* ay */
	size_t size;
	int fd; /* h; -1: none */
} Arguments;

typedef enum MemberKind {
	MEMBER_ORDINARY,
	MEMBER_STOPS,     /* stops the needle when it arrives, whatever becomes of it */
	MEMBER_WITHDRAWS, /* the same when its third argument is false */
	MEMBER_RESERVED,  /* other callers do not keep it out */
} MemberKind;

/**
 * A method: the command of the station that it is, whose arguments are named as the XML names the method's,
 * or a function that does it, as soon as polkit has let the caller in. A function is done when it has called
 * call_answered().
 */
typedef struct Member {
	const char *name;   /* NULL ends a table */
	const char *action; /* of polkit; NULL: nobody is asked, `at_once` itself judges */
	MemberKind kind;
	const CommandSpec *command;
	const char *with; /* NULL, or a flag that is asked besides */
	/** `arguments` are freed by the caller. */
	void (*run)(Call *call, Station *station, Arguments *arguments);
	/** Appends the results. NULL: there are none. */
	int (*results)(Call *call, sd_bus_message *message, const StationReply *reply);
	/** Is the method itself, a handler of sd-bus. */
	int (*at_once)(Bus *bus, sd_bus_message *message, sd_bus_error *error);
} Member;

struct BusObject {
	const char *path, *interface;
	FormPlace place; /* of the forms that are entered here */
	const sd_bus_vtable *vtable;
	const Member *members; /* a method that has no row is denied */
	/** Appends the value of a property, which anybody may read whom the bus policy lets in. */
	int (*append_property)(const Bus *bus, const char *name, sd_bus_message *message);
};

/* Made of the XML. */
extern const sd_bus_vtable bus_station_vtable[], bus_session_vtable[], bus_inventory_vtable[],
	bus_audit_vtable[];
/* One file an object. */
extern const BusObject bus_station_object, bus_session_object, bus_inventory_object, bus_audit_object;

/* ---- bus-value.c: between messages and values ----------------------------------------------------- */

/**
 * Reads all arguments of a call to `object`, of which sd-bus has checked the types. -E2BIG when one is too
 * long, -EINVAL when a dictionary holds other than strings, numbers and booleans. To be freed by
 * arguments_free(), also on failure.
 */
int arguments_read(sd_bus_message *message, const BusObject *object, Arguments *ret);
void arguments_free(Arguments *arguments);
/** An object as a dictionary a{sv}. A list is one of objects; an object itself is left out. */
int append_fields(sd_bus_message *message, json_t *fields);
/** A text that may have been cut off or come from elsewhere; NULL is "". */
int append_text(sd_bus_message *message, const char *text);

/** A property of a simple type. */
typedef struct BusValue {
	const char *name;
	char type; /* s, b, u, t, x or d */
	const char *text;
	uint64_t number;
	double figure;
} BusValue;

/** Appends the value of that name; -ENOENT when there is none. */
int append_value(sd_bus_message *message, const BusValue *values, size_t n, const char *name);

/* Results of several methods. */
int append_detail(Call *call, sd_bus_message *message, const StationReply *reply);
int append_number(Call *call, sd_bus_message *message, const StationReply *reply);
int append_picture(Call *call, sd_bus_message *message, const StationReply *reply);
int append_figures(Call *call, sd_bus_message *message, const StationReply *reply);

/* ---- bus-peer.c ------------------------------------------------------------------------------------ */

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

/* ---- bus-polkit.c ---------------------------------------------------------------------------------- */

typedef enum PolkitAnswer {
	POLKIT_YES,
	POLKIT_NO,
	POLKIT_NEEDS_PERSON, /* who authenticates, which the caller did not allow */
	POLKIT_ABSENT,       /* there is none on the bus */
} PolkitAnswer;

typedef struct PolkitQuestion PolkitQuestion;

struct PolkitQuestion {
	sd_bus_slot *asked; /* while polkit has not answered */
	char cancellation[32];
	void (*answered)(PolkitQuestion *question, PolkitAnswer answer);
};

/** Asks whether the sender of `call` may do `action`, without blocking. Negative errno: it cannot be asked.
 */
int polkit_ask(Bus *bus, PolkitQuestion *question, sd_bus_message *call, const char *action);
/** Takes the question back, if it is open. */
void polkit_cancel(Bus *bus, PolkitQuestion *question);

/* ---- bus-call.c ------------------------------------------------------------------------------------ */

/** A method call between its arrival and its reply. */
struct Call {
	PolkitQuestion question; /* the first, as it leads back to the call */
	Bus *bus;
	Call *next;
	const BusObject *object;
	const Member *member;
	sd_bus_message *message;
	Peer *peer;          /* who calls; NULL once it has left */
	bool is_answered;    /* polkit has: who it is, is all that may be open */
	bool without_polkit; /* there is none */
	bool runs;
};

/** The handlers of every vtable. */
int bus_method(sd_bus_message *message, void *userdata, sd_bus_error *error);
int bus_property(sd_bus *sd, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error);
/** A StationDone: replies and frees the call. */
void call_answered(void *userdata, const StationReply *reply);
/** Replies with an error and frees the call. */
void call_refuse(Call *call, const char *error, const char *text);
void calls_free(Bus *bus);
/** Forgets what a caller that is gone was not yet allowed to do; what is being recorded goes on. */
void calls_drop(Bus *bus, const char *sender);
/** Goes on with what waited for the bus to say whose connection this is. */
void calls_of_peer_known(Bus *bus, const Peer *peer);
/** Sees each message before anything else does: stops the needle where it asks for that. */
int calls_filter(sd_bus_message *message, void *userdata, sd_bus_error *error);

/* ---- others ---------------------------------------------------------------------------------------- */

/** Forms: the kinds that may be entered at that place. */
int append_forms(sd_bus_message *message, FormPlace place);
/** Each second: asks the time service now and then whether the clock is synchronised, and passes it on. */
void bus_clock_tick(Bus *bus);
bool bus_broker_connected(const Bus *bus);
