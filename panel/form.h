/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A page over the window on which a record of one kind is entered: the station says which kinds there are and
 * what their fields are, so that a new kind needs nothing here. What a scanner read fills the fields that it
 * tells of: product, lot, expiry. A sheet on which one of these is being typed is closed.
 */

#include "panel.h"

/** Which method of the station takes the fields. */
typedef enum FormPlace {
	FORM_AT_STATION,
	FORM_AT_SESSION,
	FORM_AT_INVENTORY,
	FORM_OF_LOT, /* the receipt of a lot, which is no kind in Forms */
} FormPlace;

/** `definition`: one of the property Forms at `place`, or one of that type. */
void form_open(Panel *panel, FormPlace place, GVariant *definition);
/**
 * A button for each kind that may be entered at `place`, which is not FORM_OF_LOT, put into `box`; for one
 * kind alone when `kind` names it. True when there is any.
 */
bool form_list(Panel *panel, FormPlace place, const char *kind, GtkWidget *box);
