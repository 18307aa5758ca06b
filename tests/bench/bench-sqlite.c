/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Bare SQLite with the ledger's rows, as a raw limit for the benchmarks. It must be as durable as the ledger:
 * else the comparison says nothing.
 */

#include "bench-sqlite.h"

#include <stdio.h>

static void need(BareSqlite *bare, int result)
{
	if (result != SQLITE_OK && result != SQLITE_DONE)
		bench_fail("SQLite: %s", sqlite3_errmsg(bare->db));
}

void bare_open(BareSqlite *bare, const char *folder)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/bare.db", folder);
	need(bare, sqlite3_open_v2(path, &bare->db,
			   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL));
	need(bare,
		sqlite3_exec(bare->db,
			"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
			"CREATE TABLE record(seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, utc_us INTEGER NOT NULL,"
			" session INTEGER, published INTEGER NOT NULL, leaf BLOB NOT NULL, hash BLOB NOT NULL);"
			"CREATE INDEX record_kind ON record(kind, seq);"
			"CREATE INDEX record_session ON record(session, seq) WHERE session IS NOT NULL;",
			NULL, NULL, NULL));
	need(bare, sqlite3_prepare_v2(bare->db, "BEGIN IMMEDIATE", -1, &bare->begin, NULL));
	need(bare, sqlite3_prepare_v2(bare->db, "COMMIT", -1, &bare->commit, NULL));
	need(bare, sqlite3_prepare_v2(bare->db, "INSERT INTO record VALUES(?, ?, ?, ?, ?, ?, ?)", -1,
			   &bare->insert, NULL));
}

static void step(BareSqlite *bare, sqlite3_stmt *statement)
{
	need(bare, sqlite3_step(statement));
	sqlite3_reset(statement);
}

static void insert_row(BareSqlite *bare)
{
	/* of the length of the ledger's own */
	char leaf[512];
	uint8_t hash[DIGEST_BYTES];
	int length = snprintf(leaf, sizeof leaf,
		"{\"actor\":\"b1001\",\"body\":{\"event\":\"pedal-down\",\"from\":\"ready\",\"session\":%d,"
		"\"to\":\"working\"},\"boot\":\"8d5b1ef2-4f0e-4f62-a6a9-1f1f6f9be1e2\",\"kind\":\"session.state\","
		"\"mono\":%lld,\"seq\":%lld,\"station\":\"clinic/chair-1\",\"sync\":true,"
		"\"utc\":\"2026-03-02T10:15:00.000000Z\"}",
		(int)(bare->seq % 4), (long long)bare->seq * 1000, (long long)bare->seq);
	DigestPart parts[2] = { { "\0", 1 }, { leaf, (size_t)length } };

	digest_compute(parts, 2, hash);
	sqlite3_bind_int64(bare->insert, 1, ++bare->seq);
	sqlite3_bind_text(bare->insert, 2, "session.state", -1, SQLITE_STATIC);
	sqlite3_bind_int64(bare->insert, 3, bare->seq * 1000);
	sqlite3_bind_int64(bare->insert, 4, 1 + bare->seq % 4);
	sqlite3_bind_int(bare->insert, 5, 1);
	sqlite3_bind_blob(bare->insert, 6, leaf, length, SQLITE_STATIC);
	sqlite3_bind_blob(bare->insert, 7, hash, sizeof hash, SQLITE_STATIC);
	step(bare, bare->insert);
}

void bare_begin_log(BareSqlite *bare)
{
	need(bare, sqlite3_wal_checkpoint_v2(bare->db, NULL, SQLITE_CHECKPOINT_FULL, NULL, NULL));
}

void bare_commit_row(BareSqlite *bare)
{
	step(bare, bare->begin);
	insert_row(bare);
	step(bare, bare->commit);
}

double bare_measure(BareSqlite *bare, int records, int group, BenchTimes *times)
{
	int64_t started, begun;

	/* the log begins anew, and its transactions need not make it grow: the best that SQLite can do */
	started = bench_now_ns();
	need(bare, sqlite3_wal_checkpoint_v2(bare->db, NULL, SQLITE_CHECKPOINT_FULL, NULL, NULL));
	begun = bench_now_ns();
	for (int i = 0; i < records; i += group) {
		step(bare, bare->begin);
		for (int k = 0; k < group && i + k < records; k++)
			insert_row(bare);
		step(bare, bare->commit);
		if (times) {
			bench_times_add(times, bench_now_ns() - begun);
			begun = bench_now_ns();
		}
	}
	return records / ((double)(bench_now_ns() - started) / 1e9);
}

void bare_close(BareSqlite *bare)
{
	sqlite3_finalize(bare->begin);
	sqlite3_finalize(bare->insert);
	sqlite3_finalize(bare->commit);
	sqlite3_close(bare->db);
}
