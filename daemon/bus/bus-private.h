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

/** Bounds on what callers may send: bytes of a text, entries of a dictionary, calls under way. */
enum { BUS_TEXT_MAX = 4096, BUS_FIELDS_MAX = 64, BUS_CALLS_MAX = 32, BUS_ALL_CALLS_MAX = 512 };

typedef struct Call Call;

struct Bus {
	sd_bus *bus;
	BusOptions options;
	Station *station;
	sd_bus_slot *owner_match;
	Call *calls;        /* under way */
	uint32_t questions; /* asked of polkit so far: each needs a name of its own */
	bool broker_connected;
	sd_bus_slot *clock_asked; /* while the time service has not answered */
	int clock_wait_s;         /* until it is asked again */
};

/** A method call between its arrival and its reply. */
struct Call {
	Bus *bus;
	Call *next;
	sd_bus_message *message;
	sd_bus_slot *asked;    /* while it is open whether the caller may, or who it is */
	bool authorized;       /* it may: who it is, is all that is open */
	uint32_t uid;          /* the caller's, of what reads the record */
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

/** A dictionary a{sv} of strings, numbers and booleans as an object. Negative errno when it holds others. */
int read_fields(sd_bus_message *message, json_t **ret);
/** The same the other way, for a reply. A list is one of objects; an object itself is left out. */
int append_fields(sd_bus_message *message, json_t *fields);
/** A text that may have been cut off or come from elsewhere; NULL is "". */
int append_text(sd_bus_message *message, const char *text);

/* bus-authorize.c */
/** The polkit action of a member, NULL when it is not in the table and therefore denied. */
const char *authorize_action(const char *interface, const char *member);
/** Asks polkit without blocking; continues with call_run() or an error. Negative errno: it cannot be asked.
 */
int authorize_call(Call *call, const char *action);
/** Takes the question back, if one is open. */
void authorize_cancel(Call *call);
/** What authorize_call() continues with. */
void call_run(Call *call);

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
