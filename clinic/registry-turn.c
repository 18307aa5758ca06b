/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Answers many requests with one transaction. It must not answer before what it answers is committed.
 */

#include "registry-turn.h"

#include <string.h>

#include "clinic-sql.h"
#include "registry-doubt.h"
#include "registry-proofs.h"

/* ---- claims of what is held ---- */

typedef struct Claims {
	DatabaseArray units, names, requests;
	DatabaseValue values[4];
	char seen[NUMBER_MAX];
} Claims;

static int list_claims(const Registry *registry, Ask **asks, size_t n, Claims *ret)
{
	unsigned long long seen = registry_doubt_seen(registry->doubt);

	if (array_begin(&ret->units) < 0 || array_begin(&ret->names) < 0 || array_begin(&ret->requests) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		array_add_text(&ret->units, ask_text(asks[i], "unit"));
		array_add_text(&ret->names, asks[i]->name);
		array_add_text(&ret->requests, asks[i]->number);
		if (asks[i]->seen > seen)
			seen = asks[i]->seen;
	}
	snprintf(ret->seen, sizeof ret->seen, "%llu", seen);
	ret->values[3] = (DatabaseValue){ ret->seen, 0 };
	return array_end(&ret->units, &ret->values[0]) < 0 || array_end(&ret->names, &ret->values[1]) < 0 ||
			       array_end(&ret->requests, &ret->values[2]) < 0
		       ? -ENOMEM
		       : 0;
}

static void claims_clear(Claims *claims)
{
	array_clear(&claims->units);
	array_clear(&claims->names);
	array_clear(&claims->requests);
}

/** The answer of a claim that was done, with the proof of the grant: as text, since there may be thousands.
 */
static int answer_held(
	const Registry *registry, PGconn *connection, Ask *ask, const PGresult *rows, int row, Error *error)
{
	const char *granted = PQgetvalue(rows, row, 1), *proof;
	_cleanup_(freep) char *unit = json_dumps(json_object_get(ask->body, "unit"), JSON_ENCODE_ANY);
	char head[2 * UNIT_MAX * 6 + 512], *text;
	size_t size;
	int n, r;

	r = registry_prove_text(registry->proofs, connection, strtoull(granted, NULL, 10), &proof, error);
	if (r < 0)
		return r;
	n = snprintf(head, sizeof head,
		"{\"claimed\":true,\"units\":[{\"unit\":%s,\"held_by\":\"%s\",\"granted\":%s,\"claimed\":\"%s\"}],\"grant\":",
		unit ? unit : "", ask->name, granted, PQgetvalue(rows, row, 2));
	size = strlen(proof);
	text = unit && n < (int)sizeof head ? malloc((size_t)n + size + 2) : NULL;
	if (!text)
		return error_set(error, -EIO, "no memory for an answer");
	memcpy(text, head, (size_t)n);
	memcpy(text + n, proof, size);
	memcpy(text + n + size, "}", 2);
	ask_finish_text(ask, 200, text, database_timeline_of(connection));
	return 0;
}

int registry_claim_held(const Registry *registry, PGconn *connection, Ask **asks, size_t n, Error *error)
{
	_cleanup_(claims_clear) Claims claims = { 0 };
	_cleanup_(PQclearp) PGresult *rows = NULL;
	int r = list_claims(registry, asks, n, &claims);

	if (r < 0)
		return error_set(error, -EIO, "no memory for claims");
	r = database_run(connection, sql_claim_held, claims.values, ELEMENTS(claims.values), &rows, error);
	for (int i = 0; r >= 0 && i < PQntuples(rows); i++)
		r = answer_held(registry, connection, asks[strtoul(PQgetvalue(rows, i, 0), NULL, 10) - 1],
			rows, i, error);
	return r;
}

/* ---- turns ---- */

/** Starts that are shown come first: a station that they quarantine gets nothing else in this turn. */
static int decide_all(Turn *turn)
{
	int r = 0;

	for (size_t i = 0; i < turn->n_asks && r >= 0; i++)
		if (turn->asks[i]->kind == ASK_BOOT)
			r = registry_decide(turn, turn->asks[i]);
	for (size_t i = 0; i < turn->n_asks && r >= 0; i++)
		if (turn->asks[i]->kind != ASK_BOOT)
			r = registry_decide(turn, turn->asks[i]);
	return r;
}

static void look_at_seen(Turn *turn)
{
	unsigned long long seen;

	for (size_t i = 0; i < turn->n_asks; i++)
		if (turn->asks[i]->seen > turn->head.size)
			registry_doubt_note(turn->registry->doubt, turn->asks[i]->name, turn->asks[i]->seen,
				turn->head.size);
	seen = registry_doubt_seen(turn->registry->doubt);
	if (seen > turn->head.seen)
		turn->head.seen = seen;
}

/** A grant that was made before is proved too, as part of the answer to a claim. */
static int prove_old_grants(Turn *turn)
{
	int r = 0;

	for (size_t i = 0; i < turn->n_asks && r >= 0; i++) {
		Ask *ask = turn->asks[i];
		const TurnUnit *unit;
		json_t *grant = NULL;

		if (ask->kind != ASK_CLAIM || ask->status != 200 || ask->proof_name)
			continue;
		unit = turn_unit(turn, ask_text(ask, "unit"));
		ask->proof = strtoull(unit->granted, NULL, 10);
		if (ask->proof >= turn->head.size) {
			ask->proof_name = "grant";
			continue;
		}
		r = registry_prove_cached(
			turn->registry->proofs, turn->connection, ask->proof, &grant, &turn->error);
		if (r >= 0)
			json_object_set_new(ask->result, "grant", grant);
	}
	return r;
}

int registry_take_turn(const Registry *registry, PGconn *connection, Ask **asks, size_t n, Error *error)
{
	Turn turn = { .registry = registry, .connection = connection, .asks = asks, .n_asks = n };
	int r = turn_read(&turn);

	if (r >= 0) {
		look_at_seen(&turn);
		r = decide_all(&turn);
	}
	r = r < 0 ? r : prove_old_grants(&turn);
	r = r < 0 ? r : turn_write(&turn);
	if (r < 0)
		*error = turn.error;
	turn_clear(&turn);
	return r;
}
