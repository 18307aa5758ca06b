/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Writes a session's report as a page for browsers. The page must load nothing from elsewhere: figures and
 * photographs are within it.
 */

#include "report/html.h"

#include <string.h>

#include <cairo-svg.h>

#include "report/figures.h"
#include "report/html-parts.h"
#include "report/picture.h"
#include "report/session-pages.h"

/* ---- figures ---- */

static cairo_status_t append(void *bytes, const unsigned char *data, unsigned length)
{
	g_byte_array_append(bytes, data, length);
	return CAIRO_STATUS_SUCCESS;
}

static void put_image(
	FILE *stream, const char *type, const unsigned char *data, size_t size, const char *words)
{
	_cleanup_(freep) char *base64 = g_base64_encode(data, size);

	fprintf(stream, "<img src=\"data:%s;base64,%s\" alt=\"", type, base64);
	html_text(stream, words);
	fputs("\">", stream);
}

typedef void (*Figure)(Canvas *canvas, const Report *report, Box box);

/** Each figure is a file of its own: names within one SVG do not meet those of another. */
static void put_figure(FILE *stream, const Report *report, Figure figure, double width, double height,
	const char *words, const char *caption)
{
	GByteArray *bytes = g_byte_array_new();
	cairo_surface_t *surface = cairo_svg_surface_create_for_stream(append, bytes, width, height);
	Canvas *canvas = canvas_new(surface, width, height);

	figure(canvas, report, (Box){ 0, 0, width, height });
	canvas_free(canvas);
	cairo_surface_finish(surface);
	cairo_surface_destroy(surface);
	fputs("<figure>", stream);
	put_image(stream, "image/svg+xml", bytes->data, bytes->len, words);
	if (caption)
		fprintf(stream, "<figcaption>%s</figcaption>", caption);
	fputs("</figure>\n", stream);
	g_byte_array_unref(bytes);
}

static void draw_depth(Canvas *canvas, const Report *report, Box box)
{
	Histogram histogram;

	histogram_of_depth(report, &histogram);
	figure_histogram(canvas, &histogram, "mm", 1000, box);
}

static void draw_dwell(Canvas *canvas, const Report *report, Box box)
{
	Histogram histogram;

	histogram_of_dwell(report, &histogram);
	figure_histogram(canvas, &histogram, "ms", 1, box);
}

static void draw_code(Canvas *canvas, const Report *report, Box box)
{
	(void)figure_code(canvas, report->proof.code, box);
}

static void put_figures(FILE *stream, const Report *report)
{
	char words[96];
	Histogram depth, dwell;

	histogram_of_depth(report, &depth);
	histogram_of_dwell(report, &dwell);
	html_heading(stream, "Map, depth and dwell");
	put_figure(stream, report, figure_scalp, 260, 190,
		"Scalp from above and from behind, zones shaded by density; "
		"the figures stand in the table of zones",
		NULL);
	fputs("<div class=\"pair\">", stream);
	snprintf(words, sizeof words, "Dots by depth, mean %.2f mm", depth.mean / 1000);
	put_figure(stream, report, draw_depth, 260, 120, words, words);
	snprintf(words, sizeof words, "Dots by dwell, mean %.0f ms", dwell.mean);
	put_figure(stream, report, draw_dwell, 260, 120, words, words);
	fputs("</div></section>\n", stream);
}

/* ---- photographs ---- */

static void put_picture(FILE *stream, const Report *report, const ReportPicture *picture, const char *phase)
{
	enum { WIDTH = 200 }; /* points it is reduced for */
	cairo_surface_t *surface = picture->jpeg ? picture_open(picture->jpeg, WIDTH) : NULL;
	const unsigned char *data = NULL;
	unsigned long size = 0;
	char time[REPORT_TIME_MAX], words[REPORT_PICTURE_WORDS];

	if (surface)
		cairo_surface_get_mime_data(surface, CAIRO_MIME_TYPE_JPEG, &data, &size);
	fputs("<figure>", stream);
	if (data)
		put_image(stream, "image/jpeg", data, size, phase);
	fprintf(stream, "<figcaption>%s%s%s", phase, picture->time ? ", " : "",
		report_time_within(report, picture->time, time));
	if (!data)
		fprintf(stream, ": %s", report_picture_words(picture, words));
	if (picture->sha256) {
		fputs("<br><code>SHA-256 ", stream);
		html_text(stream, picture->sha256);
		fputs("</code>", stream);
	}
	fputs("</figcaption></figure>\n", stream);
	if (surface)
		cairo_surface_destroy(surface);
}

static void put_photographs(FILE *stream, const Report *report)
{
	html_heading(stream, "Photographs");
	if (session_pairs(report) == 0)
		fputs("<p>No photographs were taken.</p>", stream);
	for (size_t i = 0; i < report->zones->len; i++) {
		const ReportZone *zone = &g_array_index(report->zones, ReportZone, i);
		char title[REPORT_SECTION_MAX];

		if (!zone->before.file && !zone->after.file)
			continue;
		report_title_of(zone->zone, title);
		fputs("<h3>", stream);
		html_text(stream, title);
		fputs("</h3><div class=\"pair\">", stream);
		put_picture(stream, report, &zone->before, "Before");
		put_picture(stream, report, &zone->after, "After");
		fputs("</div>", stream);
	}
	fputs("</section>\n", stream);
}

/* ---- the page ---- */

static void put_facts(FILE *stream, const Report *report)
{
	char time[REPORT_TIME_MAX];

	fputs("<dl>", stream);
	html_fact(stream, "Client (pseudonym)", report->subject);
	html_fact(stream, "Practitioner", report->operator_name ? report->operator_name : report->badge);
	html_fact(stream, "Badge", report->badge);
	html_fact(stream, "Treatment", report->title ? report->title : report->protocol);
	html_number(stream, "Session of the course", "%lld", (long long)report->course_session);
	html_fact(stream, "Begun", report_time(report->begun, REPORT_MOMENT, time));
	html_fact(stream, "Ended", report->ended ? report_time(report->ended, REPORT_MOMENT, time) : NULL);
	html_number(stream, "Dots", "%lld", (long long)report->dots);
	html_number(stream, "Needle strokes", "%lld", (long long)report->strokes);
	if (report->worked_is_known)
		html_number(stream, "Minutes at work", "%lld", (long long)(report->worked_s / 60));
	else
		html_fact(stream, "Minutes at work", "not known");
	fputs("</dl>\n", stream);
}

static void put_aftercare(FILE *stream, const Report *report)
{
	html_heading(stream, "Aftercare");
	fputs("<ul>", stream);
	for (size_t i = 0; i < report->aftercare->len; i++) {
		fputs("<li>", stream);
		html_text(stream, g_ptr_array_index(report->aftercare, i));
	}
	fputs("</ul></section>\n", stream);
}

static void put_proof(FILE *stream, const Report *report)
{
	_cleanup_(freep) char *words = words_signature(report);
	const ReportProof *proof = &report->proof;

	html_heading(stream, "Signature and proof");
	fputs("<p>", stream);
	html_text(stream, words);
	fputs("</p><dl>", stream);
	html_number(stream, "Closing record", "%lld", (long long)proof->seq);
	if (proof->text) {
		html_fact(stream, "Log", proof->origin);
		html_number(stream, "Checkpoint", "%lld records", (long long)proof->tree_size);
		html_fact(stream, "Root hash", proof->root);
		html_fact(stream, "Key", proof->key);
	}
	fputs("</dl>\n", stream);
	if (proof->code)
		put_figure(stream, report, draw_code, 140, 140,
			"The proof as a QR code; its text stands below", NULL);
	if (proof->text) {
		fputs("<details><summary>The proof as text, for stipplectl audit verify --proof</summary><pre>",
			stream);
		html_text(stream, proof->text);
		fputs("</pre></details>", stream);
	}
	fputs("</section>\n", stream);
}

int session_html_write(const void *content, FILE *stream)
{
	const Report *report = content;
	char title[64], about[256];

	snprintf(title, sizeof title, "Session report %lld", (long long)report->session);
	snprintf(about, sizeof about, "Scalp micropigmentation \xc2\xb7 clinic %s \xc2\xb7 station %s",
		report->clinic ? report->clinic : "?", report->station ? report->station : "?");
	html_begin(stream, title, about, report_outcome_to_string(report->outcome),
		report->outcome == REPORT_SIGNED);
	put_facts(stream, report);
	html_table(stream, "Zones", list_zones(report), "No zone was treated.");
	put_figures(stream, report);
	put_photographs(stream, report);
	html_table(stream, "Needle cartridges", list_cartridges(report), "No cartridge was mounted.");
	html_table(stream, "Pigments", list_pigments(report), "No pigment was loaded.");
	html_section(stream, "Sterilisation", words_handpieces(report));
	html_table(stream, "Incidents, faults and overrides", list_events(report),
		"Nothing of the kind is on record for this session.");
	html_section(stream, "Screening", words_screening(report));
	html_section(stream, "Consents", words_consents(report));
	put_aftercare(stream, report);
	put_proof(stream, report);
	html_end(stream, report->made);
	return ferror(stream) ? -EIO : 0;
}
