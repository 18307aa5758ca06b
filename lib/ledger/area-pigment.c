/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Pigments: lots, blends, and what was loaded. What is barred or expired must not be loaded or blended. A
 * replay must not judge that again.
 */

#include "ledger/area.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const tables[] = { "pigment_stock", "pigment_blend", "pigment_part", "pigment_zone",
	NULL };

/** Columns of what find_lot() finds. */
enum {
	LOT_BRAND,
	LOT_COLOUR,
	LOT_EXPIRY,
	LOT_STATUS,
	LOT_LIKE,
};

typedef struct PigmentName {
	const char *brand, *colour, *lot; /* brand and colour: NULL where the lot alone says which */
} PigmentName;

static PigmentName name_of(const json_t *object)
{
	return (PigmentName){
		json_string_value(json_object_get(object, "brand")),
		json_string_value(json_object_get(object, "colour")),
		json_string_value(json_object_get(object, "lot")),
	};
}

static int find_lot(ProjectionContext *context, const PigmentName *name, sqlite3_stmt **ret, bool *ret_found)
{
	int r = statement_get(context->statements,
		"SELECT brand, colour, expiry, status, count(*) OVER () FROM pigment_stock WHERE lot = ?3"
		" AND (?1 IS NULL OR brand = ?1) AND (?2 IS NULL OR colour = ?2)",
		ret);

	if (r == SQLITE_OK)
		r = sqlite3_bind_text(*ret, 1, name->brand, -1, SQLITE_TRANSIENT);
	if (r == SQLITE_OK)
		r = sqlite3_bind_text(*ret, 2, name->colour, -1, SQLITE_TRANSIENT);
	if (r == SQLITE_OK)
		r = sqlite3_bind_text(*ret, 3, name->lot, -1, SQLITE_TRANSIENT);
	if (r == SQLITE_OK)
		r = sqlite3_step(*ret);
	*ret_found = r == SQLITE_ROW;
	return ledger_errno(r);
}

/** The same where it must be there, and be one alone. */
static int need_lot(ProjectionContext *context, const PigmentName *name, sqlite3_stmt **ret)
{
	bool found;
	int r = find_lot(context, name, ret, &found);

	if (r == 0 && !found)
		return projection_refuse(context, -ENOENT,
			"pigment lot %s is not on record: receive it first, or check its number", name->lot);
	if (r == 0 && column_integer(*ret, LOT_LIKE) > 1)
		return projection_refuse(context, -ENOENT,
			"lot %s is that of several pigments: name brand and colour as well", name->lot);
	return r;
}

static int check_status(ProjectionContext *context, sqlite3_stmt *row, const char *lot)
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

/* ---- lots ---- */

static int project_received(ProjectionContext *context)
{
	int r;

	if (!context->replay && strcmp(projection_text(context, "brand"), "blend") == 0)
		return projection_refuse(context, -EINVAL,
			"the brand \"blend\" stands for what is mixed here: enter it as blended");
	r = delivery_check(context, "pigment lot",
		"SELECT status, expiry FROM pigment_stock WHERE brand = @brand AND colour = @colour"
		" AND lot = @lot");
	if (r < 0)
		return r;
	return projection_run(context,
		"INSERT INTO pigment_stock(brand, colour, lot, expiry, quantity, volume_ml, supplier, purpose,"
		" received_us, seq) VALUES(@brand, @colour, @lot, @expiry, @quantity, @volume_ml, @supplier, @purpose,"
		" @utc_us, @seq) ON CONFLICT DO UPDATE SET quantity = quantity + @quantity, received_us = @utc_us, seq = @seq,"
		" volume_ml = coalesce(@volume_ml, volume_ml), supplier = coalesce(@supplier, supplier),"
		" purpose = coalesce(@purpose, purpose)");
}

static int check_change(ProjectionContext *context, const char *is)
{
	const char *lot = projection_text(context, "lot"), *to = projection_text(context, "status");
	bool may_release;
	int r;

	if (strcmp(is, to) == 0)
		return projection_refuse(
			context, -EEXIST, "pigment lot %s is %s already: nothing was changed", lot, is);
	if (strcmp(is, "recalled") != 0)
		return 0;
	if (strcmp(to, "quarantined") == 0)
		return projection_refuse(context, -EINVAL,
			"pigment lot %s is recalled, which bars it already: release it once the recall is lifted",
			lot);
	r = projection_actor_has(context, "supervisor administrator", &may_release);
	if (r == 0 && !may_release)
		return projection_refuse(context, -EPERM,
			"pigment lot %s was recalled: a supervisor or administrator must release it", lot);
	return r;
}

static int project_status(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	PigmentName name = name_of(context->body);
	int r = need_lot(context, &name, &row);

	if (r == 0 && !context->replay)
		r = check_change(context, column_string(row, LOT_STATUS));
	if (r == 0)
		r = projection_run(context,
			"UPDATE pigment_stock SET status = @status, status_seq = @seq, status_us = @utc_us"
			" WHERE lot = @lot AND (@brand IS NULL OR brand = @brand) AND (@colour IS NULL OR colour = @colour)");
	return r;
}

/* ---- blends ---- */

/**
 * Reads "LOT:PARTS", with the colour, or brand and colour, before the lot where that alone does not say
 * which: "BRAND/COLOUR/LOT:PARTS". Cuts `text` in pieces.
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

/** The part as the record keeps it: brand, colour, lot, expiry, parts. NULL after a refusal, r set. */
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
	r = need_lot(context, &name, &row);
	if (r == 0)
		r = check_status(context, row, name.lot);
	if (r == 0)
		r = check_expiry(context, "pigment lot", name.lot, column_string(row, LOT_EXPIRY));
	if (r < 0)
		return r;
	*ret = json_pack("{s:s, s:s, s:s, s:s, s:f}", "brand", column_string(row, LOT_BRAND), "colour",
		column_string(row, LOT_COLOUR), "lot", name.lot, "expiry", column_string(row, LOT_EXPIRY),
		"parts", parts);
	return *ret ? 0 : -ENOMEM;
}

/** Names the lots in full and finds the earliest expiry. */
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

static int keep_part(ProjectionContext *context, const json_t *part)
{
	_cleanup_(statement_donep) sqlite3_stmt *insert = NULL;
	PigmentName name = name_of(part);
	int r = statement_get(context->statements, "INSERT INTO pigment_part VALUES(?, ?, ?, ?, ?)", &insert);

	if (r == SQLITE_OK)
		r = sqlite3_bind_text(insert, 1, projection_text(context, "blend"), -1, SQLITE_TRANSIENT);
	if (r == SQLITE_OK)
		r = sqlite3_bind_text(insert, 2, name.brand, -1, SQLITE_TRANSIENT);
	if (r == SQLITE_OK)
		r = sqlite3_bind_text(insert, 3, name.colour, -1, SQLITE_TRANSIENT);
	if (r == SQLITE_OK)
		r = sqlite3_bind_text(insert, 4, name.lot, -1, SQLITE_TRANSIENT);
	if (r == SQLITE_OK)
		r = sqlite3_bind_double(insert, 5, json_number_value(json_object_get(part, "parts")));
	if (r == SQLITE_OK)
		r = statement_step(insert);
	r = ledger_errno(r);
	return r == -EEXIST
		       ? projection_refuse(context, r, "lot %s is named twice: add its parts up", name.lot)
		       : r;
}

static int project_blended(ProjectionContext *context)
{
	int r = context->replay ? 0 : complete_blend(context);
	json_t *part;
	size_t i;

	if (r == 0)
		r = projection_run(context,
			"INSERT INTO pigment_blend(blend, colour, expiry, operator, utc_us, seq) VALUES"
			"(@blend, @colour, @expiry, @actor, @utc_us, @seq)");
	if (r == -EEXIST)
		return projection_refuse(context, r, "blend %s is on record already: choose another name",
			projection_text(context, "blend"));
	json_array_foreach (json_object_get(context->body, "parts"), i, part)
		if (r == 0)
			r = keep_part(context, part);
	return r;
}

/* ---- loaded ---- */

/** What was entered from the bottle must be what was entered when it came. */
static int check_same_expiry(ProjectionContext *context, const char *expiry)
{
	if (strcmp(projection_text(context, "expiry"), expiry) == 0)
		return 0;
	return projection_refuse(context, -EINVAL,
		"pigment lot %s expires on %s by its record, not on %s: check the bottle",
		projection_text(context, "lot"), expiry, projection_text(context, "expiry"));
}

static int check_blend(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	const char *name = projection_text(context, "lot"), *expiry;
	bool found;
	int r = projection_step(context,
		"SELECT pigment_blend.expiry, pigment_stock.lot, status FROM pigment_blend"
		" LEFT JOIN pigment_part USING(blend) LEFT JOIN pigment_stock ON pigment_stock.lot = pigment_part.lot"
		" AND pigment_stock.brand = pigment_part.brand AND pigment_stock.colour = pigment_part.colour"
		" WHERE blend = @lot AND pigment_blend.colour = @colour ORDER BY status = 'released' LIMIT 1",
		&row, &found);

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
	return r < 0 ? r : check_same_expiry(context, expiry);
}

/**
 * A lot that is not on record is taken as it was entered, as not every station keeps a stock of pigments,
 * unless the record says that the rules in force ask for its receipt.
 */
static int check_bottle(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	PigmentName name = name_of(context->body);
	const char *expiry = projection_text(context, "expiry");
	bool found;
	int r = find_lot(context, &name, &row, &found);

	if (r < 0)
		return r;
	if (!found && json_is_true(json_object_get(context->body, "received")))
		return projection_refuse(context, -ENOENT,
			"pigment lot %s is not on record: receive it first, or check its number", name.lot);
	if (!found)
		return check_expiry(context, "pigment lot", name.lot, expiry);
	r = check_status(context, row, name.lot);
	expiry = column_string(row, LOT_EXPIRY);
	if (r == 0)
		r = check_expiry(context, "pigment lot", name.lot, expiry);
	return r < 0 ? r : check_same_expiry(context, expiry);
}

static int project_loaded(ProjectionContext *context)
{
	bool blend = strcmp(projection_text(context, "brand"), "blend") == 0;
	int r = context->replay ? 0 : blend ? check_blend(context) : check_bottle(context);

	if (r == 0)
		r = projection_run(context,
			"INSERT INTO pigment_use(seq, session, brand, colour, lot, expiry, utc_us) VALUES"
			"(@seq, @session, @brand, @colour, @lot, @expiry, @utc_us)");
	return r;
}

/* clang-format off */
/* clang-format on */

static const Projection projections[] = {
	{ "pigment.received", .project = project_received },
	{ "pigment.status", .project = project_status },
	{ "pigment.blended", .project = project_blended },
	{ "pigment.loaded", .project = project_loaded },
	{ NULL },
};

const LedgerArea area_pigment = { tables, projections };
