/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Fills the layout of the client's copy (consents.html.in): each text that was signed, the signature, and the
 * proof of its record. It must not show another text than the one that was signed.
 */

#include "report/consents-html.h"

#include "report/figure-code.h"
#include "report/figure-signature.h"
#include "report/html.h"
#include "report/language.h"
#include "report/layout.h"
#include "report/report-text.h"

static const Report *copied_report(const void *content)
{
	return ((const Document *)content)->content;
}

/** Each line of the text is a paragraph; the first is its title. It is in the language that was signed. */
static void put_text(FILE *stream, const char *text, const char *language)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	fputs("<div lang=\"", stream);
	html_text(stream, language ? language : "");
	fputs("\">\n", stream);
	for (char **line = lines; *line; line++) {
		if (!**line)
			continue;
		fprintf(stream, line == lines ? "<h3>" : "<p>");
		html_text(stream, *line);
		fprintf(stream, line == lines ? "</h3>\n" : "</p>\n");
	}
	fputs("</div>\n", stream);
}

/** What a language is called in the document's; a language that nobody translates to by its code. */
static const char *language_called(const char *code)
{
	static const char *const called[LANGUAGE_MAX] = {
		[LANGUAGE_EN] = N_("English"),
		[LANGUAGE_ES] = N_("Spanish"),
		[LANGUAGE_DE] = N_("German"),
	};
	Language language = language_from_string(code);

	return (int)language < 0 ? code : _(called[language]);
}

static void put_what_was_signed(FILE *stream, const ReportConsent *consent)
{
	if (!consent->given)
		html_words(stream, g_strdup(_("This consent was withdrawn.")), true);
	else if (consent->text)
		put_text(stream, consent->text, consent->language);
	else if (consent->sha256)
		html_words(stream,
			g_strdup(_(
				"The record does not hold the text that was signed: ask the clinic for the one "
				"with the digest below.")),
			true);
	else if (consent->signed_on)
		html_words(
			stream, g_strdup(_("The text is on the paper form, which the clinic keeps.")), false);
	else
		html_words(stream, g_strdup(_("Where the text stands is not on record.")), false);
}

static void put_signed_by_hand(FILE *stream, const ReportConsent *consent)
{
	if (!consent->given)
		return;
	if (consent->signature && figure_signature(stream, consent->signature, _("The client's signature")))
		return;
	html_words(stream,
		g_strdup(!consent->signed_on || consent->signed_on[0] == 'p'
				 ? _("Signed on paper.")
				 : _("The signature was erased.")),
		false);
}

static void put_one(FILE *stream, const Report *report, const ReportConsent *consent)
{
	char title[REPORT_SECTION_MAX], time[REPORT_TIME_MAX];

	report_title_of(consent->consent, title);
	fputs("<section class=\"signed\">\n<h2>", stream);
	html_text(stream, title);
	fputs(" <small>", stream);
	html_text(stream, consent->given ? _("signed") : _("withdrawn"));
	fputs("</small></h2>\n", stream);
	put_what_was_signed(stream, consent);
	fputs("<div class=\"beside\">\n<div>\n<figure class=\"signature\">", stream);
	put_signed_by_hand(stream, consent);
	fputs("</figure>\n<dl class=\"codes\">\n", stream);
	html_fact(stream, _("Client (pseudonym)"), report->subject, NULL);
	html_fact(stream, _("Recorded by"), report_name_of(report, consent->actor), NULL);
	html_fact(stream, _("Time"), report_time(consent->time, REPORT_MOMENT, time), NULL);
	html_fact_format(stream, _("Version of the form"), "%s%s%s",
		consent->version ? consent->version : "?", consent->language ? ", " : "",
		consent->language ? language_called(consent->language) : "");
	if (consent->sha256)
		html_fact(stream, _("SHA-256 of the text"), consent->sha256, NULL);
	html_fact_format(stream, _("Record"), "%lld", (long long)consent->proof.seq);
	fputs("</dl>\n</div>\n<div class=\"qr\">", stream);
	if (consent->proof.code)
		(void)figure_code(stream, consent->proof.code, _("The proof of this record as a QR code"));
	fputs("</div>\n</div>\n</section>\n", stream);
}

static void put_signed(FILE *stream, const void *content)
{
	const Report *report = copied_report(content);

	for (guint i = 0; i < report->consents->len; i++)
		put_one(stream, report, report_consent(report, i));
	if (report->consents->len == 0)
		html_words(stream,
			g_strdup(_("Nothing that the client signed is on record for this session.")), true);
}

static const TemplateSlot consents_slots[] = {
	DOCUMENT_SLOTS,
	{ "signed", put_signed },
};

void consents_document(const Report *report, Document *ret)
{
	*ret = (Document){
		.content = report,
		.layout = { consents_html, consents_slots, ELEMENTS(consents_slots) },
		.state = report->consents->len ? _("Copy for the client") : _("Nothing signed"),
		.good = report->consents->len > 0,
		.author = report->clinic,
		.made = report->made,
	};
	snprintf(ret->title, sizeof ret->title, "%s", _("What you signed"));
	snprintf(ret->about, sizeof ret->about,
		_("Scalp micropigmentation \xc2\xb7 clinic %s \xc2\xb7 session %lld"),
		report->clinic ? report->clinic : "?", (long long)report->session);
	snprintf(ret->head, sizeof ret->head, _("Client %s \xc2\xb7 session %lld"),
		report->subject ? report->subject : "", (long long)report->session);
	document_sign(ret, report->clinic, report->station);
}
