/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What is drawn by hand on the work screen: the depth of the needle, and the resistance it met. */

#include <gtk/gtk.h>

/** Micrometres. `limit` 0: no zone is chosen, and the gauge is empty. */
typedef struct DepthReading {
	guint depth, min, max, limit;
} DepthReading;

/** The skin is at the top, the window a band, the limit a line; a pointer shows the last dot's depth. */
GtkWidget *depth_gauge_new(void);
/** Draws again only when something changed. */
void depth_gauge_set(GtkWidget *gauge, const DepthReading *reading);

/** A trace of the last twenty seconds, in millinewtons. */
GtkWidget *trace_new(void);
/** `now_us`: of a clock that never runs back. `warn` and `limit` 0: no line for them. */
void trace_add(GtkWidget *trace, gint64 now_us, guint value, guint warn, guint limit);
