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
	GtkLabel *place, *state, *operator_name;
	GtkWidget *top, *away, *notice;
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

typedef void (*PanelDone)(void *userdata, GVariant *result);
/**
 * Asks the station for something. What it refuses is shown as its sentence, which leads to where it is put
 * right. `done` may be NULL; it runs after success only. One at a time: a tap meanwhile is not taken, but
 * disarming, pausing and acknowledging always are.
 */
void panel_call(Panel *panel, StationObject object, const char *method, GVariant *arguments, PanelDone done,
	void *userdata);
/** What is refused is handed to `refused` first, by the last part of its error's name; true: that has dealt
 * with it. */
typedef bool (*PanelRefused)(void *userdata, const char *error);
void panel_call_or(Panel *panel, StationObject object, const char *method, GVariant *arguments,
	PanelDone done, PanelRefused refused, void *userdata);
/** Mounts the cartridge of a code. Why it cannot be mounted is said; that it was, too. */
void panel_mount(Panel *panel, const char *code);
/** Shows a sentence until it is tapped or a while has passed; `leads_to` SCREEN_MAX: nowhere. */
void panel_notify(Panel *panel, const char *text, ScreenId leads_to);

/** The station's properties by their names on D-Bus. */
static inline const char *panel_text(const Panel *panel, const char *property)
{
	return station_client_text(panel->client, property);
}

static inline gint64 panel_number(const Panel *panel, const char *property)
{
	return station_client_number(panel->client, property);
}

static inline bool panel_flag(const Panel *panel, const char *property)
{
	return station_client_flag(panel->client, property);
}

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
