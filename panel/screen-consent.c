/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The screen Consent: the protocol's screening questions, and what the client signs. It must never carry
 * answers over from one session to another.
 */

#include <string.h>

#include "memory.h"
#include "panel.h"
#include "sheet.h"
#include "signing.h"
#include "util/cleanup.h"
#include "widgets.h"

enum { QUESTIONS_MAX = 32, FORMS = 4 };

static void update_consent(Screen *screen);

typedef struct Question {
	char *name;
	GtkWidget *no, *yes;
} Question;

typedef struct Consent {
	Screen screen;
	GtkWidget *overview, *forms[FORMS], *version, *record, *list;
	Signing *signing;
	bool asked;            /* the texts were asked for */
	GVariant *texts;       /* what clients sign, as ConsentTexts answers; NULL: not known yet */
	const char *withdraws; /* the form about which somebody was asked; static */
	Question questions[QUESTIONS_MAX];
	size_t n_questions;
	char *protocol; /* the session whose questions are shown */
} Consent;

static void show_signing(Consent *page, bool reads);

/** The questions that come with Stipple, in words; a clinic's own questions are shown by their names. */
static const char *question_text(const char *name)
{
	static const struct {
		const char *name, *text;
	} table[] = {
		{ "keloids", N_("Do scars of yours grow thick (keloids)?") },
		{ "herpes-simplex", N_("Have you cold sores (herpes simplex)?") },
		{ "inflamed-skin", N_("Is the skin of the scalp inflamed?") },
		{ "pigment-allergy", N_("Are you allergic to pigments?") },
		{ "numbing-cream-allergy", N_("Are you allergic to numbing cream?") },
		{ "eczema", N_("Have you eczema?") },
		{ "psoriasis", N_("Have you psoriasis?") },
		{ "vitiligo", N_("Have you vitiligo?") },
		{ "minoxidil-this-week", N_("Have you used minoxidil this week?") },
		{ "scar-younger-than-a-year", N_("Is the scar younger than a year?") },
	};

	for (size_t i = 0; i < ELEMENTS(table); i++)
		if (strcmp(table[i].name, name) == 0)
			return _(table[i].text);
	return name;
}

static size_t unanswered(const Consent *page)
{
	size_t n = 0;

	for (size_t i = 0; i < page->n_questions; i++)
		n += !gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(page->questions[i].no)) &&
		     !gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(page->questions[i].yes));
	return n;
}

static void update_record(Consent *page)
{
	size_t left = unanswered(page);
	bool done = stipple_session1_get_screening_done(panel_session(page->screen.panel));
	g_autofree char *text =
		left   ? g_strdup_printf(ngettext("%zu question left", "%zu questions left", left), left)
		: done ? g_strdup(_("✓ Answers recorded"))
		       : g_strdup(_("Record the answers"));

	touch_button_set_text(page->record, text);
	gtk_widget_set_sensitive(page->record, left == 0 && page->n_questions > 0);
}

static GtkWidget *question_new(Consent *page, const char *name)
{
	Question *question = &page->questions[page->n_questions++];
	GtkWidget *text = text_new(question_text(name), NULL);
	g_autofree char *no = g_strdup_printf(_("%s No"), question_text(name));
	g_autofree char *yes = g_strdup_printf(_("%s Yes"), question_text(name));

	question->name = g_strdup(name);
	question->no = touch_choice_new(_("No"), NULL, G_CALLBACK(update_record), page);
	question->yes = touch_choice_new(_("Yes"), question->no, G_CALLBACK(update_record), page);
	accessible_name(question->no, no);
	accessible_name(question->yes, yes);
	return row_new(6, "question", wide(text), question->no, question->yes, NULL);
}

static void forget_questions(Consent *page)
{
	for (size_t i = 0; i < page->n_questions; i++)
		g_free(page->questions[i].name);
	page->n_questions = 0;
	g_clear_pointer(&page->protocol, g_free);
}

/** Starts with no answers in each session: an answer belongs to one person and one day. */
static void fill_questions(Consent *page)
{
	Panel *panel = page->screen.panel;
	StippleSession1 *session = panel_session(panel);
	GVariant *protocols = stipple_session1_get_protocols(session);
	const char *its_protocol = known_text(stipple_session1_get_protocol(session));
	g_autofree char *wanted =
		g_strdup_printf("%s %d", its_protocol, (int)stipple_session1_get_session(session));
	const char *protocol, *name;
	GVariantIter iter, *questions;

	if (!protocols || g_strcmp0(wanted, page->protocol) == 0)
		return;
	/* nobody signs what was shown to another client */
	show_signing(page, false);
	forget_questions(page);
	page->protocol = g_strdup(wanted);
	box_clear(page->list);
	g_variant_iter_init(&iter, protocols);
	while (g_variant_iter_next(&iter, "(&s&suas)", &protocol, NULL, NULL, &questions)) {
		while (g_variant_iter_next(questions, "&s", &name))
			if (strcmp(protocol, its_protocol) == 0 && page->n_questions < QUESTIONS_MAX)
				box_add(page->list, question_new(page, name), NULL);
		g_variant_iter_free(questions);
	}
}

/* ---- recording ---- */

static void consent_recorded(GObject *source, GAsyncResult *result, gpointer call)
{
	Consent *page = panel_call_finish(source, result, call);
	Panel *panel;

	if (!page)
		return;
	panel = page->screen.panel;
	if (panel_step_done(panel, SCREEN_CONSENT) &&
		stipple_session1_get_consent_photographs(panel_session(panel)))
		panel_advance(panel);
}

static void on_record_answers(Consent *page)
{
	Panel *panel = page->screen.panel;
	PanelCall *call = panel_ask(panel, page);
	GVariantBuilder answers;

	if (!call)
		return;
	g_variant_builder_init(&answers, G_VARIANT_TYPE("a{sb}"));
	for (size_t i = 0; i < page->n_questions; i++)
		g_variant_builder_add(&answers, "{sb}", page->questions[i].name,
			gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(page->questions[i].yes)));
	stipple_session1_call_answer_screening(panel_session(panel), g_variant_builder_end(&answers),
		PANEL_CALL(panel), consent_recorded, call);
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
	fill_questions(page);
	for (size_t i = 0; i < FORMS; i++) {
		mark(page->forms[i], forms[i].is_given(session), _(forms[i].text), forms[i].can_be_withdrawn);
		gtk_widget_set_visible(
			page->forms[i], forms[i].can_be_withdrawn || signing_has(page->texts, forms[i].form));
	}
	gtk_widget_set_visible(page->version, !signing_has(page->texts, "treatment"));
	update_record(page);
}

static void consent_shown(Screen *screen)
{
	show_signing((Consent *)screen, false);
}

static void forget_consent(Screen *screen)
{
	Consent *page = (Consent *)screen;

	forget_questions(page);
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
	page->record = touch_button_new("", "primary", G_CALLBACK(on_record_answers), page);
	box_add(side, page->version, page->record, NULL);
	page->list = column_new(6, NULL, NULL);
	page->signing = signing_new(signing_done, page);
	page->overview = row_new(12, NULL, side, scroller_new(page->list), NULL);
	page->screen.widget =
		column_new(0, NULL, tall(page->overview), tall(signing_widget(page->signing)), NULL);
	show_signing(page, false);
	return &page->screen;
}
