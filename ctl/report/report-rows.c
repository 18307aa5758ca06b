/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Builds a session's report from the rows of the daemon's audit queries. It must not ask the station, and
 * must skip rows that it does not know.
 */

#include "report/report-rows.h"

#include "report/report-events.h"
#include "report/report-materials.h"
#include "report/row-value.h"

/* ---- the session ---- */

static void take_begun(Report *report, const json_t *row, const json_t *body)
{
	size_t i;
	json_t *sentence;

	report->session = row_number(body, "session");
	report->subject = row_text(body, "subject");
	report->protocol = row_text(body, "protocol");
	report->title = row_text(body, "title");
	report->course_session = row_number(body, "course_session");
	report->course_sessions = row_number(body, "sessions");
	report->badge = row_text(row, "actor");
	report->begun = row_text(row, "time");
	json_array_foreach (json_object_get(body, "aftercare"), i, sentence)
		if (json_is_string(sentence))
			g_ptr_array_add(report->aftercare, (void *)json_string_value(sentence));
}

static void take_screening(Report *report, const json_t *row, const json_t *body)
{
	const char *question;
	json_t *answer;

	const json_t *asked = json_object_get(body, "asked"), *answers = json_object_get(body, "answers");

	/* screenings of earlier versions do not list what was asked */
	report->questions = (int64_t)(asked ? json_array_size(asked) : json_object_size(answers));
	report->answers_erased = asked && !answers;
	report->before = json_object_get(body, "before");
	g_ptr_array_set_size(report->yes, 0);
	json_object_foreach ((json_t *)answers, question, answer)
		if (json_is_true(answer))
			g_ptr_array_add(report->yes, (void *)question);
}

static void take_answer_change(Report *report, const json_t *row, const json_t *body)
{
	g_ptr_array_add(report->changes, (void *)row);
}

static void keep_signed(Report *report, const json_t *row, const json_t *body, const char *form, bool given)
{
	ReportConsent consent = {
		.consent = form,
		.version = row_text(body, "version"),
		.time = row_text(row, "time"),
		.actor = row_text(row, "actor"),
		.signed_on = row_text(body, "signed_on"),
		.language = row_text(body, "language"),
		.sha256 = row_text(body, "text_sha256"),
		.signature = row_text(body, "signature"),
		.given = given,
		.proof.seq = row_number(row, "seq"),
	};

	if (form)
		g_array_append_val(report->consents, consent);
}

/**
 * Words that a client may have signed, from beside a record or of the station's present texts: they belong to
 * the signatures that name their digest, and to no other.
 */
static bool take_consent_text(Report *report, const json_t *row)
{
	const char *text = row_text(row, "text");
	g_autofree char *digest = text ? g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1) : NULL;
	bool taken = false;

	for (guint i = 0; i < report->consents->len; i++) {
		ReportConsent *consent = report_consent(report, i);

		if (consent->text || !is_same_text(consent->sha256, digest))
			continue;
		consent->text = text;
		taken = true;
	}
	return taken;
}

static void take_consent(Report *report, const json_t *row, const json_t *body)
{
	keep_signed(
		report, row, body, row_text(body, "consent"), json_is_true(json_object_get(body, "given")));
}

static void take_statement(Report *report, const json_t *row, const json_t *body)
{
	keep_signed(report, row, body, row_text(body, "statement"), true);
}

static void take_end(Report *report, const json_t *row, const json_t *body, ReportOutcome outcome)
{
	if (outcome == REPORT_FINISHED) {
		report->dots = row_number(body, "dots");
		report->strokes = row_number(body, "strokes");
		report->worked_s = row_number(body, "worked_s");
		report->worked_is_known = true;
		report->ended = row_text(row, "time");
	} else if (outcome == REPORT_SIGNED) {
		report->signer = row_text(row, "actor");
		/*
		 * the signer's own words may have been erased; then the field `signed` says what the
		 * signature stands for
		 */
		report->meaning = row_text(body, row_text(body, "meaning") ? "meaning" : "signed");
		report->signed_at = row_text(row, "time");
	} else {
		report->ended = row_text(row, "time");
		report->closing_reason = row_text(body, "reason");
	}
	report->outcome = outcome;
}

static void take_finished(Report *report, const json_t *row, const json_t *body)
{
	take_end(report, row, body, REPORT_FINISHED);
}

static void take_signature(Report *report, const json_t *row, const json_t *body)
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
	const char *name = row_text(body, "zone");
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
	zone->skin_type = row_text(body, "skin_type");
	zone->area_mm2 = row_real(body, "area_mm2");
	zone->target = row_real(body, "target");
	zone->depth_min_um = row_real(body, "depth_min_um");
	zone->depth_max_um = row_real(body, "depth_max_um");
	zone->angle_min_deg = row_real(body, "angle_min_deg");
	zone->angle_max_deg = row_real(body, "angle_max_deg");
}

/**
 * Who did the dots. Earlier versions recorded strokes that arrived after the sign-out as the station's own:
 * they belong to who worked before. Stints come in the order of time.
 */
static const char *stint_operator(const Report *report, const json_t *row)
{
	const char *operator= row_text(row, "operator");

	if (!is_same_text(operator, "station"))
		return operator;
	return report->stints->len ? report_stint(report, report->stints->len - 1)->operator: report->badge;
}

/** Adds the dots to the newest stint of the same practitioner, zone and cartridge; false: there is none. */
static bool continue_stint(Report *report, const ReportStint *more)
{
	for (guint i = report->stints->len; i > 0; i--) {
		ReportStint *stint = &g_array_index(report->stints, ReportStint, i - 1);

		if (!is_same_text(stint->operator, more->operator) ||
			!is_same_text(stint->zone, more->zone) || !is_same_text(stint->unit, more->unit))
			continue;
		stint->dots += more->dots;
		/* both are RFC 3339 in UTC, of the same form */
		if (!stint->last || (more->last && strcmp(more->last, stint->last) > 0))
			stint->last = more->last;
		return true;
	}
	return false;
}

static bool take_stint(Report *report, const json_t *row)
{
	const ReportStint stint = {
		.operator= stint_operator(report, row),
		.zone = row_text(row, "zone"),
		.unit = row_text(row, "unit"),
		.first = row_text(row, "first"),
		.last = row_text(row, "last"),
		.dots = row_number(row, "dots"),
	};

	if (is_same_text(row_text(row, "operator"), "station") && continue_stint(report, &stint))
		return true;
	g_array_append_val(report->stints, stint);
	return true;
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
	zone->dots = row_number(body, "dots");
	zone->strokes = row_number(body, "strokes");
	zone->area_mm2 = row_real(body, "area_mm2");
	zone->density = row_real(body, "density");
	zone->density_before = row_real(body, "density_before");
	zone->has_before = json_object_get(body, "density_before") != NULL;
	zone->over = row_number(body, "dots_over");
	zone->target = row_real(body, "target");
	zone->outside = row_real(body, "outside");
	zone->depth_mean_um = row_real(body, "depth_mean_um");
	zone->dwell_mean_ms = row_real(body, "dwell_mean_ms");
	zone->angle_mean_deg = row_real(body, "angle_mean_deg");
	take_histogram(body, "histogram", zone->depth);
	take_histogram(body, "dwell_histogram", zone->dwell);
}

static void take_captured(Report *report, const json_t *row, const json_t *body)
{
	ReportZone *zone = zone_of(report, body);
	const char *phase = row_text(body, "phase");
	double width = row_real(body, "width");
	ReportPicture *picture;

	if (!zone || !phase)
		return;
	picture = strcmp(phase, "after") == 0 ? &zone->after : &zone->before;
	/* a later photograph may have been taken when the needle had already worked there */
	if (picture == &zone->before && picture->file)
		return;
	picture->record = row_number(row, "seq");
	picture->file = row_text(body, "file");
	picture->sha256 = row_text(body, "sha256");
	picture->time = row_text(row, "time");
	picture->shape = width > 0 ? row_real(body, "height") / width : 0;
}

/** What has become of a photograph since. */
static bool take_image(Report *report, const json_t *row)
{
	for (size_t i = 0; i < report->zones->len * 2; i++) {
		ReportZone *zone = &g_array_index(report->zones, ReportZone, i / 2);
		ReportPicture *picture = i % 2 ? &zone->after : &zone->before;

		if (!picture->file || picture->record != row_number(row, "seq"))
			continue;
		picture->erasure = row_number(row, "erasure");
		picture->erased =
			is_same_text(row_text(row, "state"), "erased") ? row_text(row, "erased") : NULL;
		return true;
	}
	return false;
}

/* ---- rows ---- */

/** `keep`: the report borrows text of the row. */
static const struct {
	const char *kind;
	void (*take)(Report *report, const json_t *row, const json_t *body);
	bool keep, closes;
} kinds[] = {
	{ "session.begun", take_begun, true, false },
	{ "session.screening", take_screening, true, false },
	{ "screening.changed", take_answer_change, true, false },
	{ "physician.cleared", take_answer_change, true, false },
	{ "session.consent", take_consent, true, false },
	{ "session.statement", take_statement, true, false },
	{ "session.zone", take_zone, true, false },
	{ "session.finished", take_finished, true, true },
	{ "session.signed", take_signature, true, true },
	{ "session.abandoned", take_abandoned, true, true },
	{ "session.interrupted", take_interrupted, true, true },
	{ "zone.statistics", take_statistics, false, false },
	{ "image.captured", take_captured, true, false },
	{ "needle.claimed", report_take_claim, true, false },
	{ "needle.removed", report_take_removal, true, false },
	{ "needle.refused", report_take_refusal, true, false },
	{ "handpiece.mounted", report_take_handpiece, true, false },
	{ "pigment.loaded", report_take_pigment, true, false },
	{ "fault.latched", report_take_fault, true, false },
	{ "fault.acknowledged", report_take_acknowledgement, true, false },
	{ "alert.raised", report_take_alert, true, false },
	{ "session.recovered", report_take_recovery, true, false },
	{ "session.handed-over", report_take_hand_over, true, false },
	{ "incident.reported", report_take_incident, true, false },
	{ "note.written", report_take_note, true, false },
	{ "anaesthetic.applied", report_take_anaesthetic, true, false },
	{ "interlock.overridden", report_take_override, true, false },
	{ "record.corrected", report_take_correction, true, false },
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
	const char *kind = row_text(row, "kind");

	for (size_t i = 0; kind && i < ELEMENTS(kinds); i++) {
		if (strcmp(kinds[i].kind, kind) != 0)
			continue;
		if (kinds[i].keep)
			json_array_append(report->kept, row);
		kinds[i].take(report, row, body);
		if (kinds[i].closes || report->outcome == REPORT_OPEN)
			report->proof.seq = row_number(row, "seq");
		return;
	}
}

static void take_session_row(Report *report, json_t *row)
{
	json_array_append(report->kept, row);
	report->session = row_number(row, "session");
	report->dots = row_number(row, "dots");
	report->strokes = row_number(row, "strokes");
	report->worked_s = row_number(row, "worked_s");
	report->worked_is_known = json_is_integer(json_object_get(row, "worked_s"));
}

/** For values that are taken as they are: the report borrows their text. */
static const struct {
	const char *query;
	bool (*take)(Report *report, const json_t *row); /* whether the report keeps text of the row */
} answers[] = {
	{ "images", take_image },
	{ "stints", take_stint },
	{ "needles", report_take_needle },
	{ "lot", report_take_lot },
	{ "pigments", report_take_zones },
	{ "blends", report_take_blend },
	{ "consent-texts", take_consent_text },
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
	if (strcmp(query, "operators") == 0 && row_text(row, "badge"))
		json_object_set(report->operators, row_text(row, "badge"), json_object_get(row, "name"));
	else if (strcmp(query, "session") == 0)
		take_session_row(report, row);
	else if (strcmp(query, "timeline") == 0)
		take_record(report, row);
	else
		take_more(report, query, row);
}
