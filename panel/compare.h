/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Two photographs of one place, one over the other. A finger moves the line between them. */

#include <gtk/gtk.h>

GtkWidget *compare_new(void);
/**
 * `which`: 0 for the left of the line, 1 for the right. `picture`: the function takes a reference; NULL:
 * none yet.
 */
void compare_set(GtkWidget *compare, int which, GdkPixbuf *picture);
