/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Fills the layout of a client's passport (passport.html.in). It must fit on one page: what is too long is
 * cut, and says so.
 */

#include "report/passport-html.h"

#include <string.h>

#include "report/figure-code.h"
#include "report/html.h"
#include "report/language.h"
#include "report/layout.h"
#include "report/report-text.h"

/* lines of each list, and characters of a line, that fit on one page of either paper */
enum { PASSPORT_ROWS = 7, PASSPORT_LINE = 100 };

Passport *passport_new(void)
{
	Passport *passport = g_new0(Passport, 1);

	passport->sessions = g_ptr_array_new();
	return passport;
}

Passport *passport_free(Passport *passport)
{
	if (!passport)
		return NULL;
	for (guint i = 0; i < passport->sessions->len; i++)
		report_free(g_ptr_array_index(passport->sessions, i));
	g_ptr_array_unref(passport->sessions);
	g_free(passport);
	return NULL;
}

static const Passport *shown_passport(const void *content)
{
	return ((const Document *)content)->content;
}

static const Report *session_at(const Passport *passport, guint i)
{
	return g_ptr_array_index(passport->sessions, i);
}

static const Report *last_session(const Passport *passport)
{
	return session_at(passport, passport->sessions->len - 1);
}

/** The list as it is read; what is over PASSPORT_ROWS is counted. Frees the lines. */
static void put_lines(FILE *stream, GPtrArray *lines, const char *none)
{
	guint shown = MIN(lines->len, PASSPORT_ROWS);

	if (lines->len == 0)
		html_words(stream, g_strdup(none), false);
	if (shown > 0)
		fputs("<ul>\n", stream);
	for (guint i = 0; i < shown; i++) {
		fputs("<li>", stream);
		html_text(stream, g_ptr_array_index(lines, i));
		fputs("</li>\n", stream);
	}
	if (shown > 0)
		fputs("</ul>\n", stream);
	if (lines->len > shown)
		html_words(stream,
			g_strdup_printf(_("and %u more: the full list is in the client's export"),
				lines->len - shown),
			false);
	g_ptr_array_free(lines, true);
}

/** Each line once, however often it was used, and no longer than a line of the page. Takes `line`. */
static void add_passport_line(GPtrArray *lines, char *line)
{
	char *shown = line;

	if (g_utf8_strlen(line, -1) > PASSPORT_LINE) {
		g_autofree char *start = g_utf8_substring(line, 0, PASSPORT_LINE - 1);

		shown = g_strconcat(start, "\xe2\x80\xa6", NULL);
		g_free(line);
	}
	for (guint i = 0; i < lines->len; i++)
		if (strcmp(g_ptr_array_index(lines, i), shown) == 0) {
			g_free(shown);
			return;
		}
	g_ptr_array_add(lines, shown);
}

/** Newest first: what was done last matters most when not all fits. */
static void put_treatments(FILE *stream, const void *content)
{
	const Passport *passport = shown_passport(content);
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

	for (guint i = passport->sessions->len; i-- > 0;) {
		const Report *session = session_at(passport, i);
		GString *zones = g_string_new(NULL);
		char title[REPORT_SECTION_MAX], date[REPORT_TIME_MAX];

		for (guint j = 0; j < session->zones->len; j++) {
			report_title_of(g_array_index(session->zones, ReportZone, j).zone, title);
			g_string_append_printf(zones, "%s%s", j ? ", " : "", title);
		}
		add_passport_line(
			lines, g_strdup_printf("%s: %s", report_time(session->begun, REPORT_DATE, date),
				       zones->len ? zones->str : _("No zone was treated.")));
		g_string_free(zones, true);
	}
	put_lines(stream, lines, "");
}

static void put_passport_pigments(FILE *stream, const void *content)
{
	const Passport *passport = shown_passport(content);
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

	for (guint i = passport->sessions->len; i-- > 0;)
		for (guint j = 0; j < session_at(passport, i)->pigments->len; j++) {
			const ReportPigment *pigment =
				&g_array_index(session_at(passport, i)->pigments, ReportPigment, j);

			add_passport_line(
				lines, g_strdup_printf("%s %s, %s %s", pigment->brand ? pigment->brand : "?",
					       pigment->colour ? pigment->colour : "?", _("Lot"),
					       pigment->lot ? pigment->lot : "?"));
		}
	put_lines(stream, lines, _("No pigment was loaded."));
}

static void put_needles(FILE *stream, const void *content)
{
	const Passport *passport = shown_passport(content);
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

	for (guint i = passport->sessions->len; i-- > 0;)
		for (guint j = 0; j < session_at(passport, i)->cartridges->len; j++) {
			const ReportCartridge *cartridge = report_cartridge(session_at(passport, i), j);

			add_passport_line(lines, g_strdup_printf("%s%s%s, %s %s",
							 cartridge->product ? cartridge->product : "?",
							 cartridge->maker ? ", " : "",
							 cartridge->maker ? cartridge->maker : "", _("Lot"),
							 cartridge->lot ? cartridge->lot : "?"));
		}
	put_lines(stream, lines, _("No cartridge was mounted."));
}

static void put_passport_aftercare(FILE *stream, const void *content)
{
	const GPtrArray *sentences = last_session(shown_passport(content))->aftercare;
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

	/* never cut: it is what the client is to do */
	for (guint i = 0; i < sentences->len; i++)
		g_ptr_array_add(lines, g_strdup(_((const char *)g_ptr_array_index(sentences, i))));
	put_lines(stream, lines, _("The protocol gives no advice: ask the practitioner."));
}

static void put_passport_proof(FILE *stream, const void *content)
{
	const Report *last = last_session(shown_passport(content));

	html_text(stream,
		last->proof.code
			? _("The code holds the record that ends the last session, its inclusion proof and the "
			    "signed checkpoint of the station's transparency log. Save what a scanner reads and "
			    "run: stipplectl audit verify --proof FILE --key KEY.")
			: _("The station gave no proof."));
}

static void put_passport_code(FILE *stream, const void *content)
{
	const Report *last = last_session(shown_passport(content));

	if (last->proof.code)
		(void)figure_code(stream, last->proof.code, _("The proof of this record as a QR code"));
}

static const TemplateSlot passport_slots[] = {
	DOCUMENT_SLOTS,
	{ "treatments", put_treatments },
	{ "pigments", put_passport_pigments },
	{ "needles", put_needles },
	{ "aftercare", put_passport_aftercare },
	{ "proof-words", put_passport_proof },
	{ "code", put_passport_code },
};

void passport_document(const Passport *passport, Document *ret)
{
	const Report *last = last_session(passport);

	*ret = (Document){
		.content = passport,
		.layout = { passport_html, passport_slots, ELEMENTS(passport_slots) },
		.state = _("Copy for the client"),
		.good = true,
		.author = last->clinic,
		.made = last->made,
	};
	snprintf(ret->title, sizeof ret->title, "%s", _("Client passport"));
	snprintf(ret->about, sizeof ret->about,
		_("Scalp micropigmentation \xc2\xb7 clinic %s \xc2\xb7 client %s"),
		last->clinic ? last->clinic : "?", last->subject ? last->subject : "?");
	document_sign(ret, last->clinic, last->station);
}
