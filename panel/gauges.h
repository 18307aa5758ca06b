/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What is drawn by hand on the work screen: the depth of the needle, and the resistance it met. */

#include <gtk/gtk.h>

/** Micrometres. `limit` 0: no zone is chosen, and the gauge is empty. */
typedef struct DepthReading {
	guint depth, min, max, limit;
} DepthReading;

/**
 * Draws the skin at the top, the depth window as a band and the limit as a line. A pointer shows the depth
 * of the last dot.
 */
GtkWidget *depth_gauge_new(void);
/** Redraws only when something changed. */
void depth_gauge_set(GtkWidget *gauge, const DepthReading *reading);

/** A trace of the last twenty seconds, in millinewtons. */
GtkWidget *trace_new(void);
/** `now_us` is from a clock that never runs back. `warn` or `limit` 0: no line is drawn for it. */
void trace_add(GtkWidget *trace, gint64 now_us, guint value, guint warn, guint limit);
