/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The part Station: the station's own checks with their advice, and the board's self-test. It must not check
 * anything itself.
 */

#include "panel.h"
#include "part-settings.h"
#include "refusals.h"
#include "widgets.h"
#include "words.h"

typedef struct Part {
	Screen screen;
	GtkWidget *checks;
} Part;

static void add_check_card(Part *page, const char *check, guint level, const char *text, const char *advice)
{
	static const char *const marks[] = { "✓", "!", "✗" };
	static const char *const styles[] = { NULL, "warning", "bad" };
	g_autofree char *sentence = sentence_translate(text), *what = sentence_translate(advice);
	g_autofree char *name = words_of(check);
	g_autofree char *line = g_strdup_printf("%s %s · %s", marks[MIN(level, 2)], name, sentence);
	GtkWidget *card = column_new(0, "card", text_new(line, NULL), NULL);

	if (styles[MIN(level, 2)])
		gtk_widget_add_css_class(card, styles[MIN(level, 2)]);
	if (advice[0])
		box_add(card, text_new(what, "caption"), NULL);
	box_add(page->checks, card, NULL);
}

static void checks_came(GObject *source, GAsyncResult *result, gpointer userdata)
{
	Part *page = userdata;
	g_autoptr(GVariant) checks = NULL;
	g_autoptr(GError) error = NULL;
	const char *check, *sentence, *advice;
	GVariantIter iter;
	guint32 level;

	stipple_station1_call_doctor_finish(STIPPLE_STATION1(source), &checks, result, &error);
	if (station_error_is_cancelled(error))
		return;
	box_clear(page->checks);
	if (error) {
		add_check_card(page, "station", 2, station_error_text(error), "");
		return;
	}
	g_variant_iter_init(&iter, checks);
	while (g_variant_iter_next(&iter, "(&su&s&s)", &check, &level, &sentence, &advice))
		add_check_card(page, check, level, sentence, advice);
}

static void examine(Part *page)
{
	Panel *panel = page->screen.panel;

	if (station_client_present(panel_client(panel)))
		stipple_station1_call_doctor(panel_station(panel), PANEL_CALL(panel), checks_came, page);
}

static void tested(GObject *source, GAsyncResult *result, gpointer call)
{
	g_autofree char *failed = NULL, *text = NULL;
	g_autoptr(GError) error = NULL;
	Part *page;

	stipple_station1_call_self_test_finish(STIPPLE_STATION1(source), &failed, result, &error);
	page = panel_call_end(call, error);
	if (!page)
		return;
	text = g_strdup_printf(_("The board failed its self-test: %s."), failed);
	panel_notify(page->screen.panel, failed[0] ? text : _("The board passed its self-test."), SCREEN_MAX);
	examine(page);
}

static void on_test(Part *page)
{
	Panel *panel = page->screen.panel;
	PanelCall *call = panel_ask(panel, page);

	if (call)
		stipple_station1_call_self_test(panel_station(panel), PANEL_CALL(panel), tested, call);
}

static void examine_when_shown(Screen *screen)
{
	examine((Part *)screen);
}

Screen *part_station_new(Panel *panel)
{
	Part *page = g_new0(Part, 1);

	page->screen = (Screen){ .panel = panel, .shown = examine_when_shown };
	page->checks = column_new(8, NULL, NULL);
	page->screen.widget = column_new(8, NULL, settings_new(panel), scroller_new(page->checks),
		evenly(row_new(8, NULL,
			touch_button_new(_("Test the board"), NULL, G_CALLBACK(on_test), page),
			touch_button_new(_("Test the sound"), NULL, G_CALLBACK(panel_test_sound), panel),
			NULL)),
		NULL);
	return &page->screen;
}
