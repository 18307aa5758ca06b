/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The language and the colours of the panel. */

#include "panel.h"

/** Creates the buttons for both, to be put into another page. */
GtkWidget *settings_new(Panel *panel);
