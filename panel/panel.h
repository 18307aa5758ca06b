/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The panel as its screens see it: how the station is, what is shown, and what they may ask for: calls to the
 * station, notices, another screen.
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
	const char *locales;  /* folder of translations */
	const char *exports;  /* where sticks are mounted; NULL: where this system mounts them */
	const char *reporter; /* stipplectl, which writes reports */
	int width, height;    /* of a window; 0: the whole screen */
	bool dark;
} PanelOptions;

/** The screens of a panel, handed over by whoever knows them all. */
typedef struct PanelScreens {
	struct {
		const char *title; /* to be translated */
		ScreenNew *make;
	} steps[SCREEN_MAX];
	ScreenNew *form, *fault;
} PanelScreens;

/** `options` are copied, their texts and `screens` are not. */
Panel *panel_new(const PanelOptions *options, const PanelScreens *screens);
/** Accepts NULL; returns NULL. */
Panel *panel_free(Panel *panel);
/** Opens the window, unless it is open. */
void panel_start(Panel *panel, GtkApplication *application);
/** Closes it; to be called while the display is still there. */
void panel_stop(Panel *panel);
const PanelOptions *panel_options(const Panel *panel);
/** Makes the window anew when the present event is over, as after a change of language. */
void panel_rebuild(Panel *panel);
/** `language`: such as "es"; remembered for the next day. */
void panel_set_language(Panel *panel, const char *language);
void panel_set_dark(Panel *panel, bool dark);

void panel_show(Panel *panel, ScreenId screen);
/** Whether it is what is shown, though something may lie over it. */
bool panel_shows(const Panel *panel, ScreenId screen);
/** Goes to the photographs of a zone. */
void panel_photograph_zone(Panel *panel, const char *zone);
/** Goes to the first step that is not done. */
void panel_advance(Panel *panel);
/** Whether a step is done, as far as the station has told. */
bool panel_step_done(const Panel *panel, ScreenId screen);
/** The last session that was signed by who is signed in now; 0: none. */
gint64 panel_signed_session(const Panel *panel);
void panel_set_signed_session(Panel *panel, gint64 session);
/** The sheet over the window on which something is typed or chosen. Borrowed. */
Sheet *panel_sheet(const Panel *panel);
/** The page on which a record is entered: see form.h. */
Screen *panel_form(const Panel *panel);

/**
 * A call of the station under way: to be begun here, handed to a method of station-bus.h as what its answer
 * gets, and ended by that answer. What is refused is shown as the station's sentence, which leads to where it
 * is put right.
 */
typedef struct PanelCall PanelCall;
/** Begins one, for `userdata`. One at a time: NULL when another is under way, so that a tap is not taken. */
PanelCall *panel_ask(Panel *panel, void *userdata);
/** What is refused is handed to `refused` first, by the last part of its error's name; true: that has dealt
 * with it. */
typedef bool (*PanelRefused)(void *userdata, const char *error);
PanelCall *panel_ask_or(Panel *panel, PanelRefused refused, void *userdata);
/** The same for what never waits behind another: to disarm, to pause, to acknowledge a fault. */
PanelCall *panel_order(Panel *panel, void *userdata);
/**
 * Ends one, by the error that the answer came with: its userdata, or NULL when it was refused, which is said,
 * or when who asked is gone.
 */
void *panel_call_end(PanelCall *call, GError *error);
/** The same where nothing is read of the answer. */
void *panel_call_finish(GObject *source, GAsyncResult *result, PanelCall *call);
/** The same as a GAsyncReadyCallback, for an answer that nothing else follows; `call`: the PanelCall. */
void panel_call_done(GObject *source, GAsyncResult *result, gpointer call);
/** Says as a notice what the station refused, which leads to where it is put right. */
void panel_tell_refused(Panel *panel, GError *error);
/** Whether the station is there, and can be asked. When it is not, that is said. */
bool panel_station_present(Panel *panel);
/** Mounts the cartridge of a code. Why it cannot be mounted is said; that it was, too. */
void panel_mount(Panel *panel, const char *code);
/** Shows a sentence until it is tapped or a while has passed; `leads_to` SCREEN_MAX: nowhere. */
void panel_notify(Panel *panel, const char *text, ScreenId leads_to);

/** Whether the station is there, and what it has besides its objects. Borrowed. */
StationClient *panel_client(const Panel *panel);
/** The station's objects, never NULL. Borrowed. */
#define panel_station(panel)   station_client_station(panel_client(panel))
#define panel_session(panel)   station_client_session(panel_client(panel))
#define panel_inventory(panel) station_client_inventory(panel_client(panel))
#define panel_audit(panel)     station_client_audit(panel_client(panel))
/** Goes with each call: the window that waits for its answer may be made anew. Borrowed. */
#define panel_calls(panel) station_client_calls(panel_client(panel))
/** What each method of station-bus.h takes besides its own arguments. */
#define PANEL_CALL(panel) STATION_CALL, STATION_PATIENCE_MS, panel_calls(panel)
/** Whether the session is in a state, by its name on D-Bus. */
bool panel_state_is(const Panel *panel, const char *state);
/** Whether the pedal may start the needle, or has. */
bool panel_is_armed(const Panel *panel);
