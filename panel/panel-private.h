/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Shared by the files of the panel itself. The screens see panel.h alone. */

#include "alarm-bar.h"
#include "keys.h"
#include "panel.h"
#include "sheet.h"
#include "top-bar.h"

struct Panel {
	PanelOptions options;
	const PanelScreens *kinds;
	GtkApplication *application;
	StationClient *client;
	AlarmBar *alarms;
	GtkWindow *window;
	GtkOverlay *root;
	GtkWidget *pages;
	Sheet *sheet;
	Keys *keys;
	Screen *screens[SCREEN_MAX], *form, *fault;
	ScreenId current;
	GtkWidget *steps[SCREEN_MAX];
	TopBar *top;
	GtkWidget *away, *notice;
	GtkLabel *notice_text;
	ScreenId notice_leads_to;
	guint notice_source, rebuild_source;
	gint64 signed_session; /* the last one signed by the present user; 0: none */
	char *badge;           /* of who is signed in, as last seen; "": nobody; NULL: not known yet */
	bool scanning;         /* a scanner's code is being taken */
	bool stale;            /* the station was silent when the bar at the top was last written */
	bool faulty;           /* a fault was latched when the station last told */
	unsigned calls;        /* how many are in progress */
	unsigned generation;   /* of the station, as last seen */
	GtkCssProvider *colours;
};

/* ---- panel-notice.c ---- */

/**
 * A notice is shown over the steps, and the page shrinks so that nothing else is covered. An open sheet is
 * full of keys and cannot shrink, so the notice waits until the sheet is closed.
 */
void panel_place_notice(Panel *panel);
/** Hides the notice, because somebody has gone on. */
void panel_drop_notice(Panel *panel);

/* ---- panel-show.c ---- */

void panel_update_steps(Panel *panel);
/** Chooses the screen from what the station last said, and shows it. */
void panel_update_screen(Panel *panel);
/** Callbacks of the button of a step, and of the notice. */
void panel_on_step(Panel *panel, GtkButton *button);
void panel_on_notice(Panel *panel);

/* ---- panel-codes.c ---- */

/** Callbacks, for a Panel: a scanned code; a key that was typed. */
void panel_take_code(void *userdata, const char *code);
void panel_on_typed(void *userdata, char key);

/* ---- panel-window.c ---- */

/** Builds the window and everything in it, without showing it. */
void panel_make_window(Panel *panel);
