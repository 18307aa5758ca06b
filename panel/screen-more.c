/* SPDX-License-Identifier: Apache-2.0 */

/** What stands beside a session: how the station is, language and colours. */

#include <string.h>

#include "memory.h"
#include "panel.h"
#include "refusals.h"
#include "widgets.h"

typedef struct More {
	Screen screen;
	GtkWidget *checks;
} More;

/* ---- how the station is ---- */

static void add_check(More *page, guint level, const char *text, const char *advice)
{
	static const char *const marks[] = { "✓", "!", "✗" };
	static const char *const styles[] = { NULL, "warning", "bad" };
	GtkWidget *card = box_new(GTK_ORIENTATION_VERTICAL, 0, "card");
	g_autofree char *sentence = sentence_translate(text), *what = sentence_translate(advice);
	g_autofree char *line = g_strdup_printf("%s %s", marks[MIN(level, 2)], sentence);

	if (styles[MIN(level, 2)])
		gtk_widget_add_css_class(card, styles[MIN(level, 2)]);
	gtk_box_append(GTK_BOX(card), text_new(line, NULL));
	if (advice[0])
		gtk_box_append(GTK_BOX(card), text_new(what, "caption"));
	gtk_box_append(GTK_BOX(page->checks), card);
}

static void checks_came(void *userdata, GVariant *result, const char *error, const char *text)
{
	More *page = userdata;
	g_autoptr(GVariantIter) iter = NULL;
	const char *sentence, *advice;
	guint32 level;

	box_clear(page->checks);
	if (!result) {
		add_check(page, 2, text, "");
		return;
	}
	g_variant_get(result, "(a(suss))", &iter);
	while (g_variant_iter_next(iter, "(su&s&s)", NULL, &level, &sentence, &advice))
		add_check(page, level, sentence, advice);
}

static void examine(More *page)
{
	station_client_call(
		page->screen.panel->client, STATION_OBJECT_STATION, "Doctor", NULL, checks_came, page);
}

static void tested(void *userdata, GVariant *result)
{
	More *page = userdata;
	const char *failed;

	g_variant_get(result, "(&s)", &failed);
	if (failed[0]) {
		g_autofree char *text = g_strdup_printf(_("The board failed its self-test: %s."), failed);

		panel_notify(page->screen.panel, text, SCREEN_MAX);
	} else {
		panel_notify(page->screen.panel, _("The board passed its self-test."), SCREEN_MAX);
	}
	examine(page);
}

static void on_test(GtkButton *button, gpointer userdata)
{
	More *page = userdata;

	panel_call(page->screen.panel, STATION_OBJECT_STATION, "SelfTest", NULL, tested, page);
}

static void shown(Screen *screen)
{
	if (station_client_present(screen->panel->client))
		examine((More *)screen);
}

/* ---- language and colours ---- */

static void on_language(GtkButton *button, gpointer userdata)
{
	panel_set_language(userdata, g_object_get_data(G_OBJECT(button), "language"));
}

static void on_colours(GtkButton *button, gpointer userdata)
{
	Panel *panel = ((More *)userdata)->screen.panel;

	panel_set_dark(panel, !panel->options.dark);
	memory_set("dark", panel->options.dark ? "yes" : "no");
}

static void add_language(Panel *panel, GtkWidget *box, const char *language)
{
	g_autofree char *title = language_title(language);
	GtkWidget *button = touch_button_new(title, NULL, G_CALLBACK(on_language), panel);

	g_object_set_data_full(G_OBJECT(button), "language", g_strdup(language), g_free);
	gtk_box_append(GTK_BOX(box), button);
}

static GtkWidget *side_new(More *page)
{
	Panel *panel = page->screen.panel;
	GtkWidget *box = box_new(GTK_ORIENTATION_VERTICAL, 8, "side");
	g_auto(GStrv) languages = languages_list(panel->options.locales);

	gtk_box_append(GTK_BOX(box), touch_button_new(_("Test the board"), NULL, G_CALLBACK(on_test), page));
	gtk_box_append(
		GTK_BOX(box), touch_button_new(_("Light or dark"), NULL, G_CALLBACK(on_colours), page));
	for (char **language = languages; *language; language++)
		add_language(panel, box, *language);
	return scroller_new(box);
}

Screen *screen_more_new(Panel *panel)
{
	More *page = g_new0(More, 1);
	GtkWidget *side;

	page->screen = (Screen){ .panel = panel, .shown = shown };
	page->screen.widget = box_new(GTK_ORIENTATION_HORIZONTAL, 12, NULL);
	page->checks = box_new(GTK_ORIENTATION_VERTICAL, 8, NULL);
	side = side_new(page);
	gtk_widget_set_hexpand(side, FALSE);
	gtk_box_append(GTK_BOX(page->screen.widget), side);
	gtk_box_append(GTK_BOX(page->screen.widget), scroller_new(page->checks));
	return &page->screen;
}
