/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What a screen is. It knows the panel, which shows it, by panel.h; the panel knows screens by nothing but
 * this.
 */

#include <gtk/gtk.h>
#include <stdbool.h>

typedef struct Panel Panel;
typedef struct Screen Screen;

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
	bool (*wants_code)(const Screen *screen); /* NULL, or: a code may fill what its sheet asks for */
	void (*choose_zone)(Screen *screen, const char *zone); /* NULL, or: it is shown for this zone */
	void (*forget)(Screen *screen);                        /* NULL, or frees what the structure owns */
	void (*typed)(Screen *screen, char key); /* NULL, or takes a key of a keyboard; '\b' too */
};

/** Makes a screen; its widget is put into the window by whoever asked. */
typedef Screen *ScreenNew(Panel *panel);

/* one file a screen */
ScreenNew screen_sign_in_new, screen_person_new, screen_consent_new, screen_cartridge_new, screen_zone_new,
	screen_photographs_new, screen_work_new, screen_finish_new, screen_more_new;
/* what the screen More holds */
ScreenNew part_station_new, part_history_new, part_records_new, part_audit_new;
/* no steps: each fills the window, the one while a record is entered, the other while a fault is latched */
ScreenNew screen_form_new, screen_fault_new;
