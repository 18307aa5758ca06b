/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Runs what a record changes in the tables, checks its fields, and fills the tables anew from all records. A
 * projection must depend on the records and their personal data alone: otherwise a rebuild would differ.
 */

#include "ledger/area.h"

#include <ctype.h>
#include <string.h>

static const char *const field_type_names[] = {
	[FIELD_TEXT] = "text",
	[FIELD_DATE] = "date",
	[FIELD_TIME] = "time",
	[FIELD_COUNT] = "count",
	[FIELD_NUMBER] = "number",
	[FIELD_BOOLEAN] = "boolean",
	[FIELD_OBJECT] = "object",
	[FIELD_ARRAY] = "list",
};
_Static_assert(ELEMENTS(field_type_names) == FIELD_MAX, "every type has a name");

DEFINE_STRING_TABLE(field_type, FieldType, field_type_names);

/* ---- every kind, where it goes, what it must have, what it changes ---- */

const RecordKind *record_kind_find(const char *name)
{
	for (const LedgerArea *const *area = ledger_areas; *area; area++)
		for (const RecordKind *kind = (*area)->kinds; kind->name; kind++)
			if (strcmp(kind->name, name) == 0)
				return kind;
	return NULL;
}

bool projection_wanted(const RecordKind *kind)
{
	return kind->sql || kind->project;
}

/** `shape`: what `text` looks like, with 0 for any digit. */
static bool has_shape(const char *text, const char *shape)
{
	size_t i = 0;

	for (; text && text[i] && shape[i]; i++)
		if (shape[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != shape[i])
			return false;
	return text && !shape[i] && !text[i];
}

/** Of one form only, so that times can be compared and converted as they are; a day of the calendar. */
static bool is_time(const char *text)
{
	int64_t utc_us;

	return has_shape(text, "0000-00-00T00:00:00Z") && clock_parse_utc(text, &utc_us) == 0;
}

static bool field_fits(FieldType type, const json_t *value)
{
	switch (type) {
	case FIELD_TEXT:
		return json_is_string(value);
	case FIELD_DATE:
		return has_shape(json_string_value(value), "0000-00-00");
	case FIELD_TIME:
		return is_time(json_string_value(value));
	case FIELD_COUNT:
		return json_is_integer(value) && json_integer_value(value) >= 0;
	case FIELD_NUMBER:
		return json_is_number(value);
	case FIELD_BOOLEAN:
		return json_is_boolean(value);
	case FIELD_OBJECT:
		return json_is_object(value);
	case FIELD_ARRAY:
		return json_is_array(value);
	case FIELD_MAX:
	case FIELD_INVALID:
		break;
	}
	return false;
}

const RecordField *ledger_fields(const char *kind)
{
	const RecordKind *found = record_kind_find(kind);

	return found ? found->fields : NULL;
}

static bool is_choice(const char *choices, const json_t *value)
{
	return !choices || text_list_has(choices, json_string_value(value));
}

/** `figure`: what was given instead. Returns -EINVAL. */
static int refuse_figure(const RecordField *field, const char *figure, char error[LEDGER_TEXT_MAX])
{
	snprintf(error, LEDGER_TEXT_MAX, "%s must be %.15g to %.15g%s%s, not %.40s: check the figure",
		field->name, field->min, field->max, *field->unit ? " " : "", field->unit, figure);
	return -EINVAL;
}

/** A figure that is none, or too long to be one. */
static int refuse_value(const RecordField *field, const json_t *value, char error[LEDGER_TEXT_MAX])
{
	_cleanup_(freep) char *text = json_dumps(value, LEDGER_JSON | JSON_ENCODE_ANY);

	return refuse_figure(field, text ? text : "this", error);
}

int ledger_check_range(const RecordField *field, double value, char error[LEDGER_TEXT_MAX])
{
	char figure[32];

	if (!field->unit || (value >= field->min && value <= field->max))
		return 0;
	snprintf(figure, sizeof figure, "%.15g", value);
	return refuse_figure(field, figure, error);
}

int record_kind_check(const RecordKind *kind, const json_t *body, char error[LEDGER_TEXT_MAX])
{
	static const char *const types[] = { "a text", "a date (YYYY-MM-DD)", "a time (YYYY-MM-DDThh:mm:ssZ)",
		"a whole number from 0", "a number", "true or false", "an object", "a list" };

	_Static_assert(ELEMENTS(types) == FIELD_MAX, "every type has its words");
	if (!json_is_object(body)) {
		snprintf(error, LEDGER_TEXT_MAX, "the body of a %s record must be an object", kind->name);
		return -EINVAL;
	}
	for (const RecordField *field = kind->fields; field->name; field++) {
		const json_t *value = json_object_get(body, field->name);

		/* words that were erased, or stand beside a leaf, are not in its body */
		if ((!value && (field->optional || field->words)) ||
			(value && field_fits(field->type, value) && is_choice(field->choices, value)))
			continue;
		if (field->unit && value)
			return refuse_value(field, value, error);
		snprintf(error, LEDGER_TEXT_MAX, "a record of kind %s needs the field %s: %s%s", kind->name,
			field->name,
			field->choices                          ? "one of "
			: (size_t)field->type < ELEMENTS(types) ? types[field->type]
								: "a value",
			field->choices ? field->choices : "");
		return -EINVAL;
	}
	return 0;
}

int record_words_check(const RecordKind *kind, const json_t *body, char error[LEDGER_TEXT_MAX])
{
	for (const RecordField *field = kind->fields; field->name; field++)
		if (field->words && !field->optional && !json_object_get(body, field->name)) {
			snprintf(error, LEDGER_TEXT_MAX, "a record of kind %s needs the field %s: a text",
				kind->name, field->name);
			return -EINVAL;
		}
	return 0;
}

/** One text of what the field says that it is. `value` may be of another type, which is not looked at. */
static int check_text(const RecordField *field, const json_t *value, char error[LEDGER_TEXT_MAX])
{
	const char *text = json_string_value(value);

	if (text && field->text == TEXT_IDENTIFIER && !text_is_identifier(text, LEDGER_IDENTIFIER_MAX))
		snprintf(error, LEDGER_TEXT_MAX,
			"%s is what something is called, 1 to %d letters, digits, '-', '_' or '.': enter that, and no sentence",
			field->name, LEDGER_IDENTIFIER_MAX);
	else if (text && field->text == TEXT_LABEL && !text_is_printable(text, LEDGER_LABEL_MAX))
		snprintf(error, LEDGER_TEXT_MAX,
			"%s is what a label says, 1 to %d bytes without control characters: enter that, and no more",
			field->name, LEDGER_LABEL_MAX);
	else
		return 0;
	return -EINVAL;
}

int record_texts_check(const RecordKind *kind, const json_t *body, char error[LEDGER_TEXT_MAX])
{
	int r = 0;

	for (const RecordField *field = kind->fields; field->name && r == 0; field++) {
		const json_t *value = json_object_get(body, field->name), *item;
		size_t i;

		r = check_text(field, value, error);
		json_array_foreach (value, i, item)
			if (r == 0)
				r = check_text(field, item, error);
	}
	return r;
}

int record_ranges_check(const RecordKind *kind, const json_t *body, char error[LEDGER_TEXT_MAX])
{
	int r = 0;

	for (const RecordField *field = kind->fields; field->name && r == 0; field++) {
		const json_t *value = json_object_get(body, field->name);

		r = value ? ledger_check_range(field, json_number_value(value), error) : 0;
	}
	return r;
}

int projection_apply(const RecordKind *kind, ProjectionContext *context)
{
	int r;

	context->kind = kind->name;
	r = spelling_settle(context);
	if (r < 0)
		return r;
	return kind->project ? kind->project(context) : projection_run(context, kind->sql);
}

/* ---- rebuild ---- */

static int replay(Statements *statements, sqlite3_stmt *row)
{
	const RecordKind *kind = record_kind_find(column_string(row, 1));
	const char *kept = column_text(row, 4);
	json_auto_t *leaf = NULL, *personal = NULL;
	LedgerAnswer answer = { 0 };
	ProjectionContext context = { .statements = statements, .answer = &answer, .replay = true };
	int r;

	if (!kind)
		return -EUCLEAN;
	if (!projection_wanted(kind))
		return 0;
	leaf = leaf_parse(row, 3);
	personal = kept ? json_loads(kept, 0, NULL) : NULL;
	context.seq = (uint64_t)column_integer(row, 0);
	context.utc_us = column_integer(row, 2);
	context.actor = json_string_value(json_object_get(leaf, "actor"));
	context.body = json_object_get(leaf, "body");
	context.personal = personal;
	if (!context.actor || record_kind_check(kind, context.body, answer.text) < 0)
		return -EUCLEAN;
	r = projection_apply(kind, &context);
	/* it was accepted once: whatever refuses it now is damage */
	return answer.text[0] ? -EUCLEAN : r;
}

static int replay_all(Statements *statements, const atomic_bool *leave, uint64_t *ret_failed)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *rows = NULL;
	int r = 0,
	    result = sqlite3_prepare_v2(statements->db,
		    "SELECT record.seq, kind, utc_us, leaf, data FROM record LEFT JOIN personal USING(seq)"
		    " ORDER BY record.seq",
		    -1, &rows, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_step(rows);
	for (; result == SQLITE_ROW && r == 0; result = sqlite3_step(rows)) {
		r = leave && atomic_load(leave) ? -ECANCELED : replay(statements, rows);
		if (r < 0)
			*ret_failed = (uint64_t)column_integer(rows, 0);
	}
	return r < 0 ? r : ledger_errno(result);
}

static int empty(sqlite3 *db, const char *table)
{
	_cleanup_(freep) char *sql = NULL;

	if (asprintf(&sql, "DELETE FROM %s", table) < 0)
		return -ENOMEM;
	return ledger_errno(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

int projection_replay(sqlite3 *db, const atomic_bool *leave, uint64_t *ret_failed)
{
	Statements statements = { .db = db };
	int r = ledger_errno(functions_add(db));

	if (r == 0)
		r = replay_all(&statements, leave, ret_failed);

	statements_clear(&statements);
	for (const LedgerArea *const *area = ledger_areas; *area && r == 0; area++)
		if ((*area)->rebuild)
			r = ledger_errno(sqlite3_exec(db, (*area)->rebuild, NULL, NULL, NULL));
	return r;
}

int projection_rebuild(sqlite3 *db)
{
	uint64_t failed;
	int result, r = ledger_errno(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL));

	for (const LedgerArea *const *area = ledger_areas; *area && r == 0; area++)
		for (const char *const *table = (*area)->tables; *table && r == 0; table++)
			r = empty(db, *table);
	if (r == 0)
		r = projection_replay(db, NULL, &failed);
	result = sqlite3_exec(db, r < 0 ? "ROLLBACK" : "COMMIT", NULL, NULL, NULL);
	return r < 0 ? r : ledger_errno(result);
}
