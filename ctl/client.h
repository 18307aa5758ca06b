/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * stipplectl's side of the bus: one connection, calls that wait, and errors as one sentence. It must not
 * judge whether a step is possible: the station does.
 */

#include <stdbool.h>
#include <string.h>

#include <jansson.h>
#include <systemd/sd-bus.h>

#include "util/cleanup.h"

#define CTL_PATH      "/org/stipple/Station1"
#define CTL_STATION   CTL_PATH, "org.stipple.Station1"
#define CTL_SESSION   CTL_PATH "/Session", "org.stipple.Session1"
#define CTL_INVENTORY CTL_PATH "/Inventory", "org.stipple.Inventory1"
#define CTL_AUDIT     CTL_PATH "/Audit", "org.stipple.Audit1"

/** Environment variable for the programs that `login` starts. With it, each of them can share the sign-in. */
#define CTL_TOKEN_VARIABLE "STIPPLE_TOKEN"

/** Exit status of the tool. */
enum { CTL_DONE = 0, CTL_FAILED = 1, CTL_USAGE = 2 };

typedef struct Ctl {
	sd_bus *bus;
	const struct Command *command; /* the one that runs */
	bool json, csv, dry_run;
	bool sound;                 /* doctor: has the panel sound the alarms */
	bool personal;              /* an export includes names and contacts */
	const char *enrolment_code; /* NULL: none given */
	const char *map;            /* mapping file of an import; NULL: none */
	const char *format, *zone;  /* of an import: an importer's name, a time zone; NULL: not given */
	const char *pin_file;       /* NULL: ask at the terminal */
	const char *output, *paper, *language, *from, *to; /* of a report; NULL: not given */
	const char *printer, *size;                        /* of labels; NULL: as the station is configured */
	const char *fnc1; /* what stands for FNC1 in a code; NULL: 0x1D alone */
	const char *bus_name;
	const char *clinic, *ca, *cert, *cert_key; /* --clinic and how to reach it; NULL: not given */
	const char *proofs, *copies; /* folders of an answer over all stations; NULL: not given */
	const char *ledger, *profile, *key, *proof, *leaf, *policy; /* --ledger and so on; NULL: not given */
} Ctl;

/**
 * Connects to `which`: "system", "session" or an address, and presents the token in the environment, if there
 * is one. Negative errno.
 */
int ctl_connect_quietly(Ctl *ctl, const char *which) _must_check_;
/** The same, and prints why when it cannot: CTL_DONE or CTL_FAILED. */
int ctl_connect(Ctl *ctl, const char *which) _must_check_;

/**
 * Calls and waits, at most two minutes. `types` and what follows are as for sd_bus_message_append().
 * Returns CTL_DONE with the reply in *ret_reply (may be NULL), or CTL_FAILED after printing the sentence.
 */
int ctl_call(Ctl *ctl, const char *path, const char *interface, const char *method,
	sd_bus_message **ret_reply, const char *types, ...) _must_check_;

/**
 * Makes the message of a call with its first arguments, as for sd_bus_message_append(); `types` NULL: none.
 * Negative errno.
 */
int ctl_message_new(Ctl *ctl, const char *path, const char *interface, const char *method,
	sd_bus_message **ret, const char *types, ...) _must_check_;
/**
 * Makes the call and waits. `r` is the result of building the message; if that failed, its error is printed.
 * Returns as ctl_call().
 */
int ctl_send(Ctl *ctl, sd_bus_message *message, int r, sd_bus_message **ret_reply) _must_check_;

/** Prints what a failed call's `error` says, or else errno `r`, and the next step. Returns CTL_FAILED. */
int ctl_call_failed(const sd_bus_error *error, int r);

/**
 * Serves the bus until SIGINT or SIGTERM, until nobody reads standard output any more, or until a handler
 * sets *ended. Returns CTL_DONE, or CTL_FAILED after printing why.
 */
int ctl_serve(Ctl *ctl, const bool *ended) _must_check_;

/** Prints "stipplectl: ..." to standard error and returns CTL_FAILED. */
int ctl_fail(const char *format, ...) _printf_(1, 2);
/** As ctl_fail(), for a command line that makes no sense: adds a hint at --help and returns CTL_USAGE. */
int ctl_usage(const char *format, ...) _printf_(1, 2);

enum { CTL_PIN_MAX = 64 };

/** A cleanup function. */
static inline void ctl_pin_erase(char (*pin)[CTL_PIN_MAX])
{
	explicit_bzero(*pin, sizeof *pin);
}

/** Reads a PIN from the file, or from the terminal without echo. CTL_DONE, or CTL_FAILED after printing. */
int ctl_read_pin(const Ctl *ctl, char ret[CTL_PIN_MAX]) _must_check_;
/** As ctl_read_pin(), and then reads a new PIN: from the file's second line, or by asking for it twice. */
int ctl_read_new_pin(const Ctl *ctl, char ret[CTL_PIN_MAX], char ret_new[CTL_PIN_MAX]) _must_check_;

/** Reads the rows of an answer, one line of JSON each, from the descriptor `fd`. */
typedef void (*CtlReader)(void *userdata, int fd);
/** Takes one row, an object. */
typedef void (*CtlTakeRow)(void *userdata, json_t *row);

/**
 * Queries the record. `take` is called for each row while the call is in progress. Takes ownership of
 * `filter`, which holds the query's arguments; NULL means that the caller ran out of memory. CTL_DONE, or
 * CTL_FAILED after printing why.
 */
int ctl_query(Ctl *ctl, const char *query, json_t *filter, CtlTakeRow take, void *userdata) _must_check_;
/** A CtlTakeRow that appends the row to `userdata`, a JSON array. */
void ctl_keep_row(void *userdata, json_t *row);
/** As ctl_query(), but prints the rows and does not take ownership of `filter`. */
int ctl_query_print(Ctl *ctl, const char *query, json_t *filter) _must_check_;

/** Reads a property of type text. The caller frees it. CTL_DONE, or CTL_FAILED after printing why. */
int ctl_get_string(
	Ctl *ctl, const char *path, const char *interface, const char *property, char **ret) _must_check_;

/** Appends or reads a{sv}; numbers, text and booleans. Negative errno. */
int ctl_append_fields(sd_bus_message *message, json_t *fields) _must_check_;
int ctl_read_fields(sd_bus_message *message, json_t **ret) _must_check_;

/** One line of JSON, or "key: value" lines for people. */
void ctl_print_fields(const Ctl *ctl, json_t *fields);
/**
 * Reports what was done: prints `fields` with --json, otherwise the sentence. Takes ownership of `fields`.
 */
void ctl_done(const Ctl *ctl, json_t *fields, const char *format, ...) _printf_(3, 4);
