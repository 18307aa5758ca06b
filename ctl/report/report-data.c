/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Puts the rows of the daemon's audit queries together into a session's report. It asks the station nothing,
 * and must pass over rows that it does not know.
 */

#include "report/report-rows.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <string.h>
#include <time.h>

static const char *const outcome_names[] = {
	[REPORT_OPEN] = "In progress",
	[REPORT_FINISHED] = "Finished, not signed",
	[REPORT_SIGNED] = "Signed",
	[REPORT_ABANDONED] = "Abandoned",
	[REPORT_INTERRUPTED] = "Interrupted",
};
static_assert(ELEMENTS(outcome_names) == REPORT_OUTCOME_MAX, "every outcome has a name");

static const char *const event_names[] = {
	[REPORT_EVENT_INCIDENT] = "Incident",
	[REPORT_EVENT_OVERRIDE] = "Override",
	[REPORT_EVENT_FAULT] = "Fault",
	[REPORT_EVENT_REFUSAL] = "Refusal",
	[REPORT_EVENT_ALERT] = "Alert",
	[REPORT_EVENT_CORRECTION] = "Correction",
	[REPORT_EVENT_LOT] = "Lot status",
	[REPORT_EVENT_STOP] = "Station stopped",
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
	report->consents = g_array_new(false, true, sizeof(ReportConsent));
	report->aftercare = g_ptr_array_new();
	report->yes = g_ptr_array_new();
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
	g_ptr_array_unref(report->aftercare);
	g_ptr_array_unref(report->yes);
	free(report->proof.text);
	free(report->proof.code);
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

ReportCartridge *report_cartridge(const Report *report, size_t i)
{
	return &g_array_index(report->cartridges, ReportCartridge, i);
}

/* ---- the session ---- */

static void take_begun(Report *report, const json_t *row, const json_t *body)
{
	size_t i;
	json_t *sentence;

	report->session = number_of(body, "session");
	report->subject = text_of(body, "subject");
	report->protocol = text_of(body, "protocol");
	report->title = text_of(body, "title");
	report->course_session = number_of(body, "course_session");
	report->course_sessions = number_of(body, "sessions");
	report->badge = text_of(row, "actor");
	report->begun = text_of(row, "time");
	json_array_foreach (json_object_get(body, "aftercare"), i, sentence)
		if (json_is_string(sentence))
			g_ptr_array_add(report->aftercare, (void *)json_string_value(sentence));
}

static void take_screening(Report *report, const json_t *row, const json_t *body)
{
	const char *question;
	json_t *answer;

	report->questions = 0;
	g_ptr_array_set_size(report->yes, 0);
	json_object_foreach (json_object_get(body, "answers"), question, answer) {
		report->questions++;
		if (json_is_true(answer))
			g_ptr_array_add(report->yes, (void *)question);
	}
}

static void take_consent(Report *report, const json_t *row, const json_t *body)
{
	ReportConsent consent = { text_of(body, "consent"), text_of(body, "version"), text_of(row, "time"),
		json_is_true(json_object_get(body, "given")) };

	if (consent.consent)
		g_array_append_val(report->consents, consent);
}

static void take_end(Report *report, const json_t *row, const json_t *body, ReportOutcome outcome)
{
	if (outcome == REPORT_FINISHED) {
		report->dots = number_of(body, "dots");
		report->strokes = number_of(body, "strokes");
		report->worked_s = number_of(body, "worked_s");
		report->worked_is_known = true;
		report->ended = text_of(row, "time");
	} else if (outcome == REPORT_SIGNED) {
		report->signer = text_of(row, "actor");
		/* what the signer said of it may have been erased, and then what it stands for is left */
		report->meaning = text_of(body, text_of(body, "meaning") ? "meaning" : "signed");
		report->signed_at = text_of(row, "time");
	} else {
		report->ended = text_of(row, "time");
		report->closing_reason = text_of(body, "reason");
	}
	report->outcome = outcome;
}

static void take_finished(Report *report, const json_t *row, const json_t *body)
{
	take_end(report, row, body, REPORT_FINISHED);
}

static void take_signed(Report *report, const json_t *row, const json_t *body)
{
	take_end(report, row, body, REPORT_SIGNED);
}

static void take_abandoned(Report *report, const json_t *row, const json_t *body)
{
	take_end(report, row, body, REPORT_ABANDONED);
}

static void take_interrupted(Report *report, const json_t *row, const json_t *body)
{
	take_end(report, row, body, REPORT_INTERRUPTED);
}

/* ---- zones ---- */

static ReportZone *zone_of(Report *report, const json_t *body)
{
	const char *name = text_of(body, "zone");
	ReportZone *found = report_zone(report, name), zone = { 0 };

	if (found || !name)
		return found;
	zone.zone = report_keep(report, name);
	g_array_append_val(report->zones, zone);
	return &g_array_index(report->zones, ReportZone, report->zones->len - 1);
}

static void take_zone(Report *report, const json_t *row, const json_t *body)
{
	ReportZone *zone = zone_of(report, body);

	if (!zone)
		return;
	zone->skin_type = text_of(body, "skin_type");
	zone->area_mm2 = real_of(body, "area_mm2");
	zone->target = real_of(body, "target");
	zone->depth_min_um = real_of(body, "depth_min_um");
	zone->depth_max_um = real_of(body, "depth_max_um");
}

static void take_histogram(const json_t *body, const char *key, int64_t ret[REPORT_BINS])
{
	const json_t *bins = json_object_get(body, key);

	for (size_t i = 0; json_is_array(bins) && i < REPORT_BINS; i++)
		ret[i] = json_integer_value(json_array_get(bins, i));
}

static void take_statistics(Report *report, const json_t *row, const json_t *body)
{
	ReportZone *zone = zone_of(report, body);

	if (!zone)
		return;
	zone->dots = number_of(body, "dots");
	zone->strokes = number_of(body, "strokes");
	zone->area_mm2 = real_of(body, "area_mm2");
	zone->density = real_of(body, "density");
	zone->target = real_of(body, "target");
	zone->outside = real_of(body, "outside");
	zone->depth_mean_um = real_of(body, "depth_mean_um");
	zone->dwell_mean_ms = real_of(body, "dwell_mean_ms");
	take_histogram(body, "histogram", zone->depth);
	take_histogram(body, "dwell_histogram", zone->dwell);
}

static void take_picture(Report *report, const json_t *row, const json_t *body)
{
	ReportZone *zone = zone_of(report, body);
	const char *phase = text_of(body, "phase");
	double width = real_of(body, "width");
	ReportPicture *picture;

	if (!zone || !phase)
		return;
	picture = strcmp(phase, "after") == 0 ? &zone->after : &zone->before;
	/* a later one may have been taken when the needle had been there already */
	if (picture == &zone->before && picture->file)
		return;
	picture->record = number_of(row, "seq");
	picture->file = text_of(body, "file");
	picture->sha256 = text_of(body, "sha256");
	picture->time = text_of(row, "time");
	picture->shape = width > 0 ? real_of(body, "height") / width : 0;
}

/** What became of a photograph since. */
static bool take_image(Report *report, const json_t *row)
{
	for (size_t i = 0; i < report->zones->len * 2; i++) {
		ReportZone *zone = &g_array_index(report->zones, ReportZone, i / 2);
		ReportPicture *picture = i % 2 ? &zone->after : &zone->before;

		if (!picture->file || picture->record != number_of(row, "seq"))
			continue;
		picture->erasure = number_of(row, "erasure");
		picture->erased = same(text_of(row, "state"), "erased") ? text_of(row, "erased") : NULL;
		return true;
	}
	return false;
}

/* ---- what happened ---- */

/** Where an event of this time belongs: rows of one query come in order, those of several do not. */
static guint place_of(const Report *report, const char *time)
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
	ReportEvent event = { .kind = kind, .time = text_of(row, "time"), .actor = text_of(row, "actor") };
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&event.text, format, arguments) < 0)
		event.text = NULL;
	va_end(arguments);
	g_array_insert_val(report->events, place_of(report, event.time), event);
}

static void take_fault(Report *report, const json_t *row, const json_t *body)
{
	char cause[REPORT_SECTION_MAX], within[64];
	const char *detail = text_of(body, "detail");
	int64_t latency_us = number_of(body, "stop_latency_us");

	report_title_of(text_of(body, "cause"), cause);
	if (latency_us <= 0)
		snprintf(within, sizeof within, "the needle was stopped");
	else if (latency_us < 1000)
		snprintf(within, sizeof within, "the needle was stopped within %lld \xc2\xb5s",
			(long long)latency_us);
	else
		snprintf(within, sizeof within, "the needle was stopped within %.1f ms",
			(double)latency_us / 1000);
	report_add_event(report, REPORT_EVENT_FAULT, row, "%s: %s%s%s", cause, within, detail ? "; " : "",
		detail ? detail : "");
}

static void take_acknowledgement(Report *report, const json_t *row, const json_t *body)
{
	char cause[REPORT_SECTION_MAX];
	const char *note = text_of(body, "note");

	report_title_of(text_of(body, "cause"), cause);
	report_add_event(
		report, REPORT_EVENT_FAULT, row, "%s acknowledged: %s", cause, note ? note : "no note");
}

static void take_text(Report *report, ReportEventKind kind, const json_t *row, const json_t *body)
{
	const char *text = text_of(body, "text");

	report_add_event(report, kind, row, "%s", text ? text : "no words were recorded");
}

static void take_refusal(Report *report, const json_t *row, const json_t *body)
{
	take_text(report, REPORT_EVENT_REFUSAL, row, body);
}

/** What the record cannot show is said where it is read. */
static void take_recovery(Report *report, const json_t *row, const json_t *body)
{
	const char *since = text_of(body, "since");
	double lacking_s = (double)number_of(body, "lacking_ms") / 1000;

	if (lacking_s > 0)
		report_add_event(report, REPORT_EVENT_STOP, row,
			"The station stopped after %.19s with the needle armed, and started again: strokes of up to %.1f s are "
			"not on record",
			since ? since : "?", lacking_s);
	else
		report_add_event(report, REPORT_EVENT_STOP, row,
			"The station stopped after %.19s, and started again; the needle was not armed",
			since ? since : "?");
}

static void take_alert(Report *report, const json_t *row, const json_t *body)
{
	take_text(report, REPORT_EVENT_ALERT, row, body);
}

static void take_incident(Report *report, const json_t *row, const json_t *body)
{
	char incident[REPORT_SECTION_MAX];
	const char *severity = text_of(body, "severity"), *text = text_of(body, "text");
	const char *device = text_of(body, "device"), *area = text_of(body, "area");

	report_title_of(text_of(body, "incident"), incident);
	report_add_event(report, REPORT_EVENT_INCIDENT, row, "%s%s%s%s: %s%s%s%s%s", incident,
		severity ? " (" : "", severity ? severity : "", severity ? ")" : "",
		text ? text : "not described", device ? "; device: " : "", device ? device : "",
		area ? "; where: " : "", area ? area : "");
}

static void take_override(Report *report, const json_t *row, const json_t *body)
{
	char interlock[REPORT_SECTION_MAX];
	const char *reason = text_of(body, "reason");

	report_title_of(text_of(body, "interlock"), interlock);
	report_add_event(report, REPORT_EVENT_OVERRIDE, row, "%s set aside: %s", interlock,
		reason ? reason : "no reason");
}

/** A value as it stands in the record, which need not be text. */
static char *value_of(const json_t *body, const char *key)
{
	const json_t *value = json_object_get(body, key);
	char number[REPORT_NUMBER_MAX];

	if (json_is_real(value))
		return strdup(report_number(json_real_value(value), number));
	return json_is_string(value) ? strdup(json_string_value(value)) : json_dumps(value, JSON_ENCODE_ANY);
}

static void take_correction(Report *report, const json_t *row, const json_t *body)
{
	_cleanup_(freep) char *old = value_of(body, "old"), *new = value_of(body, "new");
	const char *field = text_of(body, "field"), *why = text_of(body, "why");

	report_add_event(report, REPORT_EVENT_CORRECTION, row, "Record %lld, %s: not %s but %s (%s)",
		(long long)number_of(body, "corrects"), field ? field : "?", old ? old : "?", new ? new : "?",
		why ? why : "no reason");
}

/* ---- rows ---- */

/** `keep`: text of the row is borrowed. */
static const struct {
	const char *kind;
	void (*take)(Report *report, const json_t *row, const json_t *body);
	bool keep, closes;
} kinds[] = {
	{ "session.begun", take_begun, true, false },
	{ "session.screening", take_screening, true, false },
	{ "session.consent", take_consent, true, false },
	{ "session.zone", take_zone, true, false },
	{ "session.finished", take_finished, true, true },
	{ "session.signed", take_signed, true, true },
	{ "session.abandoned", take_abandoned, true, true },
	{ "session.interrupted", take_interrupted, true, true },
	{ "zone.statistics", take_statistics, false, false },
	{ "image.captured", take_picture, true, false },
	{ "needle.claimed", report_take_claim, true, false },
	{ "needle.removed", report_take_removal, true, false },
	{ "needle.refused", take_refusal, true, false },
	{ "handpiece.mounted", report_take_handpiece, true, false },
	{ "pigment.loaded", report_take_pigment, true, false },
	{ "fault.latched", take_fault, true, false },
	{ "fault.acknowledged", take_acknowledgement, true, false },
	{ "alert.raised", take_alert, true, false },
	{ "session.recovered", take_recovery, true, false },
	{ "incident.reported", take_incident, true, false },
	{ "interlock.overridden", take_override, true, false },
	{ "record.corrected", take_correction, true, false },
};

void report_put_words(json_t *row)
{
	json_t *body = json_object_get(row, "body"), *words = json_object_get(row, "words");

	if (json_is_object(body) && json_is_object(words))
		(void)!json_object_update_missing(body, words);
}

static void take_record(Report *report, json_t *row)
{
	json_t *body = json_object_get(row, "body");
	const char *kind = text_of(row, "kind");

	for (size_t i = 0; kind && i < ELEMENTS(kinds); i++) {
		if (strcmp(kinds[i].kind, kind) != 0)
			continue;
		if (kinds[i].keep)
			json_array_append(report->kept, row);
		kinds[i].take(report, row, body);
		if (kinds[i].closes || report->outcome == REPORT_OPEN)
			report->proof.seq = number_of(row, "seq");
		return;
	}
}

static void take_session(Report *report, json_t *row)
{
	json_array_append(report->kept, row);
	report->session = number_of(row, "session");
	report->dots = number_of(row, "dots");
	report->strokes = number_of(row, "strokes");
	report->worked_s = number_of(row, "worked_s");
	report->worked_is_known = json_is_integer(json_object_get(row, "worked_s"));
}

/** Of what is taken as it stands in the row: its text is borrowed. */
static const struct {
	const char *query;
	bool (*take)(Report *report, const json_t *row); /* whether the report keeps anything of it */
} answers[] = {
	{ "images", take_image },
	{ "needles", report_take_needle },
	{ "lot", report_take_lot },
	{ "pigments", report_take_zones },
	{ "blends", report_take_blend },
	{ "statuses", report_take_status },
	{ "sterilization", report_take_cycle },
	{ "doubt", report_take_doubt },
};

static void take_more(Report *report, const char *query, json_t *row)
{
	for (size_t i = 0; i < ELEMENTS(answers); i++)
		if (strcmp(answers[i].query, query) == 0 && answers[i].take(report, row))
			json_array_append(report->kept, row);
}

void report_add(Report *report, const char *query, json_t *row)
{
	report_put_words(row);
	if (strcmp(query, "operators") == 0 && text_of(row, "badge"))
		json_object_set(report->operators, text_of(row, "badge"), json_object_get(row, "name"));
	else if (strcmp(query, "session") == 0)
		take_session(report, row);
	else if (strcmp(query, "timeline") == 0)
		take_record(report, row);
	else
		take_more(report, query, row);
	report->operator_name = json_string_value(json_object_get(report->operators, report->badge));
}

/* ---- words ---- */

const char *report_number(double number, char ret[REPORT_NUMBER_MAX])
{
	size_t end;

	if (fabs(number) < 0.01 || fabs(number) >= 1e9) {
		snprintf(ret, REPORT_NUMBER_MAX, "%.3g", number);
		return ret;
	}
	snprintf(ret, REPORT_NUMBER_MAX, "%.2f", number);
	end = strlen(ret);
	while (ret[end - 1] == '0')
		end--;
	ret[ret[end - 1] == '.' ? end - 1 : end] = '\0';
	return ret;
}

void report_title_of(const char *name, char ret[REPORT_SECTION_MAX])
{
	snprintf(ret, REPORT_SECTION_MAX, "%s", name ? name : "");
	for (char *s = ret; *s; s++)
		if (*s == '-')
			*s = ' ';
	ret[0] = (char)toupper((unsigned char)ret[0]);
}

static size_t write_time(ReportTime time, const struct tm *local, char ret[REPORT_TIME_MAX])
{
	switch (time) {
	case REPORT_CLOCK:
		return strftime(ret, REPORT_TIME_MAX, "%H:%M", local);
	case REPORT_CLOCK_ZONE:
		return strftime(ret, REPORT_TIME_MAX, "%H:%M %Z", local);
	case REPORT_DATE:
		return strftime(ret, REPORT_TIME_MAX, "%-d %B %Y", local);
	case REPORT_MINUTE:
		return strftime(ret, REPORT_TIME_MAX, "%Y-%m-%d %H:%M", local);
	case REPORT_MOMENT:
		return strftime(ret, REPORT_TIME_MAX, "%Y-%m-%d %H:%M %Z", local);
	}
	return 0;
}

/** False: there is no such time. */
static bool local_time(const char *utc, struct tm *ret)
{
	struct tm utc_time = { 0 };
	time_t seconds;

	if (!utc || !strptime(utc, "%Y-%m-%dT%H:%M:%S", &utc_time))
		return false;
	seconds = timegm(&utc_time);
	return localtime_r(&seconds, ret);
}

const char *report_time(const char *utc, ReportTime time, char ret[REPORT_TIME_MAX])
{
	struct tm local;

	if (!local_time(utc, &local) || write_time(time, &local, ret) == 0)
		ret[0] = '\0';
	return ret;
}

const char *report_time_within(const Report *report, const char *utc, char ret[REPORT_TIME_MAX])
{
	struct tm local, begun;
	bool same_day = local_time(utc, &local) && local_time(report->begun, &begun) &&
			local.tm_year == begun.tm_year && local.tm_yday == begun.tm_yday;

	return report_time(utc, same_day ? REPORT_CLOCK : REPORT_MINUTE, ret);
}

const char *report_picture_words(const ReportPicture *picture, char ret[REPORT_PICTURE_WORDS])
{
	char day[REPORT_TIME_MAX];

	if (!picture->file)
		snprintf(ret, REPORT_PICTURE_WORDS, "not taken");
	else if (picture->erased)
		snprintf(ret, REPORT_PICTURE_WORDS, "erased on %s, record %lld",
			report_time(picture->erased, REPORT_DATE, day), (long long)picture->erasure);
	else if (picture->erasure)
		snprintf(ret, REPORT_PICTURE_WORDS, "to be erased, record %lld", (long long)picture->erasure);
	else
		snprintf(ret, REPORT_PICTURE_WORDS, picture->jpeg ? "not readable" : "not available");
	return ret;
}
