/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What happened in a session, in sentences: faults, refusals, alerts, incidents, overrides and corrections.
 * It only takes records: it must not ask the station.
 */

#include "report/report-events.h"

#include "report/language.h"
#include "report/report-text.h"
#include "report/row-value.h"

void report_take_fault(Report *report, const json_t *row, const json_t *body)
{
	char cause[REPORT_SECTION_MAX], within[160], ms[LANGUAGE_FIGURE_MAX];
	const char *detail = row_text(body, "detail");
	int64_t latency_us = row_number(body, "stop_latency_us");

	report_title_of(row_text(body, "cause"), cause);
	/* the station measures its own line; how long the needle then moves depends on the motor */
	if (latency_us <= 0)
		snprintf(within, sizeof within, "%s", _("the drive was switched off"));
	else if (latency_us < 1000)
		snprintf(within, sizeof within,
			_("drive line off after %lld \xc2\xb5s (needle motion not measured)"),
			(long long)latency_us);
	else
		snprintf(within, sizeof within, _("drive line off after %s ms (needle motion not measured)"),
			language_figure((double)latency_us / 1000, 1, ms));
	report_add_event(report, REPORT_EVENT_FAULT, row, "%s: %s%s%s", cause, within, detail ? "; " : "",
		detail ? detail : "");
}

void report_take_acknowledgement(Report *report, const json_t *row, const json_t *body)
{
	char cause[REPORT_SECTION_MAX];
	const char *note = row_text(body, "note");

	report_title_of(row_text(body, "cause"), cause);
	report_add_event(
		report, REPORT_EVENT_FAULT, row, _("%s acknowledged: %s"), cause, note ? note : _("no note"));
}

static void add_recorded_text(Report *report, ReportEventKind kind, const json_t *row, const json_t *body)
{
	const char *text = row_text(body, "text");

	report_add_event(report, kind, row, "%s", text ? text : _("no words were recorded"));
}

void report_take_refusal(Report *report, const json_t *row, const json_t *body)
{
	add_recorded_text(report, REPORT_EVENT_REFUSAL, row, body);
}

/** Says what the record cannot show, at the place where a reader would look for it. */
void report_take_recovery(Report *report, const json_t *row, const json_t *body)
{
	const char *since = row_text(body, "since");
	double lacking_s = (double)row_number(body, "lacking_ms") / 1000;
	char stopped[REPORT_TIME_MAX], lacking[LANGUAGE_FIGURE_MAX];

	if (lacking_s > 0)
		report_add_event(report, REPORT_EVENT_STOP, row,
			_("The station stopped after %s with the needle armed, and started again: strokes of up to "
			  "%s s are not on record"),
			since ? report_time(since, REPORT_SECOND, stopped) : "?",
			language_figure(lacking_s, 1, lacking));
	else
		report_add_event(report, REPORT_EVENT_STOP, row,
			_("The station stopped after %s, and started again; by the record the needle was not armed"),
			since ? report_time(since, REPORT_SECOND, stopped) : "?");
}

void report_take_hand_over(Report *report, const json_t *row, const json_t *body)
{
	char zone[REPORT_SECTION_MAX];
	const char *unit = row_text(body, "unit");

	report_title_of(row_text(body, "zone"), zone);
	report_add_event(report, REPORT_EVENT_HAND_OVER, row, _("%s took over from %s%s%s%s%s"),
		report_name_of(report, row_text(body, "to")), report_name_of(report, row_text(body, "from")),
		zone[0] ? _("; zone: ") : "", zone, unit ? _("; cartridge: ") : "", unit ? unit : "");
}

void report_take_alert(Report *report, const json_t *row, const json_t *body)
{
	add_recorded_text(report, REPORT_EVENT_ALERT, row, body);
}

void report_take_note(Report *report, const json_t *row, const json_t *body)
{
	const char *text = row_text(body, "text");

	report_add_event(report, REPORT_EVENT_NOTE, row, "%s", text ? text : _("no words were recorded"));
}

enum { ZONES_TEXT = 512 }; /* bytes; all fourteen zones have fewer */

/** "Crown, Nape", or what an empty list stands for. */
static void zones_text(const json_t *zones, char *ret, size_t size)
{
	size_t used = 0, i;
	json_t *name;

	snprintf(ret, size, "%s", _("all zones"));
	json_array_foreach (zones, i, name) {
		char title[REPORT_SECTION_MAX];

		report_title_of(json_string_value(name), title);
		if (title[0] && used < size)
			used += (size_t)snprintf(ret + used, size - used, "%s%s", used ? ", " : "", title);
	}
}

void report_take_anaesthetic(Report *report, const json_t *row, const json_t *body)
{
	const char *product = row_text(body, "product"), *lot = row_text(body, "lot"),
		   *applied = row_text(body, "applied");
	char zones[ZONES_TEXT], percent[REPORT_NUMBER_MAX], time[REPORT_TIME_MAX];

	zones_text(json_object_get(body, "zones"), zones, sizeof zones);
	report_add_event(report, REPORT_EVENT_ANAESTHETIC, row,
		_("%s, %s %% lidocaine%s%s; applied %s to %s; %lld minutes before the first dot"),
		product ? product : "?", report_number(row_real(body, "percent"), percent),
		lot ? _(", lot ") : "", lot ? lot : "",
		applied ? report_time(applied, REPORT_MINUTE, time) : "?", zones,
		(long long)row_number(body, "wait_min"));
}

void report_take_incident(Report *report, const json_t *row, const json_t *body)
{
	char incident[REPORT_SECTION_MAX];
	const char *severity = row_text(body, "severity"), *text = row_text(body, "text");
	const char *device = row_text(body, "device"), *area = row_text(body, "area");

	report_title_of(row_text(body, "incident"), incident);
	report_add_event(report, REPORT_EVENT_INCIDENT, row, "%s%s%s%s: %s%s%s%s%s", incident,
		severity ? " (" : "", severity ? _(severity) : "", severity ? ")" : "",
		text ? text : _("not described"), device ? _("; device: ") : "", device ? device : "",
		area ? _("; where: ") : "", area ? area : "");
}

void report_take_override(Report *report, const json_t *row, const json_t *body)
{
	char interlock[REPORT_SECTION_MAX];
	const char *reason = row_text(body, "reason");

	report_title_of(row_text(body, "interlock"), interlock);
	report_add_event(report, REPORT_EVENT_OVERRIDE, row, _("%s set aside: %s"), interlock,
		reason ? reason : _("no reason"));
}

/** A value as the record has it, which need not be a text. */
static char *recorded_value(const json_t *body, const char *key)
{
	const json_t *value = json_object_get(body, key);
	char number[REPORT_NUMBER_MAX];

	if (json_is_real(value))
		return strdup(report_number(json_real_value(value), number));
	return json_is_string(value) ? strdup(json_string_value(value)) : json_dumps(value, JSON_ENCODE_ANY);
}

void report_take_correction(Report *report, const json_t *row, const json_t *body)
{
	_cleanup_(freep) char *old = recorded_value(body, "old"), *new = recorded_value(body, "new");
	const char *field = row_text(body, "field"), *why = row_text(body, "why");

	report_add_event(report, REPORT_EVENT_CORRECTION, row, _("Record %lld, %s: not %s but %s (%s)"),
		(long long)row_number(body, "corrects"), field ? field : "?", old ? old : "?",
		new ? new : "?", why ? why : _("no reason"));
}
