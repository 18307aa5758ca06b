/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The station as the panel sees it: its objects on D-Bus, whether it is there, and its signs of life. What
 * the objects have and take is made from dbus/ (station-bus.h). Properties are kept as they were last told,
 * so that reading one never waits; a call answers later, from the main loop.
 *
 * The daemon may come and go and the bus with it: the client attaches again by itself and says so through
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

/** Why nobody could be asked, in the station's way to say things. */
#define STATION_AWAY "the station is away: wait until it is back"
/** Of each call: it starts no daemon that is stopped, and a person may be asked whether it is allowed. */
#define STATION_CALL (G_DBUS_CALL_FLAGS_NO_AUTO_START | G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION)

typedef struct StationClientOptions {
	const char *bus;                 /* "system", "session" or an address */
	void (*changed)(void *userdata); /* properties or presence changed; at most once per loop turn */
	void (*alert)(void *userdata, const char *alert, const char *text);
	void (*scanned)(void *userdata, const char *code); /* by the station's own scanner */
	void (*pulse)(void *userdata); /* twice a second: see station_client_silence_s() */
	void *userdata;
} StationClientOptions;

StationClient *station_client_new(const StationClientOptions *options);
/** Calls under way are cancelled. Accepts NULL; returns NULL. */
StationClient *station_client_free(StationClient *client);

/** True while the daemon is on the bus and its properties are known. Only then may its methods be called. */
bool station_client_present(const StationClient *client);
/**
 * Seconds since the station gave any sign of life: a signal, an answer, or the State that it is asked for
 * when it has been quiet for one. What is shown of it is as old as that. From STATION_STALE_S on it does not
 * answer.
 */
unsigned station_client_silence_s(const StationClient *client);
/** Grows each time the daemon was away: whoever remembers it notices a restart. */
unsigned station_client_generation(const StationClient *client);

/** Its objects, never NULL, borrowed until the next turn of the loop. Of one that is away nothing is known.
 */
StippleStation1 *station_client_station(const StationClient *client);
StippleSession1 *station_client_session(const StationClient *client);
StippleInventory1 *station_client_inventory(const StationClient *client);
StippleAudit1 *station_client_audit(const StationClient *client);
/** A property of text as it is read: "" while it is not known. */
const char *known_text(const char *property);
/** Asks for the properties of the audit anew: of some the station does not tell that they changed. */
void station_client_refresh_audit(StationClient *client);

/** To be handed to each call whose answer is for somebody who may be gone by then. Borrowed. */
GCancellable *station_client_calls(const StationClient *client);
/** Cancels these calls: whoever waited for them is gone. */
void station_client_cancel(StationClient *client);
/** Whether a call was cancelled: nothing of who waited for it may be touched then. */
bool station_error_is_cancelled(const GError *error);
/** The error's D-Bus name; "" where the station did not say it. Freed by the caller. */
char *station_error_name(const GError *error);
/** The error's sentence, as the station says it; to be asked after its name. Belongs to the error. */
const char *station_error_text(GError *error);

/**
 * `picture`: to be read, closed by whoever is called; -1 when there is none, and `text` says why. Of a
 * preview `text` is what is wrong with it; "" when it is good. Not called when the call was cancelled.
 */
typedef void (*StationPictureOpened)(void *userdata, int picture, const char *text);
typedef enum StationPicture {
	STATION_PHOTOGRAPH, /* a file that was taken */
	STATION_PREVIEW,    /* what the camera sees of a zone now */
} StationPicture;
/** `name`: of the file or of the zone. */
void station_client_open_picture(StationClient *client, StationPicture kind, const char *name,
	StationPictureOpened opened, void *userdata);
