/* SPDX-License-Identifier: Apache-2.0 */

/** Writes what all reports have in common. What a report says is not its concern. */

#include "report/document.h"

#include <assert.h>

#include "report/html.h"
#include "report/language.h"
#include "report/layout.h"
#include "report/report-text.h"

static const char *const paper_names[] = {
	[REPORT_PAPER_A4] = "a4",
	[REPORT_PAPER_LETTER] = "letter",
};
static_assert(ELEMENTS(paper_names) == REPORT_PAPER_MAX, "every paper has a name");

DEFINE_STRING_TABLE(report_paper, ReportPaper, paper_names);

void document_sign(Document *document, const char *clinic, const char *station)
{
	char time[REPORT_TIME_MAX];

	snprintf(document->foot, sizeof document->foot, _("%s / %s \xc2\xb7 report made %s"),
		clinic ? clinic : "", station ? station : "",
		report_time(document->made, REPORT_MOMENT, time));
}

int document_write_html(const Document *document, FILE *stream)
{
	return template_write(&document->layout, document, stream);
}

/* ---- slots ---- */

void document_put_language(FILE *stream, const void *content)
{
	html_text(stream, language_to_string(language_used()));
}

void document_put_title(FILE *stream, const void *content)
{
	html_text(stream, ((const Document *)content)->title);
}

void document_put_about(FILE *stream, const void *content)
{
	html_text(stream, ((const Document *)content)->about);
}

static void put_meta(FILE *stream, const char *name, const char *text)
{
	if (!text)
		return;
	fprintf(stream, "<meta name=\"%s\" content=\"", name);
	html_text(stream, text);
	fputs("\">\n", stream);
}

void document_put_meta(FILE *stream, const void *content)
{
	const Document *document = content;

	put_meta(stream, "author", document->author);
	put_meta(stream, "generator", "Stipple " STIPPLE_VERSION);
	put_meta(stream, "dcterms.created", document->made);
}

void document_put_style(FILE *stream, const void *content)
{
	const Document *document = content;

	fprintf(stream, "%s@page { size: %s }", report_css, report_paper_to_string(document->paper));
}

/**
 * Style sheets take the words at head and foot from here, so that no such text is ever part of a style
 * sheet.
 */
void document_put_running(FILE *stream, const void *content)
{
	const Document *document = content;

	fputs(" data-head=\"", stream);
	html_text(stream, document->head);
	fputs("\" data-foot=\"", stream);
	html_text(stream, document->foot);
	fputs("\" data-page=\"", stream);
	html_text(stream, _("Page"));
	fputs("\" data-of=\"", stream);
	html_text(stream, _("of"));
	fputs("\"", stream);
}

void document_put_state(FILE *stream, const void *content)
{
	const Document *document = content;

	fprintf(stream, "<p class=\"state%s\">", document->good ? " good" : "");
	html_text(stream, document->state);
	fputs("</p>", stream);
}

void document_put_letterhead(FILE *stream, const void *content)
{
	letterhead_write(stream, ((const Document *)content)->letterhead);
}

void document_put_made(FILE *stream, const void *content)
{
	char time[REPORT_TIME_MAX];

	html_text(stream, report_time(((const Document *)content)->made, REPORT_MOMENT, time));
}
