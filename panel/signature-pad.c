/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The area on which somebody signs. It keeps points, no picture, and must keep none of them after it was
 * cleared.
 */

#include "signature-pad.h"

#include <glib/gi18n.h>

#include "util/signature.h"
#include "widgets.h"

enum { NEAR = 6 /* units: a point closer to the last one is left out */ };

typedef struct Pad {
	GtkWidget *area;
	GArray *points; /* of SignaturePoint */
	double from_x, from_y;
	void (*changed)(void *userdata);
	void *userdata;
} Pad;

static Pad *pad_of(GtkWidget *area)
{
	return g_object_get_data(G_OBJECT(area), "pad");
}

static void draw_signature(GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer userdata)
{
	const Pad *pad = userdata;
	GdkRGBA rgba = theme_colour(GTK_WIDGET(area), "ink");
	double unit = (double)height / SIGNATURE_HEIGHT;

	gdk_cairo_set_source_rgba(cr, &rgba);
	cairo_set_line_width(cr, 1);
	cairo_move_to(cr, 12, height * 0.78);
	cairo_line_to(cr, width - 12, height * 0.78);
	cairo_stroke(cr);
	cairo_set_line_width(cr, 3);
	cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
	for (guint i = 0; i < pad->points->len; i++) {
		const SignaturePoint *point = &g_array_index(pad->points, SignaturePoint, i);

		if (point->begins) {
			cairo_stroke(cr);
			cairo_move_to(cr, point->x * unit, point->y * unit);
		}
		cairo_line_to(cr, point->x * unit, point->y * unit);
	}
	cairo_stroke(cr);
}

static void add_point(Pad *pad, double x, double y, bool begins)
{
	int height = gtk_widget_get_height(pad->area), width = gtk_widget_get_width(pad->area);
	double unit = height > 0 ? (double)SIGNATURE_HEIGHT / height : 1;
	SignaturePoint point = { .begins = begins };
	const SignaturePoint *last;

	point.x = (uint16_t)CLAMP(CLAMP(x, 0, width) * unit, 0, SIGNATURE_WIDTH);
	point.y = (uint16_t)CLAMP(y * unit, 0, SIGNATURE_HEIGHT);
	if (pad->points->len >= SIGNATURE_POINTS_MAX)
		return;
	if (!begins && pad->points->len > 0) {
		last = &g_array_index(pad->points, SignaturePoint, pad->points->len - 1);
		if (ABS(last->x - point.x) < NEAR && ABS(last->y - point.y) < NEAR)
			return;
	}
	g_array_append_val(pad->points, point);
	gtk_widget_queue_draw(pad->area);
}

static void on_finger_down(GtkGestureDrag *drag, double x, double y, gpointer userdata)
{
	Pad *pad = userdata;

	gtk_gesture_set_state(GTK_GESTURE(drag), GTK_EVENT_SEQUENCE_CLAIMED);
	pad->from_x = x;
	pad->from_y = y;
	add_point(pad, x, y, true);
}

static void on_finger_moved(GtkGestureDrag *drag, double x, double y, gpointer userdata)
{
	Pad *pad = userdata;

	add_point(pad, pad->from_x + x, pad->from_y + y, false);
}

static void on_finger_up(GtkGestureDrag *drag, double x, double y, gpointer userdata)
{
	Pad *pad = userdata;

	add_point(pad, pad->from_x + x, pad->from_y + y, false);
	pad->changed(pad->userdata);
}

static void pad_free(gpointer data)
{
	Pad *pad = data;

	g_array_free(pad->points, TRUE);
	g_free(pad);
}

GtkWidget *signature_pad_new(void (*changed)(void *userdata), void *userdata)
{
	GtkWidget *area = wide(tall(drawing_new()));
	GtkGesture *drag = gtk_gesture_drag_new();
	Pad *pad = g_new0(Pad, 1);

	*pad = (Pad){ .area = area,
		.points = g_array_new(FALSE, FALSE, sizeof(SignaturePoint)),
		.changed = changed,
		.userdata = userdata };
	g_object_set_data_full(G_OBJECT(area), "pad", pad, pad_free);
	gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(area), draw_signature, pad, NULL);
	g_signal_connect(drag, "drag-begin", G_CALLBACK(on_finger_down), pad);
	g_signal_connect(drag, "drag-update", G_CALLBACK(on_finger_moved), pad);
	g_signal_connect(drag, "drag-end", G_CALLBACK(on_finger_up), pad);
	gtk_widget_add_controller(area, GTK_EVENT_CONTROLLER(drag));
	gtk_widget_add_css_class(area, "signature");
	accessible_name(area, _("The client signs here with a finger"));
	return area;
}

void signature_pad_clear(GtkWidget *area)
{
	Pad *pad = pad_of(area);

	g_array_set_size(pad->points, 0);
	gtk_widget_queue_draw(area);
	pad->changed(pad->userdata);
}

char *signature_pad_text(GtkWidget *area)
{
	const Pad *pad = pad_of(area);
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < pad->points->len; i++) {
		const SignaturePoint *point = &g_array_index(pad->points, SignaturePoint, i);

		g_string_append_printf(text, "%s%u,%u",
			i == 0          ? ""
			: point->begins ? ";"
					: " ",
			point->x, point->y);
	}
	return g_string_free(text, FALSE);
}

bool signature_pad_is_signed(GtkWidget *area)
{
	static SignaturePoint points[SIGNATURE_POINTS_MAX];
	g_autofree char *text = signature_pad_text(area);
	Error flaw;

	return signature_read(text, points, &flaw) >= 0;
}
