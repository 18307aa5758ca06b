/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The page on which a client reads a text and signs it. It must not carry a signature from one text to
 * another.
 */

#include "signing.h"

#include <glib/gi18n.h>
#include <string.h>

#include "signature-pad.h"
#include "widgets.h"
#include "words.h"

typedef struct TextOf {
	const char *form, *version, *language, *text, *sha256;
} TextOf;

struct Signing {
	GtkWidget *widget, *languages, *pad, *sign;
	GtkLabel *text;
	GVariant *texts;
	char *form, *version, *language, *sha256;
	SigningDone done;
	void *userdata;
};

static bool text_next(GVariantIter *iter, const char *form, TextOf *ret)
{
	while (g_variant_iter_next(
		iter, "(&s&s&s&s&s)", &ret->form, &ret->version, &ret->language, &ret->text, &ret->sha256))
		if (strcmp(ret->form, form) == 0)
			return true;
	return false;
}

char *signing_version(GVariant *texts, const char *form)
{
	const char *newest = NULL;
	GVariantIter iter;
	TextOf text;

	g_variant_iter_init(&iter, texts);
	while (text_next(&iter, form, &text))
		if (!newest || strverscmp(text.version, newest) > 0)
			newest = text.version;
	return g_strdup(newest);
}

bool signing_has(GVariant *texts, const char *form)
{
	g_autofree char *version = texts ? signing_version(texts, form) : NULL;

	return version != NULL;
}

/* ---- the language that is shown ---- */

static void show_language(Signing *signing, const char *language)
{
	GVariantIter iter;
	TextOf text;

	g_variant_iter_init(&iter, signing->texts);
	while (text_next(&iter, signing->form, &text))
		if (strcmp(text.version, signing->version) == 0 && strcmp(text.language, language) == 0) {
			gtk_label_set_text(signing->text, text.text);
			g_free(signing->sha256);
			signing->sha256 = g_strdup(text.sha256);
		}
	g_free(signing->language);
	signing->language = g_strdup(language);
	signature_pad_clear(signing->pad);
}

static void on_text_language(Signing *signing, GtkWidget *button)
{
	const char *language = g_object_get_data(G_OBJECT(button), "language");

	if (gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(button)) &&
		g_strcmp0(language, signing->language) != 0)
		show_language(signing, language);
}

static bool has_language(GPtrArray *languages, const char *language)
{
	return g_ptr_array_find_with_equal_func(languages, language, g_str_equal, NULL);
}

/** Takes the client's language where it is among them, else the panel's, else English, else the first. */
static char *preferred_language(GPtrArray *languages, const char *of_client)
{
	const char *const *names = g_get_language_names();

	if (has_language(languages, of_client))
		return g_strdup(of_client);
	for (; *names; names++)
		if (has_language(languages, *names))
			return g_strdup(*names);
	return g_strdup(has_language(languages, "en") ? "en" : languages->pdata[0]);
}

static void offer_languages(Signing *signing, const char *of_client)
{
	g_autoptr(GPtrArray) languages = g_ptr_array_new();
	g_autofree char *chosen = NULL;
	GtkWidget *first = NULL;
	GVariantIter iter;
	TextOf text;

	g_variant_iter_init(&iter, signing->texts);
	while (text_next(&iter, signing->form, &text))
		if (strcmp(text.version, signing->version) == 0)
			g_ptr_array_add(languages, (gpointer)text.language);
	chosen = preferred_language(languages, of_client);
	g_clear_pointer(&signing->language, g_free);
	box_clear(signing->languages);
	for (guint i = 0; i < languages->len; i++) {
		g_autofree char *title = words_of(languages->pdata[i]);
		GtkWidget *button = touch_choice_new(title, first, G_CALLBACK(on_text_language), signing);

		first = first ? first : button;
		g_object_set_data_full(G_OBJECT(button), "language", g_strdup(languages->pdata[i]), g_free);
		box_add(signing->languages, wide(button), NULL);
		if (strcmp(languages->pdata[i], chosen) == 0)
			gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(button), TRUE);
	}
	gtk_widget_set_visible(signing->languages, languages->len > 1);
	show_language(signing, chosen);
}

void signing_show(Signing *signing, GVariant *texts, const char *form, const char *language)
{
	signing_forget(signing);
	signing->texts = g_variant_ref(texts);
	signing->form = g_strdup(form);
	signing->version = signing_version(texts, form);
	if (signing->version)
		offer_languages(signing, language);
}

/* ---- signing ---- */

static void end_signing(Signing *signing, bool is_signed, const char *signature)
{
	Signed what = { signing->form, signing->version, signing->language, signing->sha256, signature };

	signing->done(signing->userdata, is_signed ? &what : NULL);
}

static void on_sign_text(Signing *signing)
{
	g_autofree char *signature = signature_pad_text(signing->pad);

	end_signing(signing, true, signature);
}

static void on_paper(Signing *signing)
{
	end_signing(signing, true, NULL);
}

static void on_not_signed(Signing *signing)
{
	end_signing(signing, false, NULL);
}

static void on_clear_signature(Signing *signing)
{
	signature_pad_clear(signing->pad);
}

static void pad_changed(void *userdata)
{
	Signing *signing = userdata;

	if (signing->sign)
		gtk_widget_set_sensitive(signing->sign, signature_pad_is_signed(signing->pad));
}

void signing_forget(Signing *signing)
{
	signature_pad_clear(signing->pad);
	g_clear_pointer(&signing->texts, g_variant_unref);
	g_clear_pointer(&signing->form, g_free);
	g_clear_pointer(&signing->version, g_free);
	g_clear_pointer(&signing->language, g_free);
	g_clear_pointer(&signing->sha256, g_free);
}

static void signing_free(gpointer data)
{
	Signing *signing = data;

	g_clear_pointer(&signing->texts, g_variant_unref);
	g_free(signing->form);
	g_free(signing->version);
	g_free(signing->language);
	g_free(signing->sha256);
	g_free(signing);
}

Signing *signing_new(SigningDone done, void *userdata)
{
	Signing *signing = g_new0(Signing, 1);
	GtkWidget *buttons, *text = text_new("", NULL);

	signing->done = done;
	signing->userdata = userdata;
	signing->text = GTK_LABEL(text);
	signing->languages = row_new(6, NULL, NULL);
	signing->pad = signature_pad_new(pad_changed, signing);
	signing->sign = touch_button_new(_("Sign now"), "primary", G_CALLBACK(on_sign_text), signing);
	gtk_widget_set_sensitive(signing->sign, FALSE);
	buttons = evenly(row_new(6, NULL,
		touch_button_new(_("Cancel"), NULL, G_CALLBACK(on_not_signed), signing),
		touch_button_new(_("Clear"), NULL, G_CALLBACK(on_clear_signature), signing),
		touch_button_new(_("On paper"), NULL, G_CALLBACK(on_paper), signing), signing->sign, NULL));
	signing->widget = column_new(6, NULL,
		tall(evenly(
			row_new(12, NULL, column_new(6, NULL, signing->languages, scroller_new(text), NULL),
				signing->pad, NULL))),
		buttons, NULL);
	g_object_set_data_full(G_OBJECT(signing->widget), "signing", signing, signing_free);
	return signing;
}

GtkWidget *signing_widget(const Signing *signing)
{
	return signing->widget;
}
