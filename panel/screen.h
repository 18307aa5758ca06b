/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The interface of a screen. A screen knows the panel only through panel.h; the panel knows its screens only
 * through this header.
 */

#include <gtk/gtk.h>
#include <stdbool.h>

typedef struct Panel Panel;
typedef struct Screen Screen;

/** The steps in their order, then everything beside them. */
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

/**
 * The common first member of every screen's structure. The structure is freed with g_free(), its widget with
 * the window. Each callback may be NULL.
 */
struct Screen {
	Panel *panel;
	GtkWidget *widget;
	void (*update)(Screen *screen);           /* the station changed, or the screen is shown */
	void (*changed)(Screen *screen);          /* called instead of update when the station changed */
	void (*shown)(Screen *screen);            /* the screen is about to be shown */
	void (*another_operator)(Screen *screen); /* somebody signed in or out, whichever screen is shown */
	bool (*scanned)(Screen *screen, const char *code); /* true when the screen took the code */
	bool (*wants_code)(const Screen *screen); /* whether a code may fill what its sheet asks for */
	void (*choose_zone)(Screen *screen, const char *zone); /* the screen is shown for this zone */
	void (*forget)(Screen *screen);                        /* frees what the structure owns */
	void (*typed)(Screen *screen, char key);               /* takes a key of a keyboard, '\b' too */
};

/** Makes a screen. The caller puts its widget into the window. */
typedef Screen *ScreenNew(Panel *panel);

/* one file for each screen */
ScreenNew screen_sign_in_new, screen_person_new, screen_consent_new, screen_cartridge_new, screen_zone_new,
	screen_photographs_new, screen_work_new, screen_finish_new, screen_more_new;
/* the parts of the screen More */
ScreenNew part_station_new, part_history_new, part_records_new, part_audit_new;
/* not steps: each fills the window, form while a record is entered and fault while a fault is latched */
ScreenNew screen_form_new, screen_fault_new;
