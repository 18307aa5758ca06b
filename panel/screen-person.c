/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The screen Person: who is in the chair, by a pseudonym, and which session of which course it is. It must
 * ask before it takes an unknown pseudonym for a new person.
 */

#include <string.h>

#include "client-card.h"
#include "panel.h"
#include "refusals.h"
#include "scalp.h"
#include "sheet.h"
#include "widgets.h"

enum { COLUMNS = 3 /* of protocols */ };

typedef struct Person {
	Screen screen;
	GtkWidget *planning, *open; /* no session, a session */
	GtkWidget *subject, *protocols, *numbers;
	GtkLabel *summary, *interval, *resting;
	char *asked;                   /* of whom and which session the resting zones were asked */
	ClientCard *planned, *present; /* the card of who is entered; of who is in the chair */
	char *protocol;
	guint sessions, number; /* of the course: how many sessions, and which one this is */
	bool filled;
} Person;

/* ---- the zones of the chosen client, before a session begins ---- */

static void add_zone_line(GString *text, GVariant *zone)
{
	const char *name = "", *last = NULL;
	gint64 wait = 0, since = 0;
	double density = 0;

	(void)g_variant_lookup(zone, "zone", "&s", &name);
	(void)g_variant_lookup(zone, "last", "&s", &last);
	(void)g_variant_lookup(zone, "wait_days", "x", &wait);
	(void)g_variant_lookup(zone, "days_since", "x", &since);
	(void)g_variant_lookup(zone, "density", "d", &density);
	if (!last)
		return;
	g_string_append_printf(text, "%s%s: ", text->len ? "\n" : "", zone_title(name));
	g_string_append_printf(text, _("%.0f dots per cm², last %d days ago"), density, (int)since);
	if (wait)
		g_string_append_printf(text, _(", must rest %d more days"), (int)wait);
}

static void client_came(GObject *source, GAsyncResult *result, gpointer userdata)
{
	Person *page = userdata;
	g_autoptr(GVariant) figures = NULL, zones = NULL;
	g_autoptr(GString) text = g_string_new("");
	GVariantIter iter;
	GVariant *zone;

	/* somebody who was never here has nothing to show */
	if (!stipple_session1_call_client_finish(STIPPLE_SESSION1(source), &figures, result, NULL))
		return;
	zones = g_variant_lookup_value(figures, "zones", G_VARIANT_TYPE("aa{sv}"));
	if (!zones)
		return;
	g_variant_iter_init(&iter, zones);
	while ((zone = g_variant_iter_next_value(&iter))) {
		add_zone_line(text, zone);
		g_variant_unref(zone);
	}
	gtk_label_set_text(page->resting, text->str);
}

/** Asks once for each choice of client, protocol and session. */
static void ask_client(Person *page)
{
	Panel *panel = page->screen.panel;
	const char *subject = field_get(page->subject);
	g_autofree char *wanted = g_strdup_printf(
		"%s %s %u", subject ? subject : "", page->protocol ? page->protocol : "", page->number);

	if (g_strcmp0(wanted, page->asked) == 0)
		return;
	g_free(page->asked);
	page->asked = g_steal_pointer(&wanted);
	gtk_label_set_text(page->resting, "");
	if (subject && subject[0] && page->protocol && station_client_present(panel_client(panel)))
		stipple_session1_call_client(panel_session(panel), subject, page->protocol, page->number,
			PANEL_CALL(panel), client_came, page);
}

static void on_number(Person *page, GtkToggleButton *button)
{
	if (gtk_toggle_button_get_active(button))
		page->number = GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(button), "number"));
	if (page->resting)
		ask_client(page);
}

static void choose_first(GtkWidget *choices)
{
	GtkWidget *first = gtk_widget_get_first_child(choices);

	if (first)
		gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(first), TRUE);
}

static void fill_numbers(Person *page)
{
	box_clear(page->numbers);
	page->number = 1;
	for (guint i = 1; i <= page->sessions; i++) {
		g_autofree char *text = g_strdup_printf("%u", i);
		g_autofree char *name = g_strdup_printf(_("Session %u of %u"), i, page->sessions);
		GtkWidget *choice = touch_choice_new(
			text, gtk_widget_get_first_child(page->numbers), G_CALLBACK(on_number), page);

		accessible_name(choice, name);
		g_object_set_data(G_OBJECT(choice), "number", GUINT_TO_POINTER(i));
		box_add(page->numbers, choice, NULL);
	}
	choose_first(page->numbers);
}

static void on_protocol(Person *page, GtkToggleButton *button)
{
	if (!gtk_toggle_button_get_active(button))
		return;
	g_free(page->protocol);
	page->protocol = g_strdup(g_object_get_data(G_OBJECT(button), "protocol"));
	page->sessions = GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(button), "sessions"));
	fill_numbers(page);
}

static void fill_protocols(Person *page)
{
	GVariant *protocols = stipple_session1_get_protocols(panel_session(page->screen.panel));
	const char *name, *title;
	guint32 sessions;
	GVariantIter iter;
	int n = 0;

	if (page->filled || !protocols)
		return;
	page->filled = true;
	g_variant_iter_init(&iter, protocols);
	while (g_variant_iter_next(&iter, "(&s&su@as)", &name, &title, &sessions, NULL)) {
		GtkWidget *choice = touch_choice_new(
			_(title), gtk_widget_get_first_child(page->protocols), G_CALLBACK(on_protocol), page);

		g_object_set_data_full(G_OBJECT(choice), "protocol", g_strdup(name), g_free);
		g_object_set_data(G_OBJECT(choice), "sessions", GUINT_TO_POINTER(sessions));
		gtk_grid_attach(GTK_GRID(page->protocols), choice, n % COLUMNS, n / COLUMNS, 1, 1);
		n++;
	}
	choose_first(page->protocols);
}

/* ---- the subject ---- */

static void set_subject(void *userdata, const char *subject)
{
	Person *page = userdata;

	field_set(page->subject, subject);
	client_card_show(page->planned, subject);
}

static bool scan_subject(Screen *screen, const char *code)
{
	if (panel_step_done(screen->panel, SCREEN_PERSON))
		return false;
	set_subject(screen, code);
	return true;
}

static void on_subject(Person *page)
{
	sheet_ask(panel_sheet(page->screen.panel), SHEET_CODE, _("Person (pseudonym)"),
		field_get(page->subject), set_subject, page);
}

/* ---- beginning, ending early ---- */

static void session_begun(GObject *source, GAsyncResult *result, gpointer call)
{
	Person *page = panel_call_finish(source, result, call);

	if (!page)
		return;
	set_subject(page, NULL);
	panel_advance(page->screen.panel);
}

static void begin_session(Person *page, bool new_person);

static void begin_with_new_person(void *userdata, const char *answer)
{
	if (sheet_is_new_person(answer))
		begin_session(userdata, true);
}

/**
 * Asks before a pseudonym is used that the station does not know: a typing error would create another
 * person.
 */
static bool ask_session_person(void *userdata, const char *error)
{
	Person *page = userdata;

	if (strcmp(error, "NewPerson") != 0)
		return false;
	sheet_ask_new_person(
		panel_sheet(page->screen.panel), field_get(page->subject), begin_with_new_person, page);
	return true;
}

static void begin_session(Person *page, bool new_person)
{
	Panel *panel = page->screen.panel;
	const char *subject = field_get(page->subject);
	PanelCall *call;

	if (!subject || !subject[0] || !page->protocol) {
		panel_notify(panel, _("Enter the person's pseudonym first."), SCREEN_PERSON);
		return;
	}
	call = panel_ask_or(panel, new_person ? NULL : ask_session_person, page);
	if (call)
		(new_person ? stipple_session1_call_begin_new : stipple_session1_call_begin)(
			panel_session(panel), subject, page->protocol, page->number, PANEL_CALL(panel),
			session_begun, call);
}

static void on_begin_session(Person *page)
{
	begin_session(page, false);
}

static void abandon(void *userdata, const char *reason)
{
	Panel *panel = ((Person *)userdata)->screen.panel;
	PanelCall *call = panel_ask(panel, NULL);

	if (call)
		stipple_session1_call_abandon(
			panel_session(panel), reason, PANEL_CALL(panel), panel_call_done, call);
}

static void on_abandon(Person *page)
{
	static const char *const reasons[] = { N_("screening rules the treatment out"),
		N_("the person withdraws"), N_("the person feels unwell"), N_("begun by mistake"), NULL };

	sheet_choose(panel_sheet(page->screen.panel), _("Why does the session end early?"), reasons, true,
		abandon, page);
}

/* ---- the interval since the last session, as the station judges it ---- */

static void interval_came(GObject *source, GAsyncResult *result, gpointer userdata)
{
	Person *page = userdata;
	g_autoptr(GVariant) refusals = NULL;
	const char *id, *sentence, *name;
	GVariantIter iter;
	bool early = false;

	if (!stipple_session1_call_refusals_finish(STIPPLE_SESSION1(source), &refusals, result, NULL))
		return;
	g_variant_iter_init(&iter, refusals);
	while (g_variant_iter_next(&iter, "(&s&s&s)", &id, &sentence, &name)) {
		g_autofree char *shown = NULL;

		if (strcmp(id, "interval") != 0)
			continue;
		shown = sentence_translate(sentence);
		gtk_label_set_text(page->interval, shown);
		early = true;
	}
	if (!early)
		gtk_label_set_text(page->interval, _("The interval since the last session is long enough."));
}

static void ask_interval(Screen *screen)
{
	Panel *panel = screen->panel;

	/* the card may have been completed since */
	client_card_forget(((Person *)screen)->present);
	if (panel_step_done(panel, SCREEN_PERSON) && station_client_present(panel_client(panel)))
		stipple_session1_call_refusals(
			panel_session(panel), PANEL_CALL(panel), interval_came, screen);
}

static void update_person(Screen *screen)
{
	Person *page = (Person *)screen;
	Panel *panel = screen->panel;
	StippleSession1 *session = panel_session(panel);
	bool open = panel_step_done(panel, SCREEN_PERSON);
	g_autofree char *summary = g_strdup_printf(_("%s\n%s, session %d of the course"),
		known_text(stipple_session1_get_subject(session)),
		known_text(stipple_session1_get_protocol(session)),
		(int)stipple_session1_get_course_session(session));

	fill_protocols(page);
	/* the card is shown while the client is in the chair, and nobody's otherwise */
	if (panel_shows(panel, SCREEN_PERSON))
		client_card_show(page->present, open ? stipple_session1_get_subject(session) : NULL);
	gtk_widget_set_visible(page->planning, !open);
	gtk_widget_set_visible(page->open, open);
	if (open) {
		g_clear_pointer(&page->asked, g_free); /* the next time there is more to tell */
	} else {
		ask_client(page);
		client_card_show(page->planned, field_get(page->subject));
	}
	gtk_label_set_text(page->summary, summary);
}

static GtkWidget *planning_new(Person *page)
{
	GtkWidget *begin =
		touch_button_new(_("Begin the session"), "primary", G_CALLBACK(on_begin_session), page);
	GtkWidget *choices;

	page->subject = field_new(_("Person (pseudonym)"), G_CALLBACK(on_subject), page);
	page->planned = client_card_new(page->screen.panel);
	page->protocols = grid_new(8);
	page->numbers = row_new(8, NULL, NULL);
	page->resting = GTK_LABEL(text_new("", "caption"));
	g_signal_connect_swapped(g_object_get_data(G_OBJECT(page->subject), "value"), "notify::label",
		G_CALLBACK(ask_client), page);
	choices = column_new(8, NULL, page->subject, client_card_widget(page->planned),
		GTK_WIDGET(page->resting), text_new(_("Course, and which session of it"), "caption"),
		page->protocols, NULL);
	return column_new(8, NULL, tall(scroller_new(choices)),
		row_new(8, NULL, page->numbers, wide(begin), NULL), NULL);
}

static GtkWidget *open_new(Person *page)
{
	GtkWidget *row = row_new(12, NULL,
		touch_button_new(_("End the session early…"), "danger", G_CALLBACK(on_abandon), page),
		touch_button_new(_("Go on"), "primary", G_CALLBACK(panel_advance), page->screen.panel), NULL);
	GtkWidget *client;

	page->summary = GTK_LABEL(text_new("", "heading"));
	page->interval = GTK_LABEL(text_new("", NULL));
	page->present = client_card_new(page->screen.panel);
	client = column_new(12, NULL, page->summary, page->interval, client_card_widget(page->present), NULL);
	return column_new(12, NULL, tall(scroller_new(client)), evenly(row), NULL);
}

/** Nobody sees whom another operator looked up; the station records each who sees a card. */
static void forget_clients(Screen *screen)
{
	Person *page = (Person *)screen;

	set_subject(page, NULL);
	client_card_show(page->present, NULL);
}

static void forget_person(Screen *screen)
{
	Person *page = (Person *)screen;

	client_card_free(page->planned);
	client_card_free(page->present);
	g_free(page->protocol);
	g_free(page->asked);
}

Screen *screen_person_new(Panel *panel)
{
	Person *page = g_new0(Person, 1);

	page->screen = (Screen){ .panel = panel,
		.update = update_person,
		.forget = forget_person,
		.shown = ask_interval,
		.another_operator = forget_clients,
		.scanned = scan_subject };
	page->planning = planning_new(page);
	page->open = open_new(page);
	page->screen.widget = column_new(0, NULL, page->planning, page->open, NULL);
	return &page->screen;
}
