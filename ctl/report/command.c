/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The commands `report` and `audit report`, which write a file. A report that was cut short must never stand
 * under that file's name.
 */

#include "commands.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "report/gather.h"
#include "report/output.h"

/** What the file's name ends in says what goes in. */
static ReportFormat format_of(const char *file)
{
	const char *dot = file ? strrchr(file, '.') : NULL;

	return dot ? report_format_from_string(dot + 1) : REPORT_FORMAT_INVALID;
}

/** Beside the file and put in its place when it is whole: a report cut short looks like one that is not. */
static int write_file(const Document *document, ReportFormat format, ReportPaper paper, const char *file)
{
	_cleanup_(freep) char *part = NULL;
	FILE *stream;
	int r;

	if (asprintf(&part, "%s.part", file) < 0)
		return -ENOMEM;
	stream = fopen(part, "we");
	if (!stream)
		return -errno;
	r = document_write(document, format, paper, stream);
	if (fclose(stream) != 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(part, file) < 0)
		r = -errno;
	if (r < 0)
		unlink(part);
	return r;
}

typedef struct Form {
	ReportFormat format;
	ReportPaper paper;
} Form;

static int read_form(const Ctl *ctl, Form *ret)
{
	Form form = { format_of(ctl->output),
		ctl->paper ? report_paper_from_string(ctl->paper) : REPORT_PAPER_A4 };

	if ((int)form.format < 0)
		return ctl_usage("a report goes to a file ending in .pdf, .svg or .html: write -o FILE");
	if ((int)form.paper < 0)
		return ctl_usage("there is no paper \"%s\": write a4 or letter", ctl->paper);
	*ret = form;
	return CTL_DONE;
}

static int write_document(const Ctl *ctl, const Document *document, const Form *form)
{
	int r = write_file(document, form->format, form->paper, ctl->output);

	if (r < 0)
		return ctl_fail("%s cannot be written: %s", ctl->output, strerror(-r));
	ctl_done(ctl, json_pack("{s:s}", "file", ctl->output), "%s\n", ctl->output);
	return CTL_DONE;
}

static int run_report(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(report_freep) Report *report = NULL;
	Document document;
	uint64_t session;
	Form form = { 0 };
	int status;

	if (!ctl_parse_number(arguments[0], 1, INT64_MAX, &session))
		return ctl_usage("\"%s\" is no session: write its number", arguments[0]);
	status = read_form(ctl, &form);
	if (status != CTL_DONE)
		return status;
	report = report_new();
	status = report_gather(ctl, (int64_t)session, report);
	if (status != CTL_DONE)
		return status;
	session_document(report, &document);
	return write_document(ctl, &document, &form);
}

static bool is_day(const char *text)
{
	struct tm day;
	const char *end = text ? strptime(text, "%Y-%m-%d", &day) : NULL;

	return !text || (end && *end == '\0');
}

static int run_audit_report(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(inspection_freep) Inspection *inspection = inspection_new();
	Document document;
	Form form = { 0 };
	int status = read_form(ctl, &form);

	if (status != CTL_DONE)
		return status;
	if (!is_day(ctl->from) || !is_day(ctl->to))
		return ctl_usage("--from and --to are days: write YYYY-MM-DD");
	inspection->from = ctl->from;
	inspection->to = ctl->to;
	status = inspection_gather(ctl, inspection);
	if (status != CTL_DONE)
		return status;
	inspection_document(inspection, &document);
	return write_document(ctl, &document, &form);
}

const Command report_commands[] = {
	{ "report", "SESSION -o FILE.pdf|.svg|.html [--paper a4|letter]", 1, 1, run_report,
		"the report of a session, for the client and for an inspector" },
	{ "audit report", "[--from DAY] [--to DAY] -o FILE.pdf|.svg|.html [--paper a4|letter]", 0, 0,
		run_audit_report, "cycles, indicators, lots with certificates and gaps, for an inspector" },
	{ 0 },
};
