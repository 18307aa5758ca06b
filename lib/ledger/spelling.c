/* SPDX-License-Identifier: Apache-2.0 */

/**
 * One spelling for each name: pseudonyms, badges, lots, blends, handpieces, sterilisers. Names that differ
 * only in the case of ASCII letters are the same (pseudonyms and badges have no other letters; other letters
 * of a lot are compared as they are). A new record gets the spelling on record, so that tables compare bytes.
 * It must not change an older record: queries ignore case, and two spellings that are on record from an
 * earlier time both stay.
 */

#include "ledger/accept.h"
#include "ledger/statements.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char *field, *kinds; /* kinds: prefixes of the kinds */
	const char *find;
} names[] = {
	{ "subject", "", sql_spelling_of_subject },
	{ "badge", "operator.refused", sql_spelling_of_refused_badge },
	{ "badge", "", sql_spelling_of_badge },
	{ "lot", "lot.", sql_spelling_of_lot },
	{ "lot", "needle.", sql_spelling_of_lot },
	{ "lot", "pigment.", sql_spelling_of_pigment },
	{ "lot", "indicator.", sql_spelling_of_indicator },
	{ "blend", "pigment.", sql_spelling_of_blend },
	{ "handpiece", "", sql_spelling_of_handpiece },
	{ "sterilizer", "", sql_spelling_of_sterilizer },
};

/** A unit that belongs to a lot contains the lot's name. */
static int respell_unit(ProjectionContext *context, const char *lot, const char *spelling)
{
	const char *unit = projection_text(context, "unit");
	size_t length = unit ? strlen(unit) : 0, name = strlen(lot);
	char text[LEDGER_TEXT_MAX];

	if (length < name + 4 || strcmp(unit + length - name, lot) != 0 ||
		strncmp(unit + length - name - 4, "(10)", 4) != 0)
		return 0;
	snprintf(text, sizeof text, "%.*s%s", (int)(length - name), unit, spelling);
	return json_object_set_new(context->body, "unit", json_string(text)) < 0 ? -ENOMEM : 0;
}

static int settle_name(ProjectionContext *context, const char *field, const char *find)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	const char *name = projection_text(context, field), *spelling;
	int r = statement_get(context->statements, find, &row);

	if (r != SQLITE_OK)
		return ledger_errno(r);
	sqlite3_bind_text(row, 1, name, -1, SQLITE_TRANSIENT);
	r = sqlite3_step(row);
	if (r != SQLITE_ROW)
		return ledger_errno(r);
	spelling = column_string(row, 0);
	if (strcmp(spelling, name) == 0)
		return 0;
	context->body_changed = true;
	r = strcmp(field, "lot") == 0 ? respell_unit(context, name, spelling) : 0;
	if (r < 0)
		return r;
	return json_object_set_new(context->body, field, json_string(spelling)) < 0 ? -ENOMEM : 0;
}

int spelling_settle(ProjectionContext *context)
{
	if (context->replay)
		return 0;
	for (size_t i = 0; i < ELEMENTS(names); i++) {
		int r;

		if (!projection_text(context, names[i].field) ||
			strncmp(context->kind, names[i].kinds, strlen(names[i].kinds)) != 0)
			continue;
		r = settle_name(context, names[i].field, names[i].find);
		if (r < 0)
			return r;
	}
	return 0;
}
