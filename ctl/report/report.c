/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Creates, fills and frees a session's report. It only stores: it must not decide which row of the record
 * goes where.
 */

#include "report/report.h"

#include <assert.h>
#include <string.h>

#include "report/language.h"
#include "report/row-value.h"

static const char *const outcome_names[] = {
	[REPORT_OPEN] = N_("In progress"),
	[REPORT_FINISHED] = N_("Finished, not signed"),
	[REPORT_SIGNED] = N_("Signed"),
	[REPORT_ABANDONED] = N_("Abandoned"),
	[REPORT_INTERRUPTED] = N_("Interrupted"),
};
static_assert(ELEMENTS(outcome_names) == REPORT_OUTCOME_MAX, "every outcome has a name");

static const char *const event_names[] = {
	[REPORT_EVENT_INCIDENT] = N_("Incident"),
	[REPORT_EVENT_OVERRIDE] = N_("Override"),
	[REPORT_EVENT_FAULT] = N_("Fault"),
	[REPORT_EVENT_REFUSAL] = N_("Refusal"),
	[REPORT_EVENT_ALERT] = N_("Alert"),
	[REPORT_EVENT_CORRECTION] = N_("Correction"),
	[REPORT_EVENT_LOT] = N_("Lot status"),
	[REPORT_EVENT_STOP] = N_("Station stopped"),
	[REPORT_EVENT_NOTE] = N_("Note"),
	[REPORT_EVENT_HAND_OVER] = N_("Hand-over"),
	[REPORT_EVENT_ANAESTHETIC] = N_("Anaesthetic"),
};
static_assert(ELEMENTS(event_names) == REPORT_EVENT_KIND_MAX, "every kind of event has a name");

DEFINE_STRING_TABLE(report_outcome, ReportOutcome, outcome_names);
DEFINE_STRING_TABLE(report_event_kind, ReportEventKind, event_names);

/* ---- making and freeing ---- */

static void event_clear(void *event)
{
	free(((ReportEvent *)event)->text);
}

static void zone_clear(void *item)
{
	ReportZone *zone = item;

	if (zone->before.jpeg)
		g_bytes_unref(zone->before.jpeg);
	if (zone->after.jpeg)
		g_bytes_unref(zone->after.jpeg);
}

static void proof_clear(ReportProof *proof)
{
	free(proof->text);
	free(proof->code);
}

static void consent_clear(void *data)
{
	proof_clear(&((ReportConsent *)data)->proof);
}

Report *report_new(void)
{
	Report *report = g_new0(Report, 1);

	report->zones = g_array_new(false, true, sizeof(ReportZone));
	g_array_set_clear_func(report->zones, zone_clear);
	report->cartridges = g_array_new(false, true, sizeof(ReportCartridge));
	report->pigments = g_array_new(false, true, sizeof(ReportPigment));
	report->handpieces = g_array_new(false, true, sizeof(ReportHandpiece));
	report->events = g_array_new(false, true, sizeof(ReportEvent));
	g_array_set_clear_func(report->events, event_clear);
	report->doubts = g_array_new(false, true, sizeof(ReportDoubt));
	report->stints = g_array_new(false, true, sizeof(ReportStint));
	report->consents = g_array_new(false, true, sizeof(ReportConsent));
	g_array_set_clear_func(report->consents, consent_clear);
	report->aftercare = g_ptr_array_new();
	report->yes = g_ptr_array_new();
	report->changes = g_ptr_array_new();
	report->kept = json_array();
	report->operators = json_object();
	return report;
}

Report *report_free(Report *report)
{
	if (!report)
		return NULL;
	g_array_unref(report->zones);
	g_array_unref(report->cartridges);
	g_array_unref(report->pigments);
	g_array_unref(report->handpieces);
	g_array_unref(report->doubts);
	g_array_unref(report->events);
	g_array_unref(report->consents);
	g_array_unref(report->stints);
	g_ptr_array_unref(report->aftercare);
	g_ptr_array_unref(report->yes);
	g_ptr_array_unref(report->changes);
	proof_clear(&report->proof);
	free(report->next);
	json_decref(report->kept);
	json_decref(report->operators);
	g_free(report);
	return NULL;
}

const char *report_keep(Report *report, const char *text)
{
	json_t *kept = text ? json_string(text) : NULL;

	if (kept && json_array_append_new(report->kept, kept) == 0)
		return json_string_value(kept);
	return NULL;
}

ReportZone *report_zone(const Report *report, const char *zone)
{
	for (size_t i = 0; zone && i < report->zones->len; i++) {
		ReportZone *found = &g_array_index(report->zones, ReportZone, i);

		if (strcmp(found->zone, zone) == 0)
			return found;
	}
	return NULL;
}

ReportConsent *report_consent(const Report *report, size_t i)
{
	return &g_array_index(report->consents, ReportConsent, i);
}

ReportCartridge *report_cartridge(const Report *report, size_t i)
{
	return &g_array_index(report->cartridges, ReportCartridge, i);
}

const ReportStint *report_stint(const Report *report, size_t i)
{
	return &g_array_index(report->stints, ReportStint, i);
}

const char *report_name_of(const Report *report, const char *badge)
{
	const char *name = badge ? json_string_value(json_object_get(report->operators, badge)) : "";

	return name ? name : badge;
}

/* ---- what happened ---- */

/**
 * The index where an event of this time belongs. Rows of one query come in order, but those of several do
 * not.
 */
static guint event_place(const Report *report, const char *time)
{
	guint place = report->events->len;

	while (time && place > 0) {
		const char *before = g_array_index(report->events, ReportEvent, place - 1).time;

		if (!before || strcmp(before, time) <= 0)
			break;
		place--;
	}
	return place;
}

void report_add_event(Report *report, ReportEventKind kind, const json_t *row, const char *format, ...)
{
	ReportEvent event = { .kind = kind, .time = row_text(row, "time"), .actor = row_text(row, "actor") };
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&event.text, format, arguments) < 0)
		event.text = NULL;
	va_end(arguments);
	g_array_insert_val(report->events, event_place(report, event.time), event);
}
