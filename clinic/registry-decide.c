/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Decides what stations ask, in memory and under the lock on the registry's log. It must not registry_give a
 * cartridge to two stations.
 */

#include <string.h>

#include "registry-turn.h"

static int no_room(Turn *turn)
{
	return error_set(&turn->error, -EIO, "no memory for what is asked");
}

/** {"unit", "held_by", "granted", "claimed", "written_off"} for each that anybody has. */
static json_t *list_units(const Turn *turn, const Ask *ask)
{
	json_t *list = json_array();
	const json_t *name;
	size_t i;

	json_array_foreach (ask_units(ask), i, name) {
		const TurnUnit *unit = turn_unit(turn, json_string_value(name));
		json_t *row;

		if (!unit->station)
			continue;
		row = json_pack("{s:s, s:s}", "unit", unit->unit, "held_by", unit->holder);
		if (unit->granted)
			json_object_set_new(row, "granted", json_integer(strtoll(unit->granted, NULL, 10)));
		if (unit->claimed)
			json_object_set_new(row, "claimed", json_string(unit->claimed));
		if (unit->written_off)
			json_object_set_new(row, "written_off", json_true());
		json_array_append_new(list, row);
	}
	return list;
}

static void registry_give(const Turn *turn, TurnUnit *unit, const TurnStation *to)
{
	snprintf(unit->grant_text, sizeof unit->grant_text, "%llu",
		(unsigned long long)registry_batch_size(turn->batch));
	unit->granted = unit->grant_text;
	unit->station = to->id;
	unit->holder = to->name;
	unit->changed = true;
}

/* ---- lots ---- */

/**
 * Why nothing of the lot may be given; NULL: it may. `gtin` NULL: of any product. A lot that no record names
 * is not known here yet.
 */
static const char *lot_flaw(const Turn *turn, const char *lot, const char *gtin, bool must_be_known)
{
	bool known = false;

	for (size_t i = 0; lot && i < turn->n_lots; i++) {
		if (strcmp(turn->lots[i].lot, lot) != 0 ||
			(gtin && turn->lots[i].gtin[0] && strcmp(turn->lots[i].gtin, gtin) != 0))
			continue;
		known = true;
		if (strcmp(turn->lots[i].status, "released") != 0)
			return "the lot was recalled or set aside: nothing of it is given";
	}
	return known || !must_be_known
		       ? NULL
		       : "no record of the lot arrived here yet: put it on record at a station that reaches the server";
}

/** The GTIN in (01)04012345678901(21)A7; "" when it has none. */
static const char *gtin_in(const char *unit, char ret[15])
{
	snprintf(ret, 15, "%s", strncmp(unit, "(01)", 4) == 0 ? unit + 4 : "");
	return ret[0] ? ret : NULL;
}

/** A number of a lot comes with a range, so that no number is in two grants. */
static bool is_numbered(const char *unit)
{
	char base[UNIT_MAX + 1];
	long long number;

	return unit_split(unit, base, &number);
}

/* ---- hold, move ---- */

static int registry_decide_hold(Turn *turn, Ask *ask, const TurnStation *station)
{
	const char *lot = ask_text(ask, "lot"), *flaw = lot_flaw(turn, lot, NULL, false);
	json_auto_t *given = json_array();
	const json_t *name;
	size_t i;
	int r = 0;

	if (flaw) {
		ask_refuse(ask, 409, "Lot not released", flaw);
		return 0;
	}
	json_array_foreach (ask_units(ask), i, name) {
		TurnUnit *unit = turn_unit(turn, json_string_value(name));

		if (unit->station || is_numbered(unit->unit))
			continue;
		unit->lot = lot;
		registry_give(turn, unit, station);
		json_array_append_new(given, json_string(unit->unit));
	}
	if (json_array_size(given) > 0)
		r = turn_add_leaf(turn, ask, station, "units.granted", "grant",
			json_pack("{s:s, s:O}", "lot", lot, "units", given));
	ask_answer(ask, 200, json_pack("{s:O, s:o}", "given", given, "units", list_units(turn, ask)));
	return r;
}

static bool registry_is_held_by(const TurnUnit *unit, const TurnStation *station)
{
	return unit->station && strcmp(unit->station, station->id) == 0 && unit->granted && !unit->claimed &&
	       !unit->written_off;
}

/** Gives what `from` holds to `to`. */
static int move_units(Turn *turn, Ask *ask, const TurnStation *from, const TurnStation *to)
{
	json_auto_t *given = json_array();
	const json_t *name;
	size_t i;
	int r = 0;

	json_array_foreach (ask_units(ask), i, name) {
		TurnUnit *unit = turn_unit(turn, json_string_value(name));

		if (!registry_is_held_by(unit, from))
			continue;
		registry_give(turn, unit, to);
		json_array_append_new(given, json_string(unit->unit));
	}
	if (json_array_size(given) > 0)
		r = turn_add_leaf(turn, ask, from, "units.moved", "grant",
			json_pack("{s:s, s:O}", "to", to->origin, "units", given));
	ask_answer(ask, 200, json_pack("{s:O, s:o}", "given", given, "units", list_units(turn, ask)));
	return r;
}

static int registry_decide_move(Turn *turn, Ask *ask, const TurnStation *station)
{
	const TurnStation *to = turn_station(turn, ask_text(ask, "to"));

	if (to && to->active)
		return move_units(turn, ask, station, to);
	ask_refuse(ask, to ? 409 : 404, to ? "Quarantined" : "Unknown station",
		to ? "the station that should get the cartridges is quarantined: it gets nothing"
		   : "no station of that name is enrolled here: invite it first");
	return 0;
}

/** The giver's own record says that it gave the cartridges away: the receiver has the note that proves it. */
static int decide_handover(Turn *turn, Ask *ask, const TurnStation *station)
{
	const TurnStation *giver = turn_station(turn, ask->giver);

	if (giver && giver != station && strcmp(ask_text(ask, "to"), station->origin) == 0)
		return move_units(turn, ask, giver, station);
	ask_refuse(ask, 403, "Note of another", "the note is not for this station");
	return 0;
}

/* ---- claim ---- */

static void answer_claim(Turn *turn, Ask *ask, bool claimed)
{
	ask->kept = true; /* the row of the unit keeps the request's number */
	ask_answer(ask, claimed ? 200 : 409,
		json_pack("{s:b, s:o}", "claimed", claimed, "units", list_units(turn, ask)));
}

static int registry_decide_claim(Turn *turn, Ask *ask, const TurnStation *station)
{
	TurnUnit *unit = turn_unit(turn, ask_text(ask, "unit"));
	const char *lot = ask_text(ask, "lot");
	char gtin[15];
	int r = 0;

	if (unit->claim_request && strcmp(unit->claim_request, ask->number) == 0 &&
		strcmp(unit->station, station->id) == 0) {
		answer_claim(turn, ask, true);
		return 0;
	}
	if (!unit->station && !is_numbered(unit->unit) &&
		!lot_flaw(turn, lot, gtin_in(unit->unit, gtin), true)) {
		unit->lot = lot;
		registry_give(turn, unit, station);
		r = turn_add_leaf(turn, ask, station, "units.granted", "grant",
			json_pack("{s:s, s:[s]}", "lot", lot, "units", unit->unit));
	}
	if (r < 0 || !registry_is_held_by(unit, station)) {
		answer_claim(turn, ask, false);
		return r;
	}
	unit->claimed = turn->now;
	unit->claim_request = ask->number;
	unit->changed = true;
	answer_claim(turn, ask, true);
	return 0;
}

/* ---- numbers of a lot ---- */

/** The lot that is meant. Without a GTIN the lot's number alone must say it. */
static TurnLot *find_lot(const Turn *turn, Ask *ask)
{
	const char *lot = ask_text(ask, "lot"), *gtin = ask_text(ask, "gtin");
	TurnLot *found = NULL;

	for (size_t i = 0; i < turn->n_lots; i++) {
		if (strcmp(turn->lots[i].lot, lot) != 0 || (gtin && strcmp(turn->lots[i].gtin, gtin) != 0))
			continue;
		if (found) {
			ask_refuse(ask, 409, "Several lots",
				"several products have a lot of this number: say which with \"gtin\"");
			return NULL;
		}
		found = &turn->lots[i];
	}
	if (!found)
		ask_refuse(ask, 409, "Unknown lot",
			"no record of the lot arrived here yet: put it on record at a station that reaches the server");
	return found;
}

/** How the ledger names a lot: (10)L1, (01)04012345678901(10)L1, or hibc:PRODUCT(10)L1. */
static void name_lot(const TurnLot *lot, TurnRange *range)
{
	snprintf(range->unit, sizeof range->unit, "%s%s(10)%s",
		lot->gtin[0] && strncmp(lot->gtin, "hibc:", 5) != 0 ? "(01)" : "", lot->gtin, lot->lot);
}

static int grant_range(Turn *turn, Ask *ask, const TurnStation *station, TurnLot *lot, long long count)
{
	TurnRange *ranges = reallocarray(turn->ranges, turn->n_ranges + 1, sizeof *ranges), *range;
	int r;

	if (!ranges)
		return no_room(turn);
	turn->ranges = ranges;
	range = &ranges[turn->n_ranges++];
	*range = (TurnRange){ .lot = lot->lot, .station = station->id, .first = lot->next };
	range->last = lot->next + count - 1;
	range->granted = registry_batch_size(turn->batch);
	name_lot(lot, range);
	lot->next += count;
	r = turn_add_leaf(turn, ask, station, "range.granted", "grant",
		json_pack("{s:s, s:s, s:I, s:I}", "lot", lot->lot, "unit", range->unit, "first",
			(json_int_t)range->first, "last", (json_int_t)range->last));
	ask_answer(ask, 200,
		json_pack("{s:{s:s, s:I, s:I}, s:I}", "given", "unit", range->unit, "first",
			(json_int_t)range->first, "last", (json_int_t)range->last, "left",
			(json_int_t)(lot->quantity - lot->next + 1)));
	return r;
}

static int decide_top_up(Turn *turn, Ask *ask, const TurnStation *station)
{
	TurnLot *lot = find_lot(turn, ask);
	long long count = json_integer_value(json_object_get(ask->body, "count")), left;
	const char *flaw = lot ? lot_flaw(turn, lot->lot, lot->gtin, true) : NULL;

	if (!lot)
		return 0;
	if (flaw) {
		ask_refuse(ask, 409, "Lot not released", flaw);
		return 0;
	}
	left = lot->quantity - lot->next + 1;
	if (left <= 0) {
		ask_answer(ask, 200, json_pack("{s:n, s:i}", "given", "left", 0));
		return 0;
	}
	return grant_range(turn, ask, station, lot, count < left ? count : left);
}

/* ---- all ---- */

/** Answers again what was answered before. False: it was not. */
static bool answer_again(Turn *turn, Ask *ask, const TurnStation *station)
{
	const PGresult *rows = turn->rows[TURN_REQUESTS];

	for (int i = 0; i < PQntuples(rows); i++) {
		if (strcmp(PQgetvalue(rows, i, 0), ask->number) != 0)
			continue;
		ask->kept = true;
		if (strcmp(PQgetvalue(rows, i, 1), station->id) != 0)
			ask_refuse(ask, 409, "Request of another",
				"the request's number is used by another station");
		else
			ask_answer(ask, (unsigned)strtoul(PQgetvalue(rows, i, 2), NULL, 10),
				json_loads(PQgetvalue(rows, i, 3), 0, NULL));
		return true;
	}
	return false;
}

static void refuse_unknown(Turn *turn, Ask *ask)
{
	Error error;

	error_set(&error, -ENOENT, "no station \"%.63s\" is enrolled here: invite it first", ask->name);
	ask_fail(ask, &error);
}

static int decide_for(Turn *turn, Ask *ask, TurnStation *station)
{
	switch (ask->kind) {
	case ASK_HOLD:
		return registry_decide_hold(turn, ask, station);
	case ASK_TOP_UP:
		return decide_top_up(turn, ask, station);
	case ASK_CLAIM:
		return registry_decide_claim(turn, ask, station);
	case ASK_MOVE:
		return registry_decide_move(turn, ask, station);
	case ASK_HANDOVER:
		return decide_handover(turn, ask, station);
	case ASK_BOOT:
		return registry_decide_boot(turn, ask, station);
	}
	return -EINVAL;
}

int registry_decide(Turn *turn, Ask *ask)
{
	TurnStation *station = turn_station(turn, ask->name);
	Error error;

	if (!station) {
		refuse_unknown(turn, ask);
		return 0;
	}
	if (ask->kind != ASK_CLAIM && answer_again(turn, ask, station))
		return 0;
	if (!station->active) {
		ask->kept = true;
		ask_refuse(ask, 403, "Quarantined",
			"the station is quarantined: ask the clinic's administrator to admit it anew");
		return 0;
	}
	if (registry_may_append(&turn->head, &error) < 0) {
		ask_fail(ask, &error);
		return 0;
	}
	return decide_for(turn, ask, station);
}
