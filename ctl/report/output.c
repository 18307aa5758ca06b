/* SPDX-License-Identifier: Apache-2.0 */

/** Writes a report as PDF, SVG or HTML. It must neither flush nor close the caller's stream. */

#include "report/output.h"

#include <assert.h>
#include <string.h>

#include <cairo-pdf.h>
#include <cairo-svg.h>

#include "report/html.h"

static const char *const format_names[] = {
	[REPORT_FORMAT_PDF] = "pdf",
	[REPORT_FORMAT_SVG] = "svg",
	[REPORT_FORMAT_HTML] = "html",
};
static_assert(ELEMENTS(format_names) == REPORT_FORMAT_MAX, "every format has a name");

DEFINE_STRING_TABLE(report_format, ReportFormat, format_names);

#define SHEETS_APART 12.0 /* between the pages of an SVG */

static cairo_status_t write_bytes(void *stream, const unsigned char *data, unsigned length)
{
	return fwrite(data, 1, length, stream) == length ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static int finish(Canvas *canvas, cairo_surface_t *surface)
{
	cairo_status_t drawn = cairo_status(canvas->cr);

	cairo_surface_finish(surface);
	return drawn == CAIRO_STATUS_SUCCESS && cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS ? 0
												      : -EIO;
}

/* ---- PDF ---- */

static void turn_pdf(void *userdata, Canvas *canvas, int page)
{
	if (page > 1)
		cairo_show_page(canvas->cr);
}

static void describe_pdf(cairo_surface_t *surface, const Document *document)
{
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, document->title);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "Stipple " STIPPLE_VERSION);
	if (document->author)
		cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_AUTHOR, document->author);
	if (document->made)
		cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, document->made);
}

static int write_pdf(const Document *document, double width, double height, int pages, FILE *stream)
{
	cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(write_bytes, stream, width, height);
	_cleanup_(canvas_freep) Canvas *canvas = canvas_new(surface, width, height);
	int r;

	describe_pdf(surface, document);
	document->draw(document->content, canvas, pages, turn_pdf, NULL);
	cairo_show_page(canvas->cr);
	r = finish(canvas, surface);
	cairo_surface_destroy(surface);
	return r;
}

/* ---- SVG ---- */

static void turn_svg(void *userdata, Canvas *canvas, int page)
{
	if (page > 1)
		cairo_translate(canvas->cr, 0, canvas->height + SHEETS_APART);
}

static int write_svg(const Document *document, double width, double height, int pages, FILE *stream)
{
	double all = pages * height + (pages - 1) * SHEETS_APART;
	cairo_surface_t *surface = cairo_svg_surface_create_for_stream(write_bytes, stream, width, all);
	_cleanup_(canvas_freep) Canvas *canvas = canvas_new(surface, width, height);
	int r;

	document->draw(document->content, canvas, pages, turn_svg, NULL);
	r = finish(canvas, surface);
	cairo_surface_destroy(surface);
	return r;
}

int document_write(const Document *document, ReportFormat format, ReportPaper paper, FILE *stream)
{
	double width, height;
	int pages = pages_count(document->draw, document->content, paper);

	report_paper_size(paper, &width, &height);
	switch (format) {
	case REPORT_FORMAT_PDF:
		return write_pdf(document, width, height, pages, stream);
	case REPORT_FORMAT_SVG:
		return write_svg(document, width, height, pages, stream);
	case REPORT_FORMAT_HTML:
		return document->html(document->content, stream);
	case REPORT_FORMAT_MAX:
	case REPORT_FORMAT_INVALID:
		break;
	}
	return -EINVAL;
}

void session_document(const Report *report, Document *ret)
{
	*ret = (Document){
		.content = report,
		.draw = session_pages_draw,
		.html = session_html_write,
		.author = report->clinic,
		.made = report->made,
	};
	snprintf(ret->title, sizeof ret->title, "Session report %lld", (long long)report->session);
}
