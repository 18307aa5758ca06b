/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The screen Photos: photographs of a zone, from before the treatment and after it, side by side. It must
 * never draw a preview over a photograph.
 */

#include <gio/gunixinputstream.h>
#include <string.h>

#include "panel.h"
#include "refusals.h"
#include "scalp.h"
#include "widgets.h"

enum { PREVIEW_MS = 250, RETRY_MS = 2000 };

typedef struct Shot {
	struct Photographs *page;
	const char *phase;
	GtkWidget *picture, *take;
	GtkLabel *caption;
	char *file; /* shown */
} Shot;

typedef struct Photographs {
	Screen screen;
	GtkWidget *zones;
	GtkLabel *title, *verdict;
	Shot shots[2];
	char *zone;      /* shown */
	char *looked_at; /* the zone whose preview is awaited; NULL: none */
	guint preview_source;
	char *listed; /* names of the zones that have a button, joined */
} Photographs;

/* ---- pictures ---- */

static void shot_read(GObject *source, GAsyncResult *result, gpointer userdata)
{
	g_autoptr(GdkPixbuf) pixbuf = gdk_pixbuf_new_from_stream_finish(result, NULL);
	g_autoptr(GtkPicture) picture = userdata; /* kept, because the window may be gone by then */
	g_autoptr(GdkTexture) texture = pixbuf ? gdk_texture_new_for_pixbuf(pixbuf) : NULL;

	gtk_picture_set_paintable(picture, GDK_PAINTABLE(texture));
}

/** Shows a preview. The window may be gone by now, or a photograph may have taken its place. */
static void preview_read(GObject *source, GAsyncResult *result, gpointer userdata)
{
	g_autoptr(GtkPicture) picture = userdata;
	g_autoptr(GdkPixbuf) pixbuf = gdk_pixbuf_new_from_stream_finish(result, NULL);
	g_autoptr(GdkTexture) texture = pixbuf ? gdk_texture_new_for_pixbuf(pixbuf) : NULL;

	if (g_object_get_data(G_OBJECT(picture), "live"))
		gtk_picture_set_paintable(picture, GDK_PAINTABLE(texture));
}

static void shot_opened(void *userdata, int fd, const char *text)
{
	Shot *shot = userdata;
	g_autoptr(GInputStream) stream = NULL;

	if (fd < 0) {
		gtk_picture_set_paintable(GTK_PICTURE(shot->picture), NULL);
		return;
	}
	stream = g_unix_input_stream_new(fd, TRUE);
	gdk_pixbuf_new_from_stream_at_scale_async(
		stream, 800, 800, TRUE, NULL, shot_read, g_object_ref(shot->picture));
}

static void show_file(Shot *shot, const char *file)
{
	Panel *panel = shot->page->screen.panel;

	if (g_strcmp0(shot->file, file) == 0)
		return;
	g_free(shot->file);
	shot->file = g_strdup(file);
	g_object_set_data(G_OBJECT(shot->picture), "live", NULL);
	gtk_picture_set_paintable(GTK_PICTURE(shot->picture), NULL);
	if (file[0])
		station_client_open_picture(panel_client(panel), STATION_PHOTOGRAPH, file, shot_opened, shot);
}

/* ---- the live preview, in the place of the next photograph ---- */

static Shot *next_shot(Photographs *page)
{
	Shot *shot = &page->shots[panel_state_is(page->screen.panel, "closing")];

	return page->zone && shot->file && !shot->file[0] ? shot : NULL;
}

static bool may_preview(Photographs *page)
{
	Panel *panel = page->screen.panel;

	return panel_shows(panel, SCREEN_PHOTOGRAPHS) && station_client_present(panel_client(panel)) &&
	       stipple_session1_get_consent_photographs(panel_session(panel)) &&
	       panel_step_done(panel, SCREEN_SIGN_IN) &&
	       (panel_state_is(panel, "preparing") || panel_state_is(panel, "paused") ||
		       panel_state_is(panel, "closing"));
}

static void look_later(Photographs *page, guint after_ms);

static void show_preview(void *userdata, int fd, const char *text)
{
	Photographs *page = userdata;
	Shot *shot = next_shot(page);
	g_autoptr(GInputStream) stream = fd >= 0 ? g_unix_input_stream_new(fd, TRUE) : NULL;
	g_autofree char *sentence = sentence_translate(text), *zone = g_steal_pointer(&page->looked_at);

	/* do not draw over a photograph that was taken or chosen meanwhile */
	if (shot && may_preview(page) && g_strcmp0(zone, page->zone) == 0) {
		gtk_label_set_text(page->verdict, fd >= 0 && !text[0] ? _("Sharp and well lit") : sentence);
		if (stream) {
			g_object_set_data(G_OBJECT(shot->picture), "live", GINT_TO_POINTER(1));
			gdk_pixbuf_new_from_stream_at_scale_async(
				stream, 800, 800, TRUE, NULL, preview_read, g_object_ref(shot->picture));
		}
	}
	look_later(page, fd >= 0 ? PREVIEW_MS : RETRY_MS);
}

static gboolean look_at_zone(gpointer userdata)
{
	Photographs *page = userdata;

	page->preview_source = 0;
	if (!may_preview(page) || !next_shot(page) || page->looked_at)
		return G_SOURCE_REMOVE;
	page->looked_at = g_strdup(page->zone);
	station_client_open_picture(
		panel_client(page->screen.panel), STATION_PREVIEW, page->zone, show_preview, page);
	return G_SOURCE_REMOVE;
}

static void look_later(Photographs *page, guint after_ms)
{
	if (!page->preview_source && !page->looked_at && may_preview(page) && next_shot(page))
		page->preview_source = g_timeout_add(after_ms, look_at_zone, page);
}

/* ---- taking ---- */

static void shot_taken(GObject *source, GAsyncResult *result, gpointer call)
{
	g_autoptr(GVariant) figures = NULL;
	g_autoptr(GError) error = NULL;
	double focus = 0, exposure = 0;
	g_autofree char *text = NULL;
	Photographs *page;

	stipple_session1_call_capture_finish(STIPPLE_SESSION1(source), NULL, &figures, result, &error);
	page = panel_call_end(call, error);
	if (!page)
		return;
	g_variant_lookup(figures, "focus", "d", &focus);
	g_variant_lookup(figures, "exposure", "d", &exposure);
	text = g_strdup_printf(_("✓ Sharp enough (focus %.0f) and well lit (%.0f of 255)"), focus, exposure);
	gtk_label_set_text(page->verdict, text);
	page->screen.update(&page->screen);
}

static void on_take(Shot *shot)
{
	Photographs *page = shot->page;
	Panel *panel = page->screen.panel;
	PanelCall *call;

	if (!page->zone) {
		panel_notify(panel, _("Choose the zone first."), SCREEN_ZONE);
		return;
	}
	call = panel_ask(panel, page);
	if (!call)
		return;
	gtk_label_set_text(page->verdict, _("Hold still…"));
	stipple_session1_call_capture(
		panel_session(panel), page->zone, shot->phase, PANEL_CALL(panel), shot_taken, call);
}

/* ---- the zones of this session ---- */

static void on_photographs_zone(Photographs *page, GtkToggleButton *button)
{
	if (!gtk_toggle_button_get_active(button))
		return;
	g_free(page->zone);
	page->zone = g_strdup(g_object_get_data(G_OBJECT(button), "zone"));
	gtk_label_set_text(page->verdict, "");
	page->screen.update(&page->screen);
}

static void list_photographed_zones(Photographs *page, GVariant *zones)
{
	g_autoptr(GString) joined = g_string_new(NULL);
	const char *zone;
	GVariantIter iter;

	g_variant_iter_init(&iter, zones);
	while (g_variant_iter_next(&iter, "(&sutdd&s&s)", &zone, NULL, NULL, NULL, NULL, NULL, NULL))
		g_string_append_printf(joined, "%s ", zone);
	if (g_strcmp0(joined->str, page->listed) == 0)
		return;
	g_free(page->listed);
	page->listed = g_strdup(joined->str);
	box_clear(page->zones);
	g_variant_iter_init(&iter, zones);
	while (g_variant_iter_next(&iter, "(&sutdd&s&s)", &zone, NULL, NULL, NULL, NULL, NULL, NULL)) {
		GtkWidget *choice = touch_choice_new(zone_title(zone),
			gtk_widget_get_first_child(page->zones), G_CALLBACK(on_photographs_zone), page);

		g_object_set_data_full(G_OBJECT(choice), "zone", g_strdup(zone), g_free);
		box_add(page->zones, choice, NULL);
		if (g_strcmp0(zone, page->zone) == 0)
			gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(choice), TRUE);
	}
}

static void mark_zone(Photographs *page, const char *zone)
{
	for (GtkWidget *child = gtk_widget_get_first_child(page->zones); child;
		child = gtk_widget_get_next_sibling(child))
		if (g_strcmp0(g_object_get_data(G_OBJECT(child), "zone"), zone) == 0)
			gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(child), TRUE);
}

static void show_files(Photographs *page, GVariant *zones)
{
	const char *zone, *files[2], *shown[2] = { "", "" };
	GVariantIter iter;

	g_variant_iter_init(&iter, zones);
	while (g_variant_iter_next(
		&iter, "(&sutdd&s&s)", &zone, NULL, NULL, NULL, NULL, &files[0], &files[1]))
		if (g_strcmp0(zone, page->zone) == 0)
			memcpy(shown, files, sizeof shown);
	for (int i = 0; i < 2; i++) {
		show_file(&page->shots[i], shown[i]);
		gtk_label_set_text(page->shots[i].caption, shown[i][0] ? "✓" : "–");
	}
}

static void update_photographs(Screen *screen)
{
	Photographs *page = (Photographs *)screen;
	Panel *panel = screen->panel;
	GVariant *zones = stipple_session1_get_zones(panel_session(panel));

	if (!zones)
		return;
	list_photographed_zones(page, zones);
	show_files(page, zones);
	gtk_label_set_text(page->title, page->zone ? zone_title(page->zone) : _("Choose the zone first."));
	look_later(page, 0);
}

static void choose_zone(Screen *screen, const char *zone)
{
	Photographs *page = (Photographs *)screen;

	g_free(page->zone);
	page->zone = g_strdup(zone);
	mark_zone(page, zone);
	update_photographs(screen);
}

static void mark_zone_shown(Screen *screen)
{
	const char *zone = known_text(stipple_session1_get_zone(panel_session(screen->panel)));

	if (!zone[0])
		return;
	update_photographs(screen);
	if (!((Photographs *)screen)->zone || !panel_state_is(screen->panel, "closing"))
		choose_zone(screen, zone);
}

static GtkWidget *shot_new(
	Photographs *page, Shot *shot, const char *phase, const char *title, const char *take)
{
	shot->page = page;
	shot->phase = phase;
	shot->picture = gtk_picture_new();
	gtk_picture_set_can_shrink(GTK_PICTURE(shot->picture), TRUE);
	gtk_picture_set_alternative_text(GTK_PICTURE(shot->picture), title);
	gtk_widget_add_css_class(shot->picture, "photograph");
	shot->caption = GTK_LABEL(gtk_label_new("–"));
	shot->take = touch_button_new(take, "primary", G_CALLBACK(on_take), shot);
	return column_new(4, NULL, row_new(8, NULL, text_new(title, "caption"), shot->caption, NULL),
		tall(shot->picture), shot->take, NULL);
}

static void forget_photographs(Screen *screen)
{
	Photographs *page = (Photographs *)screen;

	g_clear_handle_id(&page->preview_source, g_source_remove);
	g_free(page->zone);
	g_free(page->looked_at);
	g_free(page->listed);
	for (int i = 0; i < 2; i++)
		g_free(page->shots[i].file);
}

Screen *screen_photographs_new(Panel *panel)
{
	Photographs *page = g_new0(Photographs, 1);
	GtkWidget *side, *pair;

	page->screen = (Screen){ .panel = panel,
		.update = update_photographs,
		.shown = mark_zone_shown,
		.choose_zone = choose_zone,
		.forget = forget_photographs };
	page->zones = column_new(6, NULL, NULL);
	page->title = GTK_LABEL(text_new("", "heading"));
	page->verdict = GTK_LABEL(text_new("", NULL));
	side = column_new(8, "side", scroller_new(page->zones),
		touch_button_new(_("Go on"), NULL, G_CALLBACK(panel_advance), panel), NULL);
	gtk_widget_set_hexpand(side, FALSE);
	pair = row_new(8, NULL,
		shot_new(page, &page->shots[0], "before", _("Before"), _("Photograph before")),
		shot_new(page, &page->shots[1], "after", _("After"), _("Photograph after")), NULL);
	page->screen.widget = row_new(12, NULL, side,
		wide(column_new(4, NULL, page->title, tall(evenly(pair)), page->verdict, NULL)), NULL);
	return &page->screen;
}
