/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The commands `report` and `audit report`, which write a file. A report that is incomplete must never
 * appear under that file's name.
 */

#include "commands.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "part-file.h"
#include "report/consents-html.h"
#include "report/fonts.h"
#include "report/gather-client.h"
#include "report/gather-station.h"
#include "report/gather.h"
#include "report/inspection-html.h"
#include "report/output.h"
#include "report/person-export.h"
#include "report/session-html.h"

/* a session takes seconds; a year of an inspector's tables takes minutes on a small machine */
enum { SESSION_LIMIT_S = 120, INSPECTION_LIMIT_S = 900 };

/** The ending of the file's name chooses the format. */
static ReportFormat format_of(const char *file)
{
	const char *dot = file ? strrchr(file, '.') : NULL;

	return dot ? report_format_from_string(dot + 1) : REPORT_FORMAT_INVALID;
}

typedef struct Form {
	Output output;
	ReportPaper paper;
} Form;

typedef struct WholeReport {
	const Document *document;
	const Output *output;
} WholeReport;

static int write_report(const void *content, int fd, Error *error)
{
	const WholeReport *report = content;

	return output_write(report->document, report->output, fd, error);
}

static int write_whole_file(const Document *document, const Output *output, const char *file, Error *error)
{
	const WholeReport report = { document, output };

	return part_file_write(file, write_report, &report, error);
}

/** A name in a script without a font would be printed as boxes. */
static void warn_of_boxes(const char *page)
{
	char letter[7] = "";
	gunichar lacking = fonts_lack(page);

	if (!lacking)
		return;
	letter[g_unichar_to_utf8(lacking, letter)] = '\0';
	fprintf(stderr,
		"stipplectl: no font here has the letter \"%s\" (U+%04X), which becomes a box: install "
		"fonts-noto-core or, for Chinese, Japanese and Korean, fonts-noto-cjk\n",
		letter, (unsigned)lacking);
}

/** `figures`: whether an SVG can be made of it. `limit_s`: limit for printing. */
static int read_form(const Ctl *ctl, bool figures, int limit_s, Form *ret)
{
	Form form = {
		.output = { format_of(ctl->output), { "weasyprint", limit_s * 1000 }, warn_of_boxes },
		.paper = ctl->paper ? report_paper_from_string(ctl->paper) : REPORT_PAPER_A4,
	};

	if ((int)form.output.format < 0 || (form.output.format == REPORT_FORMAT_SVG && !figures))
		return ctl_usage(
			"%s", figures ? "a report goes to a file ending in .pdf, .html or, for its figures, "
					".svg: write -o FILE"
				      : "this report goes to a file ending in .pdf or .html: write -o FILE");
	if ((int)form.paper < 0)
		return ctl_usage("there is no paper \"%s\": write a4 or letter", ctl->paper);
	*ret = form;
	return CTL_DONE;
}

/** Without the printing program, writes the page that it would have printed, under an unused name. */
static int write_page_instead(const Ctl *ctl, const Document *document)
{
	const Output page = { .format = REPORT_FORMAT_HTML };
	_cleanup_(freep) char *file = NULL;
	Error error;

	if (asprintf(&file, "%s.html", ctl->output) < 0)
		return ctl_fail("out of memory");
	if (write_whole_file(document, &page, file, &error) < 0)
		return ctl_fail("%s cannot be written: %s", file, error.text);
	return ctl_fail(
		"%s was not written, as weasyprint is not installed: install the package weasyprint, or "
		"print %s from a browser",
		ctl->output, file);
}

static int write_report_file(Ctl *ctl, Document *document, const Form *form)
{
	_cleanup_(letterhead_clear) Letterhead letterhead = { 0 };
	Error error;
	int r, status = letterhead_gather(ctl, &letterhead);

	if (status != CTL_DONE)
		return status;
	document->letterhead = &letterhead;
	document->paper = form->paper;
	r = write_whole_file(document, &form->output, ctl->output, &error);

	if (r == -ENOPKG)
		return write_page_instead(ctl, document);
	if (r < 0)
		return ctl_fail("%s cannot be written: %s", ctl->output, error.text);
	ctl_done(ctl, json_pack("{s:s}", "file", ctl->output), "%s\n", ctl->output);
	return CTL_DONE;
}

/** A document about one session: how its contents are asked for, and how it is laid out. */
typedef struct SessionPaper {
	bool figures; /* whether an SVG can be made of it */
	int (*gather)(Ctl *ctl, int64_t session, Report *report);
	void (*document)(const Report *report, Document *ret);
} SessionPaper;

/** The language that was asked for, or that of the client's card, is that of the document. */
static int choose_language(Ctl *ctl, int64_t session)
{
	Language language = ctl->language ? language_from_string(ctl->language) : LANGUAGE_EN;
	int status = CTL_DONE;

	if ((int)language < 0)
		return ctl_usage("there is no language \"%s\": write en, es or de", ctl->language);
	if (!ctl->language)
		status = gather_language(ctl, session, &language);
	language_use(language);
	return status;
}

static int write_session_paper(Ctl *ctl, const char *number, const SessionPaper *paper)
{
	_cleanup_(report_freep) Report *report = NULL;
	Document document;
	uint64_t session;
	Form form = { 0 };
	int status;

	if (!ctl_parse_number(number, 1, INT64_MAX, &session))
		return ctl_usage("\"%s\" is no session: write its number", number);
	status = read_form(ctl, paper->figures, SESSION_LIMIT_S, &form);
	if (status != CTL_DONE)
		return status;
	status = choose_language(ctl, (int64_t)session);
	if (status != CTL_DONE)
		return status;
	report = report_new();
	status = paper->gather(ctl, (int64_t)session, report);
	if (status != CTL_DONE)
		return status;
	paper->document(report, &document);
	return write_report_file(ctl, &document, &form);
}

static int run_report(Ctl *ctl, int n, char **arguments)
{
	return write_session_paper(
		ctl, arguments[0], &(SessionPaper){ true, report_gather, session_document });
}

static int run_session_copy(Ctl *ctl, int n, char **arguments)
{
	return write_session_paper(
		ctl, arguments[0], &(SessionPaper){ false, report_gather_consents, consents_document });
}

static int run_passport(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(passport_freep) Passport *passport = passport_new();
	const Report *last;
	Document document;
	Form form = { 0 };
	int status = read_form(ctl, false, SESSION_LIMIT_S, &form);

	if (status != CTL_DONE)
		return status;
	status = passport_gather(ctl, arguments[0], passport);
	if (status != CTL_DONE)
		return status;
	last = g_ptr_array_index(passport->sessions, passport->sessions->len - 1);
	status = choose_language(ctl, last->session);
	if (status != CTL_DONE)
		return status;
	passport_document(passport, &document);
	return write_report_file(ctl, &document, &form);
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
	int status = read_form(ctl, false, INSPECTION_LIMIT_S, &form);

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
	return write_report_file(ctl, &document, &form);
}

static int run_incident_form(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(incident_form_freep) IncidentForm *incident = incident_form_new();
	Document document;
	uint64_t number;
	Form form = { 0 };
	int status;

	if (!ctl_parse_number(arguments[0], 1, INT64_MAX, &number))
		return ctl_usage("\"%s\" is no incident: write the number of its record", arguments[0]);
	status = read_form(ctl, false, SESSION_LIMIT_S, &form);
	if (status != CTL_DONE)
		return status;
	status = incident_form_gather(ctl, (int64_t)number, incident);
	if (status != CTL_DONE)
		return status;
	incident_form_document(incident, &document);
	return write_report_file(ctl, &document, &form);
}

const Command report_commands[] = {
	{ "report", "SESSION -o FILE.pdf|.html|.svg [--paper a4|letter] [--language en|es|de]", 1, 1,
		run_report, "the report of a session, for the client and for an inspector" },
	{ "session copy", "SESSION -o FILE.pdf|.html [--paper a4|letter] [--language en|es|de]", 1, 1,
		run_session_copy, "the client's copy of what was signed in a session" },
	{ "person export", "SUBJECT -o FOLDER|FILE.zip", 1, 1, person_export_run,
		"all that is on record about a client, with proofs and photographs; the access is recorded" },
	{ "person passport", "SUBJECT -o FILE.pdf|.html [--paper a4|letter] [--language en|es|de]", 1, 1,
		run_passport, "one page for the client: zones, dates, pigments, needles, aftercare" },
	{ "incident form", "N -o FILE.pdf|.html [--paper a4|letter]", 1, 1, run_incident_form,
		"the report of incident N for the authority, filled from the record" },
	{ "audit report", "[--from DAY] [--to DAY] -o FILE.pdf|.html [--paper a4|letter]", 0, 0,
		run_audit_report, "cycles, indicators, lots with certificates and gaps, for an inspector" },
	{ 0 },
};
