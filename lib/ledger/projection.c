/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Applies a record's changes to the tables, and rebuilds the tables from all records. A projection must
 * depend on the records and their personal data alone: otherwise a rebuild would differ.
 */

#include "ledger/accept.h"
#include "ledger/sql.h"
#include "ledger/statements.h"

#include <assert.h>
#include <string.h>

/* ---- what each kind changes ---- */

enum { KINDS_MAX = 256 };

/* indexed like record_kinds, because each record needs it */
static Projection of_kinds[KINDS_MAX];
static pthread_once_t of_kinds_made = PTHREAD_ONCE_INIT;

static Projection *projection_of(const char *name)
{
	const RecordKind *kind = record_kind_find(name);
	Projection *projection;

	assert(kind);
	projection = &of_kinds[kind - record_kinds];
	projection->kind = name;
	return projection;
}

static void make_of_kinds(void)
{
	assert(record_kinds_n <= KINDS_MAX);
	for (const Projecting *projecting = sql_projecting; projecting->kind; projecting++)
		projection_of(projecting->kind)->statements = projecting->statements;
	for (const Acceptance *const *area = acceptances; *area; area++)
		for (const Acceptance *rule = *area; rule->kind; rule++) {
			Projection *projection = projection_of(rule->kind);

			projection->accept = rule->accept;
			projection->exists = rule->exists;
		}
}

const Projection *projection_find(const RecordKind *kind)
{
	const Projection *projection = &of_kinds[kind - record_kinds];

	(void)pthread_once(&of_kinds_made, make_of_kinds);
	return projection->kind ? projection : NULL;
}

int projection_apply(const Projection *projection, ProjectionContext *context)
{
	int r;

	context->kind = projection->kind;
	r = spelling_settle(context);
	if (r < 0)
		return r;
	if (shared_is_from_another(context))
		r = shared_accept(context);
	else if (projection->accept)
		r = projection->accept(context);
	if (r < 0)
		return r;
	for (const char *const *sql = projection->statements; sql && *sql && r == 0;
		sql = context->first_alone ? NULL : sql + 1)
		r = projection_run(context, *sql);
	return r == -EEXIST && projection->exists ? projection->exists(context) : r;
}

/* ---- rebuild ---- */

static int replay(Statements *statements, sqlite3_stmt *row, int64_t version)
{
	const RecordKind *kind = record_kind_find(column_string(row, 1));
	const Projection *projection = kind ? projection_find(kind) : NULL;
	const char *kept = column_text(row, 4);
	json_auto_t *leaf = NULL, *personal = NULL;
	LedgerAnswer answer = { 0 };
	ProjectionContext context = { .statements = statements, .answer = &answer, .replay = true };
	int r;

	if (!kind)
		return -EUCLEAN;
	if (!projection)
		return 0;
	leaf = leaf_parse(row, 3);
	personal = kept ? json_loads(kept, 0, NULL) : NULL;
	context.seq = (uint64_t)column_integer(row, 0);
	context.utc_us = column_integer(row, 2);
	context.actor = json_string_value(json_object_get(leaf, "actor"));
	context.body = json_object_get(leaf, "body");
	context.personal = personal;
	/* before version 6 a correction changed no table but its own */
	context.first_alone =
		version < LEDGER_VERSION_WITH_CORRECTED && strcmp(kind->name, "record.corrected") == 0;
	if (!context.actor || record_kind_check(kind, context.body, NULL) < 0)
		return -EUCLEAN;
	r = projection_apply(projection, &context);
	/* the record was accepted once: a refusal now means damage */
	return answer.text[0] ? -EUCLEAN : r;
}

static int replay_all(Statements *statements, int64_t version, uint64_t after, const atomic_bool *leave,
	uint64_t *ret_failed)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *rows = NULL;
	int r = sqlite3_prepare_v2(statements->db, sql_records_and_words, -1, &rows, NULL), result;

	if (r != SQLITE_OK)
		return ledger_errno(r);
	sqlite3_bind_int64(rows, 1, (int64_t)after);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		r = leave && atomic_load(leave) ? -ECANCELED : replay(statements, rows, version);
		if (r < 0) {
			*ret_failed = (uint64_t)column_integer(rows, 0);
			return r;
		}
	}
	return ledger_errno(result);
}

int projection_replay(
	sqlite3 *db, int64_t version, uint64_t after, const atomic_bool *leave, uint64_t *ret_failed)
{
	Statements statements = { .db = db };
	int r = replay_all(&statements, version, after, leave, ret_failed);

	statements_clear(&statements);
	return r < 0 ? r : ledger_errno(sqlite3_exec(db, sql_days, NULL, NULL, NULL));
}

static int empty_tables(sqlite3 *db)
{
	char sql[64];

	for (const char *const *table = sql_tables; *table; table++) {
		int r;

		snprintf(sql, sizeof sql, "DELETE FROM %s", *table);
		r = ledger_errno(sqlite3_exec(db, sql, NULL, NULL, NULL));
		if (r < 0)
			return r;
	}
	return 0;
}

int projection_refill(sqlite3 *db)
{
	uint64_t failed;
	int r = empty_tables(db);

	return r < 0 ? r : projection_replay(db, LEDGER_SCHEMA_VERSION, 0, NULL, &failed);
}

int projection_rebuild(sqlite3 *db)
{
	int result, r = ledger_errno(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL));

	if (r < 0)
		return r;
	r = projection_refill(db);
	result = sqlite3_exec(db, r < 0 ? "ROLLBACK" : "COMMIT", NULL, NULL, NULL);
	return r < 0 ? r : ledger_errno(result);
}
