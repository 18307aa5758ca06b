/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The table of all forms, and the way from what somebody typed to the body of a record. It does no I/O and
 * changes no state. Beyond the form of a text it must not judge a field: the check of the record's kind does.
 */

#include "core/form.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const place_names[] = {
	[FORM_STATION] = "station",
	[FORM_INVENTORY] = "inventory",
	[FORM_SESSION] = "session",
};
static_assert(ELEMENTS(place_names) == FORM_PLACE_MAX, "every place has a name");

DEFINE_STRING_TABLE(form_place, FormPlace, place_names);

/* who works here; an auditor only looks */
#define ANYBODY "technician supervisor administrator"

static const Form table[] = {
	{ "operator.certified", FORM_STATION, "supervisor administrator", NULL, NULL, FORM_ANYTIME },
	/* releasing a recalled lot takes more, which the ledger knows */
	{ "lot.status", FORM_INVENTORY, ANYBODY, NULL, NULL, FORM_ANYTIME },
	{ "needle.disposed", FORM_INVENTORY, ANYBODY, NULL, NULL, FORM_ANYTIME },
	{ "needle.damaged", FORM_INVENTORY, ANYBODY, NULL, NULL, FORM_ANYTIME },
	{ "needle.distinct", FORM_INVENTORY, "supervisor", "these are two cartridges", NULL, FORM_ANYTIME },
	{ "pigment.received", FORM_INVENTORY, ANYBODY, NULL, NULL, FORM_ANYTIME },
	{ "pigment.status", FORM_INVENTORY, ANYBODY, NULL, NULL, FORM_ANYTIME },
	{ "pigment.blended", FORM_INVENTORY, ANYBODY, NULL, NULL, FORM_ANYTIME },
	{ "handpiece.registered", FORM_INVENTORY, ANYBODY, NULL, NULL, FORM_ANYTIME },
	{ "handpiece.mounted", FORM_SESSION, "technician", NULL, NULL, FORM_SESSION_ONLY },
	{ "handpiece.retired", FORM_INVENTORY, ANYBODY, NULL, NULL, FORM_ANYTIME },
	{ "sterilizer.registered", FORM_INVENTORY, "supervisor administrator", NULL, NULL, FORM_ANYTIME },
	{ "sterilizer.serviced", FORM_INVENTORY, "supervisor administrator", NULL, NULL, FORM_ANYTIME },
	{ "cycle.recorded", FORM_INVENTORY, "technician supervisor", NULL, NULL, FORM_ANYTIME },
	{ "cycle.released", FORM_INVENTORY, "technician supervisor", "the load is sterile and may be used",
		NULL, FORM_ANYTIME },
	{ "cycle.rejected", FORM_INVENTORY, "technician supervisor", NULL, NULL, FORM_ANYTIME },
	{ "indicator.tested", FORM_INVENTORY, "technician supervisor", NULL, NULL, FORM_ANYTIME },
	{ "indicator.followed-up", FORM_INVENTORY, "supervisor", NULL, NULL, FORM_ANYTIME },
	{ "subject.registered", FORM_SESSION, "technician supervisor", NULL, "name contact", FORM_ANYTIME },
	{ "subject.changed", FORM_SESSION, "technician supervisor", NULL, "name contact", FORM_ANYTIME },
	{ "course.planned", FORM_SESSION, "technician supervisor", NULL, NULL, FORM_ANYTIME },
	{ "incident.reported", FORM_SESSION, "technician supervisor administrator", NULL, "person",
		FORM_SESSION_NAMED },
	{ "interlock.overridden", FORM_SESSION, "supervisor", "this refusal is set aside for this session",
		NULL, FORM_SESSION_ONLY },
	{ "record.corrected", FORM_SESSION, "technician supervisor administrator",
		"the record was wrong and this is right", NULL, FORM_SESSION_IF_OPEN },
	{ "personal.erased", FORM_STATION, "administrator", "this data is erased for good", NULL,
		FORM_ANYTIME },
	{ "clock.corrected", FORM_STATION, "administrator", "the clock is right now", NULL, FORM_ANYTIME },
	{ "operator.roles", FORM_STATION, "administrator", "these roles are right", NULL, FORM_ANYTIME },
	{ "station.renamed", FORM_STATION, "administrator",
		"this station bears these names from its next start on", NULL, FORM_ANYTIME },
	{ "operator.revoked", FORM_STATION, "administrator", "this badge is no longer valid", NULL,
		FORM_ANYTIME },
};

const Form *form_find(FormPlace place, const char *kind)
{
	for (size_t i = 0; i < ELEMENTS(table); i++)
		if (table[i].place == place && strcmp(table[i].kind, kind) == 0)
			return &table[i];
	return NULL;
}

size_t forms(const Form **ret)
{
	*ret = table;
	return ELEMENTS(table);
}

/* ---- values ---- */

static json_t *read_number(const char *text)
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

static json_t *read_boolean(const char *text)
{
	if (strcmp(text, "yes") == 0 || strcmp(text, "true") == 0)
		return json_true();
	return strcmp(text, "no") == 0 || strcmp(text, "false") == 0 ? json_false() : NULL;
}

/** With any offset from UTC; the record has them in one form. */
static json_t *read_time(const char *text)
{
	char utc[CLOCK_UTC_TEXT_MAX];
	int64_t utc_us;

	if (!strchr(text, 'T') || clock_parse_utc(text, &utc_us) < 0)
		return NULL;
	clock_format_utc(utc_us, utc);
	return json_sprintf("%.19sZ", utc);
}

static json_t *read_list(const char *text)
{
	json_t *list = json_array();

	for (text += strspn(text, ", "); list && *text; text += strspn(text, ", ")) {
		size_t length = strcspn(text, ",");

		json_array_append_new(list, json_stringn(text, length));
		text += length;
	}
	return list;
}

/** The value as its type wants it; what does not fit is left for the kind's own check to name. */
static json_t *read_value(FieldType type, json_t *value)
{
	const char *text = json_string_value(value);
	json_t *made = NULL;

	if (text && (type == FIELD_COUNT || type == FIELD_NUMBER))
		made = read_number(text);
	else if (text && type == FIELD_BOOLEAN)
		made = read_boolean(text);
	else if (text && type == FIELD_TIME)
		made = read_time(text);
	else if (text && type == FIELD_ARRAY)
		made = read_list(text);
	return made ? made : json_incref(value);
}

static bool text_ok(const char *name, const json_t *value, char error[FORM_ERROR_MAX])
{
	if (!json_is_string(value) || text_is_printable(json_string_value(value), FORM_TEXT_MAX))
		return true;
	snprintf(error, FORM_ERROR_MAX,
		"the field %.40s must be 1 to %d bytes of UTF-8 text without control characters", name,
		FORM_TEXT_MAX);
	return false;
}

/* ---- fields ---- */

static const RecordField *find_field(const RecordField *fields, const char *name)
{
	for (; fields && fields->name; fields++)
		if (strcmp(fields->name, name) == 0)
			return fields;
	return NULL;
}

bool form_is_from_profile(const char *field)
{
	return text_list_has("profile proofs sterile_days reprocess biological_days biological_cycles"
			     " after_installation after_repair keep",
		field);
}

bool form_fills_in(const Form *form, const char *field)
{
	/* "due" the ledger reckons from the time of the test */
	return form_is_from_profile(field) ||
	       (strcmp(form->kind, "clock.corrected") == 0 && text_list_has("newest now", field)) ||
	       text_list_has("due told", field) || (form->signs && strcmp(field, "signed") == 0) ||
	       ((form->session == FORM_SESSION_ONLY || form->session == FORM_SESSION_IF_OPEN) &&
		       strcmp(field, "session") == 0);
}

static int take_field(
	const Form *form, const char *name, json_t *value, json_t *body, json_t *personal, char *error)
{
	const RecordField *field = find_field(ledger_fields(form->kind), name);

	if (!text_ok(name, value, error))
		return -EINVAL;
	if (form->personal && text_list_has(form->personal, name) && json_is_string(value))
		return json_object_set(personal, name, value) < 0 ? -ENOMEM : 0;
	if (field && !form_fills_in(form, name))
		return json_object_set_new(body, name, read_value(field->type, value)) < 0 ? -ENOMEM : 0;
	snprintf(error, FORM_ERROR_MAX, "a record of kind %s has no field %.40s", form->kind, name);
	return -EINVAL;
}

int form_read(const Form *form, json_t *fields, json_t **ret_body, json_t **ret_personal,
	char error[FORM_ERROR_MAX])
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
