/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Bare SQLite doing a ledger's work: what durable rows cost before anybody adds meaning to them. */

#include <sqlite3.h>

#include "bench.h"
#include "util/digest.h"

typedef struct BareSqlite {
	sqlite3 *db;
	sqlite3_stmt *begin, *insert, *commit;
	int64_t seq;
} BareSqlite;

/** Opens FOLDER/bare.db with the ledger's table and indexes, as durable as the ledger. */
void bare_open(BareSqlite *bare, const char *folder);
/**
 * Inserts `records` hashed rows in transactions of `group`. Rows a second; `times` (or NULL) gets the time of
 * each transaction.
 */
double bare_measure(BareSqlite *bare, int records, int group, BenchTimes *times);
/** Its log begins anew, as bare_measure() begins. */
void bare_begin_log(BareSqlite *bare);
/** One row, in a transaction of its own. */
void bare_commit_row(BareSqlite *bare);
void bare_close(BareSqlite *bare);
