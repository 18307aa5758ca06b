/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Shows a client's card: who it is, why the scalp is treated, the recipe of each zone. It asks the station,
 * which records the access. Nothing on it is kept beyond the widget.
 */

#include "panel.h"

typedef struct ClientCard ClientCard;

/** Accepts NULL; returns NULL. */
ClientCard *client_card_new(Panel *panel);
/** The widget belongs to the window; invisible while nothing is shown. */
GtkWidget *client_card_widget(ClientCard *card);
/**
 * Asks for the card of this pseudonym and shows it; NULL or "": shows nothing. Once for each
 * pseudonym; where the station did not show the card, its sentence is shown, and a later call asks again. */
void client_card_show(ClientCard *card, const char *subject);
/** Asks again at the next client_card_show(): the card may have changed. */
void client_card_forget(ClientCard *card);
void client_card_free(ClientCard *card);
