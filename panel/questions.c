/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The questions before the treatment on the panel. It must never carry answers over from one session to
 * another, and must not hide that the client answered otherwise before.
 */

#include "questions.h"

#include <string.h>

#include "form.h"
#include "station-client.h"
#include "widgets.h"

enum { QUESTIONS_MAX = 48 /* a protocol has 24 and a profile 16 */ };

typedef struct Question {
	struct Questions *list;
	char *name;
	GtkWidget *row, *no, *yes;
	GtkLabel *before;
	bool has_last, last; /* the answer of the last session */
	bool stands;         /* a yes that only a supervisor changes to no */
} Question;

struct Questions {
	Panel *panel;
	void (*recorded)(void *userdata);
	void *userdata;
	GtkWidget *rows, *list, *record, *forms;
	Question questions[QUESTIONS_MAX];
	size_t n;
	gint64 session; /* whose questions are shown; 0: none */
	bool asked;     /* the station was asked for them */
};

static bool is_chosen(GtkWidget *button)
{
	return gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(button));
}

static size_t count_unanswered(const Questions *list)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += !is_chosen(list->questions[i].no) && !is_chosen(list->questions[i].yes);
	return n;
}

static void update_record_button(Questions *list)
{
	size_t left = count_unanswered(list);
	bool done = stipple_session1_get_screening_done(panel_session(list->panel));
	g_autofree char *text =
		left   ? g_strdup_printf(ngettext("%zu question left", "%zu questions left", left), left)
		: done ? g_strdup(_("✓ Answers recorded"))
		       : g_strdup(_("Record the answers"));

	touch_button_set_text(list->record, text);
	gtk_widget_set_sensitive(list->record, left == 0 && list->n > 0);
}

/* ---- one question ---- */

/** Shows what was answered in the last session, and whether that differs from what is chosen now. */
static void show_before(Question *question)
{
	bool no = is_chosen(question->no), yes = is_chosen(question->yes);
	bool differs = question->has_last && ((no && question->last) || (yes && !question->last));
	bool held = no && question->stands;
	const char *text = differs               ? question->last ? _("Last session: yes, today: no")
								  : _("Last session: no, today: yes")
					 : !question->has_last ? ""
			   : question->last      ? _("Last session: yes")
						 : _("Last session: no");
	g_autofree char *shown = held ? g_strdup_printf("%s%s%s", text, text[0] ? ". " : "",
						_("It was yes: a supervisor first says that it is no."))
				      : g_strdup(text);

	gtk_label_set_text(question->before, shown);
	gtk_widget_set_visible(GTK_WIDGET(question->before), shown[0] != '\0');
	style_set(GTK_WIDGET(question->before), "differs", differs || held);
}

static void on_answer(Question *question)
{
	show_before(question);
	update_record_button(question->list);
}

static void add_question(Questions *list, const char *name, const char *text)
{
	Question *question = &list->questions[list->n++];
	GtkWidget *before = text_new("", "caption");
	g_autofree char *no = g_strdup_printf(_("%s No"), text), *yes = g_strdup_printf(_("%s Yes"), text);

	*question = (Question){ .list = list, .name = g_strdup(name), .before = GTK_LABEL(before) };
	question->no = touch_choice_new(_("No"), NULL, G_CALLBACK(on_answer), question);
	question->yes = touch_choice_new(_("Yes"), question->no, G_CALLBACK(on_answer), question);
	accessible_name(question->no, no);
	accessible_name(question->yes, yes);
	question->row = row_new(6, "question", wide(column_new(2, NULL, text_new(text, NULL), before, NULL)),
		question->no, question->yes, NULL);
	box_add(list->rows, question->row, NULL);
}

static void clear_questions(Questions *list)
{
	for (size_t i = 0; i < list->n; i++)
		g_free(list->questions[i].name);
	list->n = 0;
	box_clear(list->rows);
	box_clear(list->forms);
}

/* ---- what the station says ---- */

/** Takes one of the station's questions; a clinic's own has no translation. */
static void take_question(Questions *list, size_t i, GVariant *told)
{
	const char *name = "", *text = "";
	gboolean last = FALSE;
	gint64 since = 0;
	Question *question;

	(void)g_variant_lookup(told, "question", "&s", &name);
	(void)g_variant_lookup(told, "text", "&s", &text);
	if (i == list->n)
		add_question(list, name, text[0] ? _(text) : name);
	question = &list->questions[i];
	question->has_last = g_variant_lookup(told, "last", "b", &last);
	question->last = last;
	question->stands = g_variant_lookup(told, "yes_since_session", "x", &since);
	show_before(question);
}

/** Whether the questions that are shown are those; otherwise they are shown anew. */
static bool are_shown(const Questions *list, GVariant *told)
{
	const char *name = "";

	if (g_variant_n_children(told) != list->n)
		return false;
	for (size_t i = 0; i < list->n; i++) {
		g_autoptr(GVariant) question = g_variant_get_child_value(told, i);

		(void)g_variant_lookup(question, "question", "&s", &name);
		if (strcmp(name, list->questions[i].name) != 0)
			return false;
	}
	return true;
}

/** What a supervisor, or a physician's note, can do about a yes that stops the treatment. */
static void offer_changes(Questions *list)
{
	const char *names[QUESTIONS_MAX + 1] = { NULL };
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		if (list->questions[i].stands)
			names[n++] = list->questions[i].name;
	box_clear(list->forms);
	form_offer(list->panel, "question", names);
	if (n == 0)
		return;
	(void)form_list(list->panel, FORM_AT_SESSION, "screening.changed", list->forms);
	(void)form_list(list->panel, FORM_AT_SESSION, "physician.cleared", list->forms);
}

static void questions_came(GObject *source, GAsyncResult *result, gpointer userdata)
{
	g_autoptr(GVariant) figures = NULL, told = NULL;
	g_autoptr(GError) error = NULL;
	Questions *list = userdata;
	gint64 session = 0;

	if (!stipple_session1_call_questions_finish(STIPPLE_SESSION1(source), &figures, result, &error)) {
		/* the window, and the list with it, may be gone */
		if (!station_error_is_cancelled(error))
			list->asked = false;
		return;
	}
	(void)g_variant_lookup(figures, "session", "x", &session);
	told = g_variant_lookup_value(figures, "questions", G_VARIANT_TYPE("aa{sv}"));
	/* the next client may be in the chair already */
	if (!told || session != list->session)
		return;
	if (!are_shown(list, told))
		clear_questions(list);
	for (size_t i = 0; i < g_variant_n_children(told) && i < QUESTIONS_MAX; i++) {
		g_autoptr(GVariant) question = g_variant_get_child_value(told, i);

		take_question(list, i, question);
	}
	offer_changes(list);
	update_record_button(list);
}

void questions_ask(Questions *list)
{
	StippleStation1 *station = panel_station(list->panel);
	const char *operator= stipple_station1_get_operator(station);

	/* only who is signed in may see a client's answers */
	if (!list->session || !operator|| !operator[0] || !station_client_present(panel_client(list->panel)))
		return;
	list->asked = true;
	stipple_session1_call_questions(
		panel_session(list->panel), PANEL_CALL(list->panel), questions_came, list);
}

void questions_update(Questions *list)
{
	gint64 session = (gint64)stipple_session1_get_session(panel_session(list->panel));

	if (session != list->session) {
		clear_questions(list);
		list->session = session;
		list->asked = false;
	}
	if (!list->asked)
		questions_ask(list);
	update_record_button(list);
}

/* ---- recording ---- */

static void answers_taken(GObject *source, GAsyncResult *result, gpointer call)
{
	Questions *list = panel_call_finish(source, result, call);

	if (!list)
		return;
	questions_ask(list);
	list->recorded(list->userdata);
}

static void on_record(Questions *list)
{
	PanelCall *call = panel_ask(list->panel, list);
	GVariantBuilder answers;

	if (!call)
		return;
	g_variant_builder_init(&answers, G_VARIANT_TYPE("a{sb}"));
	for (size_t i = 0; i < list->n; i++)
		g_variant_builder_add(
			&answers, "{sb}", list->questions[i].name, is_chosen(list->questions[i].yes));
	stipple_session1_call_answer_screening(panel_session(list->panel), g_variant_builder_end(&answers),
		PANEL_CALL(list->panel), answers_taken, call);
}

/* ---- creating and freeing ---- */

GtkWidget *questions_list(Questions *list)
{
	return list->list;
}

GtkWidget *questions_record(Questions *list)
{
	return list->record;
}

Questions *questions_new(Panel *panel, void (*recorded)(void *userdata), void *userdata)
{
	Questions *list = g_new0(Questions, 1);

	list->panel = panel;
	list->recorded = recorded;
	list->userdata = userdata;
	list->record = touch_button_new("", "primary", G_CALLBACK(on_record), list);
	list->rows = column_new(6, NULL, NULL);
	list->forms = column_new(6, NULL, NULL);
	list->list = column_new(6, NULL, list->forms, list->rows, NULL);
	return list;
}

void questions_free(Questions *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->n; i++)
		g_free(list->questions[i].name);
	g_free(list);
}
