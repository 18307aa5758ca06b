/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The bar at the top: where one is, what the needle does, who is signed in. Whatever is over a screen, it is
 * seen. */

#include <gtk/gtk.h>
#include <stdbool.h>

#include "station-client.h"

typedef struct TopBar TopBar;

/** `client` outlives it. */
TopBar *top_bar_new(const StationClient *client);
GtkWidget *top_bar_widget(const TopBar *bar);
/** Shows how the station is now. True when it is there and does not answer, so that nothing of it is certain.
 */
bool top_bar_update(TopBar *bar);
