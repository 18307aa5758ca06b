/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What a correction brings about must be possible: the rules that a new record must meet hold for a corrected
 * one, too. sql/project/correction.sql makes the right values count; nothing here writes a table.
 */

#include "ledger/accept.h"
#include "ledger/statements.h"

#include <string.h>

/* fields with the time of something that happened */
#define PASSED "started tested done occurred known sent"

/* what a correction cannot change: other rows of the tables follow from it, or it is a decision of its own */
static const struct {
	const char *kinds, *fields, *instead;
} kept[] = {
	{ "sterilizer.registered", "sterilizer",
		"register the steriliser under the right name, and retire it under this one" },
	{ "sterilizer.serviced", "sterilizer work counter_reset",
		"enter the right work as well, and after a wrong work=retired also work=returned" },
	{ "program.registered", "sterilizer", "enter the program as well, for the right steriliser" },
	{ "cycle.recorded", "sterilizer",
		"reject this load, and record the cycle under the right steriliser" },
	{ "cycle.released cycle.rejected pack.labelled", "sterilizer cycle series",
		"reject that load if it may not be used, and release the right one" },
	{ "penetration.tested leak.tested", "sterilizer",
		"enter the test as well, for the right steriliser" },
	{ "indicator.tested", "sterilizer cycle series",
		"correct the result of this test to invalid, and enter it anew" },
	{ "indicator.followed-up", "test told", "enter the follow-up anew, for the right test" },
	{ "operator.certified", "badge certificate", "enter the right certificate as well" },
	{ "incident.reported",
		"report_to report_days report_hours report_of report_from report_form profile due",
		"correct incident, severity or known, from which its report follows" },
	{ "incident.notified", "incident", "enter the report anew, for the right incident" },
};

/** A field that no table can follow is no field to correct: what to do instead is said. */
static int check_correctable(ProjectionContext *context, const char *kind)
{
	const char *field = projection_text(context, "field");

	for (size_t i = 0; i < ELEMENTS(kept); i++)
		if (text_list_has(kept[i].kinds, kind) && text_list_has(kept[i].fields, field))
			return projection_refuse(context, -EINVAL,
				"%.40s of record %lld cannot be corrected: %s", field,
				projection_number(context, "corrects"), kept[i].instead);
	return 0;
}

static int check_not_future(ProjectionContext *context)
{
	const char *field = projection_text(context, "field"), *time = projection_text(context, "new");
	int64_t utc_us;

	if (!text_list_has(PASSED, field) || clock_parse_utc(time, &utc_us) < 0 ||
		utc_us <= context->utc_us + LEDGER_AHEAD_MAX_H * 3600 * USEC_PER_SEC)
		return 0;
	return projection_refuse(
		context, -EINVAL, "%s %s lies in the future: check day and time", field, time);
}

/** The result of a leak test follows from its figures. */
static int check_corrected_leak(ProjectionContext *context)
{
	if (strcmp(projection_text(context, "field"), "result") != 0)
		return 0;
	return projection_refuse(context, -EINVAL,
		"the result of a leak test follows from its figures: correct rate_kpa_min or minutes");
}

/** Columns of sql_indicator_corrected. */
enum {
	INDICATOR_RESULT,
	INDICATOR_CONTROL,
	INDICATOR_LOT,
	INDICATOR_EXPIRED,
};

static int check_corrected_indicator(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	bool found;
	int r = projection_step(context, sql_indicator_corrected, &row, &found);

	if (r < 0 || !found || strcmp(column_string(row, INDICATOR_RESULT), "pass") != 0)
		return r;
	if (strcmp(column_string(row, INDICATOR_CONTROL), "growth") != 0)
		return projection_refuse(context, -EINVAL,
			"the control did not grow, so the test of lot %s did not pass: correct its result to invalid",
			column_string(row, INDICATOR_LOT));
	if (column_integer(row, INDICATOR_EXPIRED))
		return projection_refuse(context, -EINVAL,
			"lot %s had expired when it was tested, so the test did not pass: correct its result to "
			"invalid",
			column_string(row, INDICATOR_LOT));
	return 0;
}

json_t *corrected_value(FieldType type, const char *text)
{
	bool is_text = type == FIELD_TEXT || type == FIELD_DATE || type == FIELD_TIME;
	bool is_figure = type == FIELD_NUMBER || type == FIELD_COUNT;
	json_t *value = is_text || (is_figure && !text_is_decimal(text))
				? NULL
				: json_loads(text, JSON_DECODE_ANY, NULL);

	return value ? value : json_string(text);
}

static int put_corrected(json_t *body, const char *kind, const char *field, const char *text)
{
	const RecordField *of_kind = record_field_find(kind, field);

	return json_object_set_new(body, field, corrected_value(of_kind ? of_kind->type : FIELD_TEXT, text)) <
			       0
		       ? -ENOMEM
		       : 0;
}

/**
 * Lays the record's earlier corrections and this one over a copy of its body and of what is kept beside it,
 * for the caller.
 */
static int corrected_body(
	ProjectionContext *context, const char *kind, const json_t *leaf, const json_t *beside, json_t **ret)
{
	_cleanup_(statement_donep) sqlite3_stmt *rows = NULL;
	json_auto_t *body = json_deep_copy(json_object_get(leaf, "body"));
	int result = SQLITE_ROW;
	bool row;
	int r = projection_step(context, sql_corrections_of_record, &rows, &row);

	if (r < 0)
		return r;
	if (beside && json_object_update_missing(body, (json_t *)beside) < 0)
		return -ENOMEM;
	for (; row && result == SQLITE_ROW; result = sqlite3_step(rows)) {
		r = put_corrected(body, kind, column_string(rows, 0), column_string(rows, 1));
		if (r < 0)
			return r;
	}
	if (result != SQLITE_ROW && result != SQLITE_DONE)
		return ledger_errno(result);
	r = put_corrected(body, kind, projection_text(context, "field"), projection_text(context, "new"));
	if (r == 0)
		*ret = TAKE_PTR(body);
	return r;
}

/** The days and times of a card, an incident or its report, as this correction makes them. */
static int check_corrected_times(
	ProjectionContext *context, const char *kind, const json_t *leaf, const json_t *beside)
{
	ProjectionContext corrected = *context;
	json_auto_t *body = NULL;
	int r;

	if (!text_list_has(
		    "birth_date born guardian_form occurred known sent", projection_text(context, "field")))
		return 0;
	r = corrected_body(context, kind, leaf, beside, &body);
	if (r < 0)
		return r;
	corrected.body = corrected.personal = body;
	return subject_times_check(&corrected, kind);
}

/** A corrected severity, kind or time may give the incident's report another term, or none. */
static int complete_corrected_due(
	ProjectionContext *context, const char *kind, const json_t *leaf, int64_t utc_us)
{
	json_auto_t *body = NULL;
	char due[CLOCK_UTC_TEXT_MAX];
	int r;

	if (!text_list_has("incident severity known", projection_text(context, "field")))
		return 0;
	r = corrected_body(context, kind, leaf, NULL, &body);
	if (r < 0)
		return r;
	return projection_complete(
		context, "due", json_string(incident_due(body, utc_us, due) ? due : "none"));
}

int corrected_check(ProjectionContext *context, const char *kind, const json_t *leaf, const json_t *beside,
	int64_t utc_us)
{
	int r = check_correctable(context, kind);

	if (r < 0)
		return r;
	r = check_not_future(context);
	if (r < 0)
		return r;
	r = check_corrected_times(context, kind, leaf, beside);
	if (r < 0)
		return r;
	if (strcmp(kind, "leak.tested") == 0)
		return check_corrected_leak(context);
	if (strcmp(kind, "indicator.tested") == 0)
		return check_corrected_indicator(context);
	if (strcmp(kind, "incident.reported") == 0)
		return complete_corrected_due(context, kind, leaf, utc_us);
	return 0;
}
