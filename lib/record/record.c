/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Finds kinds of records and checks bodies against them. The tables are generated. No kind may be hard-coded
 * here by its name.
 */

#include "record/record.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "util/clock.h"

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

static const char *const place_names[] = {
	[FORM_STATION] = "station",
	[FORM_INVENTORY] = "inventory",
	[FORM_SESSION] = "session",
};
_Static_assert(ELEMENTS(place_names) == FORM_PLACE_MAX, "every place has a name");

DEFINE_STRING_TABLE(form_place, FormPlace, place_names);

/* ---- finding ---- */

static int compare_kind(const void *name, const void *kind)
{
	return strcmp(name, ((const RecordKind *)kind)->name);
}

const RecordKind *record_kind_find(const char *name)
{
	return bsearch(name, record_kinds, record_kinds_n, sizeof record_kinds[0], compare_kind);
}

bool record_is_shared(const char *kind)
{
	const RecordKind *found = record_kind_find(kind);

	return found && found->shared;
}

int record_from_parse(const char *text, RecordFrom *ret)
{
	const char *blank = text ? strchr(text, ' ') : NULL;
	char *end;
	uint64_t number;

	if (!blank || blank == text || blank[1] < '1' || blank[1] > '9')
		return -EINVAL;
	errno = 0;
	number = strtoull(blank + 1, &end, 10);
	if (*end || errno || number > INT64_MAX)
		return -EINVAL;
	*ret = (RecordFrom){ text, (size_t)(blank - text), number };
	return 0;
}

const RecordField *record_fields(const char *kind)
{
	const RecordKind *found = record_kind_find(kind);

	return found ? found->fields : NULL;
}

const RecordField *record_field_find(const char *kind, const char *name)
{
	const RecordField *field = record_fields(kind);

	while (field && field->name && strcmp(field->name, name) != 0)
		field++;
	return field && field->name ? field : NULL;
}

/* ---- types ---- */

/** `shape`: the pattern of `text`, with 0 for any digit. */
static bool has_shape(const char *text, const char *shape)
{
	size_t i = 0;

	for (; text && text[i] && shape[i]; i++)
		if (shape[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != shape[i])
			return false;
	return text && !shape[i] && !text[i];
}

/** Only one format is allowed, so that times can be compared as texts; it must be a valid calendar day. */
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

static const char *const type_words[] = {
	[FIELD_TEXT] = "a text",
	[FIELD_DATE] = "a date (YYYY-MM-DD)",
	[FIELD_TIME] = "a time (YYYY-MM-DDThh:mm:ssZ)",
	[FIELD_COUNT] = "a whole number from 0",
	[FIELD_NUMBER] = "a number",
	[FIELD_BOOLEAN] = "true or false",
	[FIELD_OBJECT] = "an object",
	[FIELD_ARRAY] = "a list",
};
_Static_assert(ELEMENTS(type_words) == FIELD_MAX, "every type has its words");

static bool is_choice(const char *choices, const json_t *value)
{
	return !choices || text_list_has(choices, json_string_value(value));
}

/** `figure`: the given value. Returns -EINVAL. */
static int refuse_figure(const RecordField *field, const char *figure, Error *error)
{
	return error_set(error, -EINVAL, "%s must be %.15g to %.15g%s%s, not %.40s: check the figure",
		field->name, field->min, field->max, *field->unit ? " " : "", field->unit, figure);
}

/** Refuses a value that is not a number, or is too long to be one. */
static int refuse_value(const RecordField *field, const json_t *value, Error *error)
{
	_cleanup_(freep) char *text =
		json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(15) | JSON_ENCODE_ANY);

	return refuse_figure(field, text ? text : "this", error);
}

int record_kind_check(const RecordKind *kind, const json_t *body, Error *error)
{
	if (!json_is_object(body))
		return error_set(error, -EINVAL, "the body of a %s record must be an object", kind->name);
	for (const RecordField *field = kind->fields; field->name; field++) {
		const json_t *value = json_object_get(body, field->name);

		/* free text that was erased, or is kept beside a leaf, is not in its body */
		if ((!value && (field->optional || field->words)) ||
			(value && field_fits(field->type, value) && is_choice(field->choices, value)))
			continue;
		if (field->unit && value)
			return refuse_value(field, value, error);
		return error_set(error, -EINVAL, "a record of kind %s needs the field %s: %s%s", kind->name,
			field->name,
			field->choices                               ? "one of "
			: (size_t)field->type < ELEMENTS(type_words) ? type_words[field->type]
								     : "a value",
			field->choices ? field->choices : "");
	}
	return 0;
}

/* ---- of what is new ---- */

static int check_retired(const RecordKind *kind, const json_t *body, Error *error)
{
	if (kind->retired)
		return error_set(error, -EINVAL, "no record of kind %s is made any more, from version %s on",
			kind->name, kind->retired);
	for (const RecordField *field = kind->fields; field->name; field++)
		if (field->retired && json_object_get(body, field->name))
			return error_set(error, -EINVAL,
				"no record of kind %s has the field %s any more, from version %s on",
				kind->name, field->name, field->retired);
	return 0;
}

/** Checks a text against what its field allows. A `value` of another type is ignored. */
static int check_text(const RecordField *field, const json_t *value, Error *error)
{
	const char *text = json_string_value(value);

	if (text && field->text == TEXT_IDENTIFIER && !text_is_identifier(text, RECORD_IDENTIFIER_MAX))
		return error_set(error, -EINVAL,
			"%s is what something is called, 1 to %d letters, digits, '-', '_' or '.': enter that, and no sentence",
			field->name, RECORD_IDENTIFIER_MAX);
	if (text && field->text == TEXT_LABEL && !text_is_printable(text, RECORD_LABEL_MAX))
		return error_set(error, -EINVAL,
			"%s is what a label says, 1 to %d bytes without control characters: enter that, and no more",
			field->name, RECORD_LABEL_MAX);
	return 0;
}

int record_range_check(const RecordField *field, double value, Error *error)
{
	char figure[32];

	if (!field->unit || (value >= field->min && value <= field->max))
		return 0;
	snprintf(figure, sizeof figure, "%.15g", value);
	return refuse_figure(field, figure, error);
}

int record_ranges_check(const RecordKind *kind, const json_t *body, Error *error)
{
	int r = 0;

	for (const RecordField *field = kind->fields; field->name && r == 0; field++) {
		const json_t *value = json_object_get(body, field->name);

		r = value ? record_range_check(field, json_number_value(value), error) : 0;
	}
	return r;
}

static int check_new_field(
	const RecordKind *kind, const RecordField *field, const json_t *value, Error *error)
{
	const json_t *item;
	size_t i;
	int r;

	if (!value && field->words && !field->optional)
		return error_set(error, -EINVAL, "a record of kind %s needs the field %s: %s", kind->name,
			field->name, field->choices ? field->choices : type_words[field->type]);
	r = check_text(field, value, error);
	json_array_foreach (value, i, item) {
		if (r < 0)
			return r;
		r = check_text(field, item, error);
	}
	return r;
}

int record_new_check(const RecordKind *kind, const json_t *body, Error *error)
{
	int r = check_retired(kind, body, error);

	if (r < 0)
		return r;
	r = record_kind_check(kind, body, error);
	for (const RecordField *field = kind->fields; field->name && r == 0; field++)
		r = check_new_field(kind, field, json_object_get(body, field->name), error);
	return r < 0 ? r : record_ranges_check(kind, body, error);
}
