/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads what the requests of a turn are about, with one round trip. It must take the locks in the order that
 * everybody takes them: logs, the registry's head, units.
 */

#include <string.h>

#include "clinic-sql.h"
#include "registry-turn.h"
#include "tlog/checkpoint.h"
#include "unit-name.h"

/** The arrays of what is asked for. */
typedef struct Wanted {
	DatabaseArray boots, sizes, names, requests, units, bases, lots;
	DatabaseValue values[7];
} Wanted;

/** The size that a note says, which nobody has verified yet; 0 when it is none. */
static uint64_t size_shown(const char *note)
{
	Checkpoint checkpoint;
	size_t text_size;

	return note_read(note, strlen(note), &text_size, NULL) >= 0 &&
			       checkpoint_parse(note, text_size, &checkpoint, NULL) >= 0
		       ? checkpoint.size
		       : 0;
}

static void want(Wanted *wanted, const Ask *ask)
{
	const json_t *unit;
	char base[UNIT_MAX + 1];
	long long number;
	size_t i;

	array_add_text(&wanted->names, ask->name);
	array_add_text(&wanted->requests, ask->number);
	if (ask_text(ask, "lot"))
		array_add_text(&wanted->lots, ask_text(ask, "lot"));
	if (ask->kind == ASK_MOVE)
		array_add_text(&wanted->names, ask_text(ask, "to"));
	if (ask->kind == ASK_HANDOVER)
		array_add_text(&wanted->names, ask->giver);
	if (ask->kind == ASK_BOOT) {
		array_add_text(&wanted->boots, ask->name);
		array_add_number(&wanted->sizes, (long long)size_shown(ask_text(ask, "checkpoint")));
	}
	json_array_foreach (ask_units(ask), i, unit) {
		array_add_text(&wanted->units, json_string_value(unit));
		if (unit_split(json_string_value(unit), base, &number))
			array_add_text(&wanted->bases, base);
	}
}

static int list_wanted(const Turn *turn, Wanted *ret)
{
	DatabaseArray *const arrays[] = { &ret->boots, &ret->sizes, &ret->names, &ret->requests, &ret->units,
		&ret->bases, &ret->lots };
	int r = 0;

	for (size_t i = 0; i < ELEMENTS(arrays) && r >= 0; i++)
		r = array_begin(arrays[i]);
	for (size_t i = 0; i < turn->n_asks && r >= 0; i++)
		want(ret, turn->asks[i]);
	for (size_t i = 0; i < ELEMENTS(arrays) && r >= 0; i++)
		r = array_end(arrays[i], &ret->values[i]);
	return r;
}

static void wanted_clear(Wanted *wanted)
{
	array_clear(&wanted->boots);
	array_clear(&wanted->sizes);
	array_clear(&wanted->names);
	array_clear(&wanted->requests);
	array_clear(&wanted->units);
	array_clear(&wanted->bases);
	array_clear(&wanted->lots);
}

/* ---- what is there ---- */

static const char *registry_text_at(const PGresult *rows, int row, int column)
{
	return PQgetisnull(rows, row, column) ? NULL : PQgetvalue(rows, row, column);
}

static long long registry_number_at(const PGresult *rows, int row, int column)
{
	return strtoll(PQgetvalue(rows, row, column), NULL, 10);
}

static int read_stations(Turn *turn)
{
	const PGresult *rows = turn->rows[TURN_STATIONS];
	int n = PQntuples(rows);

	turn->stations = calloc((size_t)n + 1, sizeof *turn->stations);
	if (!turn->stations)
		return -ENOMEM;
	for (int i = 0; i < n; i++)
		turn->stations[turn->n_stations++] = (TurnStation){
			.id = registry_text_at(rows, i, 0),
			.name = registry_text_at(rows, i, 1),
			.origin = registry_text_at(rows, i, 2),
			.key = registry_text_at(rows, i, 3),
			.active = strcmp(registry_text_at(rows, i, 4), "active") == 0,
		};
	return 0;
}

static int read_lots_and_logs(Turn *turn)
{
	const PGresult *lots = turn->rows[TURN_LOTS], *logs = turn->rows[TURN_LOGS];

	turn->lots = calloc((size_t)PQntuples(lots) + 1, sizeof *turn->lots);
	turn->logs = calloc((size_t)PQntuples(logs) + 1, sizeof *turn->logs);
	if (!turn->lots || !turn->logs)
		return -ENOMEM;
	for (int i = 0; i < PQntuples(lots); i++)
		turn->lots[turn->n_lots++] = (TurnLot){
			.lot = registry_text_at(lots, i, 0),
			.gtin = registry_text_at(lots, i, 1),
			.status = registry_text_at(lots, i, 2),
			.quantity = registry_number_at(lots, i, 3),
			.next = registry_number_at(lots, i, 4),
		};
	for (int i = 0; i < PQntuples(logs); i++)
		turn->logs[turn->n_logs++] = (TurnLog){
			.station = registry_text_at(logs, i, 0),
			.pending_size = registry_number_at(logs, i, 1),
			.shown_size = registry_number_at(logs, i, 2),
			.note = registry_text_at(logs, i, 3),
		};
	return 0;
}

/** A number that is no row of its own is what its range is. */
static void find_range(const Turn *turn, TurnUnit *unit)
{
	const PGresult *rows = turn->rows[TURN_RANGES];
	char base[UNIT_MAX + 1];
	long long number;

	if (!unit_split(unit->unit, base, &number))
		return;
	for (int i = 0; i < PQntuples(rows); i++)
		if (strcmp(registry_text_at(rows, i, 0), base) == 0 &&
			number >= registry_number_at(rows, i, 1) &&
			number <= registry_number_at(rows, i, 2)) {
			unit->lot = registry_text_at(rows, i, 3);
			unit->station = registry_text_at(rows, i, 4);
			unit->holder = registry_text_at(rows, i, 5);
			unit->granted = registry_text_at(rows, i, 6);
			unit->written_off = registry_text_at(rows, i, 7) != NULL;
			return;
		}
}

static void read_unit(TurnUnit *unit, const PGresult *rows, int row)
{
	*unit = (TurnUnit){
		.unit = unit->unit,
		.lot = registry_text_at(rows, row, 1),
		.station = registry_text_at(rows, row, 2),
		.holder = registry_text_at(rows, row, 3),
		.granted = registry_text_at(rows, row, 4),
		.claimed = registry_text_at(rows, row, 5),
		.claim_request = registry_text_at(rows, row, 6),
		.written_off = registry_text_at(rows, row, 7) != NULL,
	};
}

static int registry_read_units(Turn *turn)
{
	const PGresult *rows = turn->rows[TURN_UNITS];
	const json_t *unit;
	size_t total = 1, k;

	for (size_t i = 0; i < turn->n_asks; i++)
		total += json_array_size(ask_units(turn->asks[i]));
	turn->units = calloc(total, sizeof *turn->units);
	turn->unit_numbers = json_object();
	if (!turn->units || !turn->unit_numbers)
		return -ENOMEM;
	for (size_t i = 0; i < turn->n_asks; i++)
		json_array_foreach (ask_units(turn->asks[i]), k, unit) {
			const char *name = json_string_value(unit);

			if (json_object_get(turn->unit_numbers, name))
				continue;
			turn->units[turn->n_units].unit = name;
			if (json_object_set_new(
				    turn->unit_numbers, name, json_integer((json_int_t)turn->n_units++)) < 0)
				return -ENOMEM;
		}
	for (int i = 0; i < PQntuples(rows); i++)
		read_unit(turn_unit(turn, registry_text_at(rows, i, 0)), rows, i);
	for (size_t i = 0; i < turn->n_units; i++)
		if (!turn->units[i].station)
			find_range(turn, &turn->units[i]);
	return 0;
}

int turn_read(Turn *turn)
{
	Wanted wanted = { 0 };
	int r = list_wanted(turn, &wanted);
	const DatabaseValue *v = wanted.values;
	const DatabaseStep steps[TURN_READS] = {
		[TURN_BEGIN] = { "BEGIN" },
		[TURN_LOGS] = { sql_lock_logs, &v[0], 2 },
		[TURN_HEAD] = { sql_lock_registry },
		[TURN_STATIONS] = { sql_stations_named, &v[2], 1 },
		[TURN_REQUESTS] = { sql_answered_requests, &v[3], 1 },
		[TURN_UNITS] = { sql_lock_units, &v[4], 1 },
		[TURN_RANGES] = { sql_ranges_of, &v[5], 1 },
		[TURN_LOTS] = { sql_lots_of, &v[6], 1 },
	};

	if (r >= 0)
		r = database_pipeline(turn->connection, steps, TURN_READS, turn->rows, &turn->error);
	wanted_clear(&wanted);
	r = r < 0 ? r : registry_read_head(turn->rows[TURN_HEAD], &turn->head, &turn->error);
	if (r < 0)
		return r;
	turn->now = PQgetvalue(turn->rows[TURN_HEAD], 0, 4);
	if (read_stations(turn) < 0 || read_lots_and_logs(turn) < 0 || registry_read_units(turn) < 0 ||
		registry_batch_new(&turn->head, &turn->batch) < 0)
		return error_set(&turn->error, -EIO, "no memory for what is asked");
	return 0;
}

/* ---- finding ---- */

TurnStation *turn_station(const Turn *turn, const char *name)
{
	for (size_t i = 0; i < turn->n_stations; i++)
		if (strcmp(turn->stations[i].name, name) == 0)
			return &turn->stations[i];
	return NULL;
}

TurnUnit *turn_unit(const Turn *turn, const char *unit)
{
	return &turn->units[json_integer_value(json_object_get(turn->unit_numbers, unit))];
}

const TurnLog *turn_log(const Turn *turn, const char *station, uint64_t shown_size)
{
	for (size_t i = 0; i < turn->n_logs; i++)
		if (strcmp(turn->logs[i].station, station) == 0 &&
			turn->logs[i].shown_size == (long long)shown_size)
			return &turn->logs[i];
	return NULL;
}

void turn_clear(Turn *turn)
{
	for (size_t i = 0; i < TURN_READS; i++)
		PQclear(turn->rows[i]);
	registry_batch_free(turn->batch);
	json_decref(turn->unit_numbers);
	free(turn->stations);
	free(turn->units);
	free(turn->lots);
	free(turn->logs);
	free(turn->ranges);
	free(turn->findings);
}
