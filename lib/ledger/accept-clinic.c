/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Accepts what a clinic's registry signed, what the station gives away or gets, and a claim under the
 * clinic's rules. Signatures were verified by the caller, and the verification of the ledger verifies them
 * again. It must not let a station claim, or give away, what it does not hold.
 */

#include "ledger/accept.h"
#include "ledger/statements.h"

#include <string.h>

enum {
	UNITS_MAX = 200,       /* of one note */
	LEAF_UNITS_MAX = 1000, /* of one leaf */
	RANGE_MAX = 100000,    /* cartridges: one delivery */
};

/* ---- the station ---- */

/** Columns of sql_clinic_standing. */
enum {
	STANDING_STATION,
	STANDING_QUARANTINED,
	STANDING_CONFIRMED,
};

int clinic_find_standing(ProjectionContext *context, sqlite3_stmt **ret)
{
	bool found;
	int r = projection_step(context, sql_clinic_standing, ret, &found);

	if (r < 0 || found)
		return r;
	return projection_refuse(context, -ENOLINK,
		"the station belongs to no clinic: enrol it in the clinic's registry first");
}

/**
 * Whether the station may dispose of what it holds: the registry has seen that its log goes on where it was,
 * so that this is no restored or cloned card.
 * `ret`: a row of sql_clinic_standing.
 */
static int check_standing(ProjectionContext *context, sqlite3_stmt **ret)
{
	int r = clinic_find_standing(context, ret);

	if (r < 0)
		return r;
	if (column_integer(*ret, STANDING_QUARANTINED))
		return projection_refuse(context, -EKEYREJECTED,
			"the clinic's registry has quarantined this station: have it enrolled anew");
	if (!column_integer(*ret, STANDING_CONFIRMED))
		return projection_refuse(context, -ENOLINK,
			"the clinic's registry has not confirmed this start of the station: connect it to the clinic's "
			"network, and try again");
	return 0;
}

/* ---- claims ---- */

int clinic_check_past_claim(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	bool found;
	int r = projection_step(context, sql_held_unit, &row, &found);

	if (r < 0 || (found && column_integer(row, 1) == projection_number(context, "grant")))
		return r;
	return projection_refuse(context, -EREMOTE,
		"cartridge %s was claimed, and its station did not hold it by leaf %lld of the registry",
		projection_text(context, "unit"), projection_number(context, "grant"));
}

static int refuse_not_held(ProjectionContext *context, bool numbered)
{
	if (numbered)
		return projection_refuse(context, -EREMOTE,
			"this station holds no cartridge of lot %s: ask the clinic's registry for some, or open one of "
			"another lot",
			projection_text(context, "lot"));
	return projection_refuse(context, -EREMOTE,
		"cartridge %s is not held by this station: ask the clinic's registry for it, or open another one",
		projection_text(context, "unit"));
}

int clinic_take_held(ProjectionContext *context, bool numbered)
{
	_cleanup_(statement_donep) sqlite3_stmt *standing = NULL, *row = NULL;
	bool found;
	int r = check_standing(context, &standing);

	if (r < 0)
		return r;
	r = projection_step(context, numbered ? sql_held_number : sql_held_unit, &row, &found);
	if (r < 0)
		return r;
	if (!found)
		return refuse_not_held(context, numbered);
	r = projection_complete(context, "grant", json_integer(column_integer(row, 1)));
	return r < 0 ? r : projection_complete(context, "unit", json_string(column_string(row, 0)));
}

/* ---- the registry's leaves ---- */

static int accept_joined(ProjectionContext *context)
{
	NoteVerifier key;
	Error why;
	const char *mirror = projection_text(context, "mirror");

	if (context->replay)
		return 0;
	if (note_verifier_parse(projection_text(context, "registry"), &key, &why) < 0)
		return projection_refuse(
			context, -EINVAL, "the registry's key cannot be read: %.160s", why.text);
	if (mirror && note_verifier_parse(mirror, &key, &why) < 0)
		return projection_refuse(
			context, -EINVAL, "the mirror's key cannot be read: %.160s", why.text);
	if (!*projection_text(context, "station") || strchr(projection_text(context, "station"), ' '))
		return projection_refuse(context, -EINVAL,
			"\"%.64s\" is no name of a log: enrol the station with that of its own",
			projection_text(context, "station"));
	return 0;
}

static bool are_texts(const json_t *list, size_t max)
{
	const json_t *text;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) < 1 || json_array_size(list) > max)
		return false;
	json_array_foreach (list, i, text)
		if (!json_is_string(text))
			return false;
	return true;
}

/** Whether a leaf has what its kind needs, so that the tables take it. */
static bool is_leaf_whole(const char *kind, const json_t *leaf)
{
	json_int_t first = json_integer_value(json_object_get(leaf, "first")),
		   last = json_integer_value(json_object_get(leaf, "last"));
	const char *said = json_string_value(json_object_get(leaf, "kind"));

	if (!said || strcmp(said, kind) != 0 || !json_is_string(json_object_get(leaf, "station")))
		return false;
	if (strcmp(kind, "units.granted") == 0)
		return are_texts(json_object_get(leaf, "units"), LEAF_UNITS_MAX);
	if (strcmp(kind, "units.moved") == 0)
		return are_texts(json_object_get(leaf, "units"), LEAF_UNITS_MAX) &&
		       json_is_string(json_object_get(leaf, "to"));
	if (strcmp(kind, "range.granted") == 0)
		return json_is_string(json_object_get(leaf, "unit")) && first >= 1 && last >= first &&
		       last - first < RANGE_MAX;
	if (strcmp(kind, "boot.confirmed") == 0)
		return json_is_string(json_object_get(leaf, "boot"));
	return true;
}

/** Answers with the number of the record that is there already. */
static int refuse_second(ProjectionContext *context, const char *sql, const char *what)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	bool found;
	int r = projection_step(context, sql, &row, &found);

	if (r < 0 || !found)
		return r;
	context->answer->seq = (uint64_t)column_integer(row, 0);
	return projection_refuse(context, -EEXIST, "%s is on record already: nothing was changed", what);
}

static int accept_leaf(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	json_auto_t *leaf = NULL;
	int r;

	if (context->replay)
		return 0;
	r = refuse_second(context, sql_leaf_on_record, "this leaf of the registry's log");
	if (r < 0)
		return r;
	r = clinic_find_standing(context, &row);
	if (r < 0)
		return r;
	leaf = json_loads(projection_text(context, "leaf"), JSON_REJECT_DUPLICATES, NULL);
	if (is_leaf_whole(projection_text(context, "kind"), leaf))
		return 0;
	return projection_refuse(context, -EINVAL,
		"leaf %lld of the registry's log is no %.40s that this program can read: use a newer version",
		projection_number(context, "number"), projection_text(context, "kind"));
}

/* ---- notes ---- */

/** Finds the leaf by which the station holds a cartridge. */
static int find_grant(ProjectionContext *context, const char *unit, json_t *grants)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	int r = statement_get(context->statements, sql_held_unit, &row);

	if (r != SQLITE_OK)
		return ledger_errno(r);
	sqlite3_bind_text(row, 1, unit, -1, SQLITE_TRANSIENT);
	r = sqlite3_step(row);
	if (r == SQLITE_DONE)
		return projection_refuse(
			context, -EREMOTE, "cartridge %.96s is not held by this station: leave it out", unit);
	if (r != SQLITE_ROW)
		return ledger_errno(r);
	return json_array_append_new(grants, json_integer(column_integer(row, 1))) < 0 ? -ENOMEM : 0;
}

static int refuse_list(ProjectionContext *context)
{
	return projection_refuse(
		context, -EINVAL, "name 1 to %d cartridges: make several notes for more", UNITS_MAX);
}

/** What a restored card holds may be used already: it must not give it away. */
static int accept_released(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *standing = NULL;
	json_auto_t *grants = json_array();
	const json_t *units = json_object_get(context->body, "units"), *unit;
	size_t i;
	int r;

	if (context->replay)
		return 0;
	if (!grants)
		return -ENOMEM;
	if (!are_texts(units, UNITS_MAX))
		return refuse_list(context);
	r = check_standing(context, &standing);
	if (r < 0)
		return r;
	if (strcmp(column_string(standing, STANDING_STATION), projection_text(context, "to")) == 0)
		return projection_refuse(context, -EINVAL,
			"these cartridges would go to this station itself: name the one that gets them");
	json_array_foreach (units, i, unit) {
		r = find_grant(context, json_string_value(unit), grants);
		if (r < 0)
			return r;
	}
	return projection_complete(context, "grants", json_incref(grants));
}

static int accept_received(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *standing = NULL;
	const json_t *units = json_object_get(context->body, "units"),
		     *grants = json_object_get(context->body, "grants");
	int r;

	if (context->replay)
		return 0;
	r = refuse_second(context, sql_note_on_record, "this note");
	if (r < 0)
		return r;
	if (!are_texts(units, UNITS_MAX) || json_array_size(units) != json_array_size(grants))
		return refuse_list(context);
	r = clinic_find_standing(context, &standing);
	if (r < 0)
		return r;
	if (strcmp(column_string(standing, STANDING_STATION), projection_text(context, "to")) == 0)
		return 0;
	return projection_refuse(context, -EREMOTE,
		"these cartridges were given to %.120s: bring the note, and them, there",
		projection_text(context, "to"));
}

const Acceptance accept_clinic[] = {
	{ "clinic.joined", accept_joined },
	{ "clinic.leaf", accept_leaf },
	{ "clinic.released", accept_released },
	{ "clinic.received", accept_received },
	{ NULL },
};
