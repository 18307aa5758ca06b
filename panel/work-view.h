/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What the technician looks at while the needle works: gauges and figures, no buttons. */

#include <gtk/gtk.h>
#include <stdbool.h>

#include "gauges.h"

typedef struct WorkView WorkView;

typedef struct WorkFigures {
	const char *place; /* the zone's title and who works there; "" when no zone is chosen */
	DepthReading depth;
	guint angle_deg, angle_min_deg, angle_max_deg;      /* to the skin; 0: not known */
	guint resistance_mn, force_warn_mn, force_limit_mn; /* limits 0: no zone is chosen */
	gint64 dots, needle_strokes;
	double before, density,
		target; /* dots per cm2: of earlier sessions, of this one, of both in the end */
	double dwell_ms, outside_share; /* share of the dots outside the depth window, 0 to 1 */
	guint dwell_plan_ms;
	gint64 elapsed_s, break_in_s; /* break_in_s: negative when the break is overdue */
	bool working, pedal, emergency_stop;
	gint64 now_us; /* from a clock that never runs back */
} WorkFigures;

WorkView *work_view_new(void);
/** Accepts NULL; returns NULL. The widget belongs to the window. */
WorkView *work_view_free(WorkView *view);
GtkWidget *work_view_widget(WorkView *view);
/** Updates only what has changed, so that an unchanged figure costs nothing. */
void work_view_update(WorkView *view, const WorkFigures *figures);
