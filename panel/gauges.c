/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Draws the depth of the needle and the resistance that it met. It only draws: it must not ask the station.
 */

#include "gauges.h"

#include <math.h>
#include <string.h>

#include "util/cleanup.h"
#include "widgets.h"

enum { SAMPLES = 512, TRACE_US = 20 * 1000 * 1000, SCALE_WIDTH = 56 };

static void stroke_colour(cairo_t *cr, GtkWidget *widget, const char *name, double width)
{
	GdkRGBA rgba = theme_colour(widget, name);

	gdk_cairo_set_source_rgba(cr, &rgba);
	cairo_set_line_width(cr, width);
	cairo_stroke(cr);
}

static void fill_colour(cairo_t *cr, GtkWidget *widget, const char *name)
{
	GdkRGBA rgba = theme_colour(widget, name);

	gdk_cairo_set_source_rgba(cr, &rgba);
	cairo_fill(cr);
}

static void horizontal(cairo_t *cr, double x, double y, double width)
{
	cairo_move_to(cr, x, y);
	cairo_line_to(cr, x + width, y);
}

/** `y` is the middle of the text, which is kept inside the height. */
static void write_at(cairo_t *cr, GtkWidget *widget, const char *text, const char *colour, double x, double y)
{
	g_autoptr(PangoLayout) layout = gtk_widget_create_pango_layout(widget, text);
	GdkRGBA rgba = theme_colour(widget, colour);
	int height;

	pango_layout_get_pixel_size(layout, NULL, &height);
	y = CLAMP(y - height / 2.0, 0, gtk_widget_get_height(widget) - height);
	gdk_cairo_set_source_rgba(cr, &rgba);
	cairo_move_to(cr, x, y);
	pango_cairo_show_layout(cr, layout);
}

/* ---- depth ---- */

static void draw_pointer(cairo_t *cr, GtkWidget *widget, const DepthReading *reading, double y, double width)
{
	bool inside = reading->depth >= reading->min && reading->depth <= reading->max;

	cairo_move_to(cr, SCALE_WIDTH, y);
	cairo_line_to(cr, SCALE_WIDTH + 16, y - 11);
	cairo_line_to(cr, width, y - 11);
	cairo_line_to(cr, width, y + 11);
	cairo_line_to(cr, SCALE_WIDTH + 16, y + 11);
	cairo_close_path(cr);
	fill_colour(cr, widget, inside ? "ink" : "yellow_ink");
}

static void draw_depth_gauge(GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer userdata)
{
	const DepthReading *reading = userdata;
	GtkWidget *widget = GTK_WIDGET(area);
	double scale = reading->limit ? height / (reading->limit * 1.08) : 0;
	const guint marks[] = { reading->min, reading->max, reading->limit };

	cairo_rectangle(cr, SCALE_WIDTH, 0, width - SCALE_WIDTH, height);
	fill_colour(cr, widget, "map_skin");
	if (!reading->limit)
		return;
	cairo_rectangle(cr, SCALE_WIDTH, reading->min * scale, width - SCALE_WIDTH,
		(reading->max - reading->min) * scale);
	fill_colour(cr, widget, "map_reached");
	horizontal(cr, SCALE_WIDTH, reading->limit * scale, width - SCALE_WIDTH);
	stroke_colour(cr, widget, "yellow_ink", 5);
	for (size_t i = 0; i < ELEMENTS(marks); i++) {
		g_autofree char *text = g_strdup_printf("%.2f", marks[i] / 1000.0);

		write_at(cr, widget, text, marks[i] == reading->limit ? "yellow_ink" : "ink", 4,
			marks[i] * scale);
	}
	if (reading->depth)
		draw_pointer(cr, widget, reading, fmin(reading->depth * scale, height - 11), width);
}

GtkWidget *depth_gauge_new(void)
{
	GtkWidget *area = tall(drawing_new());
	DepthReading *reading = g_new0(DepthReading, 1);

	g_object_set_data_full(G_OBJECT(area), "reading", reading, g_free);
	gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(area), draw_depth_gauge, reading, NULL);
	gtk_drawing_area_set_content_width(GTK_DRAWING_AREA(area), 108);
	gtk_widget_add_css_class(area, "gauge");
	return area;
}

void depth_gauge_set(GtkWidget *gauge, const DepthReading *reading)
{
	DepthReading *kept = g_object_get_data(G_OBJECT(gauge), "reading");

	if (memcmp(kept, reading, sizeof *kept) == 0)
		return;
	*kept = *reading;
	gtk_widget_queue_draw(gauge);
}

/* ---- resistance ---- */

typedef struct Trace {
	struct {
		gint64 at_us;
		guint value;
	} samples[SAMPLES];
	guint n, warn, limit; /* n: how many values have ever come */
	gint64 now_us;
} Trace;

static void draw_line(cairo_t *cr, const Trace *trace, double scale, int width, int height)
{
	guint first = trace->n > SAMPLES ? trace->n - SAMPLES : 0;

	for (guint i = first; i < trace->n; i++) {
		gint64 age = trace->now_us - trace->samples[i % SAMPLES].at_us;

		if (age > TRACE_US)
			continue;
		cairo_line_to(cr, width * (1 - (double)age / TRACE_US),
			height - trace->samples[i % SAMPLES].value * scale);
	}
}

static void draw_trace(GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer userdata)
{
	static const double dashes[] = { 8, 6 };
	const Trace *trace = userdata;
	GtkWidget *widget = GTK_WIDGET(area);
	double scale = height / (trace->limit ? trace->limit * 1.1 : 1000);

	cairo_rectangle(cr, 0, 0, width, height);
	fill_colour(cr, widget, "card");
	if (trace->limit) {
		horizontal(cr, 0, height - trace->limit * scale, width);
		stroke_colour(cr, widget, "yellow_ink", 3);
		cairo_set_dash(cr, dashes, ELEMENTS(dashes), 0);
		horizontal(cr, 0, height - trace->warn * scale, width);
		stroke_colour(cr, widget, "warn", 2);
		cairo_set_dash(cr, NULL, 0, 0);
	}
	draw_line(cr, trace, scale, width, height);
	stroke_colour(cr, widget, "primary", 2.5);
}

GtkWidget *trace_new(void)
{
	GtkWidget *area = wide(drawing_new());
	Trace *trace = g_new0(Trace, 1);

	g_object_set_data_full(G_OBJECT(area), "trace", trace, g_free);
	gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(area), draw_trace, trace, NULL);
	gtk_drawing_area_set_content_height(GTK_DRAWING_AREA(area), 56);
	return area;
}

void trace_add(GtkWidget *widget, gint64 now_us, guint value, guint warn, guint limit)
{
	Trace *trace = g_object_get_data(G_OBJECT(widget), "trace");

	trace->samples[trace->n % SAMPLES].at_us = now_us;
	trace->samples[trace->n % SAMPLES].value = value;
	trace->n++;
	trace->now_us = now_us;
	trace->warn = warn;
	trace->limit = limit;
	gtk_widget_queue_draw(widget);
}
