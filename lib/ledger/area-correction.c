/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Records about earlier records: corrections, and the erasure of personal data beside them. Neither may
 * change the bytes of an earlier record.
 */

#include "ledger/area.h"

#include <string.h>

static const char *const tables[] = { "correction", NULL };

static json_int_t number(const ProjectionContext *context, const char *field)
{
	return json_integer_value(json_object_get(context->body, field));
}

/* ---- corrections ---- */

/** A value as people write it: texts as they are, everything else as JSON. NULL: there is none. */
static char *value_text(const json_t *value)
{
	if (json_is_string(value))
		return strdup(json_string_value(value));
	return value ? json_dumps(value, LEDGER_JSON | JSON_ENCODE_ANY) : NULL;
}

/** Refuses an old value that is not what the record says after the corrections so far. */
static int check_old(ProjectionContext *context, const json_t *leaf, const json_t *words)
{
	_cleanup_(statement_donep) sqlite3_stmt *newest = NULL;
	const char *field = projection_text(context, "field"), *old = projection_text(context, "old");
	const json_t *value = json_object_get(json_object_get(leaf, "body"), field);
	_cleanup_(freep) char *said = value_text(value ? value : words);
	const char *now = said;
	bool corrected;
	int r = projection_step(context,
		"SELECT new FROM correction WHERE corrects = @corrects AND field = @field ORDER BY seq DESC LIMIT 1",
		&newest, &corrected);

	if (r < 0)
		return r;
	if (corrected)
		now = column_text(newest, 0);
	if (!now)
		return projection_refuse(context, -ENOENT, "record %lld has no field %.40s: check its number",
			(long long)number(context, "corrects"), field);
	if (strcmp(now, old) != 0)
		return projection_refuse(context, -EINVAL,
			"%.40s of record %lld is \"%.80s\", not \"%.80s\": give the old value as it stands",
			field, (long long)number(context, "corrects"), now, old);
	return 0;
}

/** As value_text() writes it; what cannot be read stays a text, for the field's check to name. */
static json_t *read_value(FieldType type, const char *text)
{
	bool is_text = type == FIELD_TEXT || type == FIELD_DATE || type == FIELD_TIME;
	bool is_figure = type == FIELD_NUMBER || type == FIELD_COUNT;
	json_t *value = is_text || (is_figure && !text_is_decimal(text))
				? NULL
				: json_loads(text, JSON_DECODE_ANY, NULL);

	return value ? value : json_string(text);
}

/** Refuses a new value that a record of this kind could not have had. */
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
	alone[0] = *field;
	alone[0].retired = NULL; /* the record has it all the same */
	if (json_object_set_new(body, name, read_value(field->type, projection_text(context, "new"))) < 0)
		return -ENOMEM;
	r = record_new_check(&only, body, &why);
	if (r < 0)
		memcpy(context->answer->text, why.text, sizeof context->answer->text);
	return r;
}

static bool is_words(const char *kind, const char *name)
{
	const RecordField *field = record_field_find(kind, name);

	return field && field->words;
}

/** What was said in somebody's own words is corrected in them: neither text may stand in the leaf. */
static int keep_words_beside(ProjectionContext *context)
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

/** So that it stands in the timeline of the session whose record it corrects. */
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

static int check_corrected(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *record = NULL;
	json_auto_t *leaf = NULL, *beside = NULL;
	const char *kind, *kept, *field = projection_text(context, "field");
	bool found, words;
	int r = projection_step(context,
		"SELECT kind, leaf, data FROM record LEFT JOIN personal USING(seq) WHERE seq = @corrects",
		&record, &found);

	if (r < 0)
		return r;
	if (!found)
		return projection_refuse(context, -ENOENT, "there is no record %lld: check its number",
			(long long)number(context, "corrects"));
	kind = column_string(record, 0);
	if (strcmp(kind, "record.corrected") == 0 || strcmp(kind, "personal.erased") == 0)
		return projection_refuse(context, -EINVAL,
			"record %lld is itself of kind %s: correct the record that it is about",
			(long long)number(context, "corrects"), kind);
	leaf = leaf_parse(record, 1);
	kept = column_text(record, 2);
	beside = kept ? json_loads(kept, 0, NULL) : NULL;
	words = is_words(kind, field);
	r = leaf ? check_old(context, leaf, words ? json_object_get(beside, field) : NULL) : -EUCLEAN;
	if (r == 0)
		r = check_new(context, kind);
	if (r == 0 && words)
		r = keep_words_beside(context);
	return r == 0 ? take_session(context, leaf) : r;
}

static int project_corrected(ProjectionContext *context)
{
	int r = context->replay ? 0 : check_corrected(context);

	if (r < 0)
		return r;
	return projection_run(context,
		"INSERT INTO correction(seq, utc_us, operator, corrects, field, old, new, why) VALUES"
		"(@seq, @utc_us, @actor, @corrects, @field, coalesce(@old, ''), coalesce(@new, ''), coalesce(@why, ''))");
}

/* ---- erasure ---- */

/* what each way to name a person finds; personal data is rare, so that reading all of it is quick enough */
#define OF_FIELD(field)                                                                \
	"SELECT personal.seq FROM personal JOIN record USING(seq) WHERE json_extract(" \
	"CAST(leaf AS TEXT), '$.body." field "')" SAME_NAME("@" field)
/* what was said of the damage to a cartridge that was used on the person */
#define OF_UNITS(row)                                                                                 \
	row ".kind = 'needle.damaged' AND json_extract(CAST(" row ".leaf AS TEXT), '$.body.unit') IN" \
	    " (SELECT unit FROM unit JOIN session USING(session) WHERE subject" SAME_NAME("@subject") ")"
/* a person's own records, what was written in somebody's words in a session of that person, and corrections
 * of both */
#define OF_SUBJECT                                                                                      \
	OF_FIELD("subject")                                                                             \
	" OR record.session IN (SELECT session FROM session WHERE subject" SAME_NAME(                   \
		"@subject") ")"                                                                         \
			    " AND kind NOT LIKE 'incident.%' OR personal.seq IN (SELECT correction.seq" \
			    " FROM correction JOIN record AS made ON made.seq = corrects"               \
			    " WHERE json_extract(CAST(made.leaf AS TEXT), '$.body.subject')" SAME_NAME( \
				    "@subject") " OR " OF_UNITS("made") ") OR " OF_UNITS("record")
#define OF_BADGE OF_FIELD("badge")
#define OF_RECORD                                      \
	"SELECT seq FROM personal WHERE seq = @record" \
	" OR seq IN (SELECT seq FROM correction WHERE corrects = @record)"

static const struct {
	const char *named, *find;
} ways[] = {
	{ "subject", OF_SUBJECT },
	{ "badge", OF_BADGE },
	{ "record", OF_RECORD },
};

/* the body names the records and spellings, so that a replay deletes what was deleted */
#define REMOVE          "DELETE FROM personal WHERE seq IN (SELECT value FROM json_each(@records))"
#define IN_ANY_SPELLING "(subject = @subject OR subject IN (SELECT value FROM json_each(@spellings)))"

/** The one way that the body names; -EINVAL refused. */
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

/** An operator's data is needed as long as the badge is valid. */
static int check_operator(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *operator= NULL;
	bool active;
	int r = projection_step(context,
		"SELECT badge FROM operator WHERE revoked_us IS NULL AND (badge = @badge OR badge ="
		" (SELECT json_extract(CAST(leaf AS TEXT), '$.body.badge') FROM record WHERE seq = @record"
		"  AND kind LIKE 'operator.%'))",
		&operator, & active);

	if (r < 0 || !active)
		return r;
	return projection_refuse(context, -EINVAL, "badge %s is still valid: revoke it first, then erase",
		column_string(operator, 0));
}

static json_t *found_records(ProjectionContext *context, const char *find)
{
	_cleanup_(statement_donep) sqlite3_stmt *rows = NULL;
	json_auto_t *list = json_array();
	bool row;
	int r = projection_step(context, find, &rows, &row);

	if (!list || r < 0)
		return NULL;
	while (row) {
		json_array_append_new(list, json_integer(column_integer(rows, 0)));
		row = sqlite3_step(rows) == SQLITE_ROW;
	}
	return TAKE_PTR(list);
}

static int64_t count_images(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *images = NULL;
	bool row;
	int r = projection_step(context,
		"SELECT count(*) FROM image JOIN session USING(session) WHERE subject" SAME_NAME(
			"@subject") " AND erase_seq IS NULL",
		&images, &row);

	return r < 0 || !row ? 0 : column_integer(images, 0);
}

/** In which spellings the person's sessions are on record, from a time when these were several people. */
static int name_spellings(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	json_auto_t *spellings = NULL;
	bool found;
	int r;

	if (!projection_text(context, "subject"))
		return 0;
	r = projection_step(context,
		"SELECT json_group_array(DISTINCT subject) FROM session WHERE subject" SAME_NAME(
			"@subject") " AND subject <> @subject",
		&row, &found);
	if (r < 0 || !found)
		return r;
	spellings = json_loads(column_string(row, 0), 0, NULL);
	if (json_array_size(spellings) == 0)
		return 0;
	return json_object_set(context->body, "spellings", spellings) < 0 ? -ENOMEM : 0;
}

/* why earlier data of a person was erased goes along, but is no reason for an erasure of its own, unless it
 * is named */
#define SOMETHING_IS_LEFT                                                                                          \
	"SELECT 1 FROM record WHERE seq IN (SELECT value FROM json_each(@records)) AND (kind <> 'personal.erased'" \
	" OR @record IS NOT NULL) LIMIT 1"

/** Puts into the record which records lose their personal data, and how many photographs are to go. */
static int state_extent(ProjectionContext *context, const char *find)
{
	json_auto_t *records = found_records(context, find);
	_cleanup_(statement_donep) sqlite3_stmt *left = NULL;
	int64_t images = count_images(context);
	bool found;
	int r;

	if (!records)
		return -ENOMEM;
	context->body_changed = true;
	if (json_object_set(context->body, "records", records) < 0 ||
		json_object_set_new(context->body, "images", json_integer(images)) < 0)
		return -ENOMEM;
	r = projection_step(context, SOMETHING_IS_LEFT, &left, &found);
	if (r == 0 && !found && images == 0)
		return projection_refuse(context, -ENOENT,
			"nothing personal of this person is kept: check the pseudonym, badge or number");
	return r == 0 ? name_spellings(context) : r;
}

/* what projections copied of words whose record has lost them */
#define LOST(table, words)                                                                             \
	" WHERE NOT EXISTS (SELECT 1 FROM personal WHERE personal.seq = " table ".seq) AND NOT EXISTS" \
	" (SELECT 1 FROM record WHERE record.seq = " table                                             \
	".seq AND json_extract(CAST(leaf AS TEXT), '$.body." words "') IS NOT NULL)"

static int forget_words(ProjectionContext *context)
{
	int r = projection_run(context,
		"UPDATE incident SET text = '', device = NULL, area = NULL, treatment = NULL, referral = NULL" LOST(
			"incident", "text"));

	if (r == 0)
		r = projection_run(context, "UPDATE correction SET why = ''" LOST("correction", "why"));
	if (r == 0)
		r = projection_run(
			context, "UPDATE correction SET old = '', new = ''" LOST("correction", "old"));
	return r;
}

static int project_erased(ProjectionContext *context)
{
	size_t way = 0;
	int r = find_way(context, &way);

	if (r == 0 && !context->replay)
		r = check_operator(context);
	if (r == 0 && !context->replay && !projection_text(context, "despite"))
		r = retention_check(context);
	if (r == 0 && !context->replay)
		r = state_extent(context, ways[way].find);
	if (r == 0)
		r = projection_run(context, REMOVE);
	if (r == 0)
		r = projection_run(context,
			"UPDATE operator SET name = NULL, pin = NULL WHERE badge = @badge OR seq = @record");
	if (r == 0)
		r = projection_run(context,
			"UPDATE image SET erase_seq = @seq WHERE erase_seq IS NULL AND session IN"
			" (SELECT session FROM session WHERE " IN_ANY_SPELLING ")");
	if (r == 0)
		r = forget_words(context);
	context->erased = r == 0;
	return r;
}

static const Projection projections[] = {
	{ "record.corrected", .project = project_corrected },
	{ "personal.erased", .project = project_erased },
	{ "image.erased", .sql = "UPDATE image SET erased_seq = @seq WHERE seq = @image" },
	{ NULL },
};

const LedgerArea area_correction = { tables, projections };
