/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A page over the window on which a record of one kind is entered: the station says which kinds there are and
 * what their fields are, so that a new kind needs nothing here.
 */

#include "panel.h"

Form *form_new(Panel *panel);
/** Accepts NULL; returns NULL. The widget belongs to the window. */
Form *form_free(Form *form);
GtkWidget *form_widget(Form *form);
void form_close(Form *form);

/** Which method of the station takes the fields. */
typedef enum FormPlace {
	FORM_AT_STATION,
	FORM_AT_SESSION,
	FORM_AT_INVENTORY,
	FORM_OF_LOT, /* the receipt of a lot, which is no kind in Forms */
} FormPlace;

/** `definition`: one of the property Forms at `place`, or one of that type. */
void form_open(Form *form, FormPlace place, GVariant *definition);
/** A button for each kind that may be entered at `place`, put into `box`. */
void form_list(Form *form, FormPlace place, GtkWidget *box);
/** A button for one kind, added to `box`; nothing when it may not be entered at `place`. True when it may. */
bool form_add(Form *form, FormPlace place, const char *kind, GtkWidget *box);
/**
 * What a scanner read fills the fields that it tells of: product, lot, expiry. A sheet on which one of these
 * is being typed is closed. False when the page is not open.
 */
bool form_scanned(Form *form, const char *code);
/** Whether one of the fields that a cartridge's code tells is being typed now. */
bool form_wants_code(const Form *form);
