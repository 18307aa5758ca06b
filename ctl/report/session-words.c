/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What a session's report says in sentences: screening, consents, sterilisation, signature. It only puts into
 * words what the report holds.
 */

#include "report/session-words.h"

#include <string.h>
#include <strings.h>

#include "report/language.h"
#include "report/report-text.h"
#include "report/row-value.h"

static bool is_listed(const GPtrArray *badges, const char *badge)
{
	for (guint i = 0; i < badges->len; i++)
		if (strcasecmp(g_ptr_array_index(badges, i), badge) == 0)
			return true;
	return false;
}

GPtrArray *list_practitioners(const Report *report)
{
	GPtrArray *badges = g_ptr_array_new();

	for (guint i = 0; i < report->stints->len; i++) {
		const char *badge = report_stint(report, i)->operator;

		if (badge && !is_listed(badges, badge))
			g_ptr_array_add(badges, (void *)badge);
	}
	if (badges->len == 0 && report->badge)
		g_ptr_array_add(badges, (void *)report->badge);
	return badges;
}

char *words_practitioners(const Report *report, bool names)
{
	g_autoptr(GPtrArray) badges = list_practitioners(report);
	GString *text = g_string_new(NULL);
	char *list;

	for (guint i = 0; i < badges->len; i++) {
		const char *badge = g_ptr_array_index(badges, i);

		g_string_append_printf(
			text, "%s%s", i ? ", " : "", names ? report_name_of(report, badge) : badge);
	}
	list = g_string_free(text, false);
	if (names)
		return list;
	text = g_string_new(NULL);
	g_string_printf(text, language_plural("badge %s", "badges %s", badges->len), list);
	g_free(list);
	return g_string_free(text, false);
}

/** Yes or no in both sessions would be no difference. */
static void say_differences(GString *text, const Report *report)
{
	const char *question;
	json_t *last;

	json_object_foreach ((json_t *)report->before, question, last) {
		char title[REPORT_SECTION_MAX];

		report_title_of(question, title);
		g_string_append_c(text, ' ');
		g_string_append_printf(text,
			json_is_true(last) ? _("%s: last session: yes, today: no.")
					   : _("%s: last session: no, today: yes."),
			title);
	}
}

/** An answer that was changed, or a physician's note: what, by whom, when and why. */
static void say_answer_change(GString *text, const Report *report, const json_t *row)
{
	const json_t *body = json_object_get(row, "body");
	const char *question = row_text(body, "question"), *reason = row_text(body, "reason"),
		   *physician = row_text(body, "physician");
	const char *who = report_name_of(report, row_text(row, "actor"));
	int64_t session = row_number(body, "answered_in");
	char title[REPORT_SECTION_MAX], time[REPORT_TIME_MAX];

	if (question)
		report_title_of(question, title);
	else
		snprintf(title, sizeof title, "%s", _("An answer (erased)"));
	report_time(row_text(row, "time"), REPORT_MINUTE, time);
	g_string_append_c(text, ' ');
	if (g_strcmp0(row_text(row, "kind"), "physician.cleared") == 0)
		g_string_append_printf(text, _("%s: a physician's note (%s) was seen by %s on %s."), title,
			physician ? physician : _("erased"), who, time);
	else if (session && session != report->session)
		g_string_append_printf(text,
			_("%s: answered with yes in session %lld, then with no; changed by %s on %s: %s."),
			title, (long long)session, who, time, reason ? reason : _("erased"));
	else
		g_string_append_printf(text,
			_("%s: answered with yes, then with no; changed by %s on %s: %s."), title, who, time,
			reason ? reason : _("erased"));
}

static void say_answers(GString *text, const Report *report)
{
	long long n = (long long)report->questions;

	if (n == 0)
		g_string_append(text, _("No screening is on record."));
	else if (report->answers_erased)
		g_string_append_printf(text,
			language_plural("%lld question was answered; the answer was erased.",
				"%lld questions were answered; the answers were erased.", n),
			n);
	else if (report->yes->len == 0)
		g_string_append_printf(text,
			language_plural("The %lld question was answered with no.",
				"All %lld questions were answered with no.", n),
			n);
	else
		g_string_append_printf(text,
			language_plural("%lld question; answered with yes: ",
				"%lld questions; answered with yes: ", n),
			n);
	for (size_t i = 0; i < report->yes->len; i++) {
		char title[REPORT_SECTION_MAX];

		report_title_of(g_ptr_array_index(report->yes, i), title);
		g_string_append_printf(text, "%s%s", title, i + 1 < report->yes->len ? ", " : ".");
	}
}

char *words_screening(const Report *report)
{
	GString *text = g_string_new(NULL);

	say_answers(text, report);
	say_differences(text, report);
	for (guint i = 0; i < report->changes->len; i++)
		say_answer_change(text, report, g_ptr_array_index(report->changes, i));
	return g_string_free(text, false);
}

static const ReportConsent *consent_at(const Report *report, guint i)
{
	return &g_array_index(report->consents, ReportConsent, i);
}

/** Whether this consent was already described. */
static bool is_repeated_consent(const Report *report, guint consent)
{
	for (guint i = 0; i < consent; i++)
		if (strcmp(consent_at(report, i)->consent, consent_at(report, consent)->consent) == 0)
			return true;
	return false;
}

/** A consent is given and may be withdrawn; that something happened is stated. */
static const char *consent_verb(const ReportConsent *consent)
{
	bool is_consent =
		strcmp(consent->consent, "treatment") == 0 || strcmp(consent->consent, "photographs") == 0;

	return !consent->given ? _("withdrawn") : is_consent ? _("given") : _("confirmed");
}

/** The form that was signed, and on what. The caller frees it. */
static char *consent_form_words(const ReportConsent *consent)
{
	const char *version = consent->version ? consent->version : _("without version");

	if (!consent->signed_on)
		return g_strdup_printf(_("form %s"), version);
	return g_strdup_printf(strcmp(consent->signed_on, "paper") == 0 ? _("form %s, signed on paper")
									: _("form %s, signed on screen"),
		version);
}

/** Everything that was recorded about one consent, beginning with its first record. */
static void say_consent(GString *text, const Report *report, guint first)
{
	char title[REPORT_SECTION_MAX], time[REPORT_TIME_MAX];

	report_title_of(consent_at(report, first)->consent, title);
	for (guint i = first; i < report->consents->len; i++) {
		const ReportConsent *consent = consent_at(report, i);
		_cleanup_(freep) char *form = NULL;

		if (strcmp(consent->consent, consent_at(report, first)->consent) != 0)
			continue;
		form = consent_form_words(consent);
		g_string_append_printf(text, "%s%s%s (%s)", i == first ? title : "", i == first ? ": " : ", ",
			consent_verb(consent), form);
		if (report_time_within(report, consent->time, time)[0])
			g_string_append_printf(text, _(" at %s"), time);
	}
}

char *words_consents(const Report *report)
{
	GString *text = g_string_new(report->consents->len ? NULL : _("No consent is on record."));

	for (guint i = 0; i < report->consents->len; i++) {
		if (is_repeated_consent(report, i))
			continue;
		if (i)
			g_string_append(text, "; ");
		say_consent(text, report, i);
	}
	if (report->consents->len)
		g_string_append_c(text, '.');
	return g_string_free(text, false);
}

/* ---- handpieces ---- */

static bool is_of(const ReportDoubt *doubt, const ReportHandpiece *piece)
{
	return piece->released && doubt->cycle == piece->cycle && doubt->series == piece->series &&
	       doubt->steriliser && piece->steriliser && strcmp(doubt->steriliser, piece->steriliser) == 0;
}

static void say_results(GString *text, const ReportHandpiece *piece)
{
	const struct {
		const char *name, *result;
	} results[] = {
		{ _("mechanical readings"), piece->mechanical },
		{ _("class V integrator"), piece->integrator },
		{ _("chemical indicator"), piece->chemical },
	};

	for (size_t i = 0; i < ELEMENTS(results); i++)
		g_string_append_printf(text, "; %s: %s", results[i].name,
			results[i].result ? _(results[i].result) : _("not on record"));
	g_string_append_printf(
		text, _("; released by %s."), piece->released_by ? piece->released_by : _("nobody named"));
}

static void say_doubt(GString *text, const ReportDoubt *doubt)
{
	char tested[REPORT_TIME_MAX], cleared[REPORT_TIME_MAX];

	report_time(doubt->tested, REPORT_MINUTE, tested);
	if (doubt->cleared)
		g_string_append_printf(text,
			_(" It was in doubt: the biological test of %s failed (record %lld); one that passed, of %s, "
			  "ended this."),
			tested, (long long)doubt->test, report_time(doubt->cleared, REPORT_MINUTE, cleared));
	else
		g_string_append_printf(text,
			_(" IN DOUBT: the biological test of %s failed (record %lld) and none has passed since."),
			tested, (long long)doubt->test);
	if (doubt->action)
		g_string_append_printf(text, _(" Done about it: %s."), doubt->action);
}

static void say_handpiece(GString *text, const Report *report, const ReportHandpiece *piece)
{
	char time[REPORT_TIME_MAX];

	if (!piece->released) {
		g_string_append_printf(
			text, _("Handpiece %s: no released cycle is on record."), piece->handpiece);
		return;
	}
	g_string_append_printf(text, _("Handpiece %s: steriliser %s, cycle %lld of %s"), piece->handpiece,
		piece->steriliser ? piece->steriliser : _("not named"), (long long)piece->cycle,
		report_time(piece->started, REPORT_MINUTE, time));
	say_results(text, piece);
	if (piece->rejected)
		g_string_append_printf(text, _(" REJECTED on %s by %s: %s."),
			report_time(piece->rejected, REPORT_MINUTE, time),
			piece->rejected_by ? piece->rejected_by : _("nobody named"),
			piece->rejected_reason ? piece->rejected_reason : _("no reason"));
	for (guint i = 0; i < report->doubts->len; i++)
		if (is_of(&g_array_index(report->doubts, ReportDoubt, i), piece))
			say_doubt(text, &g_array_index(report->doubts, ReportDoubt, i));
}

bool words_doubtful(const Report *report)
{
	for (guint i = 0; i < report->handpieces->len; i++) {
		const ReportHandpiece *piece = &g_array_index(report->handpieces, ReportHandpiece, i);

		if (piece->rejected)
			return true;
		for (guint k = 0; k < report->doubts->len; k++) {
			const ReportDoubt *doubt = &g_array_index(report->doubts, ReportDoubt, k);

			if (!doubt->cleared && is_of(doubt, piece))
				return true;
		}
	}
	return false;
}

char *words_handpieces(const Report *report)
{
	GString *text = g_string_new(NULL);

	if (report->handpieces->len == 0)
		g_string_append(
			text, _("No reusable handpiece is on record for this session. Cartridges are sterile "
				"single-use articles; the certificates of their lots stand in their list."));
	for (size_t i = 0; i < report->handpieces->len; i++) {
		if (i)
			g_string_append_c(text, ' ');
		say_handpiece(text, report, &g_array_index(report->handpieces, ReportHandpiece, i));
	}
	return g_string_free(text, false);
}

static char *words_unsigned(const Report *report)
{
	switch (report->outcome) {
	case REPORT_ABANDONED:
		return g_strdup_printf(_("This session is not signed. It was abandoned: %s."),
			report->closing_reason ? report->closing_reason : _("no reason given"));
	case REPORT_INTERRUPTED:
		return g_strdup(_("This session is not signed. The station stopped before it was finished."));
	case REPORT_OPEN:
		return g_strdup(_("This session is not signed. It goes on: what stands here may change."));
	case REPORT_FINISHED:
	case REPORT_SIGNED:
	case REPORT_OUTCOME_MAX:
	case REPORT_OUTCOME_INVALID:
		break;
	}
	return g_strdup(_("This session is not signed."));
}

char *words_signature(const Report *report)
{
	const char *name = json_string_value(json_object_get(report->operators, report->signer));
	char time[REPORT_TIME_MAX];

	if (!report->signer)
		return words_unsigned(report);
	return g_strdup_printf(
		_("Signed electronically by %s%s%s%s on %s with the meaning \xe2\x80\x9c%s\xe2\x80\x9d."),
		name ? name : report->signer, name ? " (" : "", name ? report->signer : "", name ? ")" : "",
		report_time(report->signed_at, REPORT_MOMENT, time),
		report->meaning ? _(report->meaning) : "");
}
