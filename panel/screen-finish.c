/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The screen Finish: what was done, which photographs are still missing, the signature and the report. It
 * must not offer the signature before the treatment is over.
 */

#include <string.h>

#include "export.h"
#include "form.h"
#include "panel.h"
#include "scalp.h"
#include "sheet.h"
#include "widgets.h"

typedef struct FinishPage {
	Screen screen;
	GtkLabel *summary;
	GtkWidget *missing, *aftercare, *received, *forms, *report, *sign;
	gint64 signing; /* the session whose signature was asked for */
	gint64 told;    /* the session whose aftercare is shown */
	bool filled;
	char *listed;
} FinishPage;

/** The session that the page shows: the open one, or else the one that was just signed; 0: none. */
static gint64 session_of(const Panel *panel)
{
	gint64 session = (gint64)stipple_session1_get_session(panel_session(panel));

	return session ? session : panel_signed_session(panel);
}

static void signed_off(GObject *source, GAsyncResult *result, gpointer call)
{
	FinishPage *page = panel_call_finish(source, result, call);
	Panel *panel;

	if (!page)
		return;
	panel = page->screen.panel;
	panel_set_signed_session(panel, page->signing);
	panel_notify(panel, _("The session is signed and on record."), SCREEN_MAX);
	panel_show(panel, SCREEN_PERSON);
}

static void sign_session(void *userdata, const char *pin)
{
	FinishPage *page = userdata;
	Panel *panel = page->screen.panel;
	PanelCall *call = panel_ask(panel, page);

	if (!call)
		return;
	page->signing = (gint64)stipple_session1_get_session(panel_session(panel));
	/* recorded with the same words in every language */
	stipple_session1_call_sign(
		panel_session(panel), pin, "treatment done as recorded", PANEL_CALL(panel), signed_off, call);
}

static void on_sign(FinishPage *page)
{
	sheet_ask(panel_sheet(page->screen.panel), SHEET_PIN,
		_("Your PIN: the treatment was done as recorded"), "", sign_session, page);
}

static void on_session_report(FinishPage *page)
{
	export_report(page->screen.panel, session_of(page->screen.panel));
}

static void on_received(FinishPage *page)
{
	panel_show(page->screen.panel, SCREEN_CONSENT);
}

static void on_missing_photograph(FinishPage *page, GtkButton *button)
{
	panel_photograph_zone(page->screen.panel, g_object_get_data(G_OBJECT(button), "zone"));
}

static void add_missing(FinishPage *page, const char *zone)
{
	g_autofree char *text = g_strdup_printf(_("%s: the photograph after is missing"), zone_title(zone));
	GtkWidget *button = touch_button_new(text, "refusal", G_CALLBACK(on_missing_photograph), page);

	g_object_set_data_full(G_OBJECT(button), "zone", g_strdup(zone), g_free);
	box_add(page->missing, button, NULL);
}

/** Zones that were photographed before the treatment but not after it. */
static void list_missing(FinishPage *page, GVariant *zones)
{
	g_autoptr(GString) joined = g_string_new(NULL);
	g_auto(GStrv) names = NULL;
	const char *zone, *before, *after;
	GVariantIter iter;

	g_variant_iter_init(&iter, zones);
	while (g_variant_iter_next(&iter, "(&sutdd&s&s)", &zone, NULL, NULL, NULL, NULL, &before, &after))
		if (before[0] && !after[0])
			g_string_append_printf(joined, "%s%s", joined->len ? " " : "", zone);
	if (g_strcmp0(joined->str, page->listed) == 0)
		return;
	g_free(page->listed);
	page->listed = g_strdup(joined->str);
	box_clear(page->missing);
	names = g_strsplit(joined->str, " ", -1);
	for (char **name = names; *name; name++)
		add_missing(page, *name);
}

/** The advice that the person gets before leaving, in the words of the clinic's protocol. */
static void list_aftercare(FinishPage *page)
{
	Panel *panel = page->screen.panel;
	const char *const *aftercare = stipple_session1_get_aftercare(panel_session(panel));
	gint64 session = (gint64)stipple_session1_get_session(panel_session(panel));

	if (session == page->told || !aftercare)
		return;
	page->told = session;
	box_clear(page->aftercare);
	box_add(page->aftercare, text_new(_("Aftercare"), "caption"), NULL);
	for (const char *const *line = aftercare; *line; line++) {
		g_autofree char *text = g_strdup_printf("• %s", _(*line));

		box_add(page->aftercare, text_new(text, NULL), NULL);
	}
}

static const char *next_of(bool closing)
{
	return closing ? _("Put the cartridge into the sharps container, photograph what was treated, then sign.")
		       : _("The treatment is not over: it is finished on the work screen.");
}

static void update_finish(Screen *screen)
{
	FinishPage *page = (FinishPage *)screen;
	Panel *panel = screen->panel;
	StippleSession1 *session = panel_session(panel);
	GVariant *zones = stipple_session1_get_zones(session);
	bool closing = panel_state_is(panel, "closing");
	bool open = stipple_session1_get_session(session) != 0;
	gint64 dots = (gint64)stipple_session1_get_session_dots(session);
	g_autofree char *done = g_strdup_printf(
		ngettext("%d dot in this session", "%d dots in this session", dots), (int)dots);
	g_autofree char *text = !open && panel_signed_session(panel)
					? g_strdup(_("The session is signed and on record."))
					: g_strdup_printf("%s\n%s", done, next_of(closing));

	if (!page->filled && station_client_present(panel_client(panel))) {
		page->filled = true;
		form_list(panel, FORM_AT_INVENTORY, "needle.disposed", page->forms);
		form_list(panel, FORM_AT_SESSION, NULL, page->forms);
	}
	if (zones)
		list_missing(page, zones);
	list_aftercare(page);
	gtk_label_set_text(page->summary, text);
	gtk_widget_set_sensitive(page->report, session_of(panel) != 0);
	gtk_widget_set_visible(page->forms, open);
	gtk_widget_set_sensitive(page->sign, closing);
	gtk_widget_set_visible(page->missing, closing);
	gtk_widget_set_visible(page->aftercare, closing);
	gtk_widget_set_visible(page->received, closing && !stipple_session1_get_aftercare_received(session));
}

static void forget_finish(Screen *screen)
{
	g_free(((FinishPage *)screen)->listed);
}

Screen *screen_finish_new(Panel *panel)
{
	FinishPage *page = g_new0(FinishPage, 1);
	GtkWidget *list;

	page->screen = (Screen){ .panel = panel, .update = update_finish, .forget = forget_finish };
	page->summary = GTK_LABEL(text_new("", NULL));
	page->missing = column_new(8, NULL, NULL);
	page->sign = touch_button_new(_("Sign with your PIN…"), "primary", G_CALLBACK(on_sign), page);
	page->forms = column_new(8, NULL, NULL);
	page->aftercare = column_new(2, "card", NULL);
	page->received = touch_button_new(
		_("The client signs for the instructions…"), NULL, G_CALLBACK(on_received), page);
	list = column_new(8, NULL, page->missing, page->forms, page->aftercare, page->received, NULL);
	page->report = touch_button_new(_("Report"), NULL, G_CALLBACK(on_session_report), page);
	page->screen.widget = column_new(8, NULL, text_new(_("Finish"), "heading"), page->summary,
		scroller_new(list), row_new(8, NULL, page->report, wide(page->sign), NULL), NULL);
	return &page->screen;
}
