/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The station as the panel sees it: all D-Bus is here. Properties are kept as they were last told, so that
 * reading one never waits; a call answers later, from the main loop.
 *
 * The daemon may come and go and the bus with it: the client attaches again by itself and says so through
 * `changed`. Main thread only; nothing blocks after station_client_new().
 */

#include <gio/gio.h>
#include <stdbool.h>

#include "util/cleanup.h"

typedef struct StationClient StationClient;

enum { STATION_STALE_S = 2 };

typedef enum StationObject {
	STATION_OBJECT_STATION,
	STATION_OBJECT_SESSION,
	STATION_OBJECT_INVENTORY,
	STATION_OBJECT_AUDIT,
	STATION_OBJECT_MAX,
} StationObject;

/** `result`: the answer, or NULL with the error's D-Bus name and its sentence. All borrowed. */
typedef void (*StationAnswer)(void *userdata, GVariant *result, const char *error, const char *text);

typedef struct StationClientOptions {
	const char *bus;                 /* "system", "session" or an address */
	void (*changed)(void *userdata); /* properties or presence changed; at most once per loop turn */
	void (*alert)(void *userdata, const char *alert, const char *text);
	void (*scanned)(void *userdata, const char *code); /* by the station's own scanner */
	void (*pulse)(void *userdata); /* twice a second: see station_client_silence_s() */
	void *userdata;
} StationClientOptions;

StationClient *station_client_new(const StationClientOptions *options);
/** Calls under way are not answered any more. Accepts NULL; returns NULL. */
StationClient *station_client_free(StationClient *client);

/** True while the daemon is on the bus and its properties are known. */
bool station_client_present(const StationClient *client);
/**
 * Seconds since the station gave any sign of life: a signal, an answer, or the State that it is asked for
 * when it has been quiet for one. What is shown of it is as old as that. From STATION_STALE_S on it does not
 * answer.
 */
unsigned station_client_silence_s(const StationClient *client);
/** Grows each time the daemon was away: whoever remembers it notices a restart. */
unsigned station_client_generation(const StationClient *client);

/** A property of station or session. "", 0 or false when it is not known. Valid until the next change. */
const char *station_client_text(const StationClient *client, const char *property);
gint64 station_client_number(const StationClient *client, const char *property);
double station_client_figure(const StationClient *client, const char *property);
bool station_client_flag(const StationClient *client, const char *property);
/** The same of any type; NULL when it is not known. The caller unrefs it. */
GVariant *station_client_value(const StationClient *client, const char *property);
/** The same where several objects have a property of that name. */
GVariant *station_client_object_value(
	const StationClient *client, StationObject object, const char *property);
/** Asks for the properties of an object anew: of some the station does not tell that they changed. */
void station_client_refresh(StationClient *client, StationObject object);

/**
 * Calls a method. `arguments` is a tuple, or NULL for none; floating ones are taken. Waits at most two
 * minutes: a photograph or the board's self-test may take that long. `answered` may be NULL.
 */
void station_client_call(StationClient *client, StationObject object, const char *method, GVariant *arguments,
	StationAnswer answered, void *userdata);
/** The same with a descriptor to be written to, as handle 0 of the arguments; it stays the caller's. */
void station_client_call_with_fd(StationClient *client, StationObject object, const char *method,
	GVariant *arguments, int fd, StationAnswer answered, void *userdata);
/**
 * `picture`: to be read, closed by whoever is called; -1 when there is none, and `text` says why. Of a
 * preview `text` is what is wrong with it; "" when it is good.
 */
typedef void (*StationPictureOpened)(void *userdata, int picture, const char *text);
void station_client_open_picture(
	StationClient *client, const char *file, StationPictureOpened opened, void *userdata);
/** What the camera sees of a zone now. */
void station_client_preview(
	StationClient *client, const char *zone, StationPictureOpened opened, void *userdata);
/** Calls under way are not answered any more: whoever waited for them is gone. */
void station_client_cancel(StationClient *client);
