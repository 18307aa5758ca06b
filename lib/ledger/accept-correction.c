/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Records about earlier records: corrections, and the erasure of personal data beside them. Neither may
 * change the bytes of an earlier record.
 */

#include "ledger/accept.h"
#include "ledger/statements.h"

#include <string.h>

/* ---- corrections ---- */

/** A value as people write it: texts as they are, everything else as JSON. NULL when there is no value. */
static char *value_text(const json_t *value)
{
	if (json_is_string(value))
		return strdup(json_string_value(value));
	return value ? json_dumps(value, LEDGER_JSON | JSON_ENCODE_ANY) : NULL;
}

static bool people_enter(const char *kind)
{
	for (size_t i = 0; i < record_forms_n; i++)
		if (strcmp(record_forms[i].kind, kind) == 0)
			return true;
	return false;
}

/**
 * Whether the correction adds a field that was left out: people may enter it with records of this kind, and
 * the old value is `none`. What the station records by itself leaves nothing out.
 */
static bool is_left_out(ProjectionContext *context, const char *kind)
{
	const char *old = projection_text(context, "old");
	const RecordField *field = record_field_find(kind, projection_text(context, "field"));

	return strcmp(old, "none") == 0 && people_enter(kind) && field && field->optional &&
	       field->origin == FROM_PERSON && !field->retired;
}

static bool is_words(const char *kind, const char *name)
{
	const RecordField *field = record_field_find(kind, name);

	return field && field->words;
}

/**
 * Refuses an old value that differs from the record and its corrections so far. The refusal quotes no words
 * about a person.
 */
static int check_old(ProjectionContext *context, const char *kind, const json_t *leaf, const json_t *words)
{
	_cleanup_(statement_donep) sqlite3_stmt *newest = NULL;
	const char *field = projection_text(context, "field"), *old = projection_text(context, "old");
	const json_t *value = json_object_get(json_object_get(leaf, "body"), field);
	_cleanup_(freep) char *said = value_text(value ? value : words);
	const char *now = said;
	bool corrected;
	int r = projection_step(context, sql_newest_correction, &newest, &corrected);

	if (r < 0)
		return r;
	if (corrected)
		now = column_text(newest, 0);
	if (!now && is_left_out(context, kind))
		return 0;
	if (!now)
		return projection_refuse(context, -ENOENT,
			"record %lld has no field %.40s: check its number; to add what was left out give old=none",
			projection_number(context, "corrects"), field);
	if (strcmp(now, old) != 0 && is_words(kind, field))
		return projection_refuse(context, -EINVAL,
			"%.40s of record %lld is not what `old` says: give the old value as it stands", field,
			projection_number(context, "corrects"));
	if (strcmp(now, old) != 0)
		return projection_refuse(context, -EINVAL,
			"%.40s of record %lld is \"%.80s\", not \"%.80s\": give the old value as it stands",
			field, projection_number(context, "corrects"), now, old);
	return 0;
}

/** A list as people write it, with commas between, becomes JSON, as which a list is kept. */
static int settle_list(ProjectionContext *context, const RecordField *field)
{
	const char *text = projection_text(context, "new");
	json_auto_t *list = field->type == FIELD_ARRAY ? json_loads(text, 0, NULL) : NULL;
	_cleanup_(freep) char *made = NULL;

	if (field->type != FIELD_ARRAY || json_is_array(list))
		return 0;
	json_decref(list);
	list = json_array();
	for (text += strspn(text, ", "); *text; text += strspn(text, ", ")) {
		size_t length = strcspn(text, ",");

		if (json_array_append_new(list, json_stringn(text, length)) < 0)
			return -ENOMEM;
		text += length;
	}
	made = json_dumps(list, LEDGER_JSON);
	return made ? projection_complete(context, "new", json_string(made)) : -ENOMEM;
}

/** Refuses a new value that is not valid for a record of this kind. */
static int check_new(ProjectionContext *context, const char *kind)
{
	const char *name = projection_text(context, "field");
	const RecordField *field = record_field_find(kind, name);
	RecordField alone[2] = { { NULL } };
	const RecordKind only = { .name = kind, .fields = alone };
	json_auto_t *body = json_object();
	Error why;
	int r;

	if (!field)
		return 0;
	r = settle_list(context, field);
	if (r < 0)
		return r;
	alone[0] = *field;
	alone[0].retired = NULL; /* the record has the field even though it is retired */
	if (json_object_set_new(body, name, corrected_value(field->type, projection_text(context, "new"))) <
		0)
		return -ENOMEM;
	r = record_new_check(&only, body, &why);
	return r < 0 ? projection_refuse(context, r, "%s", why.text) : 0;
}

/**
 * A correction of free text is itself kept beside the record: neither the old nor the new text may be in the
 * leaf.
 */
static int keep_corrected_words_beside(ProjectionContext *context)
{
	static const char *const texts[] = { "old", "new" };

	for (size_t i = 0; i < ELEMENTS(texts); i++)
		if (json_object_set(context->personal, texts[i], json_object_get(context->body, texts[i])) <
				0 ||
			json_object_del(context->body, texts[i]) < 0)
			return -ENOMEM;
	context->body_changed = context->personal_changed = true;
	return 0;
}

/** Adds the corrected record's session, so that the correction appears in that session's timeline. */
static int take_session(ProjectionContext *context, const json_t *leaf)
{
	json_t *session = json_object_get(json_object_get(leaf, "body"), "session");

	context->body_changed = true;
	if (!session) {
		(void)json_object_del(context->body, "session");
		return 0;
	}
	return json_object_set(context->body, "session", session) < 0 ? -ENOMEM : 0;
}

/**
 * Before version 6 a correction changed no table but its own, so it may say what the tables cannot: a number
 * that another cycle has. Such a one stays on record, and changes no other table now either. A new one is
 * refused.
 */
static int replay_correction(ProjectionContext *context)
{
	bool taken;
	int r = projection_has(context, sql_cycle_number_taken, &taken);

	if (r == 0 && taken)
		context->first_alone = true;
	return r;
}

/** Who is treated now was judged by the card, the answers and the scalp of that client, and of nobody else.
 */
static int check_client(ProjectionContext *context, const char *kind, const char *outcome)
{
	if (strcmp(kind, "session.begun") != 0 || strcmp(projection_text(context, "field"), "subject") != 0 ||
		strcmp(outcome, "open") != 0)
		return 0;
	return projection_refuse(context, -EINVAL,
		"the session is open, and its client cannot be corrected: end it (session abandon) and begin it for the right client");
}

static int accept_correction_of_record(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *record = NULL;
	json_auto_t *leaf = NULL, *beside = NULL;
	const char *kind, *kept, *field = projection_text(context, "field");
	bool found, words;
	int r;

	if (context->replay)
		return replay_correction(context);
	r = projection_step(context, sql_record_corrected, &record, &found);
	if (r < 0)
		return r;
	if (!found)
		return projection_refuse(context, -ENOENT, "there is no record %lld: check its number",
			projection_number(context, "corrects"));
	kind = column_string(record, 0);
	r = check_client(context, kind, column_string(record, 4));
	if (r < 0)
		return r;
	if (strcmp(kind, "record.corrected") == 0 || strcmp(kind, "personal.erased") == 0)
		return projection_refuse(context, -EINVAL,
			"record %lld is itself of kind %s: correct the record that it is about",
			projection_number(context, "corrects"), kind);
	leaf = leaf_parse(record, 1);
	kept = column_text(record, 2);
	beside = kept ? json_loads(kept, 0, NULL) : NULL;
	words = is_words(kind, field);
	r = leaf ? check_old(context, kind, leaf, words ? json_object_get(beside, field) : NULL) : -EUCLEAN;
	if (r < 0)
		return r;
	r = check_new(context, kind);
	if (r < 0)
		return r;
	r = corrected_check(context, kind, leaf, beside, column_integer(record, 3));
	if (r < 0)
		return r;
	r = words ? keep_corrected_words_beside(context) : 0;
	return r < 0 ? r : take_session(context, leaf);
}

/* ---- erasure ---- */

/* the ways to name the person whose data is erased */
static const struct {
	const char *named, *find;
} ways[] = {
	{ "subject", sql_personal_of_subject },
	{ "badge", sql_personal_of_badge },
	{ "record", sql_personal_of_record },
};

/** The one way that the body uses; -EINVAL refused, unless it uses exactly one. */
static int find_way(ProjectionContext *context, size_t *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < ELEMENTS(ways); i++)
		if (json_object_get(context->body, ways[i].named)) {
			*ret = i;
			n++;
		}
	if (n == 1)
		return 0;
	return projection_refuse(
		context, -EINVAL, "whose data is to be erased: give one of subject, badge and record");
}

/** Refuses while the badge is valid, because the operator's data is still needed. */
static int check_badge_revoked(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	bool valid;
	int r = projection_step(context, sql_badge_valid, &row, &valid);

	if (r < 0 || !valid)
		return r;
	return projection_refuse(context, -EINVAL, "badge %s is still valid: revoke it first, then erase",
		column_string(row, 0));
}

/* of one record, so that it fits into LEAF_NEW_MAX with numbers of ten digits */
enum { ERASED_MAX = 5000 };

/**
 * Collects the numbers that a statement finds in a new array; what one record does not hold is for the next
 * one. An error must not look like the end of the list.
 */
static int found_records(ProjectionContext *context, const char *find, json_t **ret)
{
	_cleanup_(statement_donep) sqlite3_stmt *rows = NULL;
	json_auto_t *list = json_array();
	int result = SQLITE_ROW;
	bool row;
	int r = projection_step(context, find, &rows, &row);

	if (r < 0)
		return r;
	for (; row; row = result == SQLITE_ROW) {
		if (json_array_size(list) == ERASED_MAX) {
			context->more = true;
			break;
		}
		if (json_array_append_new(list, json_integer(column_integer(rows, 0))) < 0)
			return -ENOMEM;
		result = sqlite3_step(rows);
	}
	if (result != SQLITE_ROW && result != SQLITE_DONE)
		return ledger_errno(result);
	*ret = json_incref(list);
	return list ? 0 : -ENOMEM;
}

static int count_images(ProjectionContext *context, int64_t *ret)
{
	_cleanup_(statement_donep) sqlite3_stmt *images = NULL;
	bool row;
	int r = projection_step(context, sql_photographs_left, &images, &row);

	if (r < 0)
		return r;
	*ret = row ? column_integer(images, 0) : 0;
	return 0;
}

/**
 * Adds other spellings in which the person's sessions are on record, from a time when these were different
 * people.
 */
static int name_spellings(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	json_auto_t *spellings = NULL;
	bool found;
	int r;

	if (!projection_text(context, "subject"))
		return 0;
	r = projection_step(context, sql_other_spellings, &row, &found);
	if (r < 0 || !found)
		return r;
	spellings = json_loads(column_string(row, 0), 0, NULL);
	if (json_array_size(spellings) == 0)
		return 0;
	return json_object_set(context->body, "spellings", spellings) < 0 ? -ENOMEM : 0;
}

/** Adds to the record which records lose their personal data, and how many photographs are to be deleted. */
static int state_extent(ProjectionContext *context, const char *find)
{
	json_auto_t *records = NULL;
	int64_t images;
	bool found;
	int r = found_records(context, find, &records);

	if (r < 0)
		return r;
	r = count_images(context, &images);
	if (r < 0)
		return r;
	context->body_changed = true;
	if (json_object_set(context->body, "records", records) < 0 ||
		json_object_set_new(context->body, "images", json_integer(images)) < 0)
		return -ENOMEM;
	r = projection_has(context, sql_something_to_erase, &found);
	if (r < 0)
		return r;
	if (!found && images == 0 && !context->goes_on)
		return projection_refuse(context, -ENOENT,
			"nothing personal of this person is kept: check the pseudonym, badge or number");
	return name_spellings(context);
}

/**
 * Refuses before the retention period of what the body names is over; a group that the terms do not list has
 * no retention period.
 */
static int check_retention(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	const char *until, *profile = projection_text(context, "profile");
	char today[CLOCK_UTC_TEXT_MAX];
	bool found;
	int r;

	if (projection_text(context, "despite"))
		return 0;
	r = projection_step(context, sql_kept_until, &row, &found);
	if (r < 0)
		return r;
	until = found ? column_text(row, 0) : NULL;
	projection_today(context, today);
	if (!until || strcmp(until, today) < 0)
		return 0;
	return projection_refuse(context, -EINVAL,
		"this is to be kept until %s under the profile %s: erase it then, or say with despite= why it must "
		"go before",
		until, profile ? profile : "in force");
}

static int accept_erasure(ProjectionContext *context)
{
	size_t way = 0;
	int r = find_way(context, &way);

	if (r < 0)
		return r;
	context->erased = true;
	if (context->replay)
		return 0;
	r = check_badge_revoked(context);
	if (r < 0)
		return r;
	r = check_retention(context);
	return r < 0 ? r : state_extent(context, ways[way].find);
}

static int number_is_taken(ProjectionContext *context)
{
	return projection_refuse(context, -EEXIST,
		"another cycle of the steriliser has that number: check both, and correct that one first");
}

const Acceptance accept_correction[] = {
	{ "record.corrected", accept_correction_of_record, number_is_taken },
	{ "personal.erased", accept_erasure },
	{ NULL },
};
