/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The bar at the top: the present screen, what the needle does, who is signed in. It stays visible whatever
 * lies over a screen.
 */

#include <gtk/gtk.h>
#include <stdbool.h>

#include "station-client.h"

typedef struct TopBar TopBar;

/** `client` must outlive it. */
TopBar *top_bar_new(const StationClient *client);
GtkWidget *top_bar_widget(const TopBar *bar);
/** Compact: the state alone, so that there is room for an alarm beside it; `narrow`: in one line. */
void top_bar_set_compact(TopBar *bar, bool compact, bool narrow);
/**
 * Shows the station's present state. True when the station is on the bus but does not answer, so that its
 * state is uncertain.
 */
bool top_bar_update(TopBar *bar);
