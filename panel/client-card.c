/* SPDX-License-Identifier: Apache-2.0 */

/**
 * A client's card on the panel. It must show nothing of a client whom nobody asked for any more, and must not
 * judge the card: the station's interlocks do.
 */

#include "client-card.h"

#include <string.h>

#include "form.h"
#include "refusals.h"
#include "widgets.h"
#include "words.h"

enum { AGAIN_US = 5 * G_USEC_PER_SEC /* how soon a card that the station did not show is asked for again */ };

struct ClientCard {
	Panel *panel;
	GtkWidget *box, *forms;
	GtkLabel *text;
	char *subject;    /* whose card was asked for last; NULL: nobody's */
	gint64 failed_us; /* when the station did not show it; 0: it did, or knows nobody of this name */
};

/* ---- words ---- */

static const char *text_in(GVariant *card, const char *key)
{
	const char *text = "";

	(void)g_variant_lookup(card, key, "&s", &text);
	return text;
}

/** Adds "title: value" in the user's language, unless the card lacks it. */
static void add_card_choice(GString *text, GVariant *card, const char *key)
{
	const char *value = text_in(card, key);
	g_autofree char *title = words_of(key);
	g_autofree char *words = value[0] ? words_of(value) : NULL;

	if (words)
		g_string_append_printf(text, "%s%s: %s", text->len ? " · " : "", title, words);
}

static void add_who(GString *text, GVariant *card)
{
	const char *name = text_in(card, "name");
	gint64 age = 0;

	if (!text_in(card, "registered")[0])
		g_string_append(text, _("This client is not registered."));
	if (name[0])
		g_string_append(text, name);
	if (g_variant_lookup(card, "age", "x", &age))
		g_string_append_printf(text, "%s%d %s", text->len ? ", " : "", (int)age, _("years old"));
}

static void add_recipe(GString *text, GVariant *recipe)
{
	const char *zone = text_in(recipe, "zone"), *time = text_in(recipe, "time");
	const char *pigment = text_in(recipe, "pigment"), *needle = text_in(recipe, "needle");
	g_autofree char *shown = zone[0] ? words_of(zone) : g_strdup(_("All zones"));
	gint64 depth_um = 0;

	g_string_append_printf(text, "\n%s (%s, %.10s)", shown,
		strcmp(text_in(recipe, "source"), "used") == 0 ? _("used") : _("noted"), time);
	if (pigment[0])
		g_string_append_printf(text, " · %s", pigment);
	if (needle[0])
		g_string_append_printf(text, " · %s", needle);
	if (g_variant_lookup(recipe, "depth_um", "x", &depth_um))
		g_string_append_printf(text, " · %.2f mm", (double)depth_um / 1000);
	if (text_in(recipe, "remark")[0])
		g_string_append_printf(text, " · %s", text_in(recipe, "remark"));
}

static char *card_text(GVariant *card)
{
	static const char *const keys[] = { "indication", "second_indication", "phototype", "hair", "skin",
		"language" };
	g_autoptr(GString) text = g_string_new(NULL), facts = g_string_new(NULL);
	g_autoptr(GVariant) recipes = g_variant_lookup_value(card, "recipes", G_VARIANT_TYPE("aa{sv}"));

	add_who(text, card);
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
		add_card_choice(facts, card, keys[i]);
	if (facts->len)
		g_string_append_printf(text, "\n%s", facts->str);
	if (text_in(card, "earlier_work")[0])
		g_string_append_printf(text, "\n%s: %s", _("Work elsewhere"), text_in(card, "earlier_work"));
	for (gsize i = 0; recipes && i < g_variant_n_children(recipes); i++) {
		g_autoptr(GVariant) recipe = g_variant_get_child_value(recipes, i);

		add_recipe(text, recipe);
	}
	return g_strdup(text->str);
}

/* ---- asking ---- */

/** Offers the forms that concern this client: registering, or completing the card and noting a recipe. */
static void offer_forms(ClientCard *card, bool registered)
{
	box_clear(card->forms);
	form_about(card->panel, card->subject);
	if (!registered) {
		(void)form_list(card->panel, FORM_AT_SESSION, "subject.registered", card->forms);
		return;
	}
	(void)form_list(card->panel, FORM_AT_SESSION, "subject.described", card->forms);
	(void)form_list(card->panel, FORM_AT_SESSION, "recipe.noted", card->forms);
}

/** Only where the station knows nobody of this name may somebody be registered. */
static void show_card_error(ClientCard *card, GError *error)
{
	g_autofree char *name = station_error_name(error), *sentence = NULL;

	if (strcmp(name, "org.stipple.Error.Unknown") == 0) {
		gtk_label_set_text(card->text, _("Nobody is on record under this pseudonym."));
		offer_forms(card, false);
		return;
	}
	sentence = sentence_translate(station_error_text(error));
	gtk_label_set_text(card->text, sentence);
	box_clear(card->forms);
	card->failed_us = g_get_monotonic_time();
}

static void card_came(GObject *source, GAsyncResult *result, gpointer userdata)
{
	g_autoptr(GVariant) shown = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	ClientCard *card = userdata;
	bool came =
		stipple_session1_call_show_client_finish(STIPPLE_SESSION1(source), &shown, result, &error);

	/* the window, and the card with it, may be gone */
	if (error && station_error_is_cancelled(error))
		return;
	if (!card->subject)
		return;
	if (came && g_ascii_strcasecmp(text_in(shown, "subject"), card->subject) != 0)
		return;
	gtk_widget_set_visible(card->box, TRUE);
	if (!came) {
		show_card_error(card, error);
		return;
	}
	text = card_text(shown);
	gtk_label_set_text(card->text, text);
	offer_forms(card, text_in(shown, "registered")[0]);
}

static bool is_due_again(const ClientCard *card)
{
	return card->failed_us && g_get_monotonic_time() - card->failed_us >= AGAIN_US;
}

void client_card_show(ClientCard *card, const char *subject)
{
	Panel *panel = card->panel;
	bool same = g_strcmp0(subject, card->subject) == 0;

	if (!subject || !subject[0]) {
		client_card_forget(card);
		gtk_widget_set_visible(card->box, FALSE);
		return;
	}
	if ((same && !is_due_again(card)) || !station_client_present(panel_client(panel)))
		return;
	client_card_forget(card);
	card->subject = g_strdup(subject);
	if (!same)
		gtk_widget_set_visible(card->box, FALSE);
	stipple_session1_call_show_client(panel_session(panel), subject, PANEL_CALL(panel), card_came, card);
}

void client_card_forget(ClientCard *card)
{
	g_clear_pointer(&card->subject, g_free);
	card->failed_us = 0;
}

/* ---- creating and freeing ---- */

GtkWidget *client_card_widget(ClientCard *card)
{
	return card->box;
}

ClientCard *client_card_new(Panel *panel)
{
	ClientCard *card = g_new0(ClientCard, 1);
	GtkWidget *text = text_new("", "caption");

	card->panel = panel;
	card->text = GTK_LABEL(text);
	card->forms = row_new(8, NULL, NULL);
	card->box = column_new(6, NULL, text, evenly(card->forms), NULL);
	gtk_widget_set_visible(card->box, FALSE);
	return card;
}

void client_card_free(ClientCard *card)
{
	if (!card)
		return;
	g_free(card->subject);
	g_free(card);
}
