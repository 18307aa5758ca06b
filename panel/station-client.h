/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The station as the panel sees it: its objects on D-Bus, whether it is there, and its signs of life. The
 * types of the objects (station-bus.h) are generated from dbus/. Properties are cached as they were last
 * reported, so that reading one never waits. A call is answered later, from the main loop.
 *
 * The daemon and the bus may come and go: the client attaches again by itself and reports it through
 * `changed`. Main thread only; nothing blocks after station_client_new().
 */

#include <gio/gio.h>
#include <stdbool.h>

#include "station-bus.h"

typedef struct StationClient StationClient;

enum {
	STATION_STALE_S = 2,
	/** How long a call waits: a photograph or the board's self-test may take that long. */
	STATION_PATIENCE_MS = 120 * 1000,
};

/** The error text when the station cannot be reached, in the form of the station's own sentences. */
#define STATION_AWAY "the station is away: wait until it is back"
/** The flags of each call: it does not start a stopped daemon, and polkit may ask a person for permission. */
#define STATION_CALL (G_DBUS_CALL_FLAGS_NO_AUTO_START | G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION)

typedef struct StationClientOptions {
	const char *bus;                 /* "system", "session" or an address */
	void (*changed)(void *userdata); /* properties or presence changed; at most once per loop turn */
	void (*alert)(void *userdata, const char *alert, const char *text);
	void (*sound_test)(void *userdata);                /* somebody wants to hear the alarms */
	void (*scanned)(void *userdata, const char *code); /* by the station's own scanner */
	void (*pulse)(void *userdata); /* twice a second: see station_client_silence_s() */
	void *userdata;
} StationClientOptions;

StationClient *station_client_new(const StationClientOptions *options);
/** Cancels the calls that are in progress. Accepts NULL; returns NULL. */
StationClient *station_client_free(StationClient *client);

/** True while the daemon is on the bus and its properties are known. Only then may its methods be called. */
bool station_client_present(const StationClient *client);
/**
 * Seconds since the station's last sign of life: a signal, an answer, or the property State, which the
 * client reads after one silent second. What the panel shows may be that old. From STATION_STALE_S on, the
 * station counts as not answering.
 */
unsigned station_client_silence_s(const StationClient *client);
/** Increases each time the daemon was away, so that a caller who remembers it notices a restart. */
unsigned station_client_generation(const StationClient *client);

/**
 * The station's objects, never NULL, borrowed until the next turn of the loop. While the station is away,
 * they are empty.
 */
StippleStation1 *station_client_station(const StationClient *client);
StippleSession1 *station_client_session(const StationClient *client);
StippleInventory1 *station_client_inventory(const StationClient *client);
StippleAudit1 *station_client_audit(const StationClient *client);
/** The value of a text property; "" while it is not known. */
const char *known_text(const char *property);
/** Reads the properties of the audit again: the station does not signal every change of them. */
void station_client_refresh_audit(StationClient *client);

/** The cancellable for a call whose caller may be gone before the answer. Borrowed. */
GCancellable *station_client_calls(const StationClient *client);
/** Cancels these calls, because their callers are gone. */
void station_client_cancel(StationClient *client);
/** Whether a call was cancelled. If so, the callback must not touch anything of its caller. */
bool station_error_is_cancelled(const GError *error);
/** The error's D-Bus name; "" where it does not come from the station. Freed by the caller. */
char *station_error_name(const GError *error);
/** The error's sentence, as the station wrote it. Ask for the name first. Belongs to the error. */
const char *station_error_text(GError *error);

/**
 * `picture`: a descriptor to read, which the callee closes; -1 when there is none, and `text` says why. For
 * a preview, `text` is what is wrong with it, or "" when it is good. Not called when the call was cancelled.
 */
typedef void (*StationPictureOpened)(void *userdata, int picture, const char *text);
typedef enum StationPicture {
	STATION_PHOTOGRAPH, /* a stored photograph */
	STATION_PREVIEW,    /* a preview of a zone */
} StationPicture;
/** `name`: of the file or of the zone. */
void station_client_open_picture(StationClient *client, StationPicture kind, const char *name,
	StationPictureOpened opened, void *userdata);
