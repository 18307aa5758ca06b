/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The part History: past sessions of a person, and a comparison of their photographs. It must not show the
 * sessions of one person under the name of another.
 */

#include <gio/gunixinputstream.h>
#include <string.h>

#include "compare.h"
#include "export.h"
#include "query.h"
#include "scalp.h"
#include "sheet.h"
#include "widgets.h"
#include "words.h"

typedef struct History {
	Screen screen;
	GtkWidget *pages, *list_page, *session_page, *photograph_page;
	GtkWidget *subject, *sessions, *zones, *compare;
	GtkLabel *session_title, *zone_title;
	json_t *images; /* of the session shown */
	gint64 session;
} History;

/* ---- photographs ---- */

typedef struct Loading {
	GtkWidget *compare; /* kept, because the window may be gone by then */
	int which;
} Loading;

static void photograph_read(GObject *source, GAsyncResult *result, gpointer userdata)
{
	g_autofree Loading *loading = userdata;
	g_autoptr(GdkPixbuf) pixbuf = gdk_pixbuf_new_from_stream_finish(result, NULL);

	compare_set(loading->compare, loading->which, pixbuf);
	g_object_unref(loading->compare);
}

static void load_photograph(History *page, int which, int fd, const char *text)
{
	g_autoptr(GInputStream) stream = NULL;
	Loading *loading;

	if (fd < 0) {
		panel_notify(page->screen.panel, text, SCREEN_MAX);
		return;
	}
	stream = g_unix_input_stream_new(fd, TRUE);
	loading = g_new0(Loading, 1);
	loading->compare = g_object_ref(page->compare);
	loading->which = which;
	gdk_pixbuf_new_from_stream_at_scale_async(stream, 1280, 1280, TRUE, NULL, photograph_read, loading);
}

static void before_opened(void *userdata, int fd, const char *text)
{
	load_photograph(userdata, 0, fd, text);
}

static void after_opened(void *userdata, int fd, const char *text)
{
	load_photograph(userdata, 1, fd, text);
}

static const char *image_zone(const json_t *images, size_t n)
{
	return json_string_value(json_object_get(json_array_get(images, n), "zone"));
}

/** The newest photograph of a zone in a phase; NULL when there is none. */
static const char *newest_photograph(const json_t *images, const char *zone, const char *phase)
{
	for (size_t i = json_array_size(images); i > 0; i--) {
		const json_t *image = json_array_get(images, i - 1);

		if (g_strcmp0(image_zone(images, i - 1), zone) == 0 &&
			g_strcmp0(json_string_value(json_object_get(image, "phase")), phase) == 0)
			return json_string_value(json_object_get(image, "file"));
	}
	return NULL;
}

static void on_history_zone(History *page, GtkButton *button)
{
	StationClient *client = panel_client(page->screen.panel);
	const char *zone = g_object_get_data(G_OBJECT(button), "zone");
	const char *before = newest_photograph(page->images, zone, "before"),
		   *after = newest_photograph(page->images, zone, "after");

	gtk_label_set_text(page->zone_title, zone_title(zone));
	compare_set(page->compare, 0, NULL);
	compare_set(page->compare, 1, NULL);
	if (before)
		station_client_open_picture(client, STATION_PHOTOGRAPH, before, before_opened, page);
	if (after)
		station_client_open_picture(client, STATION_PHOTOGRAPH, after, after_opened, page);
	box_show_only(page->pages, page->photograph_page);
}

/* ---- one session ---- */

static bool is_first_of_zone(const json_t *images, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (g_strcmp0(image_zone(images, i), image_zone(images, n)) == 0)
			return false;
	return image_zone(images, n) != NULL;
}

static void images_came(void *userdata, json_t *rows)
{
	History *page = userdata;
	g_autofree char *title = g_strdup_printf(_("Session %d"), (int)page->session);

	if (!rows)
		return;
	json_decref(page->images);
	page->images = json_incref(rows);
	box_clear(page->zones);
	gtk_label_set_text(page->session_title, title);
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const char *zone = image_zone(rows, i);
		GtkWidget *button;

		if (!is_first_of_zone(rows, i))
			continue;
		button = touch_button_new(zone_title(zone), NULL, G_CALLBACK(on_history_zone), page);
		g_object_set_data_full(G_OBJECT(button), "zone", g_strdup(zone), g_free);
		box_add(page->zones, button, NULL);
	}
	if (json_array_size(rows) == 0)
		box_add(page->zones, text_new(_("It has no photographs."), NULL), NULL);
	box_show_only(page->pages, page->session_page);
}

static void on_session(History *page, GtkButton *button)
{
	page->session = (gint64)GPOINTER_TO_SIZE(g_object_get_data(G_OBJECT(button), "session"));
	query_run(page->screen.panel, "images", g_variant_new_parsed("{'session': <%x>}", page->session),
		images_came, page);
}

static void on_history_report(History *page)
{
	export_report(page->screen.panel, page->session);
}

/* ---- the sessions of a person ---- */

static void add_session_button(History *page, const json_t *row)
{
	json_int_t session = json_integer_value(json_object_get(row, "session"));
	const char *begun = json_string_value(json_object_get(row, "begun"));
	g_autofree char *dots = query_value(json_object_get(row, "dots"));
	g_autofree char *outcome = query_value(json_object_get(row, "outcome"));
	g_autofree char *words = words_of(outcome);
	g_autofree char *text = g_strdup_printf(
		_("Session %d · %.10s · %s dots · %s"), (int)session, begun ? begun : "", dots, words);
	GtkWidget *button = touch_button_new(text, NULL, G_CALLBACK(on_session), page);

	g_object_set_data(G_OBJECT(button), "session", GSIZE_TO_POINTER((gsize)session));
	box_add(page->sessions, button, NULL);
}

static void sessions_came(void *userdata, json_t *rows)
{
	History *page = userdata;

	/* also when there are none: the previous person's sessions must not be shown under this one */
	box_clear(page->sessions);
	if (!rows)
		return;
	for (size_t i = json_array_size(rows); i > 0; i--)
		add_session_button(page, json_array_get(rows, i - 1));
	if (json_array_size(rows) == 0)
		box_add(page->sessions, text_new(_("No session of this person is on record."), NULL), NULL);
}

static void show_sessions_of(void *userdata, const char *text)
{
	History *page = userdata;

	field_set(page->subject, text);
	query_run(page->screen.panel, "sessions", g_variant_new_parsed("{'subject': <%s>}", text),
		sessions_came, page);
}

static void on_history_subject(History *page)
{
	sheet_ask(panel_sheet(page->screen.panel), SHEET_CODE, _("Person (pseudonym)"),
		known_text(stipple_session1_get_subject(panel_session(page->screen.panel))), show_sessions_of,
		page);
}

static bool scan_history_subject(Screen *screen, const char *code)
{
	show_sessions_of(screen, code);
	return true;
}

/* ---- the page ---- */

static void show_history_page(GtkWidget *page)
{
	box_show_only(gtk_widget_get_parent(page), page);
}

static void forget_history(Screen *screen)
{
	json_decref(((History *)screen)->images);
}

static GtkWidget *page_with_back(History *page, GtkLabel **ret_title, GtkWidget *back_to, GtkWidget *content)
{
	GtkWidget *title = wide(text_new("", "heading"));
	GtkWidget *row = row_new(8, NULL,
		touch_button_new(_("Back"), NULL, G_CALLBACK(show_history_page), back_to), title, NULL);
	GtkWidget *box = tall(column_new(8, NULL, row, content, NULL));

	*ret_title = GTK_LABEL(title);
	gtk_widget_set_visible(box, FALSE);
	box_add(page->pages, box, NULL);
	return box;
}

Screen *part_history_new(Panel *panel)
{
	History *page = g_new0(History, 1);

	page->screen = (Screen){ .panel = panel, .scanned = scan_history_subject, .forget = forget_history };
	page->subject = field_new(_("Person (pseudonym)"), G_CALLBACK(on_history_subject), page);
	page->sessions = column_new(8, NULL, NULL);
	page->zones = column_new(8, NULL, NULL);
	page->compare = compare_new();
	page->list_page = column_new(8, NULL, page->subject, scroller_new(page->sessions), NULL);
	page->pages = page->screen.widget = column_new(0, NULL, page->list_page, NULL);
	page->session_page =
		page_with_back(page, &page->session_title, page->list_page, scroller_new(page->zones));
	box_add(gtk_widget_get_first_child(page->session_page),
		touch_button_new(_("Report"), NULL, G_CALLBACK(on_history_report), page), NULL);
	page->photograph_page = page_with_back(page, &page->zone_title, page->session_page, page->compare);
	return &page->screen;
}
