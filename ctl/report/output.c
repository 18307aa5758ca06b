/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Writes a report as PDF, SVG or HTML. The page that becomes a PDF must never be stored in a file, because
 * it is about a person.
 */

#include "report/output.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "part-file.h"

static const char *const format_names[] = {
	[REPORT_FORMAT_PDF] = "pdf",
	[REPORT_FORMAT_SVG] = "svg",
	[REPORT_FORMAT_HTML] = "html",
};
static_assert(ELEMENTS(format_names) == REPORT_FORMAT_MAX, "every format has a name");

DEFINE_STRING_TABLE(report_format, ReportFormat, format_names);

static int draw_document(const Document *document, FILE *stream)
{
	document->draw(stream, document->content);
	return ferror(stream) ? -EIO : 0;
}

/** Writes to memory first, because a stream to the file would not tell why it failed. `look` may be NULL. */
static int write_document_text(const Document *document, int (*put)(const Document *document, FILE *stream),
	void (*look)(const char *text), int fd, Error *error)
{
	_cleanup_(freep) char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	int r = stream ? put(document, stream) : -ENOMEM;

	if (stream && fclose(stream) != 0)
		r = -ENOMEM;
	if (r < 0)
		return error_set(error, -EIO, "out of memory");
	if (look)
		look(text);
	return part_file_bytes(fd, text, size, error);
}

static int write_pdf(const Document *document, const Output *output, int fd, Error *error)
{
	_cleanup_(closep) int page = memfd_create("report", MFD_CLOEXEC);
	int r;

	if (page < 0)
		return error_set(error, -EIO, "no memory for the page: %s", strerror(errno));
	r = write_document_text(document, document_write_html, output->look, page, error);
	if (r < 0)
		return r;
	(void)lseek(page, 0, SEEK_SET);
	return print_pdf(&output->printer, page, fd, error);
}

int output_write(const Document *document, const Output *output, int fd, Error *error)
{
	switch (output->format) {
	case REPORT_FORMAT_PDF:
		return write_pdf(document, output, fd, error);
	case REPORT_FORMAT_SVG:
		if (document->draw)
			return write_document_text(document, draw_document, NULL, fd, error);
		return error_set(error, -ENOTSUP, "this report has no figures");
	case REPORT_FORMAT_HTML:
		return write_document_text(document, document_write_html, NULL, fd, error);
	case REPORT_FORMAT_MAX:
	case REPORT_FORMAT_INVALID:
		break;
	}
	return -EINVAL;
}
