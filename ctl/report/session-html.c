/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Fills the layout of a session's report (session.html.in). It says only what the report holds, and must not
 * ask the station.
 */

#include "report/session-html.h"

#include <string.h>

#include "report/figure-code.h"
#include "report/figure-histogram.h"
#include "report/figure-scalp.h"
#include "report/html.h"
#include "report/language.h"
#include "report/layout.h"
#include "report/report-text.h"
#include "report/session-photographs.h"
#include "report/session-tables.h"
#include "report/session-words.h"

static const Report *report_in(const void *content)
{
	return ((const Document *)content)->content;
}

/* ---- facts ---- */

static void duration_text(int64_t seconds, char *ret, size_t size)
{
	if (seconds >= 3600)
		snprintf(ret, size, _("%lld h %02lld min"), (long long)(seconds / 3600),
			(long long)(seconds / 60 % 60));
	else
		snprintf(ret, size, _("%lld min %02lld s"), (long long)(seconds / 60),
			(long long)(seconds % 60));
}

/** Separates thousands by a narrow space. */
static void count_text(int64_t number, char *ret, size_t size)
{
	char digits[32];
	size_t length, used = 0;

	snprintf(digits, sizeof digits, "%lld", (long long)(number < 0 ? 0 : number));
	length = strlen(digits);
	for (size_t i = 0; i < length && used + 4 < size; i++) {
		ret[used++] = digits[i];
		if ((length - i - 1) % 3 == 0 && i + 1 < length) {
			memcpy(ret + used, "\xe2\x80\xaf", 3);
			used += 3;
		}
	}
	ret[used] = '\0';
}

/** A session that runs past midnight ends on another day. */
static ReportTime ended_form(const Report *report)
{
	char text[REPORT_TIME_MAX];

	return strchr(report_time_within(report, report->ended, text), ' ') ? REPORT_MOMENT
									    : REPORT_CLOCK_ZONE;
}

static void put_who(FILE *stream, const void *content)
{
	const Report *report = report_in(content);
	g_autofree char *names = words_practitioners(report, true),
			*badges = words_practitioners(report, false);
	char course[160], date[REPORT_TIME_MAX], from[REPORT_TIME_MAX], to[REPORT_TIME_MAX], times[128];

	if (report->course_sessions)
		snprintf(course, sizeof course, _("session %lld of %lld of the course"),
			(long long)report->course_session, (long long)report->course_sessions);
	else
		snprintf(course, sizeof course, _("session %lld of the course"),
			(long long)report->course_session);
	snprintf(times, sizeof times, _("%s to %s"), report_time(report->begun, REPORT_CLOCK, from),
		report->ended ? report_time(report->ended, ended_form(report), to) : _("now"));
	html_fact(stream, _("Client (pseudonym)"), report->subject, NULL);
	html_fact(stream, strchr(badges, ',') ? _("Practitioners") : _("Practitioner"), names, badges);
	html_fact(stream, _("Treatment"), report->title ? _(report->title) : report->protocol, course);
	html_fact(stream, _("Date"), report_time(report->begun, REPORT_DATE, date), times);
}

static void put_count(FILE *stream, const char *label, int64_t number)
{
	char text[48];

	count_text(number, text, sizeof text);
	html_fact(stream, label, text, NULL);
}

static void put_figures(FILE *stream, const void *content)
{
	const Report *report = report_in(content);
	char worked[48];

	snprintf(worked, sizeof worked, "%s", _("not known"));

	if (report->worked_is_known)
		duration_text(report->worked_s, worked, sizeof worked);
	put_count(stream, _("Dots"), report->dots);
	put_count(stream, _("Needle strokes"), report->strokes);
	html_fact(stream, _("Time at work"), worked, NULL);
	put_count(stream, _("Zones"), report->zones->len);
	put_count(stream, _("Cartridges used"), report->cartridges->len);
}

/* ---- depth and dwell ---- */

enum { DEPTH_WORDS = 128 }; /* bytes */

static void depth_words(const Histogram *histogram, char ret[DEPTH_WORDS])
{
	char mean[LANGUAGE_FIGURE_MAX], low[REPORT_NUMBER_MAX], high[REPORT_NUMBER_MAX];

	language_figure(histogram->mean / 1000, 2, mean);
	if (histogram->total == 0)
		ret[0] = '\0';
	else if (histogram->high > 0)
		snprintf(ret, DEPTH_WORDS, _("mean %s mm, window %s to %s mm"), mean,
			report_number(histogram->low / 1000, low),
			report_number(histogram->high / 1000, high));
	else
		snprintf(ret, DEPTH_WORDS, _("mean %s mm; the zones' windows differ"), mean);
}

static void put_depth_words(FILE *stream, const void *content)
{
	Histogram histogram;
	char words[DEPTH_WORDS];

	histogram_of_depth(report_in(content), &histogram);
	depth_words(&histogram, words);
	html_text(stream, words);
}

static void draw_depth_figure(FILE *stream, const SvgPlace *place, const Report *report)
{
	Histogram histogram;
	char words[DEPTH_WORDS], all[DEPTH_WORDS + 32];
	HistogramAxis axis = { "mm", all, 1000 };

	histogram_of_depth(report, &histogram);
	depth_words(&histogram, words);
	snprintf(all, sizeof all, _("Dots by depth, %s"), words);
	figure_histogram(stream, place, &histogram, &axis);
}

static void put_depth(FILE *stream, const void *content)
{
	draw_depth_figure(stream, NULL, report_in(content));
}

static void put_dwell_words(FILE *stream, const void *content)
{
	Histogram histogram;

	histogram_of_dwell(report_in(content), &histogram);
	if (histogram.total)
		fprintf(stream, _("mean %.0f ms"), histogram.mean);
}

static void draw_dwell_figure(FILE *stream, const SvgPlace *place, const Report *report)
{
	Histogram histogram;
	char words[96];
	HistogramAxis axis = { "ms", words, 1 };

	histogram_of_dwell(report, &histogram);
	snprintf(words, sizeof words, _("Dots by dwell, mean %.0f ms"), histogram.mean);
	figure_histogram(stream, place, &histogram, &axis);
}

static void put_dwell(FILE *stream, const void *content)
{
	draw_dwell_figure(stream, NULL, report_in(content));
}

/* ---- zones and materials ---- */

static void put_map(FILE *stream, const void *content)
{
	figure_scalp(stream, NULL, report_in(content));
}

static void put_zones(FILE *stream, const void *content)
{
	html_table(stream, list_zones(report_in(content)), _("No zone was treated."));
}

/** Nothing where one practitioner did all the dots: the report names that one at its top. */
static void put_practitioners(FILE *stream, const void *content)
{
	const Report *report = report_in(content);
	g_autoptr(GPtrArray) badges = list_practitioners(report);

	if (badges->len < 2)
		return;
	fprintf(stream, "<section>\n<h2>%s <small>%s</small></h2>\n", _("Practitioners"),
		_("whose dots are whose, by zone and cartridge"));
	html_table(stream, list_stints(report), "");
	fputs("</section>\n\n", stream);
}

static void put_cartridges(FILE *stream, const void *content)
{
	html_table(stream, list_cartridges(report_in(content)), _("No cartridge was mounted."));
}

static void put_pigments(FILE *stream, const void *content)
{
	html_table(stream, list_pigments(report_in(content)), _("No pigment was loaded."));
}

static void put_photographs(FILE *stream, const void *content)
{
	session_put_photographs(stream, report_in(content));
}

/* ---- words ---- */

static void put_next(FILE *stream, const void *content)
{
	const char *next = report_in(content)->next;

	if (!next)
		return;
	fputs("<section>\n<h2>", stream);
	html_text(stream, _("Next session"));
	fputs("</h2>\n<p class=\"next\">", stream);
	html_text(stream, next);
	fputs("</p>\n</section>\n", stream);
}

static void put_aftercare(FILE *stream, const void *content)
{
	const GPtrArray *sentences = report_in(content)->aftercare;

	if (sentences->len == 0) {
		fputs("<p class=\"none\">", stream);
		html_text(stream, _("The protocol gives no advice: ask the practitioner."));
		fputs("</p>\n", stream);
		return;
	}
	fputs("<ul>\n", stream);
	for (size_t i = 0; i < sentences->len; i++) {
		fputs("<li>", stream);
		html_text(stream, _(g_ptr_array_index(sentences, i)));
		fputs("</li>\n", stream);
	}
	fputs("</ul>\n", stream);
}

static void put_screening(FILE *stream, const void *content)
{
	html_words(stream, words_screening(report_in(content)), false);
}

static void put_consents(FILE *stream, const void *content)
{
	html_words(stream, words_consents(report_in(content)), false);
}

static void put_sterilisation(FILE *stream, const void *content)
{
	const Report *report = report_in(content);

	html_words(stream, words_handpieces(report), words_doubtful(report));
}

static void put_events(FILE *stream, const void *content)
{
	html_table(stream, list_events(report_in(content)),
		_("Nothing of the kind is on record for this session."));
}

/* ---- signature and proof ---- */

static void put_code(FILE *stream, const void *content)
{
	const ReportProof *proof = &report_in(content)->proof;

	if (proof->code)
		(void)figure_code(stream, proof->code, _("The proof as a QR code; its text stands below"));
}

static void put_signature(FILE *stream, const void *content)
{
	const Report *report = report_in(content);

	html_words(stream, words_signature(report), !report->signer);
}

static void put_proof(FILE *stream, const void *content)
{
	const ReportProof *proof = &report_in(content)->proof;

	html_fact_format(stream, _("Closing record"), "%lld", (long long)proof->seq);
	if (!proof->text)
		return;
	html_fact_format(stream, _("Checkpoint"), _("%lld records"), (long long)proof->tree_size);
	html_fact(stream, _("Root hash"), proof->root, NULL);
	html_fact(stream, _("Log and its key"), proof->key[0] ? proof->key : proof->origin, NULL);
}

static void put_proof_words(FILE *stream, const void *content)
{
	const ReportProof *proof = &report_in(content)->proof;

	if (!proof->text)
		return;
	fputs("<p class=\"how\">", stream);
	html_text(stream,
		proof->code && figure_code_fits(proof->code)
			? _("The code holds this record, its inclusion proof and the signed checkpoint of the station's "
			    "transparency log. Save what a scanner reads and run: stipplectl audit verify --proof FILE "
			    "--key KEY. It needs neither this station nor a network, only its public key.")
			: _("The proof is too long for a code here: stipplectl audit prove gives it as text."));
	fputs("</p>\n", stream);
}

static void put_proof_text(FILE *stream, const void *content)
{
	const ReportProof *proof = &report_in(content)->proof;

	if (!proof->text)
		return;
	fputs("<details><summary>", stream);
	html_text(stream, _("The proof as text, for stipplectl audit verify --proof"));
	fputs("</summary><pre>", stream);
	html_text(stream, proof->text);
	fputs("</pre></details>", stream);
}

/* ---- the document ---- */

static const TemplateSlot slots[] = {
	DOCUMENT_SLOTS,
	{ "who", put_who },
	{ "figures", put_figures },
	{ "map", put_map },
	{ "zones", put_zones },
	{ "depth-words", put_depth_words },
	{ "depth", put_depth },
	{ "dwell-words", put_dwell_words },
	{ "dwell", put_dwell },
	{ "practitioners", put_practitioners },
	{ "cartridges", put_cartridges },
	{ "pigments", put_pigments },
	{ "photographs", put_photographs },
	{ "next", put_next },
	{ "aftercare", put_aftercare },
	{ "screening", put_screening },
	{ "consents", put_consents },
	{ "sterilisation", put_sterilisation },
	{ "events", put_events },
	{ "code", put_code },
	{ "signature", put_signature },
	{ "proof", put_proof },
	{ "proof-words", put_proof_words },
	{ "proof-text", put_proof_text },
};

/** Writes the figures alone, one below the other, to be embedded elsewhere. */
static void draw_session(FILE *stream, const void *content)
{
	const Report *report = content;

	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 260 420\">\n",
		stream);
	fputs("<title>", stream);
	fprintf(stream, _("Session %lld"), (long long)report->session);
	fputs("</title>\n", stream);
	svg_rectangle(stream, 0, 0, 260, 420, SVG_WHITE);
	figure_scalp(stream, &(SvgPlace){ 7, 6, 246 }, report);
	draw_depth_figure(stream, &(SvgPlace){ 7, 196, 246 }, report);
	draw_dwell_figure(stream, &(SvgPlace){ 7, 308, 246 }, report);
	fputs("</svg>\n", stream);
}

void session_document(const Report *report, Document *ret)
{
	char date[REPORT_TIME_MAX];

	*ret = (Document){
		.content = report,
		.layout = { session_html, slots, ELEMENTS(slots) },
		.draw = draw_session,
		.state = _(report_outcome_to_string(report->outcome)),
		.good = report->outcome == REPORT_SIGNED,
		.author = report->clinic,
		.made = report->made,
	};
	snprintf(ret->title, sizeof ret->title, _("Session report %lld"), (long long)report->session);
	snprintf(ret->about, sizeof ret->about,
		_("Scalp micropigmentation \xc2\xb7 clinic %s \xc2\xb7 station %s"),
		report->clinic ? report->clinic : "?", report->station ? report->station : "?");
	snprintf(ret->head, sizeof ret->head, _("Session %lld \xc2\xb7 client %s \xc2\xb7 %s"),
		(long long)report->session, report->subject ? report->subject : "",
		report_time(report->begun, REPORT_DATE, date));
	document_sign(ret, report->clinic, report->station);
}
