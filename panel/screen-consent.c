/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The screen Consent: what the client is asked (questions.h), and what the client signs. It must never show
 * what was shown to another client.
 */

#include <string.h>

#include "memory.h"
#include "panel.h"
#include "questions.h"
#include "sheet.h"
#include "signing.h"
#include "util/cleanup.h"
#include "widgets.h"

enum { FORMS = 4 };

static void update_consent(Screen *screen);

typedef struct Consent {
	Screen screen;
	GtkWidget *overview, *forms[FORMS], *version;
	Signing *signing;
	bool asked;            /* the texts were asked for */
	GVariant *texts;       /* what clients sign, as ConsentTexts answers; NULL: not known yet */
	const char *withdraws; /* the form about which somebody was asked; static */
	Questions *questions;
	gint64 session; /* whose texts and questions are shown */
} Consent;

static void show_signing(Consent *page, bool reads);

/* ---- recording ---- */

static void advance_when_done(Consent *page)
{
	Panel *panel = page->screen.panel;

	if (panel_step_done(panel, SCREEN_CONSENT) &&
		stipple_session1_get_consent_photographs(panel_session(panel)))
		panel_advance(panel);
}

static void consent_recorded(GObject *source, GAsyncResult *result, gpointer call)
{
	Consent *page = panel_call_finish(source, result, call);

	if (page)
		advance_when_done(page);
}

static void answers_recorded(void *userdata)
{
	Consent *page = userdata;

	advance_when_done(page);
}

/* ---- consents and statements ---- */

/** What the client signed, or withdraws. `language` NULL: not on the screen. */
static void tell_signed(Consent *page, const char *form, bool given, const Signed *what)
{
	Panel *panel = page->screen.panel;
	PanelCall *call = given ? panel_ask(panel, page) : panel_order(panel, page);

	if (!call)
		return;
	if (what->signature)
		stipple_session1_call_sign_consent(panel_session(panel), form, what->version, what->language,
			what->sha256, what->signature, PANEL_CALL(panel), consent_recorded, call);
	else
		stipple_session1_call_record_consent(panel_session(panel), form, what->version, given,
			PANEL_CALL(panel), consent_recorded, call);
}

static void show_signing(Consent *page, bool reads)
{
	if (!reads)
		signing_forget(page->signing);
	box_show_only(page->screen.widget, reads ? signing_widget(page->signing) : page->overview);
}

static void signing_done(void *userdata, const Signed *what)
{
	Consent *page = userdata;

	if (what)
		tell_signed(page, what->form, true, what);
	show_signing(page, false);
}

/** The version on paper: typed, or that of the text. Freed by the caller; NULL when nothing is known. */
static char *version_of(const Consent *page, const char *form)
{
	const char *typed = field_get(page->version);

	if (signing_has(page->texts, form))
		return signing_version(page->texts, form);
	return typed && typed[0] ? g_strdup(typed) : NULL;
}

static void give(Consent *page, const char *form)
{
	g_autofree char *version = version_of(page, form);

	if (signing_has(page->texts, form)) {
		signing_show(page->signing, page->texts, form,
			known_text(stipple_session1_get_client_language(panel_session(page->screen.panel))));
		show_signing(page, true);
	} else if (version) {
		tell_signed(page, form, true, &(Signed){ .version = version });
	} else {
		panel_notify(page->screen.panel, _("Enter which version of the consent form was signed."),
			SCREEN_CONSENT);
	}
}

#define YES_WITHDRAWN N_("Yes, withdrawn")

static void withdrawal_answered(void *userdata, const char *answer)
{
	Consent *page = userdata;
	g_autofree char *version = version_of(page, page->withdraws);

	if (strcmp(answer, YES_WITHDRAWN) == 0)
		tell_signed(
			page, page->withdraws, false, &(Signed){ .version = version ? version : "unknown" });
}

/** The needle stops before anybody is asked: the client has said no. */
static void withdraw(Consent *page, const char *form)
{
	static const char *const answers[] = { YES_WITHDRAWN, N_("No, it still holds"), NULL };
	Panel *panel = page->screen.panel;
	PanelCall *call;

	page->withdraws = form;
	if (panel_is_armed(panel)) {
		call = panel_order(panel, panel);
		if (call)
			stipple_session1_call_disarm(
				panel_session(panel), PANEL_CALL(panel), panel_call_done, call);
	}
	sheet_choose(panel_sheet(panel), _("Is this consent withdrawn?"), answers, false, withdrawal_answered,
		page);
}

/** In the order of the buttons. */
static const struct {
	const char *form, *text;
	gboolean (*is_given)(StippleSession1 *session);
	bool can_be_withdrawn;
} forms[FORMS] = {
	{ "treatment", N_("Consent to the treatment"), stipple_session1_get_consent_treatment, true },
	{ "photographs", N_("Consent to photographs"), stipple_session1_get_consent_photographs, true },
	{ "needles-sealed", N_("The needles were sealed"), stipple_session1_get_needles_sealed, false },
	{ "aftercare", N_("Aftercare received"), stipple_session1_get_aftercare_received, false },
};

static void on_consent(Consent *page, GtkButton *button)
{
	StippleSession1 *session = panel_session(page->screen.panel);

	for (size_t i = 0; i < FORMS; i++) {
		if (GTK_WIDGET(button) != page->forms[i])
			continue;
		if (!forms[i].is_given(session))
			give(page, forms[i].form);
		else if (forms[i].can_be_withdrawn)
			withdraw(page, forms[i].form);
	}
}

static void texts_arrived(GObject *source, GAsyncResult *result, gpointer userdata)
{
	g_autoptr(GError) error = NULL;
	GVariant *texts = NULL;
	Consent *page = userdata;

	if (!stipple_session1_call_consent_texts_finish(STIPPLE_SESSION1(source), &texts, result, &error)) {
		if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
			return; /* the page is gone */
		page->asked = false;
		return;
	}
	g_clear_pointer(&page->texts, g_variant_unref);
	page->texts = texts;
	update_consent(&page->screen);
}

/** The texts stay as they are until the station starts again. */
static void fetch_texts(Consent *page)
{
	Panel *panel = page->screen.panel;

	if (!station_client_present(panel_client(panel))) {
		/* it may have other texts when it is back */
		g_clear_pointer(&page->texts, g_variant_unref);
		page->asked = false;
	}
	if (page->asked || !station_client_present(panel_client(panel)))
		return;
	page->asked = true;
	stipple_session1_call_consent_texts(panel_session(panel), PANEL_CALL(panel), texts_arrived, page);
}

static void version_entered(void *userdata, const char *text)
{
	field_set(((Consent *)userdata)->version, text);
	memory_set("consent-form", text);
}

static void on_version(Consent *page)
{
	sheet_ask(panel_sheet(page->screen.panel), SHEET_TEXT, _("Version of the consent form"),
		field_get(page->version), version_entered, page);
}

static void mark(GtkWidget *button, bool given, const char *text, bool can_be_withdrawn)
{
	g_autofree char *marked = g_strdup_printf("%s %s", given ? "✓" : "☐", text);
	g_autofree char *name = g_strdup_printf(!given             ? _("%s: not given; touch to give")
						: can_be_withdrawn ? _("%s: given; touch to withdraw")
								   : _("%s: signed"),
		text);

	touch_button_set_text(button, marked);
	accessible_name(button, name);
	style_set(button, "given", given);
}

static void update_consent(Screen *screen)
{
	Consent *page = (Consent *)screen;
	StippleSession1 *session = panel_session(screen->panel);

	fetch_texts(page);
	/* nobody signs what was shown to another client */
	if (page->session != (gint64)stipple_session1_get_session(session))
		show_signing(page, false);
	page->session = (gint64)stipple_session1_get_session(session);
	questions_update(page->questions);
	for (size_t i = 0; i < FORMS; i++) {
		mark(page->forms[i], forms[i].is_given(session), _(forms[i].text), forms[i].can_be_withdrawn);
		gtk_widget_set_visible(
			page->forms[i], forms[i].can_be_withdrawn || signing_has(page->texts, forms[i].form));
	}
	gtk_widget_set_visible(page->version, !signing_has(page->texts, "treatment"));
}

static void consent_shown(Screen *screen)
{
	show_signing((Consent *)screen, false);
	questions_ask(((Consent *)screen)->questions);
}

static void forget_consent(Screen *screen)
{
	Consent *page = (Consent *)screen;

	g_clear_pointer(&page->questions, questions_free);
	g_clear_pointer(&page->texts, g_variant_unref);
}

Screen *screen_consent_new(Panel *panel)
{
	Consent *page = g_new0(Consent, 1);
	GtkWidget *side = column_new(8, "side", NULL);

	page->screen = (Screen){
		.panel = panel, .update = update_consent, .shown = consent_shown, .forget = forget_consent
	};
	for (size_t i = 0; i < FORMS; i++) {
		page->forms[i] = touch_button_new("", "consent", G_CALLBACK(on_consent), page);
		box_add(side, page->forms[i], NULL);
	}
	page->version = field_new(_("Form"), G_CALLBACK(on_version), page);
	field_set(page->version, memory_get("consent-form"));
	page->questions = questions_new(panel, answers_recorded, page);
	box_add(side, page->version, questions_record(page->questions), NULL);
	page->signing = signing_new(signing_done, page);
	page->overview = row_new(12, NULL, side, scroller_new(questions_list(page->questions)), NULL);
	page->screen.widget =
		column_new(0, NULL, tall(page->overview), tall(signing_widget(page->signing)), NULL);
	show_signing(page, false);
	return &page->screen;
}
