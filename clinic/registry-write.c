/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Writes what a turn decided, with one round trip that ends with the commit. It must not finish an answer
 * before the checkpoint that it shows is signed, nor give one again that no standby has yet.
 */

#include <string.h>

#include "clinic-sql.h"
#include "registry-turn.h"

enum { COLUMNS_MAX = 8, TABLES = 3 };

/** Columns of the rows of one statement. */
typedef struct Columns {
	DatabaseArray arrays[COLUMNS_MAX];
	DatabaseValue values[COLUMNS_MAX];
	size_t n;
} Columns;

typedef struct Writing {
	Columns units, ranges, answers;
	DatabaseStep steps[DATABASE_STEPS_MAX];
	size_t n;
	DatabaseValue *details; /* owned: of what is written row by row */
	char (*leaves)[NUMBER_MAX];
} Writing;

static int columns_begin(Columns *columns, size_t n)
{
	int r = 0;

	columns->n = n;
	for (size_t i = 0; i < n && r >= 0; i++)
		r = array_begin(&columns->arrays[i]);
	return r;
}

static void add_step(Writing *writing, const char *sql, const DatabaseValue *values, size_t n)
{
	if (writing->n < DATABASE_STEPS_MAX)
		writing->steps[writing->n++] = (DatabaseStep){ sql, values, n };
}

/** Adds the statement, when there are rows. */
static int columns_end(Writing *writing, Columns *columns, const char *sql)
{
	int r = 0;

	for (size_t i = 0; i < columns->n && r >= 0; i++)
		r = array_end(&columns->arrays[i], &columns->values[i]);
	if (r >= 0 && columns->arrays[0].n > 0)
		add_step(writing, sql, columns->values, columns->n);
	return r;
}

static void columns_clear(Columns *columns)
{
	for (size_t i = 0; i < columns->n; i++)
		array_clear(&columns->arrays[i]);
}

static int write_units(const Turn *turn, Writing *writing)
{
	DatabaseArray *to = writing->units.arrays;
	int r = columns_begin(&writing->units, 5);

	for (size_t i = 0; i < turn->n_units && r >= 0; i++) {
		const TurnUnit *unit = &turn->units[i];

		if (!unit->changed)
			continue;
		array_add_text(&to[0], unit->unit);
		array_add_text(&to[1], unit->lot ? unit->lot : "");
		array_add_text(&to[2], unit->station);
		array_add_text(&to[3], unit->granted);
		array_add_text(&to[4], unit->claim_request);
	}
	return r < 0 ? r : columns_end(writing, &writing->units, sql_write_units);
}

static const char *gtin_of(const Turn *turn, const TurnRange *range)
{
	for (size_t i = 0; i < turn->n_lots; i++)
		if (turn->lots[i].lot == range->lot)
			return turn->lots[i].gtin;
	return "";
}

static int write_ranges(const Turn *turn, Writing *writing)
{
	DatabaseArray *to = writing->ranges.arrays;
	int r = columns_begin(&writing->ranges, 7);

	for (size_t i = 0; i < turn->n_ranges && r >= 0; i++) {
		const TurnRange *range = &turn->ranges[i];

		array_add_text(&to[0], range->unit);
		array_add_text(&to[1], range->lot);
		array_add_number(&to[2], range->first);
		array_add_number(&to[3], range->last);
		array_add_text(&to[4], range->station);
		array_add_number(&to[5], (long long)range->granted);
		array_add_text(&to[6], gtin_of(turn, range));
	}
	return r < 0 ? r : columns_end(writing, &writing->ranges, sql_write_ranges);
}

/** Cloned cards are rare: each has its own statements. */
static int write_findings(const Turn *turn, Writing *writing)
{
	enum { VALUES = 8 };

	if (turn->n_findings == 0)
		return 0;
	writing->details = calloc(turn->n_findings * VALUES, sizeof *writing->details);
	writing->leaves = calloc(turn->n_findings, sizeof *writing->leaves);
	if (!writing->details || !writing->leaves)
		return -ENOMEM;
	for (size_t i = 0; i < turn->n_findings; i++) {
		const TurnFinding *finding = &turn->findings[i];
		DatabaseValue *values = &writing->details[i * VALUES];

		snprintf(writing->leaves[i], NUMBER_MAX, "%llu", (unsigned long long)finding->leaf);
		values[0].data = "station.cloned";
		values[1].data = finding->station;
		values[2].data = finding->says;
		values[5].data = writing->leaves[i];
		values[6].data = finding->note;
		values[7].data = finding->other_note;
		add_step(writing, sql_quarantine_station, &values[1], 1);
		add_step(writing, sql_add_finding, values, VALUES);
	}
	return 0;
}

/** Puts the proofs into the answers, which the batch's checkpoint makes whole. */
static int finish_answers(Turn *turn, Writing *writing)
{
	DatabaseArray *to = writing->answers.arrays;
	char number[NUMBER_MAX];
	int r = columns_begin(&writing->answers, 4);

	for (size_t i = 0; i < turn->n_asks && r >= 0; i++) {
		Ask *ask = turn->asks[i];
		json_t *proof = NULL;

		if (ask->answered)
			continue;
		if (ask->proof_name)
			r = registry_batch_prove(turn->batch, ask->proof, &proof, &turn->error);
		if (proof && json_object_set_new(ask->result, ask->proof_name, proof) < 0)
			r = -ENOMEM;
		ask_finish(ask, database_timeline_of(turn->connection));
		if (ask->kept || ask->answer.status != ask->status)
			continue;
		array_add_text(&to[0], ask->number);
		array_add_text(&to[1], turn_station(turn, ask->name)->id);
		snprintf(number, sizeof number, "%u", ask->status);
		array_add_text(&to[2], number);
		array_add_text(&to[3], ask->answer.body);
	}
	return r < 0 ? r : columns_end(writing, &writing->answers, sql_keep_answers);
}

static int write_leaves(Turn *turn, Writing *writing)
{
	int r;

	if (registry_batch_is_empty(turn->batch))
		return 0;
	r = registry_batch_sign(turn->batch, turn->registry->signer, &turn->error);
	r = r < 0 ? r : registry_batch_step(turn->batch, &writing->steps[writing->n], &turn->error);
	if (r >= 0)
		writing->n++;
	return r;
}

static int registry_write_all(Turn *turn, Writing *writing)
{
	PGresult *results[DATABASE_STEPS_MAX];
	int r = write_leaves(turn, writing);

	r = r < 0 ? r : write_units(turn, writing);
	r = r < 0 ? r : write_ranges(turn, writing);
	r = r < 0 ? r : write_findings(turn, writing);
	r = r < 0 ? r : finish_answers(turn, writing);
	if (r < 0)
		return turn->error.code ? r : error_set(&turn->error, -EIO, "no memory for the answers");
	if (writing->n == 0)
		add_step(writing, sql_wait_for_standby, NULL, 0);
	add_step(writing, "COMMIT", NULL, 0);
	r = database_pipeline(turn->connection, writing->steps, writing->n, results, &turn->error);
	for (size_t i = 0; i < writing->n; i++)
		PQclear(results[i]);
	return r;
}

int turn_write(Turn *turn)
{
	Writing *writing = calloc(1, sizeof *writing);
	int r;

	if (!writing)
		return error_set(&turn->error, -EIO, "no memory for the answers");
	r = registry_write_all(turn, writing);
	columns_clear(&writing->units);
	columns_clear(&writing->ranges);
	columns_clear(&writing->answers);
	free(writing->details);
	free(writing->leaves);
	free(writing);
	return r;
}
