/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What the files of the panel itself share. Its screens see panel.h alone. */

#include "keys.h"
#include "panel.h"
#include "sheet.h"
#include "top-bar.h"

struct Panel {
	PanelOptions options;
	const PanelScreens *kinds;
	GtkApplication *application;
	StationClient *client;
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
	gint64 signed_session; /* the last one of who is signed in now; 0: none */
	bool scanning;         /* a scanner's code is being taken */
	bool stale;            /* the station was silent when the bar at the top was last written */
	bool faulty;           /* a fault was latched when the station last told */
	unsigned calls;        /* under way */
	unsigned generation;   /* of the station, as last seen */
	GtkCssProvider *colours;
};

/* ---- panel-notice.c ---- */

/**
 * A notice lies over the steps; what it would cover besides makes room. A sheet is full of keys and has none:
 * while one is open the notice waits.
 */
void panel_place_notice(Panel *panel);
/** What was said is of the past once somebody has gone on. */
void panel_drop_notice(Panel *panel);

/* ---- panel-show.c ---- */

void panel_update_steps(Panel *panel);
/** The screen that is shown, by what the station last told. */
void panel_update_screen(Panel *panel);
/** Callbacks of the button of a step, and of the notice. */
void panel_on_step(Panel *panel, GtkButton *button);
void panel_on_notice(Panel *panel);

/* ---- panel-codes.c ---- */

/** Callbacks, for a Panel: a scanned code; a key that was typed. */
void panel_take_code(void *userdata, const char *code);
void panel_on_typed(void *userdata, char key);

/* ---- panel-window.c ---- */

/** The window and all that is in it; not shown yet. */
void panel_make_window(Panel *panel);
