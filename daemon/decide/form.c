/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Finds a form, and turns typed values into the body of a record. It does no I/O and changes no state. It
 * checks only the syntax of a text: the check of the record's kind judges the field.
 */

#include "decide/form.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/clock.h"

const Form *form_find(FormPlace place, const char *kind)
{
	for (size_t i = 0; i < record_forms_n; i++)
		if (record_forms[i].place == place && strcmp(record_forms[i].kind, kind) == 0)
			return &record_forms[i];
	return NULL;
}

const Form *form_of_kind(const char *kind)
{
	const Form *form = NULL;

	for (FormPlace place = 0; place < FORM_PLACE_MAX && !form; place++)
		form = form_find(place, kind);
	return form;
}

/* ---- values ---- */

static json_t *form_number(const char *text)
{
	char *end;
	long long whole;
	double number;

	if (!text_is_decimal(text))
		return NULL;
	errno = 0;
	whole = strtoll(text, &end, 10);
	if (*end == '\0' && errno == 0)
		return json_integer(whole);
	number = strtod(text, NULL);
	return isfinite(number) ? json_real(number) : NULL;
}

static json_t *form_boolean(const char *text)
{
	if (strcmp(text, "yes") == 0 || strcmp(text, "true") == 0)
		return json_true();
	return strcmp(text, "no") == 0 || strcmp(text, "false") == 0 ? json_false() : NULL;
}

/** Accepts any offset from UTC; the record always uses UTC. */
static json_t *form_time(const char *text)
{
	char utc[CLOCK_UTC_TEXT_MAX];
	int64_t utc_us;

	if (!strchr(text, 'T') || clock_parse_utc(text, &utc_us) < 0)
		return NULL;
	clock_format_utc(utc_us, utc);
	return json_sprintf("%.19sZ", utc);
}

json_t *form_list(const char *text)
{
	json_t *list = json_array();

	for (text += strspn(text, ", "); list && *text; text += strspn(text, ", ")) {
		size_t length = strcspn(text, ",");

		json_array_append_new(list, json_stringn(text, length));
		text += length;
	}
	return list;
}

/** Converts the value to its type; a value that does not fit is left for the kind's own check to report. */
static json_t *form_value(FieldType type, json_t *value)
{
	const char *text = json_string_value(value);
	json_t *made = NULL;

	if (text && (type == FIELD_COUNT || type == FIELD_NUMBER))
		made = form_number(text);
	else if (text && type == FIELD_BOOLEAN)
		made = form_boolean(text);
	else if (text && type == FIELD_TIME)
		made = form_time(text);
	else if (text && type == FIELD_ARRAY)
		made = form_list(text);
	return made ? made : json_incref(value);
}

static int text_check(const char *name, const json_t *value, Error *error)
{
	if (!json_is_string(value) || text_is_printable(json_string_value(value), FORM_TEXT_MAX))
		return 0;
	return error_set(error, -EINVAL,
		"the field %.40s must be 1 to %d bytes of UTF-8 text without control characters", name,
		FORM_TEXT_MAX);
}

/* ---- fields ---- */

bool form_takes(const Form *form, const RecordField *field)
{
	bool of_session = form->session == FORM_SESSION_ONLY || form->session == FORM_SESSION_IF_OPEN;

	return field->origin == FROM_PERSON && !field->retired &&
	       !(of_session && strcmp(field->name, "session") == 0);
}

static int take_field(
	const Form *form, const char *name, json_t *value, json_t *body, json_t *personal, Error *error)
{
	const RecordField *field = record_field_find(form->kind, name);

	int r = text_check(name, value, error);

	if (r < 0)
		return r;
	if (form->personal && text_list_has(form->personal, name) && json_is_string(value))
		return json_object_set(personal, name, value) < 0 ? -ENOMEM : 0;
	if (field && form_takes(form, field))
		return json_object_set_new(body, name, form_value(field->type, value)) < 0 ? -ENOMEM : 0;
	return error_set(error, -EINVAL, "a record of kind %s has no field %.40s", form->kind, name);
}

int form_read(const Form *form, json_t *fields, json_t **ret_body, json_t **ret_personal, Error *error)
{
	json_auto_t *body = json_object(), *personal = json_object();
	const char *name;
	json_t *value;

	if (!body || !personal)
		return -ENOMEM;
	json_object_foreach (fields, name, value) {
		int r = take_field(form, name, value, body, personal, error);

		if (r < 0)
			return r;
	}
	*ret_body = json_incref(body);
	*ret_personal = json_object_size(personal) > 0 ? json_incref(personal) : NULL;
	return 0;
}
