/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Draws two photographs of one place, one over the other. It only draws: it must not load a file or ask the
 * station.
 */

#include "compare.h"

#include <glib/gi18n.h>

#include "widgets.h"

typedef struct Compare {
	GdkPixbuf *pictures[2];
	double share, from; /* share of the width: the line now, and at the first touch */
} Compare;

static void draw_picture(cairo_t *cr, GdkPixbuf *picture, int width, int height)
{
	double x = (double)width / gdk_pixbuf_get_width(picture),
	       y = (double)height / gdk_pixbuf_get_height(picture);
	double scale = MIN(x, y);

	cairo_save(cr);
	cairo_translate(cr, (width - gdk_pixbuf_get_width(picture) * scale) / 2,
		(height - gdk_pixbuf_get_height(picture) * scale) / 2);
	cairo_scale(cr, scale, scale);
	gdk_cairo_set_source_pixbuf(cr, picture, 0, 0);
	cairo_paint(cr);
	cairo_restore(cr);
}

static void draw_compared(GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer userdata)
{
	const Compare *compare = userdata;
	double line = width * compare->share;
	GdkRGBA rgba = theme_colour(GTK_WIDGET(area), "primary");

	for (int i = 0; i < 2; i++) {
		if (!compare->pictures[i])
			continue;
		cairo_save(cr);
		cairo_rectangle(cr, i ? line : 0, 0, i ? width - line : line, height);
		cairo_clip(cr);
		draw_picture(cr, compare->pictures[i], width, height);
		cairo_restore(cr);
	}
	gdk_cairo_set_source_rgba(cr, &rgba);
	cairo_rectangle(cr, line - 2, 0, 4, height);
	cairo_arc(cr, line, height / 2.0, 24, 0, 2 * G_PI);
	cairo_fill(cr);
}

static void move_to(GtkGestureDrag *drag, Compare *compare, double x)
{
	GtkWidget *area = gtk_event_controller_get_widget(GTK_EVENT_CONTROLLER(drag));
	int width = gtk_widget_get_width(area);

	compare->share = width > 0 ? CLAMP(x / width, 0, 1) : 0.5;
	gtk_widget_queue_draw(area);
}

static void on_drag_begin(GtkGestureDrag *drag, double x, double y, gpointer userdata)
{
	Compare *compare = userdata;

	compare->from = x;
	move_to(drag, compare, x);
}

static void on_update(GtkGestureDrag *drag, double x, double y, gpointer userdata)
{
	Compare *compare = userdata;

	move_to(drag, compare, compare->from + x);
}

static void compare_free(gpointer data)
{
	Compare *compare = data;

	g_clear_object(&compare->pictures[0]);
	g_clear_object(&compare->pictures[1]);
	g_free(compare);
}

GtkWidget *compare_new(void)
{
	GtkWidget *area = wide(tall(drawing_new()));
	GtkGesture *drag = gtk_gesture_drag_new();
	Compare *compare = g_new0(Compare, 1);

	compare->share = 0.5;
	g_object_set_data_full(G_OBJECT(area), "compare", compare, compare_free);
	gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(area), draw_compared, compare, NULL);
	g_signal_connect(drag, "drag-begin", G_CALLBACK(on_drag_begin), compare);
	g_signal_connect(drag, "drag-update", G_CALLBACK(on_update), compare);
	gtk_widget_add_controller(area, GTK_EVENT_CONTROLLER(drag));
	gtk_widget_add_css_class(area, "photograph");
	accessible_name(area, _("Before at the left of the line, after at its right; the line can be moved"));
	return area;
}

void compare_set(GtkWidget *area, int which, GdkPixbuf *picture)
{
	Compare *compare = g_object_get_data(G_OBJECT(area), "compare");

	g_set_object(&compare->pictures[which], picture);
	gtk_widget_queue_draw(area);
}
