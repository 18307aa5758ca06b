/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Gauges and figures of the needle at work. It only shows: it has no buttons and must not ask the station.
 */

#include "work-view.h"

#include <glib/gi18n.h>
#include <string.h>

#include "widgets.h"

typedef enum FigureId {
	FIGURE_DENSITY,
	FIGURE_DOTS,
	FIGURE_DWELL,
	FIGURE_OUTSIDE,
	FIGURE_NEEDLE,
	FIGURE_RESISTANCE,
	FIGURE_ELAPSED,
	FIGURE_BREAK,
	FIGURE_MAX,
} FigureId;

enum { COLUMNS = 4 };

static const char *const titles[FIGURE_MAX] = {
	[FIGURE_DENSITY] = N_("dots per cm²"),
	[FIGURE_DOTS] = N_("dots here"),
	[FIGURE_DWELL] = N_("dwell, ms"),
	[FIGURE_OUTSIDE] = N_("off depth"),
	[FIGURE_NEEDLE] = N_("cartridge"),
	[FIGURE_RESISTANCE] = N_("force, mN"),
	[FIGURE_ELAPSED] = N_("elapsed"),
	[FIGURE_BREAK] = N_("break in"),
};

struct WorkView {
	GtkWidget *widget, *gauge, *trace;
	GtkWidget *boxes[FIGURE_MAX];
	GtkLabel *values[FIGURE_MAX];
	GtkLabel *depth, *angle, *place;
	GtkWidget *pedal, *stop;
	GtkLabel *pedal_text, *stop_text;
};

/** Shows a warning as a frame and as a colour, for people who do not see red. */
G_GNUC_PRINTF(4, 5)
static void show_figure(WorkView *view, FigureId id, bool warning, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list values;

	va_start(values, format);
	text = g_strdup_vprintf(format, values);
	va_end(values);
	if (strcmp(gtk_label_get_text(view->values[id]), text) != 0)
		gtk_label_set_text(view->values[id], text);
	style_set(view->boxes[id], "warning", warning);
}

static void show_time(WorkView *view, FigureId id, gint64 seconds)
{
	gint64 size = ABS(seconds);

	show_figure(view, id, seconds < 0, "%s%d:%02d", seconds < 0 ? "−" : "", (int)(size / 3600),
		(int)(size / 60 % 60));
}

static void show_figures(WorkView *view, const WorkFigures *figures)
{
	if (figures->target > 0 && figures->before > 0)
		show_figure(view, FIGURE_DENSITY, figures->before + figures->density >= figures->target,
			"%.0f+%.0f/%.0f", figures->before, figures->density, figures->target);
	else if (figures->target > 0)
		show_figure(view, FIGURE_DENSITY, figures->density >= figures->target, "%.0f/%.0f",
			figures->density, figures->target);
	else
		show_figure(view, FIGURE_DENSITY, false, "–");
	if (figures->dwell_plan_ms)
		show_figure(view, FIGURE_DWELL, figures->dwell_ms > figures->dwell_plan_ms * 1.5, "%.0f/%u",
			figures->dwell_ms, figures->dwell_plan_ms);
	else
		show_figure(view, FIGURE_DWELL, false, "–");
	show_figure(view, FIGURE_DOTS, false, "%" G_GINT64_FORMAT, figures->dots);
	show_figure(
		view, FIGURE_OUTSIDE, figures->outside_share > 0.1, "%.0f %%", figures->outside_share * 100);
	show_figure(view, FIGURE_NEEDLE, false, "%" G_GINT64_FORMAT, figures->needle_strokes);
	show_figure(view, FIGURE_RESISTANCE,
		figures->force_warn_mn && figures->resistance_mn > figures->force_warn_mn, "%u",
		figures->resistance_mn);
	show_time(view, FIGURE_ELAPSED, figures->elapsed_s);
	show_time(view, FIGURE_BREAK, figures->break_in_s);
}

static void show_depth(WorkView *view, const WorkFigures *figures)
{
	g_autofree char *text = figures->depth.depth
					? g_strdup_printf(_("%.2f mm"), figures->depth.depth / 1000.0)
					: g_strdup(_("depth"));

	depth_gauge_set(view->gauge, &figures->depth);
	if (strcmp(gtk_label_get_text(view->depth), text) != 0)
		gtk_label_set_text(view->depth, text);
}

/** "75° (45–90)": the last dot's, and the window. */
static void show_angle(WorkView *view, const WorkFigures *figures)
{
	bool outside = figures->angle_deg && (figures->angle_deg < figures->angle_min_deg ||
						     figures->angle_deg > figures->angle_max_deg);
	g_autofree char *text = figures->angle_deg       ? g_strdup_printf("%u° (%u–%u)", figures->angle_deg,
								   figures->angle_min_deg, figures->angle_max_deg)
				: figures->angle_max_deg ? g_strdup_printf("%u–%u°", figures->angle_min_deg,
								   figures->angle_max_deg)
							 : g_strdup("");

	if (strcmp(gtk_label_get_text(view->angle), text) != 0)
		gtk_label_set_text(view->angle, text);
	style_set(GTK_WIDGET(view->angle), "warning", outside);
}

static void show_light(GtkWidget *light, GtkLabel *label, const char *text, bool on)
{
	if (strcmp(gtk_label_get_text(label), text) == 0)
		return;
	gtk_label_set_text(label, text);
	style_set(light, "on", on);
}

void work_view_update(WorkView *view, const WorkFigures *figures)
{
	show_depth(view, figures);
	show_angle(view, figures);
	if (strcmp(gtk_label_get_text(view->place), figures->place) != 0)
		gtk_label_set_text(view->place, figures->place);
	show_figures(view, figures);
	if (figures->working)
		trace_add(view->trace, figures->now_us, figures->resistance_mn, figures->force_warn_mn,
			figures->force_limit_mn);
	show_light(view->pedal, view->pedal_text, figures->pedal ? _("PEDAL DOWN") : _("pedal up"),
		figures->pedal);
	show_light(view->stop, view->stop_text,
		figures->emergency_stop ? _("EMERGENCY STOP") : _("stop not pressed"),
		figures->emergency_stop);
}

/* ---- the widgets ---- */

static GtkWidget *light_new(GtkLabel **ret_label)
{
	GtkWidget *label = gtk_label_new("");

	gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
	*ret_label = GTK_LABEL(label);
	return row_new(0, "light", wide(label), NULL);
}

static GtkWidget *figures_new(WorkView *view)
{
	GtkWidget *grid = grid_new(6);

	for (FigureId i = 0; i < FIGURE_MAX; i++) {
		view->boxes[i] = tall(figure_new(_(titles[i]), &view->values[i]));
		gtk_label_set_ellipsize(view->values[i], PANGO_ELLIPSIZE_END);
		gtk_grid_attach(GTK_GRID(grid), view->boxes[i], (int)i % COLUMNS, (int)i / COLUMNS, 1, 1);
	}
	return grid;
}

/** Puts the zone and who works where the trace seldom is. */
static GtkWidget *trace_with_place(WorkView *view)
{
	GtkWidget *overlay = gtk_overlay_new();

	view->trace = trace_new();
	accessible_name(view->trace, _("Resistance in the last twenty seconds"));
	view->place = GTK_LABEL(gtk_label_new(""));
	gtk_widget_add_css_class(GTK_WIDGET(view->place), "place");
	gtk_widget_set_halign(GTK_WIDGET(view->place), GTK_ALIGN_START);
	gtk_widget_set_valign(GTK_WIDGET(view->place), GTK_ALIGN_START);
	gtk_overlay_set_child(GTK_OVERLAY(overlay), view->trace);
	gtk_overlay_add_overlay(GTK_OVERLAY(overlay), GTK_WIDGET(view->place));
	return tall(overlay);
}

static GtkWidget *depth_new(WorkView *view)
{
	view->gauge = depth_gauge_new();
	accessible_name(view->gauge, _("Depth of the last dot against its window"));
	view->depth = GTK_LABEL(gtk_label_new(_("depth")));
	gtk_widget_add_css_class(GTK_WIDGET(view->depth), "value");
	gtk_label_set_width_chars(view->depth, 7);
	view->angle = GTK_LABEL(gtk_label_new(""));
	return column_new(2, NULL, view->gauge, view->depth, view->angle, NULL);
}

WorkView *work_view_new(void)
{
	WorkView *view = g_new0(WorkView, 1);
	GtkWidget *main_box, *lights;

	view->pedal = light_new(&view->pedal_text);
	view->stop = light_new(&view->stop_text);
	gtk_widget_add_css_class(view->stop, "stop");
	lights = evenly(row_new(6, NULL, view->pedal, view->stop, NULL));
	main_box = column_new(6, NULL, figures_new(view), trace_with_place(view), lights, NULL);
	view->widget = row_new(8, NULL, depth_new(view), wide(main_box), NULL);
	return view;
}

WorkView *work_view_free(WorkView *view)
{
	g_free(view);
	return NULL;
}

GtkWidget *work_view_widget(WorkView *view)
{
	return view->widget;
}
