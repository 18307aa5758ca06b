/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The part Station: the station's own checks with their advice, and the board's self-test. It checks nothing
 * itself.
 */

#include "panel.h"
#include "refusals.h"
#include "widgets.h"
#include "words.h"

typedef struct Part {
	Screen screen;
	GtkWidget *checks;
} Part;

static void add_check(Part *page, const char *check, guint level, const char *text, const char *advice)
{
	static const char *const marks[] = { "✓", "!", "✗" };
	static const char *const styles[] = { NULL, "warning", "bad" };
	GtkWidget *card = box_new(GTK_ORIENTATION_VERTICAL, 0, "card");
	g_autofree char *sentence = sentence_translate(text), *what = sentence_translate(advice);
	g_autofree char *name = words_of(check);
	g_autofree char *line = g_strdup_printf("%s %s · %s", marks[MIN(level, 2)], name, sentence);

	if (styles[MIN(level, 2)])
		gtk_widget_add_css_class(card, styles[MIN(level, 2)]);
	gtk_box_append(GTK_BOX(card), text_new(line, NULL));
	if (advice[0])
		gtk_box_append(GTK_BOX(card), text_new(what, "caption"));
	gtk_box_append(GTK_BOX(page->checks), card);
}

static void checks_came(void *userdata, GVariant *result, const char *error, const char *text)
{
	Part *page = userdata;
	g_autoptr(GVariantIter) iter = NULL;
	const char *check, *sentence, *advice;
	guint32 level;

	box_clear(page->checks);
	if (!result) {
		add_check(page, "station", 2, text, "");
		return;
	}
	g_variant_get(result, "(a(suss))", &iter);
	while (g_variant_iter_next(iter, "(&su&s&s)", &check, &level, &sentence, &advice))
		add_check(page, check, level, sentence, advice);
}

static void examine(Part *page)
{
	station_client_call(
		page->screen.panel->client, STATION_OBJECT_STATION, "Doctor", NULL, checks_came, page);
}

static void tested(void *userdata, GVariant *result)
{
	Part *page = userdata;
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
	Part *page = userdata;

	panel_call(page->screen.panel, STATION_OBJECT_STATION, "SelfTest", NULL, tested, page);
}

static void shown(Screen *screen)
{
	if (station_client_present(screen->panel->client))
		examine((Part *)screen);
}

Screen *part_station_new(Panel *panel)
{
	Part *page = g_new0(Part, 1);

	page->screen = (Screen){ .panel = panel, .shown = shown };
	page->screen.widget = box_new(GTK_ORIENTATION_VERTICAL, 8, NULL);
	page->checks = box_new(GTK_ORIENTATION_VERTICAL, 8, NULL);
	gtk_box_append(GTK_BOX(page->screen.widget), settings_new(panel));
	gtk_box_append(GTK_BOX(page->screen.widget), scroller_new(page->checks));
	gtk_box_append(GTK_BOX(page->screen.widget),
		touch_button_new(_("Test the board"), NULL, G_CALLBACK(on_test), page));
	return &page->screen;
}
