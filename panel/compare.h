/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Two photographs of one place, one upon the other: a finger moves the line between them. */

#include <gtk/gtk.h>

GtkWidget *compare_new(void);
/** `which`: 0 at the left of the line, 1 at the right. `picture` NULL: none yet; otherwise referenced. */
void compare_set(GtkWidget *compare, int which, GdkPixbuf *picture);
