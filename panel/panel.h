/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The window and what its screens share: which is shown, calls to the station, notices, what a scanner typed.
 *
 * Nothing here can start the needle: arming lets the pedal do it. Main thread only.
 */

#include <glib/gi18n.h>
#include <gtk/gtk.h>

#include "languages.h"
#include "station-client.h"

typedef struct Panel Panel;
typedef struct Sheet Sheet;
typedef struct Screen Screen;
typedef struct Form Form;
typedef struct Keys Keys;
typedef struct TopBar TopBar;

/** The steps in their order, then what stands beside them. */
typedef enum ScreenId {
	SCREEN_SIGN_IN,
	SCREEN_PERSON,
	SCREEN_CONSENT,
	SCREEN_CARTRIDGE,
	SCREEN_ZONE,
	SCREEN_PHOTOGRAPHS,
	SCREEN_WORK,
	SCREEN_FINISH,
	SCREEN_MORE,
	SCREEN_MAX,
} ScreenId;

/** What a screen's own structure begins with; freed with g_free(), its widget with the window. */
struct Screen {
	Panel *panel;
	GtkWidget *widget;
	void (*update)(Screen *screen);  /* NULL, or: the station changed, or it is shown */
	void (*changed)(Screen *screen); /* NULL, or instead of update: the station changed */
	void (*shown)(Screen *screen);   /* NULL, or: it comes to be shown */
	bool (*scanned)(Screen *screen, const char *code); /* NULL, or: true when it took the code */
	void (*forget)(Screen *screen);                    /* NULL, or frees what the structure owns */
	void (*typed)(Screen *screen, char key);           /* NULL, or takes a key of a keyboard; '\b' too */
};

typedef struct PanelOptions {
	const char *bus;      /* see StationClientOptions */
	const char *locales;  /* folder of translations */
	const char *exports;  /* where sticks are mounted; NULL: where this system mounts them */
	const char *reporter; /* stipplectl, which writes reports */
	int width, height;    /* of a window; 0: the whole screen */
	bool dark;
} PanelOptions;

struct Panel {
	PanelOptions options;
	GtkApplication *application;
	StationClient *client;
	GtkWindow *window;
	GtkOverlay *root;
	GtkWidget *pages;
	Sheet *sheet;
	Form *form;
	Keys *keys;
	unsigned windows; /* how many were made */
	Screen *screens[SCREEN_MAX];
	ScreenId current;
	GtkWidget *steps[SCREEN_MAX];
	TopBar *top;
	GtkWidget *away, *notice;
	GtkLabel *notice_text;
	Screen *fault;
	ScreenId notice_leads_to;
	guint notice_source, rebuild_source;
	gint64 signed_session; /* the last one of who is signed in now; 0: none */
	bool scanning;         /* a scanner's code is being taken */
	bool reporting;        /* a report is being written */
	bool stale;            /* the station was silent when the bar at the top was last written */
	bool faulty;           /* a fault was latched when the station last told */
	unsigned calls;        /* under way */
	unsigned generation;   /* of the station, as last seen */
	GtkCssProvider *colours;
};

void panel_start(Panel *panel, GtkApplication *application);
void panel_stop(Panel *panel);
/** Makes the window anew when the present event is over, as after a change of language. */
void panel_rebuild(Panel *panel);
/** `language`: such as "es"; remembered for the next day. */
void panel_set_language(Panel *panel, const char *language);
void panel_set_dark(Panel *panel, bool dark);

void panel_show(Panel *panel, ScreenId screen);
/** Goes to the photographs of a zone. */
void panel_photograph_zone(Panel *panel, const char *zone);
/** Goes to the first step that is not done. */
void panel_advance(Panel *panel);
/** Whether a step is done, as far as the station has told. */
bool panel_step_done(const Panel *panel, ScreenId screen);

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
/** The same as all that follows an answer; `call` is a PanelCall. */
void panel_call_done(GObject *source, GAsyncResult *result, gpointer call);
/** Mounts the cartridge of a code. Why it cannot be mounted is said; that it was, too. */
void panel_mount(Panel *panel, const char *code);
/** Shows a sentence until it is tapped or a while has passed; `leads_to` SCREEN_MAX: nowhere. */
void panel_notify(Panel *panel, const char *text, ScreenId leads_to);

/** The station's objects, never NULL; borrowed. */
static inline StippleStation1 *panel_station(const Panel *panel)
{
	return station_client_station(panel->client);
}

static inline StippleSession1 *panel_session(const Panel *panel)
{
	return station_client_session(panel->client);
}

static inline StippleInventory1 *panel_inventory(const Panel *panel)
{
	return station_client_inventory(panel->client);
}

static inline StippleAudit1 *panel_audit(const Panel *panel)
{
	return station_client_audit(panel->client);
}

/** Goes with each call: the window that waits for its answer may be made anew. Borrowed. */
GCancellable *panel_calls(const Panel *panel);
/** Whether the session is in a state, by its name on D-Bus. */
bool panel_state_is(const Panel *panel, const char *state);
/** Whether the pedal may start the needle, or has. */
bool panel_is_armed(const Panel *panel);

/* one file a screen */
Screen *screen_sign_in_new(Panel *panel);
Screen *screen_person_new(Panel *panel);
Screen *screen_consent_new(Panel *panel);
Screen *screen_cartridge_new(Panel *panel);
Screen *screen_zone_new(Panel *panel);
Screen *screen_photographs_new(Panel *panel);
void screen_photographs_choose(Screen *screen, const char *zone);
Screen *screen_work_new(Panel *panel);
Screen *screen_finish_new(Panel *panel);
Screen *screen_more_new(Panel *panel);
/* what the screen More holds */
Screen *part_station_new(Panel *panel);
Screen *part_history_new(Panel *panel);
Screen *part_records_new(Panel *panel);
Screen *part_audit_new(Panel *panel);
/** Language and colours. */
GtkWidget *settings_new(Panel *panel);
/** Not a step: fills the window while a fault is latched. */
Screen *screen_fault_new(Panel *panel);
