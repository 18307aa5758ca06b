/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A page over the window on which a record of one kind is entered. The station names the kinds and their
 * fields, so a new kind needs no code here. A scanned code fills the fields that it contains: product, lot,
 * expiry. If one of these is being typed on a sheet at that moment, the sheet is closed.
 */

#include "panel.h"

/** Which method of the station takes the fields. */
typedef enum FormPlace {
	FORM_AT_STATION,
	FORM_AT_SESSION,
	FORM_AT_INVENTORY,
	FORM_OF_LOT, /* the receipt of a lot, which is not a kind in Forms */
} FormPlace;

/** `definition`: one entry of the property Forms at `place`, or another of the same type. */
void form_open(Panel *panel, FormPlace place, GVariant *definition);
/** Opens the form of the kind at `place`. Nothing happens while the station has not said which kinds there
 * are. */
void form_open_kind(Panel *panel, FormPlace place, const char *kind);
/**
 * Puts a button into `box` for each kind that can be entered at `place` (not FORM_OF_LOT), or only for
 * `kind` if it is not NULL. True when there is at least one.
 */
bool form_list(Panel *panel, FormPlace place, const char *kind, GtkWidget *box);
/**
 * The next forms offer these words for a text field of this name, until others are offered. The list ends
 * with NULL, and is copied; a list without words offers none.
 */
void form_offer(Panel *panel, const char *field, const char *const *words);
/** The client whom the next forms are about, until another is named: fills the field subject. NULL: nobody.
 */
void form_about(Panel *panel, const char *subject);
