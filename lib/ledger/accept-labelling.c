/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Accepts records of labels that the clinic prints, for cartridges of lots without serials and for sterile
 * packs. It gives the serials, so that two people who print at the same time never get the same one. It must
 * not give any for cartridges that may not be used.
 */

#include "ledger/accept.h"
#include "ledger/statements.h"

#include <string.h>

/* ---- serials ---- */

enum { RUN_LETTERS = 6, NUMBER_MAX = 999999 };

/** Columns of sql_labels_of_lot. */
enum {
	LABELS_QUANTITY,
	LABELS_GIVEN,
	LABELS_BARE,
	LABELS_OF_MAKER,
};

static int check_lot_of_labels(ProjectionContext *context, sqlite3_stmt *lot)
{
	const char *name = projection_text(context, "lot"), *status = column_string(lot, NEEDLE_LOT_STATUS);
	const char *expiry = column_string(lot, NEEDLE_LOT_EXPIRY);
	char today[CLOCK_UTC_TEXT_MAX];

	if (strcmp(status, "released") != 0)
		return projection_refuse(context, -EKEYREVOKED,
			"lot %s is %s: set its cartridges aside, and print labels once it is released", name,
			status);
	projection_today(context, today);
	if (strcmp(expiry, today) < 0)
		return projection_refuse(context, -ESTALE,
			"lot %s expired on %s: its cartridges get no labels, open another lot", name, expiry);
	return lot_check_spellings(context);
}

/**
 * Consonants without Y, so that no run spells a word, or is mistaken for a figure. Random, because serials
 * must also differ from those of other stations, and of a ledger that was restored.
 */
static int make_run(char ret[RUN_LETTERS + 1])
{
	static const char letters[] = "BCDFGHJKLMNPQRSTVWXZ";
	const unsigned n = sizeof letters - 1;
	uint8_t random;

	for (size_t i = 0; i < RUN_LETTERS;) {
		int r = random_bytes(&random, sizeof random);

		if (r < 0)
			return r;
		if (random < 256 / n * n)
			ret[i++] = letters[random % n];
	}
	ret[RUN_LETTERS] = '\0';
	return 0;
}

static int complete_labels(ProjectionContext *context, int64_t first, int64_t count)
{
	char run[RUN_LETTERS + 1];
	int r = make_run(run);

	if (r < 0)
		return r;
	r = projection_complete(context, "run", json_string(run));
	if (r < 0)
		return r;
	r = projection_complete(context, "first", json_integer(first));
	return r < 0 ? r : projection_complete(context, "count", json_integer(count));
}

/** The cartridges that were used without a label count as gone; without a count, all others get one. */
static int give_serials(ProjectionContext *context, sqlite3_stmt *row)
{
	const char *lot = projection_text(context, "lot");
	int64_t quantity = column_integer(row, LABELS_QUANTITY), given = column_integer(row, LABELS_GIVEN);
	int64_t left = quantity - given - column_integer(row, LABELS_BARE);
	int64_t count = projection_number(context, "count") ? projection_number(context, "count") : left;
	const RecordField *most = record_field_find("lot.labelled", "count");

	if (column_integer(row, LABELS_OF_MAKER))
		return projection_refuse(context, -EEXIST,
			"cartridges of lot %s have serials of their maker: scan those, they need no label",
			lot);
	if (left <= 0)
		return projection_refuse(context, -EEXIST,
			"all %lld cartridges of lot %s are used or have labels: print one again with `stipplectl "
			"label reprint`",
			(long long)quantity, lot);
	if (count > left)
		return projection_refuse(context, -EINVAL,
			"lot %s has %lld cartridges without a label, not %lld: count them, or receive the delivery",
			lot, (long long)left, (long long)count);
	if (count > most->max || given + count > NUMBER_MAX)
		return projection_refuse(context, -EINVAL,
			"lot %s has %lld cartridges without a label: print at most %.0f at a time, with count=N",
			lot, (long long)left, most->max);
	return complete_labels(context, given + 1, count);
}

static int accept_labels(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *lot = NULL, *row = NULL;
	bool found;
	int r = lot_find(context, &lot);

	if (r < 0 || context->replay)
		return r;
	if (json_object_get(context->body, "run") || json_object_get(context->body, "first"))
		return projection_refuse(
			context, -EINVAL, "the station gives the serials: leave run and first out");
	r = check_lot_of_labels(context, lot);
	if (r < 0)
		return r;
	r = projection_step(context, sql_labels_of_lot, &row, &found);
	return r < 0 ? r : give_serials(context, row);
}

static int run_exists(ProjectionContext *context)
{
	return projection_refuse(
		context, -EEXIST, "these letters were given before, which is rare: print the labels again");
}

static int check_spent(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	char date[CLOCK_UTC_TEXT_MAX];
	bool found;
	int r = projection_step(context, sql_label_spent, &row, &found);

	if (r < 0 || !found)
		return r;
	projection_date(column_integer(row, 1), date);
	return projection_refuse(context, -EEXIST,
		"cartridge %s was used or written off on %s and gets no other label: leave its number out",
		column_string(row, 0), date);
}

static int accept_reprint(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *lot = NULL, *row = NULL;
	long long first = projection_number(context, "first"), count = projection_number(context, "count");
	int64_t given;
	bool found;
	int r = lot_find(context, &lot);

	if (r < 0 || context->replay)
		return r;
	r = check_lot_of_labels(context, lot);
	if (r < 0)
		return r;
	r = projection_step(context, sql_labels_of_lot, &row, &found);
	if (r < 0)
		return r;
	given = column_integer(row, LABELS_GIVEN);
	if (given == 0)
		return projection_refuse(context, -ENOENT,
			"lot %s has no labels yet: print them with `stipplectl label units %s`",
			projection_text(context, "lot"), projection_text(context, "lot"));
	if (first + count - 1 > given)
		return projection_refuse(context, -EINVAL,
			"the labels of lot %s have the numbers 1 to %lld: there is no %lld",
			projection_text(context, "lot"), (long long)given, first + count - 1);
	return check_spent(context);
}

int label_check(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	const char *unit = projection_text(context, "unit");
	bool found;
	int r;

	if (context->replay || !unit || !twin_serial(unit))
		return 0;
	r = projection_step(context, sql_label_given, &row, &found);
	if (r < 0 || !found || column_integer(row, 0))
		return r;
	return projection_refuse(context, -EBADMSG,
		"cartridge %s is none to which the clinic gave a label of lot %s: scan the clinic's label, or open "
		"another cartridge",
		unit, projection_text(context, "lot"));
}

/* ---- packs ---- */

/** Columns of sql_load_meant. */
enum {
	LOAD_SEQ,
	LOAD_RELEASED,
	LOAD_REJECTED,
	LOAD_ITEMS,
};

/** Columns of sql_packs_meant. */
enum {
	PACK_NAME,
	PACK_IN_LOAD,
	PACK_IS_NEWEST,
	PACK_BLOCKED,
	PACK_USED,
	PACK_UNTIL,
	PACK_LABELLED,
};

/** Without `items`, all that was in the load gets a label. */
static int complete_items(ProjectionContext *context, sqlite3_stmt *load)
{
	json_auto_t *items = NULL;

	if (json_array_size(json_object_get(context->body, "items")) > 0)
		return 0;
	items = json_loads(column_string(load, LOAD_ITEMS), 0, NULL);
	if (json_array_size(items) == 0)
		return projection_refuse(context, -ENOENT,
			"the record of cycle %lld does not say what was in the load: name it with contents= at the release",
			projection_number(context, "cycle"));
	return projection_complete(context, "items", json_incref(items));
}

static int check_pack(ProjectionContext *context, sqlite3_stmt *pack)
{
	const char *name = column_string(pack, PACK_NAME), *until = column_text(pack, PACK_UNTIL);
	long long cycle = projection_number(context, "cycle");
	char text[CLOCK_UTC_TEXT_MAX];

	if (column_is_null(pack, PACK_IN_LOAD))
		return projection_refuse(context, -ENOENT,
			"%s was not in the load of cycle %lld: check the name", name, cycle);
	if (!column_integer(pack, PACK_IS_NEWEST))
		return projection_refuse(context, -EKEYREVOKED,
			"%s was sterilised again after cycle %lld: print the label of the newer cycle", name,
			cycle);
	if (!column_is_null(pack, PACK_BLOCKED))
		return projection_refuse(context, -EKEYREVOKED, "%s gets no label, %.120s", name,
			column_string(pack, PACK_BLOCKED));
	if (!column_is_null(pack, PACK_USED))
		return projection_refuse(context, -EKEYREVOKED,
			"%s was used since it was sterilised: sterilise it again", name);
	projection_today(context, text);
	if (until && strcmp(until, text) < 0)
		return projection_refuse(
			context, -ESTALE, "%s was sterile until %s: sterilise it again", name, until);
	if (column_is_null(pack, PACK_LABELLED) || projection_text(context, "reason"))
		return 0;
	projection_date(column_integer(pack, PACK_LABELLED), text);
	return projection_refuse(context, -EEXIST,
		"a label for %s from cycle %lld was printed on %s: say with reason= why it needs another",
		name, cycle, text);
}

static int check_packs(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *pack = NULL;
	bool found;
	int result = SQLITE_ROW, r = projection_step(context, sql_packs_meant, &pack, &found);

	if (r < 0)
		return r;
	while (found && result == SQLITE_ROW) {
		r = check_pack(context, pack);
		if (r < 0)
			return r;
		result = sqlite3_step(pack);
	}
	return ledger_errno(result);
}

static int accept_packs(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *load = NULL;
	bool found;
	int r = projection_step(context, sql_load_meant, &load, &found);

	if (r < 0)
		return r;
	if (!found)
		return cycle_refuse_unknown(context);
	if (context->replay)
		return 0;
	if (!column_is_null(load, LOAD_REJECTED))
		return projection_refuse(context, -EKEYREVOKED,
			"the load of cycle %lld was rejected: sterilise it again",
			projection_number(context, "cycle"));
	if (column_is_null(load, LOAD_RELEASED))
		return projection_refuse(context, -EKEYREVOKED,
			"the load of cycle %lld is not released: release it first, then print the labels",
			projection_number(context, "cycle"));
	r = complete_items(context, load);
	return r < 0 ? r : check_packs(context);
}

const Acceptance accept_labelling[] = {
	{ "lot.labelled", accept_labels, run_exists },
	{ "lot.relabelled", accept_reprint },
	{ "pack.labelled", accept_packs },
	{ NULL },
};
