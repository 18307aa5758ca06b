/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The panel as its screens see it: the station's state, what is shown, and what a screen may ask for: calls
 * to the station, notices, another screen.
 *
 * Nothing here can start the needle: arming lets the pedal do it. Main thread only.
 */

#include <glib/gi18n.h>
#include <gtk/gtk.h>

#include "screen.h"
#include "station-client.h"

typedef struct Sheet Sheet;

typedef struct PanelOptions {
	const char *bus;      /* see StationClientOptions */
	const char *locales;  /* folder of the translations */
	const char *sounds;   /* folder of the alarms' sounds */
	const char *exports;  /* where USB sticks are mounted; NULL: the system's default */
	const char *reporter; /* path of stipplectl, which writes reports */
	int width, height;    /* of a window; 0: the whole screen */
	bool dark;
} PanelOptions;

/** The screens of a panel. The program passes them in, so that the panel does not depend on them. */
typedef struct PanelScreens {
	struct {
		const char *title; /* not yet translated */
		ScreenNew *make;
	} steps[SCREEN_MAX];
	ScreenNew *form, *fault;
} PanelScreens;

/** Copies `options`, but neither their texts nor `screens`. */
Panel *panel_new(const PanelOptions *options, const PanelScreens *screens);
/** Accepts NULL; returns NULL. */
Panel *panel_free(Panel *panel);
/** Opens the window, unless it is open. */
void panel_start(Panel *panel, GtkApplication *application);
/** Closes the window. Call it while the display still exists. */
void panel_stop(Panel *panel);
const PanelOptions *panel_options(const Panel *panel);
/** Rebuilds the window after the present event, for example when the language has changed. */
void panel_rebuild(Panel *panel);
/** `language`: such as "es"; remembered for the next day. */
void panel_set_language(Panel *panel, const char *language);
void panel_set_dark(Panel *panel, bool dark);

/** Sounds each alarm once. */
void panel_test_sound(Panel *panel);

void panel_show(Panel *panel, ScreenId screen);
/** Shows the present screen anew: what lay over it may have changed what it shows. */
void panel_show_again(Panel *panel);
/** Whether the screen is the present one, even if something lies over it. */
bool panel_shows(const Panel *panel, ScreenId screen);
/** Goes to the photographs of a zone. */
void panel_photograph_zone(Panel *panel, const char *zone);
/** Goes to the first step that is not done. */
void panel_advance(Panel *panel);
/** Whether a step is done, according to what the station last reported. */
bool panel_step_done(const Panel *panel, ScreenId screen);
/** The last session that the present user signed; 0: none. */
gint64 panel_signed_session(const Panel *panel);
void panel_set_signed_session(Panel *panel, gint64 session);
/** The sheet over the window, for typing or choosing something. Borrowed. */
Sheet *panel_sheet(const Panel *panel);
/** The page on which a record is entered: see form.h. */
Screen *panel_form(const Panel *panel);

/**
 * A call to the station. A screen begins it here, passes it as user data to a method of station-bus.h, and
 * ends it in the callback of the answer. If the station refuses the call, a notice shows the station's
 * sentence and leads to the screen where the cause can be put right.
 */
typedef struct PanelCall PanelCall;
/**
 * Begins a call with `userdata`. One call at a time: NULL when another is in progress, so that the tap has
 * no effect.
 */
PanelCall *panel_ask(Panel *panel, void *userdata);
/**
 * As panel_ask(). A refusal is first passed to `refused`, with the last part of its error's name; if that
 * returns true, no notice is shown.
 */
typedef bool (*PanelRefused)(void *userdata, const char *error);
PanelCall *panel_ask_or(Panel *panel, PanelRefused refused, void *userdata);
/** As panel_ask(), for a call that must never wait behind another: disarm, pause, acknowledge a fault. */
PanelCall *panel_order(Panel *panel, void *userdata);
/**
 * Ends a call with the `error` of its answer. Returns the call's user data, or NULL when the call was
 * refused (which a notice shows) or the caller no longer exists.
 */
void *panel_call_end(PanelCall *call, GError *error);
/** As panel_call_end(), for an answer whose values are not used. */
void *panel_call_finish(GObject *source, GAsyncResult *result, PanelCall *call);
/**
 * As panel_call_finish(), as a GAsyncReadyCallback for a call that needs no further action; `call`: the
 * PanelCall.
 */
void panel_call_done(GObject *source, GAsyncResult *result, gpointer call);
/** Shows the station's refusal as a notice that leads to the screen where the cause can be put right. */
void panel_tell_refused(Panel *panel, GError *error);
/** Whether the station can be asked. If not, a notice says so. */
bool panel_station_present(Panel *panel);
/** Mounts the cartridge with this code. A notice says that it was mounted, or why it cannot be. */
void panel_mount(Panel *panel, const char *code);
/**
 * Shows a sentence until it is tapped or a while has passed. A tap goes to `leads_to`; SCREEN_MAX: nowhere.
 */
void panel_notify(Panel *panel, const char *text, ScreenId leads_to);

/** The client: whether the station is there, and everything besides its objects. Borrowed. */
StationClient *panel_client(const Panel *panel);
/** The station's objects, never NULL. Borrowed. */
#define panel_station(panel)   station_client_station(panel_client(panel))
#define panel_session(panel)   station_client_session(panel_client(panel))
#define panel_inventory(panel) station_client_inventory(panel_client(panel))
#define panel_audit(panel)     station_client_audit(panel_client(panel))
/** The cancellable of each call: the window that waits for the answer may be rebuilt. Borrowed. */
#define panel_calls(panel) station_client_calls(panel_client(panel))
/** The arguments that each method of station-bus.h takes besides its own. */
#define PANEL_CALL(panel) STATION_CALL, STATION_PATIENCE_MS, panel_calls(panel)
/** Whether the session is in the state with this D-Bus name. */
bool panel_state_is(const Panel *panel, const char *state);
/** Whether the pedal may start the needle, or has started it. */
bool panel_is_armed(const Panel *panel);
