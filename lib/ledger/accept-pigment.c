/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Accepts records of pigments: lots, blends, and what was loaded. A barred or expired pigment must not be
 * loaded or blended. A replay must not judge that again.
 */

#include "ledger/accept.h"
#include "ledger/statements.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/** Columns of sql_pigment_meant. */
enum {
	LOT_BRAND,
	LOT_COLOUR,
	LOT_EXPIRY,
	LOT_STATUS,
	LOT_LIKE,
	LOT_USE_BY, /* NULL: no bottle was opened on record */
	LOT_OPENED,
	LOT_LABEL, /* NULL: not checked */
};

typedef struct PigmentName {
	const char *brand, *colour, *lot; /* brand and colour: NULL when the lot alone identifies it */
} PigmentName;

static PigmentName pigment_name(const json_t *object)
{
	return (PigmentName){
		json_string_value(json_object_get(object, "brand")),
		json_string_value(json_object_get(object, "colour")),
		json_string_value(json_object_get(object, "lot")),
	};
}

static int find_pigment(
	ProjectionContext *context, const PigmentName *name, sqlite3_stmt **ret, bool *ret_found)
{
	const char *const texts[] = { name->lot, name->brand, name->colour };
	int r = statement_get(context->statements, sql_pigment_meant, ret);

	for (size_t i = 0; i < ELEMENTS(texts) && r == SQLITE_OK; i++)
		r = sqlite3_bind_text(*ret, (int)i + 1, texts[i], -1, SQLITE_TRANSIENT);
	if (r == SQLITE_OK)
		r = sqlite3_step(*ret);
	*ret_found = r == SQLITE_ROW;
	return ledger_errno(r);
}

/** The same, but exactly one such lot must exist. */
static int need_pigment(ProjectionContext *context, const PigmentName *name, sqlite3_stmt **ret)
{
	bool found;
	int r = find_pigment(context, name, ret, &found);

	if (r < 0)
		return r;
	if (!found)
		return projection_refuse(context, -ENOENT,
			"pigment lot %s is not on record: receive it first, or check its number", name->lot);
	if (column_integer(*ret, LOT_LIKE) > 1)
		return projection_refuse(context, -ENOENT,
			"lot %s is that of several pigments: name brand and colour as well", name->lot);
	return 0;
}

static int check_pigment_released(ProjectionContext *context, sqlite3_stmt *row, const char *lot)
{
	const char *status = column_string(row, LOT_STATUS);

	if (strcmp(status, "released") == 0)
		return 0;
	return projection_refuse(context, -EKEYREVOKED,
		"pigment lot %s is %s: set its bottles aside and open another one", lot, status);
}

static int check_expiry(ProjectionContext *context, const char *what, const char *name, const char *expiry)
{
	char today[CLOCK_UTC_TEXT_MAX];

	projection_today(context, today);
	if (strcmp(expiry, today) >= 0)
		return 0;
	return projection_refuse(
		context, -ESTALE, "%s %s expired on %s: open another bottle", what, name, expiry);
}

/** A bottle lasts some days after it was opened. */
static int check_opened(ProjectionContext *context, sqlite3_stmt *row, const char *lot)
{
	const char *use_by = column_text(row, LOT_USE_BY);
	char today[CLOCK_UTC_TEXT_MAX];

	projection_today(context, today);
	if (!use_by || strcmp(use_by, today) >= 0)
		return 0;
	return projection_refuse(context, -ESTALE,
		"the bottle of pigment lot %s was opened on %s and may be used until %s: open another one and record it",
		lot, column_string(row, LOT_OPENED), use_by);
}

/** The rules in force may ask for a checked label. */
static int check_label(ProjectionContext *context, const char *lot, const char *label)
{
	if (!json_is_true(json_object_get(context->body, "label")) || (label && strcmp(label, "pass") == 0))
		return 0;
	return projection_refuse(context, -EINVAL,
		label ? "the label of pigment lot %s lacks what REACH asks for (see `audit pigment-lots`): load another "
			"pigment, and check again a label that was supplied since"
		      : "the label of pigment lot %s was not checked, which the profile asks for: check it first",
		lot);
}

/* ---- lots ---- */

static int need_named_pigment(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	PigmentName name = pigment_name(context->body);

	return need_pigment(context, &name, &row);
}

static bool is_label_word(const ProjectionContext *context, const char *field, const char *word)
{
	return strcmp(projection_text(context, field), word) == 0;
}

/** Judges the label: REACH, annex XVII, entry 75(7). */
static int accept_label(ProjectionContext *context)
{
	static const char *const yes[] = { "mixture", "batch", "ingredients", "local" };
	static const char *const words[] = { "ph_regulator", "nickel", "chromium" };
	bool passed = true;
	int r = need_named_pigment(context);

	if (r < 0 || context->replay)
		return r;
	for (size_t i = 0; i < ELEMENTS(yes); i++)
		passed = passed && json_is_true(json_object_get(context->body, yes[i]));
	for (size_t i = 0; i < ELEMENTS(words); i++)
		passed = passed && !is_label_word(context, words[i], "missing");
	return projection_complete(context, "result", json_string(passed ? "pass" : "fail"));
}

static int accept_opened(ProjectionContext *context)
{
	char use_by[CLOCK_UTC_TEXT_MAX], today[CLOCK_UTC_TEXT_MAX];
	int64_t opened_us;
	int r = need_named_pigment(context);

	if (r < 0 || context->replay)
		return r;
	projection_today(context, today);
	if (clock_parse_utc(projection_text(context, "opened"), &opened_us) < 0 ||
		strcmp(projection_text(context, "opened"), today) > 0)
		return projection_refuse(context, -EINVAL,
			"the day %s, on which the bottle was opened, lies in the future: check it",
			projection_text(context, "opened"));
	projection_date(opened_us + projection_number(context, "days") * USEC_PER_DAY, use_by);
	return projection_complete(context, "use_by", json_string(use_by));
}

static int recall_exists(ProjectionContext *context)
{
	return projection_refuse(context, -EEXIST, "the recalls %s of %s are on record already",
		projection_text(context, "reference"), projection_text(context, "authority"));
}

static int accept_pigment_received(ProjectionContext *context)
{
	if (!context->replay && strcmp(projection_text(context, "brand"), "blend") == 0)
		return projection_refuse(context, -EINVAL,
			"the brand \"blend\" stands for what is mixed here: enter it as blended");
	return delivery_check(context, "pigment lot", sql_pigment_delivered);
}

static int accept_pigment_status(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	PigmentName name = pigment_name(context->body);
	int r = need_pigment(context, &name, &row);

	r = r < 0 ? r : status_check(context, "pigment lot", column_string(row, LOT_STATUS));
	return r < 0 ? r : status_complete(context, sql_pigment_bars);
}

/* ---- blends ---- */

/**
 * Reads "LOT:PARTS", or "BRAND/COLOUR/LOT:PARTS" with colour, or brand and colour, when the lot alone is
 * ambiguous. Cuts `text` into pieces.
 */
static bool read_part(char *text, PigmentName *ret_name, double *ret_parts)
{
	char *colon = strrchr(text, ':'), *slash;

	if (!colon)
		return false;
	*colon = '\0';
	if (!text_is_decimal(colon + 1))
		return false;
	*ret_parts = strtod(colon + 1, NULL);
	if (!isfinite(*ret_parts) || *ret_parts <= 0)
		return false;
	*ret_name = (PigmentName){ .lot = text };
	slash = strrchr(text, '/');
	if (slash) {
		*slash = '\0';
		ret_name->lot = slash + 1;
		ret_name->colour = text;
		slash = strrchr(text, '/');
	}
	if (slash) {
		*slash = '\0';
		ret_name->colour = slash + 1;
		ret_name->brand = text;
	}
	return *ret_name->lot && (!ret_name->colour || *ret_name->colour) &&
	       (!ret_name->brand || *ret_name->brand);
}

/** Makes the recorded form of a part: brand, colour, lot, expiry, parts. NULL after a refusal, with r set. */
static int complete_part(ProjectionContext *context, const char *entered, json_t **ret)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	_cleanup_(freep) char *text = strdup(entered);
	PigmentName name;
	double parts;
	int r;

	if (!text)
		return -ENOMEM;
	if (!read_part(text, &name, &parts))
		return projection_refuse(context, -EINVAL,
			"\"%.60s\" is no part of a blend: write LOT:PARTS, as in PG7:2", entered);
	r = need_pigment(context, &name, &row);
	if (r < 0)
		return r;
	r = check_pigment_released(context, row, name.lot);
	if (r < 0)
		return r;
	r = check_expiry(context, "pigment lot", name.lot, column_string(row, LOT_EXPIRY));
	if (r < 0)
		return r;
	r = check_opened(context, row, name.lot);
	if (r < 0)
		return r;
	*ret = json_pack("{s:s, s:s, s:s, s:s, s:f}", "brand", column_string(row, LOT_BRAND), "colour",
		column_string(row, LOT_COLOUR), "lot", name.lot, "expiry", column_string(row, LOT_EXPIRY),
		"parts", parts);
	return *ret ? 0 : -ENOMEM;
}

static bool is_among_parts(const json_t *parts, const json_t *part)
{
	static const char *const fields[] = { "brand", "colour", "lot" };
	const json_t *other;
	size_t i;

	json_array_foreach (parts, i, other) {
		size_t same = 0;

		for (size_t k = 0; k < ELEMENTS(fields); k++)
			same += json_equal(
				json_object_get(other, fields[k]), json_object_get(part, fields[k]));
		if (same == ELEMENTS(fields))
			return true;
	}
	return false;
}

/** Completes the names of the lots and finds the earliest expiry. */
static int complete_blend(ProjectionContext *context)
{
	json_auto_t *parts = json_array();
	const char *earliest = NULL;
	json_t *entered, *part = NULL;
	size_t i;

	json_array_foreach (json_object_get(context->body, "parts"), i, entered) {
		int r = json_is_string(entered) ? complete_part(context, json_string_value(entered), &part)
						: projection_refuse(context, -EINVAL,
							  "a part of a blend is written LOT:PARTS");
		const char *expiry;

		if (r < 0)
			return r;
		if (is_among_parts(parts, part)) {
			r = projection_refuse(context, -EEXIST, "lot %s is named twice: add its parts up",
				json_string_value(json_object_get(part, "lot")));
			json_decref(part);
			return r;
		}
		expiry = json_string_value(json_object_get(part, "expiry"));
		earliest = !earliest || strcmp(expiry, earliest) < 0 ? expiry : earliest;
		if (json_array_append_new(parts, part) < 0)
			return -ENOMEM;
	}
	if (json_array_size(parts) < 2)
		return projection_refuse(
			context, -EINVAL, "a blend has at least two parts: write parts=LOT:PARTS,LOT:PARTS");
	context->body_changed = true;
	if (json_object_set_new(context->body, "expiry", json_string(earliest)) < 0 ||
		json_object_set(context->body, "parts", parts) < 0)
		return -ENOMEM;
	return 0;
}

static int accept_blend(ProjectionContext *context)
{
	bool found;
	int r;

	if (context->replay)
		return 0;
	r = complete_blend(context);
	if (r < 0)
		return r;
	r = projection_has(context, "SELECT 1 FROM pigment_blend WHERE blend = @blend", &found);
	if (r < 0 || !found)
		return r;
	return projection_refuse(context, -EEXIST, "blend %s is on record already: choose another name",
		projection_text(context, "blend"));
}

/* ---- loaded ---- */

/** The expiry entered from the bottle must be the one entered at its receipt. */
static int check_same_expiry(ProjectionContext *context, const char *expiry)
{
	if (strcmp(projection_text(context, "expiry"), expiry) == 0)
		return 0;
	return projection_refuse(context, -EINVAL,
		"pigment lot %s expires on %s by its record, not on %s: check the bottle",
		projection_text(context, "lot"), expiry, projection_text(context, "expiry"));
}

static int check_blended_part(ProjectionContext *context, sqlite3_stmt *row, const char *today)
{
	if (strcmp(column_string(row, 2), today) < 0)
		return projection_refuse(context, -ESTALE,
			"pigment lot %s of this blend might be used until %s: load another blend",
			column_string(row, 0), column_string(row, 2));
	return check_label(context, column_string(row, 0), column_text(row, 1));
}

/** Labels and opened bottles of a blend's parts. */
static int check_parts(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	char today[CLOCK_UTC_TEXT_MAX];
	int result = SQLITE_ROW, r;
	bool found;

	projection_today(context, today);
	r = projection_step(context, sql_blend_label, &row, &found);
	if (r < 0 || !found)
		return r;
	for (; result == SQLITE_ROW; result = sqlite3_step(row)) {
		r = check_blended_part(context, row, today);
		if (r < 0)
			return r;
	}
	return ledger_errno(result);
}

static int check_blend(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	const char *name = projection_text(context, "lot"), *expiry;
	bool found;
	int r = projection_step(context, sql_blend_worst_part, &row, &found);

	if (r < 0)
		return r;
	if (!found)
		return projection_refuse(context, -ENOENT,
			"there is no blend %s of that colour on record: enter it first", name);
	if (strcmp(column_string(row, 2), "released") != 0)
		return projection_refuse(context, -EKEYREVOKED,
			"blend %s holds pigment lot %s, which is %s: set it aside and load another", name,
			column_string(row, 1), column_string(row, 2));
	expiry = column_string(row, 0);
	r = check_expiry(context, "blend", name, expiry);
	if (r < 0)
		return r;
	r = check_same_expiry(context, expiry);
	return r < 0 ? r : check_parts(context);
}

/**
 * A lot that is not on record is accepted as entered, because not every station keeps a stock of pigments,
 * unless the record says that the rules in force require its receipt.
 */
static int check_bottle(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	PigmentName name = pigment_name(context->body);
	const char *expiry = projection_text(context, "expiry");
	bool found;
	int r = find_pigment(context, &name, &row, &found);

	if (r < 0)
		return r;
	if (!found && json_is_true(json_object_get(context->body, "received")))
		return projection_refuse(context, -ENOENT,
			"pigment lot %s is not on record: receive it first, or check its number", name.lot);
	if (!found) {
		r = check_expiry(context, "pigment lot", name.lot, expiry);
		return r < 0 ? r : check_label(context, name.lot, NULL);
	}
	r = check_pigment_released(context, row, name.lot);
	if (r < 0)
		return r;
	r = check_opened(context, row, name.lot);
	if (r < 0)
		return r;
	r = check_label(context, name.lot, column_text(row, LOT_LABEL));
	if (r < 0)
		return r;
	expiry = column_string(row, LOT_EXPIRY);
	r = check_expiry(context, "pigment lot", name.lot, expiry);
	return r < 0 ? r : check_same_expiry(context, expiry);
}

static int accept_loaded(ProjectionContext *context)
{
	if (context->replay)
		return 0;
	return strcmp(projection_text(context, "brand"), "blend") == 0 ? check_blend(context)
								       : check_bottle(context);
}

const Acceptance accept_pigment[] = {
	{ "pigment.received", accept_pigment_received },
	{ "pigment.labelled", accept_label },
	{ "pigment.opened", accept_opened },
	{ "recall.listed", .exists = recall_exists },
	{ "pigment.status", accept_pigment_status },
	{ "pigment.blended", accept_blend },
	{ "pigment.loaded", accept_loaded },
	{ NULL },
};
