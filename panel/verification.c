/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The card that starts a full verification of the record and shows its progress. The station verifies; the
 * card must not.
 */

#include "verification.h"

#include <string.h>

#include "refusals.h"
#include "widgets.h"

/* how often the progress of a running verification is read: the station does not signal it */
enum { POLL_MS = 250 };

typedef struct VerificationCard {
	Screen screen;
	GtkLabel *verdict, *finding, *count;
	GtkWidget *bar, *begin;
	guint poll;
} VerificationCard;

static const struct {
	const char *state, *sentence, *style;
} verdicts[] = {
	{ "none", N_("The record was not verified since the station started."), NULL },
	{ "running", N_("The record is being verified."), NULL },
	{ "sound", N_("The record is sound: what it says is what was signed."), NULL },
	{ "damaged", N_("The record is damaged: keep it as evidence and bring back a backup."), "bad" },
	{ "photographs",
		N_("The record is sound, but photographs are missing or were replaced: bring back a copy of them."),
		"bad" },
	{ "failed", N_("The record could not be verified."), "warning" },
};

/* ---- progress ---- */

static bool is_running(const VerificationCard *card)
{
	return g_strcmp0(stipple_audit1_get_verification(panel_audit(card->screen.panel)), "running") == 0;
}

static gboolean poll(void *userdata)
{
	VerificationCard *card = userdata;

	/* it may end while another page is shown */
	if (!is_running(card)) {
		card->poll = 0;
		return G_SOURCE_REMOVE;
	}
	station_client_refresh_audit(panel_client(card->screen.panel));
	return G_SOURCE_CONTINUE;
}

static void show_progress(VerificationCard *card, bool running)
{
	StippleAudit1 *audit = panel_audit(card->screen.panel);
	guint64 total = stipple_audit1_get_verification_total(audit);
	guint64 done = MIN(stipple_audit1_get_verification_done(audit), total);
	g_autofree char *text = g_strdup_printf(_("%d of %d records and photographs"), (int)done, (int)total);

	if (running && !card->poll)
		card->poll = g_timeout_add(POLL_MS, poll, card);
	if (!running)
		g_clear_handle_id(&card->poll, g_source_remove);
	gtk_widget_set_visible(card->bar, running);
	gtk_widget_set_visible(GTK_WIDGET(card->count), running);
	gtk_widget_set_sensitive(card->begin, !running);
	gtk_progress_bar_set_fraction(
		GTK_PROGRESS_BAR(card->bar), total > 0 ? (double)done / (double)total : 0);
	/* the total is unknown until the first record was checked */
	gtk_label_set_text(card->count, total > 0 ? text : _("just begun"));
}

/* ---- findings ---- */

static void show_verdict(VerificationCard *card, const char *state, const char *text)
{
	g_autofree char *finding = sentence_translate(text);

	/* several verdicts use the same style */
	for (size_t i = 0; i < G_N_ELEMENTS(verdicts); i++)
		if (verdicts[i].style)
			style_set(card->screen.widget, verdicts[i].style, false);
	for (size_t i = 0; i < G_N_ELEMENTS(verdicts); i++) {
		if (strcmp(verdicts[i].state, state) != 0)
			continue;
		gtk_label_set_text(card->verdict, _(verdicts[i].sentence));
		if (verdicts[i].style)
			style_set(card->screen.widget, verdicts[i].style, true);
	}
	gtk_label_set_text(card->finding, finding);
	gtk_widget_set_visible(GTK_WIDGET(card->finding), finding[0] != '\0');
}

static void update_verification(Screen *screen)
{
	VerificationCard *card = (VerificationCard *)screen;
	StippleAudit1 *audit = panel_audit(screen->panel);

	show_progress(card, is_running(card));
	show_verdict(card, known_text(stipple_audit1_get_verification(audit)),
		known_text(stipple_audit1_get_verification_text(audit)));
}

/* ---- the card ---- */

static void verification_begun(GObject *source, GAsyncResult *result, gpointer call)
{
	VerificationCard *card = panel_call_finish(source, result, call);

	if (card)
		station_client_refresh_audit(panel_client(card->screen.panel));
}

static void on_begin_verification(VerificationCard *card)
{
	Panel *panel = card->screen.panel;
	PanelCall *call = panel_ask(panel, card);

	if (call)
		stipple_audit1_call_verify(panel_audit(panel), PANEL_CALL(panel), verification_begun, call);
}

static void forget_verification(Screen *screen)
{
	g_clear_handle_id(&((VerificationCard *)screen)->poll, g_source_remove);
}

Screen *verification_new(Panel *panel)
{
	VerificationCard *card = g_new0(VerificationCard, 1);

	card->screen =
		(Screen){ .panel = panel, .update = update_verification, .forget = forget_verification };
	card->verdict = GTK_LABEL(text_new("", NULL));
	card->finding = GTK_LABEL(text_new("", "caption"));
	card->bar = gtk_progress_bar_new();
	card->count = GTK_LABEL(text_new("", "caption"));
	accessible_name(card->bar, _("How far the verification is"));
	card->begin =
		touch_button_new(_("Verify the whole record"), NULL, G_CALLBACK(on_begin_verification), card);
	card->screen.widget = column_new(
		8, "card", card->verdict, card->finding, card->bar, card->count, card->begin, NULL);
	return &card->screen;
}
