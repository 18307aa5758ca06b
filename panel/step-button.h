/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** One step in the row at the bottom: a button with its number, or a tick when it is done, over its title. */

#include "screen.h"

/** `title`: already translated. `clicked`: as in widgets.h. */
GtkWidget *step_button_new(ScreenId screen, const char *title, GCallback clicked, gpointer userdata);
ScreenId step_button_screen(GtkButton *button);
void step_button_update(GtkWidget *button, bool done, bool current, bool usable);
