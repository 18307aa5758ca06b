/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Shared by the files of the bus. Nothing else includes it. */

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

/** Limits on what callers may send: bytes of a text, entries of a dictionary, texts of a list. */
enum { BUS_TEXT_MAX = 4096, BUS_FIELDS_MAX = 64, BUS_TEXTS_MAX = 200 };

/**
 * Limits on pending calls: of one connection, of all, and of those that wait for polkit. The message bus
 * refuses a connection that waits for more than 128 replies (dbus-daemon's max_replies_per_connection). The
 * rest is reserved, first for MEMBER_RESERVED calls, then for calls of whoever is signed in.
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
	sd_bus_slot *asked;        /* set while the bus has not said whose connection it is */
	bool is_known, is_unknown; /* the bus has said, or cannot say */
	uint32_t uid;
	char user[STATION_NAME_MAX]; /* name of the account, "" unknown */
	uint64_t sign_in;            /* the sign-in whose token it presented; 0 none */
};

struct Bus {
	sd_bus *bus;
	BusOptions options;
	Station *station;
	const BusObject *const *objects; /* NULL after the last */
	sd_bus_slot *owner_match;
	Call *calls; /* pending */
	Peer *peers;
	void (*peer_known)(Bus *bus, const Peer *peer); /* the bus has said whose it is, or cannot say */
	char token[2 * BUS_TOKEN_BYTES + 1]; /* of the sign-in with this number; 0: none was asked for */
	uint64_t token_sign_in;
	uint32_t questions; /* number of questions to polkit so far: each needs a name of its own */
	bool broker_connected;
	sd_bus_slot *clock_asked; /* set while the time service has not answered */
	int clock_wait_s;         /* seconds until it is asked again */
};

/* ---- the tables of members: the XML describes each, one row handles it ----------------------------- */

/** The arguments of a call, named as in the XML. The message owns texts and bytes. */
typedef struct Arguments {
	json_t *asked; /* an object of the arguments that have no member of their own below; owned */
	const char *pin, *new_pin; /* kept separate, so that no copy exists outside the message; NULL: none */
	const char *code;          /* a label's code, or an enrolment code; NULL: none */
	const void *data;          /* ay */
	size_t size;
	int fd; /* h; -1: none */
} Arguments;

typedef enum MemberKind {
	MEMBER_ORDINARY,
	MEMBER_STOPS,     /* stops the needle when the call arrives, whatever its outcome */
	MEMBER_WITHDRAWS, /* the same, but only if its third argument is false */
	MEMBER_RESERVED,  /* calls of other programs cannot keep it out */
} MemberKind;

/**
 * A method. It is either a command of the station, whose arguments have the names in the XML, or a function
 * that runs as soon as polkit has let the caller in. The function finishes by calling call_answered().
 */
typedef struct Member {
	const char *name;   /* NULL ends a table */
	const char *action; /* of polkit; NULL: polkit is not asked, `at_once` itself decides */
	MemberKind kind;
	const CommandSpec *command;
	const char *with; /* NULL, or a flag that is added to what is asked */
	/** The caller of `run` frees `arguments`. */
	void (*run)(Call *call, Station *station, Arguments *arguments);
	/** Appends the results to the reply. NULL: there are none. */
	int (*results)(Call *call, sd_bus_message *message, const StationReply *reply);
	/** Handles the method directly, as an sd-bus handler. */
	int (*at_once)(Bus *bus, sd_bus_message *message, sd_bus_error *error);
} Member;

struct BusObject {
	const char *path, *interface;
	FormPlace place; /* place of the forms that this object takes */
	const sd_bus_vtable *vtable;
	const Member *members; /* a method without a row is denied */
	/** Appends the value of a property. Everybody whom the bus policy lets in may read it. */
	int (*append_property)(const Bus *bus, const char *name, sd_bus_message *message);
};

/* Generated from the XML. */
extern const sd_bus_vtable bus_station_vtable[], bus_session_vtable[], bus_inventory_vtable[],
	bus_audit_vtable[];
/* One file for each object. */
extern const BusObject bus_station_object, bus_session_object, bus_inventory_object, bus_audit_object;

/* ---- bus-value.c: between messages and values ----------------------------------------------------- */

/**
 * Reads all arguments of a call to `object`; sd-bus has checked their types. -E2BIG when one is too long,
 * -EINVAL when a dictionary holds anything but strings, numbers and booleans. Free them with
 * arguments_free(), even on failure.
 */
int arguments_read(sd_bus_message *message, const BusObject *object, Arguments *ret);
void arguments_free(Arguments *arguments);
/** Appends an object as a dictionary a{sv}. A list must be one of objects; a nested object is left out. */
int append_fields(sd_bus_message *message, json_t *fields);
/** Appends a text that may be truncated or untrusted; NULL becomes "". */
int append_text(sd_bus_message *message, const char *text);

/** A property of a simple type. */
typedef struct BusValue {
	const char *name;
	char type; /* s, b, u, t, x or d, as in D-Bus */
	const char *text;
	uint64_t number;
	double figure;
} BusValue;

/** Appends the value of that name; -ENOENT when there is none. */
int append_value(sd_bus_message *message, const BusValue *values, size_t n, const char *name);

/* Results that several methods share. */
int append_detail(Call *call, sd_bus_message *message, const StationReply *reply);
int append_number(Call *call, sd_bus_message *message, const StationReply *reply);
int append_picture(Call *call, sd_bus_message *message, const StationReply *reply);
int append_figures(Call *call, sd_bus_message *message, const StationReply *reply);

/* ---- bus-peer.c ------------------------------------------------------------------------------------ */

/** The connection with that unique name, kept until it leaves the bus. NULL when out of memory. */
Peer *peer_of(Bus *bus, const char *name);
/** The peer as the station needs it; borrowed from the peer. */
StationCaller peer_caller(const Peer *peer);
void peer_left(Bus *bus, const char *name);
void peers_free(Bus *bus);
/** The token of that sign-in, which must be the current one; made at the first request. Borrowed. -EIO. */
int token_of_sign_in(Bus *bus, uint64_t sign_in, const char **ret);
/** False when this is not the token of the current sign-in. */
bool token_presented(Peer *peer, const char *token);

/* ---- bus-polkit.c ---------------------------------------------------------------------------------- */

typedef enum PolkitAnswer {
	POLKIT_YES,
	POLKIT_NO,
	POLKIT_NEEDS_PERSON, /* a person must authenticate, which the caller did not allow */
	POLKIT_ABSENT,       /* polkit is not on the bus */
} PolkitAnswer;

typedef struct PolkitQuestion PolkitQuestion;

struct PolkitQuestion {
	sd_bus_slot *asked; /* set while polkit has not answered */
	char cancellation[32];
	void (*answered)(PolkitQuestion *question, PolkitAnswer answer);
};

/**
 * Asks whether the sender of `call` may do `action`, without blocking. A negative errno: the question could
 * not be sent.
 */
int polkit_ask(Bus *bus, PolkitQuestion *question, sd_bus_message *call, const char *action);
/** Withdraws the question if it is pending. */
void polkit_cancel(Bus *bus, PolkitQuestion *question);

/* ---- bus-call.c ------------------------------------------------------------------------------------ */

/** A method call between its arrival and its reply. */
struct Call {
	PolkitQuestion question; /* must be the first member, because it leads back to the call */
	Bus *bus;
	Call *next;
	const BusObject *object;
	const Member *member;
	sd_bus_message *message;
	Peer *peer;          /* the caller; NULL once it has left */
	bool is_answered;    /* polkit has answered; only the caller's identity may still be unknown */
	bool without_polkit; /* there is no polkit */
	bool runs;
};

/** The handler of every vtable's methods. */
int bus_method(sd_bus_message *message, void *userdata, sd_bus_error *error);
int bus_property(sd_bus *sd, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error);
/** A StationDone: replies and frees the call. */
void call_answered(void *userdata, const StationReply *reply);
/** Replies with an error and frees the call. */
void call_refuse(Call *call, const char *error, const char *text);
void calls_free(Bus *bus);
/** Drops a departed caller's calls that were not authorised yet; what is being recorded goes on. */
void calls_drop(Bus *bus, const char *sender);
/** Continues the calls that waited for the bus to say whose connection this is. */
void calls_of_peer_known(Bus *bus, const Peer *peer);
/** Sees each message first: stops the needle when the call requires it. */
int calls_filter(sd_bus_message *message, void *userdata, sd_bus_error *error);

/* ---- bus-alarm.c ----------------------------------------------------------------------------------- */

/** Appends the alarms that are active, the highest priority first. */
int append_alarms(const Bus *bus, sd_bus_message *message);
/** The methods TestSound and ReportSound. */
void run_test_sound(Call *call, Station *station, Arguments *arguments);
void run_report_sound(Call *call, Station *station, Arguments *arguments);

/* ---- others ---------------------------------------------------------------------------------------- */

/** The kinds of forms that may be entered at that place. */
int append_forms(sd_bus_message *message, FormPlace place);
/**
 * Every second: from time to time asks the time service whether the clock is synchronised, and passes the
 * answer on.
 */
void bus_clock_tick(Bus *bus);
bool bus_broker_connected(const Bus *bus);
