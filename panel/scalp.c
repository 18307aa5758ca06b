/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Draws the scalp, with a button for each zone. It only draws: it must not ask the station, and the screen
 * decides what a touch means.
 */

#include "scalp.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "util/cleanup.h"
#include "widgets.h"

/*
 * Everything is drawn in a space of 100 by 64 units, which is stretched to the widget. The head is seen from
 * above with the nose up: an ellipse, cut into bands. The back of the head and the scars are drawn beside
 * it.
 */
enum { WIDTH = 100, HEIGHT = 64, ZONES = 14, BACK = 68 };

typedef struct Shape {
	const char *zone, *title, *short_title;
	double x, y, width, height;
} Shape;

static const Shape shapes[ZONES] = {
	{ "frontal-hairline", N_("Frontal hairline"), N_("Hairline"), 13, 0, 40, 15.5 },
	{ "left-temple", N_("Left temple"), N_("L temple"), 0, 16, 14.5, 15.5 },
	{ "frontal", N_("Frontal"), N_("Frontal"), 15, 16, 36, 15.5 },
	{ "right-temple", N_("Right temple"), N_("R temple"), 51.5, 16, 14.5, 15.5 },
	{ "left-side", N_("Left side"), N_("L side"), 0, 32, 14.5, 31.5 },
	{ "mid-scalp", N_("Mid-scalp"), N_("Mid-scalp"), 15, 32, 36, 15.5 },
	{ "right-side", N_("Right side"), N_("R side"), 51.5, 32, 14.5, 31.5 },
	{ "crown", N_("Crown"), N_("Crown"), 15, 48, 36, 15.5 },
	{ "occipital", N_("Occipital"), N_("Back of head"), BACK, 0, 32, 15.5 },
	{ "nape", N_("Nape"), N_("Nape"), BACK, 16, 32, 15.5 },
	{ "scar-1", N_("Scar 1"), N_("Scar 1"), BACK, 32, 15.75, 15.5 },
	{ "scar-2", N_("Scar 2"), N_("Scar 2"), 84.25, 32, 15.75, 15.5 },
	{ "scar-3", N_("Scar 3"), N_("Scar 3"), BACK, 48, 15.75, 15.5 },
	{ "scar-4", N_("Scar 4"), N_("Scar 4"), 84.25, 48, 15.75, 15.5 },
};

typedef struct ZoneState {
	bool known, before, after;
	double density, target;
} ZoneState;

struct Scalp {
	GtkWidget *overlay, *drawing;
	GtkWidget *buttons[ZONES];
	GtkLabel *labels[ZONES];
	ZoneState states[ZONES];
	int active, marked;
	ScalpChosen chosen;
	void *userdata;
};

static int shape_of(const char *zone)
{
	for (int i = 0; i < ZONES; i++)
		if (strcmp(shapes[i].zone, zone) == 0)
			return i;
	return -1;
}

const char *zone_title(const char *zone)
{
	int i = shape_of(zone);

	return i < 0 ? zone : _(shapes[i].title);
}

/* ---- drawing ---- */

/** The colour for a density: from untouched, through half the target, to past the target. */
static GdkRGBA density_colour(GtkWidget *widget, const ZoneState *state)
{
	double share = state->target > 0 ? state->density / state->target : 0;
	GdkRGBA from = theme_colour(widget, share < 1 ? "map_empty" : "map_reached");
	GdkRGBA to = theme_colour(widget, share < 1 ? "map_reached" : "map_over");
	float part = (float)(share < 1 ? share : fmin((share - 1) / 0.25, 1));

	if (share >= 1 && share <= 1.1)
		return from;
	return (GdkRGBA){ from.red + (to.red - from.red) * part, from.green + (to.green - from.green) * part,
		from.blue + (to.blue - from.blue) * part, 1 };
}

static void rounded(cairo_t *cr, double x, double y, double width, double height, double radius)
{
	cairo_new_sub_path(cr);
	cairo_arc(cr, x + width - radius, y + radius, radius, -G_PI_2, 0);
	cairo_arc(cr, x + width - radius, y + height - radius, radius, 0, G_PI_2);
	cairo_arc(cr, x + radius, y + height - radius, radius, G_PI_2, G_PI);
	cairo_arc(cr, x + radius, y + radius, radius, G_PI, 1.5 * G_PI);
	cairo_close_path(cr);
}

/** The outline of the head from above: an ellipse, a nose, two ears. */
static void head(cairo_t *cr)
{
	cairo_save(cr);
	cairo_translate(cr, 33, 33);
	cairo_scale(cr, 33, 33);
	cairo_arc(cr, 0, 0, 1, 0, 2 * G_PI);
	cairo_restore(cr);
}

static void back_of_head(cairo_t *cr)
{
	rounded(cr, BACK - 0.5, -6, 33, 38, 9);
}

static void draw_zone(Scalp *scalp, cairo_t *cr, int i)
{
	const Shape *shape = &shapes[i];
	GdkRGBA fill = density_colour(scalp->drawing, &scalp->states[i]);
	GdkRGBA line = theme_colour(scalp->drawing, i == scalp->active   ? "map_active"
						    : i == scalp->marked ? "map_marked"
									 : "map_line");

	rounded(cr, shape->x, shape->y, shape->width, shape->height, 2);
	gdk_cairo_set_source_rgba(cr, &fill);
	cairo_fill_preserve(cr);
	gdk_cairo_set_source_rgba(cr, &line);
	cairo_set_line_width(cr, i == scalp->active || i == scalp->marked ? 1.2 : 0.3);
	cairo_stroke(cr);
}

static void draw_scalp_map(GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer userdata)
{
	Scalp *scalp = userdata;
	GdkRGBA skin = theme_colour(scalp->drawing, "map_skin");

	cairo_scale(cr, (double)width / WIDTH, (double)height / HEIGHT);
	cairo_rectangle(cr, 0, 0, WIDTH, HEIGHT);
	cairo_clip(cr);
	for (int part = 0; part < 2; part++) {
		cairo_save(cr);
		(part ? back_of_head : head)(cr);
		gdk_cairo_set_source_rgba(cr, &skin);
		cairo_fill_preserve(cr);
		cairo_clip(cr);
		for (int i = 0; i < ZONES; i++)
			if ((shapes[i].x >= BACK) == part && shapes[i].y < (part ? 32 : HEIGHT))
				draw_zone(scalp, cr, i);
		cairo_restore(cr);
	}
	for (int i = 0; i < ZONES; i++)
		if (shapes[i].x >= BACK && shapes[i].y >= 32)
			draw_zone(scalp, cr, i);
}

/* ---- the buttons over it ---- */

static gboolean place_button(GtkOverlay *overlay, GtkWidget *child, GdkRectangle *ret, gpointer userdata)
{
	Scalp *scalp = userdata;
	int i = GPOINTER_TO_INT(g_object_get_data(G_OBJECT(child), "zone"));
	double x = (double)gtk_widget_get_width(scalp->overlay) / WIDTH;
	double y = (double)gtk_widget_get_height(scalp->overlay) / HEIGHT;

	*ret = (GdkRectangle){ (int)(shapes[i].x * x), (int)(shapes[i].y * y), (int)(shapes[i].width * x),
		(int)(shapes[i].height * y) };
	return TRUE;
}

static void on_scalp_zone(Scalp *scalp, GtkButton *button)
{
	int i = GPOINTER_TO_INT(g_object_get_data(G_OBJECT(button), "zone"));

	scalp->chosen(scalp->userdata, shapes[i].zone);
}

static void add_button(Scalp *scalp, int i)
{
	GtkWidget *button = touch_button_new(_(shapes[i].title), "zone", G_CALLBACK(on_scalp_zone), scalp);

	scalp->buttons[i] = button;
	scalp->labels[i] = GTK_LABEL(gtk_button_get_child(GTK_BUTTON(button)));
	g_object_set_data(G_OBJECT(button), "zone", GINT_TO_POINTER(i));
	gtk_overlay_add_overlay(GTK_OVERLAY(scalp->overlay), button);
}

/** Sets only what has changed, because setting a text redoes the layout of the map. */
static void show_state(Scalp *scalp, int i)
{
	const ZoneState *state = &scalp->states[i];
	g_autofree char *text = state->known
					? g_strdup_printf("%s%s\n%.0f/%.0f", state->before ? "◉ " : "",
						  _(shapes[i].short_title), state->density, state->target)
					: g_strdup(_(shapes[i].short_title));
	g_autofree char *name =
		state->known ? g_strdup_printf(_("%s, %.0f of %.0f dots per cm²%s"), _(shapes[i].title),
				       state->density, state->target, i == scalp->active ? _(", chosen") : "")
			     : g_strdup(_(shapes[i].title));

	if (strcmp(gtk_label_get_text(scalp->labels[i]), text) == 0 &&
		g_strcmp0(g_object_get_data(G_OBJECT(scalp->buttons[i]), "name"), name) == 0)
		return;
	gtk_label_set_text(scalp->labels[i], text);
	accessible_name(scalp->buttons[i], name);
	g_object_set_data_full(G_OBJECT(scalp->buttons[i]), "name", TAKE_PTR(name), g_free);
}

/** Adds the densities from before this session. */
static void add_history(Scalp *scalp, GVariant *history)
{
	GVariantIter iter;
	const char *zone;
	double before;

	if (!history)
		return;
	g_variant_iter_init(&iter, history);
	while (g_variant_iter_next(&iter, "(&subtdx)", &zone, NULL, NULL, NULL, &before, NULL)) {
		int i = shape_of(zone);

		if (i >= 0)
			scalp->states[i].density += before;
	}
}

void scalp_update(Scalp *scalp, GVariant *zones, GVariant *history, const char *active, double density,
	const char *marked)
{
	GVariantIter iter;
	const char *zone, *before, *after;
	double reached, target;

	memset(scalp->states, 0, sizeof scalp->states);
	scalp->active = shape_of(active);
	scalp->marked = shape_of(marked);
	if (zones)
		g_variant_iter_init(&iter, zones);
	while (zones && g_variant_iter_next(&iter, "(&sutdd&s&s)", &zone, NULL, NULL, &reached, &target,
				&before, &after)) {
		int i = shape_of(zone);

		if (i >= 0)
			scalp->states[i] = (ZoneState){
				.known = true,
				.density = i == scalp->active ? density : reached,
				.target = target,
				.before = before[0],
				.after = after[0],
			};
	}
	add_history(scalp, history);
	for (int i = 0; i < ZONES; i++)
		show_state(scalp, i);
	gtk_widget_queue_draw(scalp->drawing);
}

Scalp *scalp_new(ScalpChosen chosen, void *userdata)
{
	Scalp *scalp = g_new0(Scalp, 1);

	scalp->chosen = chosen;
	scalp->userdata = userdata;
	scalp->active = scalp->marked = -1;
	scalp->overlay = wide(tall(gtk_overlay_new()));
	g_object_set_data_full(G_OBJECT(scalp->overlay), "scalp", scalp, g_free);
	scalp->drawing = drawing_new();
	gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(scalp->drawing), draw_scalp_map, scalp, NULL);
	gtk_overlay_set_child(GTK_OVERLAY(scalp->overlay), scalp->drawing);
	gtk_widget_add_css_class(scalp->overlay, "scalp");
	g_signal_connect(scalp->overlay, "get-child-position", G_CALLBACK(place_button), scalp);
	for (int i = 0; i < ZONES; i++)
		add_button(scalp, i);
	return scalp;
}

GtkWidget *scalp_widget(Scalp *scalp)
{
	return scalp->overlay;
}
