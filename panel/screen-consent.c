/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The screen Consent: the protocol's screening questions, and the consents. It must never carry answers over
 * from one session to another.
 */

#include <string.h>

#include "memory.h"
#include "panel.h"
#include "sheet.h"
#include "util/cleanup.h"
#include "widgets.h"

enum { QUESTIONS_MAX = 32 };

typedef struct Question {
	char *name;
	GtkWidget *no, *yes;
} Question;

typedef struct Consent {
	Screen screen;
	GtkWidget *treatment, *photographs, *version, *record, *list;
	Question questions[QUESTIONS_MAX];
	size_t n_questions;
	char *protocol; /* the session whose questions are shown */
} Consent;

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

static void on_consent(Consent *page, GtkButton *button)
{
	Panel *panel = page->screen.panel;
	StippleSession1 *session = panel_session(panel);
	bool treatment = GTK_WIDGET(button) == page->treatment;
	bool given = treatment ? stipple_session1_get_consent_treatment(session)
			       : stipple_session1_get_consent_photographs(session);
	const char *version = field_get(page->version);
	PanelCall *call;

	if (!version || !version[0]) {
		panel_notify(panel, _("Enter which version of the consent form was signed."), SCREEN_CONSENT);
		return;
	}
	call = panel_ask(panel, page);
	if (call)
		stipple_session1_call_record_consent(session, treatment ? "treatment" : "photographs",
			version, !given, PANEL_CALL(panel), consent_recorded, call);
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

static void mark(GtkWidget *button, bool given, const char *text)
{
	g_autofree char *marked = g_strdup_printf("%s %s", given ? "✓" : "☐", text);
	g_autofree char *name = g_strdup_printf(
		given ? _("%s: given; touch to withdraw") : _("%s: not given; touch to give"), text);

	touch_button_set_text(button, marked);
	accessible_name(button, name);
	style_set(button, "given", given);
}

static void update_consent(Screen *screen)
{
	Consent *page = (Consent *)screen;
	StippleSession1 *session = panel_session(screen->panel);

	fill_questions(page);
	mark(page->treatment, stipple_session1_get_consent_treatment(session), _("Consent to the treatment"));
	mark(page->photographs, stipple_session1_get_consent_photographs(session),
		_("Consent to photographs"));
	update_record(page);
}

static void forget_consent(Screen *screen)
{
	forget_questions((Consent *)screen);
}

Screen *screen_consent_new(Panel *panel)
{
	Consent *page = g_new0(Consent, 1);

	page->screen = (Screen){ .panel = panel, .update = update_consent, .forget = forget_consent };
	page->treatment = touch_button_new("", "consent", G_CALLBACK(on_consent), page);
	page->photographs = touch_button_new("", "consent", G_CALLBACK(on_consent), page);
	page->version = field_new(_("Form"), G_CALLBACK(on_version), page);
	field_set(page->version, memory_get("consent-form"));
	page->record = touch_button_new("", "primary", G_CALLBACK(on_record_answers), page);
	page->list = column_new(6, NULL, NULL);
	page->screen.widget = row_new(12, NULL,
		column_new(8, "side", page->treatment, page->photographs, page->version, page->record, NULL),
		scroller_new(page->list), NULL);
	return &page->screen;
}
